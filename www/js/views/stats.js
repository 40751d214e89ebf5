/** Figures about one's calls in this room. */

import { bitrate, duration, measure } from '../format.js';
import { h } from '../vdom.js';
import { chartView } from './chart.js';

/** Returns the statistics. */
export function statsView({ stats }, act) {
  return h('div', { class: 'records', key: 'stats' },
    timeframes(stats, act),
    stats.error ? h('p', { class: 'error', role: 'alert' }, stats.error) : null,
    stats.error ? h('p', { class: 'center', key: 'again' }, h('button', { class: 'quiet', type: 'button', 'data-testid': 'stats-again', onclick: () => act.records.loadStats() }, 'Try again')) : null,
    h('p', { class: stats.data ? 'sr-only' : 'soft center', role: 'status' }, stats.busy ? 'Loading' : ''),
    stats.data ? figures(stats, act) : null);
}

const TIMEFRAMES = [['7d', '7 days', 7], ['30d', '30 days', 30], ['90d', '90 days', 90]];

function timeframes({ timeframe }, act) {
  return h('fieldset', { class: 'segments' }, h('legend', { class: 'sr-only' }, 'Time frame'),
    TIMEFRAMES.map(([id, text]) => h('label', { key: id },
      h('input', { type: 'radio', name: 'timeframe', value: id, checked: id === timeframe, 'data-testid': `timeframe-${id}`, onchange: () => act.records.loadStats(id) }),
      h('span', null, text))));
}

function figures({ data, timeframe, day, busy }, act) {
  const { stats, quality, callFrequency } = data;
  const days = TIMEFRAMES.find(([id]) => id === timeframe)[2];
  return h('div', { class: `figures-page ${busy ? 'stale' : ''}`, 'aria-busy': String(busy) },
    h('dl', { class: 'tiles' },
      tile('Calls', stats.total, 'stats-total'),
      tile('Time talked', duration(stats.totalDuration), 'stats-talked'),
      tile('Average call', duration(stats.averageDuration), 'stats-average'),
      tile('Longest call', duration(stats.longestCall), 'stats-longest')),
    chartView({ frequency: callFrequency, days, day }, act.records.showDay),
    h('div', { class: 'pair' },
      shares('How they ended', STATUSES, stats.byStatus),
      shares('Direction', [['outgoing', 'Outgoing', 'ok'], ['incoming', 'Incoming', 'soft-tone']], stats.byDirection)),
    qualityView(quality));
}

function tile(name, value, testId) {
  return h('div', { class: 'tile-fact' }, h('dt', null, name), h('dd', { 'data-testid': testId }, String(value)));
}

const STATUSES = [
  ['ended', 'Completed', 'ok'],
  ['missed', 'Missed', 'warn'],
  ['rejected', 'Declined', 'bad'],
  ['failed', 'Failed', 'bad'],
  ['ongoing', 'Going on', 'live'],
  ['ringing', 'Ringing', 'live'],
];

function shares(title, kinds, counts) {
  const shown = kinds.filter(([id]) => counts[id] > 0);
  const total = shown.reduce((sum, [id]) => sum + counts[id], 0);
  const share = (id) => `${(100 * counts[id]) / total}%`;
  return h('section', { class: 'shares' },
    h('h2', null, title),
    h('div', { class: 'share-bar', 'aria-hidden': 'true' },
      shown.map(([id, , tone]) => h('i', { key: id, class: tone, vars: { '--share': share(id) } }))),
    h('ul', null,
      shown.map(([id, text, tone]) => h('li', { key: id }, h('i', { class: `swatch ${tone}` }), text, h('b', { 'data-testid': `stats-${id}` }, String(counts[id]))))),
    shown.length === 0 ? h('p', { class: 'soft' }, 'No calls in this time.') : null);
}

function qualityView({ avgBitrate, avgPacketLoss, avgJitter }) {
  if (avgBitrate === null && avgPacketLoss === null && avgJitter === null) return null;
  const text = (value, write) => (typeof value === 'number' ? write(value) : '–');
  return h('section', { class: 'shares' },
    h('h2', null, 'Average quality'),
    h('dl', { class: 'tiles three' },
      tile('Bitrate', text(avgBitrate, bitrate), 'stats-bitrate'),
      tile('Loss', text(avgPacketLoss, (value) => measure(value, '%')), 'stats-loss'),
      tile('Jitter', text(avgJitter, (value) => measure(value, 'ms')), 'stats-jitter')));
}
