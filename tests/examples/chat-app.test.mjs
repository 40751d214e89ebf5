// The chat with calls does what its README promises, by hand of the people who use it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { violationsIn } from '../e2e/axe.mjs';
import { launch } from '../e2e/browsers.mjs';
import { Person, freezeAndThaw } from '../e2e/person.mjs';
import { TestClient } from '../helpers/client.mjs';
import { SIGNING_SECRET } from '../helpers/receiver.mjs';
import { TestServer, freePort } from '../helpers/server.mjs';
import { JWT_SECRET, serviceToken } from '../helpers/tokens.mjs';
import { start } from './process.mjs';

let browser;
before(async () => {
  browser = await launch('chromium');
});
after(() => browser?.close());

/** A chat and its ringback-server, without anybody yet. */
async function open(t, options) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { CORS_ORIGINS: url, WEBHOOK_URL: `${url}/hooks/ringback`, WEBHOOK_SECRET: SIGNING_SECRET };
  const server = await TestServer.start({ ...options, env });
  t.after(() => server.stop());
  const stop = await start('chat-app', 'server.mjs', { PORT: String(port), JWT_SECRET, RINGBACK_URL: server.url, WEBHOOK_SECRET: SIGNING_SECRET }, 'The chat is at');
  t.after(stop);
  return { url, server };
}

async function signIn(t, url, id) {
  const person = await Person.open(browser, id, url);
  t.after(() => person.context.close());
  return enter(person);
}

async function enter(person, name = person.id) {
  await person.page.type('#sign-in [name=name]', name);
  await person.page.click('#sign-in button');
  await person.until('the chats', () => document.querySelector('#chats button'));
  return person;
}

/** Opens the conversation with somebody, or the one with everyone. */
async function talkTo(person, other) {
  const chat = other === 'everyone' ? 'everyone' : [person.id, other.id].sort().join('+');
  await person.until('the chat to be there', (chat) => document.querySelector(`[data-chat="${chat}"]`), chat);
  await person.do((chat) => document.querySelector(`nav [data-chat="${chat}"]`).click(), chat);
  await person.until('the conversation', (chat) => document.getElementById('conversation').dataset.chat === chat, chat);
  return chat;
}

const shows = (person, selector, text) =>
  person.until(`${selector} with "${text}"`, (selector, text) => [...document.querySelectorAll(selector)].some((element) => element.textContent.includes(text)), selector, text);

const unreadIn = (person, chat, count) =>
  person.until(`${count} unread`, (chat, count) => document.querySelector(`[data-chat="${chat}"] .unread`)?.textContent === count, chat, count);

const rings = (person, caller) =>
  person.until('it to ring', (caller) => document.getElementById('incoming').open && document.getElementById('caller').textContent === caller, caller.id);

test('two people chat, call, hear each other, hang up, and the call is in the conversation', async (t) => {
  const { url } = await open(t);
  const alice = await signIn(t, url, 'alice');
  const bob = await signIn(t, url, 'bob');
  const chat = await talkTo(alice, bob);
  await alice.until('Bob to be present', (chat) => document.querySelector(`[data-chat="${chat}"] .present`), chat);

  await alice.page.type('#write input', 'Can you talk?');
  await alice.page.keyboard.press('Enter');
  await unreadIn(bob, chat, '1');
  await talkTo(bob, alice);
  await shows(bob, '#entries .text', 'Can you talk?');
  await unreadIn(bob, chat, '');

  await alice.page.click('#voice');
  await rings(bob, alice);
  await bob.page.click('#accept');
  await Promise.all([shows(alice, '#progress', 'In a call with bob'), shows(bob, '#progress', 'In a call with alice')]);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await alice.page.click('#mute');
  await shows(bob, '#tiles li', 'muted');
  await bob.hearsNothingOf(alice);

  await alice.page.click('#camera');
  await bob.until('her picture', () => [...document.querySelectorAll('#tiles video')].some((video) => video.videoWidth > 0));
  await bob.do(freezeAndThaw);
  await bob.showsMovingPictures();

  await alice.page.click('#hang-up');
  await Promise.all([shows(alice, '#entries .call', 'Call by you'), shows(bob, '#entries .call', 'Call from alice')]);
  for (const person of [alice, bob]) {
    const outcomes = await person.do(() => [...document.querySelectorAll('#entries .outcome')].map(({ textContent }) => textContent));
    assert.equal(outcomes.length, 1);
    assert.match(outcomes[0], /^\d+:\d\d$/);
    await person.isAtRest();
    assert.deepEqual(person.problems, []);
  }

  // The card calls back.
  await bob.page.click('#entries .call-back');
  await rings(alice, bob);
  await alice.page.click('#reject');
  await shows(bob, '#entries .outcome', 'Declined');
});

