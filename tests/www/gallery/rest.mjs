// What the server's REST API answers in the gallery: a room of many, and some stored calls.

const people = [
  ['alice', 'Alice'], ['bob', 'Bob Novak'], ['carol', 'Carol'], ['dave', 'Dave Okonkwo-Lindqvist'], ['erin', 'Erin'], ['frank', 'Frank'],
];
/** A room whose people have names that are hard to fit in. */
const hardToName = [
  ['long', 'Maximiliane-Theodora.Wolfeschlegelsteinhausenbergerdorff@example'.slice(0, 60)],
  ['words', 'Ana María de los Ángeles Fernández-Villaverde y Ruiz de Cuenca'.slice(0, 60)],
  ['rtl', 'محمد عبد الرحمن بن خالد الهاشمي'],
  ['emoji', '👩‍🚀🏳️‍🌈🎉'],
];
const user = (id) => ({ id, name: [...people, ...hardToName].find(([known]) => known === id)[1], avatar: null });
const START = Date.now() - 3_600_000;
const at = (seconds) => new Date(START + seconds * 1000).toISOString();

function record(id, more = {}) {
  return {
    id, chatId: { id: 'kitchen', name: 'Kitchen' }, callType: 'voice', status: 'ended', isIncoming: false, isOutgoing: true, caller: user('alice'),
    participants: ['alice', 'bob', 'carol'].map((person, index) => ({ user: user(person), status: 'left', joinedAt: at(8 + index * 9), leftAt: at(300) })),
    userStatus: 'left', initiatedAt: at(0), startedAt: at(8), endedAt: at(300), duration: 292, endReason: 'completed',
    quality: { avgBitrate: 38_000, packetLoss: 0.7, jitter: 8 }, ...more,
  };
}

const RECORDS = [
  record('c-group'),
  record('c-video', { callType: 'video', isIncoming: true, isOutgoing: false, caller: user('bob'), participants: [user('bob'), user('alice')].map((one) => ({ user: one, status: 'left', joinedAt: at(5), leftAt: at(90) })), duration: 85 }),
  record('c-missed', { status: 'missed', isIncoming: true, isOutgoing: false, startedAt: null, duration: 0, endReason: 'missed', quality: null,
    participants: [{ user: user('dave'), status: 'left', joinedAt: at(0), leftAt: at(45) }, { user: user('alice'), status: 'missed', joinedAt: null, leftAt: null }] }),
  record('c-declined', { status: 'rejected', startedAt: null, duration: 0, endReason: 'declined', quality: null,
    participants: [{ user: user('alice'), status: 'left', joinedAt: at(0), leftAt: at(9) }, { user: user('erin'), status: 'rejected', joinedAt: null, leftAt: null }] }),
  record('c-names', { participants: ['alice', 'long', 'words', 'rtl', 'emoji'].map((id) => ({ user: user(id), status: 'left', joinedAt: at(8), leftAt: at(300) })) }),
  record('c-right-to-left', { participants: ['alice', 'rtl', 'bob'].map((id) => ({ user: user(id), status: 'left', joinedAt: at(8), leftAt: at(300) })) }),
];

/** A link whose quality dips between two moments, and is gone in the middle of the dip. */
function link(from, to, { dip = null, base = 4.3 } = {}) {
  const samples = [];
  for (let second = 14; second <= 300; second += 5) {
    const low = dip !== null && second >= dip && second < dip + 50;
    const gone = dip !== null && second >= dip + 20 && second < dip + 36;
    const wave = Math.sin(second / 11 + from.length + to.length) * 0.08;
    samples.push(gone
      ? { at: at(second), state: 'reconnecting' }
      : { at: at(second), state: 'connected', grade: low ? 'poor' : 'excellent', mos: (low ? 2.6 : base) + wave, bitrate: low ? 18_000 : 40_000 + wave * 20_000,
        packetLoss: low ? 7 : 0.3 + Math.abs(wave), jitter: low ? 44 : 6 + wave * 20, roundTripTime: low ? 210 : 34 + wave * 60, candidateType: 'host' });
  }
  return { from, to, samples };
}

