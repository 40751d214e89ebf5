import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

/** Reads a file of the repository. */
export const read = (path) => readFile(new URL(path, root), 'utf8');

/** The path of a file of the repository. */
export const pathOf = (path) => fileURLToPath(new URL(path, root));

/** Returns the text below a heading of the second level, up to the next one. */
export function section(markdown, heading) {
  const start = markdown.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`there is no section "${heading}"`);
  const end = markdown.indexOf('\n## ', start + 1);
  return markdown.slice(start, end < 0 ? undefined : end);
}

/** Returns the tables of a text, each a list of rows, each a list of cells, without their heads. */
export function tables(markdown) {
  const found = [];
  let current = null;
  for (const line of markdown.split('\n')) {
    if (!line.startsWith('|')) current = null;
    else if (current === null) found.push((current = []));
    else if (!/^\|[-| ]+\|$/.test(line)) current.push(line.slice(1, -1).split('|').map((cell) => cell.trim()));
  }
  return found;
}

/** Returns the code blocks of a text in one of the given languages: `{language, code, line}`. */
export function codeBlocks(markdown, ...languages) {
  return [...markdown.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, language]) => languages.includes(language))
    .map((match) => ({
      language: match[1],
      code: match[2],
      line: markdown.slice(0, match.index).split('\n').length + 1,
    }));
}