test('on a phone, with a long name and by the keyboard alone, a call is placed and declined', async (t) => {
  const { url } = await open(t);
  const alice = await signIn(t, url, 'alice');
  const bob = await Person.open(browser, 'bob', url);
  t.after(() => bob.context.close());
  await enter(bob, 'Maximiliane-Theodora.Wolfeschlegelstein');
  await alice.page.setViewport({ width: 360, height: 640 });
  await alice.until('Bob', () => document.querySelectorAll('#chats button').length === 2);
  await alice.do(() => document.querySelectorAll('#chats button')[1].click());
  await alice.until('the conversation', () => document.getElementById('conversation').dataset.chat);
  for (const id of ['voice', 'video']) assert.ok(await alice.page.$eval(`#${id}`, (button) => button.getBoundingClientRect().right <= innerWidth), `${id} is in the window`);

  await alice.page.focus('#voice');
  await alice.page.keyboard.press('Enter');
  await bob.until('the keyboard to be on Accept', () => document.getElementById('incoming').open && document.activeElement.id === 'accept');
  for (const scheme of ['light', 'dark']) {
    for (const { page } of [alice, bob]) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      assert.deepEqual(await violationsIn(page), [], scheme);
    }
  }
  await bob.page.keyboard.press('Escape');
  await shows(alice, '#entries .outcome', 'Declined');

  const covers = await alice.do(() => {
    document.getElementById('message').textContent = 'The microphone is blocked: allow it in the address bar of the browser, then try again.';
    return document.getElementById('message').getBoundingClientRect().bottom > document.querySelector('#write input').getBoundingClientRect().top;
  });
  assert.ok(!covers, 'what is said leaves the line to write in free');
});

test('a missed call is there as missed, unread, and for who was away too', async (t) => {
  const { url } = await open(t, { ringTimeoutMs: 1500 });
  const alice = await signIn(t, url, 'alice');
  const bob = await signIn(t, url, 'bob');
  const carol = await signIn(t, url, 'carol');
  await talkTo(alice, bob);
  await alice.page.click('#voice');
  await rings(bob, alice);
  await shows(alice, '#entries .outcome', 'No answer');
  await unreadIn(bob, 'alice+bob', '1');
  await bob.until('the ringing to stop', () => !document.getElementById('incoming').open);
  await talkTo(bob, alice);
  await shows(bob, '#entries .missed', 'Missed call from alice');

  // Carol's page is closed while she is called.
  await carol.close();
  await talkTo(alice, carol);
  await alice.until('her to be away', () => !document.querySelector('[data-chat="alice+carol"] .present'));
  await alice.page.click('#voice');
  await shows(alice, '#entries .outcome', 'No answer');
  const later = await enter(await carol.secondTab(url));
  await unreadIn(later, 'alice+carol', '1');
  await talkTo(later, alice);
  await shows(later, '#entries .missed', 'Missed call from alice');
});

test('Ringback tells of a missed call when no browser is open that could', async (t) => {
  const { url, server } = await open(t);
  const alice = await signIn(t, url, 'alice');
  const bob = await signIn(t, url, 'bob');
  await known(server, 'alice+bob');
  await Promise.all([alice.close(), bob.close()]);
  // Alice calls with something that knows nothing of the chat.
  const phone = await TestClient.connect(server, 'alice');
  t.after(() => phone.close());
  const { sessionId } = await phone.ask('call:initiate', { chatId: 'alice+bob', callType: 'voice' });
  await phone.ask('call:end', { sessionId, chatId: 'alice+bob' });
  // It counts as unread before anybody opens the conversation, which would read the history.
  const later = await enter(await bob.secondTab(url));
  await unreadIn(later, 'alice+bob', '1');
  await talkTo(later, alice);
  await shows(later, '#entries .missed', 'Missed call from alice');
  assert.equal(await later.do(() => document.querySelectorAll('#entries .call').length), 1);
});

test('who misses a call of a group sees it while the others talk, and once it is over', async (t) => {
  const { url } = await open(t, { ringTimeoutMs: 4000 });
  const people = [await signIn(t, url, 'alice'), await signIn(t, url, 'bob'), await signIn(t, url, 'carol')];
  const [alice, bob, carol] = people;
  await talkTo(carol, 'everyone');
  await talkTo(alice, 'everyone');
  await alice.page.click('#voice');
  await Promise.all([rings(bob, alice), rings(carol, alice)]);
  await bob.page.click('#accept');
  await shows(carol, '#entries .missed', 'Missed call from alice');
  await shows(carol, '#entries .missed .outcome', 'It goes on.');
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await alice.page.click('#hang-up');
  await shows(carol, '#entries .missed .outcome', 'The others talked.');
  assert.equal(await carol.do(() => document.querySelectorAll('#entries .call').length), 1);
});

