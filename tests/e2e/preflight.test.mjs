// `preflight()` in real browsers, against the real server and a real coturn.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startTurn } from '../helpers/turn.mjs';
import { Scene } from './scene.mjs';

let coturn;
before(async () => {
  coturn = await startTurn();
});
after(() => coturn?.stop());

/** Signs in on a server with that environment and runs the test; returns the report with its steps by name. */
async function preflight(t, env, { options = {}, ...join } = {}) {
  const scene = await Scene.start(t, { env });
  const alice = await scene.join('alice', join);
  // The first page that plays has to wait for the sound card, for longer than a preflight does on a busy machine.
  await alice.until('the sound card', () => window.instruments.context().state === 'running');
  return run(alice, options);
}

async function run(person, options) {
  const { report, progress } = await person.do(async (options) => {
    const progress = [];
    const report = await calls.preflight({ ...options, onProgress: ({ name }) => progress.push(name) });
    return { report, progress };
  }, options);
  assert.deepEqual(progress, ['browser', 'microphone', 'camera', 'signaling', 'stun', 'turn']);
  assert.deepEqual(report.steps.map(({ name }) => name), progress);
  for (const step of report.steps) assert.ok(step.durationMs >= 0 && report.text.includes(step.message), JSON.stringify(step));
  return { ...report, ...Object.fromEntries(report.steps.map((step) => [step.name, step])) };
}

const outcomeOf = ({ status, code }) => [status, code];

for (const browser of ['chromium', 'firefox']) {
  test(`all is well in ${browser}: the microphone is heard, and the relay relays`, async (t) => {
    const { verdict, text, browser: page, microphone, camera, signaling, stun, turn } = await preflight(t, coturn.env, { browser, options: { camera: true } });
    assert.equal(verdict, 'ok', text);
    assert.match(text, /^Calls will work from here\./);
    assert.deepEqual([page, microphone, camera, signaling, stun, turn].map(({ status }) => status), Array(6).fill('ok'), text);
    assert.ok(microphone.level > 0.05, text);
    assert.ok(camera.width > 0, text);
    assert.ok(signaling.roundTripMs < 500, text);
    assert.ok(turn.roundTripMs >= 1, text);
  });

  test(`a wrong password of the relay fails in ${browser}, and the rest is still tested`, async (t) => {
    const { verdict, text, turn, signaling } = await preflight(t, coturn.wrong, { browser, options: { microphone: false } });
    assert.equal(verdict, 'fail', text);
    assert.equal(signaling.status, 'ok', text);
    assert.equal(turn.status, 'fail', text);
    assert.match(turn.message, /name or the password/);
    if (browser === 'chromium') assert.equal(turn.code, 'TURN_UNAUTHORIZED');
  });
}

test('without a relay it works with limits, and says which', async (t) => {
  const { verdict, text, microphone, stun, turn } = await preflight(t, {}, { options: { microphone: false } });
  assert.equal(verdict, 'warn', text);
  assert.deepEqual([microphone, stun, turn].map(outcomeOf), [['skipped', undefined], ['skipped', undefined], ['warn', 'NO_TURN']]);
});

test('a relay that denies the peers is told from one that refuses', async (t) => {
  const strict = await startTurn(['--denied-peer-ip=0.0.0.0-255.255.255.255']);
  t.after(() => strict.stop());
  const { turn, text } = await preflight(t, strict.env, { options: { microphone: false } });
  assert.deepEqual(outcomeOf(turn), ['fail', 'TURN_NO_RELAY'], text);
});

test('a relay that is not there is out of reach', async (t) => {
  const gone = await startTurn();
  await gone.stop();
  const { stun, turn, text } = await preflight(t, gone.env, { options: { microphone: false } });
  assert.deepEqual([stun, turn].map(outcomeOf), [['warn', 'STUN_UNREACHABLE'], ['fail', 'TURN_UNREACHABLE']], text);
});

test('a microphone that is not allowed fails with what to do, and is tested in the same page once it is', async (t) => {
  const scene = await Scene.start(t, { env: coturn.env });
  const alice = await scene.join('alice', { microphone: false });
  const denied = await run(alice, {});
  assert.equal(denied.verdict, 'fail');
  assert.deepEqual(outcomeOf(denied.microphone), ['fail', 'MIC_DENIED']);
  assert.match(denied.microphone.message, /allow it for this site/);
  await alice.context.overridePermissions(scene.site.url, ['microphone']);
  assert.equal((await run(alice, {})).microphone.status, 'ok');
  await alice.isAtRest();
});

test('a microphone without a sound is a warning', async (t) => {
  const scene = await Scene.start(t, { env: coturn.env });
  const alice = await scene.join('alice');
  await alice.do(() => {
    const silent = () => new AudioContext().createMediaStreamDestination().stream;
    navigator.mediaDevices.getUserMedia = async () => silent();
  });
  const { verdict, microphone } = await run(alice, {});
  assert.equal(verdict, 'warn');
  assert.deepEqual(outcomeOf(microphone), ['warn', 'MIC_SILENT']);
  assert.equal(microphone.level, 0);
});

test('a server that is away is said so', async (t) => {
  const scene = await Scene.start(t, { env: coturn.env });
  const alice = await scene.join('alice');
  await scene.server.kill();
  await alice.event('signaling', { connected: false });
  const { signaling, stun, turn } = await run(alice, { microphone: false });
  assert.deepEqual([signaling, stun, turn].map(outcomeOf), [['fail', 'NOT_CONNECTED'], ['skipped', undefined], ['skipped', undefined]]);
});

test('a test that is given up rejects at once and lets go of everything', async (t) => {
  const scene = await Scene.start(t, { env: coturn.env });
  const alice = await scene.join('alice');
  const code = await alice.do(() => {
    const controller = new AbortController();
    const onProgress = ({ name }) => name === 'browser' && controller.abort();
    return calls.preflight({ signal: controller.signal, onProgress }).then(() => null, (error) => error.code);
  });
  assert.equal(code, 'CANCELLED');
  await alice.isAtRest();
});
