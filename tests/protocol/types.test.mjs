// The golden messages have the types of sdk/js/src/protocol.ts, and a misspelt one does not.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { errorCodes, fixtures } from './fixtures.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const tsc = path('../../node_modules/typescript/bin/tsc');
const FLAGS = '--noEmit --strict --target es2022 --module esnext --moduleResolution bundler --lib es2022,dom --types'.split(' ');
const HEAD = `
import type * as wire from ${JSON.stringify(path('../../sdk/js/src/protocol.js'))};
type Payload<F> = F extends (payload: infer P, ...rest: never[]) => void ? P : never;
type Answer<F> = F extends (...args: infer A) => void
  ? Required<A> extends [...unknown[], (ack: infer R) => void] ? Extract<R, { success: true }> : never
  : never;
`;

let folder;
before(async () => (folder = await mkdtemp(join(tmpdir(), 'ringback-types-'))));
after(() => rm(folder, { recursive: true, force: true }));

/** Checks statements against the types and returns what the compiler says. */
async function compile(statements) {
  const file = join(folder, 'check.ts');
  await writeFile(file, HEAD + statements.join('\n'));
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, ...FLAGS, '', file], (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

let counter = 0;
const holds = (type, value) => `const _${(counter += 1)}: ${type} = ${JSON.stringify(value)};`;
const refused = (type, value) => `// @ts-expect-error: it is not one\n${holds(type, value)}`;

const MAPS = { client: 'ClientToServerEvents', server: 'ServerToClientEvents' };
const payloadOf = (kind, event) => `Payload<wire.${MAPS[kind]}['${event}']>`;
const withPayload = Object.keys(MAPS).flatMap((kind) =>
  fixtures(kind).filter(({ payload }) => payload).map((fixture) => ({ ...fixture, type: payloadOf(kind, fixture.event) })),
);

test('every payload of the reference has the type of its event', async () => {
  const found = withPayload.filter(({ reference }) => reference);
  assert.equal(found.length, 11 + 13);
  assert.equal(await compile(found.map(({ type, reference }) => holds(type, reference))), '');
});

test('every full payload holds every field that its type knows, and none that it does not', async () => {
  assert.equal(await compile(withPayload.map(({ type, payload }) => holds(`Required<${type}>`, payload))), '');
});

test('a payload with a field that its type does not know is refused', async () => {
  const statements = withPayload.map(({ type, payload }) => refused(type, { ...payload, misspelt: 1 }));
  assert.equal(await compile(statements), '');
});

test('a payload that lacks a field is refused, by the type or as not full', async () => {
  const statements = withPayload.flatMap(({ type, payload }) =>
    Object.keys(payload).map((key) => refused(`Required<${type}>`, { ...payload, [key]: undefined })),
  );
  assert.equal(await compile(statements), '');
});

test('every ack has the type that its event promises', async () => {
  const acks = fixtures('ack').filter(({ event }) => event);
  const statements = acks.map(({ event, ack }) => holds(`Answer<wire.ClientToServerEvents['${event}']>`, ack));
  assert.equal(await compile(statements), '');
});

test('an ack of the wrong event is refused', async () => {
  const config = fixtures('ack').find(({ event }) => event === 'webrtc:config:get').ack;
  assert.equal(await compile([refused(`Answer<wire.ClientToServerEvents['call:initiate']>`, config)]), '');
});

test('a failure is an ack of any event', async () => {
  const { ack } = fixtures('ack').find(({ file }) => file === 'failure');
  assert.equal(await compile([holds('wire.Ack<wire.InitiateAck>', ack), holds('wire.Ack', ack)]), '');
});

test('every REST body has its type', async () => {
  const statements = fixtures('rest').map(({ type, body }) =>
    holds('success' in body ? `wire.RestResponse<wire.${type}>` : `wire.${type}`, body),
  );
  assert.ok(statements.length >= 8);
  assert.equal(await compile(statements), '');
});

test('the error codes are those of the table', async () => {
  const codes = errorCodes().map(({ code }) => code);
  const union = codes.map((code) => JSON.stringify(code)).join(' | ');
  const same = `const same: [wire.ErrorCode, ${union}] extends [infer A, infer B]
    ? [A] extends [B] ? [B] extends [A] ? true : never : never : never = true;`;
  assert.equal(await compile([...codes.map((code) => holds('wire.ErrorCode', code)), same, refused('wire.ErrorCode', 'NO_SUCH_CODE')]), '');
});

test('what is said to the host application has its type, and nothing that the type does not know', async () => {
  const found = fixtures('webhook');
  assert.equal(found.length, 3);
  assert.equal(await compile(found.map(({ type, body }) => holds(`wire.${type}`, body))), '');
  assert.equal(await compile(found.map(({ type, body }) => refused(`wire.${type}`, { ...body, misspelt: 1 }))), '');
});
