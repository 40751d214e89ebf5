// The demo page for people who use the keyboard alone, listen to it, or need it large or in the
// colours of their system. What axe finds in each state is looked at in demo-states.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { enter, openGallery } from '../www/gallery/gallery.mjs';
import { overflowOf } from './axe.mjs';
import { launchChromium } from './browsers.mjs';

const LARGE = '--blink-settings=defaultFontSize=32';
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740, hasTouch: true, isMobile: true };

let browser;
let large;
let gallery;
before(async () => {
  gallery = await openGallery();
  browser = await launchChromium();
  large = await launchChromium({ args: [LARGE] });
});
after(async () => {
  await browser?.close();
  await large?.close();
  await gallery?.close();
});

/** Opens a scene of the gallery; `media`: media features by name. */
async function opened(t, scene, { size = DESK, media = {}, from = browser } = {}) {
  const context = await from.createBrowserContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.setViewport(size);
  await page.emulateMediaFeatures(Object.entries({ 'prefers-reduced-motion': 'reduce', ...media }).map(([name, value]) => ({ name, value })));
  if (scene) await enter(page, gallery.url, scene);
  return page;
}

const at = (id) => `[data-testid="${id}"]`;

/** Waits until the keyboard is on what has this test id. */
async function focusComesTo(page, id) {
  await page.waitForFunction((selector) => document.activeElement?.matches(selector), { timeout: 4000 }, at(id)).catch(async () => {
    assert.fail(`the focus is not on ${id} but on ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120))}`);
  });
}

