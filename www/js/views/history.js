/** The calls of this room that one took part in, newest first. */

import { clock, nameList, plural, when } from '../format.js';
import { hrefOfCall } from '../route.js';
import { h } from '../vdom.js';
import { kindOf } from './call-kind.js';
import { icon } from './icon.js';

/** Returns the history. */
export function historyView({ history, me, now }, act) {
  return h('div', { class: 'records', key: 'history' },
    filters(history.filter, act),
    history.error ? h('p', { class: 'error', role: 'alert' }, history.error) : null,
    h('ul', { class: 'list', 'aria-busy': String(history.busy) }, history.calls.map((call) => row(call, { me, now }))),
    footer(history, act));
}

const STATUSES = [['', 'All'], ['ended', 'Completed'], ['missed', 'Missed'], ['rejected', 'Declined'], ['failed', 'Failed']];
const TYPES = [['', 'All'], ['voice', 'Voice'], ['video', 'Video']];

function filters(filter, act) {
  return h('div', { class: 'filters' },
    choice('Status', 'status', STATUSES, filter.status, act),
    choice('Type', 'type', TYPES, filter.type, act));
}

function choice(label, name, options, value, act) {
  const onchange = ({ target }) => act.records.filterHistory({ [name]: target.value });
  return h('label', { class: 'choice' }, h('span', null, label),
    h('select', { value, onchange, 'data-testid': `filter-${name}` }, options.map(([id, text]) => h('option', { value: id }, text))));
}

function footer({ calls, total, hasMore, loaded, busy, error }, act) {
  const empty = loaded && calls.length === 0;
  const count = hasMore ? `${calls.length} of ${plural(total, 'call')}` : plural(total, 'call');
  return h('div', { class: calls.length > 0 ? 'row spread foot' : 'center' },
    h('p', { class: 'soft', role: 'status', 'data-testid': empty ? 'history-empty' : null }, empty ? 'No calls here yet.' : loaded ? count : busy ? 'Loading' : ''),
    error && !loaded ? h('button', { class: 'quiet', key: 'again', type: 'button', 'data-testid': 'history-again', onclick: act.records.loadHistory }, 'Try again') : null,
    hasMore ? h('button', { class: 'plain', key: 'more', type: 'button', disabled: busy, 'data-testid': 'load-more', onclick: act.records.loadMore }, busy ? 'Loading' : 'Load more') : null);
}

function row(call, { me, now }) {
  const kind = kindOf(call);
  return h('li', { class: 'record', key: call.id, 'data-testid': 'history-row', 'data-status': call.status, 'data-id': call.id },
    h('a', { class: 'record-head', href: hrefOfCall(call.id), 'data-testid': 'history-details' },
      h('span', { class: `direction ${kind.tone}` }, icon(kind.icon)),
      h('span', { class: 'grow' }, h('b', null, peersOf(call, me)), h('small', { class: 'soft' }, kind.text)),
      h('span', { class: 'figures end' }, h('span', null, when(call.initiatedAt, now)),
        h('small', { class: 'soft' }, call.duration > 0 ? clock(call.duration) : ' ')),
      icon('right', 'chevron')));
}

function peersOf(call, me) {
  const others = call.participants.filter(({ user }) => user.id !== me.id);
  return nameList(others.map(({ user }) => user.name));
}
