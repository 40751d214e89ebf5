// Ports for servers that are started for a while.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Finds a port that is free now, so that a restarted server can take the same one again. */
export async function freePort(host = '127.0.0.1') {
  const probe = createServer();
  probe.listen(0, host);
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
