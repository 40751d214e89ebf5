// The server keeps to its own OpenAPI document, whatever it is asked: schemathesis with all checks.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ring } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { serviceToken, userToken } from '../helpers/tokens.mjs';

/** Whose token which part of the contract wants. Removing users' data is asked with a user who is nobody. */
const PARTS = { calls: 'user', chats: 'service', users: 'service', operator: 'service', health: 'service' };
const SEED = '20250101';
const EXAMPLES = '40';

const document = JSON.parse(await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));
const tags = new Set(Object.values(document.paths).flatMap((item) => Object.values(item)).flatMap(({ tags: own }) => own));

let server;
let scene;
before(async () => {
  server = await TestServer.start({ env: { REQUESTS_PER_SECOND: '1000000' } });
  // A call, so that there is something to be found.
  scene = await ring({ after: () => {} }, server, ['ann', 'bob']);
  await scene.ann.ask('call:end', scene.call);
  scene.ann.close();
  scene.bob.close();
});
after(() => server?.stop());

test('every part of the contract is asked', () => {
  assert.deepEqual([...tags].filter((tag) => !(tag in PARTS) && tag !== 'development'), []);
});

for (const [tag, role] of Object.entries(PARTS).filter(([name]) => tags.has(name))) {
  test(`${tag}: what is documented holds, whatever is asked`, { timeout: 120_000 }, async () => {
    const token = role === 'user' ? await userToken(scene.ids.ann) : await serviceToken();
    const ids = ['', '/timeline', '/quality'].map((end) => `[[operations]]\ninclude-path = "/api/calls/{id}${end}"\nparameters = { id = "${scene.sessionId}" }\n`);
    await writeFile(join(server.folder, 'schemathesis.toml'), tag === 'calls' ? ids.join('\n') : '');
    const { code, output } = await schemathesis(['run', `${server.url}/api/openapi.json`, '--include-tag', tag, '--header', `Authorization: Bearer ${token}`]);
    assert.equal(code, 0, output);
    assert.match(output, /Test cases:\s+\d+ generated, \d+ passed/);
  });
}

function schemathesis(args) {
  const flags = ['--checks', 'all', '--max-examples', EXAMPLES, '--seed', SEED, '--no-color', '--generation-database', 'none'];
  return new Promise((resolve) => {
    execFile(process.env.SCHEMATHESIS, [...args, ...flags], { cwd: server.folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? 1) : 0, output: stdout + stderr }));
  });
}
