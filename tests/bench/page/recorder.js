/**
 * Finds out when the first audio arrived, the same way for every contender.
 *
 * Every peer connection of the page is known, because its class is watched. Received audio passes
 * through a worker (WebRTC Encoded Transform), which tells when the first frame with sound in it
 * came. When sound was first played is read from `getSynchronizationSources`, which costs little.
 */
const LEVEL_POLL_MS = 4;
const CLOSED_POLL_MS = 25;

const made = new Set();
/** When each connection received its first frame with sound in it. */
const received = new Map();
const frames = new Worker('/frames.js');
const watched = [];

/** Watches `RTCPeerConnection` from here on. */
export function watchPeerConnections() {
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(...args) {
      super(...args);
      made.add(this);
      this.addEventListener('track', () => watchReceivers(this));
    }

    addTrack(...args) {
      const sender = super.addTrack(...args);
      watchReceivers(this);
      return sender;
    }

    addTransceiver(...args) {
      const transceiver = super.addTransceiver(...args);
      watchReceivers(this);
      return transceiver;
    }
  };
}

/** A receiver takes a transform only right after it was made. */
function watchReceivers(peer) {
  for (const receiver of peer.getReceivers()) {
    if (receiver.transform || receiver.track.kind !== 'audio') continue;
    receiver.transform = new RTCRtpScriptTransform(frames, { id: watched.push(peer) - 1 });
  }
}

frames.addEventListener('message', ({ data }) => {
  const peer = watched[data.id];
  if (made.has(peer) && !received.has(peer)) received.set(peer, data.at);
});

/** Milliseconds since 1970, with fractions: the clock of `getStats`. */
export const now = () => performance.timeOrigin + performance.now();

const open = () => [...made].filter((peer) => peer.connectionState !== 'closed');

/** Waits until every connection is closed, and forgets them: one that stays open is a leak. */
export async function allClosed(timeoutMs) {
  const deadline = now() + timeoutMs;
  while (open().length > 0) {
    if (now() > deadline) throw new Error(`${open().length} connections were left open`);
    await new Promise((resolve) => setTimeout(resolve, CLOSED_POLL_MS));
  }
  made.clear();
  received.clear();
}

/**
 * Waits until two connections have received audio and played sound.
 *
 * Resolves with `{received, heard}`: when the later of the two sides got its first frame, and when
 * the later of the two played its first sound, in the time of `now`.
 */
export async function bothSides(timeoutMs) {
  const heard = new Map();
  const deadline = now() + timeoutMs;
  while (received.size < 2 || heard.size < 2) {
    if (now() > deadline) throw new Error(explain(heard));
    noteSound(heard);
    await new Promise((resolve) => setTimeout(resolve, LEVEL_POLL_MS));
  }
  return { received: Math.max(...received.values()), heard: Math.max(...heard.values()) };
}

function noteSound(heard) {
  for (const peer of open()) {
    if (heard.has(peer)) continue;
    const sources = peer.getReceivers().flatMap((receiver) => receiver.getSynchronizationSources());
    if (sources.some((source) => source.audioLevel > 0.001)) heard.set(peer, now());
  }
}

function explain(heard) {
  const states = open().map((peer) => `${peer.signalingState}/${peer.iceConnectionState}/${peer.connectionState}`);
  return `no audio on both sides: ${received.size} received, ${heard.size} heard, connections: ${states.join(' ')}`;
}
