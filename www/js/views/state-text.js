/** The state of the call in words, for the stage, the title and screen readers. */

import { callerOf, namesIn } from '../names.js';
import { onStage } from '../people-in-call.js';

/** Returns what is going on, or an empty text when there is no call. */
export function stateText(state) {
  const { call } = state;
  if (!call) return '';
  const who = namesIn(state)(onStage(state).map(({ id }) => id));
  const texts = {
    outgoing: state.ringing.length > 0 ? `Ringing ${who}` : `Calling ${who}`,
    incoming: `${callerOf(state).name} is calling you`,
    connecting: `Connecting to ${who}`,
    connected: `In a call with ${who}`,
    reconnecting: `Reconnecting to ${who}`,
  };
  return texts[call.state] ?? '';
}
