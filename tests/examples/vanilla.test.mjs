// The example in one HTML file does what its README promises, by hand of the people who use it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { TestServer } from '../helpers/server.mjs';
import { violationsIn } from '../e2e/axe.mjs';
import { launch } from '../e2e/browsers.mjs';
import { Person } from '../e2e/person.mjs';
import { serve } from '../e2e/site.mjs';

const pathOf = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
let server;
let site;
let browser;

before(async () => {
  server = await TestServer.start({ dev: true, args: ['--package', pathOf('dist')] });
  site = await serve({ '/': pathOf('examples/vanilla/') });
  browser = await launch('chromium');
});

after(async () => {
  await browser?.close();
  await site?.close();
  await server?.stop();
});

/** Opens the example and joins its lobby. */
async function join(t, id, options) {
  const person = await Person.open(browser, id, `${site.url}/index.html?server=${server.url}`, options);
  t.after(() => person.close());
  await person.until('the page to be ready', () => document.getElementById('join').onsubmit);
  await person.page.type('#join [name=user]', id);
  await person.page.click('#join button');
  await shows(person, 'idle');
  return person;
}

/** Waits until that part of the page is the one that shows. */
const shows = (person, id) =>
  person.until(`"${id}" to show`, (id) => !document.getElementById(id).hidden, id);

const reads = (person, id, text) =>
  person.until(`"${text}"`, (id, text) => document.getElementById(id).textContent.includes(text), id, text);

async function dial(caller, callee) {
  await caller.page.type('#idle [name=callees]', callee.id);
  await caller.page.click('#idle button');
  await shows(callee, 'incoming');
  await reads(callee, 'caller', caller.id);
}

test('two people join, call, hear each other, mute and hang up', async (t) => {
  const alice = await join(t, 'alice');
  const bob = await join(t, 'bob');
  await dial(alice, bob);
  await bob.page.click('#accept');
  await Promise.all([alice, bob].map((person) => reads(person, 'progress', 'You are talking.')));
  await Promise.all([alice.hears(bob), bob.hears(alice)]);

  await bob.page.click('#mute');
  await reads(bob, 'mute', 'Unmute');
  await alice.hearsNothingOf(bob);

  await alice.page.click('#hang-up');
  await Promise.all([alice, bob].map((person) => reads(person, 'message', 'The call is over: completed.')));
  await Promise.all([alice, bob].map((person) => shows(person, 'idle')));
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  assert.deepEqual([...alice.problems, ...bob.problems], []);
});

test('the keyboard goes to what a call asks, and back', async (t) => {
  const alice = await join(t, 'alice');
  const bob = await join(t, 'bob');
  const isOn = (person, selector) => person.until(`the keyboard to be on ${selector}`, (selector) => document.activeElement.matches(selector), selector);
  await isOn(bob, '#idle [name=callees]');
  await dial(alice, bob);
  await isOn(bob, '#accept');
  assert.deepEqual(await violationsIn(bob.page), []);
  await bob.page.keyboard.press('Enter');
  await isOn(bob, '#mute');
  assert.deepEqual(await violationsIn(bob.page), []);
  await alice.page.click('#hang-up');
  await isOn(bob, '#idle [name=callees]');
  assert.deepEqual(await violationsIn(bob.page), []);
});

test('three people talk, and see the one whose camera is on', async (t) => {
  const people = await Promise.all(['alice', 'bob', 'carol'].map((id) => join(t, id)));
  const [alice, bob, carol] = people;
  await alice.page.type('#idle [name=callees]', 'bob, carol');
  await alice.page.click('#idle button');
  await Promise.all([bob, carol].map((person) => shows(person, 'incoming')));
  await Promise.all([bob, carol].map((person) => person.page.click('#accept')));
  for (const listener of people) await Promise.all(people.filter((other) => other !== listener).map((other) => listener.hears(other)));

  await bob.page.click('#camera');
  await reads(bob, 'camera', 'Camera off');
  await Promise.all(people.map((person) => person.until('his picture', () => [...document.querySelectorAll('video')].some((video) => video.videoWidth > 0))));
  await reads(carol, 'tiles', 'bob');

  await alice.page.click('#hang-up');
  await Promise.all(people.map((person) => shows(person, 'idle')));
  await Promise.all(people.map((person) => person.isAtRest()));
});

test('a call can be rejected, and the caller is told', async (t) => {
  const alice = await join(t, 'alice');
  const bob = await join(t, 'bob');
  await dial(alice, bob);
  await bob.page.click('#reject');
  await reads(alice, 'message', 'The call is over: declined.');
  await Promise.all([alice, bob].map((person) => shows(person, 'idle')));
});

test('who refuses the microphone reads what to do about it', async (t) => {
  const alice = await join(t, 'alice', { microphone: false });
  await join(t, 'bob');
  await alice.page.type('#idle [name=callees]', 'bob');
  await alice.page.click('#idle button');
  await reads(alice, 'message', 'microphone');
});

test('calling someone who is not in the room says so', async (t) => {
  const alice = await join(t, 'alice');
  await alice.page.type('#idle [name=callees]', 'nobody');
  await alice.page.click('#idle button');
  await reads(alice, 'message', 'must be a member');
});
