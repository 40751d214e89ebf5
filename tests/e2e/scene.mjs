// One server, one site, the browsers, and the people who use them.
import { TestServer } from '../helpers/server.mjs';
import { userToken } from '../helpers/tokens.mjs';
import { launch } from './browsers.mjs';
import { Person } from './person.mjs';
import { serve } from './site.mjs';

const CHAT = 'e2e';

export class Scene {
  #browsers = new Map();

  /**
   * Starts a server and a site, with a chat of alice, bob and carol.
   * @param {object} [options] of `TestServer.start`
   */
  static async start(options) {
    const scene = new Scene();
    scene.site = await serve();
    scene.server = await TestServer.start({ ...options, env: { CORS_ORIGINS: scene.site.url, ...options?.env } });
    scene.chat = await scene.server.putChat(CHAT, ['alice', 'bob', 'carol']);
    return scene;
  }

  /** Opens a page of the site and signs in. `page`: `bare` or `reference`. */
  async join(id, { page = 'bare', browser = 'chromium', microphone, ...options } = {}) {
    const person = await Person.open(await this.browser(browser), id, `${this.site.url}/${page}.html`, { microphone });
    await this.signIn(person, options);
    return person;
  }

  /** Opens one more tab of a person and signs in there too. */
  async joinInSecondTab(person) {
    const tab = await person.secondTab(`${this.site.url}/bare.html`);
    await this.signIn(tab, {});
    return tab;
  }

  async signIn(person, options) {
    await person.until('the page to load', () => window.loaded);
    await person.do((...args) => window.signIn(...args), this.server.url, await userToken(person.id), options);
  }

  /** Starts a browser at its first use. */
  async browser(name) {
    if (!this.#browsers.has(name)) this.#browsers.set(name, launch(name));
    return this.#browsers.get(name);
  }

  /** Ends everything. */
  async stop() {
    for (const browser of this.#browsers.values()) await (await browser).close();
    await this.site?.close();
    await this.server?.stop();
  }
}

/** The caller calls, the callee accepts, and both hear each other. */
export async function talk(scene, caller, callee) {
  await dial(scene, caller, callee);
  await accept(callee);
  await Promise.all([caller.hears(callee), callee.hears(caller)]);
}

/** The caller calls; returns once the call is on its way, while it still rings. */
export function dial(scene, caller, ...callees) {
  return caller.do((chat, ids) => {
    window.dialled = calls.initiateCall(chat, ids);
    window.dialled.catch(() => {});
  }, scene.chat, callees.map(({ id }) => id));
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
