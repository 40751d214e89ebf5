// Calls through the relay inside the server (`--turn`), by people whose firewalls let UDP through to
// it alone. In a network with public addresses: the relay sends to no others.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Lab, noLab, silencesAround } from './lab.mjs';
import { Scene, allHear, talk, talkTogether } from './scene.mjs';

const PORT = 3478;
const env = () => ({ RINGBACK_TURN: `${lab.host}:${PORT}` });
let lab;
let homes;
before(async () => {
  if (noLab) return;
  lab = await Lab.up({ block: 11 });
  homes = [await lab.home(), await lab.home()];
  homes.forEach((home) => lab.onlyRelay(home, PORT));
});
after(() => lab?.down());

/** Two people at home, who talk, and the server that relays for them. */
async function talkFromHome(t, options) {
  const scene = await Scene.start(t, { lab, env: env() });
  const people = await Promise.all(['alice', 'bob'].map((id, i) => scene.join(id, { browser: homes[i].browser(), ...options })));
  await talkTogether(scene, people);
  return { scene, people };
}

/** Fails unless what both send goes from a relay of the server to another one. */
async function areRelayed(people) {
  const found = await Promise.all(people.map((person) => person.do(() => window.instruments.selectedPairs())));
  for (const pairs of found) {
    assert.equal(pairs.length, 1);
    for (const { type, address } of Object.values(pairs[0])) assert.deepEqual({ type, address }, { type: 'relay', address: lab.host });
  }
  const [[alice], [bob]] = found;
  assert.deepEqual([alice.local.port, alice.remote.port], [bob.remote.port, bob.local.port]);
}

test('people who reach nothing but the relay of the server hear each other through it', { skip: noLab }, async (t) => {
  const { people } = await talkFromHome(t);
  await areRelayed(people);
  await allHear(people);
});

test('a call that was made through it ahead, while it rang, stays on it', { skip: noLab }, async (t) => {
  const { people } = await talkFromHome(t, { preconnect: 'relay' });
  await areRelayed(people);
});

test('a server that is killed takes its relays along, and relays the call again once it is back', { skip: noLab }, async (t) => {
  const { scene, people } = await talkFromHome(t);
  const silences = await silencesAround(async () => {
    await scene.server.kill();
    await scene.server.restart();
  }, people);
  t.diagnostic(`silent for ${silences.map(Math.round).join(' and ')} ms`);
  await areRelayed(people);
  await people[0].do(() => calls.endCall());
  await Promise.all(people.map((person) => person.isAtRest()));
});

test('Firefox talks through it too, and finds it well before', { skip: noLab }, async (t) => {
  // Firefox is driven over loopback, so it stands in no home: it is kept to the relay by its page.
  const { scene, alice, bob } = await Scene.ofTwo(t, { host: lab.host, env: env() }, { alice: { browser: 'firefox' } });
  await Promise.all([alice, bob].map((person) => person.do(keepToRelays)));
  const { verdict, text } = await alice.do(() => calls.preflight({ microphone: false }));
  assert.equal(verdict, 'ok', text);
  await talk(scene, alice, bob);
  const [{ local, remote }] = await bob.do(() => window.instruments.selectedPairs());
  assert.deepEqual([local.type, local.address, remote.address], ['relay', lab.host, lab.host]);
});

for (const browser of ['chromium', 'firefox']) {
  test(`who asks for relays alone in ${browser} shows no address but the relay's, also while it rings`, { skip: noLab }, async (t) => {
    // Firefox is driven over loopback, so it stands in no home.
    const [place, own, others] = browser === 'firefox' ? [{}, browser, 'chromium'] : [{ lab }, homes[0].browser(), homes[1].browser()];
    const scene = await Scene.start(t, { host: lab.host, ...place, env: env() });
    const alice = await scene.join('alice', { browser: own, preconnect: true, rtcConfiguration: { iceTransportPolicy: 'relay' } });
    const bob = await scene.join('bob', { browser: others, preconnect: true });
    const people = [alice, bob];
    await talkTogether(scene, people);
    await bob.do(() => calls.endCall());
    await alice.isAtRest();
    await talkTogether(scene, people.toReversed());
    const heard = await bob.do(() => window.instruments.addressesHeardOf());
    assert.ok(heard.includes(lab.host), heard.join());
    // What stands in a description before there is an address.
    const nobodys = ['0.0.0.0', '127.0.0.1', '::'];
    assert.deepEqual(heard.filter((address) => address !== lab.host && !nobodys.includes(address)), []);
  });
}

/** In the page: no connection uses anything but relays. */
function keepToRelays() {
  const relayed = (config) => ({ ...config, iceTransportPolicy: 'relay' });
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(config) {
      super(relayed(config));
    }

    setConfiguration(config) {
      super.setConfiguration(relayed(config));
    }
  };
}
