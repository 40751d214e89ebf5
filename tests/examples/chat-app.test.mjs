// The chat with calls does what its README promises, by hand of the people who use it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch } from '../e2e/browsers.mjs';
import { Person } from '../e2e/person.mjs';
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
  const server = await TestServer.start({ ...options, env: { CORS_ORIGINS: url } });
  t.after(() => server.stop());
  const stop = await start('chat-app', 'server.mjs', { PORT: String(port), JWT_SECRET, RINGBACK_URL: server.url }, 'The chat is at');
  t.after(stop);
  return { url, server };
}

async function signIn(t, url, id) {
  const person = await Person.open(browser, id, url);
  t.after(() => person.context.close());
  return enter(person);
}

async function enter(person) {
  const { id } = person;
  await person.page.type('#sign-in [name=name]', id);
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
