// The two parts of the module: what needs which, and when it comes.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

import { Scene, talk } from './scene.mjs';

/** A quick build (`--dev`) is in one part. */
const skip = existsSync(new URL('../../dist/ringback_second.wasm', import.meta.url)) ? false : 'the module was built in one part';

test('without a call, what needs one is refused, and the devices are there', async (t) => {
  const scene = await Scene.start(t);
  const alice = await scene.join('alice');
  await alice.do(() => { calls.setMuted(true); calls.setMuted(false); });
  assert.ok((await alice.do(() => calls.devices())).microphones.length > 0);
  assert.equal(await alice.do(() => failure(calls.endCall())), 'NO_CALL');
  assert.equal(await alice.do(() => failure(calls.acceptCall())), 'NOT_RINGING');
  assert.deepEqual(await alice.do(() => calls.liveCalls()), []);
  await scene.server.kill();
  await alice.event('signaling', { connected: false });
  assert.equal(await alice.do((chat) => failure(calls.initiateCall(chat, ['bob'])), scene.chat), 'NOT_CONNECTED');
});

test('the second part of the module comes by itself, and nothing waits for it', { skip }, async (t) => {
  const scene = await Scene.start(t);
  const [alice, bob] = await Promise.all([scene.join('alice'), scene.join('bob')]);
  const fetched = await alice.until('the second part', () => {
    const found = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('ringback_second.wasm'));
    return found && { how: found.initiatorType };
  });
  assert.deepEqual(fetched, { how: 'fetch' });
  await talk(scene, alice, bob);
});

test('a call of two works without the second part, and what needs it fetches it on the spot', { skip }, async (t) => {
  const scene = await Scene.start(t);
  const alice = await scene.join('alice');
  const bob = await scene.join('bob', { withoutSecond: true });
  await talk(scene, alice, bob);
  await bob.do(() => calls.setVideoEnabled(true));
  await alice.event('participantVideoToggle', { userId: 'bob', enabled: true });
  const fetched = await bob.do(() => performance.getEntriesByType('resource')
    .filter(({ name, initiatorType }) => name.endsWith('ringback_second.wasm') && initiatorType === 'xmlhttprequest').length);
  assert.equal(fetched, 1);
});
