/** How good the connection to someone is: four bars, and what they stand for. */

import { bitrate, measure } from '../../format.js';
import { h } from '../../vdom.js';

const GRADES = {
  excellent: { text: 'Excellent', bars: 4 },
  good: { text: 'Good', bars: 3 },
  poor: { text: 'Poor', bars: 2 },
  lost: { text: 'Lost', bars: 1 },
};

/** Returns the button with the bars, which opens the figures. */
export function barsButton(peer, measured, { panel }, act) {
  const grade = measured ? GRADES[measured.grade] ?? GRADES.lost : null;
  const text = grade ? `${grade.text} connection` : 'Measuring the connection';
  const anchor = `quality-of-${peer.id}`;
  return h('button', { class: `quality ${measured?.grade ?? 'unknown'}`, id: anchor, type: 'button',
    'data-testid': 'quality', 'data-grade': measured?.grade ?? '', 'data-user': peer.id,
    'aria-label': `${text} with ${peer.name}`, title: text, 'aria-haspopup': 'dialog',
    'aria-expanded': String(panel?.kind === 'quality' && panel.id === peer.id),
    onclick: () => act.openPanel('quality', anchor, peer.id) }, bars(grade?.bars ?? 0));
}

function bars(count) {
  return h('span', { class: `bars bars-${count}`, 'aria-hidden': 'true' }, h('i'), h('i'), h('i'), h('i'));
}

/** Returns the figures of the link to one participant. */
export function qualityPanel({ panel, quality, trail }, peer) {
  const measured = quality[panel.id];
  const grade = measured ? GRADES[measured.grade] ?? GRADES.lost : null;
  return [
    h('p', { class: 'grade-line' }, bars(grade?.bars ?? 0), h('b', null, grade?.text ?? 'Measuring'), h('span', { class: 'soft' }, pathText(measured))),
    sparkline(trail[panel.id] ?? []),
    measured ? h('dl', { class: 'facts' }, figures(measured).map(([name, value]) => h('div', { key: name }, h('dt', null, name), h('dd', null, value)))) : null,
    measured ? null : h('p', { class: 'soft' }, `The first figures about ${peer?.name ?? 'them'} come within seconds.`),
  ];
}

const PATHS = { relay: 'relayed', host: 'direct', srflx: 'direct', prflx: 'direct' };

function pathText(measured) {
  return PATHS[measured?.candidateType] ?? '';
}

const known = (value, write) => (typeof value === 'number' ? write(value) : '–');

function figures({ mos, packetLoss, jitter, roundTripTime, bitrate: bits, candidateType }) {
  return [
    ['Score (MOS, of 4.5)', known(mos, (value) => value.toFixed(1))],
    ['Packets lost', known(packetLoss, (value) => measure(value, '%'))],
    ['Jitter', known(jitter, (value) => `${Math.round(value)} ms`)],
    ['Round trip', known(roundTripTime, (value) => `${Math.round(value)} ms`)],
    ['Receiving', known(bits, bitrate)],
    ['Path', candidateType ? `${PATHS[candidateType] ?? 'direct'} (${candidateType})` : '–'],
  ];
}

/** The score over the last minute; decoration beside the figures. */
function sparkline(trail) {
  if (trail.length < 3) return null;
  const y = (mos) => 32 - ((mos - 1) / 3.5) * 30;
  const points = trail.map((mos, index) => `${60 - trail.length + index + 1},${y(mos).toFixed(1)}`).join(' ');
  return h('svg', { class: 'sparkline', viewBox: '0 0 60 34', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, h('polyline', { points }));
}
