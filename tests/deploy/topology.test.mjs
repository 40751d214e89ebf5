// The deployment of docs/deployment.md, as processes: a proxy with TLS, three nodes, PostgreSQL, Redis.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

import { TestClient } from '../helpers/client.mjs';
import { Cluster } from '../helpers/cluster.mjs';
import { startCaddy, startNginx } from '../helpers/proxies.mjs';
import { candidate, uniqueIds } from '../helpers/scene.mjs';
import { serviceToken, userToken } from '../helpers/tokens.mjs';
import { talkWhileANodeDies } from './pages.mjs';

/** Within this time a proxy has noticed what the nodes say of themselves, in milliseconds. */
const ASKED_WITHIN_MS = 6_000;

/** Whoever is without a socket for longer was turned away, in milliseconds. */
const GAP_MS = 2_500;

/** Connects over wss, through the proxy. */
async function connect(t, proxy, userId, { reconnection = false } = {}) {
  const auth = { token: await userToken(userId), deviceId: `device of ${userId}` };
  const socket = io(proxy.url, { auth, ca: proxy.ca, transports: ['websocket'], forceNew: true, reconnection, reconnectionDelay: 50 });
  const client = new TestClient(socket, userId);
  t.after(() => client.close());
  await client.connected();
  return client;
}

/** Asks over https, through the proxy. */
function ask(proxy, path, { token, method = 'GET', body } = {}) {
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }) };
  return new Promise((resolve, reject) => {
    const asked = request(proxy.url + path, { method, ca: proxy.ca, headers }, async (response) => {
      let text = '';
      for await (const part of response.setEncoding('utf8')) text += part;
      resolve({ status: response.statusCode, text });
    });
    asked.on('error', reject).end(body && JSON.stringify(body));
  });
}

async function makeChat(proxy, names) {
  const { chatId, ids } = uniqueIds(names);
  const body = { participants: names.map((name) => ({ id: ids[name], name })) };
  const { status, text } = await ask(proxy, `/api/chats/${chatId}`, { method: 'PUT', token: await serviceToken(), body });
  assert.equal(status, 200, text);
  return { chatId, ids };
}

