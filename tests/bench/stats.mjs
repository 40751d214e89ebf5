/** Returns the value below which the given share of the values lies (nearest rank). */
export function quantile(values, share) {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Returns the median, the mean of the middle two when there are two. */
export function median(values) {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Returns the interval that holds the ratio of two medians with 95 % confidence, by resampling.
 *
 * The n-th values of both come from the same round, under the same load, and stay together. The
 * seed is fixed, so that the same samples give the same interval.
 */
export function ratioInterval(values, base, draws = 4000) {
  const random = seeded(1);
  const ratios = Array.from({ length: draws }, () => {
    const rounds = values.map(() => Math.floor(random() * values.length));
    return median(rounds.map((round) => values[round])) / median(rounds.map((round) => base[round]));
  });
  return [quantile(ratios, 0.025), quantile(ratios, 0.975)];
}

/** Returns the order of the contenders in one round: each goes first equally often. */
export function rotated(items, round) {
  const by = round % items.length;
  return [...items.slice(by), ...items.slice(0, by)];
}

function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
