// What a screen reader is told of a call: each thing once, and only what cannot wait interrupts.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newsBetween } from '../../www/js/announcements.js';
import { initialState } from '../../www/js/store.js';

globalThis.location ??= { search: '' };
const nothing = { getItem: () => null };
globalThis.sessionStorage ??= nothing;
globalThis.localStorage ??= nothing;

const person = (id, more = {}) => ({ id, name: id, status: 'joined', ...more });
const call = (state, more = {}) => ({ sessionId: 's', state, direction: 'outgoing', muted: false, pushToTalk: false, participants: [person('Bob')], startedAt: null, ...more });
const room = { ...initialState(), me: { id: 'alice', name: 'Alice' }, signaling: 'up' };
const inCall = { ...room, call: call('connected') };

/** What is told on the way through these states, one after the other. */
function told(...states) {
  return states.slice(1).flatMap((now, index) => {
    const { urgent, calm } = newsBetween(states[index], now);
    return [...urgent.map((text) => `! ${text}`), ...calm];
  });
}

test('each step of a call is told once', () => {
  const ended = { kind: 'completed', tone: 'plain', title: 'Call with Bob ended', detail: '00:05 · You hung up' };
  const calling = { ...room, call: call('outgoing') };
  assert.deepEqual(told(room, calling, { ...calling, ringing: ['Bob'] }, { ...room, call: call('connecting') }, inCall, { ...inCall, now: 1 }, { ...inCall, now: 2 },
    { ...room, call: call('reconnecting') }, inCall, { ...room, notice: ended }), [
    'Calling Bob', 'Ringing Bob', 'Connecting to Bob', 'In a call with Bob', 'Reconnecting to Bob', 'In a call with Bob', 'Call with Bob ended', '00:05 · You hung up',
  ]);
});

test('a call that rings takes the focus and is not told twice', () => {
  assert.deepEqual(told(room, { ...room, call: call('incoming', { direction: 'incoming' }) }), []);
});

test('one more person in the call does not tell the call anew', () => {
  assert.deepEqual(told(inCall, { ...room, call: call('connected', { participants: [person('Bob'), person('Carol')] }) }), []);
});

test('what cannot wait interrupts: a call behind the call, what went wrong, sound that is held back', () => {
  const waiting = [{ sessionId: 's-2', caller: { name: 'Dave' } }];
  const notice = { tone: 'bad', title: 'The microphone is blocked', detail: null };
  assert.deepEqual(told(inCall, { ...inCall, waiting }, { ...inCall, waiting, notice }, { ...inCall, waiting, notice, audioBlocked: true }), [
    '! Dave is calling you too', '! The microphone is blocked', '! The browser holds the sound back. Press “Click to hear the call”',
  ]);
});

test('a link that failed, the server that is away and back, and muting by the keys are told', () => {
  const away = { ...inCall, signaling: 'down' };
  assert.deepEqual(told(inCall, { ...inCall, failed: { Bob: { message: 'You and Bob cannot hear each other', retrying: true } } }), ['You and Bob cannot hear each other']);
  assert.deepEqual(told(inCall, away, inCall), ['Server out of reach, reconnecting', 'The server is back']);
  assert.deepEqual(told(inCall, { ...room, call: call('connected', { muted: true }) }, inCall), ['Muted', 'Not muted any more']);
});

test('a call that could be joined is told when it appears, and not while it lasts', () => {
  const live = [{ sessionId: 's-9', status: 'ongoing', here: false, participants: [person('Bob'), person('Carol'), person('Dave', { status: 'missed' })] }];
  assert.deepEqual(told(room, { ...room, live }, { ...room, live: [...live] }), ['A call goes on with Bob and Carol']);
});

test('push to talk mutes with every word, and says nothing of it', () => {
  const held = (muted) => ({ ...room, call: call('connected', { pushToTalk: true, muted }) });
  assert.deepEqual(told(held(true), held(false), held(true)), []);
});
