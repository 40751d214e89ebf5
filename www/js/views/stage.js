/** Where the call happens: beside the lists on a wide screen, over them on a phone. */

import { clock } from '../format.js';
import { namesIn } from '../names.js';
import { h } from '../vdom.js';
import { avatar } from './avatar.js';
import { mediaBanner, signalingBanner } from './banner.js';
import { icon } from './icon.js';
import { noticeView } from './notice.js';
import { namedPeers, peersView } from './peers.js';

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
  const { call, ringing } = state;
  const who = peerNames(state);
  return h('div', { class: 'call-card', key: 'outgoing', 'data-testid': 'outgoing' },
    call.participants.length > 1 ? null : face(state, 'pulse'),
    h('p', { class: 'eyebrow' }, ringing.length > 0 ? 'Ringing' : 'Calling'),
    h('h2', null, who || 'Everyone'),
    call.participants.length > 1 ? peersView(state) : null,
    h('div', { class: 'controls' },
      h('button', { class: 'stop big', type: 'button', 'data-testid': 'hangup', onclick: act.hangUp },
        icon('phone', 'hang'), 'Cancel')));
}

function incomingView(state, act) {
  return h('div', { class: 'call-card', key: 'incoming', role: 'alertdialog', 'aria-labelledby': 'incoming-title', 'data-testid': 'incoming' },
    face(state, 'pulse'),
    h('p', { class: 'eyebrow' }, `Incoming ${state.call.callType} call`),
    h('h2', { id: 'incoming-title' }, peerNames(state), h('span', { class: 'sr-only' }, ' is calling')),
    h('div', { class: 'controls' },
      h('button', { class: 'stop big', type: 'button', 'data-testid': 'reject', onclick: act.reject },
        icon('phone', 'hang'), 'Decline', h('kbd', null, 'Esc')),
      h('button', { class: 'go big', type: 'button', 'data-testid': 'accept', onclick: act.accept },
        icon('phone'), 'Accept', h('kbd', null, 'Enter'))));
}

function inCallView(state, act) {
  const { call } = state;
  return h('div', { class: 'call-card', key: 'in-call', 'data-testid': 'in-call', 'data-state': call.state },
    mediaBanner(state),
    state.narrow ? signalingBanner(state) : null,
    hearButton(state, act),
    peersView(state),
    h('p', { class: 'timer', role: 'timer', 'data-testid': 'timer' }, timerText(state)),
    ownLevel(call),
    h('div', { class: 'controls' },
      h('button', { class: 'plain big', type: 'button', 'aria-pressed': String(call.muted), 'data-testid': 'mute', onclick: act.toggleMute },
        icon(call.muted ? 'mic-off' : 'mic'), call.muted ? 'Unmute' : 'Mute'),
      h('button', { class: 'stop big', type: 'button', 'data-testid': 'hangup', onclick: act.hangUp },
        icon('phone', 'hang'), 'Hang up')));
}

function hearButton({ audioBlocked }, act) {
  if (!audioBlocked) return null;
  return h('button', { class: 'primary wide', key: 'hear', type: 'button', 'data-testid': 'resume-audio', onclick: act.resumeAudio },
    icon('sound'), 'Click to hear the call');
}

function timerText({ call, now }) {
  if (call.startedAt === null) return call.state === 'connecting' ? 'Connecting' : clock(0);
  return clock((Math.max(now, call.startedAt) - call.startedAt) / 1000);
}

function ownLevel({ muted }) {
  return h('div', { class: `level ${muted ? 'muted' : ''}` },
    icon(muted ? 'mic-off' : 'mic'),
    h('span', { class: 'bar', 'aria-hidden': 'true', 'data-meter': 'local' }),
    h('span', { class: 'level-text' }, muted ? 'You are muted' : 'Your microphone'));
}

/** Returns the one or few faces of the people called or calling. */
function face(state, animation) {
  const shown = namedPeers(state).slice(0, 3);
  return h('div', { class: `faces ${animation}` }, shown.map((peer) => h('span', { key: peer.id }, avatar(peer, { size: 'huge' }))));
}

function peerNames(state) {
  return state.call.participants.length > 0 ? namesIn(state)(state.call.participants.map(({ id }) => id)) : '';
}
