/** What a person can do with calls: place, answer, join, and everything in one. */

import { unlockAudio } from './audio.js';
import { rememberDevices } from './identity.js';
import { isGroup } from './people-in-call.js';

/** Returns the actions around calls; `attempt` makes one that tells when it fails. */
export function createCallActions({ store, manager, attempt, say }) {
  const { get, set } = store;

  /** An action from a click: from here on the page may sound. */
  const begin = (action) => attempt(async (...args) => {
    unlockAudio();
    set({ notice: null, panel: null });
    await action(...args);
  });

  return {
    /** Calls people (null: everyone in the room). */
    call: begin(async (targets, { video = false } = {}) => {
      set({ picked: null });
      await manager().initiateCall(get().me.roomId, targets ?? undefined, { callType: video ? 'video' : 'voice' });
    }),
    /** The button goes down: the microphone opens while the person clicks. */
    reachForAccept: () => manager().prepareToAccept(),
    accept: begin(async ({ video } = {}) => manager().acceptCall(undefined, { video: video ?? get().call?.callType === 'video' })),
    reject: attempt(async () => manager().rejectCall()),
    /** Ends what goes on and answers a call that waits. */
    answerWaiting: begin(async ({ sessionId, callType }) => manager().acceptCall(sessionId, { video: callType === 'video' })),
    rejectWaiting: attempt(async ({ sessionId }) => manager().rejectCall(undefined, sessionId)),
    /** Joins a call that goes on, or moves it to this tab. */
    joinLive: begin(async ({ sessionId }) => manager().joinCall(sessionId, { video: false })),
    invite: attempt(async (ids) => {
      set({ panel: null });
      await manager().inviteToCall(ids);
    }),
    /** Leaves a group; ends a call of two. */
    hangUp: attempt(async () => (isGroup(get().call) ? manager().leaveCall() : manager().endCall())),
    endForAll: attempt(async () => manager().endCall()),
    ...ofMedia({ store, manager, attempt, say }),
  };
}

/** Microphone, camera, screen, devices, and what the stage shows. */
function ofMedia({ store, manager, attempt, say }) {
  const { get, set } = store;
  return {
    toggleMute: attempt(async () => manager().toggleMute()),
    toggleVideo: attempt(async () => manager().toggleVideo()),
    shareScreen: attempt(async (on) => manager().shareScreen(on)),
    setPushToTalk: attempt(async (on) => {
      manager().setPushToTalk(on);
      say(on ? 'Push to talk: hold the space bar to speak' : 'Push to talk is off');
    }),
    talk(talking) {
      if (get().talking === talking || (talking && !get().call?.pushToTalk)) return;
      set({ talking });
      manager()?.talk(talking);
    },
    loadDevices: attempt(async () => set({ devices: await manager().devices() })),
    setDevice: attempt(async (kind, id) => {
      await manager().setDevices({ [kind]: id || null });
      const devices = await manager().devices();
      rememberDevices(devices.selected);
      set({ devices });
    }),
    resumeAudio: attempt(async () => {
      await manager().resumeAudio();
      set({ audioBlocked: false });
    }),
    pin: (id) => set(({ pinned }) => ({ pinned: pinned === id ? null : id })),
    toggleRoomy: () => set(({ roomy }) => ({ roomy: !roomy })),
  };
}
