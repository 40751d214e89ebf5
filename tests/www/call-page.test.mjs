// The page of one call: what it loads, how it tells what happened, how it draws the quality.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createCallPage } from '../../www/js/call-page.js';
import { callIdIn, hrefOfCall } from '../../www/js/route.js';
import { createStore } from '../../www/js/store.js';
import { gathered, told } from '../../www/js/views/details/events.js';
import { METRICS, meanOf, piecesOf, pointAt, pointsOf, troublesOf } from '../../www/js/views/details/scale.js';

const START = Date.parse('2026-01-01T10:00:00Z');
const at = (second) => new Date(START + second * 1000).toISOString();
const sample = (second, mos, state = 'connected') => ({ at: at(second), mos, state });
const link = (...samples) => ({ from: 'ann', to: 'bob', samples });

test('the address of a call leads to its page, others lead to the room', () => {
  assert.equal(callIdIn(hrefOfCall('a/b c')), 'a/b c');
  assert.deepEqual(['', '#', '#/calls/', '#/other/x'].map(callIdIn), [null, null, null, null]);
});

test('a call that has no timeline and no quality is shown all the same', async () => {
  const store = createStore({ page: null });
  const refused = async () => Promise.reject(new Error('unknown'));
  const page = createCallPage(store, () => ({ details: async (id) => ({ id, status: 'ended' }), timeline: refused, quality: refused }));
  await page.open('c1');
  const { record, events, links, error } = store.get().page;
  assert.deepEqual([record.id, events, links, error], ['c1', [], [], null]);
});

test('a page that was left does not come back with a late answer', async () => {
  const store = createStore({ page: null });
  let answer;
  const page = createCallPage(store, () => ({
    details: () => new Promise((resolve) => (answer = resolve)), timeline: async () => ({ events: [] }), quality: async () => ({ links: [] }),
  }));
  const opened = page.open('c1');
  await page.open(null);
  answer({ id: 'c1', status: 'ended' });
  await opened;
  assert.equal(store.get().page, null);
});

test('every event that the server records has words of its own', () => {
  const types = ['initiated', 'ringing', 'accepted', 'rejected', 'missed', 'invited', 'joined', 'moved', 'left', 'reconnecting', 'reconnected', 'link-connected', 'link-failed', 'ended'];
  const texts = types.map((type) => told({ type, userId: 'bob', targetUserId: 'carol' }, (id) => id).text);
  assert.equal(new Set(texts).size, types.length);
  texts.forEach((text, index) => assert.ok(!text.startsWith(types[index]), text));
});

test('links that came up together are told as one', () => {
  const up = (second, userId, targetUserId) => ({ at: at(second), type: 'link-connected', userId, targetUserId, candidateType: 'host' });
  const list = gathered([up(1, 'ann', 'bob'), up(1, 'bob', 'ann'), up(2, 'ann', 'carol'), up(60, 'ann', 'dave')]);
  const texts = list.map((event) => told(event, (id) => (id === 'ann' ? 'You' : id)).text);
  assert.deepEqual(texts, ['You hear bob and carol, directly', 'bob hears you, directly', 'You hear dave, directly']);
});

test('an event that the page does not know is shown by its name', () => {
  assert.equal(told({ type: 'recorded', userId: 'bob' }, (id) => id).text, 'recorded bob');
  assert.equal(told({ type: 'toString' }, (id) => id).text, 'toString');
});

test('no line is drawn over a gap or over a lost connection', () => {
  const points = pointsOf(link(sample(0, 4), sample(5, 4.1), sample(40, 4), sample(45, 2, 'reconnecting'), sample(50, 4)), METRICS.mos);
  assert.deepEqual(piecesOf(points).map((piece) => piece.length), [2, 1, 1, 1]);
});

test('a stretch without a connection lasts until the next sample', () => {
  const troubles = troublesOf(link(sample(0, 4), { at: at(10), state: 'reconnecting' }, sample(18, 4)), START + 60_000);
  assert.deepEqual(troubles.map(({ from, to }) => [(from - START) / 1000, (to - START) / 1000]), [[10, 18]]);
});

test('a moment is read from the sample before it, unless that is long ago', () => {
  const points = pointsOf(link(sample(0, 4), sample(5, 3)), METRICS.mos);
  assert.equal(pointAt(points, START + 7000).value, 3);
  assert.equal(pointAt(points, START + 60_000), null);
});

test('a mean of nothing is nothing', () => {
  assert.equal(meanOf([]), null);
  assert.equal(meanOf(pointsOf(link(sample(0, 4), sample(5, 3)), METRICS.mos)), 3.5);
});
