// The peer connections of one client, by link: they do what they are told and report what happened.
// The Rust side is in `peers.rs`; what it is told stands in `report.rs`.

/** All links of one client. */
export class Peers {
  #links = new Map();
  #configuration;
  #playback;
  #tracks = { audio: null, video: null };
  #report;

  /** Makes an empty set; `configuration` goes over what each connection is made with. */
  constructor(configuration, playback, report) {
    this.#configuration = configuration;
    this.#playback = playback;
    this.#report = report;
  }

  /** Makes a connection; one that is to offer gets its `first` transceivers, such as `audio video`. */
  create(link, user, configuration, first) {
    const setting = {
      user,
      tracks: this.#tracks,
      report: (what, ...rest) => this.#report([what, link, ...rest]),
      play: (stream, heard) => this.#playback.play(link, stream, heard),
    };
    try {
      const connection = new RTCPeerConnection(this.configured(configuration));
      this.#links.set(link, new Peer(connection, first.split(' ').filter(Boolean), setting));
    } catch (error) {
      this.#report(['unsupported', link, `${error?.message ?? error}`]);
    }
  }

  configured(configuration) {
    return { ...configuration, ...this.#configuration };
  }

  /** Does something with one connection; a link that is not there is ignored. */
  perform(link, what, value, generation) {
    try {
      this.#links.get(link)?.[what](what === 'reconfigure' ? this.configured(value) : value, generation);
    } catch (error) {
      this.#report(['failed', link, generation, `${error}`]);
    }
  }

  /** Closes a connection and lets go of its element. */
  close(link) {
    this.#links.get(link)?.close();
    this.#links.delete(link);
    this.#playback.stop(link);
  }

  /** Gives a track, or its absence, to every link to which media is sent. */
  send(kind, track) {
    this.#tracks[kind] = track;
    for (const peer of this.#links.values()) peer.send();
  }

  /** What arrives over a link, once it does. */
  streamOfLink(link) {
    return this.#links.get(link)?.stream;
  }

  /** What arrives from a person, once it does. */
  streamOfUser(user) {
    return [...this.#links.values()].find((peer) => peer.user === user && peer.stream)?.stream;
  }

  dispose() {
    this.#report = () => {};
    for (const link of [...this.#links.keys()]) this.close(link);
  }
}

/** One RTCPeerConnection. */
class Peer {
  #connection;
  #tracks;
  #report;
  #play;
  #remote = new MediaStream();
  /** Names our tracks in the SDP: reference clients take `event.streams[0]`. */
  #local = new MediaStream();
  #stop = new AbortController();
  #wantsMedia = false;
  /** Before media are wanted: the microphone, and the silent copy of it that is sent. */
  #hushed = { audio: null };
  /** What they show, once it arrives, and whether it is to be seen. */
  #video = null;
  #isVideoShown = false;
  #isVideoSeen = false;
  /** When the sound was made that was read last. */
  #heardAt = 0;
  #isHeard = false;
  #hasTrack = false;

  constructor(connection, first, { user, tracks, report, play }) {
    this.#connection = connection;
    this.user = user;
    this.#tracks = tracks;
    this.#report = report;
    this.#play = play;
    for (const kind of first) connection.addTransceiver(kind, { direction: 'sendrecv', streams: [this.#local] });
    const on = (event, listener) => connection.addEventListener(event, listener, { signal: this.#stop.signal });
    on('icecandidate', ({ candidate }) => candidate && report('candidate', candidate));
    on('track', ({ track }) => this.#take(track));
    on('connectionstatechange', () => report('state', connection.connectionState));
    on('negotiationneeded', () => report('negotiate'));
  }

  get stream() {
    return this.#hasTrack ? this.#remote : undefined;
  }

  createOffer(iceRestart, generation) {
    if (!this.#wantsMedia) this.send();
    this.#describe(this.#connection.createOffer({ iceRestart }), 'offer', generation);
  }

  /** Answers the sections of the remote offer with media of our own, also where there is none yet: turning the camera on then takes no further negotiation. */
  createAnswer(_, generation) {
    for (const transceiver of this.#transceivers()) this.#adopt(transceiver);
    this.#describe(this.#connection.createAnswer(), 'answer', generation);
  }

  /** `setRemoteDescription`, which rolls an own offer back. */
  apply(description, generation) {
    const isOffer = description.type === 'offer';
    const done = () => {
      // The offer made the transceivers that the tracks go to.
      if (isOffer) this.send();
      this.#report(isOffer ? 'offerApplied' : 'answerApplied', generation);
    };
    this.#connection.setRemoteDescription(description).then(done, this.#failed(generation));
  }

  /** ICE lives with a lost candidate. */
  addCandidate(candidate) {
    this.#connection.addIceCandidate(candidate).catch(() => {});
  }

  /** Sends microphone and picture from when they are there; before, silence in the microphone's place. */
  wantMedia() {
    this.#wantsMedia = true;
    this.send();
  }

  /**
   * Takes the tracks, or their absence.
   *
   * The first picture makes its section by `addTrack`: should the other side do the same at this
   * moment, the browser puts both into one section (RFC 9429 section 5.10), which it does not for
   * `addTransceiver`.
   */
  send() {
    const { audio, video } = this.#tracks;
    const [forAudio, forVideo] = [this.#find('audio'), this.#find('video')];
    if (!this.#wantsMedia) return this.#hush(forAudio, audio);
    if (forAudio) replace(forAudio.sender, audio, this.#hushed.copy);
    if (forVideo) {
      this.#adopt(forVideo);
      replace(forVideo.sender, video);
    } else if (video) {
      this.#connection.addTrack(video, this.#local);
    }
  }

  /**
   * Sends silence: a copy of the microphone, which belongs to this link alone.
   *
   * By the time that media are wanted the encoder runs, and the next frame carries sound.
   */
  #hush(transceiver, audio) {
    const former = this.#hushed;
    if (!transceiver || audio === former.audio) return;
    const copy = audio && this.#silent(audio.clone());
    this.#hushed = { audio, copy };
    replace(transceiver.sender, copy, former.copy);
  }

  /** Lets nothing through a track that lives no longer than the link. */
  #silent(track) {
    track.enabled = false;
    this.#stop.signal.addEventListener('abort', () => track.stop());
    return track;
  }

  /** Has the picture of the other side in the stream, or not. */
  showVideo(shown) {
    this.#isVideoShown = shown;
    if (!this.#video) return;
    if (shown) this.#remote.addTrack(this.#video);
    else this.#remote.removeTrack(this.#video);
    this.#tracksChanged();
  }

  /** Sends the picture within limits, and the sound before it. */
  limitVideo(limit) {
    configure(this.#find('video')?.sender, { ...limit, priority: 'low' });
    configure(this.#find('audio')?.sender, { priority: 'high' });
  }

  /** Reads how loud the other side is, and whether a picture arrives. */
  readLevel() {
    const { timestamp = 0, audioLevel = 0 } = this.#source('audio') ?? {};
    // Of a source that sends nothing any more, the browser remembers the last level.
    const isHeard = timestamp !== this.#heardAt;
    this.#heardAt = timestamp;
    this.#report('level', isHeard ? audioLevel : null);
    // Chromium calls a track unmuted as soon as there is a section for it.
    if (this.#isVideoSeen || !this.#source('video')) return;
    this.#isVideoSeen = true;
    this.#report('video');
  }

  /** Lets the remote audio be heard, now or as soon as it arrives. */
  play() {
    this.#isHeard = true;
    if (this.#hasTrack) this.#play(this.#remote, true);
  }

  reconfigure(configuration) {
    try {
      this.#connection.setConfiguration(configuration);
    } catch {
      // It fails only for a configuration that no connection could be made with either.
    }
  }

  sampleStats() {
    this.#connection.getStats().then((report) => this.#report('stats', sampleOf(report)), () => {});
  }

  close() {
    this.#stop.abort();
    this.#connection.close();
  }

  /**
   * Makes the outcome of `createOffer` or `createAnswer` the local description.
   *
   * What is reported is that outcome, not the local description, which by then may hold
   * candidates: they are for the other side only once the call is answered.
   */
  #describe(created, what, generation) {
    const failed = this.#failed(generation);
    const set = (description) => {
      const { type, sdp } = description;
      this.#connection.setLocalDescription(description).then(() => this.#report(what, generation, { type, sdp }), failed);
    };
    created.then(set, failed);
  }

  #failed(generation) {
    return (error) => this.#report('failed', generation, `${error?.message ?? error}`);
  }

  #transceivers() {
    return this.#connection.getTransceivers().filter(({ stopped, direction }) => !stopped && direction !== 'stopped');
  }

  #find(kind) {
    return this.#transceivers().find(({ receiver }) => receiver.track.kind === kind);
  }

  #adopt(transceiver) {
    if (transceiver.direction === 'sendrecv') return;
    transceiver.direction = 'sendrecv';
    // Not every browser has it.
    transceiver.sender.setStreams?.(this.#local);
  }

  #source(kind) {
    return this.#find(kind)?.receiver.getSynchronizationSources?.()[0];
  }

  /** A section for a picture does not mean that there is one: it is shown once the other side says so, or once it arrives. */
  #take(track) {
    if (track.kind === 'video') {
      this.#video = track;
      if (this.#isVideoShown) this.showVideo(true);
    } else {
      this.#remote.addTrack(track);
      this.#tracksChanged();
    }
  }

  #tracksChanged() {
    if (!this.#hasTrack) {
      this.#hasTrack = true;
      this.#play(this.#remote, this.#isHeard);
    }
    this.#report('tracks');
  }
}

/** Sends a track in place of another; a `former` one that is the link's own is let go of. */
function replace(sender, track, former) {
  // Taking nothing away from nothing would hold up what waits behind it.
  if (track || sender.track || former) sender.replaceTrack(track).catch(() => {}).then(() => former?.stop());
}

/** Sets encoding parameters; a browser that refuses sends as it thinks fit. */
function configure(sender, encoding) {
  const parameters = sender?.getParameters();
  if (!parameters?.encodings?.[0]) return;
  Object.assign(parameters.encodings[0], encoding);
  sender.setParameters(parameters).catch(() => {});
}

/** Reads a report of `getStats` (W3C webrtc-stats), with what browsers leave out taken as zero; in the order of `StatsSample`. */
function sampleOf(report) {
  const entries = [...report.values()];
  const heard = entries.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
  // Several sections are one link: what counts is added up, what varies is the worst.
  const sum = (name) => heard.reduce((total, entry) => total + (entry[name] ?? 0), 0);
  const most = (name) => heard.reduce((top, entry) => Math.max(top, entry[name] ?? 0), 0);
  const pair = entries.find((entry) => entry.type === 'candidate-pair' && isInUse(entry, report));
  return [
    ...['bytesReceived', 'packetsReceived', 'packetsLost', 'totalSamplesReceived', 'concealedSamples'].map(sum),
    most('jitter'),
    most('audioLevel'),
    pair?.currentRoundTripTime,
    report.get(pair?.localCandidateId)?.candidateType,
  ];
}

/** Tells whether a pair is the one in use: the transport names it, Firefox marks it instead. */
function isInUse({ id, selected, transportId, nominated, state }, report) {
  const inUse = report.get(transportId)?.selectedCandidatePairId;
  return selected || (inUse === undefined ? nominated && state === 'succeeded' : inUse === id);
}
