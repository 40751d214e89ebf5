/** The check of microphone, server and network before a call. */

import { h } from '../vdom.js';
import { linesOf, verdictOf } from '../check-report.js';
import { icon } from './icon.js';

/** Returns the dialog, while it is open. */
export function checkView({ check, can }, act) {
  if (!check) return null;
  return h('dialog', { class: 'check', key: 'check', modal: true, 'aria-labelledby': 'check-title', 'aria-describedby': 'check-state', 'data-testid': 'check',
    oncancel: (event) => { event.preventDefault(); act.closeCheck(); } },
  h('div', { class: 'panel-head' }, h('h2', { id: 'check-title' }, 'Check your setup'),
    h('button', { class: 'quiet round slim', type: 'button', 'aria-label': 'Close', 'data-testid': 'close-check', onclick: act.closeCheck }, icon('close'))),
  check.error ? h('p', { class: 'error', role: 'alert' }, check.error) : null,
  h('div', { id: 'check-state', role: 'status' }, check.report ? verdictView(check.report) : null, check.busy ? working() : null),
  h('ul', { class: 'check-lines' }, linesOf(check.steps).map(lineView)),
  buttons(check, can, act));
}

function verdictView(report) {
  const { tone, text } = verdictOf(report);
  return h('p', { class: `verdict ${tone}`, 'data-testid': 'verdict', 'data-tone': tone }, icon(tone === 'ok' ? 'check' : 'alert'), text);
}

function working() {
  return h('p', { class: 'working' }, h('span', { class: 'spinner large', 'aria-hidden': 'true' }),
    h('span', null, h('b', null, 'Checking.'), h('span', { class: 'soft' }, ' Say something, so that your microphone can be heard.')));
}

function buttons({ busy, camera }, can, act) {
  return h('div', { class: 'row ends' },
    can.diagnostics ? h('button', { class: 'quiet', type: 'button', onclick: act.exportDiagnostics }, icon('download'), 'Export diagnostics') : null,
    camera ? null : h('button', { class: 'plain', type: 'button', disabled: busy, 'data-testid': 'check-camera', onclick: () => act.runCheck({ camera: true }) }, 'With camera'),
    h('button', { class: 'primary', type: 'button', disabled: busy, 'data-testid': 'check-again', onclick: () => act.runCheck({ camera }) }, busy ? 'Checking' : 'Check again'));
}

const MARKS = { ok: ['check', 'Works'], warn: ['alert', 'Could be better'], bad: ['close', 'Does not work'], none: ['more', 'Not tried'] };

function lineView({ id, title, tone, text }) {
  const [name, spoken] = MARKS[tone];
  return h('li', { key: id, class: `check-line ${tone}`, 'data-testid': `check-${id}`, 'data-tone': tone },
    h('span', { class: 'mark' }, icon(name), h('span', { class: 'sr-only' }, spoken)),
    h('span', { class: 'grow' }, h('b', null, title), h('small', { class: 'soft' }, text)));
}
