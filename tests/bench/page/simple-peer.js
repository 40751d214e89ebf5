import SimplePeer from 'simple-peer/simplepeer.min.js';
import { io } from 'socket.io-client';
import { microphone, play, stop } from './media.js';

/** simple-peer over a Socket.IO relay, with trickle, as its documentation shows it. */
export const simplePeer = {
  name: 'simple-peer',
  async setup({ relayPort }) {
    const [caller, callee] = await Promise.all([connect(relayPort, 'caller'), connect(relayPort, 'callee')]);
    return new SimplePeerCall(caller, callee);
  },
};

function connect(port, name) {
  const socket = io(`http://127.0.0.1:${port}`, { auth: { name }, transports: ['websocket'] });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', reject);
  });
}

class SimplePeerCall {
  constructor(caller, callee) {
    Object.assign(this, { caller, callee });
  }

  async ring() {
    this.silence = [];
    this.waiting = [];
    this.peers = [];
    this.streams = [await microphone()];
    const outgoing = this.peer(this.caller, 'callee', { initiator: true, stream: this.streams[0] });
    this.caller.on('signal', (data) => outgoing.signal(data));
    await new Promise((resolve) => {
      this.callee.on('signal', (data) => {
        this.waiting.push(data);
        resolve();
      });
    });
  }

  /** What the caller has signalled while it rang is applied now, what follows as it comes. */
  async accept() {
    const stream = await microphone();
    this.streams.push(stream);
    const incoming = this.peer(this.callee, 'caller', { stream });
    this.callee.off('signal');
    this.callee.on('signal', (data) => incoming.signal(data));
    for (const data of this.waiting) incoming.signal(data);
  }

  /** The side that hears of the hang-up over its data channel reports it as an error: no news here. */
  peer(socket, to, options) {
    const peer = new SimplePeer({ ...options, trickle: true, config: { iceServers: [] } });
    peer.on('signal', (data) => socket.emit('signal', { to, data }));
    peer.on('stream', (stream) => this.silence.push(play(stream)));
    peer.on('error', () => {});
    this.peers.push(peer);
    return peer;
  }

  async hangUp() {
    this.caller.off('signal');
    this.callee.off('signal');
    for (const peer of this.peers) peer.destroy();
    for (const silence of this.silence) silence();
    stop(...this.streams);
  }
}
