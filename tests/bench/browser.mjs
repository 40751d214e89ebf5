import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { writeTone } from './tone.mjs';

const FLAGS = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--disable-background-networking',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
];

/** Starts headless Chromium with a tone for a microphone and the permission to use it. */
export async function startBrowser({ executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium', extra = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'ringback-bench-'));
  const tone = join(folder, 'tone.wav');
  await writeTone(tone);
  const browser = await puppeteer.launch({
    executablePath,
    headless: true,
    args: [...FLAGS, `--use-file-for-fake-audio-capture=${tone}`, ...extra],
  });
  const close = async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { browser, close };
}

/** Opens a page that may use the microphone; what goes wrong in it goes to `report`. */
export async function openPage(browser, url, report = console.error) {
  await browser.defaultBrowserContext().overridePermissions(new URL(url).origin, ['microphone']);
  const page = await browser.newPage();
  page.on('pageerror', (error) => report(`page: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() === 'error') report(`page: ${message.text()}`);
  });
  await page.goto(url);
  return page;
}
