import assert from 'node:assert/strict';
import { test } from 'node:test';

import { partOf, withPart } from './parts.mjs';

const PART = '## A part\n\nnew\n';

test('a part goes to the end of a page that has none', () => {
  assert.equal(withPart('# Page\n\ntext\n', PART), '# Page\n\ntext\n\n## A part\n\nnew\n');
});

test('a part takes the place of a former one, and what follows stays', () => {
  const page = '# Page\n\n## A part\n\nold\n\n### More\n\nold\n\n## Next\n\ntext\n';
  assert.equal(withPart(page, PART), '# Page\n\n## A part\n\nnew\n\n## Next\n\ntext\n');
});

test('a part is found by the whole of its heading', () => {
  const page = '# Page\n\n## A part of it\n\none\n\n## A part\n\nother\n';
  assert.equal(partOf(page, '## A part'), '## A part\n\nother\n');
  assert.equal(partOf(page, '## Nothing'), '');
});
