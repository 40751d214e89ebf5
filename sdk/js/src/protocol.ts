// Made from the Rust crate `protocol` by `npm run types`: do not edit.

/**
 * The wire: every event, ack, error code and REST body.
 *
 * For an application's own socket: `Socket<ServerToClientEvents, ClientToServerEvents>`.
 *
 * @module
 */

/** The stable code of a failure, the same in acks, `call:error` and REST. */
export type ErrorCode =
  /** Sign in first: the token is missing or not valid. */
  | 'UNAUTHENTICATED'
  /** The token has expired: fetch a new one and connect again. The same request may succeed later. */
  | 'TOKEN_EXPIRED'
  /** The token does not allow this. */
  | 'FORBIDDEN'
  /** Everyone in a call must be a member of its chat. */
  | 'NOT_A_MEMBER'
  /** There is no such chat. */
  | 'CHAT_NOT_FOUND'
  /** There is no such call. */
  | 'CALL_NOT_FOUND'
  /** The call has ended. */
  | 'CALL_ENDED'
  /** This device is not in the call. */
  | 'NOT_IN_CALL'
  /** You are already in a call: end or leave it first. The same request may succeed later. */
  | 'ALREADY_IN_CALL'
  /** The call was answered on another device. */
  | 'ALREADY_ANSWERED'
  /** There is nobody to call in this chat. */
  | 'NO_TARGETS'
  /** The call is full. The same request may succeed later. */
  | 'CALL_FULL'
  /** That participant is not connected right now. The same request may succeed later. */
  | 'TARGET_UNREACHABLE'
  /** The payload does not have the documented shape. */
  | 'INVALID_PAYLOAD'
  /** The payload is larger than allowed. */
  | 'PAYLOAD_TOO_LARGE'
  /** The server does not know this event. */
  | 'UNKNOWN_EVENT'
  /** Too many messages: slow down. The same request may succeed later. */
  | 'RATE_LIMITED'
  /** The server is restarting: try again in a moment. The same request may succeed later. */
  | 'DRAINING'
  /** The server could not do this: try again. The same request may succeed later. */
  | 'INTERNAL';

/** What went wrong, for a program (`code`) and for a person (`error`). */
export interface Failure {
  /** Text for a person. */
  error: string;
  /** Stable code. */
  code: ErrorCode;
  /** With `RATE_LIMITED` and `DRAINING`: how long to wait, in milliseconds. */
  retryAfterMs?: number;
}

/** What a client event is answered with: `T` beside `success`, or a failure. */
export type Ack<T = unknown> = ({ success: true } & T) | ({ success: false } & Failure);

/** One browser tab or app install of a user. */
export type DeviceId = string;

/** A person, as the host application names them (the token's `sub`). */
export type UserId = string;

/** Who the server takes this socket to be. */
export interface Identity {
  /** The user, from the token. */
  userId: UserId;
  /** The device, from the handshake; the socket id when none was given. */
  deviceId: DeviceId;
}

/** Constraints for `getUserMedia`, for one kind of call. */
export interface MediaConstraints {
  /** Removes the echo of the loudspeaker. */
  echoCancellation: boolean;
  /** Removes steady noise. */
  noiseSuppression: boolean;
  /** Evens out the level. */
  autoGainControl: boolean;
  /** Ideal width of the picture in pixels; absent for voice. */
  width?: number;
  /** Ideal height of the picture in pixels; absent for voice. */
  height?: number;
  /** Ideal frames per second; absent for voice. */
  frameRate?: number;
}

/** Constraints for both kinds of call. */
export interface MediaDefaults {
  /** For voice calls. */
  voice: MediaConstraints;
  /** For video calls. */
  video: MediaConstraints;
}

/** What the server can do beyond the reference. */
export interface ProtocolInfo {
  /** The protocol version; 1. */
  version: number;
  /** What it can do, by name: `early-offer`, `resume` and so on. */
  features: Array<string>;
}

/** Where the grades of connection quality begin. */
export interface QualityThresholds {
  /** At least this mean opinion score (1 to 4.5) is `excellent`. */
  excellentMos: number;
  /** At least this one is `good`; below it is `poor`. */
  goodMos: number;
}

