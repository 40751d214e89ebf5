// The pages for operators, with a real server: they show what there is, to whoever may see it, and
// people who do not see or do not use a mouse can use them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ring, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { serviceToken, userToken } from '../helpers/tokens.mjs';
import { overflowOf, violationsIn } from './axe.mjs';
import { launch } from './browsers.mjs';

const www = fileURLToPath(new URL('../../www', import.meta.url));
const SIZES = { 'on a phone, dark': [360, 740, 'dark'], 'on a desk, light': [1280, 900, 'light'] };
const SHOTS = process.env.SHOTS;

let browser;
let server;
before(async () => {
  server = await TestServer.start({ args: ['--www', www] });
  browser = await launch('chromium');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function opened(t, path, [width, height, scheme] = SIZES['on a desk, light']) {
  const context = await browser.createBrowserContext();
  t.after(() => context.close());
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(error.message ?? String(error)));
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(server.url + path);
  return page;
}

const textOf = (page, id) => page.$eval(`[data-testid=${id}]`, (element) => element.textContent);

/** What axe finds, what reaches over the right edge of the window, and errors that nobody caught. */
async function faultsOf(page) {
  return [...(await violationsIn(page)), ...(await overflowOf(page)), ...page.problems];
}

/** Calls that ended in several ways, one that goes on and one that rings. */
async function business(t) {
  for (const reason of ['completed', 'completed', 'failed']) {
    const { ann, bob, call, ids } = await talk(t, server, ['ann', 'bob']);
    const links = [{ userId: ids.bob, state: 'connected', candidateType: 'host', mos: 4.1, packetLoss: 0.4 }];
    await ann.ask('call:quality', { sessionId: call.sessionId, quality: { avgBitrate: 1, packetLoss: 1, jitter: 1 }, links });
    await ann.ask('call:end', { ...call, reason });
    await bob.next('call:ended');
  }
  const rejected = await ring(t, server, ['ann', 'bob']);
  await rejected.bob.ask('call:reject', rejected.call);
  await talk(t, server, ['ann', 'bob', 'carol']);
  await ring(t, server, ['ann', 'bob']);
}

for (const [size, shape] of Object.entries(SIZES)) {
  test(`the operator's page shows nodes, calls and charts, and is in order ${size}`, async (t) => {
    await business(t);
    const page = await opened(t, `/operator.html#token=${await serviceToken()}`, shape);
    await page.waitForSelector('[data-testid=operator]');
    assert.equal(await textOf(page, 'node-count'), '1');
    assert.ok(Number(await textOf(page, 'live-calls')) >= 2);
    assert.ok(Number(await textOf(page, 'sockets')) >= 5);
    assert.match(await textOf(page, 'placed'), /^\d+ calls placed on one node\./);
    assert.equal((await page.$$('figure.chart')).length, 6);
    assert.ok((await page.$$('figure .bar.ok')).length > 0, 'calls that took place are drawn');
    assert.ok((await page.$$('figure .dot')).length > 0, 'the score is drawn');
    assert.equal(new URL(page.url()).hash, '', 'the token is taken out of the address');
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/operator-${shape[0]}.png`, fullPage: true });
    await page.locator('[data-testid=end]').click();
    await page.waitForSelector('[data-testid=end-now]');
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/operator-end-${shape[0]}.png`, fullPage: true });
    assert.deepEqual(await faultsOf(page), []);
  });

  test(`signing in is in order ${size}`, async (t) => {
    const page = await opened(t, '/operator.html', shape);
    await page.waitForSelector('[data-testid=token]');
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/operator-sign-in-${shape[0]}.png` });
    assert.deepEqual(await faultsOf(page), []);
  });

  test(`the page of the contract is in order ${size}`, async (t) => {
    const page = await opened(t, '/api/docs', shape);
    await page.waitForSelector('#listCalls');
    for (const id of ['putChat', 'listNodes', 'receive\\.call\\.initiate', 'send\\.call\\.incoming', 'event-CallSnapshot']) assert.ok(await page.$(`#${id}`), id);
    assert.match(await page.$eval('#listCalls', (element) => element.textContent), /Parameters[^]*chatId \(optional\)[^]*Answers/);
    assert.doesNotMatch(await page.$eval('main', (element) => element.textContent), /\[object|undefined|`/);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/docs-${shape[0]}.png` });
    assert.deepEqual(await faultsOf(page), []);
  });
}

test('on a phone the tables of the contract are read without scrolling sideways, and only links stop the keyboard', async (t) => {
  const page = await opened(t, '/api/docs', SIZES['on a phone, dark']);
  await page.waitForSelector('#listCalls');
  assert.deepEqual(await page.$$eval('main *', (all) => all.filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1).map(({ tagName }) => tagName)), []);
  assert.equal(await page.$('main [tabindex]'), null);
});

