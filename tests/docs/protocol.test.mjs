// PROTOCOL.md says what the crate `protocol` says.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { read, section, tables } from './markdown.mjs';

const [page, types, errors, reasons, limits, library] = await Promise.all([
  read('PROTOCOL.md'),
  read('sdk/js/src/protocol.ts'),
  read('protocol/src/error.rs'),
  read('protocol/src/reason.rs'),
  read('protocol/src/limits.rs'),
  read('protocol/src/lib.rs'),
]);

const plain = (cell) => cell.replace(/[`+]/g, '');

/** The fields of an interface of `protocol.ts`: `{name, optional, added}`. */
function fieldsOf(name) {
  const body = types.match(new RegExp(`export interface ${name} \\{\\n([^]*?)\\n\\}`))?.[1];
  assert.ok(body !== undefined, `protocol.ts has ${name}`);
  return [...body.matchAll(/\/\*\* (.*?) \*\/\n {2}(\w+)(\??):/g)].map(([, doc, field, mark]) => ({
    name: field,
    optional: mark === '?',
    added: doc.includes('(added)'),
  }));
}

/** The events of one direction as `protocol.ts` declares them. */
function eventsOf(direction) {
  const body = types.match(new RegExp(`export interface ${direction} \\{\\n([^]*?)\\n\\}`))[1];
  return [...body.matchAll(/\/\*\* (.*?) \*\/\n {2}'([\w:-]+)': \((.*)\) => void;/g)].map(([, doc, name, signature]) => ({
    name,
    added: doc.endsWith(' Added.'),
    meaning: doc.replace(/ Added\.$/, ''),
    payload: signature.match(/payload: (\w+)/)?.[1] ?? null,
    ack: signature.match(/Ack<(\w+)>/)?.[1] ?? null,
  }));
}

function assertFields(cell, type, where) {
  const written = cell === 'none' || cell === '' ? [] : cell.split(', ');
  const declared = type === null || type === 'unknown' ? [] : fieldsOf(type);
  assert.deepEqual(
    written.map(plain),
    declared.map(({ name, optional }) => (optional ? `${name}?` : name)),
    where,
  );
  for (const [i, { name, added }] of declared.entries()) {
    if (added) assert.ok(written[i].endsWith('+'), `${where}: ${name} is an addition`);
  }
}

const rows = (heading, nth = 0) => tables(section(page, heading))[nth];

test('every client event stands in the table with its payload, its ack and its meaning', () => {
  const events = eventsOf('ClientToServerEvents');
  const table = rows('Client to server');
  assert.deepEqual(table.map(([name]) => name), events.map(({ name, added }) => `\`${name}\`${added ? '+' : ''}`));
  for (const [i, [name, payload, ack, meaning]] of table.entries()) {
    assertFields(payload, events[i].payload, name);
    assertFields(ack, events[i].ack, `the ack of ${name}`);
    assert.equal(meaning, events[i].meaning, name);
  }
});

test('every server event stands in the table with its payload', () => {
  const events = eventsOf('ServerToClientEvents');
  const table = rows('Server to client');
  assert.deepEqual(table.map(([name]) => name), events.map(({ name, added }) => `\`${name}\`${added ? '+' : ''}`));
  for (const [i, [name, payload]] of table.entries()) assertFields(payload, events[i].payload, name);
});

test('the snapshot is described with all its fields', () => {
  const shapes = new Map(rows('Shapes'));
  const list = (text) => [...text.matchAll(/`(\w+\??)`/g)].map(([, name]) => name);
  const names = (type) => fieldsOf(type).map(({ name, optional }) => (optional ? `${name}?` : name));
  assert.deepEqual(list(shapes.get('`call`, each of `calls`').split(': ')[1]), names('CallSnapshot'));
  assert.deepEqual(list(shapes.get('each of `participants`')), names('ParticipantSnapshot'));
});

test('every error code stands in the table with its meaning', () => {
  const declared = [...errors.matchAll(/= "([A-Z_]+)", retryable (true|false), "(.*)";/g)].map(
    ([, code, retryable, text]) => [`\`${code}\``, retryable === 'true' ? 'yes' : 'no', text],
  );
  assert.ok(declared.length > 10);
  assert.deepEqual(rows('Acks and errors'), declared);
});

/** The variants of an enum of `reason.rs` that have a name on the wire, with their doc comments. */
function variantsOf(name) {
  const body = reasons.match(new RegExp(`pub enum ${name} \\{\\n([^]*?)\\n\\}`))[1];
  return [...body.matchAll(/\/\/\/ (.*)\n\s+(\w+),/g)].map(([, doc, variant]) => [`\`${variant.toLowerCase()}\``, doc]);
}

test('every status and every reason is explained', () => {
  assert.deepEqual(rows('Statuses and reasons', 0), variantsOf('CallStatus'));
  assert.deepEqual(rows('Statuses and reasons', 1), variantsOf('ParticipantStatus'));
  assert.deepEqual(rows('Statuses and reasons', 2), variantsOf('EndReason'));
});

test('every limit is the one that the server enforces', () => {
  const declared = [...limits.matchAll(/pub const (\w+): \w+ = ([\d_ *]+);/g)].map(([, name, value]) => [
    name,
    value.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '').trim()), 1),
  ]);
  const written = rows('Limits').flatMap(([, value]) => value.match(/\d[\d,]*(?= |$)/g).map((n) => Number(n.replaceAll(',', ''))));
  assert.deepEqual(written, declared.map(([, value]) => value), `in the order of limits.rs: ${declared.map(([name]) => name)}`);
});

test('every feature is explained, and the version is the one announced', () => {
  const declared = [...library.match(/FEATURES: &\[&str\] = &\[([^]*?)\]/)[1].matchAll(/"([\w-]+)"/g)].map(([, name]) => `\`${name}\``);
  assert.deepEqual(rows('Capabilities').map(([name]) => name), declared);
  const version = library.match(/PROTOCOL_VERSION: u32 = (\d+)/)[1];
  assert.ok(section(page, 'Capabilities').includes(`The version is ${version}.`));
});

test('links within the page lead somewhere', () => {
  const anchors = [...page.matchAll(/^## (.*)$/gm)].map(([, text]) => text.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'));
  for (const [, target] of page.matchAll(/\]\(#([\w-]+)\)/g)) assert.ok(anchors.includes(target), target);
});
