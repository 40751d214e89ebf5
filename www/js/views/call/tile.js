/** One person in the call: their picture or face, and how they stand. */

import { isExpected, isGroup, videoOf } from '../../people-in-call.js';
import { h } from '../../vdom.js';
import { avatar, hueOf } from '../avatar.js';
import { icon } from '../icon.js';
import { barsButton } from './bars.js';

/** Returns the tile of a participant; `place` puts it on the grid, `large` makes it the main one. */
export function peerTile(peer, state, act, { place = null, large = false } = {}) {
  const video = videoOf(peer);
  const showing = video !== 'off' && state.streams[peer.id] && !isExpected(peer);
  const speaking = state.speaker === peer.id;
  return h('li', { key: peer.id, vars: place, 'data-testid': `peer-${peer.id}`, 'data-status': peer.status, 'data-video': video,
    'data-speaking': String(speaking), class: tileClass({ peer, showing, video, large, speaking }) },
  h('div', { class: `tile-face hue-${hueOf(peer.id)}` },
    showing ? picture(state.streams[peer.id], `Picture of ${peer.name}`) : avatar(peer, { size: 'tile', meter: `remote-${peer.id}` }),
    overlay(peer, state)),
  h('div', { class: 'tile-foot' },
    h('span', { class: 'chip' },
      peer.muted ? mark('mic-off', 'Muted') : h('span', { class: 'ear', 'aria-hidden': 'true', 'data-meter': `remote-${peer.id}` }, h('i'), h('i'), h('i')),
      h('b', { dir: 'auto' }, peer.name),
      video === 'screen' ? mark('screen', 'Shares the screen') : null,
      speaking ? h('span', { class: 'sr-only' }, 'speaks') : null),
    h('span', { class: 'tile-tools' },
      isGroup(state.call) && !isExpected(peer) ? pinButton(peer, state, act) : null,
      isExpected(peer) ? null : barsButton(peer, state.quality[peer.id], state, act))));
}

function tileClass({ peer, showing, video, large, speaking }) {
  const classes = { tile: true, large, filled: showing, speaking, contained: showing && video === 'screen', away: isExpected(peer) || peer.status === 'left' };
  return Object.keys(classes).filter((name) => classes[name]).join(' ');
}

/** Returns one's own tile; `small` floats over the other one. */
export function ownTile(state, act, { place = null, small = false } = {}) {
  const { me, call, localVideo } = state;
  const showing = localVideo.stream !== null && localVideo.source !== 'off';
  const classes = ['tile', 'own', small ? 'floating' : '', showing ? 'filled' : '', localVideo.source === 'camera' ? 'mirrored' : 'contained'];
  return h('li', { key: me.id, vars: place, class: classes.filter(Boolean).join(' '), 'data-testid': 'self', 'data-video': localVideo.source },
    h('div', { class: `tile-face hue-${hueOf(me.id)}` },
      showing ? picture(localVideo.stream, 'Your own picture') : avatar(me, { size: 'tile', meter: call.muted ? null : 'local' })),
    h('div', { class: 'tile-foot' },
      h('span', { class: 'chip' }, call.muted ? mark('mic-off', 'Muted') : null, h('b', null, localVideo.source !== 'screen' ? 'You' : small ? 'Screen' : 'Your screen'))));
}

function picture(stream, label) {
  return h('video', { key: 'picture', srcObject: stream, muted: true, autoplay: true, playsinline: true, 'aria-label': label });
}

function mark(name, text) {
  return h('span', { class: 'mark', title: text }, icon(name), h('span', { class: 'sr-only' }, text));
}

function pinButton(peer, { pinned }, act) {
  const is = pinned === peer.id;
  return h('button', { class: 'tile-tool', type: 'button', 'aria-pressed': String(is), 'aria-label': `Pin ${peer.name}`,
    title: is ? 'Unpin' : 'Pin', 'data-testid': `pin-${peer.id}`, onclick: () => act.pin(peer.id) }, icon('pin'));
}

/** What keeps one from hearing this person, over their picture. */
function overlay(peer, { failed }) {
  const trouble = failed[peer.id] ?? (peer.link === 'failed' ? { message: `You and ${peer.name} cannot hear each other`, retrying: true } : null);
  const inCall = peer.status === 'joined';
  const text = trouble && inCall ? null : statusText(peer);
  return h('p', { class: `tile-status ${trouble && inCall ? 'bad' : ''}`, key: 'status', 'data-testid': `status-${peer.id}`, 'data-link': peer.link },
    text ? [spins(peer) ? h('span', { class: 'spinner', 'aria-hidden': 'true' }) : null, text] : null,
    trouble && inCall ? [icon('alert'), h('span', null, `${trouble.message.replace(/[.\s]+$/, '')}${trouble.retrying ? ' — retrying' : ''}`)] : null);
}

const STATUS = {
  invited: 'Calling…',
  ringing: 'Ringing…',
  joined: '',
  reconnecting: 'Reconnecting…',
  left: 'Left the call',
  rejected: 'Declined',
  busy: 'In another call',
  missed: 'No answer',
};
const LINK = { new: 'Connecting…', connecting: 'Connecting…', connected: '', reconnecting: 'Reconnecting…', failed: '' };

const statusText = (peer) => (peer.status === 'joined' ? LINK[peer.link] : STATUS[peer.status]) ?? '';
const spins = (peer) => peer.status === 'reconnecting' || (peer.status === 'joined' && peer.link !== 'connected');
