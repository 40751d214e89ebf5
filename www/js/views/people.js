/** Who is in the room, and how to call them. */

import { plural } from '../format.js';
import { invitable } from '../people-in-call.js';
import { h } from '../vdom.js';
import { avatar } from './avatar.js';
import { icon } from './icon.js';
import { inviteView } from './invite.js';

/** Returns the list of people. */
export function peopleView(state, act) {
  const { me, members, picked } = state;
  const others = members.list.filter(({ id }) => id !== me.id);
  const row = picked ? pickRow : memberRow;
  return h('div', { class: 'people', key: 'people' },
    members.error ? h('p', { class: 'error', role: 'alert', 'data-testid': 'members-error' }, members.error) : null,
    h('div', { class: 'row spread' },
      h('h2', null, picked ? 'Whom to call' : plural(members.list.length, 'person').replace('persons', 'people')),
      picked ? pickedActions(state, act) : everyoneActions(others, state, act)),
    h('ul', { class: 'list' }, [...sorted(others)].map((member) => row(member, state, act)), ownRow(me)),
    others.length === 0 ? inviteView(me, state, act) : null,
    notificationHint(state, act));
}

const sorted = (list) => list.toSorted((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name));
const mayCall = ({ call, signaling }) => call === null && signaling === 'up';

function everyoneActions(others, state, act) {
  if (others.length === 0 || state.call) return null;
  const disabled = !mayCall(state);
  return h('div', { class: 'row', key: 'everyone' },
    others.length > 1 ? h('button', { class: 'quiet', type: 'button', disabled, 'data-testid': 'pick', onclick: () => act.pick([]) }, 'Select') : null,
    h('button', { class: 'plain round', type: 'button', disabled, 'aria-label': 'Video call with everyone', title: 'Video call with everyone',
      'data-testid': 'video-everyone', onclick: () => act.call(null, { video: true }) }, icon('video')),
    h('button', { class: 'call', type: 'button', disabled, 'data-testid': 'call-everyone', onclick: () => act.call(null) }, icon('phone'), 'Call everyone'));
}

function pickedActions(state, act) {
  const { picked } = state;
  const disabled = picked.length === 0 || !mayCall(state);
  return h('div', { class: 'row', key: 'picked' },
    h('button', { class: 'quiet', type: 'button', 'data-testid': 'pick-cancel', onclick: () => act.pick(null) }, 'Cancel'),
    h('button', { class: 'plain round', type: 'button', disabled, 'aria-label': 'Video call with them', title: 'Video call with them',
      'data-testid': 'video-picked', onclick: () => act.call(picked, { video: true }) }, icon('video')),
    h('button', { class: 'call', type: 'button', disabled, 'data-testid': 'call-picked', onclick: () => act.call(picked) }, icon('phone'),
      picked.length > 0 ? `Call ${picked.length}` : 'Call'));
}

function memberRow(member, state, act) {
  return h('li', { class: 'member', key: member.id, 'data-testid': `member-${member.id}`, 'data-online': String(member.online) },
    avatar(member, { online: member.online }),
    nameOf(member),
    state.call ? addButton(member, state, act) : callButtons(member, state, act));
}

function callButtons(member, state, act) {
  const disabled = !mayCall(state);
  const button = (kind, text, name, onclick) => h('button', { class: kind, key: name, type: 'button', 'aria-label': text, title: text, disabled,
    'data-testid': name === 'video' ? `video-${member.id}` : `call-${member.id}`, onclick }, icon(name));
  return h('span', { class: 'member-tools' },
    button('quiet round', `Video call with ${member.name}`, 'video', () => act.call([member.id], { video: true })),
    button('call round', `Call ${member.name}`, 'phone', () => act.call([member.id])));
}

/** In a call, others are asked into it. */
function addButton(member, state, act) {
  if (!inCall(state) || !invitable(state).some(({ id }) => id === member.id)) return null;
  const text = `Add ${member.name} to the call`;
  return h('button', { class: 'quiet round', type: 'button', 'aria-label': text, title: text, 'data-testid': `add-${member.id}`, onclick: () => act.invite([member.id]) },
    icon('person-add'));
}

const inCall = ({ call }) => call.state !== 'incoming' && call.state !== 'outgoing';

function nameOf(member) {
  return h('span', { class: 'grow' }, h('b', null, member.name), h('small', { class: 'soft' }, member.online ? 'Online' : 'Offline, will ring when back'));
}

function pickRow(member, { picked }, act) {
  const on = picked.includes(member.id);
  const onchange = () => act.pick(on ? picked.filter((id) => id !== member.id) : [...picked, member.id]);
  return h('li', { key: `pick-${member.id}` }, h('label', { class: on ? 'member picking on' : 'member picking' },
    avatar(member, { online: member.online }),
    nameOf(member),
    h('input', { type: 'checkbox', checked: on, 'data-testid': `pick-${member.id}`, onchange })));
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
