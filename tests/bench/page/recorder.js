/**
 * Finds out when the first audio arrived, the same way for every contender.
 *
 * Every peer connection of the page is known, because its constructor is watched. The time of the
 * first audio packet is worked out from `inbound-rtp` of `getStats`: the browser keeps a report for
 * 50 ms, so a poll alone would be that coarse; but a report carries the exact arrival of the last
 * packet and how many came, and Opus sends one each 20 ms. When sound was first played is read from
 * `getSynchronizationSources`, which is not kept and costs little.
 */
const PACKET_MS = 20;
const STATS_POLL_MS = 25;
const LEVEL_POLL_MS = 4;

const made = new Set();

/** Watches `RTCPeerConnection` from here on. */
export function watchPeerConnections() {
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(...args) {
      super(...args);
      made.add(this);
    }
  };
}

/** Milliseconds since 1970, with fractions: the clock of `getStats`. */
export const now = () => performance.timeOrigin + performance.now();

const open = () => [...made].filter((peer) => peer.connectionState !== 'closed');

/** Waits until every connection is closed, and forgets them: one that stays open is a leak. */
export async function allClosed(timeoutMs) {
  const deadline = now() + timeoutMs;
  while (open().length > 0) {
    if (now() > deadline) throw new Error(`${open().length} connections were left open`);
    await new Promise((resolve) => setTimeout(resolve, STATS_POLL_MS));
  }
  made.clear();
}

/**
 * Waits until two connections have received audio and played sound.
 *
 * Resolves with `{received, heard}`: when the later of the two sides got its first packet, and when
 * the later of the two played its first sound, in the time of `now`.
 */
export async function bothSides(timeoutMs) {
  const received = new Map();
  const heard = new Map();
  const deadline = now() + timeoutMs;
  const levels = setInterval(() => noteSound(heard), LEVEL_POLL_MS);
  try {
    while (received.size < 2 || heard.size < 2) {
      if (now() > deadline) throw new Error(await explain(received, heard));
      await notePackets(received);
      await new Promise((resolve) => setTimeout(resolve, STATS_POLL_MS));
    }
  } finally {
    clearInterval(levels);
  }
  return { received: Math.max(...received.values()), heard: Math.max(...heard.values()) };
}

async function notePackets(received) {
  for (const peer of open()) {
    if (received.has(peer)) continue;
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp' || report.kind !== 'audio' || !report.packetsReceived) continue;
      received.set(peer, report.lastPacketReceivedTimestamp - (report.packetsReceived - 1) * PACKET_MS);
    }
  }
}

function noteSound(heard) {
  for (const peer of open()) {
    if (heard.has(peer)) continue;
    const sources = peer.getReceivers().flatMap((receiver) => receiver.getSynchronizationSources());
    if (sources.some((source) => source.audioLevel > 0.001)) heard.set(peer, now());
  }
}

async function explain(received, heard) {
  const states = open().map((peer) => `${peer.signalingState}/${peer.iceConnectionState}/${peer.connectionState}`);
  return `no audio on both sides: ${received.size} received, ${heard.size} heard, connections: ${states.join(' ')}`;
}
