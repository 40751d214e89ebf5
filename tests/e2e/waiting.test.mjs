// A page that waits for a call stays reachable.
import { test } from 'node:test';

import { Scene } from './scene.mjs';

const signaling = (person, connected) => person.event('signaling', { connected });

test('a page that waits outlives a killed server, and gives everything back', async (t) => {
  const scene = await Scene.start(t);
  const alice = await scene.join('alice');
  await scene.server.kill();
  await signaling(alice, false);
  await scene.server.restart();
  await signaling(alice, true);
  await alice.do(() => { dispatchEvent(new Event('offline')); dispatchEvent(new Event('online')); });
  await alice.do(() => calls.dispose());
  await alice.isAtRest();
});
