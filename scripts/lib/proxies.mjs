// The proxies that the deployment tests put in front of the nodes.
import { existsSync } from 'node:fs';

import { installDebian } from './debian.mjs';
import { which } from './paths.mjs';

/** Makes sure that Caddy, nginx and openssl are there. */
export async function installProxies() {
  const nginx = which('nginx') ?? existsSync('/usr/sbin/nginx');
  await installDebian({ caddy: which('caddy') ? null : 'caddy', nginx: nginx ? null : 'nginx', openssl: which('openssl') ? null : 'openssl' });
}
