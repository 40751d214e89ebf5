// The demo page, as people use it: they type, click, and listen.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { TestServer } from '../helpers/server.mjs';
import { launch } from './browsers.mjs';
import { Person } from './person.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A person who uses the demo page by what it shows. */
class Visitor extends Person {
  static async enter(browser, name, url, options) {
    const visitor = Object.setPrototypeOf(await Person.open(browser, name.toLowerCase(), url, options), Visitor.prototype);
    return visitor.joins(name);
  }

  /** Opens one more tab under the same name. */
  async enterAgain(name) {
    const tab = Object.setPrototypeOf(await this.secondTab(this.page.url()), Visitor.prototype);
    return tab.joins(name);
  }

  async joins(name) {
    await this.page.setViewport({ width: 1280, height: 800 });
    await this.type('join-name', name);
    await this.type('join-room', 'Kitchen');
    await this.click('join-submit');
    await this.shows(`member-${this.id}`);
    // The instruments know the manager by this name.
    await this.do(() => { window.calls = window.ringback; });
    return this;
  }

  click(id) {
    return this.page.locator(at(id)).setTimeout(10_000).click();
  }

  async type(id, text) {
    const field = await this.page.waitForSelector(at(id));
    await field.evaluate((input) => input.select());
    await field.type(text);
  }

  /** Waits until something is shown, and returns what it says. */
  async shows(id, text = '') {
    return this.until(`${id} to say "${text}"`, (selector, text) => {
      const found = [...document.querySelectorAll(selector)].find((element) => element.textContent.includes(text));
      return found?.textContent;
    }, at(id), text);
  }

  /** Waits until an element is there that has an attribute of that value. */
  async has(id, name, value) {
    await this.until(`${id} to have ${name}=${value}`, (selector, name, value) =>
      [...document.querySelectorAll(selector)].some((element) => element.getAttribute(name) === value), at(id), name, value);
  }

  /** Waits until a tile shows a moving picture. */
  async showsPictureIn(id) {
    await this.until(`${id} to show a picture`, (selector) => {
      const video = document.querySelector(`${selector} video`);
      return video && video.videoWidth > 0 && video.currentTime > 0;
    }, at(id));
  }

  async showsNo(id) {
    await this.until(`${id} to go away`, (selector) => !document.querySelector(selector), at(id));
  }

  async calls(other) {
    await this.until(`${other.id} to be online`, (selector) => document.querySelector(selector)?.dataset.online === 'true', at(`member-${other.id}`));
    await this.click(`call-${other.id}`);
  }
}

const at = (id) => `[data-testid="${id}"]`;

let server;
let browser;
let alice;
let bob;
before(async () => {
  server = await TestServer.start({
    dev: true,
    ringTimeoutMs: 6_000,
    env: { CALL_WAITING: 'true', RINGBACK_WWW: join(root, 'www'), RINGBACK_PACKAGE: join(root, 'dist') },
  });
  browser = await launch('chromium');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
let guests;
beforeEach(async () => {
  guests = [];
  alice = await Visitor.enter(browser, 'Alice', server.url);
  bob = await Visitor.enter(browser, 'Bob', server.url);
});
afterEach(async () => {
  const people = [alice, bob, ...guests];
  const problems = people.flatMap((person) => person.problems);
  await Promise.all(people.map((person) => person.close()));
  assert.deepEqual(problems, []);
});

async function talk() {
  await alice.calls(bob);
  await bob.shows('incoming', 'Alice');
  await bob.click('accept');
  await Promise.all([alice.shows('in-call'), bob.shows('in-call')]);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
}

/** One more person, who leaves with the test. */
async function carolEnters() {
  const carol = await Visitor.enter(browser, 'Carol', server.url);
  guests.push(carol);
  return carol;
}

/** Alice picks Bob and Carol and calls them; both accept, and everyone hears everyone. */
async function talkAsThree(carol, call = 'call-picked') {
  await Promise.all([alice.has('member-bob', 'data-online', 'true'), alice.has('member-carol', 'data-online', 'true')]);
  for (const id of ['pick', 'pick-bob', 'pick-carol', call]) await alice.click(id);
  for (const callee of [bob, carol]) {
    await callee.shows('incoming', 'Alice');
    await callee.click('accept');
  }
  await everyoneHearsEveryone([alice, bob, carol]);
}

const everyoneHearsEveryone = (people) =>
  Promise.all(people.flatMap((one) => people.filter((other) => other !== one).map((other) => one.hears(other))));

test('two people call, talk, mute and hang up, and find the call in their history', async () => {
  await talk();
  await alice.shows('timer', '0:0');
  await alice.click('mute');
  await bob.hearsNothingOf(alice);
  await alice.click('mute');
  await bob.hears(alice);
  await alice.click('hangup');
  await Promise.all([alice.showsNo('in-call'), bob.showsNo('in-call')]);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  await alice.click('history-tab');
  assert.match(await alice.shows('history-row', 'Bob'), /Outgoing/);
  await bob.click('history-tab');
  assert.match(await bob.shows('history-row', 'Alice'), /Incoming/);
});

test('a declined call says so to the caller', async () => {
  await alice.calls(bob);
  await bob.shows('incoming');
  await bob.click('reject');
  await bob.showsNo('incoming');
  await alice.shows('notice', 'Bob');
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
});

test('a call that is taken back stops ringing', async () => {
  await alice.calls(bob);
  await bob.shows('incoming');
  await alice.click('hangup');
  await bob.showsNo('incoming');
  await bob.shows('notice', 'Alice');
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
});

test('a call that nobody answers is missed, and can be returned from the notice', async () => {
  await alice.calls(bob);
  await bob.shows('incoming');
  await bob.shows('call-again', 'Call back');
  await alice.shows('notice');
  await bob.click('call-again');
  await alice.shows('incoming', 'Bob');
  await alice.click('accept');
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await bob.click('hangup');
  await alice.showsNo('in-call');
});

test('the statistics of the room count the calls', async () => {
  await talk();
  await bob.click('hangup');
  await alice.showsNo('in-call');
  const { body } = await server.as('alice', '/api/calls/stats?chatId=kitchen');
  assert.ok(body.data.stats.total > 0);
  await alice.click('stats-tab');
  await alice.until('the total', (total) => document.body.textContent.includes(String(total)), body.data.stats.total);
});

test('three people talk in a grid, one leaves and joins again, and the call page tells of it', async () => {
  const carol = await carolEnters();
  await talkAsThree(carol);
  await alice.has('peers', 'data-layout', 'grid');
  await alice.shows('count', '3 people');
  await carol.click('hangup');
  await alice.shows('toast', 'Carol left');
  await carol.has('live-call', 'data-offer', 'join');
  await carol.click('join-call');
  await everyoneHearsEveryone([alice, bob, carol]);
  await alice.has('quality', 'data-user', 'carol');
  const sessionId = await alice.do(() => window.ringback.call.sessionId);
  await measured(sessionId);
  await alice.click('hangup');
  await alice.click('end-for-all');
  await Promise.all([alice, bob, carol].map((person) => person.showsNo('in-call')));
  await Promise.all([alice, bob, carol].map((person) => person.isAtRest()));

  await alice.click('history-tab');
  await alice.has('history-row', 'data-id', sessionId);
  await alice.click('history-details');
  await alice.shows('timeline', 'Carol left');
  await alice.shows('timeline', 'The call ended');
  await alice.shows('links-table', 'You hear Bob');
  await alice.has('state', 'data-state', 'idle');
});

/** Waits until the server has samples of the quality of a call. */
async function measured(sessionId) {
  await alice.until('quality to be stored', async (sessionId) => {
    const { token } = await (await fetch('/api/dev/join', { method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ chatId: 'kitchen', userId: 'alice', name: 'Alice' }) })).json();
    const answer = await fetch(`/api/calls/${sessionId}/quality`, { headers: { Authorization: `Bearer ${token}` } });
    const { data } = await answer.json();
    return data.links.some(({ from, samples }) => from === 'alice' && samples.length > 0);
  }, sessionId);
}

