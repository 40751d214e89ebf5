/** The stage while one is in a call. */

import { clock, nameList, plural } from '../../format.js';
import { isGroup, isHere, namedPeers, onStage } from '../../people-in-call.js';
import { h } from '../../vdom.js';
import { mediaBanner, signalingBanner } from '../banner.js';
import { icon } from '../icon.js';
import { gridView } from './grid.js';
import { toolbarView } from './toolbar.js';
import { waitingView } from './waiting.js';

/** Returns the call: who is in it, and what one can do. */
export function inCallView(state, act) {
  const { call } = state;
  return h('div', { class: 'in-call', key: 'in-call', 'data-testid': 'in-call', 'data-state': call.state },
    headView(state, act),
    h('div', { class: 'call-banners' },
      mediaBanner(state),
      signalingBanner(state),
      sharingBanner(state, act),
      hearButton(state, act)),
    gridView(state, act),
    toolbarView(state, act),
    waitingView(state, act));
}

function headView(state, act) {
  const { call, narrow, roomy } = state;
  const here = namedPeers(state).filter(isHere);
  const names = (here.length > 0 ? here : onStage(state)).map(({ name }) => name);
  return h('div', { class: 'call-head' },
    h('div', { class: 'grow' },
      h('h2', null, nameList(names)),
      h('p', { class: 'soft' },
        h('span', { role: 'timer', class: 'timer', 'data-testid': 'timer' }, timerText(state)),
        isGroup(call) ? h('span', { 'data-testid': 'count' }, ` · ${plural(here.length + 1, 'person').replace('persons', 'people')}`) : null,
        call.callType === 'video' ? ' · Video' : null)),
    narrow ? null : h('button', { class: 'quiet round', type: 'button', 'aria-pressed': String(roomy), 'data-testid': 'roomy',
      'aria-label': 'Hide the lists', title: roomy ? 'Show the lists' : 'Use the whole window', onclick: act.toggleRoomy }, icon(roomy ? 'shrink' : 'expand')));
}

function timerText({ call, now }) {
  if (call.startedAt === null) return call.state === 'connecting' ? 'Connecting…' : clock(0);
  return clock((Math.max(now, call.startedAt) - call.startedAt) / 1000);
}

function sharingBanner({ localVideo }, act) {
  if (localVideo.source !== 'screen') return null;
  return h('p', { class: 'banner info', key: 'sharing', 'data-testid': 'sharing' }, icon('screen'), h('span', { class: 'grow' }, 'You are sharing your screen'),
    h('button', { class: 'plain slim', type: 'button', 'data-testid': 'stop-sharing', onclick: () => act.shareScreen(false) }, 'Stop'));
}

function hearButton({ audioBlocked }, act) {
  if (!audioBlocked) return null;
  return h('button', { class: 'primary wide', key: 'hear', type: 'button', 'data-testid': 'resume-audio', onclick: act.resumeAudio },
    icon('sound'), 'Click to hear the call');
}
