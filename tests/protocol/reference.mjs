// What the reference contract names: its events and the fields of each, no more and no fewer.

/** Client to server. */
export const CLIENT_EVENTS = {
  'webrtc:config:get': null,
  'call:initiate': ['chatId', 'callType', 'targetUserIds'],
  'call:accept': ['sessionId', 'chatId'],
  'call:reject': ['sessionId', 'chatId', 'reason'],
  'webrtc:offer': ['sessionId', 'targetUserId', 'offer', 'chatId'],
  'webrtc:answer': ['sessionId', 'targetUserId', 'answer', 'chatId'],
  'webrtc:ice-candidate': ['sessionId', 'targetUserId', 'candidate', 'chatId'],
  'call:quality': ['sessionId', 'quality'],
  'call:toggle-audio': ['sessionId', 'chatId', 'muted'],
  'call:toggle-video': ['sessionId', 'chatId', 'enabled'],
  'call:end': ['sessionId', 'chatId', 'reason'],
  'call:leave': ['sessionId', 'chatId'],
};

/** Server to client. */
export const SERVER_EVENTS = {
  'call:incoming': ['sessionId', 'chatId', 'callType', 'callerId', 'callerName', 'callerAvatar'],
  'call:ringing': ['sessionId', 'chatId', 'targetUserIds'],
  'call:accepted': ['sessionId', 'chatId', 'acceptedBy'],
  'call:rejected': ['sessionId', 'chatId', 'rejectedBy', 'reason'],
  'call:missed': ['sessionId', 'chatId', 'callerId'],
  'call:ended': ['sessionId', 'chatId', 'endedBy', 'reason'],
  'call:participant-joined': ['sessionId', 'chatId', 'userId'],
  'call:participant-left': ['sessionId', 'chatId', 'userId', 'reason'],
  'webrtc:offer': ['sessionId', 'offer', 'chatId', 'fromUserId'],
  'webrtc:answer': ['sessionId', 'answer', 'chatId', 'fromUserId'],
  'webrtc:ice-candidate': ['sessionId', 'candidate', 'chatId', 'fromUserId'],
  'call:participant-audio-toggle': ['sessionId', 'userId', 'muted'],
  'call:participant-video-toggle': ['sessionId', 'userId', 'enabled'],
};

/** The acks that it shows, beside `success`. */
export const ACKS = {
  'webrtc:config:get': ['config'],
  'call:initiate': ['sessionId'],
  'call:accept': [],
  'call:reject': [],
  'call:end': [],
  'call:leave': [],
};

/** Of a call in the history and of `GET /api/calls/[id]`. */
export const CALL = [
  'id', 'chatId', 'callType', 'status', 'isIncoming', 'isOutgoing', 'caller', 'participants', 'userStatus',
  'initiatedAt', 'startedAt', 'endedAt', 'duration', 'endReason', 'quality',
];
export const QUALITY = ['avgBitrate', 'packetLoss', 'jitter'];
export const PAGINATION = ['total', 'limit', 'offset', 'hasMore'];
export const STATISTICS = ['timeframe', 'stats', 'callFrequency', 'quality'];
export const STATS = [
  'total', 'byType', 'byStatus', 'byDirection', 'totalDuration', 'averageDuration', 'longestCall', 'shortestCall',
  'recentCalls',
];
export const AVERAGES = ['avgPacketLoss', 'avgJitter', 'avgBitrate'];
