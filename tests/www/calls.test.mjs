// What the SDK's events make of the demo page's state.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { offered } from '../../www/js/live.js';
import { invitable, isGroup, onStage } from '../../www/js/people-in-call.js';
import { follow } from '../../www/js/phone-events.js';
import { createStore, noCall } from '../../www/js/store.js';

const me = { id: 'ann' };
const person = (id, more = {}) => ({ id, name: id, status: 'joined', link: 'connected', muted: false, ...more });
const call = (participants, more = {}) => ({ sessionId: 's1', direction: 'outgoing', state: 'connected', participants, ...more });

let said;
let store;
let tell;
beforeEach(() => {
  said = [];
  store = createStore({ me, members: { list: [] }, waiting: [], notice: null, ...noCall() });
  const listeners = {};
  follow({ call: null, on: (event, listener) => (listeners[event] = listener) }, { store, me, say: (text) => said.push(text), levels: () => {} });
  tell = (event, payload) => listeners[event](payload);
});
const shown = (view) => tell('state', { call: view });

test('a call that rings during another one waits and does not take its place', () => {
  shown(call([person('bob')]));
  tell('incoming', { sessionId: 's2', caller: person('carol'), callType: 'voice' });
  assert.equal(store.get().call.sessionId, 's1');
  assert.deepEqual(store.get().waiting.map(({ sessionId }) => sessionId), ['s2']);
});

test('a waiting call that is given up is told in passing, and the other one goes on', () => {
  shown(call([person('bob')]));
  tell('incoming', { sessionId: 's2', caller: person('carol'), callType: 'voice' });
  tell('ended', { sessionId: 's2', endedBy: 'carol', reason: 'cancelled', durationMs: 0 });
  assert.deepEqual([store.get().waiting, store.get().call.sessionId, store.get().notice], [[], 's1', null]);
  assert.deepEqual(said, ['Missed call from carol']);
});

test('a waiting call that is answered becomes the call, from the one who placed it', () => {
  shown(call([person('bob')]));
  tell('incoming', { sessionId: 's2', caller: person('carol'), callType: 'voice' });
  tell('ended', { sessionId: 's1', endedBy: 'ann', reason: 'completed', durationMs: 1000 });
  shown(call([person('carol')], { sessionId: 's2', state: 'connecting', direction: 'incoming' }));
  assert.deepEqual([store.get().waiting, store.get().call.sessionId, store.get().caller.id], [[], 's2', 'carol']);
});

test('who comes and goes is told in a group alone, and a device only when nobody chose it', () => {
  shown(call([person('bob')]));
  tell('participantJoined', { userId: 'bob' });
  shown(call([person('bob'), person('carol')]));
  tell('participantJoined', { userId: 'carol' });
  tell('rejected', { rejectedBy: 'dave', reason: 'busy' });
  tell('deviceChanged', { kind: 'microphone', label: 'Headset', reason: 'chosen' });
  tell('deviceChanged', { kind: 'microphone', label: 'Built-in', reason: 'fallback' });
  assert.deepEqual(said, ['carol joined', 'dave is in another call', 'Microphone gone: using Built-in']);
});

test('one pair that cannot hear each other is shown until it can', () => {
  shown(call([person('bob'), person('carol')]));
  tell('linkFailed', { userId: 'carol', message: 'You and carol cannot hear each other', retrying: true });
  assert.equal(store.get().failed.carol.retrying, true);
  tell('linkRecovered', { userId: 'carol' });
  assert.deepEqual([store.get().failed, said], [{}, ['You and carol hear each other again']]);
});

test('the end of a call leaves nothing of it behind', () => {
  shown(call([person('bob')]));
  tell('activeSpeaker', { userId: 'bob' });
  tell('quality', { userId: 'bob', mos: 4 });
  tell('ended', { sessionId: 's1', endedBy: 'bob', reason: 'completed', durationMs: 1000 });
  const { notice, call: current, speaker, quality, trail } = store.get();
  assert.deepEqual([notice.kind, current, speaker, quality, trail], ['completed', null, null, {}, {}]);
});

test('a call that moved to another tab did not end', () => {
  shown(call([person('bob')]));
  tell('ended', { sessionId: 's1', endedBy: 'ann', reason: 'moved-elsewhere', durationMs: 1000 });
  assert.deepEqual([store.get().notice.kind, store.get().notice.again], ['moved-elsewhere', []]);
});

test('the last minute of a link is remembered, no more', () => {
  shown(call([person('bob')]));
  for (let second = 0; second < 100; second += 1) tell('quality', { userId: 'bob', mos: second });
  assert.deepEqual([store.get().trail.bob.length, store.get().trail.bob[0]], [60, 40]);
});

test('who left or declined has no tile, who is being called has one', () => {
  const state = { me, members: { list: [] }, call: call([person('bob'), person('carol', { status: 'left' }), person('dave', { status: 'ringing' }), person('erin', { status: 'rejected' })]) };
  assert.deepEqual(onStage(state).map(({ id }) => id), ['bob', 'dave']);
  assert.equal(isGroup(state.call), true);
  assert.equal(isGroup(call([person('bob'), person('carol', { status: 'left' })])), false);
});

test('only those who are not in the call can be asked in', () => {
  const members = { list: ['ann', 'bob', 'carol'].map((id) => ({ id, name: id })) };
  assert.deepEqual(invitable({ me, members, call: call([person('bob'), person('carol', { status: 'missed' })]) }).map(({ id }) => id), ['carol']);
});

test('a call of one\'s own in another tab is offered to move, a call of others to join', () => {
  const live = (sessionId, status, more = {}) => ({ sessionId, status: 'ongoing', here: false, participants: [{ id: 'ann', status }, { id: 'bob', status: 'joined' }], ...more });
  const calls = [live('a', 'joined'), live('b', 'missed'), live('c', 'ringing', { status: 'ringing' }), live('d', 'joined', { here: true })];
  assert.deepEqual(offered({ live: calls, call: null, me }).map(({ sessionId, offer }) => [sessionId, offer]), [['a', 'move'], ['b', 'join']]);
  assert.deepEqual(offered({ live: calls, call: call([person('bob')]), me }), []);
});
