/** Quality samples as lines: scales, pieces without gaps, means. Pure. */

import { bitrate, measure } from '../../format.js';

/** What can be drawn: where the axis ends, and how a value is written. */
export const METRICS = {
  mos: { label: 'Score', key: 'mos', from: 1, to: () => 4.5, write: (value) => value.toFixed(1) },
  loss: { label: 'Loss', key: 'packetLoss', from: 0, to: (most) => nice(most, 5), write: (value) => measure(value, '%') },
  jitter: { label: 'Jitter', key: 'jitter', from: 0, to: (most) => nice(most, 20), write: (value) => measure(value, 'ms') },
  rtt: { label: 'Round trip', key: 'roundTripTime', from: 0, to: (most) => nice(most, 50), write: (value) => `${Math.round(value)} ms` },
  bitrate: { label: 'Bitrate', key: 'bitrate', from: 0, to: (most) => nice(most, 50_000), write: bitrate },
};

/** Returns a round number that is not below the greatest value, and not below `least`. */
function nice(most, least) {
  if (!(most > least)) return least;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= most);
}

/** Returns the samples as points `{at, value, sample}`; those that did not measure this are left out. */
export function pointsOf(link, { key }) {
  return link.samples
    .filter((sample) => typeof sample[key] === 'number')
    .map((sample) => ({ at: Date.parse(sample.at), value: sample[key], sample }));
}

/** Cuts the points where no measurement came for a while or the link was down, so that no line bridges a gap. */
export function piecesOf(points, gapMs = 15_000) {
  const pieces = [];
  for (const point of points) {
    const piece = pieces.at(-1);
    const before = piece?.at(-1);
    const goesOn = before && point.at - before.at <= gapMs && isUp(before) && isUp(point);
    if (goesOn) piece.push(point);
    else pieces.push([point]);
  }
  return pieces;
}

const isUp = ({ sample }) => sample.state === 'connected';

/** Returns the stretches of time in which a link was in trouble, `{from, to, state}`. */
export function troublesOf(link, until) {
  const times = link.samples.map(({ at }) => Date.parse(at));
  return link.samples
    .map(({ state }, index) => ({ state, from: times[index], to: times[index + 1] ?? Math.min(until, times[index] + 5000) }))
    .filter(({ state }) => state !== 'connected');
}

/** Returns the mean of a metric over a link, or null. */
export function meanOf(points) {
  return points.length === 0 ? null : points.reduce((sum, { value }) => sum + value, 0) / points.length;
}

/** Returns the last point not after a moment, if it is not older than the gap. */
export function pointAt(points, at, gapMs = 15_000) {
  const before = points.findLast((point) => point.at <= at + 500);
  return before && at - before.at <= gapMs ? before : null;
}
