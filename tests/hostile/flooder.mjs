// A thread that floods a server, so that what the test measures beside it is not its own work.
import { Worker, isMainThread, workerData } from 'node:worker_threads';

import WebSocket from 'ws';

import { userToken } from '../helpers/tokens.mjs';

const KINDS = {
  /** Requests, each with an answer that is never looked at. */
  messages: (ws, n) => ws.send(`42${n}["call:sync"]`),
  /** What the transports beat with. */
  beats: (ws) => { ws.ping('x'); ws.send('3'); ws.send('2'); },
};

/** Runs a flood in a thread of its own, until the server closes it or all was sent. */
export async function flood(server, userId, kind, count) {
  const data = { url: server.url.replace('http', 'ws'), token: await userToken(userId), kind, count };
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  return new Promise((resolve, reject) => worker.once('error', reject).once('exit', resolve));
}

if (!isMainThread) {
  const { url, token, kind, count } = workerData;
  const ws = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`);
  ws.on('error', () => {});
  ws.once('open', () => ws.send(`40{"token":"${token}"}`));
  ws.on('message', function begin(data) {
    if (!String(data).startsWith('40')) return;
    ws.off('message', begin);
    for (let n = 0; n < count; n += 1) KINDS[kind](ws, n);
    ws.ping('last', true, () => ws.close());
  });
}
