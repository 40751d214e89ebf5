/** The first view: a name and a room. */

import { h } from '../vdom.js';
import { inviteView } from './invite.js';

/** Returns the join view. */
export function joinView(state, act) {
  const { join } = state;
  return h('main', { class: 'join', key: 'join' },
    h('section', { class: 'hero' },
      h('span', { class: 'brand' }, h('img', { src: 'favicon.svg', alt: '', width: 36, height: 36 }), h('b', null, 'Ringback')),
      h('h1', null, 'Pick a room, call someone, talk.'),
      h('p', { class: 'soft' }, 'Voice and video calls straight from browser to browser, alone or in groups. This page uses nothing but the ringback package and the REST API of its server.'),
      ripples()),
    h('section', { class: 'card' }, form(join, act), inviteView(join, state, act)));
}

function form(join, act) {
  const submit = (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    act.join({ name: data.get('name'), room: data.get('room') });
  };
  return h('form', { onsubmit: submit },
    field({ id: 'name', label: 'Your name', autocomplete: 'nickname', value: join.name, wrong: join.wrong }, act),
    field({ id: 'room', label: 'Room', hint: 'Everyone in the same room can call each other.', autocomplete: 'off', value: join.room, wrong: join.wrong }, act),
    join.error ? h('p', { class: 'error', id: 'join-error', role: 'alert', 'data-testid': 'notice', 'data-kind': 'error' }, join.error) : null,
    h('button', { class: 'primary wide', type: 'submit', disabled: join.busy, 'data-testid': 'join-submit' },
      join.busy ? h('span', { class: 'spinner', 'aria-hidden': 'true' }) : null,
      join.busy ? 'Joining' : 'Join room'));
}

function field({ id, label, hint, wrong, ...input }, act) {
  const told = [hint ? `join-${id}-hint` : null, wrong === id ? 'join-error' : null].filter(Boolean);
  return h('p', { class: 'field' },
    h('label', { for: `join-${id}` }, label),
    h('input', { id: `join-${id}`, name: id, required: true, maxlength: 60, spellcheck: 'false',
      'data-testid': `join-${id}`, 'aria-describedby': told.join(' ') || null, 'aria-invalid': wrong === id ? 'true' : null,
      oninput: ({ target }) => act.typeJoin({ [id]: target.value }), ...input }),
    hint ? h('span', { class: 'hint', id: `join-${id}-hint` }, hint) : null);
}

/** Two people and the sound between them; decoration. */
function ripples() {
  return h('div', { class: 'ripples', 'aria-hidden': 'true' },
    h('svg', { viewBox: '0 0 320 120' },
      h('circle', { class: 'end', cx: 16, cy: 60, r: 15 }),
      h('circle', { class: 'end far', cx: 304, cy: 60, r: 15 }),
      [0, 1, 2, 3, 4].map((step) => arc(step))));
}

function arc(step) {
  const x = 62 + step * 48;
  const reach = 16 + Math.min(step, 4 - step) * 11;
  return h('path', { class: `arc arc-${step}`, d: `M${x} ${60 - reach}Q${x + reach * 0.7} 60 ${x} ${60 + reach}` });
}
