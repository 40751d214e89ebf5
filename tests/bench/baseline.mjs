// The same job as ringback-server's, on Node: socket.io, tokens, membership, limits, calls in SQLite.
//
// Written as one would write it for speed: state in memory, one prepared statement per transition,
// sockets found by user without rooms. It lacks most of what the real one does beside that.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';

import Database from 'better-sqlite3';
import jwt from 'jsonwebtoken';
import { Server } from 'socket.io';

const { PORT, DATABASE, JWT_SECRET, CHATS } = process.env;
const RING_MS = 45_000;
const GRACE_MS = 30_000;
const RATE = { perSecond: 100, burst: 300 };
const MOST_SDP = 64 * 1024;
const MOST_CANDIDATE = 2 * 1024;

const database = new Database(DATABASE);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = NORMAL');
database.exec(`
  CREATE TABLE IF NOT EXISTS chat (id TEXT PRIMARY KEY, members TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS call (
    id TEXT PRIMARY KEY, chat TEXT NOT NULL, type TEXT NOT NULL, caller TEXT NOT NULL, status TEXT NOT NULL,
    participants TEXT NOT NULL, initiated_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER, reason TEXT);
  CREATE INDEX IF NOT EXISTS call_by_chat ON call (chat, initiated_at);
  CREATE TABLE IF NOT EXISTS call_user (user TEXT NOT NULL, call TEXT NOT NULL, initiated_at INTEGER NOT NULL, PRIMARY KEY (user, initiated_at, call)) WITHOUT ROWID;
`);
const sql = {
  chat: database.prepare('INSERT OR REPLACE INTO chat VALUES (?, ?)'),
  members: database.prepare('SELECT members FROM chat WHERE id = ?'),
  place: database.prepare('INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)'),
  person: database.prepare('INSERT INTO call_user VALUES (?, ?, ?)'),
  accept: database.prepare('UPDATE call SET status = ?, participants = ?, started_at = ? WHERE id = ?'),
  end: database.prepare('UPDATE call SET status = ?, participants = ?, ended_at = ?, reason = ? WHERE id = ?'),
};
const storePlaced = database.transaction((call) => {
  sql.place.run(call.id, call.chat, call.type, call.caller, 'ringing', JSON.stringify(call.participants), call.initiatedAt);
  for (const user of Object.keys(call.participants)) sql.person.run(user, call.id, call.initiatedAt);
});
database.transaction(() => {
  for (let n = 0; n < Number(CHATS); n += 1) sql.chat.run(`c${n}`, JSON.stringify([`a${n}`, `b${n}`]));
})();

const chats = new Map();
const calls = new Map();
const sockets = new Map();
const busy = new Map();

class Refusal extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

function membersOf(chat) {
  let members = chats.get(chat);
  if (!members) {
    const row = sql.members.get(chat);
    if (!row) throw new Refusal('CHAT_NOT_FOUND');
    members = new Set(JSON.parse(row.members));
    chats.set(chat, members);
  }
  return members;
}

function isId(text) {
  return typeof text === 'string' && text.length > 0 && text.length <= 128;
}

function need(condition, code = 'INVALID_PAYLOAD') {
  if (!condition) throw new Refusal(code);
}

const tell = (user, event, data) => sockets.get(user)?.forEach((socket) => socket.emit(event, data));

function callOf(user, payload) {
  need(isId(payload?.sessionId));
  const call = calls.get(payload.sessionId);
  need(call && user in call.participants, 'CALL_NOT_FOUND');
  need(payload.chatId === undefined || payload.chatId === call.chat);
  return call;
}

function initiate(user, payload) {
  need(isId(payload?.chatId) && (payload.callType === 'voice' || payload.callType === 'video'));
  const members = membersOf(payload.chatId);
  need(members.has(user), 'NOT_A_MEMBER');
  need(!busy.has(user), 'ALREADY_IN_CALL');
  const targets = [...members].filter((member) => member !== user);
  need(targets.length > 0, 'NO_TARGETS');
  const call = {
    id: randomUUID(), chat: payload.chatId, type: payload.callType, caller: user, status: 'ringing', initiatedAt: Date.now(),
    participants: Object.fromEntries([[user, 'joined'], ...targets.map((target) => [target, 'ringing'])]),
  };
  storePlaced(call);
  calls.set(call.id, call);
  for (const person of [user, ...targets]) busy.set(person, call.id);
  call.timer = setTimeout(() => finish(call, 'missed', 'missed', user), RING_MS);
  return [{ sessionId: call.id, chatId: call.chat, callType: call.type, targetUserIds: targets }, () => {
    for (const target of targets) {
      tell(target, 'call:incoming', { sessionId: call.id, chatId: call.chat, callType: call.type, callerId: user, callerName: user, targetUserIds: targets, ringTimeoutMs: RING_MS });
    }
    tell(user, 'call:ringing', { sessionId: call.id, chatId: call.chat, targetUserIds: targets });
  }];
}

