/** What the hooks return: plain values that change only when something in them did, with the actions beside. */

import type { Call, CallError, CallState, DeviceList, IncomingCall, Participant, VideoState, VoiceCallManager } from '../index.js';

/**
 * Where the connection to the server stands.
 *
 * - `idle`: nothing to connect to yet: rendered on a server, not mounted, or without url or token.
 * - `connecting`: being made; after a failure that may pass it is tried again, and `error` says why.
 * - `connected`: there.
 * - `reconnecting`: lost, and coming back by itself; a call goes on without it.
 * - `failed`: refused; `error` says why, and `retry()` tries again.
 */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'failed';

/** The actions of the manager that begin or answer a call; they reject with `NOT_CONNECTED` before there is one. */
type CallsActions = Pick<VoiceCallManager, 'initiateCall' | 'prepareToAccept' | 'acceptCall' | 'rejectCall' | 'joinCall' | 'liveCalls'>;

/** The actions of the manager on the call that goes on. */
type CallActions = Pick<
  VoiceCallManager,
  | 'prepareToAccept' | 'acceptCall' | 'rejectCall' | 'endCall' | 'leaveCall' | 'inviteToCall' | 'resumeAudio'
  | 'setMuted' | 'toggleMute' | 'setPushToTalk' | 'talk' | 'toggleVideo' | 'setVideoEnabled' | 'shareScreen'
>;

/** What {@link useCalls} returns. */
export interface Calls extends CallsActions {
  /** Everything else that the package can do; null until there is a connection. */
  readonly manager: VoiceCallManager | null;
  readonly connection: ConnectionState;
  /** Why the connection failed, last. */
  readonly error: CallError | null;
  /** The calls that ring on this device, the oldest first. */
  readonly incoming: readonly IncomingCall[];
  /** Connects again after `failed`. */
  retry(): void;
}

/** What {@link useCall} returns. */
export interface CurrentCall extends CallActions {
  /** The current call, or the last one once it has ended; null before the first. */
  readonly call: Call | null;
  readonly state: CallState;
  /** Everyone else in the call. */
  readonly participants: readonly Participant[];
  readonly muted: boolean;
  /** The picture that this side sends. */
  readonly video: VideoState;
  /** Who else speaks at the moment. */
  readonly activeSpeaker: string | null;
  /** The browser holds the sound back: call `resumeAudio()` from a click. */
  readonly audioBlocked: boolean;
}

/** What {@link useDevices} returns: the list is empty until it is known, the labels until permission was given. */
export interface Devices extends DeviceList, Pick<VoiceCallManager, 'setDevices'> {}

/** Everything that changes, as one value that does not: each part is replaced when something in it changed. */
export interface Snapshot {
  readonly calls: Calls;
  readonly call: CurrentCall;
  readonly devices: Devices;
  /** What arrives, by user. */
  readonly streams: ReadonlyMap<string, MediaStream>;
  /** How loud everyone else is, by user. */
  readonly levels: ReadonlyMap<string, number>;
  readonly localVideo: MediaStream | null;
}
