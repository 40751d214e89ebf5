// The chat: signing in, the list of conversations, messages. What has to do with calls is in calls.js.
import { callCard, startCalls } from './calls.js';

const $ = (id) => document.getElementById(id);

/** Who is signed in, and with what session; per tab, so that two tabs can be two people. */
let me = JSON.parse(sessionStorage.getItem('chat') ?? 'null');
let socket;
let calls;
let chats = [];
let openId = null;

$('sign-in').onsubmit = async (event) => {
  event.preventDefault();
  const response = await fetch('/api/sign-in', { method: 'POST', body: JSON.stringify({ name: event.target.elements.name.value }) });
  const body = await response.json();
  if (!response.ok) {
    $('refused').textContent = body.error;
    return;
  }
  me = body;
  sessionStorage.setItem('chat', JSON.stringify(me));
  start();
};
if (me) start();

function start() {
  socket = io({ auth: { session: me.session } });
  socket.on('connect_error', ({ message }) => message === 'Please sign in.' && signOut());
  socket.on('connect', () => openId && open(openId));
  socket.on('chats', showChats);
  socket.on('entry', receive);
  calls = startCalls({
    url: me.ringbackUrl,
    token: callToken,
    me: me.user,
    nameOfChat: (id) => chats.find((chat) => chat.id === id)?.name ?? '',
    openChat: open,
    ended: (chatId) => socket.emit('call ended', chatId),
  });
  $('me').textContent = me.user.name;
  $('sign-in').hidden = true;
  $('chat').hidden = false;
}

/** Asked at each connect, so that it never expires under way. */
async function callToken() {
  const response = await fetch('/api/call-token', { headers: { authorization: `Bearer ${me.session}` } });
  if (!response.ok) throw new Error('The server gave no token.');
  return (await response.json()).token;
}

/** The server has been started anew and has forgotten us. */
function signOut() {
  sessionStorage.removeItem('chat');
  location.reload();
}

// --- The list ----------------------------------------------------------------------------------

function showChats(list) {
  chats = list;
  $('chats').replaceChildren(...list.map(chatItem));
}

function chatItem({ id, name, present, unread }) {
  const button = element('button', { className: id === openId ? 'open' : '', ariaCurrent: id === openId ? 'true' : null, onclick: () => open(id) });
  button.dataset.chat = id;
  button.append(
    element('span', { className: present ? 'dot present' : 'dot', role: 'img', ariaLabel: present ? 'is here' : 'is away', title: present ? 'is here' : 'is away' }),
    element('span', { className: 'name', dir: 'auto', textContent: name }),
    element('span', { className: 'unread', title: unread ? 'unread' : '', textContent: unread || '' }),
  );
  const item = document.createElement('li');
  item.append(button);
  return item;
}

// --- The conversation --------------------------------------------------------------------------

function open(id) {
  openId = id;
  const chat = chats.find((other) => other.id === id);
  $('title').textContent = chat.name;
  $('conversation').hidden = false;
  $('hint').hidden = true;
  $('conversation').dataset.chat = '';
  socket.emit('open', id, (entries) => {
    if (openId !== id) return;
    $('conversation').dataset.chat = id;
    // What was written before is not read out; what comes from now on is.
    $('entries').ariaLive = 'off';
    $('entries').replaceChildren(...entries.map(entryItem));
    setTimeout(() => { $('entries').ariaLive = 'polite'; });
    $('entries').lastElementChild?.scrollIntoView();
  });
}

function receive(chatId, entry) {
  // What came while the conversation was being opened is in it.
  if ($('conversation').dataset.chat !== chatId) return;
  const item = entryItem(entry);
  const earlier = [...$('entries').children].find(({ dataset }) => dataset.id === entry.id);
  // A call that was missed while it went on is over now.
  if (earlier) earlier.replaceWith(item);
  else $('entries').append(item);
  item.scrollIntoView();
  if (!document.hidden) socket.emit('read', chatId);
}

document.addEventListener('visibilitychange', () => !document.hidden && openId && socket?.emit('read', openId));

function entryItem(entry) {
  const item = entry.kind === 'call' ? callCard(entry, me.user, () => calls.dial(openId, entry.callType)) : textItem(entry);
  item.append(element('time', { textContent: new Date(entry.at).toLocaleTimeString([], { timeStyle: 'short' }) }));
  item.dataset.id = entry.id;
  item.classList.toggle('mine', entry.from === me.user.id);
  return item;
}

function textItem({ from, text }) {
  const item = element('li', { className: 'text' });
  const author = chats.flatMap(({ members }) => members).find(({ id }) => id === from);
  item.append(element('strong', { textContent: author?.name ?? me.user.name }), element('p', { textContent: text }));
  return item;
}

$('write').onsubmit = (event) => {
  event.preventDefault();
  socket.emit('write', openId, event.target.elements.text.value);
  event.target.reset();
};
$('voice').onclick = () => calls.dial(openId, 'voice');
$('video').onclick = () => calls.dial(openId, 'video');

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
