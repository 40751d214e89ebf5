// A person in front of a browser: a page, a voice (a tone of their own) and ears.
import assert from 'node:assert/strict';

import { plugIn } from './devices.mjs';
import { fit } from './instruments.mjs';

/** How long a test waits for something that has to happen. */
export const WITHIN_MS = 15_000;

/** Everyone's voice, in hertz: far enough apart to tell them from one another. */
export const VOICES = { alice: 440, bob: 660, carol: 1000, dave: 1480 };

/** What everyone's camera and screen show, as red, green and blue. */
const COLOURS = {
  camera: { alice: [220, 20, 20], bob: [20, 160, 20], carol: [20, 20, 220], dave: [220, 220, 20] },
  screen: { alice: [220, 20, 220], bob: [20, 220, 220], carol: [240, 130, 20], dave: [130, 130, 130] },
};

/** The tones of a person's microphones; the first one is the default. */
const microphonesOf = (id) => [0, 100, 150].map((higher) => VOICES[id] + higher);
const css = (colour) => `rgb(${colour.join()})`;
const devicesOf = (id) => ({ voices: microphonesOf(id), camera: css(COLOURS.camera[id]), screen: css(COLOURS.screen[id]) });

/** In the page: passes on which functions of an instrumented module have run (scripts/profile.mjs). */
function tellWhatRuns(url) {
  const tell = () => globalThis.__ran?.size && navigator.sendBeacon(url, [...globalThis.__ran].join());
  setInterval(tell, 200);
  addEventListener('pagehide', tell);
}

/** In the page: what Chromium does to one that it freezes and thaws. */
export function freezeAndThaw() {
  document.dispatchEvent(new Event('freeze'));
  for (const video of document.querySelectorAll('video')) video.pause();
  document.dispatchEvent(new Event('resume'));
}

export class Person {
  #taken = 0;

  constructor(id, page, context) {
    this.id = id;
    this.page = page;
    this.context = context;
  }

  /**
   * Opens a page of their own, in a browser profile of their own.
   * @param {import('puppeteer-core').Browser} browser
   * @param {string} id who, out of `VOICES`
   * @param {string} url the page
   * @param {{ microphone?: boolean }} [options] whether they let the page use microphone and camera
   */
  static async open(browser, id, url, { microphone = true } = {}) {
    const context = await browser.createBrowserContext();
    // Firefox is told by its preferences.
    const chromium = (await browser.version()).includes('Chrome');
    if (chromium) await context.overridePermissions(new URL(url).origin, microphone ? ['microphone', 'camera'] : []);
    return Person.inContext(context, id, url);
  }

  /** Opens one more page of the same person, in the profile of the first. */
  async secondTab(url) {
    return Person.inContext(this.context, this.id, url);
  }

  static async inContext(context, id, url) {
    const page = await context.newPage();
    const person = new Person(id, page, context);
    page.on('pageerror', (error) => person.problems.push(error.message ?? String(error)));
    await page.evaluateOnNewDocument(fit);
    await page.evaluateOnNewDocument(plugIn, devicesOf(id));
    if (process.env.RINGBACK_RECORDER) await page.evaluateOnNewDocument(tellWhatRuns, process.env.RINGBACK_RECORDER);
    await page.goto(url);
    return person;
  }

  /** Errors that nobody in the page caught. */
  problems = [];

  /** Runs a function in the page, as what the person does there. */
  do(action, ...args) {
    return this.page.evaluate(action, ...args);
  }

  /** Waits until a function in the page returns something true, and returns that. */
  until(what, predicate, ...args) {
    return this.untilWithin(WITHIN_MS, what, predicate, ...args);
  }

  async untilWithin(timeout, what, predicate, ...args) {
    try {
      const handle = await this.page.waitForFunction(predicate, { polling: 50, timeout }, ...args);
      return await handle.jsonValue();
    } catch (error) {
      const seen = await this.page.evaluate(() => JSON.stringify(window.seen ?? null)).catch(() => 'the page is gone');
      throw new Error(`${this.id} waited in vain for ${what}; seen: ${seen}; errors: ${this.problems.join('; ') || 'none'}`, { cause: error });
    }
  }

