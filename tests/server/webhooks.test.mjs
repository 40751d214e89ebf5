// The host application is told of calls: signed, in order, at least once, whatever happens to either side.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { Receiver, SIGNING_SECRET } from '../helpers/receiver.mjs';
import { meet, ring, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { serviceToken } from '../helpers/tokens.mjs';

/** After a kill, what was being told belongs to nobody for so long. */
const AFTER_A_KILL_MS = 25_000;

async function serve(t, receiver, options = {}) {
  const env = { WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: SIGNING_SECRET, ...options.env };
  const server = await TestServer.start({ ...options, env });
  t.after(() => server.stop());
  return server;
}

const about = (sessionId) => ({ body }) => body.data.call.id === sessionId;

/** Takes so many webhooks about a call, and shows them as `1 call.ringing`. */
async function story(receiver, sessionId, count, withinMs) {
  const told = [];
  while (told.length < count) told.push(await receiver.next(about(sessionId), withinMs));
  return told;
}

const show = (told) => told.map(({ body }) => `${body.data.sequence} ${body.type}`);

describe('webhooks', () => {
  test('tell of the ring, the start and the end of a call, signed and in order', async (t) => {
    const receiver = await Receiver.start(t);
    const server = await serve(t, receiver);
    const { alice, ids, chatId, call } = await talk(t, server, ['alice', 'bob']);
    await alice.ask('call:end', call);
    const told = await story(receiver, call.sessionId, 3);
    assert.deepEqual(show(told), ['1 call.ringing', '2 call.started', '3 call.ended']);
    assert.ok(told.every(({ verified }) => verified), 'every signature is good');
    assert.deepEqual(told.map(({ id }) => id), [1, 2, 3].map((n) => `${call.sessionId}_${n}`));
    const [ringing, started, ended] = told.map(({ body }) => body.data);
    assert.deepEqual(ringing.userIds, [ids.bob]);
    assert.deepEqual(ringing.call.chatId, { id: chatId, name: 'A chat' });
    assert.equal(ringing.call.caller.name, 'Alice');
    assert.deepEqual(started.userIds, [ids.alice, ids.bob]);
    assert.ok(ringing.version < started.version && started.version < ended.version);
    assert.equal(ended.call.status, 'ended');
    assert.equal(ended.call.endReason, 'completed');
  });

  test('tell in time who is called while no device of theirs is connected, and who missed it', async (t) => {
    const receiver = await Receiver.start(t);
    const server = await serve(t, receiver);
    const { alice, ids, call } = await ring(t, server, ['alice', 'bob'], { offline: ['bob'] });
    const [ringing] = await story(receiver, call.sessionId, 1);
    const bob = ringing.body.data.call.participants.find(({ user }) => user.id === ids.bob);
    assert.equal(bob.status, 'invited');
    await alice.ask('call:end', call);
    const told = await story(receiver, call.sessionId, 2);
    assert.deepEqual(show(told), ['2 call.missed', '3 call.ended']);
    assert.deepEqual(told[0].body.data.userIds, [ids.bob]);
    assert.equal(told[0].body.data.version, told[1].body.data.version);
    assert.equal(told[1].body.data.call.endReason, 'cancelled');
  });

  test('are told again under the same id until they are taken, and what follows waits', async (t) => {
    const receiver = await Receiver.start(t);
    const answers = [{ status: 500 }, 'cut', { status: 302, headers: { location: '/elsewhere' } }];
    receiver.answer = () => answers.shift() ?? { status: 204 };
    const server = await serve(t, receiver);
    const { alice, call } = await ring(t, server, ['alice', 'bob']);
    await alice.ask('call:end', call);
    const told = await story(receiver, call.sessionId, 6, 20_000);
    assert.deepEqual(show(told), [...Array(4).fill('1 call.ringing'), '2 call.missed', '3 call.ended']);
    assert.equal(new Set(told.slice(0, 4).map(({ id, text }) => id + text)).size, 1);
    assert.ok(told.every(({ verified }) => verified), 'each time with a time of its own');
  });

  test('about one call do not wait for an answer that does not come about another', async (t) => {
    const receiver = await Receiver.start(t);
    const server = await serve(t, receiver);
    let stuck;
    receiver.answer = ({ body }) => (body.data.call.id === stuck ? 'hang' : { status: 200 });
    const first = await meet(t, server, ['alice', 'bob']);
    receiver.answer = ({ body }) => {
      stuck ??= body.data.call.id;
      return body.data.call.id === stuck ? 'hang' : { status: 200 };
    };
    const { sessionId } = await first.alice.ask('call:initiate', { chatId: first.chatId, callType: 'voice' });
    await story(receiver, sessionId, 1);
    const other = await talk(t, server, ['carol', 'dave']);
    await other.carol.ask('call:end', other.call);
    assert.equal((await story(receiver, other.sessionId, 3)).length, 3);
    // The one that hung is told again once its time is over.
    receiver.answer = () => ({ status: 200 });
    assert.deepEqual(show(await story(receiver, sessionId, 1, AFTER_A_KILL_MS)), ['1 call.ringing']);
  });

  test('outlive a kill of the server while the application is away', async (t) => {
    const receiver = await Receiver.start(t);
    const server = await serve(t, receiver);
    const scene = await meet(t, server, ['alice', 'bob']);
    await receiver.close();
    const call = await scene.alice.ask('call:initiate', { chatId: scene.chatId, callType: 'voice' });
    await scene.bob.ask('call:accept', { sessionId: call.sessionId });
    await scene.alice.ask('call:end', { sessionId: call.sessionId });
    await server.kill();
    await receiver.open();
    await server.restart();
    const told = await story(receiver, call.sessionId, 3, AFTER_A_KILL_MS);
    assert.deepEqual(show(told), ['1 call.ringing', '2 call.started', '3 call.ended']);
  });

  test('outlive a kill of the server in the middle of telling: at least once, under one id', async (t) => {
    const receiver = await Receiver.start(t);
    receiver.answer = () => 'hang';
    const server = await serve(t, receiver);
    const { alice, call } = await ring(t, server, ['alice', 'bob']);
    const [before] = await story(receiver, call.sessionId, 1);
    await alice.ask('call:end', call);
    await server.kill();
    receiver.answer = () => ({ status: 200 });
    await server.restart();
    const told = await story(receiver, call.sessionId, 3, AFTER_A_KILL_MS);
    assert.deepEqual(show(told), ['1 call.ringing', '2 call.missed', '3 call.ended']);
    assert.equal(told[0].id, before.id);
  });

  test('are given up after the configured time, and what follows is told', async (t) => {
    const receiver = await Receiver.start(t);
    receiver.answer = ({ body }) => ({ status: body.type === 'call.ringing' ? 400 : 200 });
    const server = await serve(t, receiver, { env: { WEBHOOK_KEEP_MS: '1000' } });
    const { alice, call } = await ring(t, server, ['alice', 'bob']);
    await server.logged(/it is given up/);
    await alice.ask('call:end', call);
    const rest = [await receiver.next(({ body }) => body.data.sequence === 2), await receiver.next(({ body }) => body.data.sequence === 3)];
    assert.deepEqual(show(rest), ['2 call.missed', '3 call.ended']);
  });

  test('wait up to the configured number: of more the oldest are dropped, said and counted', async (t) => {
    const receiver = await Receiver.start(t);
    receiver.answer = () => ({ status: 503 });
    const server = await serve(t, receiver, { env: { WEBHOOK_KEEP_MOST: '2' } });
    const { alice, call } = await talk(t, server, ['alice', 'bob']);
    await alice.ask('call:end', call);
    await server.logged(/the oldest webhooks were dropped/);
    const { text } = await server.api('/metrics', { token: await serviceToken() });
    assert.match(text, /^ringback_webhooks_dropped_total\{reason="excess"\} 1$/m);
    receiver.answer = ({ body }) => ({ status: body.data.sequence === 1 ? 503 : 200 });
    const rest = [await receiver.next(({ body }) => body.data.sequence === 2, AFTER_A_KILL_MS), await receiver.next(({ body }) => body.data.sequence === 3, AFTER_A_KILL_MS)];
    assert.deepEqual(show(rest), ['2 call.started', '3 call.ended']);
  });

  test('that wait are measured: how many, and for how long', async (t) => {
    const receiver = await Receiver.start(t);
    receiver.answer = () => ({ status: 503 });
    const server = await serve(t, receiver);
    const measured = async () => {
      const { text } = await server.api('/metrics', { token: await serviceToken() });
      return ['waiting', 'longest_wait_seconds'].map((name) => Number(text.match(new RegExp(`^ringback_webhooks_${name} (\\S+)$`, 'm'))[1]));
    };
    assert.deepEqual(await measured(), [0, 0]);
    const { alice, call } = await talk(t, server, ['alice', 'bob']);
    await alice.ask('call:end', call);
    const [waiting, longest] = await measured();
    assert.equal(waiting, 3);
    assert.ok(longest > 0 && longest < 60, `${longest} s`);
    receiver.answer = () => ({ status: 200 });
    await story(receiver, call.sessionId, 3);
    // The last is taken out of the database a moment after it was told.
    const deadline = Date.now() + 10_000;
    while ((await measured())[0] > 0 && Date.now() < deadline) await pause(50);
    assert.deepEqual(await measured(), [0, 0]);
  });

  test('that nobody is to be told any more are not measured: no alert goes on for ever', async (t) => {
    const server = await TestServer.start({});
    t.after(() => server.stop());
    const { text } = await server.api('/metrics', { token: await serviceToken() });
    assert.match(text, /^ringback_webhooks_dropped_total/m);
    assert.doesNotMatch(text, /ringback_webhooks_(waiting|longest_wait)/);
  });

  test('are signed by the new and the old secret while one changes over', async (t) => {
    const receiver = await Receiver.start(t);
    const newer = `whsec_${Buffer.from('another-secret-for-webhooks-of-tests').toString('base64')}`;
    const server = await serve(t, receiver, { env: { WEBHOOK_SECRET: `${newer},${SIGNING_SECRET}` } });
    const { call } = await ring(t, server, ['alice', 'bob']);
    const [told] = await story(receiver, call.sessionId, 1);
    assert.ok(told.verified);
    assert.equal(told.headers['webhook-signature'].split(' ').length, 2);
  });
});
