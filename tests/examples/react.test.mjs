// The React example does what its README promises: built by Vite, and used by hand.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { join } from 'node:path';

import { capture } from '../../scripts/lib/run.mjs';
import { violationsIn } from '../e2e/axe.mjs';
import { launch } from '../e2e/browsers.mjs';
import { Person } from '../e2e/person.mjs';
import { serve } from '../e2e/site.mjs';
import { TestServer } from '../helpers/server.mjs';
import { folderOf } from './process.mjs';

const folder = folderOf('react');
let server;
let site;
let browser;

before(async () => {
  const { code, output } = await capture('npm', ['run', 'build'], { cwd: folder });
  assert.equal(code, 0, output);
  server = await TestServer.start({ dev: true });
  site = await serve({ '/': join(folder, 'dist') });
  browser = await launch('chromium');
});

after(async () => {
  await browser?.close();
  await site?.close();
  await server?.stop();
  await rm(join(folder, 'dist'), { recursive: true, force: true });
});

async function enter(t, id) {
  const person = await Person.open(browser, id, `${site.url}/index.html?server=${server.url}`);
  t.after(() => person.context.close());
  await person.page.waitForSelector('[name=user]');
  await person.page.type('[name=user]', id);
  await press(person, 'Join');
  await person.until('the connection', () => document.querySelector('#callees') && !document.querySelector('#connection'));
  return person;
}

/** Presses the button with that text, once it is there. */
async function press(person, text) {
  await person.until(`the button "${text}"`, (text) => [...document.querySelectorAll('button')].some((button) => button.textContent === text && !button.disabled), text);
  await person.do((text) => [...document.querySelectorAll('button')].find((button) => button.textContent === text).click(), text);
}

const shows = (person, selector, text) =>
  person.until(`${selector} with "${text}"`, (selector, text) => [...document.querySelectorAll(selector)].some((element) => element.textContent.includes(text)), selector, text);

test('three people see and hear each other, and choose devices', async (t) => {
  const people = [await enter(t, 'alice'), await enter(t, 'bob'), await enter(t, 'carol')];
  const [alice, bob, carol] = people;
  await alice.page.type('#callees', 'bob, carol');
  await press(alice, 'Video call');
  await Promise.all([shows(bob, 'dialog', 'alice wants to see you.'), shows(carol, 'dialog', 'alice wants to see you.')]);
  assert.equal(await bob.do(() => document.activeElement.textContent), 'Accept', 'the keyboard is on the answer');
  assert.deepEqual(await violationsIn(bob.page), []);
  await press(bob, 'Accept');
  await press(carol, 'Without camera');
  await Promise.all(people.map((person) => shows(person, '#progress', 'You are talking.')));
  assert.equal(await bob.do(() => document.activeElement.textContent), 'Mute');
  for (const listener of people) await Promise.all(people.filter((other) => other !== listener).map((other) => listener.hears(other)));
  await carol.until('two pictures', () => [...document.querySelectorAll('.tiles video')].filter((video) => video.videoWidth > 0).length === 2);

  assert.deepEqual(await violationsIn(alice.page), []);
  await press(bob, 'Mute');
  await shows(alice, '.tiles span', 'bob, muted');
  await carol.hearsNothingOf(bob);
  await shows(alice, 'select[name=microphone] option', 'Audio Input');

  await press(alice, 'Hang up');
  await Promise.all(people.map((person) => shows(person, '#message', 'The call is over')));
  await Promise.all(people.map((person) => person.isAtRest()));
  assert.deepEqual(people.flatMap(({ problems }) => problems), []);
});

test('calling someone who is not in the room says so', async (t) => {
  const alice = await enter(t, 'alice');
  await alice.page.type('#callees', 'nobody');
  await press(alice, 'Call');
  await shows(alice, '#message', 'must be a member');
});