test('the page of the contract says when the documents cannot be loaded', async (t) => {
  const page = await opened(t, '/favicon.svg');
  await page.setRequestInterception(true);
  page.on('request', (request) => (request.url().endsWith('/api/openapi.json') ? request.respond({ status: 503 }) : request.continue()));
  await page.goto(`${server.url}/api/docs`);
  await page.waitForSelector('[role=alert]');
  assert.match(await page.$eval('main', (element) => element.textContent), /^The documents cannot be loaded/);
});

test('a pasted token opens the page, stays over a reload, and is forgotten on request', async (t) => {
  const page = await opened(t, '/operator.html');
  await page.locator('[data-testid=token]').fill(await serviceToken());
  await page.locator('[data-testid=sign-in]').click();
  await page.waitForSelector('[data-testid=operator]');
  await page.reload();
  await page.waitForSelector('[data-testid=operator]');
  await page.locator('[data-testid=forget]').click();
  await page.waitForSelector('[data-testid=token]');
  await page.reload();
  await page.waitForSelector('[data-testid=token]');
});

test('a person\'s token shows nothing, and the page says what it wants', async (t) => {
  const page = await opened(t, `/operator.html#token=${await userToken('ann')}`);
  await page.waitForSelector('[data-testid=error]');
  assert.match(await textOf(page, 'error'), /wants a service token/);
  assert.equal(await page.$('[data-testid=operator]'), null);
});

test('a call is ended for everyone, once it is asked for twice', async (t) => {
  const { ann, bob, call } = await talk(t, server, ['ann', 'bob']);
  const page = await opened(t, `/operator.html#token=${await serviceToken()}`);
  // The newest call comes first.
  for (const button of ['end', 'keep', 'end', 'end-now']) await page.locator(`[data-testid=${button}]`).click();
  for (const person of [ann, bob]) {
    const ended = await person.next('call:ended', ({ sessionId }) => sessionId === call.sessionId);
    assert.deepEqual([ended.reason, ended.endedBy], ['server', ann.userId]);
  }
  assert.deepEqual(page.problems, []);
});

test('a call that could not be ended is said to go on, until it is asked for again', async (t) => {
  const { call, ann } = await talk(t, server, ['ann', 'bob']);
  const page = await opened(t, `/operator.html#token=${await serviceToken()}`);
  await page.waitForSelector('[data-testid=end]');
  await page.setRequestInterception(true);
  const isEnd = (request) => request.method() === 'POST' && request.url().endsWith('/end');
  const away = (request) => (isEnd(request) ? request.respond({ status: 503, contentType: 'text/html', body: 'away' }) : request.continue());
  page.on('request', away);
  for (const button of ['end', 'end-now']) await page.locator(`[data-testid=${button}]`).click();
  await page.waitForSelector('[data-testid=not-ended]');
  // What is shown is loaded anew every five seconds.
  await page.waitForResponse((response) => response.url().includes('/api/operator/calls'), { timeout: 10_000 });
  assert.equal(await textOf(page, 'not-ended'), 'The call was not ended (HTTP 503). End it again.');
  page.off('request', away);
  page.on('request', (request) => request.continue());
  for (const button of ['end', 'end-now']) await page.locator(`[data-testid=${button}]`).click();
  await ann.next('call:ended', ({ sessionId }) => sessionId === call.sessionId);
  assert.equal(await page.$('[data-testid=not-ended]'), null);
});

test('on a phone both answers to "end it?" are in reach, and the keyboard is on the one that changes nothing', async (t) => {
  await talk(t, server, ['ann', 'bob']);
  const page = await opened(t, `/operator.html#token=${await serviceToken()}`, SIZES['on a phone, dark']);
  const focused = () => page.evaluate(() => document.activeElement.dataset.testid);
  await page.locator('[data-testid=end]').click();
  for (const id of ['keep', 'end-now']) {
    const { left, right } = await page.$eval(`[data-testid=${id}]`, (button) => button.getBoundingClientRect().toJSON());
    assert.ok(left >= 0 && right <= 360, `${id}: ${left} to ${right}`);
  }
  assert.equal(await focused(), 'keep');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => !document.querySelector('[data-testid=keep]'));
  assert.equal(await focused(), 'end');
});

test('an error page of a proxy is told as such, and nothing seems to load', async (t) => {
  const page = await opened(t, '/operator.html');
  await page.setRequestInterception(true);
  page.on('request', (request) => (request.url().includes('/api/operator/') ? request.respond({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }) : request.continue()));
  await page.locator('[data-testid=token]').fill(await serviceToken());
  await page.locator('[data-testid=sign-in]').click();
  await page.waitForSelector('[data-testid=error]');
  assert.equal(await textOf(page, 'error'), 'The server does not answer (HTTP 502). Trying again.');
  assert.doesNotMatch(await page.$eval('main', (element) => element.textContent), /Loading/);
});

test('an hour, six or a day can be chosen', async (t) => {
  const page = await opened(t, `/operator.html#token=${await serviceToken()}`);
  await page.waitForSelector('[data-testid=operator]');
  const asked = page.waitForResponse((response) => response.url().endsWith('recent?hours=24'));
  await page.locator('[data-testid=hours-24]').click();
  assert.equal((await asked).status(), 200);
});