/** How long things may take, in milliseconds. */
export interface Timeouts {
  /** How long a target rings. */
  ringTimeoutMs: number;
  /** How long a dropped device may take to resume. */
  reconnectGraceMs: number;
}

/** The body of the ack of `webrtc:config:get`. */
export interface ConfigAck {
  /** What peer connections are made with. */
  config: RTCConfiguration;
  /** Constraints for voice and video. */
  media?: MediaDefaults;
  /** Where the grades of quality begin. */
  quality?: QualityThresholds;
  /** How long things may take. */
  timeouts?: Timeouts;
  /** Absent from a reference server. */
  protocol?: ProtocolInfo;
  /** Who the server takes the asker to be (added). */
  you?: Identity;
  /** For how many seconds the TURN credentials in it are good; absent when they do not expire (added). */
  ttl?: number;
}

/** How a call stands. */
export type CallStatus = 'ringing' | 'ongoing' | 'ended' | 'missed' | 'rejected' | 'failed';

/** Voice or video. */
export type CallType = 'voice' | 'video';

/** A conversation of the host application. */
export type ChatId = string;

/** Why a call ended, or why one participant left or rejected it. */
export type EndReason = 'completed' | 'cancelled' | 'declined' | 'busy' | 'missed' | 'failed' | 'disconnected' | 'replaced' | 'server' | (string & {});

/** How one participant stands towards a call (`userStatus`). */
export type ParticipantStatus = 'invited' | 'ringing' | 'joined' | 'reconnecting' | 'left' | 'rejected' | 'busy' | 'missed';

/** What the picture of a participant shows, if there is one. */
export type VideoState = 'off' | 'camera' | 'screen';

/** One participant in a {@link CallSnapshot}. */
export interface ParticipantSnapshot {
  /** Who. */
  userId: UserId;
  /** Display name. */
  name: string;
  /** Address of a picture. */
  avatar: string | null;
  /** How they stand towards the call. */
  status: ParticipantStatus;
  /** The device that is in the call, while one is. */
  deviceId?: DeviceId;
  /** Whether their microphone is muted, as they last said; absent: they never did (added). */
  muted?: boolean;
  /** What their picture shows, as they last said; absent: they never did (added). */
  video?: VideoState;
}

/** One call, as the server names it (a UUIDv7). */
export type SessionId = string;

/** The whole of a call, as one participant may see it; it replaces what the client believed. */
export interface CallSnapshot {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** Voice or video. */
  callType: CallType;
  /** How the call stands. */
  status: CallStatus;
  /** Who placed it. */
  callerId: UserId;
  /** Everyone who was called or is in it, the caller first. */
  participants: Array<ParticipantSnapshot>;
  /** Grows with every change of the call: the greater one is the newer. */
  version: number;
  /** When it was placed, in milliseconds since 1970. */
  initiatedAtMs: number;
  /** When the first callee joined, in milliseconds since 1970. */
  startedAtMs?: number;
  /** How long the call has been going on, by the server's clock, in milliseconds. */
  elapsedMs: number;
  /** Why it ended, once it has. */
  endReason?: EndReason;
}

/** The body of the ack of `call:initiate`. */
export interface InitiateAck {
  /** The call: a new one, or the one that the other person placed at the same time. */
  sessionId: SessionId;
  /** Everyone who is called. Absent from a reference server. */
  targetUserIds?: Array<UserId>;
  /** True when this counted as an accept of the call that the target had placed already. */
  joined?: boolean;
  /** The call as it now stands (added). */
  call?: CallSnapshot;
}

/** The body of the acks of `call:accept`, `call:join` and `call:resume`. */
export interface JoinAck {
  /** The call as it now stands. Absent from a reference server. */
  call?: CallSnapshot;
}

/** The body of the ack of `call:sync`, and the payload of `call:state`. */
export interface StateAck {
  /** Every live call that concerns the user. */
  calls: Array<CallSnapshot>;
}

/** The body of the ack of `auth:refresh`. */
export interface RefreshAck {
  /** When the new token expires, by the clock of the server. */
  expiresAt: string;
}

/** The caller's own name for one attempt to call; a repeat returns the same call. */
export type CallRequestId = string;

