// Stored calls as `ringback-server export` writes them, made by hand.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const HEAD = { kind: 'ringback', version: 1 };

/** Makes a call that is over, as one line of an export. */
export function endedCall({ id, chat, caller, callee, at, seconds = 60, callType = 'voice' }) {
  const endedAt = at + seconds * 1000;
  const person = (user, device) => ({
    person: { id: user, name: user.toUpperCase(), avatar: null },
    invitedAt: at,
    joinedAt: at + 1000,
    state: { joined: { device } },
  });
  const call = {
    id,
    version: 3,
    chat: { id: chat, name: null },
    callType,
    caller,
    rules: { ringTimeoutMs: 45_000, reconnectGraceMs: 30_000, maxParticipants: 12 },
    initiatedAt: at,
    state: { over: { outcome: 'ended', startedAt: at, endedAt, reason: 'completed', endedBy: caller } },
    participants: [person(caller, 'a1'), person(callee, 'b1')],
    quality: { reports: 1, bitrate: 32_000, packetLoss: 0.5, jitter: 4 },
    timeline: [],
  };
  return { kind: 'call', call };
}

/** Writes the lines of an export, without holding more than a few of them. */
export async function writeArchive(file, lines) {
  const out = createWriteStream(file);
  out.write(`${JSON.stringify(HEAD)}\n`);
  for (const line of lines) {
    if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}
