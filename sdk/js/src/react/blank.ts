import type { VoiceCallManager } from '../index.js';
import type { Calls, CurrentCall, Devices, Snapshot } from './views.js';

/** What the actions need. */
interface Means {
  /** Returns the manager; throws `NOT_CONNECTED` while there is none. */
  manager(): VoiceCallManager;
  retry(): void;
  /** The microphone may have been muted. */
  muted(): void;
  audioResumed(): void;
}

/** Makes the state before there is anything, with its actions: those stay the same for good. */
export function blank(means: Means): Snapshot {
  return { calls: calls(means), call: call(means), devices: devices(means), streams: new Map(), levels: new Map(), localVideo: null };
}

function calls({ manager, retry }: Means): Calls {
  return {
    manager: null,
    connection: 'idle',
    error: null,
    incoming: [],
    retry,
    ...answering(manager),
    initiateCall: async (...args) => manager().initiateCall(...args),
    joinCall: async (...args) => manager().joinCall(...args),
    liveCalls: async () => manager().liveCalls(),
  };
}

function call({ manager, muted, audioResumed }: Means): CurrentCall {
  return {
    call: null,
    state: 'idle',
    participants: [],
    muted: false,
    video: 'off',
    activeSpeaker: null,
    audioBlocked: false,
    ...answering(manager),
    endCall: async (...args) => manager().endCall(...args),
    leaveCall: async () => manager().leaveCall(),
    inviteToCall: async (...args) => manager().inviteToCall(...args),
    setMuted(value) {
      manager().setMuted(value);
      muted();
    },
    toggleMute() {
      const now = manager().toggleMute();
      muted();
      return now;
    },
    setPushToTalk: (on) => manager().setPushToTalk(on),
    talk: (pressed) => manager().talk(pressed),
    toggleVideo: async () => manager().toggleVideo(),
    setVideoEnabled: async (on) => manager().setVideoEnabled(on),
    shareScreen: async (on) => manager().shareScreen(on),
    async resumeAudio() {
      await manager().resumeAudio();
      audioResumed();
    },
  };
}

function devices({ manager }: Means): Devices {
  return {
    microphones: [],
    cameras: [],
    speakers: [],
    selected: { microphone: null, camera: null, speaker: null },
    setDevices: async (chosen) => manager().setDevices(chosen),
  };
}

const answering = (manager: Means['manager']): Pick<VoiceCallManager, 'prepareToAccept' | 'acceptCall' | 'rejectCall'> => ({
  prepareToAccept: () => manager().prepareToAccept(),
  acceptCall: async (...args) => manager().acceptCall(...args),
  rejectCall: async (...args) => manager().rejectCall(...args),
});
