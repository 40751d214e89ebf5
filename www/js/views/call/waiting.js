/** Calls that ring while one is in a call. */

import { h } from '../../vdom.js';
import { avatar } from '../avatar.js';
import { icon } from '../icon.js';

/** Returns a card for each, over the call. */
export function waitingView({ waiting }, act) {
  if (waiting.length === 0) return null;
  return h('div', { class: 'waiting-calls', key: 'waiting' }, waiting.map((incoming) => card(incoming, act)));
}

function card(incoming, act) {
  const { sessionId, caller, callType } = incoming;
  return h('div', { class: 'waiting-call', key: sessionId, 'data-testid': 'waiting', 'data-id': sessionId },
    h('div', { class: 'row' }, avatar(caller), h('p', { class: 'grow' }, h('b', null, caller.name), h('small', { class: 'soft' }, `is calling you too · ${callType}`))),
    h('div', { class: 'pair-of-buttons' },
      h('button', { class: 'stop', type: 'button', 'data-testid': 'reject-waiting', onclick: () => act.rejectWaiting(incoming) }, 'Decline'),
      h('button', { class: 'go', type: 'button', 'data-testid': 'answer-waiting', onclick: () => act.answerWaiting(incoming) }, icon('phone'), 'End & answer')));
}