  /** Takes the next event of that name (and of those that match), and returns its payload. */
  async event(name, matches = {}, withinMs = WITHIN_MS) {
    const found = await this.untilWithin(
      withinMs,
      `${name} ${JSON.stringify(matches)}`,
      (name, matches, from) => {
        const at = window.seen.findIndex(({ event, payload }, i) =>
          i >= from && event === name && Object.entries(matches).every(([key, value]) => payload[key] === value));
        return at >= 0 && { at, payload: window.seen[at].payload };
      },
      name,
      matches,
      this.#taken,
    );
    this.#taken = found.at + 1;
    return found.payload;
  }

  /** Starts anew: a page that was reloaded has forgotten what happened before. */
  forgetWhatWasSeen() {
    this.#taken = 0;
  }

  /** The names of all events so far. */
  seen() {
    return this.do(() => window.seen.map(({ event }) => event));
  }

  /** Fails unless the other's voice can be heard in what this page plays; `microphone`: which of theirs. */
  async hears(other, microphone = 0) {
    const voice = microphonesOf(other.id)[microphone];
    const heard = await this.do((hertz, ms) => window.instruments.hears(hertz, ms), voice, WITHIN_MS);
    assert.ok(heard, `${this.id} does not hear ${other.id}: ${await this.#levels()}`);
  }

  /** Fails unless the other's voice stays away for a whole second. */
  async hearsNothingOf(other, microphone = 0) {
    const voice = microphonesOf(other.id)[microphone];
    const silent = await this.do((hertz, ms) => window.instruments.hearsNothing(hertz, ms), voice, WITHIN_MS);
    assert.ok(silent, `${this.id} still hears ${other.id}: ${await this.#levels()}`);
  }

  /** Begins to record what this page plays. */
  record() {
    return this.do(() => window.instruments.record());
  }

  /** Fails unless the recording has a silence of that length, in milliseconds. */
  async fallsSilent(ms) {
    const silent = await this.do((...args) => window.instruments.silence(...args), ms, WITHIN_MS);
    assert.ok(silent, `${this.id} never heard ${ms} ms of silence`);
  }

  /** Ends the recording; returns its longest silence in milliseconds. */
  longestSilence() {
    return this.do(() => window.instruments.longestSilence());
  }

  /** Fails unless frames of the other's camera (or screen) arrive and show what it shows. */
  async sees(other, source = 'camera') {
    const result = await this.do(
      (id, colour, ms) => window.instruments.sees(() => calls.remoteStream(id), colour, 5, ms),
      other.id,
      COLOURS[source][other.id],
      WITHIN_MS,
    );
    assert.ok(result.seen, `${this.id} does not see the ${source} of ${other.id}: ${JSON.stringify(result)}`);
  }

  /** Fails unless frames of the other stop to arrive. */
  async seesNothingOf(other) {
    const still = await this.do((id, ms) => window.instruments.isStill(() => calls.remoteStream(id), ms), other.id, WITHIN_MS);
    assert.ok(still, `${this.id} still sees ${other.id}`);
  }

  /** Fails unless the page holds no microphone, no peer connection and no sound any more. */
  async isAtRest() {
    await this.until('everything to be let go of', () => {
      const { liveTracks, openConnections, playing } = window.instruments;
      return liveTracks() === 0 && openConnections() === 0 && playing() === 0;
    });
  }

  /** Has the browser freeze the page, as it does with one in the background, and thaw it; it takes no clicks afterwards. */
  async freezesAndThaws() {
    const browser = await this.page.createCDPSession();
    for (const state of ['frozen', 'active']) await browser.send('Page.setWebLifecycleState', { state });
    await browser.detach();
  }

  /** Fails unless there is a picture in the page, and each one moves. */
  async showsMovingPictures() {
    await this.until('every picture to move', async () => {
      const pictures = [...document.querySelectorAll('video')].filter(({ srcObject }) => srcObject?.active);
      const before = pictures.map(({ currentTime }) => currentTime);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return pictures.length > 0 && pictures.every(({ paused, currentTime }, at) => !paused && currentTime > before[at]);
    });
  }

  /** Closes the tab. */
  async close() {
    await this.page.close();
  }

  async #levels() {
    return JSON.stringify(await this.do((voices) => Object.fromEntries(
      Object.entries(voices).map(([id, hertz]) => [id, window.instruments.level(hertz).toFixed(3)]),
    ), VOICES));
  }
}