test('only webhooks that Ringback signed are believed, and each call is shown once', async (t) => {
  const { url } = await open(t);
  const alice = await signIn(t, url, 'alice');
  const bob = await signIn(t, url, 'bob');
  await talkTo(bob, alice);
  const shown = () => bob.do(() => document.querySelectorAll('#entries .call').length);

  const otherSecret = `whsec_${Buffer.from('a-secret-that-nobody-agreed-upon').toString('base64')}`;
  const longAgo = new Date(Date.now() - 3_600_000);
  const forged = [signed(missedCall('forged'), { secret: otherSecret }), signed(missedCall('forged'), { at: longAgo }), { body: missedCall('forged'), headers: {} }];
  const changed = { ...signed(missedCall('forged')), body: missedCall('changed') };
  for (const request of [...forged, changed]) assert.equal(await deliver(url, request), 401);

  const unknown = signed(missedCall('elsewhere', 'no-such-chat'));
  for (const request of [signed(missedCall('real')), signed(missedCall('real')), unknown]) assert.equal(await deliver(url, request), 204);
  await shows(bob, '#entries .missed', 'Missed call from alice');
  // What is told in order has all been shown once this is.
  await bob.page.type('#write input', 'You called?');
  await bob.page.keyboard.press('Enter');
  await shows(bob, '#entries .text', 'You called?');
  assert.equal(await shown(), 1);
});

/** The body of the webhook of a call from Alice that Bob missed. */
function missedCall(id, chatId = 'alice+bob') {
  const now = new Date().toISOString();
  const [alice, bob] = ['alice', 'bob'].map((name) => ({ id: name, name, avatar: null }));
  const participants = [
    { user: alice, status: 'joined', joinedAt: now, leftAt: now },
    { user: bob, status: 'missed', joinedAt: null, leftAt: null },
  ];
  const times = { initiatedAt: now, startedAt: null, endedAt: now, duration: 0 };
  const call = { id, chatId: { id: chatId, name: null }, callType: 'voice', status: 'missed', caller: alice, participants, ...times, endReason: 'missed' };
  return JSON.stringify({ type: 'call.missed', timestamp: now, data: { sequence: 2, version: 2, userIds: ['bob'], call } });
}

/** That body, with the headers of a sender who has the secret. */
function signed(body, { secret = SIGNING_SECRET, at = new Date() } = {}) {
  const signature = new Webhook(secret).sign('message-1', at, body);
  return { body, headers: { 'webhook-id': 'message-1', 'webhook-timestamp': String(Math.floor(at / 1000)), 'webhook-signature': signature } };
}

async function deliver(url, { body, headers }) {
  const { status } = await fetch(`${url}/hooks/ringback`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  return status;
}

test('everyone in a chat is called at once, and all hear each other', async (t) => {
  const { url } = await open(t);
  const people = [await signIn(t, url, 'alice'), await signIn(t, url, 'bob'), await signIn(t, url, 'carol')];
  const [alice, bob, carol] = people;
  await talkTo(alice, 'everyone');
  await alice.page.click('#voice');
  await Promise.all([rings(bob, alice), rings(carol, alice)]);
  await Promise.all([bob.page.click('#accept'), carol.page.click('#accept')]);
  for (const listener of people) await Promise.all(people.filter((other) => other !== listener).map((other) => listener.hears(other)));
  await bob.page.click('#hang-up');
  await carol.hears(alice);
  await alice.page.click('#hang-up');
  await Promise.all([shows(alice, '#entries .call', 'Call by you'), shows(bob, '#entries .call', 'Call from alice'), shows(carol, '#entries .call', 'Call from alice')]);
  await Promise.all(people.map((person) => person.isAtRest()));
});

test('people write while Ringback is away, and call once it is back', async (t) => {
  const { url, server } = await open(t);
  await server.kill();
  const alice = await signIn(t, url, 'alice');
  const bob = await signIn(t, url, 'bob');
  await talkTo(bob, alice);
  await talkTo(alice, bob);
  await alice.page.type('#write input', 'No calls today?');
  await alice.page.keyboard.press('Enter');
  await shows(bob, '#entries .text', 'No calls today?');
  await server.restart();
  await Promise.all([alice, bob].map((person) => person.until('the connection', () => document.getElementById('message').textContent === '')));
  await known(server, 'alice+bob');
  await alice.page.click('#voice');
  await rings(bob, alice);
  await bob.page.click('#accept');
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

/** Waits until Ringback has been told of a chat. */
async function known(server, chat) {
  const token = await serviceToken();
  for (let answer; answer?.status !== 200; answer = await server.api(`/api/chats/${encodeURIComponent(chat)}`, { token })) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('who is not signed in gets no token', async (t) => {
  const { url } = await open(t);
  assert.equal((await fetch(`${url}/api/call-token`)).status, 401);
  assert.equal((await fetch(`${url}/api/call-token`, { headers: { authorization: 'Bearer undefined' } })).status, 401);
});