function accept(user, payload) {
  const call = callOf(user, payload);
  need(call.participants[user] === 'ringing', 'ALREADY_ANSWERED');
  clearTimeout(call.timer);
  call.participants[user] = 'joined';
  call.status = 'ongoing';
  sql.accept.run(call.status, JSON.stringify(call.participants), Date.now(), call.id);
  return [{ sessionId: call.id, chatId: call.chat }, () => {
    tell(call.caller, 'call:accepted', { sessionId: call.id, chatId: call.chat, acceptedBy: user });
    tell(call.caller, 'call:participant-joined', { sessionId: call.id, chatId: call.chat, userId: user });
  }];
}

function finish(call, status, reason, by) {
  clearTimeout(call.timer);
  call.status = status;
  sql.end.run(status, JSON.stringify(call.participants), Date.now(), reason, call.id);
  calls.delete(call.id);
  const people = Object.keys(call.participants);
  for (const person of people) busy.delete(person);
  return () => people.forEach((person) => tell(person, 'call:ended', { sessionId: call.id, chatId: call.chat, endedBy: by, reason }));
}

function end(user, payload) {
  const call = callOf(user, payload);
  need(call.participants[user] === 'joined', 'NOT_IN_CALL');
  return [{ sessionId: call.id }, finish(call, 'ended', payload.reason ?? 'completed', user)];
}

function relay(event, field, check) {
  return (user, payload) => {
    const call = callOf(user, payload);
    need(call.participants[user] === 'joined', 'NOT_IN_CALL');
    check(payload[field]);
    const target = payload.targetUserId ?? Object.keys(call.participants).find((person) => person !== user);
    need(call.participants[target] === 'joined', 'NOT_IN_CALL');
    tell(target, event, { sessionId: call.id, chatId: call.chat, fromUserId: user, [field]: payload[field] });
    return [{}];
  };
}

const described = (kind) => (description) => {
  need(description?.type === kind && typeof description.sdp === 'string');
  need(description.sdp.length <= MOST_SDP, 'PAYLOAD_TOO_LARGE');
};
const found = (candidate) => {
  need(typeof candidate?.candidate === 'string');
  need(candidate.candidate.length <= MOST_CANDIDATE, 'PAYLOAD_TOO_LARGE');
};

const EVENTS = {
  'call:initiate': initiate,
  'call:accept': accept,
  'call:end': end,
  'webrtc:offer': relay('webrtc:offer', 'offer', described('offer')),
  'webrtc:answer': relay('webrtc:answer', 'answer', described('answer')),
  'webrtc:ice-candidate': relay('webrtc:ice-candidate', 'candidate', found),
  'call:sync': (user) => {
    const call = calls.get(busy.get(user));
    return [{ calls: call ? [{ sessionId: call.id, chatId: call.chat, status: call.status }] : [] }];
  },
};

/** A bucket for each socket, filled by the clock. */
function admit(data) {
  const now = performance.now();
  data.tokens = Math.min(RATE.burst, data.tokens + ((now - data.at) / 1000) * RATE.perSecond);
  data.at = now;
  need(data.tokens >= 1, 'RATE_LIMITED');
  data.tokens -= 1;
}

function handle(socket, event, act, payload, ack) {
  try {
    admit(socket.data);
    const [body, effects] = act(socket.data.user, payload);
    ack?.({ success: true, ...body });
    effects?.();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const failure = { success: false, code: error.code, error: error.code };
    if (ack) ack(failure);
    else socket.emit('call:error', { event, ...failure });
  }
}

const http = createServer();
const io = new Server(http, { pingInterval: 5_000, pingTimeout: 10_000, maxHttpBufferSize: 512 * 1024, serveClient: false });
io.use((socket, next) => {
  try {
    const { sub } = jwt.verify(socket.handshake.auth.token, JWT_SECRET, { algorithms: ['HS256'] });
    socket.data = { user: sub, tokens: RATE.burst, at: performance.now() };
    next();
  } catch (error) {
    next(error);
  }
});
io.on('connection', (socket) => {
  const { user } = socket.data;
  if (!sockets.has(user)) sockets.set(user, new Set());
  sockets.get(user).add(socket);
  for (const [event, act] of Object.entries(EVENTS)) socket.on(event, (payload, ack) => handle(socket, event, act, payload, ack));
  socket.on('disconnect', () => {
    const remaining = sockets.get(user);
    remaining.delete(socket);
    if (remaining.size > 0) return;
    sockets.delete(user);
    const call = calls.get(busy.get(user));
    if (call) setTimeout(() => !sockets.has(user) && calls.has(call.id) && finish(call, 'ended', 'disconnected', user)(), GRACE_MS).unref();
  });
});
http.listen(Number(PORT), '127.0.0.1', () => console.log(`listens on 127.0.0.1:${PORT}`));
// Memory is compared without what has not been collected yet.
process.on('SIGUSR2', () => globalThis.gc?.());
