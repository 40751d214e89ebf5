// Lets the browser tests of WebAssembly load reliably. The test runner's HTTP server (tiny_http 0.12)
// can lose a connection when more than four are opened at once, and a page that loads several modules
// opens up to six: its import then hangs for minutes. The browsers are therefore kept to fewer:
// Firefox by a setting, Chromium, which has none, by a proxy that asks one thing at a time.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { join } from 'node:path';
import { once } from 'node:events';

import { root } from './paths.mjs';

/** Starts the proxy; returns where the browsers' settings with it in them are, and what stops it. */
export async function fewConnections() {
  const proxy = createServer(forward(new Agent({ keepAlive: true, maxSockets: 1 }))).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  proxy.unref();
  const settings = JSON.parse(readFileSync(join(root, 'sdk/webdriver.json'), 'utf8'));
  settings['goog:chromeOptions'].args.push(`--proxy-server=http://127.0.0.1:${proxy.address().port}`, '--proxy-bypass-list=<-loopback>');
  Object.assign(settings['moz:firefoxOptions'].prefs, {
    'network.http.max-persistent-connections-per-server': 2,
    'network.http.speculative-parallel-limit': 0,
  });
  mkdirSync(join(root, 'target'), { recursive: true });
  const file = join(root, 'target/webdriver.json');
  writeFileSync(file, JSON.stringify(settings));
  const stop = () => {
    proxy.close();
    proxy.closeAllConnections();
  };
  return { file, stop };
}

const forward = (agent) => (incoming, outgoing) => {
  const fail = () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end());
  const { method, headers } = incoming;
  if (!URL.canParse(incoming.url)) return fail();
  const asked = request(incoming.url, { method, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  asked.on('error', fail);
  incoming.pipe(asked);
};