/** `call:initiate` */
export interface CallInitiateRequest {
  /** The chat to call in. */
  chatId: ChatId;
  /** Voice or video. */
  callType: CallType;
  /** Whom to call; absent: every member of the chat but the caller. */
  targetUserIds?: Array<UserId>;
  /** The offer, made ahead of the answer, when there is one target (added). */
  offer?: RTCSessionDescriptionInit;
  /** A repeat with the same id returns the same call (added). */
  requestId?: CallRequestId;
  /** True when the media path may be made while it rings, with devices that want it too (added). */
  preconnect?: boolean;
}

/** `call:accept` */
export interface CallAcceptRequest {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId?: ChatId;
  /** The answer to the offer that came with `call:incoming` (added). */
  answer?: RTCSessionDescriptionInit;
}

/** `call:reject` */
export interface CallRejectRequest {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId?: ChatId;
  /** Why; absent: `declined`. */
  reason?: EndReason;
}

/** `webrtc:offer` */
export interface WebrtcOfferRequest {
  /** The call. */
  sessionId: SessionId;
  /** For whom; may be absent with exactly one other participant. */
  targetUserId?: UserId;
  /** The device it is meant for: one that is no longer in the call makes it fail (added). */
  targetDeviceId?: DeviceId;
  /** The offer. */
  offer: RTCSessionDescriptionInit;
  /** The chat of the call. */
  chatId?: ChatId;
}

/** `webrtc:answer` */
export interface WebrtcAnswerRequest {
  /** The call. */
  sessionId: SessionId;
  /** For whom; may be absent with exactly one other participant. */
  targetUserId?: UserId;
  /** The device it is meant for (added). */
  targetDeviceId?: DeviceId;
  /** The answer. */
  answer: RTCSessionDescriptionInit;
  /** The chat of the call. */
  chatId?: ChatId;
}

/** `webrtc:ice-candidate` */
export interface WebrtcIceCandidateRequest {
  /** The call. */
  sessionId: SessionId;
  /** For whom; may be absent with exactly one other participant. */
  targetUserId?: UserId;
  /** The device it is meant for (added). */
  targetDeviceId?: DeviceId;
  /** The candidate. */
  candidate: RTCIceCandidateInit;
  /** The chat of the call. */
  chatId?: ChatId;
}

/** The type of an ICE candidate (RFC 8445 section 4). */
export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay';

/** How good a link is, to a person; the worse one is the greater. */
export type LinkGrade = 'excellent' | 'good' | 'poor' | 'lost';

/** Where the media path to a participant stands. */
export type LinkStatus = 'connected' | 'reconnecting' | 'failed';

/** One link in `call:quality`: what arrived since the last report, and how. */
export interface LinkReport {
  /** Who is at the other end. */
  userId: UserId;
  /** Where it stands. */
  state: LinkStatus;
  /** How good it was. */
  grade?: LinkGrade;
  /** Mean opinion score from 1 to 4.5, an estimate (ITU-T G.107). */
  mos?: number;
  /** Mean bit rate received, in bits per second. */
  avgBitrate?: number;
  /** Packets lost, in percent (0 to 100). */
  packetLoss?: number;
  /** Interarrival jitter (RFC 3550), in milliseconds. */
  jitter?: number;
  /** In milliseconds. */
  roundTripTime?: number;
  /** Type of the local candidate in use. */
  candidateType?: CandidateType;
}

/** The quality of a call as one participant measured it (`call:quality`). */
export interface QualityReport {
  /** Mean bit rate received, in bits per second. */
  avgBitrate: number;
  /** Packets lost, in percent (0 to 100). */
  packetLoss: number;
  /** Interarrival jitter (RFC 3550), in milliseconds. */
  jitter: number;
}

/** `call:quality` */
export interface CallQualityRequest {
  /** The call. */
  sessionId: SessionId;
  /** What was measured since the last report. */
  quality: QualityReport;
  /** The same for the link to each participant (added). */
  links?: Array<LinkReport>;
}

/** `call:toggle-audio` */
export interface CallToggleAudioRequest {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId?: ChatId;
  /** Whether the microphone is now muted. */
  muted: boolean;
}

/** What a picture shows. */
export type VideoSource = 'camera' | 'screen';

/** `call:toggle-video` */
export interface CallToggleVideoRequest {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId?: ChatId;
  /** Whether the camera is now on. */
  enabled: boolean;
  /** What the picture shows, while there is one (added). */
  source?: VideoSource;
}

