/** Where the call happens: beside the lists on a wide screen, over them on a phone. */

import { clock, nameList } from '../format.js';
import { alsoCalled, callerOf, namesIn } from '../names.js';
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
  const { ringing } = state;
  const peers = namedPeers(state);
  return h('div', { class: 'call-card', key: 'outgoing', 'data-testid': 'outgoing' },
    peers.length === 1 ? face(peers[0]) : null,
    h('p', { class: 'eyebrow' }, ringing.length > 0 ? 'Ringing' : 'Calling'),
    h('h2', null, peers.length > 0 ? nameList(peers.map(({ name }) => name)) : 'Everyone'),
    peers.length > 1 ? peersView(state) : null,
    h('div', { class: 'controls' },
      h('button', { class: 'stop big', type: 'button', 'data-testid': 'hangup', onclick: act.hangUp },
        icon('phone', 'hang'), 'Cancel')));
}

function incomingView(state, act) {
  const caller = callerOf(state);
  const others = alsoCalled(state);
  return h('div', { class: 'call-card', key: 'incoming', role: 'alertdialog', 'aria-labelledby': 'incoming-title', 'data-testid': 'incoming' },
    face(caller),
    h('p', { class: 'eyebrow' }, `Incoming ${state.call.callType} call`),
    h('h2', { id: 'incoming-title' }, caller.name, h('span', { class: 'sr-only' }, ' is calling')),
    others.length > 0 ? h('p', { class: 'soft' }, `With ${namesIn(state)(others)}`) : null,
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

/** Returns the face of who calls or is called. */
function face(person) {
  return h('div', { class: 'face' }, avatar(person, { size: 'huge' }));
}
