/** Calls that go on without this tab. */

import { clock, nameList } from '../format.js';
import { offered, othersIn } from '../live.js';
import { h } from '../vdom.js';
import { avatar } from './avatar.js';
import { icon } from './icon.js';

/** Returns a banner for each call to join or to move here. */
export function liveView(state, act) {
  return offered(state).map((call) => banner(call, state, act));
}

function banner(call, { me, now }, act) {
  const others = othersIn(call, me);
  const names = nameList(others.map(({ name }) => name));
  const moves = call.offer === 'move';
  return h('section', { class: 'live-call', key: `live-${call.sessionId}`, 'data-testid': 'live-call', 'data-offer': call.offer },
    h('span', { class: 'faces', 'aria-hidden': 'true' }, others.slice(0, 3).map((person) => h('span', { key: person.id }, avatar(person, { size: 'small' })))),
    h('p', { class: 'grow' },
      h('b', null, moves ? 'Your call runs in another tab' : 'Call in progress'),
      h('small', { class: 'soft' }, ` With ${names}`, call.startedAt ? ` · ${clock((now - call.startedAt) / 1000)}` : '')),
    h('button', { class: 'go', type: 'button', 'data-testid': moves ? 'move-here' : 'join-call', onclick: () => act.joinLive(call) },
      icon(moves ? 'swap' : 'phone'), moves ? 'Move call here' : 'Join'));
}
