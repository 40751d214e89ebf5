// The documented shape of everything on the wire, checked field by field.
//
// A shape is exact: a field that is missing fails, and so does one that nobody documented.
// Fields that Ringback adds to the reference are marked `added`: they may be absent.
import assert from 'node:assert/strict';

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

const check = (what, holds) => (value, path) =>
  assert.ok(holds(value), `${path} should be ${what}, and is ${JSON.stringify(value)}`);

export const string = check('a text', (v) => typeof v === 'string');
export const number = check('a number', (v) => typeof v === 'number' && Number.isFinite(v));
export const count = check('a whole number from 0', (v) => Number.isSafeInteger(v) && v >= 0);
export const boolean = check('a boolean', (v) => typeof v === 'boolean');
export const isoTime = check('an ISO time in UTC with milliseconds', (v) => ISO_TIME.test(v) && !Number.isNaN(Date.parse(v)));
export const day = check('a day', (v) => /^\d{4}-\d{2}-\d{2}$/.test(v));
export const oneOf = (...values) => check(`one of ${values.join(', ')}`, (v) => values.includes(v));
export const exactly = (expected) => (value, path) => assert.deepEqual(value, expected, path);

/** The value, or null where there is none. */
export const nullable = (shape) => (value, path) => value === null || match(value, shape, path);

/** A field that the reference does not have: absent, or of that shape. */
export const added = (shape) => Object.assign((value, path) => match(value, shape, path), { optional: true });

export const listOf = (shape) => (value, path) => {
  assert.ok(Array.isArray(value), `${path} should be a list`);
  value.forEach((item, i) => match(item, shape, `${path}[${i}]`));
};

export const mapOf = (key, shape) => (value, path) => {
  for (const [name, item] of Object.entries(value)) {
    key(name, `a key of ${path}`);
    match(item, shape, `${path}.${name}`);
  }
};

/** Asserts that the value has exactly that shape. */
export function match(value, shape, path = 'it') {
  if (typeof shape === 'function') return shape(value, path);
  assert.ok(value !== null && typeof value === 'object' && !Array.isArray(value), `${path} should be an object, and is ${JSON.stringify(value)}`);
  for (const name of Object.keys(value)) {
    assert.ok(Object.hasOwn(shape, name), `${path}.${name} is not documented`);
  }
  for (const [name, field] of Object.entries(shape)) {
    if (!Object.hasOwn(value, name)) {
      assert.ok(field.optional, `${path}.${name} is missing`);
    } else {
      match(value[name], field, `${path}.${name}`);
    }
  }
}

const callType = oneOf('voice', 'video');
const callStatus = oneOf('ringing', 'ongoing', 'ended', 'missed', 'rejected', 'failed');
const userStatus = oneOf('invited', 'ringing', 'joined', 'reconnecting', 'left', 'rejected', 'busy', 'missed');
const description = { type: oneOf('offer', 'answer', 'pranswer', 'rollback'), sdp: string };
const candidate = { candidate: string, sdpMid: nullable(string), sdpMLineIndex: nullable(count), usernameFragment: added(nullable(string)) };
const user = { id: string, name: string, avatar: nullable(string) };
const quality = { avgBitrate: number, packetLoss: number, jitter: number };

/** A call as one participant may see it. */
export const snapshot = {
  sessionId: string,
  chatId: string,
  callType,
  status: callStatus,
  callerId: string,
  participants: listOf({ userId: string, name: string, avatar: nullable(string), status: userStatus, deviceId: added(string) }),
  version: count,
  initiatedAtMs: count,
  startedAtMs: added(count),
  elapsedMs: count,
  endReason: added(string),
};

/** The payload of every event from the server. */
export const serverEvents = {
  'call:incoming': {
    sessionId: string, chatId: string, callType, callerId: string, callerName: string, callerAvatar: nullable(string),
    callerDeviceId: added(string), targetUserIds: added(listOf(string)), offer: added(description), ringTimeoutMs: added(count),
  },
  'call:ringing': { sessionId: string, chatId: string, targetUserIds: listOf(string) },
  'call:accepted': { sessionId: string, chatId: string, acceptedBy: string, deviceId: added(string), answer: added(description) },
  'call:rejected': { sessionId: string, chatId: string, rejectedBy: string, reason: string },
  'call:missed': { sessionId: string, chatId: string, callerId: string },
  'call:ended': { sessionId: string, chatId: string, endedBy: string, reason: string },
  'call:participant-joined': { sessionId: string, chatId: string, userId: string, deviceId: added(string) },
  'call:participant-left': { sessionId: string, chatId: string, userId: string, reason: string },
  'webrtc:offer': { sessionId: string, offer: description, chatId: string, fromUserId: string, fromDeviceId: added(string) },
  'webrtc:answer': { sessionId: string, answer: description, chatId: string, fromUserId: string, fromDeviceId: added(string) },
  'webrtc:ice-candidate': { sessionId: string, candidate, chatId: string, fromUserId: string, fromDeviceId: added(string) },
  'call:participant-audio-toggle': { sessionId: string, userId: string, muted: boolean },
  'call:participant-video-toggle': { sessionId: string, userId: string, enabled: boolean },
  'call:answered-elsewhere': { sessionId: string, chatId: string, action: oneOf('accepted', 'rejected'), deviceId: string },
  'call:participant-reconnecting': { sessionId: string, userId: string },
  'call:participant-reconnected': { sessionId: string, userId: string, deviceId: added(string) },
  'call:state': { calls: listOf(snapshot) },
  'call:error': { event: string, sessionId: added(string), code: string, error: string, retryAfterMs: added(count) },
  'server:draining': { retryAfterMs: count },
};

