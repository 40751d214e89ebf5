/** Asks more people into the call. */

import { invitable } from '../../people-in-call.js';
import { h } from '../../vdom.js';
import { avatar } from '../avatar.js';
import { icon } from '../icon.js';

/** Returns the people of the room who are not in the call. */
export function invitePanel(state, act) {
  const people = invitable(state).toSorted((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name));
  if (people.length === 0) return h('p', { class: 'soft' }, 'Everyone in the room is in the call.');
  return h('ul', { class: 'menu' }, people.map((person) => h('li', { key: person.id },
    h('button', { class: 'entry', type: 'button', 'data-testid': `invite-${person.id}`, onclick: () => act.invite([person.id]) },
      avatar(person, { online: person.online, size: 'small' }),
      h('span', { class: 'grow' }, h('span', null, person.name), h('small', { class: 'soft' }, person.online ? 'Online' : 'Offline')),
      h('span', { class: 'soft' }, icon('phone'), h('span', { class: 'sr-only' }, 'Call into this call'))))));
}
