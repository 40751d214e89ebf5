// What every page of these tests is fitted with before its own code runs: instruments that measure
// what the page plays and shows, holds open and keeps alive.

/** Fits a page; runs in the page. */
export function fit() {
  // Not held on to: what the page lets go of is to go.
  const connections = [];
  let elements = [];

  let negotiations = 0;
  const addresses = new Set();
  let memory = null;

  // One for all: a page may have only so many, and the first has to wait for the sound card.
  let shared = null;
  function context() {
    shared ??= new AudioContext();
    shared.resume();
    return shared;
  }

  const NativeConnection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends NativeConnection {
    constructor(...args) {
      super(...args);
      connections.push(new WeakRef(this));
    }

    setRemoteDescription(...args) {
      negotiations += 1;
      noteAddresses(args[0]?.sdp);
      return super.setRemoteDescription(...args);
    }

    addIceCandidate(...args) {
      noteAddresses(args[0]?.candidate);
      return super.addIceCandidate(...args);
    }
  };
  function noteAddresses(text = '') {
    for (const [, address] of text.matchAll(/(?:IN IP[46] | (?:udp|tcp) \d+ |raddr )(\S+)/gi)) addresses.add(address);
  }
  const openConnections = () =>
    connections.map((made) => made.deref()).filter((connection) => connection && connection.signalingState !== 'closed');

  for (const name of ['instantiate', 'instantiateStreaming']) {
    const native = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const result = await native(...args);
      memory = (result.instance ?? result).exports.memory;
      return result;
    };
  }

  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...source,
    set(stream) {
      elements = elements.filter((element) => element.deref() && element.deref() !== this);
      elements.push(new WeakRef(this));
      source.set.call(this, stream);
    },
  });

  const players = () => elements.map((element) => element.deref()).filter(Boolean);

  const listening = new Map();

  /** Everything that plays aloud right now, each with an analyser on it. */
  function analysers() {
    const found = [];
    for (const player of players()) {
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

  // Runs where the sound is rendered: no busy page can make it miss a sample.
  const RECORDER = `registerProcessor('recorder', class extends AudioWorkletProcessor {
    heard = false; silent = 0; longest = 0;
    constructor() {
      super();
      this.port.onmessage = () => this.port.postMessage((1000 * this.longest) / sampleRate);
    }
    process([[samples = []]]) {
      for (let i = 0; i < 128; i += 1) {
        if (Math.abs(samples[i] ?? 0) > 0.02) { this.heard = true; this.silent = 0; }
        else if (this.heard) this.longest = Math.max(this.longest, ++this.silent);
      }
      return true;
    }
  });`;

  /**
   * Records everything that the page plays from now on; resolves once it runs. From then on
   * `silence(ms, withinMs)` waits for a silence of that length, and `longestSilence()` ends it.
   */
  async function record() {
    const module = URL.createObjectURL(new Blob([RECORDER], { type: 'text/javascript' }));
    await context().audioWorklet.addModule(module);
    const recorder = new AudioWorkletNode(context(), 'recorder', { channelCount: 1, channelCountMode: 'explicit' });
    recorder.connect(context().destination);
    const plug = () => analysers().forEach((analyser) => analyser.connect(recorder));
    plug();
    const timer = setInterval(plug, 20);
    const longest = () => new Promise((resolve) => {
      recorder.port.onmessage = ({ data }) => resolve(data);
      recorder.port.postMessage('how long?');
    });
    window.instruments.silence = async (atLeastMs, withinMs) => {
      const end = Date.now() + withinMs;
      while ((await longest()) < atLeastMs && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
      return (await longest()) >= atLeastMs;
    };
    window.instruments.longestSilence = () => longest().finally(() => {
      clearInterval(timer);
      recorder.disconnect();
    });
  }

  const screens = new Map();

  /** A video element of the page that shows a stream, as an application would have one. */
  function screenOf(stream) {
    if (!screens.has(stream.id)) {
      const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true });
      video.srcObject = stream;
      document.body?.append(video);
      screens.set(stream.id, video);
    }
    return screens.get(stream.id);
  }

  /** Resolves to whether a whole second goes by without a new frame. */
  async function isStill(streamOf, withinMs) {
    const end = Date.now() + withinMs;
    for (let [last, since] = [-1, Date.now()]; Date.now() < end; ) {
      const decoded = await framesDecoded(streamOf());
      if (decoded !== last) [last, since] = [decoded, Date.now()];
      else if (Date.now() - since > 1_000) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  }

  const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });

  /** The colour in the middle of what a stream shows. */
  function colour(stream) {
    const video = screenOf(stream);
    if (video.readyState < 2) return null;
    pen.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }

  /** How many frames of a stream this page has decoded. */
  async function framesDecoded(stream) {
    let decoded = 0;
    for (const connection of openConnections()) {
      const receivers = connection.getReceivers().filter(({ track }) => stream.getVideoTracks().includes(track));
      for (const receiver of receivers) {
        for (const report of (await receiver.getStats()).values()) decoded += report.framesDecoded ?? 0;
      }
    }
    return decoded;
  }

  /** Resolves once new frames of a stream were decoded and its picture has that colour. */
  async function sees(streamOf, wanted, frames, withinMs) {
    const end = Date.now() + withinMs;
    let last = { colour: null, decoded: 0 };
    let from = null;
    while (Date.now() < end) {
      const stream = streamOf();
      if (stream) {
        const decoded = await framesDecoded(stream);
        if (from === null || decoded < from) from = decoded;
        last = { colour: colour(stream), decoded: decoded - from };
        if (last.decoded >= frames && last.colour?.every((value, i) => Math.abs(value - wanted[i]) < 60)) return { ...last, seen: true };
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { ...last, seen: false };
  }

  /**
   * How loud the sound was at most that arrived in that time, played or not, as its senders measured it
   * (RFC 6464); null when none arrived.
   */
  async function loudest(forMs) {
    const levels = [];
    for (const end = Date.now() + forMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 5))) {
      const sources = openConnections().flatMap((connection) => connection.getReceivers()).flatMap((receiver) => receiver.getSynchronizationSources());
      levels.push(...sources.flatMap(({ audioLevel }) => audioLevel ?? []));
    }
    return levels.length > 0 ? Math.max(...levels) : null;
  }

  /** The two candidates that each open connection sends between: their type, address and port. */
  async function selectedPairs() {
    const reports = await Promise.all(openConnections().map((connection) => connection.getStats()));
    const pairs = reports.flatMap((report) => [...report.values()].flatMap(({ selectedCandidatePairId: id }) => (id ? [[report, report.get(id)]] : [])));
    const plain = ({ candidateType, address, port }) => ({ type: candidateType, address, port });
    return pairs.map(([report, pair]) => ({ local: plain(report.get(pair.localCandidateId)), remote: plain(report.get(pair.remoteCandidateId)) }));
  }

  window.instruments = {
    loudest,
    selectedPairs,
    /** The addresses in all that the other side described and found so far. */
    addressesHeardOf: () => [...addresses],
    context,
    level,
    record,
    sees,
    isStill,
    /** Resolves once a tone has been heard for a quarter of a second without a gap. */
    hears: (frequency, withinMs) => steady(() => level(frequency) > 0.05, 5, withinMs),
    /** Resolves once a tone has not been heard for a whole second. */
    hearsNothing: (frequency, withinMs) => steady(() => level(frequency) < 0.005, 20, withinMs),
    /** Peer connections that are not closed. */
    openConnections: () => openConnections().length,
    /** Peer connections ever made. */
    connectionsMade: () => connections.length,
    /** Descriptions of other sides that were applied, so far. */
    negotiations: () => negotiations,
    /** Bytes of WebAssembly memory. */
    memory: () => memory?.buffer.byteLength ?? 0,
    /** Media elements that have a stream with a live track. */
    playing: () => players().filter((player) => player.srcObject?.getTracks().some((track) => track.readyState === 'live')).length,
  };
}
