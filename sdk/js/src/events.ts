/** The names of the events. */
import { FUNCTION, mustBe, unknownName } from './arguments.js';
import type { CallEvents } from './types.js';

/** All of them: the compiler sees to it. */
const EVENTS: Record<keyof CallEvents, 1> = {
  incoming: 1, ringing: 1, accepted: 1, rejected: 1, missed: 1, answeredElsewhere: 1, ended: 1,
  participantJoined: 1, participantLeft: 1, participantReconnecting: 1, participantReconnected: 1,
  participantAudioToggle: 1, participantVideoToggle: 1, state: 1, linkFailed: 1, linkRecovered: 1, resumed: 1,
  remoteStream: 1, localVideo: 1, devices: 1, deviceChanged: 1, levels: 1, activeSpeaker: 1, audioBlocked: 1,
  quality: 1, signaling: 1, error: 1,
};

/** Refuses to listen to an event that never comes, or with nothing. */
export function mustBeHeard(event: unknown, listener: unknown): void {
  if (!Object.hasOwn(EVENTS, event as PropertyKey)) throw unknownName('There is no event', event, Object.keys(EVENTS));
  mustBe(FUNCTION, `The listener of '${String(event)}'`, listener);
}
