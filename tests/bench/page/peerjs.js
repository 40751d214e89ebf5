import { Peer } from 'peerjs';
import { microphone, play, stop } from './media.js';

/** PeerJS as its documentation shows it: `peer.call(id, stream)`, then `call.answer(stream)`. */
export const peerjs = {
  name: 'PeerJS',
  async setup({ peerPort }) {
    const [caller, callee] = await Promise.all([connect(peerPort), connect(peerPort)]);
    return new PeerJs(caller, callee);
  },
};

/** No STUN server: on loopback it would only add waiting for an answer that never comes. */
function connect(port) {
  const peer = new Peer({ host: '127.0.0.1', port, path: '/', config: { iceServers: [] } });
  return new Promise((resolve, reject) => {
    peer.once('open', () => resolve(peer));
    peer.once('error', reject);
  });
}

class PeerJs {
  constructor(caller, callee) {
    Object.assign(this, { caller, callee });
  }

  async ring() {
    this.silence = [];
    this.streams = [await microphone()];
    const rings = new Promise((resolve) => this.callee.once('call', resolve));
    this.outgoing = this.caller.call(this.callee.id, this.streams[0]);
    this.outgoing.on('stream', (stream) => this.hear(stream));
    this.incoming = await rings;
    this.incoming.on('stream', (stream) => this.hear(stream));
  }

  /** PeerJS fires `stream` once for each track; the element takes it once. */
  hear(stream) {
    this.silence.push(play(stream));
  }

  async accept() {
    const stream = await microphone();
    this.streams.push(stream);
    this.incoming.answer(stream);
  }

  async hangUp() {
    this.outgoing.close();
    this.incoming.close();
    for (const silence of this.silence) silence();
    stop(...this.streams);
  }
}
