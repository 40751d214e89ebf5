/** How times, lengths and numbers are written. */

const two = (number) => String(number).padStart(2, '0');

/** Returns seconds as `mm:ss`, or `h:mm:ss` from an hour on. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** Returns seconds in words short enough for a tile: `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return join(Math.floor(whole / 60), 'min', whole % 60, 's');
  return join(Math.floor(whole / 3600), 'h', Math.floor(whole / 60) % 60, 'min');
}

function join(big, bigUnit, small, smallUnit) {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** Returns a point in time as a list shows it: the time today, else the date too. */
export function when(iso, now = Date.now()) {
  const date = new Date(iso);
  const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  if (date.toDateString() === new Date(now).toDateString()) return time;
  const year = date.getFullYear() === new Date(now).getFullYear() ? undefined : 'numeric';
  return `${date.toLocaleDateString([], { day: 'numeric', month: 'short', year })}, ${time}`;
}

/** Returns a point in time in full. */
export function fullTime(iso) {
  return iso ? new Date(iso).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' }) : null;
}

/** Returns a UTC day (`YYYY-MM-DD`) as a chart labels it. */
export function dayLabel(day) {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString([], { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** Returns bits per second as text. */
export function bitrate(bits) {
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1000)} kbit/s`;
}

/** Returns a number with at most one decimal and a unit. */
export function measure(value, unit) {
  return `${Math.round(value * 10) / 10} ${unit}`;
}

/** Returns names as a sentence part: `Ann`, `Ann and Ben`, `Ann, Ben and 2 others`. */
export function nameList(names) {
  if (names.length === 0) return 'nobody';
  const [first, ...rest] = names.map(apart);
  if (rest.length === 0) return first;
  if (rest.length <= 2) return `${[first, ...rest.slice(0, -1)].join(', ')} and ${rest.at(-1)}`;
  return `${first}, ${rest[0]} and ${rest.length - 1} others`;
}

/** Returns a name written from the right so that it stays apart from the words and numbers around it. */
export const apart = (name) => (/[\u0590-\u08ff\u200f\u202a-\u202e\ufb1d-\ufdff\ufe70-\ufeff]/.test(name) ? `\u2068${name}\u2069` : name);

/** Returns a count with its noun. */
export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
