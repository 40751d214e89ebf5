// What axe and a look at the edges of the window find wrong with a page.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What breaks WCAG 2.2 AA as far as axe can tell, as `rule: element`. A page may allow no scripts but its own, so axe comes over the debugger. */
export async function violationsIn(page) {
  await page.evaluate(`${axe};0`);
  return page.evaluate(async (rules) => {
    const { violations } = await window.axe.run(document, { runOnly: rules });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
  }, RULES);
}

/** What reaches over the right edge of the window, but for what scrolls or is shown to nobody. */
export function overflowOf(page) {
  return page.evaluate(() => {
    const wide = [...document.querySelectorAll('body *')].filter((element) =>
      element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.strip, .scroll, .sr-only, .skip'));
    const scrolls = document.documentElement.scrollWidth > innerWidth ? ['the page is wider than its window'] : [];
    return [...scrolls, ...wide.map((element) => element.className.baseVal ?? (element.className || element.tagName))];
  });
}
