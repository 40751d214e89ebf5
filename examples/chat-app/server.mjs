// A small chat: people sign in with a name, write to each other, and call each other by Ringback.
//
//   JWT_SECRET=... RINGBACK_URL=http://localhost:3000 node server.mjs
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Server } from 'socket.io';

import { Chats } from './chats.mjs';
import { Ringback } from './ringback.mjs';

const PORT = Number(process.env.PORT ?? 4000);
const RINGBACK_URL = process.env.RINGBACK_URL ?? 'http://localhost:3000';
const RETRY_MS = 2000;
const { JWT_SECRET, WEBHOOK_SECRET } = process.env;
if (!JWT_SECRET) {
  console.error('Set JWT_SECRET to the secret that ringback-server runs with.');
  process.exit(1);
}

const ringback = new Ringback(RINGBACK_URL, JWT_SECRET, WEBHOOK_SECRET);
const chats = new Chats();

// --- Pages and requests ------------------------------------------------------------------------

const folderOf = (path) => fileURLToPath(new URL(path, import.meta.url));
const FOLDERS = { '/ringback/': folderOf('node_modules/ringback/dist/'), '/': folderOf('public/') };
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm' };

const http = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500).end();
  });
});

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://chat');
  if (pathname === '/api/sign-in' && request.method === 'POST') return signIn(request, response);
  if (pathname === '/api/call-token') return callToken(request, response);
  if (pathname === '/hooks/ringback' && request.method === 'POST') return webhook(request, response);
  return file(pathname, response);
}

/** Signing in is a name here. In a real application this is where yours happens. */
async function signIn(request, response) {
  const { name } = JSON.parse(await bodyOf(request));
  const given = String(name ?? '').trim().slice(0, 40);
  if (!given) return json(response, 400, { error: 'Please give a name.' });
  const { session, user } = chats.signIn(given);
  await tellRingback();
  json(response, 200, { session, user, ringbackUrl: RINGBACK_URL });
  announceChats();
}

/** The token with which a signed-in person connects to Ringback. Only the server knows the secret. */
async function callToken(request, response) {
  const user = chats.userOf(request.headers.authorization?.replace('Bearer ', ''));
  if (!user) return json(response, 401, { error: 'Please sign in.' });
  json(response, 200, { token: await ringback.userToken(user) });
}

/** Ringback tells of a call that somebody missed, though no browser of the chat may be open to say so. */
async function webhook(request, response) {
  // The signature is over the bytes as they came: parsed and printed again, they may be others.
  const event = ringback.readWebhook(await bodyOf(request), request.headers);
  if (!event) return json(response, 401, { error: 'Not signed by Ringback.' });
  // What is of no interest is taken too, or it would be told again.
  response.writeHead(204).end();
  const chat = event.type === 'call.missed' && chats.chat(event.data.call.chatId.id);
  if (chat) putCall(chat, event.data.call, event.timestamp);
}

/** Ringback lets people call each other who are in a chat together, so it has to know the chats. */
async function tellRingback() {
  for (const chat of chats.changed()) {
    try {
      await ringback.putChat(chat);
      chats.told(chat);
    } catch (error) {
      console.error(`${error.message}; trying again in ${RETRY_MS / 1000} s.`);
      setTimeout(tellRingback, RETRY_MS);
      return;
    }
  }
}

async function file(pathname, response) {
  const path = normalize(pathname === '/' ? '/index.html' : decodeURIComponent(pathname));
  const prefix = Object.keys(FOLDERS).find((start) => path.startsWith(start));
  try {
    const body = await readFile(join(FOLDERS[prefix], path.slice(prefix.length)));
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(body);
  } catch {
    response.writeHead(404).end('There is no such page.');
  }
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const json = (response, status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

// --- The conversation --------------------------------------------------------------------------

const io = new Server(http);
/** The room of all tabs of a person. */
const room = (userId) => `user:${userId}`;

io.use((socket, next) => {
  socket.data.user = chats.userOf(socket.handshake.auth.session);
  next(socket.data.user ? undefined : new Error('Please sign in.'));
});

io.on('connection', (socket) => {
  const { user } = socket.data;
  socket.join(room(user.id));
  announceChats();
  socket.on('disconnect', announceChats);

  socket.on('open', async (chatId, ack) => {
    const chat = chats.of(user.id, chatId);
    if (!chat || typeof ack !== 'function') return;
    // The calls that ended while nobody of the chat was here.
    await syncCalls(chat, user);
    chats.read(user.id, chatId);
    ack(chat.entries);
    announceChats();
  });

  socket.on('write', (chatId, text) => {
    const chat = chats.of(user.id, chatId);
    const written = String(text ?? '').trim().slice(0, 2000);
    if (chat && written) add(chat, { kind: 'text', from: user.id, text: written, at: Date.now() });
  });

  socket.on('read', (chatId) => {
    chats.read(user.id, chatId);
    announceChats();
  });

  // A browser says that a call of that chat is over.
  socket.on('call ended', (chatId) => {
    const chat = chats.of(user.id, chatId);
    if (chat) syncCalls(chat, user);
  });
});

/** Puts the calls that Ringback has stored into the conversation, each once. */
async function syncCalls(chat, user) {
  try {
    const calls = await ringback.callsOf(chat.id, user);
    for (const call of calls.reverse()) {
      if (call.endedAt) putCall(chat, call);
    }
  } catch (error) {
    console.error('The calls could not be read:', error.message);
  }
}

/** Shows a call, which goes on if it has no end: a group talks while one of them has missed it. */
function putCall(chat, call, at = call.endedAt) {
  const card = cardOf(call, at);
  if (chats.putCall(chat, card)) show(chat, card);
}

/** What everyone in the chat may know of a call; each browser words it for its own user. */
function cardOf(call, at) {
  const participants = call.participants.map(({ user, status }) => ({ id: user.id, name: user.name, status }));
  const { id, callType, status, duration } = call;
  return { id, kind: 'call', from: call.caller.id, at: Date.parse(at), isOver: call.endedAt !== null, callType, status, duration, participants };
}

function add(chat, entry) {
  chats.add(chat, entry);
  show(chat, entry);
}

function show(chat, entry) {
  for (const { id } of chat.members) io.to(room(id)).emit('entry', chat.id, entry);
  announceChats();
}

/** Tells everyone their chats: who is there, and what they have not read. */
function announceChats() {
  const present = (id) => (io.sockets.adapter.rooms.get(room(id))?.size ?? 0) > 0;
  for (const user of chats.users()) io.to(room(user.id)).emit('chats', chats.listFor(user.id, present));
}

http.listen(PORT, () => console.log(`The chat is at http://localhost:${http.address().port}`));
