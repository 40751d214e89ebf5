/** What follows from the state besides the view: sounds, meters, the timer, the title, announcements, focus. */

import { createMeters } from './meter.js';
import { callerOf } from './names.js';
import { createTones } from './tones.js';
import { stateText } from './views/state-text.js';

/** Returns the runner, to be called with every new state. */
export function createEffects({ store, actions, attention }) {
  const tones = createTones();
  const meters = createMeters();
  const announcer = document.getElementById('announcer');
  let timer = null;
  let previous = null;

  function run(state) {
    tones.play(toneOf(state.call));
    meters.show(state.call ? { local: actions.manager()?.localStream ?? null } : {});
    attention.update(attentionOf(state));
    tick(Boolean(state.call?.startedAt) || state.live.length > 0);
    announce(state);
    moveFocus(state);
    if (previous?.call && !state.call) actions.callIsOver();
    if (state.panel?.kind === 'devices' && previous?.panel?.kind !== 'devices') actions.loadDevices();
    if (state.waiting.length > (previous?.waiting.length ?? 0)) tones.knock();
    previous = state;
  }

  function tick(wanted) {
    if (wanted) timer ??= setInterval(() => store.set({ now: Date.now() }), 250);
    else timer = clearInterval(timer) ?? null;
  }

  function announce(state) {
    const waiting = state.waiting.map(({ caller }) => `${caller.name} is calling you too`);
    const text = [stateText(state), ...waiting, state.notice?.title, state.notice?.detail].filter(Boolean).join('. ');
    if (announcer.textContent !== text) announcer.textContent = text;
  }

  /** Keeps the keyboard where the call is: on its main button, and back in the page when it is over. */
  function moveFocus(state) {
    const [before, now] = [previous?.call?.state ?? null, state.call?.state ?? null];
    if (before === now) return;
    const lost = document.activeElement === document.body || document.activeElement === null;
    if (now === 'incoming') focus('accept');
    else if (now === 'outgoing') focus('hangup');
    else if (now && (before === 'incoming' || before === 'outgoing')) focus('mute');
    else if (!now && before && lost) document.querySelector('[role=tab][aria-selected=true]')?.focus({ preventScroll: true });
  }

  return { run };
}

function focus(testId) {
  document.querySelector(`[data-testid=${testId}]`)?.focus({ preventScroll: true });
}

function toneOf(call) {
  return call && (call.state === 'incoming' || call.state === 'outgoing') ? call.state : null;
}

function attentionOf(state) {
  const { call, me } = state;
  const room = me ? `${me.name} in ${me.room}` : null;
  return { caller: call?.state === 'incoming' ? callerOf(state).name : null, title: call ? stateText(state) : room };
}
