import { openPage } from './browser.mjs';
import { servePage } from './serve.mjs';

/**
 * Measures `init()`: fetching from the warm cache, compiling and starting the WebAssembly module.
 *
 * The page is loaded afresh each time; the first load, which fills the cache, does not count. The
 * import of the JavaScript comes before the clock starts. Returns milliseconds, one value a load.
 */
export async function measureInit(browser, loads) {
  const web = await servePage();
  try {
    const page = await openPage(browser, web.url);
    const took = [];
    for (let load = 0; load <= loads; load += 1) {
      await page.goto(web.url);
      took.push(await page.evaluate(timeInit));
    }
    await page.close();
    return took.slice(1);
  } finally {
    web.close();
  }
}

async function timeInit() {
  const { init } = await import('/ringback/index.js');
  const start = performance.now();
  await init();
  return performance.now() - start;
}
