// A page that waits for a call: what it loads, and that it stays reachable.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

import { Scene, talk } from './scene.mjs';

/** A quick build (`--dev`) is in one part. */
const skip = existsSync(new URL('../../dist/ringback_second.wasm', import.meta.url)) ? false : 'the module was built in one part';

const signaling = (person, connected) => person.event('signaling', { connected });

test('a page that waits outlives a killed server, lists its devices, and gives everything back', async (t) => {
  const scene = await Scene.start(t);
  const alice = await scene.join('alice');
  await alice.do(() => { calls.setMuted(true); calls.setMuted(false); });
  assert.ok((await alice.do(() => calls.devices())).microphones.length > 0);
  assert.equal(await alice.do(() => failure(calls.endCall())), 'NO_CALL');
  assert.equal(await alice.do(() => failure(calls.acceptCall())), 'NOT_RINGING');
  await scene.server.kill();
  await signaling(alice, false);
  assert.equal(await alice.do((chat) => failure(calls.initiateCall(chat, ['bob'])), scene.chat), 'NOT_CONNECTED');
  await scene.server.restart();
  await signaling(alice, true);
  assert.deepEqual(await alice.do(() => calls.liveCalls()), []);
  await alice.do(() => { dispatchEvent(new Event('offline')); dispatchEvent(new Event('online')); });
  await alice.do(() => calls.dispose());
  await alice.isAtRest();
});

test('waiting needs the first part of the module alone; the second comes by itself, and nothing waits for it', { skip }, async (t) => {
  const scene = await Scene.start(t);
  const [alice, bob] = await Promise.all([scene.join('alice'), scene.join('bob')]);
  const fetched = await alice.until('the second part', () => {
    const found = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('ringback_second.wasm'));
    return found && { how: found.initiatorType };
  });
  assert.deepEqual(fetched, { how: 'fetch' });
  await talk(scene, alice, bob);
});

test('a call that comes before the second part was fetched waits for it, and for nothing else', { skip }, async (t) => {
  const scene = await Scene.start(t);
  const alice = await scene.join('alice');
  const bob = await scene.join('bob', { withoutSecond: true });
  await talk(scene, alice, bob);
  const fetched = await bob.do(() => performance.getEntriesByType('resource')
    .filter(({ name, initiatorType }) => name.endsWith('ringback_second.wasm') && initiatorType === 'xmlhttprequest').length);
  assert.equal(fetched, 1);
});
