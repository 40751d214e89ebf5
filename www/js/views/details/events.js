/** What happened in a call, in the order in which it did. */

import { clock } from '../../format.js';
import { h } from '../../vdom.js';
import { icon } from '../icon.js';

/** Returns the list; `name` tells what a user id is called, `start` is when the call was placed. */
export function eventsView(events, { name, start }) {
  if (events.length === 0) return h('p', { class: 'soft' }, 'Nothing was recorded for this call.');
  return h('ol', { class: 'events', 'data-testid': 'timeline' }, events.map((event, index) => {
    const { text, icon: drawing, tone } = told(event, name);
    return h('li', { key: `${index}`, class: `event ${tone}`, 'data-type': event.type },
      h('time', { datetime: event.at, title: new Date(event.at).toLocaleTimeString() }, clock((Date.parse(event.at) - start) / 1000)),
      h('span', { class: 'event-icon' }, icon(drawing)),
      h('span', null, text));
  }));
}

/** Returns how an event is told; one that the page does not know is shown by its name. */
export function told(event, name) {
  const who = event.userId ? name(event.userId) : 'Someone';
  const whom = event.targetUserId ? name(event.targetUserId) : 'someone';
  const told = Object.hasOwn(EVENTS, event.type) ? EVENTS[event.type](event, who, whom) : { text: `${event.type} ${event.userId ? who : ''}`.trim() };
  return { icon: 'more', tone: 'plain', ...told };
}

const VIA = { relay: 'through a relay', host: 'directly', srflx: 'directly', prflx: 'directly' };
const via = ({ candidateType }) => (candidateType ? `, ${VIA[candidateType] ?? candidateType}` : '');
const because = ({ reason }, usual) => (reason && reason !== usual ? ` (${REASONS[reason] ?? reason})` : '');
const REASONS = { disconnected: 'connection lost', busy: 'in another call', declined: 'declined', cancelled: 'cancelled', missed: 'no answer', failed: 'no connection' };

const EVENTS = {
  initiated: (_, who) => ({ text: `${who} placed the call`, icon: 'outgoing' }),
  ringing: (_, who, whom) => ({ text: `It rings for ${whom === 'someone' ? who : whom}`, icon: 'bell' }),
  accepted: (_, who) => ({ text: `${who} answered`, icon: 'phone', tone: 'ok' }),
  rejected: (event, who) => ({ text: `${who} declined${because(event, 'declined')}`, icon: 'rejected', tone: 'bad' }),
  missed: (_, who) => ({ text: `${who} did not answer`, icon: 'missed', tone: 'warn' }),
  invited: (event, who, whom) => ({ text: event.targetUserId ? `${who} called ${whom} in` : `${who} was called in`, icon: 'person-add' }),
  joined: (_, who) => ({ text: `${who} joined`, icon: 'person-add', tone: 'ok' }),
  moved: (_, who) => ({ text: `${who} moved to another device`, icon: 'swap' }),
  left: (event, who) => ({ text: `${who} left${because(event, 'completed')}`, icon: 'back' }),
  reconnecting: (_, who) => ({ text: `${who} lost the connection to the server`, icon: 'alert', tone: 'warn' }),
  reconnected: (_, who) => ({ text: `${who} is back`, icon: 'plug', tone: 'ok' }),
  'link-connected': (event, who, whom) => ({ text: `${who} hears ${whom}${via(event)}`, icon: 'sound', tone: 'ok' }),
  'link-failed': (_, who, whom) => ({ text: `${who} cannot hear ${whom}`, icon: 'alert', tone: 'bad' }),
  ended: (event) => ({ text: `The call ended${because(event, 'completed')}`, icon: 'phone' }),
};
