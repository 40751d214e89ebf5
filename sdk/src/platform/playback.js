// Remote audio in `<audio>` elements, one for each link. The Rust side is in `mod.rs`.

/** Plays the remote streams of one client. */
export class Playback {
  #given;
  #report;
  #players = new Map();
  #speaker = '';
  #stop = new AbortController();

  /** Makes a silent one; the first link plays in the `given` element. */
  constructor(given, report) {
    this.#given = given;
    this.#report = report;
    // What plays in a page that is frozen is paused, and stays so when the page thaws (WICG page lifecycle).
    let frozen = [];
    const on = (event, listener) => document.addEventListener(event, listener, { signal: this.#stop.signal });
    on('freeze', () => { frozen = [...this.#players].filter(([, { element }]) => !element.paused); });
    on('resume', () => frozen.forEach(([link, player]) => player.heard && this.#start(link, player)));
  }

  /**
   * Plays a link's stream, once it is to be heard.
   *
   * One that is to be heard later gets its element now: the browser takes some ten milliseconds for
   * it, which are free while a call rings and missed once it is answered. An element of our own even
   * plays, muted: the page's own is not to look as if it were heard.
   */
  play(link, stream, heard) {
    const player = this.#players.get(link) ?? this.#prepare(link, stream);
    if (heard && player && !player.heard) {
      player.heard = true;
      this.#start(link, player);
    }
  }

  /** Tries again to play whatever does not play, and returns the promises of these attempts. */
  resume() {
    const silent = [...this.#players].filter(([, { heard, element }]) => heard && element.paused);
    return silent.map(([link, player]) => this.#start(link, player));
  }

  /** Silences a link and lets go of its element. */
  stop(link) {
    const { element, ours } = this.#players.get(link) ?? {};
    this.#players.delete(link);
    if (!element) return;
    element.pause();
    element.srcObject = null;
    if (ours) element.remove();
  }

  /**
   * Plays through another loudspeaker, now and later.
   *
   * An element of its own tries it first, whether or not anything plays.
   */
  setSpeaker(request, device = '') {
    const done = (failure) => this.#report(['speaker', request, failure]);
    if (!('setSinkId' in HTMLMediaElement.prototype)) return done('unsupported');
    this.#speaker = device;
    for (const { element } of this.#players.values()) useSink(element, device);
    new Audio().setSinkId(device).then(() => done(), () => done('notFound'));
  }

  dispose() {
    this.#report = () => {};
    this.#stop.abort();
  }

  #prepare(link, stream) {
    const theirs = this.#given ?? wellKnown();
    const ours = !theirs || this.#isUsed(theirs);
    const element = ours ? create() : theirs;
    element.srcObject = stream;
    if (this.#speaker) useSink(element, this.#speaker);
    const player = { element, ours, heard: false };
    this.#players.set(link, player);
    if (ours) {
      element.muted = true;
      element.play().catch(() => {});
    }
    return player;
  }

  #start(link, { element, ours }) {
    // A browser that wants a click first stops it here, and says so.
    if (ours) element.muted = false;
    const playing = element.play();
    // AbortError: the element was let go of before it began.
    playing.catch(({ name }) => name === 'NotAllowedError' && this.#report(['blocked', link]));
    return playing;
  }

  #isUsed(element) {
    // Another client in the same page may play in it too.
    return element.srcObject || [...this.#players.values()].some((player) => player.element === element);
  }
}

/** Uses a loudspeaker if it is there; the browser's default one goes on playing if it is not. */
const useSink = (element, device) => element.setSinkId(device).catch(() => {});

/** The element that the reference's page has. */
function wellKnown() {
  const element = document.getElementById('remote-audio');
  return element instanceof HTMLAudioElement ? element : null;
}

/** Makes a hidden element: Safari plays only what is in the document. */
function create() {
  const element = Object.assign(document.createElement('audio'), { hidden: true });
  document.body.append(element);
  return element;
}
