/** The check of microphone, server and network before a call. */

import { h } from '../vdom.js';
import { linesOf, verdictOf } from '../check-report.js';
import { icon } from './icon.js';

/** Returns the dialog, while it is open. */
export function checkView({ check, can }, act) {
  if (!check) return null;
  return h('dialog', { class: 'check', key: 'check', modal: true, 'aria-labelledby': 'check-title', 'data-testid': 'check',
    oncancel: (event) => { event.preventDefault(); act.closeCheck(); } },
  h('div', { class: 'panel-head' }, h('h2', { id: 'check-title' }, 'Check your setup'),
    h('button', { class: 'quiet round slim', type: 'button', 'aria-label': 'Close', 'data-testid': 'close-check', onclick: act.closeCheck }, icon('close'))),
  check.busy ? working() : null,
  check.error ? h('p', { class: 'error', role: 'alert' }, check.error) : null,
  check.report ? reportView(check.report) : null,
  h('div', { class: 'row ends' },
    can.diagnostics ? h('button', { class: 'quiet', type: 'button', onclick: act.exportDiagnostics }, icon('download'), 'Export diagnostics') : h('span'),
    h('button', { class: 'primary', type: 'button', disabled: check.busy, 'data-testid': 'check-again', onclick: act.runCheck }, check.busy ? 'Checking' : 'Check again')));
}

function working() {
  return h('div', { class: 'working', role: 'status' },
    h('span', { class: 'spinner large', 'aria-hidden': 'true' }),
    h('p', null, h('b', null, 'Say something.'), h('span', { class: 'soft' }, ' The check listens for your voice and tries the ways to the server.')));
}

function reportView(report) {
  const verdict = verdictOf(report);
  return [
    h('p', { class: `verdict ${verdict.tone}`, role: 'status', 'data-testid': 'verdict', 'data-tone': verdict.tone }, icon(verdict.tone === 'ok' ? 'check' : 'alert'), verdict.text),
    h('ul', { class: 'check-lines' }, linesOf(report).map(lineView)),
  ];
}

const MARKS = { ok: ['check', 'Works'], warn: ['alert', 'Could be better'], bad: ['close', 'Does not work'], none: ['more', 'Not tried'] };

function lineView({ id, title, tone, text }) {
  const [name, spoken] = MARKS[tone];
  return h('li', { key: id, class: `check-line ${tone}`, 'data-testid': `check-${id}`, 'data-tone': tone },
    h('span', { class: 'mark' }, icon(name), h('span', { class: 'sr-only' }, spoken)),
    h('span', { class: 'grow' }, h('b', null, title), h('small', { class: 'soft' }, text)));
}
