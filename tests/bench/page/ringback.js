import { AUDIO } from './media.js';

/**
 * Ringback: two managers, each over its own socket, against the real server.
 *
 * Both open their microphones themselves: the caller while it dials, the callee inside `acceptCall`.
 */
const contender = (name, pair, options, reach = () => {}) => ({
  name,
  async setup({ ringback }) {
    const { connect } = await import(ringback.module);
    const settings = { microphone: AUDIO, socket: { transports: ['websocket'] }, ...options };
    const [caller, callee] = await Promise.all(
      ringback.tokens[pair].map((token) => connect(ringback.url, { ...settings, token, deviceId: crypto.randomUUID() })),
    );
    return new RingbackCall(caller, callee, ringback.chatId, ringback.sides[pair][1], reach);
  },
});

export const ringback = contender('Ringback', 0, {});
/**
 * Both sides make the media path while it rings, and the callee's page makes the microphone ready when
 * the button goes down: after the accept, sound has only to be let through.
 */
export const ringbackPreconnect = contender('Ringback, preconnect', 2, { preconnect: true }, (call) => call.callee.prepareToAccept());
/** The same in a page that does not: the microphone is opened after the accept. */
export const ringbackUnprepared = contender('Ringback, preconnect, unprepared', 3, { preconnect: true });
export const ringbackReference = contender('Ringback, reference flow', 1, { fastSetup: false });

class RingbackCall {
  constructor(caller, callee, chatId, calleeId, reach) {
    Object.assign(this, { caller, callee, chatId, calleeId, reach: () => reach(this) });
  }

  async ring() {
    const rings = new Promise((resolve) => {
      const off = this.callee.on('incoming', (call) => {
        off();
        resolve(call);
      });
    });
    await Promise.all([this.caller.initiateCall(this.chatId, [this.calleeId]), rings]);
  }

  async accept() {
    await this.callee.acceptCall();
  }

  async hangUp() {
    const over = new Promise((resolve) => {
      const off = this.callee.on('ended', () => {
        off();
        resolve();
      });
    });
    await Promise.all([this.caller.endCall(), over]);
  }
}
