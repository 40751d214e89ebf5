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

test('the interval of a ratio holds it', () => {
  const base = [10, 14, 11, 13, 12];
  const slower = [21, 26, 24, 25, 22];
  const [low, high] = ratioInterval(slower, base);
  assert.ok(low < 2 && high > 2 && low > 1.7 && high < 2.4, `${low} to ${high}`);
});

test('what all rounds share does not widen the interval of a ratio', () => {
  const load = [1, 3, 1, 2, 5, 1, 2];
  assert.deepEqual(ratioInterval(load.map((busy) => 6 * busy), load.map((busy) => 3 * busy)), [2, 2]);
});

test('each contender goes first equally often', () => {
  const first = [0, 1, 2, 3, 4, 5].map((round) => rotated(['a', 'b', 'c'], round)[0]);
  assert.deepEqual(first, ['a', 'b', 'c', 'a', 'b', 'c']);
});
