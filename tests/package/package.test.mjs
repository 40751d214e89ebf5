// The package as it is published: what is in it, and that every kind of project can use it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { build } from 'vite';

import { launch } from '../e2e/browsers.mjs';
import { serve } from '../e2e/site.mjs';
import { Consumer, tool } from './consumer.mjs';

let consumer;
let browser;
before(async () => {
  consumer = await Consumer.create();
  browser = await launch('chromium');
});
after(async () => {
  await browser?.close();
  await consumer?.remove();
});

/** What a page does with the package: it loads it, and drives a manager over a socket that is not there yet. */
const USE = `
  const before = performance.getEntriesByType('resource').map(({ name }) => name);
  await init();
  const socket = { connected: false, on() {}, off() {}, emit() {} };
  const calls = new VoiceCallManager(socket);
  const failed = await calls.initiateCall('chat', ['bob']).then(() => null, (error) => [error instanceof CallError, error.code]);
  const state = calls.state;
  calls.dispose();
  window.result = { before, failed, state };
`;

async function resultOf(url) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('requestfailed', (request) => problems.push(`${request.url()} failed`));
  page.on('response', (response) => response.ok() || problems.push(`${response.url()} ${response.status()}`));
  try {
    await page.goto(url);
    await page.waitForFunction(() => window.result, { polling: 50, timeout: 15_000 });
    return await page.evaluate(() => window.result);
  } catch (error) {
    throw new Error(`${url}: ${problems.join('; ') || 'nothing reported'}`, { cause: error });
  } finally {
    await context.close();
  }
}

function check(result) {
  assert.deepEqual(result.before.filter((name) => name.includes('.wasm') || name.includes('socket.io')), []);
  assert.deepEqual(result.failed, [true, 'NOT_CONNECTED']);
  assert.equal(result.state === 'outgoing', false);
}

test('the tarball has the built package and the licences, and nothing else', () => {
  const files = consumer.packed.files.map(({ path }) => path);
  for (const file of ['package.json', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'dist/index.js', 'dist/index.d.ts', 'dist/ringback_bg.wasm', 'dist/ringback_second.wasm', 'dist/socket.io-client.js', 'dist/preflight.js', 'dist/connection.js', 'dist/diagnostics.js', 'dist/react.js', 'dist/react.d.ts']) {
    assert.ok(files.includes(file), `${file} is missing`);
  }
  assert.deepEqual(files.filter((file) => !/^(package\.json|README\.md|LICENSE-\w+|dist\/[\w.-]+\.(js|wasm|d\.ts)|dist\/(react|preflight)\/[\w.-]+\.d\.ts)$/.test(file)), []);
});

test('every entry of `exports` is in the tarball', async () => {
  const { exports, main, types } = JSON.parse(await consumer.node('-p', `JSON.stringify(JSON.parse(fs.readFileSync('node_modules/ringback/package.json')))`).then(({ output }) => output));
  const named = [main, types, ...Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)))];
  const files = consumer.packed.files.map(({ path }) => `./${path}`);
  assert.deepEqual(named.filter((path) => !files.includes(path)), []);
});

test('it installs without any other package', async () => {
  const { output } = await consumer.node('-p', `fs.readdirSync('node_modules').filter((name) => !name.startsWith('.')).join()`);
  assert.equal(output.trim(), 'ringback');
});

test('a plain page uses it by <script type="module">, without a bundler', async (t) => {
  await consumer.write('plain.html', `<!doctype html><script type="module">
    import { CallError, VoiceCallManager, init } from '/node_modules/ringback/dist/index.js';${USE}</script>`);
  const site = await serve({ '/': consumer.folder });
  t.after(() => site.close());
  check(await resultOf(`${site.url}/plain.html`));
});

test('a page with a strict content security policy uses it with `wasm-unsafe-eval` alone', async (t) => {
  const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'`;
  await consumer.write('use.js', `import { CallError, VoiceCallManager, init } from '/node_modules/ringback/dist/index.js';${USE}`);
  await consumer.write('strict.html', `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><script type="module" src="/use.js"></script>`);
  const site = await serve({ '/': consumer.folder });
  t.after(() => site.close());
  check(await resultOf(`${site.url}/strict.html`));
});

test('Vite builds a project that uses it', async (t) => {
  await consumer.write('app/index.html', '<!doctype html><script type="module" src="/main.js"></script>');
  await consumer.write('app/main.js', `import { CallError, VoiceCallManager, connect, init } from 'ringback';\nwindow.connect = connect;${USE}`);
  await build({ root: consumer.path('app'), logLevel: 'error', configFile: false, build: { target: 'es2022' } });
  const site = await serve({ '/': consumer.path('app', 'dist') });
  t.after(() => site.close());
  check(await resultOf(`${site.url}/index.html`));
});

