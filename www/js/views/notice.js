/** What came of the last call or click, until it is dismissed. */

import { h } from '../vdom.js';
import { icon } from './icon.js';

/** Returns the notice, or nothing. */
export function noticeView(state, act) {
  const { notice, call } = state;
  if (!notice) return null;
  return h('div', { class: `notice ${notice.tone}`, key: 'notice', 'data-testid': 'notice', 'data-kind': notice.kind, 'data-code': notice.code },
    h('div', { class: 'notice-text' }, h('h2', null, notice.title), notice.detail ? h('p', { class: 'soft' }, notice.detail) : null),
    h('div', { class: 'row' },
      remedy(state, act),
      notice.again.length > 0 && !call
        ? h('button', { class: 'call', type: 'button', 'data-testid': 'call-again', onclick: () => act.call(notice.again) }, icon('phone'), AGAIN[notice.kind] ?? 'Call again')
        : null,
      h('button', { class: 'quiet', type: 'button', 'data-testid': 'dismiss', onclick: act.dismiss }, 'Close')));
}

const AGAIN = { missed: 'Call back', rejected: 'Call back' };

/** What the page itself can do about it. */
function remedy({ notice, call, can }, act) {
  if (notice.remedy === 'check' && can.check) return h('button', { class: 'plain', type: 'button', 'data-testid': 'remedy-check', onclick: () => act.runCheck() }, icon('pulse'), 'Check your setup');
  if (notice.remedy !== 'devices') return null;
  const anchor = call ? 'open-devices' : 'open-help';
  return h('button', { class: 'plain', type: 'button', 'data-testid': 'remedy-devices', onclick: () => act.openPanel('devices', anchor) }, icon('sliders'), 'Choose devices');
}
