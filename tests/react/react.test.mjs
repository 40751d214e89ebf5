// `ringback/react` in a real browser: React's StrictMode, Vite's hot reload, the real server, real sound.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch } from '../e2e/browsers.mjs';
import { Person, freezeAndThaw } from '../e2e/person.mjs';
import { TestServer } from '../helpers/server.mjs';
import { userToken } from '../helpers/tokens.mjs';
import { Site } from './site.mjs';

let browser;
let site;
let server;
before(async () => {
  [browser, site] = await Promise.all([launch('chromium'), Site.start()]);
  server = await startServer();
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function startServer() {
  const started = await TestServer.start({ env: { CORS_ORIGINS: site.url } });
  await started.putChat('react', ['alice', 'bob', 'carol']);
  return started;
}

/** Opens the application, in a profile of its own; `query` goes into its address. */
async function open(t, id, { members = [], ...query } = {}) {
  const person = await Person.open(browser, id, `${site.url}/empty.html`);
  t.after(() => person.context.close());
  await person.page.evaluateOnNewDocument(watch);
  person.page.on('console', (message) => ['error', 'warn'].includes(message.type()) && person.complaints.push(message.text()));
  person.complaints = [];
  const given = new URLSearchParams({ url: server.url, token: await userToken(id), members: members.join(), ...query });
  await person.page.goto(`${site.url}/?${given}`);
  return person;
}

async function join(t, id, options) {
  const person = await open(t, id, options);
  await reads(person, 'connection', 'connected');
  return person;
}

/** Counts the connections to servers that the page makes; runs in the page. */
function watch() {
  const sockets = [];
  window.sockets = sockets;
  window.WebSocket = class extends WebSocket {
    constructor(url, ...rest) {
      super(url, ...rest);
      if (String(url).includes('/socket.io/')) sockets.push(this);
    }
  };
}

const socketsOf = (person) => person.do(() => ({ made: sockets.length, open: sockets.filter(({ readyState }) => readyState <= WebSocket.OPEN).length }));

const reads = (person, id, text) => person.until(`#${id} to read "${text}"`, (id, text) => document.getElementById(id)?.textContent === text, id, text);
const textOf = (person, id) => person.do((id) => document.getElementById(id).textContent, id);

/** Alice and Bob, talking. */
async function talking(t) {
  const [alice, bob] = await Promise.all([join(t, 'alice', { members: ['bob'] }), join(t, 'bob', { members: ['alice'] })]);
  await alice.page.click('#dial');
  await bob.page.waitForSelector('#accept');
  await bob.page.click('#accept');
  await Promise.all([alice, bob].map((person) => reads(person, 'state', 'connected')));
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  return [alice, bob];
}

test('two people call by the hooks, hear each other, mute and hang up, and React has nothing to complain of', async (t) => {
  const [alice, bob] = await Promise.all([join(t, 'alice', { members: ['bob'] }), join(t, 'bob')]);
  assert.equal(await textOf(alice, 'state'), 'idle');
  await alice.page.click('#dial');
  await bob.until('the caller to show', () => document.querySelector('.caller')?.textContent === 'Alice');
  await reads(bob, 'state', 'incoming');
  await reads(alice, 'state', 'outgoing');
  await bob.page.click('#accept');
  await bob.until('the dialog to close', () => !document.querySelector('dialog'));
  await Promise.all([alice, bob].map((person) => reads(person, 'state', 'connected')));
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await bob.until('the level of Alice', () => Number(document.querySelector('li').dataset.level) > 0.05);

  await alice.page.click('#mute');
  await reads(alice, 'muted', 'true');
  await bob.until('Alice to be muted', () => document.querySelector('li').dataset.muted === 'true');
  await bob.hearsNothingOf(alice);

  await bob.page.click('#hang-up');
  await Promise.all([alice, bob].map((person) => reads(person, 'reason', 'completed')));
  await alice.event('ended', { reason: 'completed' });
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  for (const person of [alice, bob]) {
    assert.deepEqual(person.problems, []);
    assert.deepEqual(person.complaints, []);
    assert.deepEqual(await socketsOf(person), { made: 1, open: 1 });
  }
});

test('the camera of each shows at the other, and its own picture at home', async (t) => {
  const [alice, bob] = await talking(t);
  await alice.page.click('#camera');
  await reads(alice, 'video', 'camera');
  await alice.until('her own picture', () => document.getElementById('own-video').videoWidth > 0);
  await bob.until('her picture', () => document.querySelector('.picture').videoWidth > 0);
  for (const person of [alice, bob]) {
    // A real one would cut Vite off, which then reloads the page.
    await person.do(freezeAndThaw);
    await person.showsMovingPictures();
  }
  assert.ok(await bob.do(() => document.querySelector('.picture').muted), 'the sound plays already');
});

test('a rejected call says why, and no dialog stays', async (t) => {
  const [alice, bob] = await Promise.all([join(t, 'alice', { members: ['bob'] }), join(t, 'bob')]);
  await alice.page.click('#dial');
  await bob.page.waitForSelector('#reject');
  await bob.page.click('#reject');
  await reads(alice, 'reason', 'busy');
  await bob.until('the dialog to close', () => !document.querySelector('dialog'));
});

test('what fails is a CallError of the same class, and actions before the connection say so', async (t) => {
  const alice = await open(t, 'alice', { url: '', members: ['bob'] });
  await reads(alice, 'connection', 'idle');
  await alice.page.click('#dial');
  await alice.event('failed', { code: 'NOT_CONNECTED' });
});

test('a mute renders what shows it, and not the rest', async (t) => {
  const [alice] = await talking(t);
  const before = await alice.do(() => window.rendersOfPanel);
  await alice.page.click('#mute');
  await reads(alice, 'muted', 'true');
  assert.equal(await alice.do(() => window.rendersOfPanel), before);
});

test('the devices are listed, and the chosen one is used', async (t) => {
  const alice = await join(t, 'alice');
  await alice.until('the microphones', () => document.querySelectorAll('#microphones option').length > 1);
  const id = await alice.do(() => document.querySelector('#microphones option:last-child').value);
  await alice.page.select('#microphones', id);
  await alice.until('the choice', (id) => window.manager.devices().then(({ selected }) => selected.microphone === id), id);
  await alice.until('it to show', (id) => document.getElementById('microphones').value === id, id);
});

test('a hot reload in a call leaves connection and call as they are', async (t) => {
  const [alice, bob] = await talking(t);
  await alice.do(() => { window.same = true; });
  await site.edit('Panel.jsx', '<h1>Calls</h1>', '<h1>Calls, edited</h1>');
  await alice.until('the edit to show', () => document.querySelector('h1').textContent === 'Calls, edited');
  await site.edit('App.jsx', '<CallsProvider {...connection}>', '<CallsProvider {...connection} options={{ fastSetup: true }}>');
  await site.edit('Panel.jsx', 'Calls, edited', 'Calls, edited twice');
  await alice.until('the edits to show', () => document.querySelector('h1').textContent === 'Calls, edited twice');
  assert.equal(await alice.do(() => window.same), true, 'the page was not reloaded');
  assert.deepEqual(await socketsOf(alice), { made: 1, open: 1 });
  assert.equal(await textOf(alice, 'state'), 'connected');
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('a hot reload that makes the provider anew makes one connection anew', async (t) => {
  const alice = await join(t, 'alice');
  // Another hook: React cannot keep the state of the component and mounts it anew.
  await site.edit('App.jsx', '  return (', '  useId();\n  return (');
  await alice.until('a second connection', () => sockets.length === 2 && sockets[0].readyState === WebSocket.CLOSED);
  await reads(alice, 'connection', 'connected');
  assert.deepEqual(await socketsOf(alice), { made: 2, open: 1 });
});

test('a fresh token of the same user keeps the connection, one of another user makes another', async (t) => {
  const alice = await join(t, 'alice');
  await alice.do((token) => show({ token }), await userToken('alice', { name: 'Alice again' }));
  await alice.do((token) => show({ token }), await userToken('bob'));
  await alice.until('the second connection', () => sockets.length === 2 && document.getElementById('connection').textContent === 'connected');
  assert.deepEqual(await socketsOf(alice), { made: 2, open: 1 });
  await alice.do(() => show({ token: null }));
  await reads(alice, 'connection', 'idle');
  await alice.until('the connection to close', () => sockets.every(({ readyState }) => readyState >= WebSocket.CLOSING));
});

test('another url is another connection', async (t) => {
  const other = await startServer();
  t.after(() => other.stop());
  const alice = await join(t, 'alice');
  await alice.do((url) => show({ url }), other.url);
  await alice.until('the second connection', () => sockets.length === 2 && document.getElementById('connection').textContent === 'connected');
  assert.deepEqual(await socketsOf(alice), { made: 2, open: 1 });
  assert.ok((await alice.do(() => sockets[1].url)).includes(`:${other.port}/`));
});

test('unmounting in a call ends it and lets go of everything', async (t) => {
  const [alice, bob] = await talking(t);
  await alice.do(() => show(null));
  await reads(bob, 'state', 'ended');
  await alice.isAtRest();
  await alice.until('the connection to close', () => sockets.every(({ readyState }) => readyState >= WebSocket.CLOSING));
});

test('unmounting while connecting leaves nothing behind', async (t) => {
  const alice = await open(t, 'alice', { url: '' });
  await reads(alice, 'connection', 'idle');
  await alice.do((url, token) => {
    const fetching = Promise.withResolvers();
    window.letGo = () => fetching.resolve(token);
    window.asked = 0;
    show({ url, token: () => { window.asked += 1; return fetching.promise; } });
  }, server.url, await userToken('alice'));
  await alice.until('the token to be asked for', () => window.asked > 0);
  await alice.do(() => {
    show(null);
    window.letGo();
  });
  await alice.until('the connection to close', () => sockets.every(({ readyState }) => readyState >= WebSocket.CLOSING));
  assert.equal(await alice.do(() => sockets.length), 1);
  await alice.until('the id of the tab to be free', () => navigator.locks.query().then(({ held }) => held.length === 0));
});

test('a server that is away is tried again, and the last failure shows meanwhile', async (t) => {
  const other = await startServer();
  t.after(() => other.stop());
  await other.kill();
  const alice = await open(t, 'alice', { url: other.url });
  await reads(alice, 'error', 'NOT_CONNECTED');
  assert.equal(await textOf(alice, 'connection'), 'connecting');
  await other.restart();
  await reads(alice, 'connection', 'connected');
  await reads(alice, 'error', '');
  await other.kill();
  await reads(alice, 'connection', 'reconnecting');
  await other.restart();
  await reads(alice, 'connection', 'connected');
});

test('a token that is refused is not tried again until there is another', async (t) => {
  const alice = await open(t, 'alice', { token: await userToken('alice', { secret: 'a-secret-that-is-not-the-one-of-the-server' }) });
  await reads(alice, 'connection', 'failed');
  await reads(alice, 'error', 'UNAUTHENTICATED');
  await alice.do((token) => show({ token }), await userToken('alice'));
  await reads(alice, 'connection', 'connected');
});

test('a manager of the application stays its own', async (t) => {
  const alice = await join(t, 'alice', { members: ['bob'] });
  const bob = await open(t, 'bob', { url: '' });
  await bob.do(async (url, token) => {
    const { connect } = await import('/own.js');
    window.own = await connect(url, { token });
  }, server.url, await userToken('bob'));
  await alice.page.click('#dial');
  await bob.until('it to ring', () => own.state === 'incoming');
  await bob.do(() => show({ manager: own, url: undefined, token: undefined }));
  await bob.until('the caller to show, though the event is over', () => document.querySelector('.caller')?.textContent === 'Alice');
  await bob.page.click('#accept');
  await reads(bob, 'state', 'connected');
  await bob.do(() => show(null));
  await bob.until('everything to be gone', () => !document.querySelector('main'));
  assert.deepEqual(await bob.do(() => [own.state, own.connected]), ['connected', true]);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('a page that was rendered on the server hydrates without a difference and connects once', async (t) => {
  const alice = await open(t, 'alice', { prerendered: '' });
  await reads(alice, 'connection', 'connected');
  assert.deepEqual(await alice.seen(), []);
  assert.deepEqual(alice.complaints, []);
  assert.deepEqual(await socketsOf(alice), { made: 1, open: 1 });
});

test('a name of an event that never comes is refused, also before there is a connection', async (t) => {
  const alice = await open(t, 'alice', { url: '', event: 'incomming' });
  await alice.until('the tree to be taken down', () => document.getElementById('root').childElementCount === 0);
  assert.match(alice.problems.join(), /There is no event 'incomming': 'incoming' may be meant/);
});
