import type { DeviceInfo, DeviceList } from './types.js';

/** What was chosen: ids of microphone, camera and speaker, each null for the default one. */
export type Choices = [microphone: string | null, camera: string | null, speaker: string | null];

/** Lists the devices that there are; their labels are empty before permission was given. */
export async function listDevices([microphone, camera, speaker]: Choices): Promise<DeviceList> {
  const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const ofKind = (name: MediaDeviceKind, kind: DeviceInfo['kind']): DeviceInfo[] =>
    // Before permission there is one without an id, which cannot be chosen.
    found.filter((device) => device.kind === name && device.deviceId).map(({ deviceId: id, label }) => ({ id, label, kind }));
  return {
    microphones: ofKind('audioinput', 'microphone'),
    cameras: ofKind('videoinput', 'camera'),
    speakers: ofKind('audiooutput', 'speaker'),
    selected: { microphone, camera, speaker },
  };
}
