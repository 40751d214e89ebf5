/**
 * Voice calls for a chat application, over Socket.IO and WebRTC.
 *
 * @packageDocumentation
 */

export { connect, ConnectedCalls } from './connect.js';
export type { Listener } from './emitter.js';
export { CallError } from './error.js';
export { init, type WasmSource } from './init.js';
export { VoiceCallManager } from './manager.js';
export type * from './protocol.js';
export type * from './types.js';
