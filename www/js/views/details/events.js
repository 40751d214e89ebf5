/** What happened in a call, in the order in which it did. */

import { clock, nameList } from '../../format.js';
import { h } from '../../vdom.js';
import { icon } from '../icon.js';

/** Returns the list; `name` tells what a user id is called, `start` is when the call was placed. */
export function eventsView(events, { name, start }) {
  if (events.length === 0) return h('p', { class: 'soft' }, 'Nothing was recorded for this call.');
  return h('ol', { class: 'events', 'data-testid': 'timeline' }, gathered(events).map((event, index) => {
    const { text, icon: drawing, tone } = told(event, name);
    return h('li', { key: `${index}`, class: `event ${tone}`, 'data-type': event.type },
      h('time', { datetime: event.at, title: new Date(event.at).toLocaleTimeString() }, clock((Date.parse(event.at) - start) / 1000)),
      h('span', { class: 'event-icon' }, icon(drawing)),
      h('span', null, text));
  }));
}

const TOGETHER_MS = 3000;

/** Puts links that came up at about the same time into one event for each listener, `targets` being whom they hear. */
export function gathered(events) {
  const list = [];
  for (const event of events) {
    const same = event.type === 'link-connected' && list.find((other) => other.type === event.type && other.userId === event.userId
      && other.candidateType === event.candidateType && Date.parse(event.at) - Date.parse(other.at) <= TOGETHER_MS);
    if (same) same.targets.push(event.targetUserId);
    else list.push({ ...event, targets: event.targetUserId ? [event.targetUserId] : [] });
  }
  return list;
}

/** Returns how an event is told; one that the page does not know is shown by its name. */
export function told(event, name) {
  const who = event.userId ? name(event.userId) : 'Someone';
  const targets = event.targets ?? (event.targetUserId ? [event.targetUserId] : []);
  const whom = targets.length > 0 ? nameList(targets.map((id) => lower(name(id)))) : 'someone';
  const told = Object.hasOwn(EVENTS, event.type) ? EVENTS[event.type](event, who, whom) : { text: `${event.type} ${event.userId ? who : ''}`.trim() };
  return { icon: 'more', tone: 'plain', ...told };
}

const lower = (name) => (name === 'You' ? 'you' : name);
/** `You hear`, `Bob hears`. */
const verb = (who, word, third = `${word}s`) => `${who} ${who === 'You' ? word : third}`;

const VIA = { relay: 'through a relay', host: 'directly', srflx: 'directly', prflx: 'directly' };
const via = ({ candidateType }) => (candidateType ? `, ${VIA[candidateType] ?? candidateType}` : '');
const because = ({ reason }, usual) => (reason && reason !== usual ? ` (${REASONS[reason] ?? reason})` : '');
const REASONS = { disconnected: 'connection lost', busy: 'in another call', declined: 'declined', cancelled: 'cancelled', missed: 'no answer', failed: 'no connection' };

const EVENTS = {
  initiated: (_, who) => ({ text: `${who} placed the call`, icon: 'outgoing' }),
  ringing: (_, who, whom) => ({ text: `It rings for ${whom === 'someone' ? lower(who) : whom}`, icon: 'bell' }),
  accepted: (_, who) => ({ text: `${who} answered`, icon: 'phone', tone: 'ok' }),
  rejected: (event, who) => ({ text: `${who} declined${because(event, 'declined')}`, icon: 'rejected', tone: 'bad' }),
  missed: (_, who) => ({ text: `${who} did not answer`, icon: 'missed', tone: 'warn' }),
  invited: (event, who, whom) => ({ text: event.targetUserId ? `${who} called ${whom} in` : `${verb(who, 'were', 'was')} called in`, icon: 'person-add' }),
  joined: (_, who) => ({ text: `${who} joined`, icon: 'person-add', tone: 'ok' }),
  moved: (_, who) => ({ text: `${who} moved to another device`, icon: 'swap' }),
  left: (event, who) => ({ text: `${who} left${because(event, 'completed')}`, icon: 'back' }),
  reconnecting: (_, who) => ({ text: `${who} lost the connection to the server`, icon: 'alert', tone: 'warn' }),
  reconnected: (_, who) => ({ text: `${verb(who, 'are', 'is')} back`, icon: 'plug', tone: 'ok' }),
  'link-connected': (event, who, whom) => ({ text: `${verb(who, 'hear')} ${whom}${via(event)}`, icon: 'sound', tone: 'ok' }),
  'link-failed': (_, who, whom) => ({ text: `${who} cannot hear ${whom}`, icon: 'alert', tone: 'bad' }),
  ended: (event) => ({ text: `The call ended${because(event, 'completed')}`, icon: 'phone' }),
};
