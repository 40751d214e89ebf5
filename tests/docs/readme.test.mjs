// README.md says what the code does: its snippets compile, its lists are complete, its links lead somewhere.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { codeBlocks, pathOf, read, tables } from './markdown.mjs';

const run = promisify(execFile);
const [readme, types, clientErrors, routes] = await Promise.all([
  read('README.md'),
  read('sdk/js/src/types.ts'),
  read('sdk/src/core/error.rs'),
  read('docs/openapi.json'),
]);

/** What stands between `<!-- name -->` and `<!-- end of name -->`. */
function marked(name) {
  const found = readme.match(new RegExp(`<!-- ${name}.*? -->\\n([^]*?)<!-- end of ${name} -->`));
  assert.ok(found, `README.md has a part "${name}"`);
  return found[1];
}

/** What the snippets take as given: the reader's own functions and values. */
const GIVEN = `
import type { VoiceCallManager } from 'ringback';
declare global {
  const calls: VoiceCallManager;
  const chatId: string;
  function fetchToken(): Promise<string>;
  function serviceToken(): Promise<string>;
  function showRinging(name: string): void;
  function showMicrophoneHelp(): void;
  function showMessage(text: string, options: { offerRetry: boolean }): void;
  function video(of: string): HTMLVideoElement;
  function render(state: string): void;
  function renderPerson(name: string, muted: boolean, quality: string | null): void;
}
`;

const CONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2022', 'dom', 'dom.iterable', 'esnext.disposable'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    jsx: 'react-jsx',
    types: ['node', 'react'],
    typeRoots: [pathOf('node_modules/@types')],
    paths: { ringback: [pathOf('dist/index.d.ts')], 'ringback/react': [pathOf('dist/react.d.ts')], 'react/jsx-runtime': [pathOf('node_modules/@types/react/jsx-runtime.d.ts')], '*': [`${pathOf('node_modules')}/*`] },
  },
  include: ['*.ts', '*.tsx'],
};

test('every TypeScript snippet compiles against the package', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ringback-readme-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const blocks = ['ts', 'tsx'].flatMap((extension) => codeBlocks(readme, extension).map((block) => ({ ...block, extension })));
  assert.ok(blocks.length >= 5);
  await writeFile(join(folder, 'given.d.ts'), GIVEN);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG));
  for (const { code, line, extension } of blocks) await writeFile(join(folder, `line-${line}.${extension}`), `${code}\nexport {};\n`);
  const tsc = pathOf('node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch((error) => error);
  assert.equal(stdout, '', stdout);
});

test('every event of the manager is listed', () => {
  const body = types.match(/export interface CallEvents \{\n([^]*?)\n\}/)[1];
  const declared = [...body.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name);
  const written = tables(marked('events'))[0].flatMap(([names]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  assert.deepEqual(written, declared);
});

test('every error that arises in the browser is listed with its remedy', () => {
  const union = types.match(/export type ClientErrorCode =\n([^]*?);/)[1];
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code);
  const rows = tables(marked('client errors'))[0];
  assert.deepEqual(rows.map(([code]) => code.replaceAll('`', '')).sort(), codes.sort());
  const written = new Set(rows.map((row) => row.join(' ')));
  for (const [, code, retryable, text] of clientErrors.matchAll(/= "([A-Z_]+)", retryable (true|false), "(.*)";/g)) {
    assert.ok(written.has(`\`${code}\` ${retryable === 'true' ? 'yes' : 'no'} ${text}`), code);
  }
});

test('every route of the server is listed', () => {
  const declared = [...Object.keys(JSON.parse(routes).paths), '/api/docs', '/api/openapi.json', '/api/asyncapi.json'];
  const written = [...marked('rest').matchAll(/`(?:\w+ )?(\/[^`?]*)/g)].map(([, path]) => path);
  assert.deepEqual([...new Set(written)].sort(), declared.sort());
});

test('CONTRIBUTING.md lists the parts of the test run in their order', async () => {
  const parts = (await read('scripts/test.mjs')).match(/const PARTS = \{\n([^]*?)\n\};/)[1];
  const declared = [...parts.matchAll(/^ {2}(\w+): \{/gm)].map(([, name]) => `\`${name}\``);
  assert.deepEqual(tables(await read('CONTRIBUTING.md'))[0].map(([name]) => name), declared);
});

for (const page of ['README.md', 'PROTOCOL.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'BENCHMARKS.md', 'docs/application.md', 'docs/configuration.md', 'docs/deployment.md', 'docs/operating.md', 'docs/security.md', 'examples/README.md', 'examples/vanilla/README.md', 'examples/react/README.md', 'examples/chat-app/README.md']) {
  test(`the links of ${page} lead somewhere`, async () => {
    const text = await read(page);
    const base = new URL(page, new URL('../../', import.meta.url));
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, anchor] = target.split('#');
      const url = new URL(path, base);
      if (path) assert.ok(existsSync(url), `${page}: ${target}`);
      if (anchor) assert.ok(anchorsOf(path ? await read(url.pathname) : text).includes(anchor), `${page}: ${target}`);
    }
  });
}

function anchorsOf(text) {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'));
}
