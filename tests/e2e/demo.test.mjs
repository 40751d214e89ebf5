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
    await visitor.type('join-name', name);
    await visitor.type('join-room', 'Kitchen');
    await visitor.click('join-submit');
    await visitor.shows(`member-${visitor.id}`);
    return visitor;
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
    env: { RINGBACK_WWW: join(root, 'www'), RINGBACK_PACKAGE: join(root, 'dist') },
  });
  browser = await launch('chromium');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
beforeEach(async () => {
  alice = await Visitor.enter(browser, 'Alice', server.url);
  bob = await Visitor.enter(browser, 'Bob', server.url);
});
afterEach(async () => {
  const problems = [...alice.problems, ...bob.problems];
  await Promise.all([alice.close(), bob.close()]);
  assert.deepEqual(problems, []);
});

async function talk() {
  await alice.calls(bob);
  await bob.shows('incoming', 'Alice');
  await bob.click('accept');
  await Promise.all([alice.shows('in-call'), bob.shows('in-call')]);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
}

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