test('Vite builds a React project that uses it, with one copy of the package', async (t) => {
  await consumer.write('app-react/index.html', '<!doctype html><div id="root"></div><script type="module" src="/main.js"></script>');
  await consumer.write('app-react/main.js', `
    import { createElement } from 'react';
    import { createRoot } from 'react-dom/client';
    import { CallError, VoiceCallManager, init } from 'ringback';
    import { CallsProvider, useCalls } from 'ringback/react';
    function Dial() {
      const { connection, initiateCall } = useCalls();
      return createElement('button', { onClick: () => initiateCall('chat').catch((error) => {
        window.result = { connection, failed: [error instanceof CallError, error.code] };
      }) }, connection);
    }
    createRoot(document.getElementById('root')).render(createElement(CallsProvider, { url: null, token: null }, createElement(Dial)));
    const pressing = setInterval(() => window.result ? clearInterval(pressing) : document.querySelector('button')?.click(), 20);`);
  for (const name of ['react', 'react-dom', 'scheduler']) await consumer.link(`app-react/node_modules/${name}`, tool(name));
  await build({ root: consumer.path('app-react'), logLevel: 'error', configFile: false, resolve: { dedupe: ['react'] }, build: { target: 'es2022' } });
  const site = await serve({ '/': consumer.path('app-react', 'dist') });
  t.after(() => site.close());
  assert.deepEqual(await resultOf(`${site.url}/index.html`), { connection: 'idle', failed: [true, 'NOT_CONNECTED'] });
});

