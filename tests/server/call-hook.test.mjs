// The host application is asked before a call comes about, and may say no.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { settle } from '../helpers/client.mjs';
import { Receiver, SIGNING_SECRET } from '../helpers/receiver.mjs';
import { meet, ring, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';

async function serve(t, receiver, env = {}) {
  const hook = { CALL_HOOK_URL: receiver.url, CALL_HOOK_SECRET: SIGNING_SECRET };
  const server = await TestServer.start({ env: { ...hook, ...env } });
  t.after(() => server.stop());
  return server;
}

const yes = () => ({ status: 200, body: { allow: true } });
const no = (error) => () => ({ status: 200, body: { allow: false, ...(error && { error }) } });

/** Says no to one kind of question alone. */
const except = (type, error) => (request) => (request.body.type === type ? no(error)() : yes());

describe('the call hook', () => {
  test('asks who wants what of whom, signed', async (t) => {
    const receiver = await Receiver.start(t);
    receiver.answer = yes;
    const server = await serve(t, receiver);
    const { alice, bob, carol, ids, chatId } = await meet(t, server, ['alice', 'bob', 'carol'], { client: { deviceId: 'phone' } });
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'video', targetUserIds: [ids.bob] });
    await bob.ask('call:accept', { sessionId });
    await bob.ask('call:invite', { sessionId, targetUserIds: [ids.carol] });
    await carol.ask('call:join', { sessionId, chatId });
    const asked = receiver.requests;
    assert.deepEqual(asked.map(({ body }) => body.type), ['call.initiate', 'call.accept', 'call.invite', 'call.join']);
    assert.ok(asked.every(({ verified }) => verified));
    assert.equal(new Set(asked.map(({ id }) => id)).size, 4);
    assert.deepEqual(asked[0].body.data, { userId: ids.alice, deviceId: 'phone', chatId, callType: 'video', targetUserIds: [ids.bob] });
    assert.deepEqual(asked[1].body.data, { userId: ids.bob, deviceId: 'phone', chatId, sessionId, callType: 'video', targetUserIds: [] });
    assert.deepEqual(asked[2].body.data.targetUserIds, [ids.carol]);
  });

  test('keeps a call from being placed, in the words of the application', async (t) => {
    const receiver = await Receiver.start(t);
    receiver.answer = no('Bob has blocked you.');
    const server = await serve(t, receiver);
    const { alice, bob, chatId } = await meet(t, server, ['alice', 'bob']);
    const ack = await alice.request('call:initiate', { chatId, callType: 'voice' });
    assert.deepEqual(ack, { success: false, code: 'FORBIDDEN', error: 'Bob has blocked you.' });
    await settle(alice, bob);
    assert.equal(bob.count('call:incoming'), 0);
    receiver.answer = no();
    assert.equal(await alice.refusedWith('call:initiate', { chatId, callType: 'voice' }), 'FORBIDDEN');
  });

  test('keeps people from answering, entering and inviting', async (t) => {
    const receiver = await Receiver.start(t);
    receiver.answer = except('call.accept');
    const server = await serve(t, receiver);
    const { alice, bob, carol, ids, chatId } = await meet(t, server, ['alice', 'bob', 'carol']);
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] });
    assert.equal(await bob.refusedWith('call:accept', { sessionId }), 'FORBIDDEN');
    receiver.answer = except('call.join', 'Not you.');
    await bob.ask('call:accept', { sessionId });
    assert.equal((await carol.request('call:join', { sessionId, chatId })).error, 'Not you.');
    receiver.answer = except('call.invite');
    assert.equal(await bob.refusedWith('call:invite', { sessionId, targetUserIds: [ids.carol] }), 'FORBIDDEN');
    await settle(alice, bob, carol);
    assert.equal(carol.count('call:incoming'), 0);
  });

  test('is not asked about what is refused anyway', async (t) => {
    const receiver = await Receiver.start(t);
    receiver.answer = yes;
    const server = await serve(t, receiver);
    const { alice, chatId } = await meet(t, server, ['alice', 'bob']);
    assert.equal(await alice.refusedWith('call:initiate', { chatId: 'nowhere', callType: 'voice' }), 'CHAT_NOT_FOUND');
    assert.equal(await alice.refusedWith('call:initiate', { chatId, callType: 'voice', targetUserIds: ['stranger'] }), 'NOT_A_MEMBER');
    assert.equal(await alice.refusedWith('call:join', { chatId, sessionId: 'none' }), 'CALL_NOT_FOUND');
    assert.deepEqual(receiver.requests, []);
  });

  test('holds up only the socket that waits for it, whose events stay in order', async (t) => {
    const receiver = await Receiver.start(t);
    let release;
    const released = new Promise((resolve) => (release = resolve));
    receiver.answer = async (request) => {
      if (request.body.data.userId.startsWith('alice')) await released;
      return yes();
    };
    const server = await serve(t, receiver, { CALL_HOOK_TIMEOUT_MS: '10000' });
    const { alice, bob, carol, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']);
    const order = [];
    const note = (name) => (ack) => order.push(`${name} ${ack.success}`);
    const placed = alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] }).then(note('initiate'));
    const synced = alice.ask('call:sync').then(note('sync'));
    // Another's call comes about meanwhile, in the same chat and to the same person.
    const other = await carol.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] });
    await bob.ask('call:reject', { sessionId: other.sessionId });
    assert.deepEqual(order, []);
    release();
    await Promise.all([placed, synced]);
    assert.deepEqual(order, ['initiate true', 'sync true']);
  });

  test('that does not answer counts as no, so that a rule holds while the application is away', async (t) => {
    const receiver = await Receiver.start(t);
    const server = await serve(t, receiver, { CALL_HOOK_TIMEOUT_MS: '300' });
    const { alice, chatId } = await meet(t, server, ['alice', 'bob']);
    const silences = {
      hangs: 'hang',
      'closes the connection': 'cut',
      fails: { status: 500 },
      redirects: { status: 307, headers: { location: receiver.url } },
      'says something else': { status: 200, body: { allowed: true } },
      'says no JSON': { status: 200, body: 'yes' },
      'says too much': { status: 200, body: { allow: true, padding: 'x'.repeat(20_000) } },
    };
    for (const [what, answer] of Object.entries(silences)) {
      receiver.answer = () => answer;
      const ack = await alice.request('call:initiate', { chatId, callType: 'voice' });
      assert.equal(ack.code, 'INTERNAL', what);
      assert.match(ack.error, /did not say/, what);
    }
    await receiver.close();
    assert.equal(await alice.refusedWith('call:initiate', { chatId, callType: 'voice' }), 'INTERNAL');
    await receiver.open();
    receiver.answer = yes;
    await alice.ask('call:initiate', { chatId, callType: 'voice' });
  });

  test('that does not answer may count as yes, but its no is a no', async (t) => {
    const receiver = await Receiver.start(t);
    const server = await serve(t, receiver, { CALL_HOOK_UNANSWERED: 'allow', CALL_HOOK_TIMEOUT_MS: '300' });
    receiver.answer = () => 'hang';
    const { alice, call } = await ring(t, server, ['alice', 'bob']);
    await alice.ask('call:end', call);
    receiver.answer = no();
    assert.equal(await alice.refusedWith('call:initiate', { chatId: call.chatId, callType: 'voice' }), 'FORBIDDEN');
  });

  test('has no say in ending, leaving and coming back', async (t) => {
    const receiver = await Receiver.start(t);
    receiver.answer = yes;
    const server = await serve(t, receiver);
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    receiver.answer = no();
    await bob.ask('call:resume', call);
    await bob.ask('call:leave', call);
    await alice.next('call:ended');
  });
});
