// What README.md shows to a backend works as it stands there: signing tokens, and telling of a chat.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';

import { codeBlocks, pathOf, read } from '../docs/markdown.mjs';
import { TestClient } from '../helpers/client.mjs';
import { TestServer } from '../helpers/server.mjs';
import { JWT_SECRET } from '../helpers/tokens.mjs';

let server;
before(async () => (server = await TestServer.start()));
after(() => server?.stop());

const ADDRESS = 'https://calls.example.com';
const blocks = codeBlocks(await read('README.md'), 'ts').map(({ code }) => code);
const snippet = (holding) => {
  const found = blocks.filter((code) => code.includes(holding));
  assert.equal(found.length, 1, `README.md has one snippet with ${holding}`);
  return found[0];
};

/** Runs TypeScript as a module of this repository and returns its exports. */
async function run(code) {
  const bundle = await build({
    stdin: { contents: code, loader: 'ts', resolveDir: pathOf('.') },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].contents).toString('base64')}`);
}

test('the snippets that sign tokens and tell of a chat let two people call', async (t) => {
  process.env.JWT_SECRET = JWT_SECRET;
  t.after(() => delete process.env.JWT_SECRET);
  const chat = snippet('/api/chats/').replace(ADDRESS, server.url);
  const { callToken } = await run(`const chatId = 'planning';\n${snippet('SignJWT')}\n${chat}`);

  const alice = await TestClient.connect(server, 'alice', { token: await callToken({ id: 'alice', name: 'Alice of the token', avatarUrl: 'https://example.com/a.jpg' }) });
  const bob = await TestClient.connect(server, 'bob', { token: await callToken({ id: 'bob', name: 'Bob', avatarUrl: 'https://example.com/b.jpg' }) });
  t.after(() => [alice, bob].forEach(({ socket }) => socket.disconnect()));

  const rings = new Promise((resolve) => bob.socket.once('call:incoming', resolve));
  const placed = await alice.socket.emitWithAck('call:initiate', { chatId: 'planning', callType: 'voice' });
  assert.equal(placed.success, true, JSON.stringify(placed));
  const incoming = await rings;
  // The name from the chat, the picture from the token: the chat has none.
  assert.equal(incoming.callerName, 'Alice');
  assert.equal(incoming.callerAvatar, 'https://example.com/a.jpg');

  const ringing = await server.api('/api/calls?status=ringing&limit=20', { token: await callToken({ id: 'bob', name: 'Bob', avatarUrl: '' }) });
  assert.equal(ringing.body.data.calls[0].id, placed.sessionId);
});
