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
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--allow-loopback-in-peer-connection',
];

const FIREFOX = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
};

const first = (...paths) => paths.find((path) => path && existsSync(path));

/** Starts a browser by its name, `chromium` or `firefox`. */
export function launch(name) {
  return name === 'firefox' ? launchFirefox() : launchChromium();
}

function launchChromium() {
  return puppeteer.launch({
    executablePath: first(process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'),
    headless: true,
    args: CHROMIUM,
  });
}

async function launchFirefox() {
  return puppeteer.launch({
    browser: 'firefox',
    env: { ...process.env, ...(await soundCard()) },
    executablePath: first(process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'),
    headless: true,
    extraPrefsFirefox: FIREFOX,
  });
}
