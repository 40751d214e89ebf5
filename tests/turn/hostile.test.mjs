// What the relay of the server does with datagrams that mean it no good.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, test } from 'node:test';

import { TestServer, freePort } from '../helpers/server.mjs';

const HOST = '127.0.0.1';
const BINDING = 0x0001;
const ALLOCATE = 0x0003;
const REFUSED = 0x0113;
const [USERNAME, INTEGRITY, REALM, NONCE, TRANSPORT] = [0x0006, 0x0008, 0x0014, 0x0015, 0x0019];
const UDP = Buffer.from([17, 0, 0, 0]);

let server;
let port;
let socket;
before(async () => {
  port = await freePort(HOST);
  server = await TestServer.start({ env: { RINGBACK_TURN: `${HOST}:${port}` } });
  socket = createSocket('udp4').bind(0, HOST);
  await once(socket, 'listening');
});
after(async () => {
  socket?.close();
  await server?.stop();
});

/** A STUN message (RFC 8489, section 5) with these attributes, each a type and a value. */
function message(type, attributes = []) {
  const parts = attributes.map(([kind, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(kind, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(body.length, 2);
  head.writeUInt32BE(0x2112a442, 4);
  return Buffer.concat([head, randomBytes(12), body]);
}

/** Reads type and attributes of a message. */
function parse(datagram) {
  const attributes = new Map();
  for (let at = 20; at < datagram.length; ) {
    const [kind, length] = [datagram.readUInt16BE(at), datagram.readUInt16BE(at + 2)];
    attributes.set(kind, datagram.subarray(at + 4, at + 4 + length));
    at += 4 + length + (-length & 3);
  }
  return { type: datagram.readUInt16BE(0), attributes };
}

const send = (datagram) => socket.send(datagram, port, HOST);

async function ask(datagram) {
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(5_000) });
  send(datagram);
  const [received] = await answer;
  return parse(received);
}

/** What came before is dealt with, too: the relay takes one datagram after the other. */
async function stillAnswers() {
  assert.equal((await ask(message(BINDING))).type, BINDING | 0x0100);
}

test('datagrams that mean nothing are not even logged', async () => {
  for (const datagram of [randomBytes(200), Buffer.alloc(0), Buffer.from([0x40, 0, 0, 4, 1, 2, 3, 4]), message(ALLOCATE).subarray(0, 15)]) send(datagram);
  await stillAnswers();
  assert.doesNotMatch(server.log, /ERROR|WARN/);
});

test('names with impossible times are refused, and harm nobody', async () => {
  for (const name of ['18446744073709551615:x', '-1:x', '', ':', 'x'.repeat(400)]) {
    const { attributes } = await ask(message(ALLOCATE, [[TRANSPORT, UDP]]));
    const signed = [[USERNAME, Buffer.from(name)], [REALM, attributes.get(REALM)], [NONCE, attributes.get(NONCE)], [TRANSPORT, UDP], [INTEGRITY, Buffer.alloc(20)]];
    assert.equal((await ask(message(ALLOCATE, signed))).type, REFUSED, name);
  }
  await stillAnswers();
});
