/** `exportDiagnostics()`: what the recorder kept, without what is nobody's business. Loaded when it is called. */
import type { Entry, Recorder } from './recorder.js';
import type { CallOptions, Diagnostics } from './types.js';

/** Which kind of id stands under a key. Ids keep their order: the machine compares them. */
const IDS: Record<string, string> = {
  userId: 'user', callerId: 'user', fromUserId: 'user', targetUserId: 'user', targetUserIds: 'user', acceptedBy: 'user',
  rejectedBy: 'user', endedBy: 'user', chatId: 'chat', sessionId: 'call', deviceId: 'device', callerDeviceId: 'device',
  fromDeviceId: 'device', targetDeviceId: 'device', mediaDeviceId: 'media',
};
const NAMES = new Set(['name', 'callerName', 'error', 'message']);
const SECRETS = new Set(['avatar', 'callerAvatar', 'username', 'credential', 'token']);

/** The names of what a request carries, in order: `sdk/src/api/command.rs` reads it. */
const ARGUMENTS: Record<string, string[]> = {
  initiate: ['chatId', 'targetUserIds', 'callType', 'video'], accept: ['sessionId', 'video'], join: ['sessionId', 'video'],
  invite: ['targetUserIds'], reject: ['reason', 'sessionId'], end: ['reason'], setMuted: ['on'], setVideo: ['on'],
  shareScreen: ['on'], setDevice: ['kind', 'mediaDeviceId'], setPushToTalk: ['on'], talk: ['on'],
};

/** Returns everything as one plain, redacted value. */
export function diagnostics(recorder: Recorder, options: CallOptions, kept: unknown): Diagnostics {
  const { fastSetup, preconnect, userId, localStream, audioBitrate, videoBitrate } = options;
  const settings = { fastSetup, preconnect, userId, suppliedMicrophone: localStream !== undefined && localStream !== null, audioBitrate, videoBitrate, kept };
  // A plain copy, as JSON sees it: candidates and descriptions of the browser included.
  const plain = JSON.parse(JSON.stringify({ options: settings, entries: recorder.entries.map(legible) })) as { options: object; entries: Entry[] };
  const redacted = new Redaction(plain).of(plain) as typeof plain;
  return {
    format: 'ringback-diagnostics',
    version: 1,
    userAgent: navigator.userAgent,
    dropped: recorder.dropped,
    ...redacted,
  };
}

/** Gives the arguments of a request their names. */
function legible([at, what, ...rest]: Entry): Entry {
  if (what !== 'ask') return [at, what, ...rest];
  const [name, args] = rest as [string, unknown[]];
  const named = Object.fromEntries((ARGUMENTS[name] ?? []).map((key, index) => [key, args[index] ?? null]));
  return [at, what, name, named];
}

class Redaction {
  readonly #ids = new Map<string, Map<string, string>>();
  readonly #addresses = new Map<string, string>();

  constructor(everything: unknown) {
    const found = new Map<string, Set<string>>();
    collect(everything, found);
    for (const [kind, ids] of found) {
      const sorted = [...ids].sort();
      const width = String(sorted.length).length;
      this.#ids.set(kind, new Map(sorted.map((id, index) => [id, `${kind}-${String(index + 1).padStart(width, '0')}`])));
    }
  }

  of(value: unknown, key = ''): unknown {
    if (typeof value === 'string') return this.#text(value, key);
    if (Array.isArray(value)) return value.map((one) => this.of(one, key));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.of(one, name)]));
  }

  #text(text: string, key: string): string {
    const kind = IDS[key];
    if (kind) return this.#ids.get(kind)?.get(text) ?? text;
    if (SECRETS.has(key) || NAMES.has(key)) return 'redacted';
    if (key === 'urls') return text.replace(/^(\w+):.*$/, '$1:redacted.invalid');
    return this.#scrub(text);
  }

  /** Takes addresses, passwords and fingerprints out of descriptions, candidates and texts; what the machine compares stays. */
  #scrub(text: string): string {
    return text
      .replace(/^(a=ice-pwd:).*$/gm, '$1redacted')
      .replace(/^(a=fingerprint:\S+ ).*$/gm, '$100')
      .replace(/(?<![\w.:-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|[\w-]+\.local\b|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])/g, (address) => this.#address(address));
  }

  #address(address: string): string {
    if (address === '0.0.0.0' || address === '::') return address;
    if (!this.#addresses.has(address)) this.#addresses.set(address, `host-${this.#addresses.size + 1}.invalid`);
    return this.#addresses.get(address)!;
  }
}

function collect(value: unknown, found: Map<string, Set<string>>, key = ''): void {
  const kind = IDS[key];
  if (typeof value === 'string' && kind) {
    if (!found.has(kind)) found.set(kind, new Set());
    found.get(kind)!.add(value);
  } else if (Array.isArray(value)) {
    for (const one of value) collect(one, found, key);
  } else if (value !== null && typeof value === 'object') {
    for (const [name, one] of Object.entries(value)) collect(one, found, name);
  }
}
