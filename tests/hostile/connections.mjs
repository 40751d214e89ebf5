// Connections of those who keep no rule: bytes on TCP, and WebSocket frames on top of them.
import { once } from 'node:events';
import { connect } from 'node:net';

import WebSocket from 'ws';

import { within } from '../helpers/client.mjs';
import { userToken } from '../helpers/tokens.mjs';

/** A TCP connection that says what it is told to, and reads only when asked. */
export async function tcp(t, server, text = '') {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  if (text) socket.write(text);
  return socket;
}

/** Asks for a WebSocket in the bytes of HTTP (RFC 6455, 1.2); `query` continues that of a session. */
export const handshake = (query = '') => [`GET /socket.io/?EIO=4&transport=websocket${query} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket',
  'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''].join('\r\n');

/** Everything that comes until the server closes. */
export async function untilClosed(socket, ms) {
  let text = '';
  socket.on('data', (chunk) => { text += chunk; });
  await within('the server to close the connection', (resolve) => {
    if (socket.closed) resolve();
    socket.once('close', resolve);
  }, ms);
  return text;
}

/** A WebSocket on which a user signed in by hand. It answers no ping of the engine. */
export async function signedIn(t, server, userId, { deviceId } = {}) {
  const ws = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  ws.on('error', () => {});
  t.after(() => ws.terminate());
  await once(ws, 'open');
  ws.send(`40${JSON.stringify({ token: await userToken(userId), ...(deviceId && { deviceId }) })}`);
  await within('the sign-in', (resolve, reject) => {
    ws.on('message', function look(data) {
      if (!/^4[04]/.test(data)) return;
      ws.off('message', look);
      if (String(data).startsWith('40')) resolve();
      else reject(new Error(String(data)));
    });
  });
  return ws;
}

/** A WebSocket that began by polling, as stock clients begin, on which a user signed in. */
export async function climbed(t, server, userId) {
  const polling = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  const { sid } = JSON.parse((await polling.text()).slice(1));
  const ws = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
  ws.on('error', () => {});
  t.after(() => ws.terminate());
  await once(ws, 'open');
  ws.send('2probe');
  await hears(ws, '3probe');
  ws.send('5');
  ws.send(`40${JSON.stringify({ token: await userToken(userId) })}`);
  await hears(ws, '40{');
  return ws;
}

/** Waits for a message that begins so. */
export const hears = (ws, start) => within(start, (resolve) => ws.on('message', (data) => String(data).startsWith(start) && resolve()));

/** Waits for the end of a WebSocket; returns its code. */
export function closing(ws, ms) {
  return within('the end of the WebSocket', (resolve) => {
    if (ws.readyState === WebSocket.CLOSED) resolve();
    ws.once('close', resolve);
  }, ms);
}
