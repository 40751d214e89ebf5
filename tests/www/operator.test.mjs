// What the operator's page makes of the minutes that the server tells.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { age, failedShare, mean, niceTop, stretches, sum, time } from '../../www/js/operator/series.js';

const MINUTE = 60_000;
const minute = (at, more = {}) => ({ atMs: at * MINUTE, placed: 0, ended: 0, missed: 0, rejected: 0, failed: 0, mos: { count: 0, mean: 0 }, ...more });

test('every minute falls into one stretch, whole and once', () => {
  const minutes = Array.from({ length: 360 }, (_, at) => minute(at, { placed: 1 }));
  const found = stretches({ sinceMs: 0, untilMs: 360 * MINUTE - 1, minutes });
  assert.equal(found.length, 60);
  assert.ok(found.every(({ minutes: own }) => sum(own, 'placed') === 6));
});

test('an hour is drawn minute by minute', () => {
  const found = stretches({ sinceMs: 30_000, untilMs: 60 * MINUTE, minutes: [minute(0, { placed: 2 }), minute(60, { placed: 1 })] });
  assert.equal(sum(found[0].minutes, 'placed'), 2);
  assert.equal(sum(found.at(-1).minutes, 'placed'), 1);
});

test('a mean weighs each minute by how much was measured, and nothing measured is no mean', () => {
  assert.equal(mean([minute(0, { mos: { count: 3, mean: 4 } }), minute(1, { mos: { count: 1, mean: 2 } })], 'mos'), 3.5);
  assert.equal(mean([minute(0)], 'mos'), null);
});

test('the share that broke down is one of the calls that were over', () => {
  assert.equal(failedShare([minute(0, { ended: 3, failed: 1, placed: 9 })]), 0.25);
  assert.equal(failedShare([minute(0, { placed: 9 })]), null);
});

test('figures are written for people', () => {
  assert.deepEqual([0.4, 340, 1240].map(time), ['0 ms', '340 ms', '1.2 s']);
  assert.deepEqual([900, 65_000, 7_200_000, 200_000_000].map(age), ['1 s', '1 min', '2 h', '2 d']);
  assert.deepEqual([niceTop(0, 2), niceTop(7, 2), niceTop(130, 5)], [2, 10, 200]);
});
