// One server, one site, the browsers, and the people who use them.
import { after } from 'node:test';

import { TestServer } from '../helpers/server.mjs';
import { userToken } from '../helpers/tokens.mjs';
import { launch } from './browsers.mjs';
import { Person } from './person.mjs';
import { serve } from './site.mjs';

const browsers = new Map();
after(async () => {
  for (const browser of browsers.values()) await (await browser).close();
});

/** Returns a browser, started at its first use; all tests of a file share it. */
export function browserNamed(name) {
  if (!browsers.has(name)) browsers.set(name, launch(name));
  return browsers.get(name);
}

/** A server and a site of their own, with a chat of alice, bob, carol and dave. */
export class Scene {
  #people = [];
  #ownSite = null;
  #ownServer = null;

  /**
   * Starts a server and a site, which end with the test.
   * @param {import('node:test').TestContext} t
   * @param {object} [options] of `TestServer.start`; `lab`: the lab whose site is used, and in which the server runs;
   *   `running`: what is there already in place of a server of its own, with `url` and `putChat`
   */
  static async start(t, { lab, running, ...options } = {}) {
    const scene = new Scene();
    t.after(() => scene.#stop());
    scene.#ownSite = lab ? null : await serve();
    scene.site = lab?.site ?? scene.#ownSite;
    const env = { CORS_ORIGINS: scene.site.url, ...options.env };
    scene.#ownServer = running ? null : await TestServer.start({ host: lab?.host, ...options, env });
    scene.server = running ?? scene.#ownServer;
    scene.chat = await scene.server.putChat('e2e-chat', ['alice', 'bob', 'carol', 'dave']);
    return scene;
  }

  /** Like `start`, with alice and bob signed in. */
  static async ofTwo(t, options, joins = {}) {
    const scene = await Scene.start(t, options);
    const [alice, bob] = await Promise.all(['alice', 'bob'].map((id) => scene.join(id, joins[id])));
    return { scene, alice, bob };
  }

  /** Like `start`, with these people signed in; `joins` goes to each `join`. */
  static async of(t, ids, options, joins) {
    const scene = await Scene.start(t, options);
    return { scene, people: await Promise.all(ids.map((id) => scene.join(id, joins))) };
  }

  /** Opens a page of the site and signs in. `page`: `bare` or `reference`; `browser`: its name, or a browser; other options go to the SDK. */
  async join(id, { page = 'bare', browser = 'chromium', microphone, ...options } = {}) {
    const person = await Person.open(await (typeof browser === 'string' ? browserNamed(browser) : browser), id, `${this.site.url}/${page}.html`, { microphone });
    this.#people.push(person);
    await this.signIn(person, options);
    return person;
  }

  /** Opens one more tab of a person and signs in there too. */
  async joinInSecondTab(person) {
    const tab = await person.secondTab(`${this.site.url}/bare.html`);
    await this.signIn(tab, {});
    return tab;
  }

  async signIn(person, { tokens, ...options } = {}) {
    await person.until('the page to load', () => window.loaded);
    await person.do((...args) => window.signIn(...args), this.server.url, tokens ?? (await userToken(person.id)), options);
  }

  async #stop() {
    await Promise.all(this.#people.map((person) => person.context.close()));
    await this.#ownSite?.close();
    await this.#ownServer?.stop();
  }
}

/** The caller calls, the callee accepts, and both hear each other. */
export async function talk(scene, caller, callee) {
  await dial(scene, caller, callee);
  await accept(callee);
  await Promise.all([caller.hears(callee), callee.hears(caller)]);
}

/** Every two people of a list, once in each direction. */
export const pairsOf = (people) => people.flatMap((one) => people.filter((other) => other !== one).map((other) => [one, other]));

/** Waits until each hears each other one. */
export const allHear = (people) => Promise.all(pairsOf(people).map(([one, other]) => one.hears(other)));

/** The first calls all others, all accept, and each hears each other one. */
export async function talkTogether(scene, people, options) {
  const [caller, ...callees] = people;
  await dial(scene, caller, callees, options);
  await Promise.all(callees.map(accept));
  await allHear(people);
}

/** The caller calls; returns once the call is on its way, while it still rings. */
export function dial(scene, caller, callees, options = {}) {
  return caller.do((chat, ids, options) => {
    window.dialled = calls.initiateCall(chat, ids, options);
    window.dialled.catch(() => {});
  }, scene.chat, [callees].flat().map(({ id }) => id), options);
}

/** What became of the last call that a person placed: null, or the code of its failure. */
export function outcomeOfDialling(caller) {
  return caller.do(() => window.dialled.then(() => null, (error) => error.code ?? String(error)));
}

/** The callee's device rings, and the callee accepts. */
export async function accept(callee) {
  await rings(callee);
  await callee.do(() => calls.acceptCall());
}

/** Waits until a person's device rings, and returns the event. */
export function rings(person) {
  return person.event(person.page.url().endsWith('reference.html') ? 'call:incoming' : 'incoming');
}
