/** Small charts over one time axis, each with its figures as a table. */

import { h } from '../vdom.js';
import { mean, niceTop, stretches, sum, timeOfDay } from './series.js';

const [WIDTH, HEIGHT] = [600, 96];

/** A line of means; where nothing was measured there is a gap. */
export function lineChart(recent, { title, text, key, least, from = 0, write }) {
  const points = stretches(recent).map(({ from: at, minutes }) => ({ at, value: mean(minutes, key) }));
  const known = points.filter(({ value }) => value !== null);
  const overall = mean(recent.minutes, key);
  const top = niceTop(Math.max(0, ...known.map(({ value }) => value)), least);
  const said = overall === null ? 'nothing measured' : `${write(overall)} on average`;
  const x = (index) => ((index + 0.5) * WIDTH) / points.length;
  const y = (value) => HEIGHT - Math.min(1, Math.max(0, (value - from) / (top - from))) * HEIGHT;
  return figure({ title, text, said, recent, axis: [write(top), write(from)] },
    [pieces(points).map((piece) => h('path', { class: 'stroke', d: path(piece, x, y) })),
      known.length === 0 ? [] : points.map(({ value }, index) => (value === null ? null : h('path', { class: 'dot', d: `M${x(index).toFixed(1)} ${y(value).toFixed(1)}h0.01` })))],
    table(['Time', title], known.map(({ at, value }) => [timeOfDay(at), write(value)])));
}

/** Bars of counts, one kind upon the other. */
export function barChart(recent, { title, text, kinds }) {
  const bars = stretches(recent).map(({ from: at, minutes }) => ({ at, counts: kinds.map(({ key }) => sum(minutes, key)) }));
  const total = (counts) => counts.reduce((all, count) => all + count, 0);
  const top = niceTop(Math.max(...bars.map(({ counts }) => total(counts))), 2);
  const width = WIDTH / bars.length;
  const said = kinds.map(({ key, label }) => `${label}: ${sum(recent.minutes, key)}`).join(', ');
  const shown = bars.filter(({ counts }) => total(counts) > 0);
  return figure({ title, text, said, recent, axis: [String(top), '0'], legend: kinds },
    bars.flatMap(({ counts }, index) => stacked(counts, top).map(({ y, height }, kind) =>
      (height > 0 ? h('rect', { class: `bar ${kinds[kind].tone}`, x: index * width + width * 0.12, width: width * 0.76, y, height }) : null))),
    table(['Time', ...kinds.map(({ label }) => label)], shown.map(({ at, counts }) => [timeOfDay(at), ...counts.map(String)])));
}

function stacked(counts, top) {
  let below = 0;
  return counts.map((count) => {
    below += count;
    return { y: HEIGHT - (HEIGHT * below) / top, height: (HEIGHT * count) / top };
  });
}

function figure({ title, text, said, recent, axis, legend = [] }, drawn, figures) {
  return h('figure', { class: 'panel chart', key: title },
    h('figcaption', null, h('h2', null, title), h('p', { class: 'soft' }, said)),
    h('p', { class: 'soft small' }, text),
    h('div', { class: 'plot' },
      h('span', { class: 'axis', 'aria-hidden': 'true' }, axis.map((label) => h('span', null, label))),
      h('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${title}: ${said}` },
        [0, HEIGHT / 2, HEIGHT].map((line) => h('line', { class: 'grid', x1: 0, x2: WIDTH, y1: line, y2: line })), drawn)),
    h('div', { class: 'labels', 'aria-hidden': 'true' }, [recent.sinceMs, (recent.sinceMs + recent.untilMs) / 2, recent.untilMs].map((at) => h('span', null, timeOfDay(at)))),
    legend.length > 0 ? h('ul', { class: 'legend' }, legend.map(({ label, tone }) => h('li', { key: label }, h('i', { class: `swatch ${tone}` }), label))) : null,
    figures);
}

function table(head, rows) {
  if (rows.length === 0) return null;
  return h('details', null, h('summary', null, 'Show as a table'),
    h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': head.join(', ') }, h('table', null,
      h('thead', null, h('tr', null, head.map((cell) => h('th', { scope: 'col' }, cell)))),
      h('tbody', null, rows.map((cells) => h('tr', null, cells.map((cell) => h('td', null, cell))))))));
}

/** Runs of points without a gap. */
function pieces(points) {
  const found = [[]];
  points.forEach(({ value }, index) => {
    if (value === null) found.push([]);
    else found.at(-1).push({ value, index });
  });
  return found.filter((piece) => piece.length > 1);
}

const path = (piece, x, y) => piece.map(({ value, index }, n) => `${n === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join('');
