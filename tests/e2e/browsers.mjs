// Headless Chromium and Firefox as a person's browser: permission to use a microphone, no prompts.
import { existsSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

import { soundCard } from './sound.mjs';

const CHROMIUM = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--disable-background-networking',
  '--allow-loopback-in-peer-connection',
];

/** Keeps pages at full speed that are not in front. */
const NEVER_SLOW = ['--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'];
/** A tab counts as hidden for long after a second, not after minutes. */
const SLOW_SOON = '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1';

const FIREFOX = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
};

/**
 * Allows the microphone as a person does, and tells the page so, which `permission.disabled` does
 * not. A tab in the back waits for a microphone then: one page to a browser.
 */
const ALLOWED = { 'media.navigator.permission.disabled': false, 'permissions.default.microphone': 1 };

const first = (...paths) => paths.find((path) => path && existsSync(path));

/** Lets the page share the whole screen without a picker; it also allows microphones, whatever the permissions say. */
const SHARES_SCREEN = '--use-fake-ui-for-media-stream';

const BROWSERS = {
  chromium: () => launchChromium(),
  'chromium that shares its screen': () => launchChromium({ args: [SHARES_SCREEN] }),
  'chromium that trusts every certificate': () => launchChromium({ args: ['--ignore-certificate-errors'] }),
  'chromium that slows hidden tabs': () => launchChromium({ args: [SLOW_SOON], slows: true }),
  firefox: () => launchFirefox(),
  'firefox that tells what it allows': () => launchFirefox(ALLOWED),
};

/** Starts a browser by its name. */
export function launch(name) {
  return BROWSERS[name]();
}

/** Finds Chromium. */
export const chromium = () => first(process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome');

/** Starts Chromium, with more flags, or by another program that starts it in its turn. */
export function launchChromium({ executablePath = chromium(), args = [], slows = false } = {}) {
  const pace = slows ? { ignoreDefaultArgs: NEVER_SLOW } : {};
  const flags = [...CHROMIUM, ...(slows ? [] : NEVER_SLOW), ...args];
  return puppeteer.launch({ executablePath, headless: true, protocolTimeout: 60_000, pipe: true, args: flags, ...pace });
}

async function launchFirefox(preferences = {}) {
  return puppeteer.launch({
    browser: 'firefox',
    env: { ...process.env, ...(await soundCard()) },
    executablePath: first(process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'),
    headless: true,
    protocolTimeout: 60_000,
    extraPrefsFirefox: { ...FIREFOX, ...preferences },
  });
}