/** `call:end` */
export interface CallEndRequest {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId?: ChatId;
  /** Why; absent: `completed`, or `cancelled` before anyone answered. */
  reason?: EndReason;
}

/** `call:leave` */
export interface CallLeaveRequest {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId?: ChatId;
}

/** `call:join` */
export interface CallJoinRequest {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId?: ChatId;
}

/** `call:invite` */
export interface CallInviteRequest {
  /** The call. */
  sessionId: SessionId;
  /** Whom to call into it. */
  targetUserIds: Array<UserId>;
}

/** `call:resume` */
export interface CallResumeRequest {
  /** The call. */
  sessionId: SessionId;
  /** True when the device lost its peer connections, as by a reload: the others offer anew (added). */
  fresh?: boolean;
}

/** `auth:refresh` */
export interface AuthRefreshRequest {
  /** A token of the same user. */
  token: string;
}

/** Everything that a client may say. Every event accepts an ack. */
export interface ClientToServerEvents {
  /** Asks for the `RTCConfiguration`. */
  'webrtc:config:get': (ack: (ack: Ack<ConfigAck>) => void) => void;
  /** Places a call. */
  'call:initiate': (payload: CallInitiateRequest, ack?: (ack: Ack<InitiateAck>) => void) => void;
  /** Answers a ringing call on this device. */
  'call:accept': (payload: CallAcceptRequest, ack?: (ack: Ack<JoinAck>) => void) => void;
  /** Rejects a ringing call for the user, on all devices. */
  'call:reject': (payload: CallRejectRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Passes an offer to a participant. */
  'webrtc:offer': (payload: WebrtcOfferRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Passes an answer to a participant. */
  'webrtc:answer': (payload: WebrtcAnswerRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Passes an ICE candidate to a participant. */
  'webrtc:ice-candidate': (payload: WebrtcIceCandidateRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Reports the quality as this participant measured it. */
  'call:quality': (payload: CallQualityRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Tells the others that this participant muted or unmuted. */
  'call:toggle-audio': (payload: CallToggleAudioRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Tells the others that this participant's camera went on or off. */
  'call:toggle-video': (payload: CallToggleVideoRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Ends the call (in a group, unless by its caller, leaves it). */
  'call:end': (payload: CallEndRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Leaves the call without ending it for others. */
  'call:leave': (payload: CallLeaveRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Enters a running call, or moves it to this device. Added. */
  'call:join': (payload: CallJoinRequest, ack?: (ack: Ack<JoinAck>) => void) => void;
  /** Calls more people into a call. Added. */
  'call:invite': (payload: CallInviteRequest, ack?: (ack: Ack<unknown>) => void) => void;
  /** Takes up a call again after a reconnect or reload. Added. */
  'call:resume': (payload: CallResumeRequest, ack?: (ack: Ack<JoinAck>) => void) => void;
  /** Asks which live calls concern this user. Added. */
  'call:sync': (ack: (ack: Ack<StateAck>) => void) => void;
  /** Shows a new token before the old one expires. Added. */
  'auth:refresh': (payload: AuthRefreshRequest, ack?: (ack: Ack<RefreshAck>) => void) => void;
}

/** `call:incoming` */
export interface CallIncomingEvent {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** Voice or video. */
  callType: CallType;
  /** Who calls. */
  callerId: UserId;
  /** Their display name; their id when none is known. */
  callerName: string;
  /** Address of their picture. */
  callerAvatar: string | null;
  /** The caller's device (added). */
  callerDeviceId?: DeviceId;
  /** Everyone who is called (added). */
  targetUserIds?: Array<UserId>;
  /** The caller's offer, to prepare the answer while ringing (added). */
  offer?: RTCSessionDescriptionInit;
  /** For how much longer it rings, in milliseconds (added). */
  ringTimeoutMs?: number;
  /** True when the caller would make the media path while it rings (added). */
  preconnect?: boolean;
}

/** `call:ringing` */
export interface CallRingingEvent {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** The targets whose devices ring since the last such event. */
  targetUserIds: Array<UserId>;
}

/** `call:accepted` */
export interface CallAcceptedEvent {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** Who answered. */
  acceptedBy: UserId;
  /** On which device (added). */
  deviceId?: DeviceId;
  /** Their answer to the offer of `call:initiate` (added). */
  answer?: RTCSessionDescriptionInit;
}

/** `call:rejected` */
export interface CallRejectedEvent {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** Who rejected. */
  rejectedBy: UserId;
  /** Why: `declined`, `busy`, or the text that they gave. */
  reason: EndReason;
}

/** `call:missed` */
export interface CallMissedEvent {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** Who called. */
  callerId: UserId;
}

/** `call:ended` */
export interface CallEndedEvent {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** Whose act or absence ended it; the caller when nobody answered. */
  endedBy: UserId;
  /** Why. */
  reason: EndReason;
}

/** `call:participant-joined` */
export interface CallParticipantJoinedEvent {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** Who entered. */
  userId: UserId;
  /** On which device (added). */
  deviceId?: DeviceId;
}

/** `call:participant-left` */
export interface CallParticipantLeftEvent {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** Who left. */
  userId: UserId;
  /** Why. */
  reason: EndReason;
}

/** `webrtc:offer` */
export interface WebrtcOfferEvent {
  /** The call. */
  sessionId: SessionId;
  /** The offer. */
  offer: RTCSessionDescriptionInit;
  /** The chat of the call. A reference server may leave it out. */
  chatId?: ChatId;
  /** From whom. */
  fromUserId: UserId;
  /** From which of their devices (added). */
  fromDeviceId?: DeviceId;
}

/** `webrtc:answer` */
export interface WebrtcAnswerEvent {
  /** The call. */
  sessionId: SessionId;
  /** The answer. */
  answer: RTCSessionDescriptionInit;
  /** The chat of the call. A reference server may leave it out. */
  chatId?: ChatId;
  /** From whom. */
  fromUserId: UserId;
  /** From which of their devices (added). */
  fromDeviceId?: DeviceId;
}

/** `webrtc:ice-candidate` */
export interface WebrtcIceCandidateEvent {
  /** The call. */
  sessionId: SessionId;
  /** The candidate. */
  candidate: RTCIceCandidateInit;
  /** The chat of the call. A reference server may leave it out. */
  chatId?: ChatId;
  /** From whom. */
  fromUserId: UserId;
  /** From which of their devices (added). */
  fromDeviceId?: DeviceId;
}

/** `call:participant-audio-toggle` */
export interface CallParticipantAudioToggleEvent {
  /** The call. */
  sessionId: SessionId;
  /** Who. */
  userId: UserId;
  /** Whether their microphone is now muted. */
  muted: boolean;
}

/** `call:participant-video-toggle` */
export interface CallParticipantVideoToggleEvent {
  /** The call. */
  sessionId: SessionId;
  /** Who. */
  userId: UserId;
  /** Whether their camera is now on. */
  enabled: boolean;
  /** What the picture shows, while there is one (added). */
  source?: VideoSource;
}

/** What another device of the user did with a ringing call. */
export type ElsewhereAction = 'accepted' | 'rejected';

/** `call:answered-elsewhere` */
export interface CallAnsweredElsewhereEvent {
  /** The call. */
  sessionId: SessionId;
  /** Its chat. */
  chatId: ChatId;
  /** What the other device did. */
  action: ElsewhereAction;
  /** Which device it was. */
  deviceId: DeviceId;
}

/** `call:participant-reconnecting` */
export interface CallParticipantReconnectingEvent {
  /** The call. */
  sessionId: SessionId;
  /** Who. */
  userId: UserId;
}

/** `call:participant-reconnected` */
export interface CallParticipantReconnectedEvent {
  /** The call. */
  sessionId: SessionId;
  /** Who. */
  userId: UserId;
  /** On which device. */
  deviceId?: DeviceId;
  /** True when it lost its peer connections: offer anew (added). */
  fresh?: boolean;
}

/** `call:state` */
export interface CallStateEvent {
  /** Every live call that concerns the user. */
  calls: Array<CallSnapshot>;
}

/** `call:error` */
export interface CallErrorEvent {
  /** The event that failed. */
  event: string;
  /** The call it was about, when it named one. */
  sessionId?: SessionId;
  /** Stable code. */
  code: ErrorCode;
  /** Text for a person. */
  error: string;
  /** With `RATE_LIMITED` and `DRAINING`: how long to wait, in milliseconds. */
  retryAfterMs?: number;
}

/** `server:draining` */
export interface ServerDrainingEvent {
  /** When to connect again, in milliseconds from now. */
  retryAfterMs: number;
}

/** `auth:expiring` */
export interface AuthExpiringEvent {
  /** When the token expires, by the clock of the server. */
  expiresAt: string;
  /** The same in milliseconds from now. */
  expiresInMs: number;
}

/** Everything that the server may say. */
export interface ServerToClientEvents {
  /** A call rings on this device. */
  'call:incoming': (payload: CallIncomingEvent) => void;
  /** To the caller: at least one device of these targets rings. */
  'call:ringing': (payload: CallRingingEvent) => void;
  /** To the caller: a target answered. */
  'call:accepted': (payload: CallAcceptedEvent) => void;
  /** To the caller: a target rejected, or was busy. */
  'call:rejected': (payload: CallRejectedEvent) => void;
  /** To caller and targets: nobody answered in time. */
  'call:missed': (payload: CallMissedEvent) => void;
  /** To everyone concerned: the call is over. Always the last event of a call. */
  'call:ended': (payload: CallEndedEvent) => void;
  /** To everyone in the call: somebody entered it. */
  'call:participant-joined': (payload: CallParticipantJoinedEvent) => void;
  /** To everyone in the call: somebody left it. */
  'call:participant-left': (payload: CallParticipantLeftEvent) => void;
  /** An offer from a participant. */
  'webrtc:offer': (payload: WebrtcOfferEvent) => void;
  /** An answer from a participant. */
  'webrtc:answer': (payload: WebrtcAnswerEvent) => void;
  /** An ICE candidate from a participant. */
  'webrtc:ice-candidate': (payload: WebrtcIceCandidateEvent) => void;
  /** A participant muted or unmuted. */
  'call:participant-audio-toggle': (payload: CallParticipantAudioToggleEvent) => void;
  /** A participant's camera went on or off. */
  'call:participant-video-toggle': (payload: CallParticipantVideoToggleEvent) => void;
  /** To the user's other devices: stop ringing. Added. */
  'call:answered-elsewhere': (payload: CallAnsweredElsewhereEvent) => void;
  /** A participant's device dropped and may come back. Added. */
  'call:participant-reconnecting': (payload: CallParticipantReconnectingEvent) => void;
  /** A participant's device came back. Added. */
  'call:participant-reconnected': (payload: CallParticipantReconnectedEvent) => void;
  /** After connecting: the live calls that concern this user. Added. */
  'call:state': (payload: CallStateEvent) => void;
  /** An event without an ack failed. Added. */
  'call:error': (payload: CallErrorEvent) => void;
  /** The server is about to restart. Added. */
  'server:draining': (payload: ServerDrainingEvent) => void;
  /** The token of this socket expires soon: answer with `auth:refresh`. Added. */
  'auth:expiring': (payload: AuthExpiringEvent) => void;
}

/** What a REST endpoint answers. */
export type RestResponse<T> = { success: true; data: T } | ({ success: false } & Failure);

/** A person, as the directory knew them at call time. */
export interface UserRef {
  /** Who. */
  id: UserId;
  /** Display name; the id when none is known. */
  name: string;
  /** Address of a picture. */
  avatar: string | null;
}

/** One participant of a stored call. */
export interface CallParticipant {
  /** Who. */
  user: UserRef;
  /** How they stand, or stood at the end. */
  status: ParticipantStatus;
  /** When they first entered the call. */
  joinedAt: string | null;
  /** When they left it. */
  leftAt: string | null;
}

/** A chat, as the directory knew it at call time. */
export interface ChatRef {
  /** Which. */
  id: ChatId;
  /** Its name, when it has one. */
  name: string | null;
}

/** A stored call, as one of its participants sees it. */
export interface CallRecord {
  /** The call's session id. */
  id: SessionId;
  /** Its chat. */
  chatId: ChatRef;
  /** Voice or video. */
  callType: CallType;
  /** How it stands. */
  status: CallStatus;
  /** Whether the asker was called. */
  isIncoming: boolean;
  /** Whether the asker placed it. */
  isOutgoing: boolean;
  /** Who placed it. */
  caller: UserRef;
  /** Everyone, the caller first. */
  participants: Array<CallParticipant>;
  /** How the asker stands, or stood at the end. */
  userStatus: ParticipantStatus;
  /** When it was placed. */
  initiatedAt: string;
  /** When the first callee joined. */
  startedAt: string | null;
  /** When it ended. */
  endedAt: string | null;
  /** From the first join to the end, in whole seconds; 0 when it never started. */
  duration: number;
  /** Why it ended. */
  endReason: EndReason | null;
  /** Means over all reports of all participants; null when there were none. */
  quality: QualityReport | null;
}

/** `pagination` of a history page. */
export interface Pagination {
  /** Calls that match the filters. */
  total: number;
  /** The page size asked for. */
  limit: number;
  /** The calls skipped. */
  offset: number;
  /** Whether more follow. */
  hasMore: boolean;
  /** Names the next page, when there is one: goes into `cursor`. */
  nextCursor?: string;
}

/** `data` of `GET /api/calls`. */
export interface CallHistory {
  /** Newest first. */
  calls: Array<CallRecord>;
  /** Where this page stands. */
  pagination: Pagination;
}

/** `byDirection` of the statistics. */
export interface CallsByDirection {
  /** The asker was called. */
  incoming: number;
  /** The asker called. */
  outgoing: number;
}

/** `byType` of the statistics. */
export interface CallsByType {
  /** Voice calls. */
  voice: number;
  /** Video calls. */
  video: number;
}

/** `stats` of the statistics. */
export interface CallStats {
  /** Calls in the time frame. */
  total: number;
  /** By voice and video. */
  byType: CallsByType;
  /** By status: `ended`, `missed` and `rejected` always, others when there are any. */
  byStatus: { ended: number, missed: number, rejected: number, [status: string]: number };
  /** By direction. */
  byDirection: CallsByDirection;
  /** Of the calls that took place, in seconds. */
  totalDuration: number;
  /** Mean of the calls that took place, in seconds; 0 when none did. */
  averageDuration: number;
  /** In seconds; 0 when no call took place. */
  longestCall: number;
  /** In seconds; 0 when no call took place. */
  shortestCall: number;
  /** The newest calls of the time frame. */
  recentCalls: Array<CallRecord>;
}

/** `quality` of the statistics: means over the calls that had reports, null when none had. */
export interface QualityAverages {
  /** In percent. */
  avgPacketLoss: number | null;
  /** In milliseconds. */
  avgJitter: number | null;
  /** In bits per second. */
  avgBitrate: number | null;
}

/** `data` of `GET /api/calls/stats`. */
export interface CallStatistics {
  /** The time frame asked for: `24h`, `7d`, `30d`, `90d`, `1y`, `all`. */
  timeframe: string;
  /** The figures. */
  stats: CallStats;
  /** Calls per day (UTC) with at least one, `YYYY-MM-DD`. */
  callFrequency: Record<string, number>;
  /** Means of the quality. */
  quality: QualityAverages;
}

/** What happened in a call. */
export type CallHappening = 'initiated' | 'ringing' | 'accepted' | 'rejected' | 'missed' | 'invited' | 'joined' | 'moved' | 'left' | 'reconnecting' | 'reconnected' | 'link-connected' | 'link-failed' | 'ended';

/** One entry of the timeline of a call. */
export interface TimelineEvent {
  /** When. */
  at: string;
  /** What. */
  type: CallHappening;
  /** Whose act it was, or whom it is about. */
  userId?: UserId;
  /** On which device. */
  deviceId?: DeviceId;
  /** Who is at the other end of the link. */
  targetUserId?: UserId;
  /** Why. */
  reason?: EndReason;
  /** How the link is connected. */
  candidateType?: CandidateType;
}

/** `data` of `GET /api/calls/{id}/timeline`. */
export interface CallTimeline {
  /** The call's session id. */
  callId: SessionId;
  /** In the order in which it happened. */
  events: Array<TimelineEvent>;
}

/** What one report said of one link. */
export interface LinkSample {
  /** When it was reported. */
  at: string;
  /** Where the link stood. */
  state: LinkStatus;
  /** How good it was. */
  grade?: LinkGrade;
  /** Mean opinion score from 1 to 4.5, an estimate (ITU-T G.107). */
  mos?: number;
  /** Mean bit rate received, in bits per second. */
  bitrate?: number;
  /** Packets lost, in percent (0 to 100). */
  packetLoss?: number;
  /** Interarrival jitter (RFC 3550), in milliseconds. */
  jitter?: number;
  /** In milliseconds. */
  roundTripTime?: number;
  /** Type of the local candidate in use. */
  candidateType?: CandidateType;
}

/** One direction of one link over time. */
export interface LinkTimeline {
  /** Who measured. */
  from: UserId;
  /** Whose media was measured. */
  to: UserId;
  /** In the order in which they came; of a long call, fewer of the older ones. */
  samples: Array<LinkSample>;
}

/** `data` of `GET /api/calls/{id}/quality`. */
export interface CallQualityTimeline {
  /** The call's session id. */
  callId: SessionId;
  /** Every link that was reported, by `from` and `to`. */
  links: Array<LinkTimeline>;
}

/** One member in a {@link Chat}. */
export interface ChatMember {
  /** Who. */
  id: UserId;
  /** Display name. */
  name?: string;
  /** Address of a picture. */
  avatar?: string;
}

/** The body of `PUT /api/chats/{id}`; also what `GET` answers, beside the id. */
export interface Chat {
  /** Its name. */
  name?: string;
  /** Its members. */
  participants: Array<ChatMember>;
}

/** The body of `POST /api/dev/join`. */
export interface DevJoin {
  /** The chat; made on the fly. */
  chatId: ChatId;
  /** The user; made a member on the fly. */
  userId: UserId;
  /** Display name. */
  name?: string;
  /** Address of a picture. */
  avatar?: string;
}

/** The answer of `POST /api/dev/join`. */
export interface DevToken {
  /** A JWT for that user. */
  token: string;
}

/** A call as the host application is told of it. */
export interface WebhookCall {
  /** The call's session id. */
  id: SessionId;
  /** Its chat. */
  chatId: ChatRef;
  /** Voice or video. */
  callType: CallType;
  /** How it stands. */
  status: CallStatus;
  /** Who placed it. */
  caller: UserRef;
  /** Everyone, the caller first. Someone who is `invited` has no device connected. */
  participants: Array<CallParticipant>;
  /** When it was placed. */
  initiatedAt: string;
  /** When the first callee joined. */
  startedAt: string | null;
  /** When it ended. */
  endedAt: string | null;
  /** From the first join to the end, in whole seconds; 0 when it never started. */
  duration: number;
  /** Why it ended. */
  endReason: EndReason | null;
}

/** The call that a webhook is about, as it stood then. */
export interface WebhookData {
  /** The first webhook about a call is 1, and each has one more than the last. */
  sequence: number;
  /** The version of the call: grows with every change of it. */
  version: number;
  /** Whom it concerns: who is called, who is in the call, who missed it; at the end, everyone. */
  userIds: Array<UserId>;
  /** The call. */
  call: WebhookCall;
}

/** What a webhook tells. */
export type WebhookType = 'call.ringing' | 'call.started' | 'call.missed' | 'call.ended';

/** The body of a webhook. */
export interface WebhookEvent {
  /** What happened. */
  type: WebhookType;
  /** When it happened. */
  timestamp: string;
  /** To which call. */
  data: WebhookData;
}

/** Who wants to do something, and in which call. */
export interface CallHookData {
  /** Who. */
  userId: UserId;
  /** On which device. */
  deviceId: DeviceId;
  /** The chat. */
  chatId: ChatId;
  /** The call; absent while it is to be placed. */
  sessionId?: SessionId;
  /** Voice or video. */
  callType: CallType;
  /** Who is to be called; empty when nobody is. */
  targetUserIds: Array<UserId>;
}

/** What a user wants to do, of which the host application is asked. */
export type CallHookType = 'call.initiate' | 'call.accept' | 'call.join' | 'call.invite';

/** The body of the question whether a user may do that. */
export interface CallHookRequest {
  /** What they want to do. */
  type: CallHookType;
  /** When it was asked. */
  timestamp: string;
  /** Who, and in which call. */
  data: CallHookData;
}

/** What the host application answers. */
export interface CallHookAnswer {
  /** Whether they may. */
  allow: boolean;
  /** Why not, for the person who asked. */
  error?: string;
}
