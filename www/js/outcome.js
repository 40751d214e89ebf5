/** How the end of a call is told to the person: pure, from what the SDK's events said. */

import { clock } from './format.js';

/**
 * Returns the notice for an ended call.
 *
 * `call` is the last view of it, `ended` the event, `me` the own user id, `names` tells a user's name.
 */
export function outcomeOf({ call, ended, me, names }) {
  const peers = call.participants.map((participant) => participant.id);
  const who = names(peers);
  const mine = ended.endedBy === me;
  const context = {
    who,
    mine,
    outgoing: call.direction === 'outgoing',
    one: peers.length < 2,
    by: ended.endedBy ? names([ended.endedBy]) : who,
    lasted: Math.round(ended.durationMs / 1000),
  };
  // A reason may be any text that a client gave, `toString` too.
  const told = (Object.hasOwn(OUTCOMES, ended.reason) ? OUTCOMES[ended.reason] : other)(context, ended.reason);
  return { tone: 'plain', detail: null, again: peers, ...told };
}

/** Returns the notice for a call that another device of this user took or turned away. */
export function elsewhere(action, caller) {
  const title = action === 'accepted' ? 'Answered on another device' : 'Declined on another device';
  return { kind: `${action}-elsewhere`, tone: 'plain', title, detail: `Call from ${caller}`, again: [] };
}

/** Returns the notice for something that went wrong. */
export function trouble(error) {
  const title = TROUBLE[error.code] ?? 'That did not work';
  return { kind: 'error', code: error.code, tone: 'bad', title, detail: error.message, again: [] };
}

const TROUBLE = {
  MIC_DENIED: 'The microphone is blocked',
  MIC_NOT_FOUND: 'There is no microphone',
  MIC_IN_USE: 'The microphone is in use',
  MIC_FAILED: 'The microphone failed',
  INSECURE_CONTEXT: 'Calls need a secure page',
  UNSUPPORTED: 'This browser cannot make calls',
  NOT_CONNECTED: 'Not connected to the server',
  SIGNALING_LOST: 'The connection to the server was lost',
  SIGNALING_TIMEOUT: 'The server did not answer',
  CONNECTION_FAILED: 'No media connection',
  ALREADY_IN_CALL: 'You are in another call',
  NO_TARGETS: 'Nobody else is here yet',
  UNREACHABLE: 'The server does not answer',
};

const OUTCOMES = {
  completed: ({ who, mine, by, lasted }) => ({
    kind: 'completed',
    title: `Call with ${who} ended`,
    detail: `${clock(lasted)} · ${mine ? 'You hung up' : `${by} hung up`}`,
  }),
  cancelled: ({ outgoing, who }) =>
    outgoing
      ? { kind: 'cancelled', title: 'Call cancelled', detail: `You stopped calling ${who}` }
      : { kind: 'missed', tone: 'warn', title: `Missed call from ${who}`, detail: 'They hung up before you answered' },
  missed: ({ outgoing, who, one }) =>
    outgoing
      ? { kind: 'unanswered', tone: 'warn', title: 'No answer', detail: one ? `${who} did not pick up` : 'Nobody picked up' }
      : { kind: 'missed', tone: 'warn', title: `Missed call from ${who}`, detail: 'It rang until the time was up' },
  declined: ({ outgoing, who }) =>
    outgoing
      ? { kind: 'declined', tone: 'bad', title: `${who} declined`, detail: 'They do not want to talk right now' }
      : { kind: 'rejected', title: 'You declined', detail: `Call from ${who}` },
  busy: ({ outgoing, who }) =>
    outgoing
      ? { kind: 'busy', tone: 'warn', title: `${who} is busy`, detail: 'They are in another call' }
      : { kind: 'rejected', title: 'You were busy', detail: `Call from ${who}` },
  failed: ({ who, lasted }) => ({
    kind: 'failed',
    tone: 'bad',
    title: 'The call failed',
    detail: lasted > 0 ? `The connection to ${who} broke after ${clock(lasted)}` : `No connection to ${who} came about`,
  }),
  disconnected: ({ mine, by, lasted }) => ({
    kind: 'disconnected',
    tone: 'bad',
    title: 'The connection was lost',
    detail: `${mine ? 'You were' : `${by} was`} gone for too long · ${clock(lasted)}`,
  }),
  replaced: ({ who }) => ({ kind: 'replaced', title: 'Another call took over', detail: `You and ${who} called each other` }),
  server: () => ({ kind: 'server', tone: 'bad', title: 'The server ended the call', detail: 'It may be restarting: try again' }),
};

const other = ({ who }, reason) => ({ kind: 'other', title: `Call with ${who} ended`, detail: `Reason: ${reason}` });
