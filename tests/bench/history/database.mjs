// A database with many calls, and a server over it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '../../../scripts/lib/ports.mjs';
import { endedCall, writeArchive } from '../../helpers/archive.mjs';
import { JWT_SECRET } from '../../helpers/tokens.mjs';

/** The person who asks. */
export const ASKER = 'heavy';
const OTHERS = 20_000;
const SPAN_MS = 365 * 86_400_000;

/** How many of so many calls are the asker's. */
export const callsOfAsker = (calls) => Math.min(10_000, calls);

/** The asker's are spread evenly over a year and over forty chats, between those of all others. */
function* calls(count, now) {
  const every = Math.floor(count / callsOfAsker(count));
  for (let n = 0; n < count; n += 1) {
    const isOfAsker = n % every === 0;
    const [one, other] = [n % OTHERS, (n * 7919 + 1) % OTHERS].map((index) => `user-${index}`);
    const at = now - SPAN_MS + Math.floor((n / count) * SPAN_MS);
    const people = isOfAsker ? (n % 2 ? [ASKER, one] : [one, ASKER]) : [one, other === one ? 'user-x' : other];
    yield endedCall({
      id: `${at.toString(16).padStart(12, '0')}-${n.toString(16).padStart(8, '0')}`,
      chat: `chat-${isOfAsker ? (n / every) % 40 : n % 5000}`,
      caller: people[0],
      callee: people[1],
      at,
      seconds: 20 + (n % 600),
      callType: n % 5 === 0 ? 'video' : 'voice',
    });
  }
}

/** Fills a database by `ringback-server import` and returns how long that took, in seconds. */
export async function fill({ binary, folder, database, count }) {
  const file = join(folder, `${count}-calls.ndjson`);
  if (!existsSync(file)) await writeArchive(file, calls(count, Date.now()));
  const began = Date.now();
  const child = spawn(binary, ['import', file, '--database', database], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`import ended with ${code}`);
  return (Date.now() - began) / 1000;
}

/** Runs a server over a database while `work` runs, which gets its address. */
export async function withServer({ binary, folder, database }, work) {
  const port = await freePort();
  const child = spawn(binary, ['--listen', `127.0.0.1:${port}`, '--database', database], {
    env: { PATH: process.env.PATH, JWT_SECRET, REQUESTS_PER_SECOND: '1000000' },
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: folder,
  });
  try {
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) if (String(chunk).includes('listens')) break;
    return await work(`http://127.0.0.1:${port}`);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}
