/** Minutes as the server tells them, turned into what the charts draw. Pure. */

const MINUTE_MS = 60_000;

/** Cuts the time into so many stretches of whole minutes, and adds up what happened in each. */
export function stretches({ sinceMs, untilMs, minutes }, most = 60) {
  const width = Math.max(1, Math.ceil((untilMs - sinceMs) / MINUTE_MS / most)) * MINUTE_MS;
  const first = Math.floor(sinceMs / width) * width;
  const count = Math.floor((untilMs - first) / width) + 1;
  return Array.from({ length: count }, (_, index) => {
    const from = first + index * width;
    return { from, to: from + width, minutes: minutes.filter(({ atMs }) => atMs >= from && atMs < from + width) };
  });
}

/** The sum of a count over the minutes. */
export const sum = (minutes, key) => minutes.reduce((total, minute) => total + minute[key], 0);

/** The mean of all values of the minutes, or null when there was none. */
export function mean(minutes, key) {
  const count = minutes.reduce((total, minute) => total + minute[key].count, 0);
  return count === 0 ? null : minutes.reduce((total, minute) => total + minute[key].mean * minute[key].count, 0) / count;
}

/** The share of the calls that broke down among those that were over, or null when none was. */
export function failedShare(minutes) {
  const over = ['ended', 'missed', 'rejected', 'failed'].reduce((total, key) => total + sum(minutes, key), 0);
  return over === 0 ? null : sum(minutes, 'failed') / over;
}

/** A round number that is not below the greatest value, and not below `least`. */
export function niceTop(most, least) {
  if (!(most > least)) return least;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= most);
}

/** A time for a person: `340 ms`, `1.2 s`. */
export const time = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** The time of day, as the operator's clock shows it. */
export const timeOfDay = (ms) => new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

/** How long ago, in the largest unit that fits. */
export function age(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [size, unit] = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']].find(([of]) => seconds >= of) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}
