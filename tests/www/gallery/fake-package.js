// Stands in for the npm package: a manager that does what a scene tells it to, without a call.

/** Everything the demo may ask of a manager; a scene may put an answer in the place of each. */
const METHODS = [
  'initiateCall', 'acceptCall', 'rejectCall', 'endCall', 'leaveCall', 'joinCall', 'inviteToCall', 'liveCalls',
  'toggleVideo', 'setVideoEnabled', 'shareScreen', 'setPushToTalk', 'talk', 'setDevices', 'devices', 'preflight',
  'exportDiagnostics', 'toggleMute', 'setMuted', 'resumeAudio',
];

class FakeCalls {
  #listeners = new Map();
  call = null;
  localStream = null;
  /** What the page asked, `[name, ...arguments]`. */
  asked = [];
  /** What the methods answer, by name. */
  answers = { liveCalls: () => [], devices: () => DEVICES };

  constructor() {
    for (const name of METHODS) {
      this[name] = async (...args) => {
        this.asked.push([name, ...args]);
        return this.answers[name]?.(...args);
      };
    }
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  emit(event, payload) {
    for (const listener of this.#listeners.get(event) ?? []) listener(payload);
  }

  /** Makes this the current call. */
  show(call) {
    this.call = call;
    this.emit('state', { state: call.state, call });
  }

  remoteStream() {
    return null;
  }

  dispose() {}
}

const DEVICES = {
  microphones: [{ id: 'm1', label: 'Built-in Microphone', kind: 'microphone' }, { id: 'm2', label: 'USB Headset with a very long product name (1234:5678)', kind: 'microphone' }],
  cameras: [{ id: 'c1', label: 'FaceTime HD Camera', kind: 'camera' }],
  speakers: [{ id: 's1', label: 'Built-in Speakers', kind: 'speaker' }, { id: 's2', label: 'USB Headset', kind: 'speaker' }],
  selected: { microphone: 'm2', camera: null, speaker: null },
};

export async function connect() {
  window.fake = new FakeCalls();
  return window.fake;
}

const NAMES = { bob: 'Bob Novak', carol: 'Carol', dave: 'Dave Okonkwo-Lindqvist', erin: 'Erin', frank: 'Frank', grace: 'Grace', heidi: 'Heidi', ivan: 'Ivan', judy: 'Judy', mallory: 'Mallory', niaj: 'Niaj',
  long: 'Maximiliane-Theodora.Wolfeschlegelsteinhausenbergerdorff@exa', words: 'Ana María de los Ángeles Fernández-Villaverde y Ruiz de Cuen', rtl: 'محمد عبد الرحمن بن خالد الهاشمي', emoji: '👩‍🚀🏳️‍🌈🎉' };

/** What scenes are made with. */
window.scene = {
  person: (id, more = {}) => ({ id, name: NAMES[id], avatar: null, status: 'joined', muted: false, videoEnabled: false, video: 'off', link: 'connected', quality: 'good', ...more }),
  call: (participants, more = {}) => ({ sessionId: 's-1', chatId: 'kitchen', callType: 'voice', direction: 'outgoing', state: 'connected', muted: false,
    video: 'off', pushToTalk: false, participants, startedAt: Date.now() - 754_000, reason: null, ...more }),
  quality: (userId, more = {}) => ({ userId, grade: 'good', mos: 4.1, bitrate: 41_000, packetLoss: 0.4, jitter: 6, roundTripTime: 38, candidateType: 'host', audioLevel: 0.2, ...more }),
  /** A picture of somebody in a room, or of a slide. */
  picture(kind, hue) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: kind === 'screen' ? 400 : 480 });
    const draw = () => (kind === 'screen' ? slide(canvas) : portrait(canvas, hue));
    draw();
    setInterval(draw, 200);
    return canvas.captureStream(5);
  },
};

function portrait(canvas, hue) {
  const context = canvas.getContext('2d');
  const { width, height } = canvas;
  context.fillStyle = `oklch(78% 0.05 ${hue})`;
  context.fillRect(0, 0, width, height);
  context.fillStyle = `oklch(88% 0.04 ${hue + 40})`;
  context.fillRect(60, 40, 150, 200);
  context.fillStyle = `oklch(38% 0.08 ${hue + 180})`;
  context.beginPath();
  context.ellipse(width / 2, height + 30, 190, 200, 0, 0, 7);
  context.fill();
  context.fillStyle = 'oklch(72% 0.07 55)';
  context.beginPath();
  context.ellipse(width / 2, 220, 82, 104, 0, 0, 7);
  context.fill();
  context.fillStyle = `oklch(30% 0.05 ${hue})`;
  context.beginPath();
  context.ellipse(width / 2, 150, 92, 62, 0, 0, 7);
  context.fill();
}

function slide(canvas) {
  const context = canvas.getContext('2d');
  context.fillStyle = '#fdfcf8';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#222';
  context.font = '600 34px system-ui';
  context.fillText('Quarterly plan', 40, 70);
  [120, 220, 170, 260, 200].forEach((height, index) => {
    context.fillStyle = `oklch(60% 0.12 ${150 + index * 25})`;
    context.fillRect(60 + index * 110, 350 - height, 70, height);
  });
}