test('what not every application needs is not in index.js', async () => {
  const index = await readFile(consumer.path('node_modules/ringback/dist/index.js'), 'utf8');
  assert.ok(!index.includes('CallsProvider'));
  assert.ok(!index.includes('TURN_NO_RELAY'), 'preflight');
  assert.ok(!index.includes('ringback-diagnostics'), 'diagnostics');
  assert.ok(!index.includes('reconnectionAttempts'), 'socket.io-client');
  const react = await readFile(consumer.path('node_modules/ringback/dist/react.js'), 'utf8');
  assert.match(react, /^['"]use client['"]/);
  assert.ok(!react.includes('WebAssembly'));
});

test('Node imports it, as in server-side rendering, and nothing starts', async () => {
  await consumer.write('node.mjs', `
    const globals = Object.getOwnPropertyNames(globalThis).length;
    const { CallError, VoiceCallManager, connect, init } = await import('ringback');
    const refused = (() => { try { new VoiceCallManager({}); } catch (error) { return error; } })();
    const codeOf = (promise) => promise.then(() => 'none', ({ code }) => code);
    console.log(JSON.stringify({
      types: [CallError, VoiceCallManager, connect, init].map((value) => typeof value),
      refused: [refused instanceof CallError, refused.code],
      without: await Promise.all([connect(), connect('https://calls.example.com'), connect('https://calls.example.com', { token: 7 })].map(codeOf)),
      here: await Promise.all([init(), connect('https://calls.example.com', { token: 'token' })].map(codeOf)),
      globals: Object.getOwnPropertyNames(globalThis).length - globals,
      // Node itself may still be closing the files that it loaded.
      active: process.getActiveResourcesInfo().filter((name) => !/TTY|Pipe|FSReq|FileHandle|CloseReq/.test(name)),
    }));`);
  const { ok, output } = await consumer.node('node.mjs');
  assert.ok(ok, output);
  assert.deepEqual(JSON.parse(output), {
    types: ['function', 'function', 'function', 'function'],
    refused: [true, 'NOT_INITIALISED'],
    without: ['INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
    here: ['UNSUPPORTED', 'UNSUPPORTED'],
    globals: 0,
    active: [],
  });
});

const TYPED = `
import { CallError, VoiceCallManager, connect, init, type CallEvents, type CallErrorCode } from 'ringback';
import type { ClientToServerEvents, ServerToClientEvents, CallHistory, RestResponse } from 'ringback';

export async function use(token: string): Promise<string> {
  await init();
  const calls: VoiceCallManager = await connect('https://calls.example.com', { token: async () => token });
  const off: () => void = calls.on('incoming', (call) => { const name: string = call.caller.name; void name; });
  calls.on('ended', ({ reason, durationMs }) => { const text: string = reason + durationMs.toFixed(); void text; });
  off();
  try {
    return await calls.initiateCall('chat', ['bob'], { callType: 'voice' });
  } catch (error) {
    if (error instanceof CallError) { const code: CallErrorCode = error.code; return code; }
    throw error;
  }
}
export type Incoming = CallEvents['incoming'];
export const accept: ClientToServerEvents['call:accept'] = (payload, ack) => { void payload.sessionId; ack?.({ success: true }); };
export const missed: ServerToClientEvents['call:missed'] = ({ callerId }) => { void callerId; };
export async function history(): Promise<CallHistory> {
  const body: RestResponse<CallHistory> = await (await fetch('/api/calls')).json();
  if (!body.success) throw new Error(body.code);
  return body.data;
}
// @ts-expect-error: there is no such event
export const wrong = (calls: VoiceCallManager) => calls.on('incomming', () => {});
// @ts-expect-error: a token is needed
export const tokenless = () => connect('https://calls.example.com', {});
`;

for (const [module, moduleResolution] of [['esnext', 'bundler'], ['nodenext', 'nodenext']]) {
  test(`a strict TypeScript project compiles with it (moduleResolution ${moduleResolution})`, async () => {
    await consumer.write('typed.ts', TYPED);
    const flags = `--noEmit --strict --target es2022 --lib es2022,dom --module ${module} --moduleResolution ${moduleResolution}`.split(' ');
    const { ok, output } = await consumer.node(tool('typescript/bin/tsc'), ...flags, '--types', '', 'typed.ts');
    assert.ok(ok, output);
    assert.equal(output, '');
  });
}

const TYPED_SOCKET = `
import { connect, VoiceCallManager, type ClientToServerEvents, type ServerToClientEvents } from 'ringback';
import { io, type Socket } from 'socket.io-client';

export const plain = (socket: Socket) => new VoiceCallManager(socket);
export const typed = (socket: Socket<ServerToClientEvents, ClientToServerEvents>) => new VoiceCallManager(socket);
export const own = () => connect('https://calls.example.com', { token: 'token', io });
export const place = (calls: VoiceCallManager, people: readonly string[]) => calls.initiateCall('chat', people);
export const invite = (calls: VoiceCallManager, people: readonly string[]) => calls.inviteToCall(people);
`;

test('the strictest TypeScript project compiles with it and its own socket.io-client', async () => {
  await consumer.link('node_modules/socket.io-client', tool('socket.io-client'));
  await consumer.write('typed-socket.ts', TYPED_SOCKET);
  const flags = '--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --target es2022 --lib es2022,dom --module nodenext --moduleResolution nodenext'.split(' ');
  const { ok, output } = await consumer.node(tool('typescript/bin/tsc'), ...flags, '--types', '', 'typed-socket.ts');
  assert.ok(ok, output);
});

const TYPED_REACT = `
import type { ReactNode } from 'react';
import type { VoiceCallManager } from 'ringback';
import { CallsProvider, LocalVideo, RemoteVideo, useCall, useCallEvent, useCalls, useDevices, useLevel } from 'ringback/react';

export const Own = ({ children }: { children: ReactNode }) => (
  <CallsProvider url="https://calls.example.com" token={async () => 'token'} options={{ fastSetup: false }}>{children}</CallsProvider>
);
export const Given = ({ manager }: { manager: VoiceCallManager | null }) => <CallsProvider manager={manager}><Panel id="bob" /></CallsProvider>;
function Panel({ id }: { id: string }) {
  const { incoming, connection, initiateCall } = useCalls();
  const { participants, toggleMute } = useCall();
  const { microphones, setDevices } = useDevices();
  const level: number = useLevel(id);
  useCallEvent('ended', ({ reason }) => { const text: string = reason; void text; });
  return (
    <main title={connection} onClick={() => void initiateCall('chat', [id], { callType: 'video' })}>
      {incoming.map(({ caller }) => caller.name)}{participants.length}{level}
      <button onClick={toggleMute} />
      <button onClick={() => void setDevices({ microphone: microphones[0]?.id ?? null })} />
      <RemoteVideo userId={id} className="big" /><LocalVideo />
    </main>
  );
}
// @ts-expect-error: either a connection or a manager
export const neither = () => <CallsProvider />;
// @ts-expect-error: there is no such event
export const wrong = () => useCallEvent('incomming', () => {});
`;

test('a strict TypeScript project with React compiles with it', async () => {
  await consumer.link('node_modules/@types/react', tool('@types/react'));
  await consumer.write('typed-react.tsx', TYPED_REACT);
  const flags = '--noEmit --strict --jsx react-jsx --target es2022 --lib es2022,dom --module nodenext --moduleResolution nodenext'.split(' ');
  const { ok, output } = await consumer.node(tool('typescript/bin/tsc'), ...flags, '--types', '', 'typed-react.tsx');
  assert.ok(ok, output);
  assert.equal(output, '');
});
