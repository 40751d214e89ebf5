// Who there is, who talks with whom, and what was said. In a real application, your database.
import { randomUUID } from 'node:crypto';

const EVERYONE = 'everyone';

export class Chats {
  #users = new Map();
  #sessions = new Map();
  #chats = new Map([[EVERYONE, newChat(EVERYONE, 'Everyone', [])]]);
  #changed = new Set();

  /** Signs in who has that name; the first time, they get a chat with everyone else. */
  signIn(name) {
    const id = name.toLowerCase();
    const user = this.#users.get(id) ?? this.#welcome({ id, name });
    const session = randomUUID();
    this.#sessions.set(session, user);
    return { session, user };
  }

  #welcome(user) {
    for (const other of this.#users.values()) {
      const id = [user.id, other.id].sort().join('+');
      this.#chats.set(id, newChat(id, null, [other, user]));
      this.#changed.add(id);
    }
    this.#users.set(user.id, user);
    this.#chats.get(EVERYONE).members.push(user);
    this.#changed.add(EVERYONE);
    return user;
  }

  userOf(session) {
    return this.#sessions.get(session) ?? null;
  }

  users() {
    return [...this.#users.values()];
  }

  /** The chat, if that person is in it. */
  of(userId, chatId) {
    const chat = this.#chats.get(chatId);
    return chat?.members.some(({ id }) => id === userId) ? chat : null;
  }

  /** The chat, for Ringback, which may know of any. */
  chat(chatId) {
    return this.#chats.get(chatId) ?? null;
  }

  /** The chats of whose members Ringback has not been told yet. */
  changed() {
    return [...this.#changed].map((id) => this.#chats.get(id));
  }

  /** Ringback knows the members of that chat. */
  told({ id }) {
    this.#changed.delete(id);
  }

  /** Adds a message or a call; for everyone but its author it is unread. */
  add(chat, entry) {
    entry.id ??= randomUUID();
    chat.entries.push(entry);
    for (const { id } of chat.members) if (id !== entry.from) chat.unread.set(id, (chat.unread.get(id) ?? 0) + 1);
  }

  /** Adds a call, or takes what it has become in place of what it was; says whether anything is new. */
  putCall(chat, call) {
    const at = chat.entries.findIndex(({ id }) => id === call.id);
    if (at < 0) {
      this.add(chat, call);
      return true;
    }
    // A webhook may come late, or twice: what is over stays as it ended.
    if (chat.entries[at].isOver || !call.isOver) return false;
    chat.entries[at] = call;
    return true;
  }

  read(userId, chatId) {
    this.of(userId, chatId)?.unread.delete(userId);
  }

  /** The list at the side of a person's page. */
  listFor(userId, isPresent) {
    const theirs = [...this.#chats.values()].filter(({ members }) => members.some(({ id }) => id === userId));
    return theirs.map(({ id, name, members, unread }) => {
      const others = members.filter((member) => member.id !== userId);
      return {
        id,
        name: name ?? others[0].name,
        members: others,
        present: others.some((other) => isPresent(other.id)),
        unread: unread.get(userId) ?? 0,
      };
    });
  }
}

function newChat(id, name, members) {
  return { id, name, members, entries: [], unread: new Map() };
}
