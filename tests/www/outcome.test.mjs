// How the demo page tells the end of a call.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { elsewhere, outcomeOf, trouble } from '../../www/js/outcome.js';
import { nameList } from '../../www/js/format.js';

const NAMES = { ann: 'Ann', bob: 'Bob', carol: 'Carol' };
const names = (ids) => nameList(ids.map((id) => NAMES[id]));

/** The notice that Ann sees after a call with Bob (and others). */
function told({ direction, reason, endedBy = 'bob', durationMs = 0, peers = ['bob'] }) {
  const call = { direction, participants: peers.map((id) => ({ id })) };
  return outcomeOf({ call, ended: { reason, endedBy, durationMs }, me: 'ann', caller: 'Bob', names });
}

test('every end of an outgoing call has its own kind', () => {
  const reasons = ['completed', 'cancelled', 'missed', 'declined', 'busy', 'failed', 'disconnected', 'replaced', 'server'];
  const kinds = reasons.map((reason) => told({ direction: 'outgoing', reason }).kind);
  assert.deepEqual(kinds, ['completed', 'cancelled', 'unanswered', 'declined', 'busy', 'failed', 'disconnected', 'replaced', 'server']);
});

test('a callee who did not answer has missed the call, whether it rang out or the caller gave up', () => {
  for (const reason of ['missed', 'cancelled']) {
    const notice = told({ direction: 'incoming', reason });
    assert.equal(notice.kind, 'missed');
    assert.equal(notice.title, 'Missed call from Bob');
    assert.deepEqual(notice.again, ['bob'], 'one can call back');
  }
});

test('a completed call says who hung up and how long it took', () => {
  assert.equal(told({ direction: 'outgoing', reason: 'completed', durationMs: 75_400 }).detail, '01:15 · Bob hung up');
  assert.equal(told({ direction: 'incoming', reason: 'completed', endedBy: 'ann', durationMs: 3_661_000 }).detail, '1:01:01 · You hung up');
});

test('a group that nobody picked up names nobody in particular', () => {
  assert.equal(told({ direction: 'outgoing', reason: 'missed', peers: ['bob', 'carol'] }).detail, 'Nobody picked up');
});

test('a missed group call is from who placed it, not from everyone in it', () => {
  assert.equal(told({ direction: 'incoming', reason: 'missed', peers: ['bob', 'carol'] }).title, 'Missed call from Bob');
});

test('a reason that the page does not know is shown as it came', () => {
  assert.equal(told({ direction: 'outgoing', reason: 'lunch' }).detail, 'Reason: lunch');
  assert.equal(told({ direction: 'outgoing', reason: 'toString' }).detail, 'Reason: toString');
});

test('an answer on another device is not a missed call', () => {
  assert.equal(elsewhere('accepted', 'Bob').kind, 'accepted-elsewhere');
  assert.equal(elsewhere('rejected', 'Bob').title, 'Declined on another device');
});

test('an error says what happened and below it what to do, and keeps its code', () => {
  const notice = trouble({ code: 'MIC_DENIED', message: 'The microphone is blocked: allow it and try again.' });
  assert.deepEqual([notice.kind, notice.code], ['error', 'MIC_DENIED']);
  assert.deepEqual([notice.title, notice.detail], ['The microphone is blocked', 'Allow it and try again.']);
  const short = trouble({ code: 'NO_CALL', message: 'There is no call.' });
  assert.deepEqual([short.title, short.detail], ['There is no call', null]);
});
