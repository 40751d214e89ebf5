import { StepFailure, race, type Finding } from './step.js';

const STUN_WITHIN_MS = 5_000;
const TURN_WITHIN_MS = 10_000;
const PINGS = 3;
/** The STUN error for a name or password that is not taken (RFC 8489, section 14.8). */
const UNAUTHORISED = 401;
/** What browsers report for a server that could not be reached (W3C webrtc, section 4.8.2). */
const UNREACHABLE = 701;

/** Tests whether a STUN server answers: whether this browser's public address can be found. */
export async function stun(all: RTCIceServer[], signal: AbortSignal): Promise<Finding> {
  const iceServers = serversOf(all, /^stuns?:/);
  if (iceServers.length === 0) return { status: 'skipped', message: 'No STUN server is configured.' };
  const connection = new RTCPeerConnection({ iceServers });
  try {
    const outcome = await race(publicAddress(connection), signal, STUN_WITHIN_MS);
    if (outcome === 'found') return { status: 'ok', message: 'The STUN server answers.' };
    if (outcome === 'none') return { status: 'ok', message: 'The STUN server answers, or is not needed: no address translation was found.' };
    return { status: 'warn', code: 'STUN_UNREACHABLE', message: 'The STUN server does not answer: this network may block UDP; calls then need TURN.' };
  } finally {
    connection.close();
  }
}

/** Gathers candidates until there is one that a STUN server told of; `none` when all went well without. */
async function publicAddress(connection: RTCPeerConnection): Promise<'found' | 'none' | 'unreachable'> {
  connection.createDataChannel('');
  let failed = false;
  const outcome = new Promise<'found' | 'none' | 'unreachable'>((resolve) => {
    connection.onicecandidateerror = ({ errorCode }) => { failed ||= errorCode === UNREACHABLE; };
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.type === 'srflx') resolve('found');
      else if (!candidate) resolve(failed ? 'unreachable' : 'none');
    };
  });
  await connection.setLocalDescription();
  return outcome;
}

/** Tests a TURN server by sending through it, from this browser to itself. */
export async function turn(all: RTCIceServer[], signal: AbortSignal): Promise<Finding> {
  const iceServers = serversOf(all, /^turns?:/);
  if (iceServers.length === 0) {
    return { status: 'warn', code: 'NO_TURN', message: 'No TURN server is configured: calls fail behind strict firewalls.' };
  }
  const loop = new Loop(iceServers);
  try {
    const roundTripMs = await race(loop.ping(), signal, TURN_WITHIN_MS);
    if (roundTripMs === null) throw loop.failure();
    return { status: 'ok', message: `The TURN server relays, with a round trip of ${roundTripMs} ms.`, roundTripMs };
  } finally {
    loop.close();
  }
}

/** The servers whose addresses match, with nothing but those addresses. */
function serversOf(servers: RTCIceServer[], pattern: RegExp): RTCIceServer[] {
  return servers
    .map((server) => ({ ...server, urls: [server.urls].flat().filter((url) => pattern.test(url)) }))
    .filter(({ urls }) => urls.length > 0);
}

/** Two connections of this page that may reach each other through the relay only. */
class Loop {
  readonly #near: RTCPeerConnection;
  readonly #far: RTCPeerConnection;
  readonly #errors: number[] = [];
  #relayed = false;
  #refuse = (_error: StepFailure): void => {};

  constructor(iceServers: RTCIceServer[]) {
    [this.#near, this.#far] = [0, 1].map(() => new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' })) as [RTCPeerConnection, RTCPeerConnection];
    this.#join(this.#near, this.#far);
    this.#join(this.#far, this.#near);
  }

  #join(from: RTCPeerConnection, to: RTCPeerConnection): void {
    from.onicecandidateerror = ({ errorCode }) => this.#errors.push(errorCode);
    from.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) {
        this.#relayed = true;
        to.addIceCandidate(candidate).catch(() => {});
      } else if (!candidate && !this.#relayed) {
        // All servers were tried, and none gave an address.
        this.#refuse(this.failure());
      }
    };
  }

  /** Connects and returns the shortest of a few round trips, in milliseconds. */
  async ping(): Promise<number> {
    const channel = this.#near.createDataChannel('ping');
    this.#far.ondatachannel = ({ channel: echo }) => { echo.onmessage = ({ data }) => echo.send(data); };
    const refused = new Promise<never>((_resolve, reject) => { this.#refuse = reject; });
    const opened = new Promise((resolve) => { channel.onopen = resolve; });
    await this.#negotiate();
    await Promise.race([opened, refused]);
    const times: number[] = [];
    for (let round = 0; round < PINGS; round += 1) times.push(await roundTrip(channel));
    return Math.max(1, Math.round(Math.min(...times)));
  }

  async #negotiate(): Promise<void> {
    await this.#near.setLocalDescription();
    await this.#far.setRemoteDescription(this.#near.localDescription!);
    await this.#far.setLocalDescription();
    await this.#near.setRemoteDescription(this.#far.localDescription!);
  }

  /** Says why nothing came through. */
  failure(): StepFailure {
    if (this.#relayed) return new StepFailure('TURN_NO_RELAY', 'The TURN server gives an address but relays nothing: see which peers its configuration denies.');
    if (this.#errors.includes(UNAUTHORISED)) return new StepFailure('TURN_UNAUTHORIZED', 'The TURN server refuses the name or the password: compare them with its configuration.');
    return new StepFailure('TURN_UNREACHABLE', 'The TURN server gives no address: it is out of reach from here, or refuses the name or the password.');
  }

  close(): void {
    this.#near.close();
    this.#far.close();
  }
}

function roundTrip(channel: RTCDataChannel): Promise<number> {
  return new Promise((resolve) => {
    const started = performance.now();
    channel.onmessage = () => resolve(performance.now() - started);
    channel.send('ping');
  });
}
