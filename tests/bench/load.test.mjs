import assert from 'node:assert/strict';
import { test } from 'node:test';

import { median, replaceLoadPart } from './load/report.mjs';

const PART = '## What calls cost the server\n\nnew\n';

test('the part goes to the end of a page that has none', () => {
  assert.equal(replaceLoadPart('# Page\n\ntext\n', PART), '# Page\n\ntext\n\n## What calls cost the server\n\nnew\n');
});

test('the part takes the place of a former one, and what follows stays', () => {
  const page = '# Page\n\n## What calls cost the server\n\nold\n\n### More\n\nold\n\n## Next\n\ntext\n';
  assert.equal(replaceLoadPart(page, PART), '# Page\n\n## What calls cost the server\n\nnew\n\n## Next\n\ntext\n');
});

test('the median of an even number is the mean of the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([3, 1, 2]), 2);
});
