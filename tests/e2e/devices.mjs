// What every page of these tests has for a microphone, a camera and a screen.

/**
 * Plugs a person's devices into a page; runs in the page, after the instruments.
 *
 * The browser's own `getUserMedia` and `getDisplayMedia` are still asked, so that permissions and
 * devices are real; what they capture is then exchanged for what tells this person from others.
 *
 * @param {{ voices: number[], camera: string, screen: string }} person the tone of each microphone
 *   in hertz, the colour of the camera's picture and the colour of the screen
 */
export function plugIn({ voices, camera, screen }) {
  const media = navigator.mediaDevices;
  const captured = [];
  const unplugged = new Set();
  if (!media) return Object.assign(window.instruments, { liveTracks: () => 0 });
  const native = Object.fromEntries(
    ['getUserMedia', 'getDisplayMedia', 'enumerateDevices'].map((name) => [name, media[name]?.bind(media)]),
  );

  media.enumerateDevices = async () => (await native.enumerateDevices()).filter(({ deviceId }) => !unplugged.has(deviceId));

  media.getUserMedia = async (constraints) => {
    const wanted = [constraints.audio, constraints.video].map((kind) => kind?.deviceId?.exact ?? kind?.deviceId);
    if (wanted.some((device) => unplugged.has(device))) throw new OverconstrainedError('deviceId', 'unplugged');
    const real = await native.getUserMedia(constraints);
    return new MediaStream(real.getTracks().map(exchange));
  };

  media.getDisplayMedia = async (constraints) => {
    const real = await native.getDisplayMedia(constraints);
    return new MediaStream(real.getVideoTracks().map((track) => replace(track, picture(screen))));
  };

  /** Which microphone it is, by its name: Firefox lists devices only to the tab in front. */
  function exchange(track) {
    const number = Number(/Fake Audio Input (\d)/.exec(track.label)?.[1] ?? 0);
    return replace(track, track.kind === 'video' ? picture(camera) : tone(voices[number]));
  }

  /** Gives a track in the place of a real one, which is let go of; it goes by the same name. */
  function replace(real, track) {
    real.stop();
    Object.defineProperty(track, 'label', { value: real.label });
    return keep(real.getSettings().deviceId, track);
  }

  function keep(device, track) {
    captured.push({ device, track });
    return track;
  }

  const nativeClone = MediaStreamTrack.prototype.clone;
  MediaStreamTrack.prototype.clone = function clone() {
    const copy = nativeClone.call(this);
    const original = captured.find(({ track }) => track === this);
    return original ? keep(original.device, copy) : copy;
  };

  const sources = new Map();
  function tone(frequency) {
    const context = window.instruments.context();
    if (!sources.has(frequency)) {
      const oscillator = new OscillatorNode(context, { frequency });
      sources.set(frequency, oscillator.connect(new GainNode(context, { gain: 0.5 })));
      oscillator.start();
    }
    const destination = context.createMediaStreamDestination();
    sources.get(frequency).connect(destination);
    return destination.stream.getAudioTracks()[0];
  }

  /** A picture of one colour in which a corner blinks, so that there is a new frame to send. */
  function picture(colour) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
    const pen = canvas.getContext('2d');
    const [track] = canvas.captureStream(15).getVideoTracks();
    let frames = 0;
    const timer = setInterval(() => {
      if (track.readyState === 'ended') return clearInterval(timer);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 320, 180);
      pen.fillStyle = frames % 2 ? 'black' : 'white';
      pen.fillRect(0, 0, 20, 20);
      frames += 1;
    }, 60);
    return track;
  }

  function end(matches) {
    for (const one of captured) {
      if (one.track.readyState === 'ended' || !matches(one)) continue;
      one.track.stop();
      // `stop()` is the page's own doing and fires nothing; a device that dies does.
      one.track.dispatchEvent(new Event('ended'));
    }
  }

  Object.assign(window.instruments, {
    /** Local tracks that still capture. */
    liveTracks: () => captured.filter(({ track }) => track.readyState === 'live').length,
    /** What is captured right now of a kind, `audio` or `video`, ends by itself; the device stays. */
    trackDies: (kind) => end(({ track }) => track.kind === kind),
    /** A device is pulled out. */
    unplug: (device) => {
      unplugged.add(device);
      end((one) => one.device === device);
      media.dispatchEvent(new Event('devicechange'));
    },
    /** It is put back. */
    plugBack: (device) => {
      unplugged.delete(device);
      media.dispatchEvent(new Event('devicechange'));
    },
  });
}
