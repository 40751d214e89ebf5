// Brings people together: a chat of their own, their devices, a call that rings or goes on.
import { TestClient, settle } from './client.mjs';

let scenes = 0;

/** Ids that no other test on the same server uses. */
export function uniqueIds(names) {
  scenes += 1;
  const tag = `${process.pid}-${scenes}`;
  return { chatId: `chat-${tag}`, ids: Object.fromEntries(names.map((name) => [name, `${name}-${tag}`])) };
}

const capitalised = (name) => name.charAt(0).toUpperCase() + name.slice(1);

/**
 * Makes a chat of these people and connects one device of each, which are closed after the test.
 * @param {import('node:test').TestContext} t
 * @param {import('./server.mjs').TestServer} server
 * @param {string[]} names
 * @param {{ offline?: string[], client?: object }} [options] who is a member but not connected
 * @returns {Promise<{ chatId: string, ids: Record<string, string>, connect: Function } & Record<string, TestClient>>}
 */
export async function meet(t, server, names, { offline = [], client: options = {} } = {}) {
  const { chatId, ids } = uniqueIds(names);
  const members = names.map((name) => ({ id: ids[name], name: capitalised(name), avatar: `https://pictures.example/${name}.png` }));
  await server.putChat(chatId, members, 'A chat');
  const connect = async (name, more = {}) => {
    const client = await TestClient.connect(server, ids[name] ?? name, { ...options, ...more });
    t.after(() => client.close());
    return client;
  };
  const online = names.filter((name) => !offline.includes(name));
  const clients = await Promise.all(online.map(async (name) => [name, await connect(name)]));
  await settle(...clients.map(([, client]) => client));
  return { chatId, ids, connect, ...Object.fromEntries(clients) };
}

/** Like `meet`; then the first calls all the others, whose devices ring. */
export async function ring(t, server, names, { callType = 'voice', ...options } = {}) {
  const scene = await meet(t, server, names, options);
  const caller = scene[names[0]];
  const ack = await caller.ask('call:initiate', { chatId: scene.chatId, callType });
  const ringing = names.slice(1).filter((name) => scene[name]);
  await Promise.all(ringing.map((name) => scene[name].next('call:incoming')));
  return { ...scene, sessionId: ack.sessionId, call: { sessionId: ack.sessionId, chatId: scene.chatId } };
}

/** Like `ring`; then all the others accept. What led there is forgotten. */
export async function talk(t, server, names, options) {
  const scene = await ring(t, server, names, options);
  const callees = names.slice(1).filter((name) => scene[name]).map((name) => scene[name]);
  for (const callee of callees) await callee.ask('call:accept', scene.call);
  const everyone = [scene[names[0]], ...callees];
  await settle(...everyone);
  everyone.forEach((client) => client.forget());
  return scene;
}

/** An SDP text as a browser makes one: line ends, quotes and characters that must not change. */
export function sdp(kind, size = 0) {
  const head = `v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=x-note:"\\ \u00e4 \u2028 \ud83d\ude00 </script>\r\n`;
  return { type: kind, sdp: head + 'a=ssrc:1 cname:x\r\n'.repeat(Math.ceil(Math.max(0, size - head.length) / 18)) };
}

/** An ICE candidate as a browser makes one. */
export function candidate(n = 1) {
  return {
    candidate: `candidate:842163049 1 udp 1677729535 203.0.113.${n % 250} ${40_000 + n} typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag Ab/+ network-cost 999`,
    sdpMid: '0',
    sdpMLineIndex: 0,
    usernameFragment: 'Ab/+',
  };
}