test('three people see one another, and a camera that goes off leaves a face', async () => {
  const carol = await carolEnters();
  await talkAsThree(carol, 'video-picked');
  for (const [one, other] of [[alice, bob], [bob, carol], [carol, alice]]) {
    await one.showsPictureIn(`peer-${other.id}`);
    await one.sees(other);
  }
  await alice.showsPictureIn('self');
  await alice.click('camera');
  await alice.has('self', 'data-video', 'off');
  await bob.has('peer-alice', 'data-video', 'off');
  await bob.sees(carol);
  await carol.freezesAndThaws();
  await carol.showsMovingPictures();
});

test('another microphone is chosen in the middle of a call', async () => {
  await talk();
  await alice.click('open-devices');
  await alice.shows('device-microphone', 'Fake Audio Input 2');
  const id = await alice.do(() => [...document.querySelectorAll('[data-testid=device-microphone] option')].find((option) => option.textContent.includes('Fake Audio Input 2')).value);
  await alice.page.select(at('device-microphone'), id);
  await bob.hears(alice, 2);
});

test('in push to talk one is heard only while the space bar is held', async () => {
  await talk();
  await alice.click('open-more');
  await alice.click('push-to-talk');
  await bob.hearsNothingOf(alice);
  await alice.page.keyboard.press('Escape');
  await alice.showsNo('panel-more');
  await alice.page.keyboard.down('Space');
  await bob.hears(alice);
  await alice.page.keyboard.up('Space');
  await bob.hearsNothingOf(alice);
});

test('a second call rings during the first, and is answered in its place', async () => {
  const carol = await carolEnters();
  await talk();
  await carol.calls(alice);
  await alice.shows('waiting', 'Carol');
  await alice.hears(bob);
  await alice.click('answer-waiting');
  await bob.showsNo('in-call');
  await Promise.all([alice.hears(carol), carol.hears(alice)]);
  await alice.showsNo('waiting');
});

test('a page that is reloaded in a call takes it back and says so', async () => {
  await talk();
  await alice.page.reload();
  await alice.shows('toast', 'Your call is back');
  await alice.shows('in-call');
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('a call moves to another tab, and the first one says where it went', async () => {
  await talk();
  const tab = await alice.enterAgain('Alice');
  guests.push(tab);
  await tab.has('live-call', 'data-offer', 'move');
  await tab.click('move-here');
  await alice.has('notice', 'data-kind', 'moved-elsewhere');
  await Promise.all([tab.hears(bob), bob.hears(tab)]);
});

test('the check of the setup listens to the microphone and tries the ways to others', async () => {
  await alice.click('open-help');
  await alice.click('help-check');
  await alice.has('check-microphone', 'data-tone', 'ok');
  await alice.has('check-signaling', 'data-tone', 'ok');
  await alice.shows('verdict');
  await alice.click('close-check');
  await alice.showsNo('check');
  await alice.isAtRest();
});