for (const [name, start] of Object.entries({ Caddy: startCaddy, nginx: startNginx })) {
  describe(`three nodes behind ${name}`, () => {
    let cluster;
    let proxy;
    before(async () => {
      cluster = await Cluster.start();
      proxy = await start(cluster.nodes);
    });
    after(async () => {
      await proxy?.stop();
      await cluster?.stop();
    });

    test('calls go through over wss, whichever nodes their people are on', async (t) => {
      const names = Array.from({ length: 6 }, (_, n) => `person-${n}`);
      const { chatId, ids } = await makeChat(proxy, names);
      const people = await Promise.all(names.map((person) => connect(t, proxy, ids[person])));
      for (const [caller, callee] of [[0, 1], [2, 3], [4, 5]].map((pair) => pair.map((n) => people[n]))) {
        const { sessionId } = await caller.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [callee.userId] });
        await callee.next('call:incoming');
        await callee.ask('call:accept', { sessionId, chatId });
        await caller.next('call:participant-joined');
        await caller.ask('webrtc:ice-candidate', { sessionId, candidate: candidate(1) });
        assert.deepEqual((await callee.next('webrtc:ice-candidate')).candidate, candidate(1));
        await caller.ask('call:end', { sessionId });
        await callee.next('call:ended');
        const { status } = await ask(proxy, `/api/calls/${sessionId}`, { token: await userToken(callee.userId) });
        assert.equal(status, 200);
      }
      const sockets = await Promise.all(cluster.nodes.map(async (node) => {
        const { text } = await node.api('/metrics', { token: await serviceToken() });
        return Number(text.match(/^ringback_sockets (\d+)$/m)[1]);
      }));
      assert.ok(sockets.filter((count) => count > 0).length >= 2, `the sockets are spread: ${sockets}`);
    });

    test('the operator sees all three nodes, whichever answers', async () => {
      const token = await serviceToken();
      const look = async () => JSON.parse((await ask(proxy, '/api/operator/nodes', { token })).text).data;
      let data = await look();
      // Nodes make themselves known every few seconds.
      for (const until = Date.now() + 10_000; data.nodes.length < 3 && Date.now() < until; data = await look());
      assert.equal(data.nodes.length, 3);
      assert.ok(data.nodes.some(({ id }) => id === data.answeredBy));
      assert.ok(data.nodes.every(({ draining }) => !draining));
    });

    test('what watches over the nodes is not to be had from outside', async () => {
      for (const path of ['/metrics', '/healthz', '/readyz']) assert.equal((await ask(proxy, path)).status, 404, path);
    });

    test('hundreds of people are connected at once', async (t) => {
      const url = `${proxy.url.replace('https', 'wss')}/socket.io/?EIO=4&transport=websocket`;
      const sockets = Array.from({ length: 300 }, () => new WebSocket(url, { ca: proxy.ca }));
      t.after(() => sockets.forEach((socket) => socket.terminate()));
      const greeted = await Promise.all(sockets.map((socket) => once(socket, 'message').then(([text]) => String(text)[0], (error) => error.message)));
      assert.deepEqual(greeted.filter((first) => first !== '0'), []);
    });

    test('without Redis no node is ready, and people are let in all the same', async (t) => {
      const { ids } = await makeChat(proxy, ['ann']);
      const token = await userToken(ids.ann);
      await cluster.redis.halt();
      try {
        // The proxy asks the nodes every two seconds.
        for (const until = Date.now() + ASKED_WITHIN_MS; Date.now() < until; await pause(200)) {
          assert.equal((await ask(proxy, '/api/calls', { token })).status, 200);
          (await connect(t, proxy, ids.ann)).close();
        }
        for (const node of cluster.nodes) assert.equal((await node.api('/readyz')).status, 503);
      } finally {
        await cluster.redis.resume();
      }
      for (const node of cluster.nodes) while ((await node.api('/readyz')).status !== 200);
    });

    test('two pages on two nodes hear each other, and go on when one of the nodes is killed', (t) => talkWhileANodeDies(t, cluster, proxy));

    test('one node after the other starts anew, and nobody is without a socket for long', async (t) => {
      const { ids } = await makeChat(proxy, ['ann', 'bob', 'carol', 'dave', 'erin', 'frank']);
      const people = await Promise.all(Object.values(ids).map((id) => connect(t, proxy, id, { reconnection: true })));
      const gaps = [];
      for (const { socket } of people) {
        socket.on('disconnect', () => {
          const gone = Date.now();
          socket.once('connect', () => gaps.push(Date.now() - gone));
        });
      }
      for (const node of cluster.nodes) {
        await node.terminate();
        // Long enough for others to find it gone.
        await pause(1_000);
        await node.restart();
        await Promise.all(people.map((person) => person.connected()));
      }
      assert.ok(gaps.length >= people.length, 'each was on one of the nodes');
      assert.ok(Math.max(...gaps) < GAP_MS, `${gaps}`);
    });

    test('a node that is stopped takes nobody\'s call along', async (t) => {
      const { chatId, ids } = await makeChat(proxy, ['ann', 'bob']);
      const [ann, bob] = await Promise.all(['ann', 'bob'].map((person) => connect(t, proxy, ids[person], { reconnection: true })));
      const { sessionId } = await ann.ask('call:initiate', { chatId, callType: 'voice' });
      await bob.next('call:incoming');
      await bob.ask('call:accept', { sessionId });
      await ann.next('call:participant-joined');
      const dropped = ann.disconnected();
      for (const node of cluster.nodes.slice(0, 2)) await node.terminate();
      // Whoever was on one of the two is on the third by now, or comes back to it.
      if (!ann.socket.connected) await dropped;
      for (const person of [ann, bob]) {
        assert.equal((await resume(person, sessionId)).call.status, 'ongoing');
      }
      await ann.ask('call:end', { sessionId });
      await bob.next('call:ended');
    });
  });
}

/** Resumes wherever the person is or comes to: the node that they are on may be closing their socket just now. */
async function resume(person, sessionId) {
  for (;;) {
    await person.connected();
    try {
      return await person.ask('call:resume', { sessionId });
    } catch (error) {
      if (!error.message.includes('the socket closed')) throw error;
    }
  }
}
