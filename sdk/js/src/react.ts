'use client';
/**
 * React bindings: a provider that holds the connection, and hooks to read and do.
 *
 * @packageDocumentation
 */

export { useCall, useCallEvent, useCalls, useDevices, useLevel, useLocalVideo, useRemoteStream } from './react/hooks.js';
export { CallsProvider, type CallsProviderProps } from './react/provider.js';
export { LocalVideo, RemoteVideo, type LocalVideoProps, type RemoteVideoProps } from './react/video.js';
export type { Calls, ConnectionState, CurrentCall, Devices } from './react/views.js';
