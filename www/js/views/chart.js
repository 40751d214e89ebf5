/** A bar chart of calls per day, with the same figures as a table. */

import { dayLabel, plural } from '../format.js';
import { h } from '../vdom.js';

const DAY_MS = 86_400_000;

/** Returns the chart for the last `days` days; `frequency` counts calls by UTC day. */
export function chartView({ frequency, days, day }, showDay) {
  const bars = daysUntilToday(days).map((date) => ({ date, count: frequency[date] ?? 0 }));
  const top = niceTop(Math.max(...bars.map(({ count }) => count)));
  const total = bars.reduce((sum, { count }) => sum + count, 0);
  return h('figure', { class: 'chart', 'data-testid': 'chart' },
    h('figcaption', null, h('h2', null, 'Calls per day'), readout(bars, day)),
    h('div', { class: 'plot' },
      h('span', { class: 'axis', 'aria-hidden': 'true' }, h('span', null, String(top)), h('span', null, String(top / 2)), h('span', null, '0')),
      plot(bars, top, `${plural(total, 'call')} in ${days} days, at most ${Math.max(...bars.map(({ count }) => count))} a day`, day, showDay)),
    h('div', { class: 'labels', 'aria-hidden': 'true' }, [0, Math.floor(days / 2), days - 1].map((index) => h('span', null, dayLabel(bars[index].date)))),
    table(bars));
}

function daysUntilToday(days) {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  return Array.from({ length: days }, (_, index) => new Date(today - (days - 1 - index) * DAY_MS).toISOString().slice(0, 10));
}

/** Returns the smallest even round number that is not below the count, so that its half is whole. */
function niceTop(most) {
  const steps = [2, 4, 6, 8, 10];
  let scale = 1;
  while (most > steps.at(-1) * scale) scale *= 10;
  return steps.map((step) => step * scale).find((step) => step >= most);
}

/** Bars in a unit grid that stretches with the page: one column a day, 100 rows. */
function plot(bars, top, label, day, showDay) {
  const gap = bars.length > 40 ? 0.12 : 0.24;
  return h('svg', { class: 'bars-plot', viewBox: `0 0 ${bars.length} 100`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label, onpointerleave: () => showDay(null) },
    [0, 50, 100].map((y) => h('line', { class: 'grid', x1: 0, x2: bars.length, y1: y, y2: y })),
    bars.map(({ date, count }, index) => h('g', { key: date, class: date === day ? 'bar shown' : 'bar', onpointerenter: () => showDay(date) },
      h('rect', { class: 'hit', x: index, y: 0, width: 1, height: 100 }),
      h('rect', { class: 'fill', x: index + gap / 2, width: 1 - gap, y: 100 - (100 * count) / top, height: (100 * count) / top }))));
}

function readout(bars, day) {
  const bar = bars.find(({ date }) => date === day);
  return h('span', { class: 'soft readout' }, bar ? `${dayLabel(bar.date)}: ${plural(bar.count, 'call')}` : '');
}

function table(bars) {
  const rows = bars.filter(({ count }) => count > 0).reverse();
  if (rows.length === 0) return null;
  return h('details', null,
    h('summary', null, 'Show as a table'),
    h('table', null,
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Day (UTC)'), h('th', { scope: 'col' }, 'Calls'))),
      h('tbody', null, rows.map(({ date, count }) => h('tr', { key: date }, h('td', null, dayLabel(date)), h('td', null, String(count)))))));
}
