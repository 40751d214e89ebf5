// BENCHMARKS.md in parts, each written by the measurement that it is of.

/** The parts that have a measurement of their own; the rest of the page is written by `npm run bench`. */
export const LOAD = '## What calls cost the server';
export const HISTORY = '## History and statistics of a large database';

/** Returns the part of a page below a heading of the second level, with the heading; '' when there is none. */
export function partOf(page, heading) {
  const at = page.indexOf(`${heading}\n`);
  if (at < 0) return '';
  const rest = page.slice(at + heading.length);
  const next = rest.search(/^## /m);
  return heading + (next < 0 ? rest : rest.slice(0, next));
}

/** Puts a part, which begins with its heading, into a page: in place of a former one, else at the end. */
export function withPart(page, part) {
  const former = partOf(page, part.split('\n', 1)[0]);
  if (!former) return `${page.trimEnd()}\n\n${part.trimEnd()}\n`;
  const [before, after] = page.split(former);
  return `${before}${part.trimEnd()}\n${after && `\n${after}`}`;
}
