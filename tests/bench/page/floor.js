import { microphone, play, stop } from './media.js';

/** The floor: two connections in one page, nothing between them, both microphones open already. */
export const floor = {
  name: 'floor',
  async setup() {
    return new Floor();
  },
};

class Floor {
  async ring() {
    this.streams = [await microphone(), await microphone()];
    this.silence = [];
  }

  /** "Accept" is here the call of `createOffer`: the whole exchange still lies ahead. */
  async accept() {
    const [caller, callee] = this.streams.map((stream) => this.connection(stream));
    caller.onicecandidate = ({ candidate }) => candidate && callee.addIceCandidate(candidate);
    callee.onicecandidate = ({ candidate }) => candidate && caller.addIceCandidate(candidate);
    this.connections = [caller, callee];
    const offer = await caller.createOffer();
    await caller.setLocalDescription(offer);
    await callee.setRemoteDescription(offer);
    const answer = await callee.createAnswer();
    await callee.setLocalDescription(answer);
    await caller.setRemoteDescription(answer);
  }

  connection(stream) {
    const peer = new RTCPeerConnection();
    peer.ontrack = ({ streams }) => this.silence.push(play(streams[0]));
    for (const track of stream.getTracks()) peer.addTrack(track, stream);
    return peer;
  }

  async hangUp() {
    for (const peer of this.connections) peer.close();
    for (const silence of this.silence) silence();
    stop(...this.streams);
  }
}
