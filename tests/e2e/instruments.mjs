// What every page of these tests is fitted with before its own code runs: a microphone that
// plays a tone, and instruments that measure what the page plays, holds open and keeps alive.

/**
 * Fits a page; runs in the page. `hertz` is the tone that its microphone picks up.
 *
 * The browser's own `getUserMedia` is still asked, so that permissions and devices are real.
 */
export function fit(hertz) {
  const tracks = [];
  const connections = [];
  const players = new Set();

  const nativeGetUserMedia = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (nativeGetUserMedia) {
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const real = await nativeGetUserMedia(constraints);
      for (const track of real.getTracks()) track.stop();
      const stream = toneStream();
      tracks.push(...stream.getTracks());
      return stream;
    };
  }

  const nativeClone = MediaStreamTrack.prototype.clone;
  MediaStreamTrack.prototype.clone = function clone() {
    const copy = nativeClone.call(this);
    if (tracks.includes(this)) tracks.push(copy);
    return copy;
  };

  // One for all: a page may have only so many, and the first has to wait for the sound card.
  let shared = null;
  function context() {
    shared ??= new AudioContext();
    shared.resume();
    return shared;
  }

  let voice = null;
  function toneStream() {
    if (!voice) {
      const oscillator = new OscillatorNode(context(), { frequency: hertz });
      voice = oscillator.connect(new GainNode(context(), { gain: 0.5 }));
      oscillator.start();
    }
    const destination = context().createMediaStreamDestination();
    voice.connect(destination);
    return destination.stream;
  }

  const NativeConnection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends NativeConnection {
    constructor(...args) {
      super(...args);
      connections.push(this);
    }
  };

  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...source,
    set(stream) {
      players.add(this);
      source.set.call(this, stream);
    },
  });

  const listening = new Map();

  /** Everything that plays aloud right now, each with an analyser on it. */
  function analysers() {
    const found = [];
    for (const player of players) {
      if (player.paused || player.muted || player.volume === 0 || !player.srcObject) continue;
      for (const track of player.srcObject.getAudioTracks()) {
        if (track.readyState === 'live') found.push(analyserOf(track));
      }
    }
    return found;
  }

  function analyserOf(track) {
    if (!listening.has(track.id)) {
      const node = context().createMediaStreamSource(new MediaStream([track]));
      const analyser = new AnalyserNode(context(), { fftSize: 4096 });
      node.connect(analyser);
      listening.set(track.id, { node, analyser });
    }
    return listening.get(track.id).analyser;
  }

  /** The amplitude of a tone in a piece of sound, by Goertzel's algorithm with a Hann window. */
  function amplitude(samples, frequency, rate) {
    const w = (2 * Math.PI * frequency) / rate;
    const factor = 2 * Math.cos(w);
    let previous = 0;
    let before = 0;
    for (let i = 0; i < samples.length; i += 1) {
      const hann = 1 - Math.cos((2 * Math.PI * i) / samples.length);
      const value = samples[i] * hann + factor * previous - before;
      before = previous;
      previous = value;
    }
    const power = previous ** 2 + before ** 2 - factor * previous * before;
    return (2 * Math.sqrt(Math.max(power, 0))) / samples.length;
  }

  /** How loud a tone is in what this page plays now, from 0 to 1. */
  function level(frequency) {
    const samples = new Float32Array(4096);
    const levels = analysers().map((analyser) => {
      analyser.getFloatTimeDomainData(samples);
      return amplitude(samples, frequency, context().sampleRate);
    });
    return Math.max(0, ...levels);
  }

  /** Measures every 50 ms until that many measurements in a row hold; false when time runs out. */
  function steady(holds, times, withinMs) {
    return new Promise((resolve) => {
      let inARow = 0;
      const end = Date.now() + withinMs;
      const timer = setInterval(() => {
        inARow = holds() ? inARow + 1 : 0;
        if (inARow < times && Date.now() < end) return;
        clearInterval(timer);
        resolve(inARow >= times);
      }, 50);
    });
  }

  window.instruments = {
    level,
    /** Resolves once a tone has been heard for a quarter of a second without a gap. */
    hears: (frequency, withinMs) => steady(() => level(frequency) > 0.05, 5, withinMs),
    /** Resolves once a tone has not been heard for a whole second. */
    hearsNothing: (frequency, withinMs) => steady(() => level(frequency) < 0.005, 20, withinMs),
    /** Local tracks that still capture. */
    liveTracks: () => tracks.filter((track) => track.readyState === 'live').length,
    /** Peer connections that are not closed. */
    openConnections: () => connections.filter((connection) => connection.signalingState !== 'closed').length,
    /** Peer connections ever made. */
    connectionsMade: () => connections.length,
    /** Media elements that have a stream with a live track. */
    playing: () => [...players].filter((player) => player.srcObject?.getTracks().some((track) => track.readyState === 'live')).length,
  };
}
