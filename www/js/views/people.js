/** Who is in the room, and how to call them. */

import { plural } from '../format.js';
import { h } from '../vdom.js';
import { avatar } from './avatar.js';
import { icon } from './icon.js';
import { inviteView } from './invite.js';

/** Returns the list of people. */
export function peopleView(state, act) {
  const { me, members } = state;
  const others = members.list.filter(({ id }) => id !== me.id);
  return h('div', { class: 'people', key: 'people' },
    members.error ? h('p', { class: 'error', role: 'alert', 'data-testid': 'members-error' }, members.error) : null,
    h('div', { class: 'row spread' },
      h('h2', null, plural(members.list.length, 'person').replace('persons', 'people')),
      callEveryone(others, state, act)),
    h('ul', { class: 'list' }, [...sorted(others)].map((member) => memberRow(member, state, act)), ownRow(me)),
    others.length === 0 ? inviteView(me, state, act) : null,
    notificationHint(state, act));
}

const sorted = (list) => list.toSorted((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name));

function callEveryone(others, { call, signaling }, act) {
  if (others.length === 0) return null;
  return h('button', { class: 'call', type: 'button', disabled: call !== null || signaling !== 'up',
    'data-testid': 'call-everyone', onclick: () => act.call(null) }, icon('phone'), 'Call everyone');
}

function memberRow(member, { call, signaling }, act) {
  return h('li', { class: 'member', key: member.id, 'data-testid': `member-${member.id}`, 'data-online': String(member.online) },
    avatar(member, { online: member.online }),
    h('span', { class: 'grow' }, h('b', null, member.name), h('small', { class: 'soft' }, member.online ? 'Online' : 'Offline, will ring when back')),
    h('button', { class: 'call round', type: 'button', 'aria-label': `Call ${member.name}`, title: `Call ${member.name}`,
      disabled: call !== null || signaling !== 'up', 'data-testid': `call-${member.id}`, onclick: () => act.call([member.id]) },
    icon('phone')));
}

function ownRow(me) {
  return h('li', { class: 'member own', key: me.id, 'data-testid': `member-${me.id}` },
    avatar(me, { online: true }),
    h('span', { class: 'grow' }, h('b', null, me.name), h('small', { class: 'soft' }, 'You')));
}

function notificationHint({ notifications }, act) {
  if (notifications !== 'default') return null;
  return h('p', { class: 'hint-row', key: 'notifications' },
    h('button', { class: 'quiet', type: 'button', onclick: act.allowNotifications }, icon('bell'), 'Notify me when this tab is hidden'));
}
