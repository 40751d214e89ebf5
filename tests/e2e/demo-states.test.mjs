// The demo page in each of its states, on a phone and on a desk: nothing breaks out, nothing breaks
// down, and people who do not see or do not use a mouse can use it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { enter, openGallery } from '../www/gallery/gallery.mjs';
import { SCENES } from '../www/gallery/scenes.mjs';
import { overflowOf, violationsIn } from './axe.mjs';
import { launch } from './browsers.mjs';

const SIZES = { 'on a phone, dark': [360, 740, 'dark'], 'on a desk, light': [1280, 800, 'light'] };

let browser;
let gallery;
before(async () => {
  gallery = await openGallery();
  browser = await launch('chromium');
});
after(async () => {
  await browser?.close();
  await gallery?.close();
});

for (const [size, [width, height, scheme]] of Object.entries(SIZES)) {
  for (const name of Object.keys(SCENES)) {
    test(`${name} is in order ${size}`, async (t) => {
      const page = await opened(t, { width, height, scheme });
      await enter(page, gallery.url, name);
      assert.deepEqual(page.problems, []);
      assert.deepEqual(await overflowOf(page), [], 'nothing is wider than the window');
      assert.deepEqual(await violationsIn(page), []);
    });
  }
}

async function opened(t, { width, height, scheme }) {
  const context = await browser.createBrowserContext();
  t.after(() => context.close());
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(error.message ?? String(error)));
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
  return page;
}
