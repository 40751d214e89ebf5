/**
 * How long nothing is heard when a caller's network is exchanged for another one, in Linux namespaces.
 *
 * `node tests/bench/path-change.mjs [--times N]`, as root, after `npm run build`.
 */
import { after, test } from 'node:test';
import { parseArgs } from 'node:util';

import { Lab, noLab, silencesAround } from '../e2e/lab.mjs';
import { Scene, talkTogether } from '../e2e/scene.mjs';
import { quantile } from './stats.mjs';

const { values } = parseArgs({ options: { times: { type: 'string', default: '12' } } });
const times = Number(values.times);

let lab;
after(() => lab?.down());

test('a caller moves from network to network, each new to the call', { skip: noLab }, async (t) => {
  lab = await Lab.up();
  const homes = [await lab.home({ uplinks: times + 1 }), await lab.home()];
  const scene = await Scene.start(t, { lab });
  const people = await Promise.all(['alice', 'bob'].map(async (id, i) => scene.join(id, { browser: await homes[i].browser() })));
  await talkTogether(scene, people);
  const silences = [];
  for (let uplink = 1; uplink <= times; uplink += 1) {
    silences.push(Math.max(...(await silencesAround(() => homes[0].use(uplink), people))));
  }
  const ms = (share) => Math.round(quantile(silences, share));
  console.log(`silent for ${silences.map(Math.round).join(', ')} ms: median ${ms(0.5)} ms, p95 ${ms(0.95)} ms`);
});
