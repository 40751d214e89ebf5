/** The other people in a call: how they stand, how loud they are, how good the connection is. */

import { measure } from '../format.js';
import { namesIn } from '../names.js';
import { h } from '../vdom.js';
import { avatar } from './avatar.js';
import { icon } from './icon.js';

/** Returns the participants of the current call. */
export function peersView(state) {
  const participants = namedPeers(state);
  const alone = participants.length === 1;
  return h('ul', { class: `peers ${alone ? 'one' : 'many'}`, 'data-testid': 'peers' },
    participants.map((peer) => peerView(peer, state, alone)));
}

/** Returns the participants with the names that the room knows them by. */
export function namedPeers(state) {
  const names = namesIn(state);
  return state.call.participants.map((peer) => ({ ...peer, name: names([peer.id]) }));
}

function peerView(peer, { quality, call }, alone) {
  const joined = peer.status === 'joined' || peer.status === 'reconnecting';
  const measured = quality[peer.id];
  return h('li', { key: peer.id, class: joined ? 'peer' : 'peer away', 'data-testid': `peer-${peer.id}`, 'data-status': peer.status },
    h('span', { class: 'peer-face' },
      avatar(peer, { size: alone ? 'huge' : 'medium', meter: joined ? `remote-${peer.id}` : null }),
      peer.muted ? h('span', { class: 'badge', title: 'Muted' }, icon('mic-off')) : null),
    h('span', { class: 'peer-text' },
      h(alone ? 'h2' : 'b', null, peer.name),
      h('small', { class: 'soft peer-status', 'data-testid': `status-${peer.id}` }, statusText(peer)),
      call.state !== 'outgoing' && joined ? qualityLine(measured, peer) : null));
}

const STATUS = {
  invited: 'Calling',
  ringing: 'Ringing',
  joined: '',
  reconnecting: 'Lost the connection, coming back',
  left: 'Left the call',
  rejected: 'Declined',
  busy: 'In another call',
  missed: 'No answer',
};

const LINK = { new: 'Connecting', connecting: 'Connecting', connected: '', reconnecting: 'Reconnecting', failed: 'No connection' };

function statusText(peer) {
  const link = peer.status === 'joined' ? LINK[peer.link] : '';
  const parts = [STATUS[peer.status] ?? peer.status, link, peer.muted ? 'Muted' : ''];
  return parts.filter(Boolean).join(' · ');
}

const GRADES = {
  excellent: { text: 'Excellent', bars: 4 },
  good: { text: 'Good', bars: 3 },
  poor: { text: 'Poor', bars: 2 },
  lost: { text: 'Lost', bars: 1 },
};

function qualityLine(measured, peer) {
  if (!measured) return h('p', { class: 'quality soft', 'data-testid': 'quality', 'data-grade': '' }, 'Measuring the connection');
  const grade = GRADES[measured.grade] ?? GRADES.lost;
  return h('p', { class: `quality ${measured.grade}`, 'data-testid': 'quality', 'data-grade': measured.grade, 'data-user': peer.id },
    h('span', { class: 'grade' },
      h('span', { class: `bars bars-${grade.bars}`, 'aria-hidden': 'true' }, h('i'), h('i'), h('i'), h('i')),
      h('b', null, grade.text),
      h('span', { class: 'soft' }, pathText(measured))),
    ' ',
    h('span', { class: 'soft figures' }, figures(measured).join(' · ')));
}

function pathText({ candidateType }) {
  if (candidateType === null) return '';
  return candidateType === 'relay' ? 'relayed' : 'direct';
}

function figures({ roundTripTime, packetLoss, jitter }) {
  return [
    roundTripTime === null ? null : `${Math.round(roundTripTime)} ms round trip`,
    measure(packetLoss, '% loss'),
    `${Math.round(jitter)} ms jitter`,
  ].filter(Boolean);
}
