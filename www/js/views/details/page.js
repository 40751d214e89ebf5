/** The page of one call: who, what happened, and how it sounded. */

import { clock, duration, fullTime, nameList } from '../../format.js';
import { namesIn } from '../../names.js';
import { h } from '../../vdom.js';
import { avatar } from '../avatar.js';
import { icon } from '../icon.js';
import { eventsView } from './events.js';
import { linksView } from './links.js';
import { kindOf } from '../call-kind.js';

/** Returns the page. */
export function callPageView(state, act) {
  const { page } = state;
  return h('article', { class: 'call-page', key: `page-${page.id}`, 'aria-labelledby': 'call-title', 'aria-busy': String(page.busy), 'data-testid': 'call-page' },
    h('a', { class: 'button quiet back', href: '#', 'data-testid': 'back' }, icon('back'), 'Back'),
    page.error ? h('p', { class: 'error', role: 'alert', 'data-testid': 'page-error' }, page.error) : null,
    page.record ? content(state, act) : page.error ? null : h('p', { class: 'soft center' }, 'Loading'));
}

function content(state, act) {
  const { page, me, now } = state;
  const { record } = page;
  const name = namer(state);
  const span = spanOf(page, now);
  return [
    titleView(record, me),
    facts(record),
    h('section', { class: 'card-section', 'aria-labelledby': 'people-title' }, h('h3', { id: 'people-title' }, 'Participants'), participants(record, name)),
    h('section', { class: 'card-section', 'aria-labelledby': 'quality-title' }, h('h3', { id: 'quality-title' }, 'Quality'), linksView(page, { span, name, me: me.id }, act)),
    h('section', { class: 'card-section', 'aria-labelledby': 'events-title' }, h('h3', { id: 'events-title' }, 'What happened'),
      eventsView(page.events, { name, start: Date.parse(record.initiatedAt) })),
  ];
}

/** Names as the call knew them, then as the room does. */
function namer(state) {
  const then = new Map(state.page.record.participants.map(({ user }) => [user.id, user.name]));
  return (id) => (id === state.me.id ? 'You' : then.get(id) ?? namesIn(state)([id]));
}

function titleView(record, me) {
  const kind = kindOf(record);
  const others = record.participants.filter(({ user }) => user.id !== me.id).map(({ user }) => user.name);
  return h('header', { class: 'page-head' },
    h('span', { class: `direction ${kind.tone}` }, icon(kind.icon)),
    h('div', { class: 'grow' }, h('h2', { id: 'call-title' }, nameList(others)), h('p', { class: 'soft' }, `${kind.text} · ${fullTime(record.initiatedAt)}`)));
}

function facts(record) {
  const rang = record.startedAt ? (Date.parse(record.startedAt) - Date.parse(record.initiatedAt)) / 1000 : null;
  const list = [
    ['Length', record.duration > 0 ? duration(record.duration) : '–'],
    ['Rang for', rang === null ? '–' : duration(rang)],
    ['Type', record.callType === 'video' ? 'Video' : 'Voice'],
    ['Ended as', record.endReason ?? 'going on'],
  ];
  return h('dl', { class: 'tiles' }, list.map(([name, value]) => h('div', { class: 'tile-fact', key: name }, h('dt', null, name), h('dd', null, value))));
}

const STATUS = {
  invited: 'Not reached',
  ringing: 'Ringing',
  joined: 'In the call',
  reconnecting: 'Reconnecting',
  left: 'Was in the call',
  rejected: 'Declined',
  busy: 'Was in another call',
  missed: 'No answer',
};

function participants(record, name) {
  const start = Date.parse(record.startedAt ?? record.initiatedAt);
  const at = (iso) => clock((Date.parse(iso) - start) / 1000);
  return h('ul', { class: 'attendance' }, record.participants.map(({ user, status, joinedAt, leftAt }) => h('li', { key: user.id, 'data-testid': `attended-${user.id}` },
    avatar(user, { size: 'small' }),
    h('b', { class: 'grow' }, name(user.id)),
    h('span', { class: 'soft' }, joinedAt ? `${at(joinedAt)} – ${until(leftAt ?? record.endedAt, at)}` : STATUS[status] ?? status))));
}

const until = (iso, at) => (iso ? at(iso) : 'now');

/** From the first thing measured or the answer to the end: what the charts show. */
function spanOf({ record, links }, now) {
  const measured = links.flatMap(({ samples }) => samples.map(({ at }) => Date.parse(at)));
  const from = Date.parse(record.startedAt ?? record.initiatedAt);
  const to = record.endedAt ? Date.parse(record.endedAt) : Math.max(now, ...measured);
  return { from, to: Math.max(to, from + 10_000, ...measured) };
}