/** Presses Tab until the keyboard is there; each stop on the way has to be seen. */
async function tabTo(page, id, most = 25) {
  for (let step = 0; step < most; step += 1) {
    const { there, seen, what } = await page.evaluate((selector) => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return {
        there: element.matches(selector),
        seen: element === document.body || (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && box.width > 0),
        what: element.outerHTML.slice(0, 120),
      };
    }, at(id));
    assert.ok(step === 0 || seen, `one sees where the keyboard is: ${what}`);
    if (there) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${id} is not within ${most} steps`);
}

const asked = (page) => page.evaluate(() => fake.asked.map(([name]) => name));

/** Collects what screen readers are told, as `! text` when it interrupts. */
const listen = (page) => page.evaluate(() => {
  window.told = [];
  for (const [id, mark] of [['urgent', '! '], ['calm', '']]) {
    new MutationObserver((records) => {
      for (const { addedNodes } of records) for (const node of addedNodes) window.told.push(mark + node.textContent);
    }).observe(document.getElementById(id), { childList: true });
  }
});

test('a call is placed, muted and hung up by the keyboard alone', async (t) => {
  const page = await opened(t);
  await page.goto(`${gallery.url}/?room=Kitchen`);
  await focusComesTo(page, 'join-name');
  await page.keyboard.type('Alice');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.matches('h1') && document.querySelector('[data-testid=call-bob]'));
  await page.evaluate(() => { fake.answers.initiateCall = () => fake.show(scene.call([scene.person('bob', { status: 'ringing' })], { state: 'outgoing', startedAt: null })); });
  await tabTo(page, 'call-bob');
  await page.keyboard.press('Enter');
  await focusComesTo(page, 'hangup');
  await page.evaluate(() => fake.show(scene.call([scene.person('bob')])));
  await focusComesTo(page, 'mute');
  await page.keyboard.press('Space');
  await tabTo(page, 'hangup');
  await page.keyboard.press('Enter');
  assert.deepEqual((await asked(page)).filter((name) => /initiate|Mute|end/i.test(name)), ['initiateCall', 'toggleMute', 'endCall']);
  await page.evaluate(() => fake.emit('ended', { sessionId: 's-1', endedBy: 'alice', reason: 'completed', durationMs: 5000 }));
  await focusComesTo(page, 'call-bob');
});

test('a name that cannot be used is marked as the field that is wrong', async (t) => {
  const page = await opened(t, 'join-refused');
  const [field, other] = await page.$$eval('#join-name, #join-room', (inputs) => inputs.map((input) => [input.ariaInvalid, document.getElementById('join-error').textContent === [...input.ariaDescribedByElements ?? []].at(-1)?.textContent]));
  assert.deepEqual([field, other], [['true', true], [null, false]]);
  await page.type('#join-name', 'Alice');
  assert.equal(await page.$eval('#join-name', (input) => input.ariaInvalid), null);
});

test('a call that rings takes the keyboard, Escape declines it, and the keyboard goes back', async (t) => {
  const page = await opened(t, 'people');
  await page.locator(at('stats-tab')).click();
  await ringIn(page);
  await focusComesTo(page, 'accept');
  const { role, name } = await page.evaluate(() => {
    const dialog = document.activeElement.closest('[role]');
    return { role: dialog.getAttribute('role'), name: document.getElementById(dialog.getAttribute('aria-labelledby')).textContent };
  });
  assert.deepEqual([role, name], ['alertdialog', 'Bob Novak is calling']);
  await page.keyboard.press('Escape');
  assert.ok((await asked(page)).includes('rejectCall'));
  await page.evaluate(() => fake.emit('ended', { sessionId: 's-1', endedBy: 'alice', reason: 'declined', durationMs: 0 }));
  await focusComesTo(page, 'stats-tab');
});

test('whoever joins a call that goes on finds the keyboard on its controls', async (t) => {
  const page = await opened(t, 'live-calls');
  await page.evaluate(() => { fake.answers.joinCall = () => fake.show(scene.call([scene.person('bob')], { state: 'connecting', startedAt: null })); });
  await tabTo(page, 'join-call');
  await page.keyboard.press('Enter');
  await focusComesTo(page, 'mute');
});

/** Bob calls. */
const ringIn = (page) => page.evaluate(() => {
  fake.emit('incoming', { sessionId: 's-1', caller: scene.person('bob') });
  fake.show(scene.call([scene.person('bob')], { state: 'incoming', direction: 'incoming', startedAt: null }));
});

const ringInToo = (page) => page.evaluate(() => fake.emit('incoming', { sessionId: 's-2', callType: 'voice', caller: scene.person('dave') }));
for (const [scene, size, answers, ring] of [
  ['check', DESK, 'accept', ringIn],
  ['check-in-call', DESK, 'answer-waiting', ringInToo],
  ['more', PHONE, 'answer-waiting', ringInToo],
]) {
  test(`a call that rings behind something open can be answered (${scene})`, async (t) => {
    const page = await opened(t, scene, { size });
    await ring(page);
    await page.waitForSelector(at(answers));
    assert.equal(await page.$('dialog, [aria-modal=true]'), null);
    await page.locator(at(answers)).setTimeout(2000).click();
    assert.ok((await asked(page)).includes('acceptCall'));
  });
}

test('a menu takes the keyboard, also from another menu, and Escape gives it back', async (t) => {
  const page = await opened(t, 'people');
  await tabTo(page, 'open-help');
  await page.keyboard.press('Enter');
  await focusComesTo(page, 'help-check');
  await tabTo(page, 'help-devices');
  await page.keyboard.press('Enter');
  await page.waitForSelector(at('panel-devices'));
  assert.ok(await page.evaluate(() => document.activeElement.closest('[role=dialog]') !== null), 'the focus is in the second menu');
  await page.keyboard.press('Escape');
  await focusComesTo(page, 'open-help');
});

test('on a phone the keyboard does not leave an open menu for what it covers', async (t) => {
  const page = await opened(t, 'more', { size: PHONE });
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('[role=dialog]') !== null),
      await page.evaluate(() => document.activeElement.outerHTML.slice(0, 120)));
  }
  await page.keyboard.press('Escape');
  await focusComesTo(page, 'open-more');
});

test('the page of a call takes the keyboard and gives it back to its line', async (t) => {
  const page = await opened(t, 'history');
  await page.focus('[data-id="c-video"] a');
  await page.keyboard.press('Enter');
  await focusComesTo(page, 'back');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.closest('[data-id="c-video"]'));
});

test('what happens in a call is told once, and time passes in silence', async (t) => {
  const page = await opened(t, 'people');
  await listen(page);
  await ringIn(page);
  await page.waitForSelector(at('accept'));
  await page.evaluate(() => fake.show(scene.call([scene.person('bob')], { direction: 'incoming' })));
  const timer = await (await page.waitForSelector(at('timer'))).evaluate((element) => element.textContent);
  await page.waitForFunction((before) => document.querySelector('[data-testid=timer]').textContent !== before, {}, timer);
  await page.evaluate(() => fake.emit('signaling', { connected: false }));
  await page.waitForSelector(at('signaling-lost'));
  await page.evaluate(() => fake.emit('ended', { sessionId: 's-1', endedBy: 'bob', reason: 'failed', durationMs: 5000 }));
  await page.waitForSelector(at('notice'));
  assert.deepEqual(await page.evaluate(() => window.told),
    ['In a call with Bob Novak.', 'Server out of reach, reconnecting.', '! The call failed. The connection to Bob Novak broke after 00:05.']);
});

test('a control that is pressed keeps its name', async (t) => {
  const page = await opened(t, 'video-of-two');
  const named = () => page.$$eval('.toolbar [aria-pressed]', (buttons) => buttons.map((button) => `${button.getAttribute('aria-label') ?? button.textContent} ${button.ariaPressed}`));
  assert.deepEqual(await named(), ['Mute false', 'Video true', 'Share false']);
  await page.evaluate(() => fake.show({ ...fake.call, muted: true }));
  await page.waitForSelector('[data-testid=mute][aria-pressed=true]');
  assert.deepEqual(await named(), ['Mute true', 'Video true', 'Share false']);
});

test('the controls of a call are large enough for a finger', async (t) => {
  for (const scene of ['incoming-video', 'voice-of-two', 'call-waiting']) {
    const page = await opened(t, scene, { size: PHONE });
    const sizes = await page.$$eval('.toolbar button, .call-card button, .waiting-call button', (buttons) => buttons.map((button) => {
      const { width, height } = button.getBoundingClientRect();
      return Math.min(width, height);
    }));
    assert.ok(sizes.length >= 3 && Math.min(...sizes) >= 44, `${scene}: ${sizes}`);
  }
});

// A phone on its side, and a window of 1280 by 800 made twice as large.
for (const size of [{ width: 740, height: 360 }, { width: 640, height: 400 }]) {
  for (const [scene, ids] of Object.entries({
    'incoming-video': ['reject', 'accept'], 'long-name-calls': ['reject', 'accept'], 'outgoing-group': ['hangup'], 'long-names-calling': ['hangup'],
    'group-of-twelve': ['hangup'], 'screen-shared': ['hangup'], reconnecting: ['hangup'], 'error-in-call': ['hangup', 'remedy-devices'], 'sharing-own-screen': ['stop-sharing', 'hangup'],
  })) {
    test(`${scene} keeps its buttons in a window of ${size.width} by ${size.height}`, async (t) => {
      const page = await opened(t, scene, { size });
      for (const id of ids) assert.ok(await isInWindow(page, id), id);
    });
  }
}

test('the server out of reach does not push the controls out of the window', async (t) => {
  const page = await opened(t, 'reconnecting');
  assert.ok(await isInWindow(page, 'hangup'));
});

test('made four times as large, a call can be scrolled to its buttons', async (t) => {
  for (const scene of ['reconnecting', 'error-in-call', 'screen-shared', 'incoming-video']) {
    const page = await opened(t, scene, { size: { width: 320, height: 256 } });
    const id = scene === 'incoming-video' ? 'accept' : 'hangup';
    await page.$eval(at(id), (element) => element.scrollIntoView());
    assert.ok(await isInWindow(page, id), `${scene}: ${id}`);
    assert.deepEqual(await overflowOf(page), [], scene);
  }
});

/** Tells whether all of it lies in the window, and nothing lies over it. */
const isInWindow = (page, id) => page.$eval(at(id), (element) => {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  const onTop = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return element.contains(onTop) && top >= 0 && left >= 0 && bottom <= innerHeight + 1 && right <= innerWidth + 1;
});

test('letters of twice the size make nothing wider than the window', async (t) => {
  for (const size of [DESK, PHONE]) {
    for (const scene of ['join', 'people', 'history', 'statistics', 'details', 'missed', 'incoming-video', 'voice-of-two', 'call-waiting', 'more']) {
      const page = await opened(t, scene, { size, from: large });
      assert.deepEqual(await overflowOf(page), [], `${scene} at ${size.width}`);
      assert.ok(await page.$eval('body', (body) => parseFloat(getComputedStyle(body).fontSize) === 32), 'the page takes the size that the person chose');
    }
  }
});

test('names are readable in a group of twelve on a phone', async (t) => {
  const page = await opened(t, 'group-of-twelve', { size: PHONE });
  const cut = await page.$$eval('.tile .chip b', (names) => names.filter(({ scrollWidth, clientWidth }) => clientWidth < Math.min(50, scrollWidth)).map(({ textContent }) => textContent));
  assert.deepEqual(cut, []);
});

test('the colours of the system leave what is chosen and how good a link is to be seen', async (t) => {
  const media = { 'forced-colors': 'active' };
  const people = await opened(t, 'statistics', { media });
  const [chosen, other] = await people.$$eval('[aria-selected=true], [aria-selected=false]', (tabs) =>
    tabs.toSorted((a, b) => b.ariaSelected.localeCompare(a.ariaSelected)).map((tab) => getComputedStyle(tab).backgroundColor));
  assert.notEqual(chosen, other);
  const call = await opened(t, 'video-of-two', { media });
  const bars = await call.$$eval('.quality .bars i', (parts) => parts.map((part) => getComputedStyle(part).backgroundColor));
  assert.equal(bars[0], bars[1]);
  assert.notEqual(bars[1], bars[2]);
  const [video, share] = await call.$$eval('[data-testid=camera] .tool-face, [data-testid=screen] .tool-face', (faces) => faces.map((face) => getComputedStyle(face).backgroundColor));
  assert.notEqual(video, share);
});
