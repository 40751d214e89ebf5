// Takes pictures of the demo page in all its states, to be looked at:
//   node tests/www/gallery/shoot.mjs <folder> [scene…]
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { launch } from '../../e2e/browsers.mjs';
import { enter, openGallery } from './gallery.mjs';
import { SCENES } from './scenes.mjs';

const SIZES = { phone: [360, 740], desk: [1280, 800], wide: [1600, 900] };
const [folder = 'gallery', ...wanted] = process.argv.slice(2);
const sizes = (process.env.SIZES ?? 'phone,desk').split(',');
const schemes = (process.env.SCHEMES ?? 'light,dark').split(',');

await mkdir(folder, { recursive: true });
const gallery = await openGallery();
const browser = await launch(process.env.BROWSER ?? 'chromium');
for (const name of wanted.length > 0 ? wanted : Object.keys(SCENES)) {
  for (const size of sizes) for (const scheme of schemes) await shoot(name, size, scheme);
}
await browser.close();
await gallery.close();

async function shoot(name, size, scheme) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`${name}: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && console.error(`${name}: ${message.text()}`));
  const [width, height] = SIZES[size];
  await page.setViewport({ width, height });
  // Firefox cannot be told: it is shown as it is.
  if (!process.env.BROWSER) await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
  try {
    await enter(page, gallery.url, name);
  } catch (error) {
    console.error(`${name}: ${error.message}`);
  }
  await page.screenshot({ path: join(folder, `${name}-${size}-${scheme}.png`) });
  await context.close();
}