const QUALITY = { callId: 'c-group', links: [
  link('alice', 'bob'), link('alice', 'carol', { dip: 120 }), link('bob', 'alice', { base: 4.2 }), link('bob', 'carol', { dip: 110 }), link('carol', 'alice', { dip: 124 }), link('carol', 'bob', { dip: 118 }),
] };

const TIMELINE = { callId: 'c-group', events: [
  { at: at(0), type: 'initiated', userId: 'alice' }, { at: at(1), type: 'ringing', userId: 'bob' }, { at: at(1), type: 'ringing', userId: 'carol' },
  { at: at(8), type: 'accepted', userId: 'bob' }, { at: at(8), type: 'joined', userId: 'bob' }, { at: at(9), type: 'link-connected', userId: 'alice', targetUserId: 'bob', candidateType: 'host' },
  { at: at(17), type: 'joined', userId: 'carol' }, { at: at(18), type: 'link-connected', userId: 'alice', targetUserId: 'carol', candidateType: 'relay' },
  { at: at(140), type: 'reconnecting', userId: 'carol' }, { at: at(156), type: 'reconnected', userId: 'carol' }, { at: at(200), type: 'link-failed', userId: 'bob', targetUserId: 'carol' },
  { at: at(215), type: 'moved', userId: 'carol' }, { at: at(298), type: 'left', userId: 'carol', reason: 'completed' }, { at: at(300), type: 'ended', reason: 'completed' },
] };

const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
const STATS = {
  timeframe: '30d',
  stats: { total: 42, byType: { voice: 30, video: 12 }, byStatus: { ended: 31, missed: 8, rejected: 3 }, byDirection: { incoming: 20, outgoing: 22 },
    totalDuration: 18_400, averageDuration: 593, longestCall: 4012, shortestCall: 12, recentCalls: [] },
  callFrequency: Object.fromEntries([[0, 4], [1, 7], [2, 2], [5, 6], [8, 3], [13, 9], [20, 5], [26, 6]].map(([ago, count]) => [day(ago), count])),
  quality: { avgPacketLoss: 0.6, avgJitter: 7.2, avgBitrate: 39_400 },
};

const NONE = { stats: { total: 0, byType: {}, byStatus: {}, byDirection: {}, totalDuration: 0, averageDuration: 0, longestCall: 0, shortestCall: 0, recentCalls: [] },
  timeframe: '30d', callFrequency: {}, quality: { avgPacketLoss: null, avgJitter: null, avgBitrate: null } };
const EMPTY = { '/api/calls': { calls: [], pagination: { total: 0, limit: 15, offset: 0, hasMore: false } }, '/api/calls/stats': NONE };

/** Returns the body for a path, or null; what filters a list is ignored. In the room Attic nobody has ever called, in Cellar the database is gone. */
export function answer(path, chatId) {
  if (path === '/api/dev/join') return { token: 'token' };
  if (path === '/api/dev/chats/kitchen') return { participants: people.map(([id, name]) => ({ id, name, online: !['erin', 'frank'].includes(id) })) };
  if (path === '/api/dev/chats/attic') return { participants: [{ id: 'alice', name: 'Alice', online: true }] };
  if (path.startsWith('/api/dev/chats/')) return { participants: hardToName.map(([id, name]) => ({ id, name, online: id !== 'words' })) };
  if (chatId === 'cellar') return { success: false, code: 'INTERNAL', error: 'The server cannot read its database at the moment. Try again.' };
  const data = chatId === 'attic' ? EMPTY[path] : dataOf(path);
  return data && { success: true, data };
}

function dataOf(path) {
  if (path === '/api/calls') return { calls: RECORDS, pagination: { total: RECORDS.length, limit: 15, offset: 0, hasMore: false } };
  if (path === '/api/calls/stats') return STATS;
  const [, id, part] = path.match(/^\/api\/calls\/([^/]+)(?:\/(\w+))?$/) ?? [];
  if (part === 'quality') return id === 'c-group' ? QUALITY : { callId: id, links: [] };
  if (part === 'timeline') return id === 'c-group' ? TIMELINE : { callId: id, events: [] };
  return RECORDS.find((one) => one.id === id) ?? null;
}
