// Everything that this server has to do with Ringback.
import { SignJWT } from 'jose';
import { Webhook } from 'standardwebhooks';

export class Ringback {
  #url;
  #key;
  #webhook;

  /** Without a secret for webhooks, none is believed. */
  constructor(url, secret, webhookSecret) {
    this.#url = url;
    this.#key = new TextEncoder().encode(secret);
    this.#webhook = webhookSecret ? new Webhook(webhookSecret) : null;
  }

  /** A token for the browser of a person who is signed in. */
  userToken({ id, name }) {
    return this.#sign({ name }, '1h', id);
  }

  /** Says who is in a chat. Do so whenever a chat is made or its members change. */
  async putChat({ id, name, members }) {
    const token = await this.#sign({ role: 'service' }, '5m');
    await this.#fetch(`/api/chats/${encodeURIComponent(id)}`, token, {
      method: 'PUT',
      body: JSON.stringify({ ...(name && { name }), participants: members }),
    });
  }

  /** The latest calls of a chat, as one of its members may see them. */
  async callsOf(chatId, user) {
    const { calls } = await this.#fetch(`/api/calls?chatId=${encodeURIComponent(chatId)}&limit=20`, await this.userToken(user));
    return calls;
  }

  /** What a webhook tells, or null when it is not signed by Ringback, or was so long ago. */
  readWebhook(body, headers) {
    try {
      return this.#webhook?.verify(body, headers) ?? null;
    } catch {
      return null;
    }
  }

  async #fetch(path, token, options = {}) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(this.#url + path, { ...options, headers }).catch((cause) => {
      throw new Error(`Ringback is not to be reached at ${this.#url}`, { cause });
    });
    const body = await response.json();
    if (!body.success) throw new Error(`Ringback refused ${path}: ${body.error}`);
    return body.data;
  }

  #sign(claims, expiresIn, subject) {
    const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setIssuedAt().setExpirationTime(expiresIn);
    return (subject === undefined ? token : token.setSubject(subject)).sign(this.#key);
  }
}
