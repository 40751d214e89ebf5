// Ports for servers that are started for a while.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Ports that no system gives to outgoing connections by itself: Linux begins at 32768, the others at 49152 (RFC 6335, section 6). */
const [FIRST, LAST] = [10_240, 32_767];

/** What this process was given, though nobody may listen there yet. */
const taken = new Set();

/** Finds a port that is free now and that this process does not get again, so that a restarted server can take the same one. */
export async function freePort(host = '127.0.0.1') {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFree(port, host)) return port;
  }
}

async function isFree(port, host) {
  const probe = createServer().listen(port, host);
  try {
    await once(probe, 'listening');
  } catch (error) {
    if (error.code === 'EADDRINUSE') return false;
    throw error;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
