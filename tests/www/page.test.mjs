// The demo page keeps its promises: a strict content policy, stable test ids, small files.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { clock, duration, nameList } from '../../www/js/format.js';

const www = fileURLToPath(new URL('../../www/', import.meta.url));
const paths = (await readdir(www, { recursive: true })).filter((path) => /\.(js|css|html|svg)$/.test(path));
const files = new Map(await Promise.all(paths.map(async (path) => [path, await readFile(join(www, path), 'utf8')])));
const scripts = [...files].filter(([path]) => path.endsWith('.js'));

test('nothing in the page needs a looser content policy', () => {
  const html = files.get('index.html');
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  for (const [path, text] of files) assert.doesNotMatch(text.replaceAll('http://www.w3.org/2000/svg', ''), /https?:\/\/|url\(|data:image/, path);
});

test('every file that the page asks for is there', () => {
  for (const [, path] of files.get('index.html').matchAll(/(?:href|src)="([^"]+)"/g)) assert.ok(files.has(path), path);
  for (const [from, text] of scripts) {
    for (const [, to] of text.matchAll(/from '(\.[^']+)'/g)) assert.ok(files.has(join(from, '..', to)), `${from} imports ${to}`);
  }
});

/** What a literal or template of the source matches: each `${...}` stands for anything. */
const pattern = (text) => new RegExp(`^${text.split(/\$\{[^}]*\}/).join('.+')}$`);

test('every test id that the README names is in a view', async () => {
  const readme = await readFile(join(www, 'README.md'), 'utf8');
  const named = readme.split('is stable:')[1].split('`data-kind` of a notice')[0].replace(/\([^)]*\)/g, '');
  const ids = [...named.matchAll(/`([^`]+)`/g)].map(([, id]) => id.replace(/<.*>/, 'x'));
  const lines = scripts.flatMap(([, text]) => text.split('\n')).filter((line) => /data-testid|tile\(|banner\(|tool\(|opener\(|entry\(/.test(line));
  const known = lines.flatMap((line) => [...line.matchAll(/'([^']+)'|`([^`]+)`/g)].map(([, plain, template]) => pattern(plain ?? template)));
  assert.ok(ids.length > 25);
  for (const id of ids) assert.ok(known.some((one) => one.test(id)), id);
});

test('no script of the page outgrows 250 lines', () => {
  for (const [path, text] of scripts) assert.ok(text.split('\n').length <= 250, path);
});

test('times read the way a phone writes them', () => {
  assert.deepEqual([0, 59, 60, 3599, 3600, 36061].map(clock), ['00:00', '00:59', '01:00', '59:59', '1:00:00', '10:01:01']);
  assert.deepEqual([0, 45, 200, 7500].map(duration), ['0 s', '45 s', '3 min 20 s', '2 h 5 min']);
});

test('a list of names stays short', () => {
  assert.equal(nameList(['Ann']), 'Ann');
  assert.equal(nameList(['Ann', 'Bob', 'Cy']), 'Ann, Bob and Cy');
  assert.equal(nameList(['Ann', 'Bob', 'Cy', 'Di']), 'Ann, Bob and 2 others');
});
