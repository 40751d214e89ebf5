/** The tiles: a grid that fits the number of people, or one large tile beside the others. */

import { isHere, onStage, videoOf } from '../../people-in-call.js';
import { h } from '../../vdom.js';
import { ownTile, peerTile } from './tile.js';

/** Returns everyone in the call. */
export function gridView(state, act) {
  const peers = onStage(state);
  const main = mainOf(peers, state);
  if (main && peers.length > 1) return spotlight(main, peers, state, act);
  return peers.length === 1 ? pair(peers[0], state, act) : grid(peers, state, act);
}

/** Returns whom to show large: whom the person pinned, else who shares a screen. */
function mainOf(peers, { pinned, streams }) {
  return peers.find(({ id }) => id === pinned)
    ?? peers.find((peer) => isHere(peer) && videoOf(peer) === 'screen' && streams[peer.id])
    ?? null;
}

function pair(peer, state, act) {
  const self = state.localVideo.source !== 'off';
  return tiles('pair', 1, [peerTile(peer, state, act, { large: true }), self ? ownTile(state, act, { small: true }) : null]);
}

function spotlight(main, peers, state, act) {
  const others = peers.filter((peer) => peer !== main);
  return tiles('spotlight', others.length + 1, [
    peerTile(main, state, act, { large: true }),
    h('li', { class: 'strip-place', key: 'strip' }, h('ul', { class: 'strip', 'aria-label': 'Others in the call' },
      others.map((peer) => peerTile(peer, state, act)), ownTile(state, act))),
  ]);
}

function grid(peers, state, act) {
  const count = peers.length + 1;
  return tiles('grid', count, [
    peers.map((peer, index) => peerTile(peer, state, act, { place: placeOf(index, count) })),
    ownTile(state, act, { place: placeOf(count - 1, count) }),
  ]);
}

function tiles(layout, count, children) {
  return h('ul', { class: `tiles-of-call ${layout}`, 'data-testid': 'peers', 'data-layout': layout, 'data-count': count,
    vars: { '--wide': columnsOf(count, 'wide'), '--narrow': columnsOf(count, 'narrow') }, 'aria-label': 'People in the call' }, children);
}

/** How many tiles stand beside each other. */
function columnsOf(count, shape) {
  if (shape === 'narrow') return count <= 2 ? 1 : count <= 10 ? 2 : 3;
  return count <= 4 ? Math.min(count, 2) : count <= 9 ? 3 : 4;
}

/** Puts the last row in the middle: each tile spans two of twice as many columns. */
function placeOf(index, count) {
  return { '--wide-start': startOf(index, count, columnsOf(count, 'wide')), '--narrow-start': startOf(index, count, columnsOf(count, 'narrow')) };
}

function startOf(index, count, columns) {
  const rest = count % columns;
  return rest > 0 && index === count - rest ? columns - rest + 1 : 'auto';
}
