/** Where the call happens: beside the lists on a wide screen, over them on a phone. */

import { nameList } from '../format.js';
import { alsoCalled, callerOf, namesIn } from '../names.js';
import { namedPeers } from '../people-in-call.js';
import { h } from '../vdom.js';
import { avatar } from './avatar.js';
import { inCallView } from './call/in-call.js';
import { icon } from './icon.js';
import { noticeView } from './notice.js';

/** Returns the stage. */
export function stageView(state, act) {
  const { call } = state;
  return h('aside', { class: 'stage', 'aria-label': 'Call', 'data-active': call ? call.state : state.notice ? 'notice' : 'idle' },
    call ? callView(state, act) : null,
    noticeView(state, act),
    call || state.notice ? null : emptyView());
}

function callView(state, act) {
  const views = { outgoing: outgoingView, incoming: incomingView };
  return (views[state.call.state] ?? inCallView)(state, act);
}

function emptyView() {
  return h('div', { class: 'empty', key: 'empty' },
    icon('phone', 'large'),
    h('p', { class: 'soft' }, 'No call. Pick someone from the list.'));
}

function outgoingView(state, act) {
  const { ringing, call } = state;
  const peers = namedPeers(state);
  const kind = call.callType === 'video' ? ' · Video' : '';
  return h('div', { class: 'call-card', key: 'outgoing', 'data-testid': 'outgoing' },
    peers.length === 1 ? face(peers[0]) : faces(peers),
    h('p', { class: 'eyebrow' }, `${ringing.length > 0 ? 'Ringing' : 'Calling'}${kind}`),
    h('h2', null, peers.length > 0 ? nameList(peers.map(({ name }) => name)) : 'Everyone'),
    h('div', { class: 'controls' },
      h('button', { class: 'stop big', type: 'button', 'data-testid': 'hangup', onclick: act.hangUp },
        icon('phone', 'hang'), 'Cancel')));
}

const FATE = { invited: 'Calling', ringing: 'Ringing', rejected: 'Declined', busy: 'Busy', missed: 'No answer' };

/** Everyone who is called, and how far that came. */
function faces(peers) {
  return h('ul', { class: 'called', 'data-testid': 'peers' }, peers.map((peer) => h('li', { key: peer.id, class: peer.status, 'data-testid': `peer-${peer.id}`, 'data-status': peer.status },
    avatar(peer, { size: 'big' }), h('b', null, peer.name), h('small', { class: 'soft' }, FATE[peer.status] ?? ''))));
}

function incomingView(state, act) {
  const caller = callerOf(state);
  const others = alsoCalled(state);
  const video = state.call.callType === 'video';
  return h('div', { class: 'call-card', key: 'incoming', role: 'alertdialog', 'aria-labelledby': 'incoming-title', 'aria-describedby': 'incoming-what', 'data-testid': 'incoming' },
    face(caller),
    h('p', { class: 'eyebrow', id: 'incoming-what' }, `Incoming ${state.call.callType} call`),
    h('h2', { id: 'incoming-title' }, caller.name, h('span', { class: 'sr-only' }, ' is calling')),
    others.length > 0 ? h('p', { class: 'soft' }, `With ${namesIn(state)(others)}`) : null,
    h('div', { class: 'controls' },
      h('button', { class: 'stop big', type: 'button', 'data-testid': 'reject', 'aria-keyshortcuts': 'Escape', onclick: act.reject },
        icon('phone', 'hang'), 'Decline', h('kbd', { 'aria-hidden': 'true' }, 'Esc')),
      h('button', { class: 'go big', type: 'button', 'data-testid': 'accept', onpointerdown: act.reachForAccept, onclick: () => act.accept({ video }) },
        icon(video ? 'video' : 'phone'), 'Accept', h('kbd', { 'aria-hidden': 'true' }, 'Enter')),
      video ? h('button', { class: 'quiet wide', type: 'button', 'data-testid': 'accept-voice', onpointerdown: act.reachForAccept, onclick: () => act.accept({ video: false }) },
        'Accept without camera') : null));
}

/** Returns the face of who calls or is called. */
function face(person) {
  return h('div', { class: 'face' }, avatar(person, { size: 'huge' }));
}
