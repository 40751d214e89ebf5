// More than one manager or connection in a page, one after the other or side by side.
import assert from 'node:assert/strict';
import test from 'node:test';

import { userToken } from '../helpers/tokens.mjs';
import { Scene, talk } from './scene.mjs';

/** Connects once more in a page, beside what is there. */
const connectAgain = async (scene, person) =>
  person.do(async (url, token) => {
    const { connect } = await import('/ringback/index.js');
    window.second = await connect(url, { token });
  }, scene.server.url, await userToken(person.id));

/** Connects as an effect of a component does under React's StrictMode: given up at once, and made anew. */
const connectStrictly = async (scene, person) => {
  await person.until('the page to load', () => window.loaded);
  await person.do(async (url, token) => {
    const { connect } = await import('/ringback/index.js');
    const first = new AbortController();
    const given = connect(url, { token, signal: first.signal }).catch(({ code }) => code);
    first.abort();
    window.seen = [];
    window.calls = await connect(url, { token, signal: new AbortController().signal });
    for (const event of ['incoming', 'resumed']) calls.on(event, (payload) => seen.push({ event, payload }));
    window.givenUp = await given;
  }, scene.server.url, await userToken(person.id));
};

test('a socket has one manager at a time', async (t) => {
  const { alice } = await Scene.ofTwo(t);
  const refusal = await alice.do(async () => {
    const { VoiceCallManager } = await import('/ringback/index.js');
    window.another = () => new VoiceCallManager(calls.socket);
    try {
      another();
    } catch ({ code, message }) {
      return { code, message };
    }
  });
  assert.deepEqual(refusal, { code: 'INVALID_ARGUMENT', message: 'This socket has a manager already: dispose() of that one first.' });
  assert.equal(await alice.do(() => (calls.dispose(), another().state)), 'idle');
});

test('of two connections of a page, the one that stays takes up its call after a reload', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await connectAgain(scene, bob);
  await bob.do(() => {
    calls.dispose();
    window.calls = window.second;
    calls.on('incoming', (payload) => seen.push({ event: 'incoming', payload }));
  });
  await talk(scene, alice, bob);
  await bob.page.reload();
  bob.forgetWhatWasSeen();
  await scene.signIn(bob);
  await bob.event('resumed');
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('a connection that is given up at once does not take the place of the next one, also after a reload', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await bob.do(() => {
    calls.dispose();
    sessionStorage.clear();
  });
  await bob.page.reload();
  bob.forgetWhatWasSeen();
  await connectStrictly(scene, bob);
  assert.equal(await bob.do(() => window.givenUp), 'CANCELLED');
  await talk(scene, alice, bob);
  await bob.page.reload();
  bob.forgetWhatWasSeen();
  await connectStrictly(scene, bob);
  await bob.event('resumed');
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('what is neither true nor false does not open a muted microphone', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  await alice.do(() => {
    calls.setMuted(true);
    calls.setMuted('true');
  });
  assert.equal((await alice.event('error')).code, 'INVALID_ARGUMENT');
  assert.equal(await alice.do(() => calls.muted), true);
  await bob.hearsNothingOf(alice);
});

test('after dispose() promises are rejected, and nothing else does anything', async (t) => {
  const { alice } = await Scene.ofTwo(t);
  const told = await alice.do(async () => {
    calls.setMuted(true);
    calls.dispose();
    const said = [];
    console.error = ({ code }) => said.push(code);
    const muted = calls.toggleMute();
    calls.setPushToTalk(true);
    window.dispatchEvent(new Event('blur'));
    const failed = await failure(calls.setDevices({ microphone: null }));
    return { muted, said, failed };
  });
  assert.deepEqual(told, { muted: true, said: ['DISPOSED', 'DISPOSED'], failed: 'DISPOSED' });
});
