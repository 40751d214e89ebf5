// Calls over networks that are cut, lossy, closed, or exchanged for others meanwhile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Lab, noLab, silencesAround } from './lab.mjs';
import { Scene, accept, allHear, dial, talkTogether } from './scene.mjs';

let lab;
let homes;
before(async () => {
  if (noLab) return;
  lab = await Lab.up();
  homes = [await lab.home({ uplinks: 3 }), await lab.home(), await lab.home()];
});
after(() => lab?.down());

/** Signs people in, each in a home of their own. */
async function atHome(t, ids, options = {}) {
  const scene = await Scene.start(t, { ...options, lab });
  const people = await Promise.all(ids.map((id, i) => scene.join(id, { browser: homes[i].browser() })));
  return { scene, people };
}

const state = (person) => person.do(() => calls.state);

/** Waits until a second of a link was measured that is as wanted. */
async function measures(person, wanted) {
  await person.do(() => calls.on('quality', (quality) => (window.lastQuality = quality)));
  return person.until(`a measurement with ${wanted}`, `window.lastQuality && (${wanted})(window.lastQuality) && window.lastQuality`);
}

test('whose network is exchanged for another one is heard again, and hears', { skip: noLab }, async (t) => {
  const { scene, people } = await atHome(t, ['alice', 'bob']);
  t.after(() => homes[0].use(0));
  await talkTogether(scene, people);
  for (const uplink of [1, 2]) {
    const silences = await silencesAround(() => homes[0].use(uplink), people);
    t.diagnostic(`silent for ${silences.map(Math.round).join(' and ')} ms`);
  }
  assert.deepEqual(await Promise.all(people.map(state)), ['connected', 'connected']);
});

test('a path that is broken without a word is noticed, said, and mended once it can be', { skip: noLab }, async (t) => {
  const { scene, people } = await atHome(t, ['alice', 'bob']);
  await talkTogether(scene, people);
  lab.part(homes[0], homes[1]);
  await Promise.all(people.map((person) => person.event('state', { state: 'reconnecting' })));
  lab.join(homes[0], homes[1]);
  await Promise.all(people.map((person) => person.event('state', { state: 'connected' })));
  await allHear(people);
});

test('people who cannot reach each other talk over the relay', { skip: noLab }, async (t) => {
  const relay = await lab.relay();
  t.after(() => relay.stop());
  const { scene, people } = await atHome(t, ['alice', 'bob'], { env: relay.env });
  lab.part(homes[0], homes[1]);
  t.after(() => lab.join(homes[0], homes[1]));
  await talkTogether(scene, people);
  const types = await Promise.all(people.map(async (person) => (await measures(person, '({ candidateType }) => candidateType')).candidateType));
  assert.ok(types.includes('relay'), types.join());
});

test('a network that loses every tenth packet carries the call, and the loss is measured', { skip: noLab }, async (t) => {
  lab.lose(homes[0], 0.1);
  t.after(() => lab.lose(homes[0], 0));
  const { scene, people } = await atHome(t, ['alice', 'bob']);
  await talkTogether(scene, people);
  await Promise.all(people.map((person) => measures(person, '({ packetLoss }) => packetLoss > 2')));
  await allHear(people);
});

test('a pair of a group that cannot reach each other is told, the call goes on, and the pair recovers', { skip: noLab }, async (t) => {
  const { scene, people } = await atHome(t, ['alice', 'bob', 'carol']);
  const [alice, bob, carol] = people;
  lab.part(homes[1], homes[2]);
  await dial(scene, alice, [bob, carol]);
  await Promise.all([accept(bob), accept(carol)]);
  const failed = await Promise.all([[bob, carol], [carol, bob]].map(([one, other]) => one.event('linkFailed', { userId: other.id }, 60_000)));
  assert.deepEqual(failed.map(({ name, retrying }) => [name, retrying]), [['Carol', true], ['Bob', true]]);
  assert.match(failed[0].message, /Carol/);
  await Promise.all([allHear([alice, bob]), allHear([alice, carol])]);
  assert.equal(await bob.do(() => calls.participants.find(({ id }) => id === 'carol').link), 'failed');

  lab.join(homes[1], homes[2]);
  await Promise.all([bob.event('linkRecovered', { userId: 'carol' }, 60_000), carol.event('linkRecovered', { userId: 'bob' }, 60_000)]);
  await allHear(people);
});
