/** What follows from the state besides the view: sounds, meters, the timer, the title, announcements, focus. */

import { createAnnouncer, newsBetween } from './announcements.js';
import { createFocus } from './focus.js';
import { createMeters } from './meter.js';
import { callerOf } from './names.js';
import { createTones } from './tones.js';
import { stateText } from './views/state-text.js';

/** Returns the runner, to be called with every new state. */
export function createEffects({ store, actions, attention }) {
  const tones = createTones();
  const meters = createMeters();
  const tell = createAnnouncer();
  const follow = createFocus();
  let timer = null;
  let previous = null;

  function run(state) {
    tones.play(toneOf(state.call));
    meters.show(state.call ? { local: actions.manager()?.localStream ?? null } : {});
    attention.update(attentionOf(state));
    tick(Boolean(state.call?.startedAt) || state.live.length > 0);
    if (previous) tell(newsBetween(previous, state));
    follow(previous, state);
    if (previous?.call && !state.call) actions.callIsOver();
    if (previous?.check && !state.check) actions.giveUpCheck();
    if (state.panel?.kind === 'devices' && previous?.panel?.kind !== 'devices') actions.loadDevices();
    if (state.waiting.length > (previous?.waiting.length ?? 0)) tones.knock();
    previous = state;
  }

  function tick(wanted) {
    if (wanted) timer ??= setInterval(() => store.set({ now: Date.now() }), 250);
    else timer = clearInterval(timer) ?? null;
  }

  return { run };
}

function toneOf(call) {
  return call && (call.state === 'incoming' || call.state === 'outgoing') ? call.state : null;
}

function attentionOf(state) {
  const { call, me } = state;
  const room = me ? `${me.name} in ${me.room}` : null;
  return { caller: call?.state === 'incoming' ? callerOf(state).name : null, title: call ? stateText(state) : room };
}
