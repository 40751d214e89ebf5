/** The quality of each link of a call over time: small charts with one time axis, and the same as a table. */

import { clock } from '../../format.js';
import { h } from '../../vdom.js';
import { METRICS, meanOf, piecesOf, pointAt, pointsOf, troublesOf } from './scale.js';

const HEIGHT = 64;

/** Returns the charts; `span` is `{from, to}` in milliseconds, `name` tells what a user id is called. */
export function linksView(page, { span, name, me }, act) {
  const { links, metric } = page;
  if (links.every(({ samples }) => samples.length === 0)) return h('p', { class: 'soft' }, 'No quality was measured in this call.');
  const listeners = [...new Set(links.map(({ from }) => from))];
  const listener = page.listener ?? (listeners.includes(me) ? me : listeners[0]);
  const shown = links.filter(({ from }) => listener === 'all' || from === listener);
  return [
    h('div', { class: 'row spread' }, metricChoice(metric, act), listenerChoice(listeners, listener, name, act)),
    charts(shown, { span, name, page }, act),
    scrubber(page, span, act),
    table(shown, name),
  ];
}

function metricChoice(metric, act) {
  return h('fieldset', { class: 'segments' }, h('legend', { class: 'sr-only' }, 'What to show'),
    Object.entries(METRICS).map(([id, { label }]) => h('label', { key: id },
      h('input', { type: 'radio', name: 'metric', value: id, checked: id === metric, 'data-testid': `metric-${id}`, onchange: () => act.page.show({ metric: id }) }),
      h('span', null, label))));
}

function listenerChoice(listeners, listener, name, act) {
  if (listeners.length < 2) return null;
  return h('label', { class: 'choice slim' }, h('span', { class: 'sr-only' }, 'Whose ears'),
    h('select', { value: listener, 'data-testid': 'listener', onchange: ({ target }) => act.page.show({ listener: target.value }) },
      listeners.map((id) => h('option', { key: id, value: id, selected: id === listener }, `What ${subject(name(id))} heard`)),
      h('option', { value: 'all', selected: listener === 'all' }, 'All links')));
}

const idOf = ({ from, to }) => `${from}-${to}`;
const subject = (name) => (name === 'You' ? 'you' : name);
const titleOf = ({ from, to }, name) => `${name(from)} ${name(from) === 'You' ? 'hear' : 'hears'} ${subject(name(to))}`;

function charts(links, { span, name, page }, act) {
  const metric = METRICS[page.metric];
  const all = links.map((link) => pointsOf(link, metric));
  const top = metric.to(Math.max(0, ...all.flat().map(({ value }) => value)));
  return h('ul', { class: 'link-charts' }, links.map((link, index) =>
    chart(link, { points: all[index], metric, top, span, title: titleOf(link, name), at: page.at }, act)));
}

function chart(link, { points, metric, top, span, title, at }, act) {
  const mean = meanOf(points);
  const read = at === null ? null : pointAt(points, at);
  const value = at === null ? (mean === null ? '–' : `${metric.write(mean)} on average`) : read ? metric.write(read.value) : 'no measurement';
  return h('li', { key: idOf(link), class: 'link-chart', 'data-testid': `link-${idOf(link)}` },
    h('p', { class: 'link-title' }, h('b', null, title), h('span', { class: 'soft' }, value)),
    h('div', { class: 'link-plot' },
      h('span', { class: 'axis', 'aria-hidden': 'true' }, h('span', null, metric.write(top)), h('span', null, metric.write(metric.from))),
      plot(link, { points, metric, top, span, label: `${title}: ${metric.label.toLowerCase()}, ${value}`, at }, act)));
}

function plot(link, { points, metric, top, span, label, at }, act) {
  const width = 1000;
  const x = (time) => Math.min(width, Math.max(0, ((time - span.from) / (span.to - span.from)) * width));
  const y = (value) => HEIGHT - Math.min(1, (value - metric.from) / (top - metric.from)) * HEIGHT;
  const onpointermove = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    act.page.show({ at: Math.round(span.from + ((event.clientX - box.left) / box.width) * (span.to - span.from)) });
  };
  return h('svg', { class: 'link-lines', viewBox: `0 0 ${width} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label,
    onpointermove, onpointerleave: () => act.page.show({ at: null }) },
  [0, HEIGHT / 2, HEIGHT].map((line) => h('line', { class: 'grid', x1: 0, x2: width, y1: line, y2: line })),
  troublesOf(link, span.to).map(({ from, to, state }) => h('rect', { class: `trouble ${state}`, x: x(from), width: Math.max(3, x(to) - x(from)), y: 0, height: HEIGHT })),
  piecesOf(points).map((piece) => line(piece, x, y)),
  at === null ? null : h('line', { class: 'cursor', x1: x(at), x2: x(at), y1: 0, y2: HEIGHT }));
}

/** A line over a soft area; a lone point is a short dash. */
function line(piece, x, y) {
  const path = piece.map(({ at, value }, index) => `${index === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  const end = piece.length === 1 ? 'h4' : '';
  const [first, last] = [x(piece[0].at).toFixed(1), x(piece.at(-1).at).toFixed(1)];
  return h('g', null,
    h('path', { class: 'area', d: `${path}${end}L${last} ${HEIGHT}L${first} ${HEIGHT}Z` }),
    h('path', { class: 'stroke', d: `${path}${end}` }));
}

/** The time axis is a slider: it reads all charts at one moment, by keyboard too. */
function scrubber({ at }, { from, to }, act) {
  const seconds = Math.max(1, Math.round((to - from) / 1000));
  const now = at === null ? seconds : Math.round((at - from) / 1000);
  return h('div', { class: 'scrubber' },
    h('span', { class: 'soft' }, at === null ? 'Averages' : clock(now)),
    h('input', { type: 'range', min: 0, max: seconds, value: String(now), 'aria-label': 'Moment of the call', 'aria-valuetext': at === null ? 'averages' : clock(now),
      'data-testid': 'moment', oninput: ({ target }) => act.page.show({ at: from + Number(target.value) * 1000 }) }),
    at === null ? h('span') : h('button', { class: 'quiet slim', type: 'button', onclick: () => act.page.show({ at: null }) }, 'Averages'));
}

function table(links, name) {
  const columns = Object.values(METRICS);
  return h('details', { class: 'as-table' }, h('summary', null, 'Averages as a table'),
    h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Averages of each link' }, h('table', { 'data-testid': 'links-table' },
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Link'), columns.map(({ label }) => h('th', { scope: 'col' }, label)))),
      h('tbody', null, links.map((link) => h('tr', { key: idOf(link) }, h('th', { scope: 'row' }, titleOf(link, name)),
        columns.map((metric) => {
          const mean = meanOf(pointsOf(link, metric));
          return h('td', null, mean === null ? '–' : metric.write(mean));
        })))))));
}
