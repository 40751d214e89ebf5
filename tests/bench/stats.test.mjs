import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, quantile, ratioInterval, rotated } from './stats.mjs';

test('the median of an even count lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([9, 1, 5]), 5);
});

test('a quantile is one of the values, by nearest rank', () => {
  const values = Array.from({ length: 30 }, (_, i) => i + 1);
  assert.equal(quantile(values, 0.9), 27);
  assert.equal(quantile([7], 0.9), 7);
  assert.throws(() => quantile([], 0.5), RangeError);
});

test('the interval of a ratio holds it, and narrows to it when nothing varies', () => {
  const base = [10, 11, 12, 13, 14];
  const twice = base.map((value) => value * 2);
  const [low, high] = ratioInterval(twice, base);
  assert.ok(low < 2 && high > 2, `${low} to ${high}`);
  assert.deepEqual(ratioInterval([6, 6, 6], [3, 3, 3]), [2, 2]);
});

test('each contender goes first equally often', () => {
  const first = [0, 1, 2, 3, 4, 5].map((round) => rotated(['a', 'b', 'c'], round)[0]);
  assert.deepEqual(first, ['a', 'b', 'c', 'a', 'b', 'c']);
});
