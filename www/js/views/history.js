/** The calls of this room that one took part in, newest first. */

import { clock, duration, fullTime, measure, bitrate, nameList, plural, when } from '../format.js';
import { h } from '../vdom.js';
import { icon } from './icon.js';

/** Returns the history. */
export function historyView({ history, me, now }, act) {
  return h('div', { class: 'records', key: 'history' },
    filters(history.filter, act),
    history.error ? h('p', { class: 'error', role: 'alert' }, history.error) : null,
    h('ul', { class: 'list', 'aria-busy': String(history.busy) }, history.calls.map((call) => row(call, { history, me, now }, act))),
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
  if (busy && !loaded) return h('p', { class: 'soft center' }, 'Loading');
  if (error && !loaded) return h('p', { class: 'center' }, h('button', { class: 'quiet', type: 'button', onclick: act.records.loadHistory }, 'Try again'));
  if (calls.length === 0) return h('p', { class: 'soft center', 'data-testid': 'history-empty' }, 'No calls here yet.');
  return h('div', { class: 'row spread foot' },
    h('span', { class: 'soft' }, hasMore ? `${calls.length} of ${plural(total, 'call')}` : plural(total, 'call')),
    hasMore ? h('button', { class: 'plain', type: 'button', disabled: busy, 'data-testid': 'load-more', onclick: act.records.loadMore }, busy ? 'Loading' : 'Load more') : null);
}

function row(call, { history, me, now }, act) {
  const open = history.open?.id === call.id ? history.open : null;
  const kind = kindOf(call);
  return h('li', { class: 'record', key: call.id, 'data-testid': 'history-row', 'data-status': call.status, 'data-id': call.id },
    h('button', { class: 'record-head', type: 'button', 'aria-expanded': String(open !== null), onclick: () => act.records.toggleDetails(call.id) },
      h('span', { class: `direction ${kind.tone}` }, icon(kind.icon)),
      h('span', { class: 'grow' }, h('b', null, peersOf(call, me)), h('small', { class: 'soft' }, kind.text)),
      h('span', { class: 'figures end' }, h('span', null, when(call.initiatedAt, now)),
        h('small', { class: 'soft' }, call.duration > 0 ? clock(call.duration) : ' ')),
      icon('down', open ? 'turned chevron' : 'chevron')),
    open ? details(open) : null);
}

function peersOf(call, me) {
  const others = call.participants.filter(({ user }) => user.id !== me.id);
  return nameList(others.map(({ user }) => user.name));
}

/** Returns how a call looks in the list: icon, tone and words. */
function kindOf(call) {
  const side = call.isOutgoing ? 'outgoing' : 'incoming';
  const way = call.isOutgoing ? 'Outgoing' : 'Incoming';
  const type = call.callType === 'video' ? ' video' : '';
  const kinds = {
    ringing: { icon: side, tone: 'live', text: `${way}${type}, ringing now` },
    ongoing: { icon: side, tone: 'live', text: `${way}${type}, going on now` },
    ended: { icon: side, tone: 'ok', text: `${way}${type}` },
    missed: call.isOutgoing
      ? { icon: 'outgoing', tone: 'warn', text: call.endReason === 'cancelled' ? 'Cancelled' : 'No answer' }
      : { icon: 'missed', tone: 'bad', text: 'Missed' },
    rejected: { icon: 'rejected', tone: 'bad', text: rejectedText(call) },
    failed: { icon: 'rejected', tone: 'bad', text: `${way}${type}, failed` },
  };
  return kinds[call.status] ?? { icon: side, tone: 'ok', text: call.status };
}

function rejectedText({ isOutgoing, endReason, userStatus }) {
  if (!isOutgoing) return userStatus === 'busy' ? 'You were in another call' : 'You declined';
  return endReason === 'busy' ? 'They were busy' : 'They declined';
}

function details({ call, error }) {
  if (error) return h('p', { class: 'error' }, error);
  if (!call) return h('p', { class: 'soft details' }, 'Loading');
  const facts = [
    ['Placed', fullTime(call.initiatedAt)],
    ['Answered', fullTime(call.startedAt)],
    ['Ended', fullTime(call.endedAt)],
    ['Length', call.duration > 0 ? duration(call.duration) : null],
    ['Reason', call.endReason],
    ['Participants', call.participants.map(participant).join(', ')],
    ['Quality', qualityText(call.quality)],
  ];
  return h('dl', { class: 'details', 'data-testid': 'history-details' },
    facts.filter(([, value]) => value).map(([name, value]) => h('div', { key: name }, h('dt', null, name), h('dd', null, value))));
}

const ABSENT = { invited: 'not reached', ringing: 'ringing', rejected: 'declined', busy: 'busy', missed: 'no answer' };

function participant({ user, status }) {
  return ABSENT[status] ? `${user.name} (${ABSENT[status]})` : user.name;
}

function qualityText(quality) {
  if (!quality) return null;
  const { avgBitrate, packetLoss, jitter } = quality;
  const parts = [
    typeof avgBitrate === 'number' ? bitrate(avgBitrate) : null,
    typeof packetLoss === 'number' ? measure(packetLoss, '% loss') : null,
    typeof jitter === 'number' ? measure(jitter, 'ms jitter') : null,
  ];
  return parts.filter(Boolean).join(', ') || null;
}
