/** Who this tab is: from the address, else from this tab's last join, else from the browser's. */

const KEY = 'ringback.demo';
const DEVICES = 'ringback.demo.devices';

/** Returns the id that a name stands for: the same name in two tabs is one person with two devices. */
export function userIdOf(name) {
  return slug(name).slice(0, 64);
}

/** Returns the id of the chat that a room name stands for. */
export function roomIdOf(room) {
  return slug(room).slice(0, 64);
}

function slug(text) {
  return text.normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '');
}

/** Returns the name and room to fill the form with. */
export function remembered() {
  const asked = new URLSearchParams(location.search);
  const last = read(sessionStorage) ?? read(localStorage) ?? {};
  return { name: asked.get('name') ?? last.name ?? '', room: asked.get('room') ?? last.room ?? 'demo' };
}

/** Returns who this tab was before a reload, unless the address asks for someone else. */
export function resumable() {
  const last = read(sessionStorage);
  const asked = new URLSearchParams(location.search);
  if (!last || !last.joined) return null;
  const same = (key) => asked.get(key) === null || asked.get(key) === last[key];
  return same('name') && same('room') ? { name: last.name, room: last.room } : null;
}

/** Remembers a join for this tab, and as a suggestion for the next one. */
export function remember({ name, room }) {
  write(sessionStorage, { name, room, joined: true });
  write(localStorage, { name, room });
  history.replaceState(null, '', `?${new URLSearchParams({ room })}${location.hash}`);
}

/** Forgets that this tab was in a room, but not its name. */
export function forget() {
  const last = read(sessionStorage);
  if (last) write(sessionStorage, { ...last, joined: false });
}

/** Returns the address that opens the room for someone else. */
export function inviteUrl(room, name) {
  const other = ['Alice', 'Bob', 'Carol'].find((guess) => userIdOf(guess) !== userIdOf(name));
  return `${location.origin}${location.pathname}?${new URLSearchParams({ room: room || 'demo', name: other })}`;
}

/** Returns the devices that were chosen in this browser, `{microphone?, camera?, speaker?}`. */
export function rememberedDevices() {
  return read(localStorage, DEVICES) ?? {};
}

/** Remembers a choice of devices for the next visit. */
export function rememberDevices({ microphone, camera, speaker }) {
  write(localStorage, { microphone, camera, speaker }, DEVICES);
}

function read(storage, key = KEY) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null; // Blocked storage or a foreign value: the form is then just empty.
  }
}

function write(storage, value, key = KEY) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage may be blocked or full; the page works without it.
  }
}