/** The ack of a failure. */
export const failure = { success: exactly(false), error: string, code: string, retryAfterMs: added(count) };

const done = { success: exactly(true) };
const joined = { ...done, call: added(snapshot) };
const constraints = {
  echoCancellation: boolean, noiseSuppression: boolean, autoGainControl: boolean,
  width: added(count), height: added(count), frameRate: added(count),
};

/** The ack of a success, for every event of a client. */
export const acks = {
  'webrtc:config:get': {
    ...done,
    config: {
      iceServers: listOf({ urls: (value, path) => match(value, Array.isArray(value) ? listOf(string) : string, path), username: added(string), credential: added(string) }),
      iceTransportPolicy: added(oneOf('all', 'relay')),
      bundlePolicy: added(string),
      iceCandidatePoolSize: added(count),
    },
    media: added({ voice: constraints, video: constraints }),
    quality: added({ excellentMos: number, goodMos: number }),
    timeouts: added({ ringTimeoutMs: count, reconnectGraceMs: count }),
    protocol: added({ version: count, features: listOf(string) }),
    you: added({ userId: string, deviceId: string }),
  },
  'call:initiate': { ...done, sessionId: string, targetUserIds: added(listOf(string)), joined: added(boolean), call: added(snapshot) },
  'call:accept': joined,
  'call:reject': done,
  'webrtc:offer': done,
  'webrtc:answer': done,
  'webrtc:ice-candidate': done,
  'call:quality': done,
  'call:toggle-audio': done,
  'call:toggle-video': done,
  'call:end': done,
  'call:leave': done,
  'call:join': joined,
  'call:invite': done,
  'call:resume': joined,
  'call:sync': { ...done, calls: listOf(snapshot) },
};

/** A stored call over REST. */
export const callRecord = {
  id: string,
  chatId: { id: string, name: nullable(string) },
  callType,
  status: callStatus,
  isIncoming: boolean,
  isOutgoing: boolean,
  caller: user,
  participants: listOf({ user, status: userStatus, joinedAt: nullable(isoTime), leftAt: nullable(isoTime) }),
  userStatus,
  initiatedAt: isoTime,
  startedAt: nullable(isoTime),
  endedAt: nullable(isoTime),
  duration: count,
  endReason: nullable(string),
  quality: nullable(quality),
};

/** `GET /api/calls` */
export const historyBody = {
  success: exactly(true),
  data: {
    calls: listOf(callRecord),
    pagination: { total: count, limit: count, offset: count, hasMore: boolean, nextCursor: added(nullable(string)) },
  },
};

/** `GET /api/calls/[id]` */
export const detailsBody = { success: exactly(true), data: callRecord };

/** `GET /api/calls/stats` */
export const statisticsBody = {
  success: exactly(true),
  data: {
    timeframe: string,
    stats: {
      total: count,
      byType: { voice: count, video: count },
      byStatus: (value, path) => {
        match({ ended: value.ended, missed: value.missed, rejected: value.rejected }, { ended: count, missed: count, rejected: count }, path);
        mapOf(callStatus, count)(value, path);
      },
      byDirection: { incoming: count, outgoing: count },
      totalDuration: count,
      averageDuration: number,
      longestCall: count,
      shortestCall: count,
      recentCalls: listOf(callRecord),
    },
    callFrequency: mapOf(day, count),
    quality: { avgPacketLoss: nullable(number), avgJitter: nullable(number), avgBitrate: nullable(number) },
  },
};

/** A REST failure. */
export const restFailure = { success: exactly(false), error: string, code: string, retryAfterMs: added(count) };

/** Asserts that every event which these clients were sent has its documented shape. */
export function matchEvents(...clients) {
  for (const client of clients) {
    for (const { event, data, extra } of client.events) {
      assert.ok(Object.hasOwn(serverEvents, event), `${event} is not documented`);
      assert.deepEqual(extra, [], `${event} has one payload`);
      match(data, serverEvents[event], `${event} to ${client.userId}`);
    }
  }
}
