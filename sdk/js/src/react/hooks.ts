import { useEffect, useInsertionEffect, useRef, useSyncExternalStore } from 'react';

import type { CallEvents, Listener } from '../index.js';
import { useStore } from './provider.js';
import type { Calls, CurrentCall, Devices, Snapshot } from './views.js';

/** The connection, the calls that ring here, and how to place and answer one. */
export const useCalls = (): Calls => usePart((snapshot) => snapshot.calls);

/** The current call and what can be done in it. */
export const useCall = (): CurrentCall => usePart((snapshot) => snapshot.call);

/** The microphones, cameras and speakers, which are chosen, and how to choose. */
export const useDevices = (): Devices => usePart((snapshot) => snapshot.devices);

/** What arrives from a participant, once it does; its sound plays already. */
export const useRemoteStream = (userId: string): MediaStream | null => usePart((snapshot) => snapshot.streams.get(userId) ?? null);

/** The picture that this side sends, of the camera or the screen. */
export const useLocalVideo = (): MediaStream | null => usePart((snapshot) => snapshot.localVideo);

/** How loud a participant is, 0 to 1; renders five times a second while they speak. */
export const useLevel = (userId: string): number => usePart((snapshot) => snapshot.levels.get(userId) ?? 0);

/** Calls the listener at each event of that name; it may be another function at each render. */
export function useCallEvent<E extends keyof CallEvents>(event: E, listener: Listener<E>): void {
  const store = useStore();
  const latest = useRef(listener);
  useInsertionEffect(() => {
    latest.current = listener;
  });
  useEffect(() => store.on(event, (payload) => latest.current(payload)), [store, event]);
}

/** Renders again only when that part was replaced. */
function usePart<T>(pick: (snapshot: Snapshot) => T): T {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, () => pick(store.read()), () => pick(store.readInitial()));
}
