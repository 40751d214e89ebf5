/** How the end of a call is told to the person: pure, from what the SDK's events said. */

import { clock } from './format.js';

/**
 * Returns the notice for an ended call.
 *
 * `call` is the last view of it, `ended` the event, `me` the own user id, `caller` the name of who placed
 * an incoming one, `names` tells the names of user ids.
 */
export function outcomeOf({ call, ended, me, caller, names }) {
  const peers = call.participants.map((participant) => participant.id);
  const who = names(peers);
  const mine = ended.endedBy === me;
  const context = {
    who,
    caller,
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

/** Returns the notice for something that went wrong; the SDK writes `what happened: what to do`. */
export function trouble({ code, message }) {
  const [title, ...rest] = message.split(': ');
  const advice = rest.join(': ');
  const detail = advice ? advice[0].toUpperCase() + advice.slice(1) : null;
  return { kind: 'error', code, tone: 'bad', title: title.replace(/\.$/, ''), detail, again: [], remedy: remedyOf(code) };
}

/** Returns what the page can do about an error: show the devices, check everything, or nothing. */
function remedyOf(code = '') {
  if (/^(MIC|CAMERA)_(NOT_FOUND|IN_USE)|^(DEVICE|SPEAKER)_/.test(code)) return 'devices';
  return /^(MIC|CAMERA)_|^CONNECTION_FAILED/.test(code) ? 'check' : null;
}

const OUTCOMES = {
  completed: ({ who, mine, by, lasted }) => ({
    kind: 'completed',
    title: `Call with ${who} ended`,
    detail: `${clock(lasted)} · ${mine ? 'You hung up' : `${by} hung up`}`,
  }),
  cancelled: ({ outgoing, who, caller }) =>
    outgoing
      ? { kind: 'cancelled', title: 'Call cancelled', detail: `You stopped calling ${who}` }
      : { kind: 'missed', tone: 'warn', title: `Missed call from ${caller}`, detail: 'They hung up before you answered' },
  missed: ({ outgoing, who, caller, one }) =>
    outgoing
      ? { kind: 'unanswered', tone: 'warn', title: 'No answer', detail: one ? `${who} did not pick up` : 'Nobody picked up' }
      : { kind: 'missed', tone: 'warn', title: `Missed call from ${caller}`, detail: 'It rang until the time was up' },
  declined: ({ outgoing, who, caller }) =>
    outgoing
      ? { kind: 'declined', tone: 'bad', title: `${who} declined`, detail: 'They do not want to talk right now' }
      : { kind: 'rejected', title: 'You declined', detail: `Call from ${caller}` },
  busy: ({ outgoing, who, caller }) =>
    outgoing
      ? { kind: 'busy', tone: 'warn', title: `${who} is busy`, detail: 'They are in another call' }
      : { kind: 'rejected', title: 'You were busy', detail: `Call from ${caller}` },
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
  'answered-elsewhere': ({ caller }) => elsewhere('accepted', caller),
  'rejected-elsewhere': ({ caller }) => elsewhere('rejected', caller),
  'moved-elsewhere': ({ who }) => ({
    kind: 'moved-elsewhere',
    title: 'The call moved to another tab',
    detail: `You are still talking to ${who} there`,
    again: [],
  }),
  replaced: ({ who }) => ({ kind: 'replaced', title: 'Another call took over', detail: `You and ${who} called each other` }),
  server: () => ({ kind: 'server', tone: 'bad', title: 'The server ended the call', detail: 'Whoever runs it did so' }),
};

const other = ({ who }, reason) => ({ kind: 'other', title: `Call with ${who} ended`, detail: `Reason: ${reason}` });
