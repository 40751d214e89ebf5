// Several server processes that share a real database and a real Redis.
import { startRedis } from '../../scripts/lib/databases.mjs';
import { TestClient } from './client.mjs';
import { uniqueIds } from './scene.mjs';
import { TestServer, nameOf } from './server.mjs';
import { POSTGRES } from './stores.mjs';

/** The database, Redis and the nodes. */
export class Cluster {
  /**
   * Starts all of it.
   * @param {object} [options] as for `TestServer.start`, the same for every node
   * @param {number} [options.size] how many nodes
   * @param {typeof POSTGRES} [options.store] what they share
   */
  static async start({ size = 3, store = POSTGRES, ...options } = {}) {
    const [database, redis] = await Promise.all([store.start(), startRedis()]);
    const cluster = new Cluster();
    Object.assign(cluster, { database, redis, nodes: [] });
    try {
      // Together, as an operator would: the database is migrated by whichever comes first.
      cluster.nodes = await Promise.all(Array.from({ length: size }, () => cluster.#node(options)));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  #node(options) {
    return TestServer.start({ ...options, database: this.database.uri, env: { REDIS_URL: this.redis.url, ...options.env } });
  }

  async stop() {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await Promise.all([this.database.stop(), this.redis.stop()]);
  }

  /**
   * Makes a chat of these people and connects each to the node of that number; null: not connected.
   * @param {import('node:test').TestContext} t
   * @param {Record<string, number | null>} places
   */
  async meet(t, places) {
    const { chatId, ids } = uniqueIds(Object.keys(places));
    await this.nodes.find((node) => node.isRunning).putChat(chatId, Object.values(ids).map((id) => ({ id, name: nameOf(id) })), 'A chat');
    const connect = async (name, node, options = {}) => {
      const client = await TestClient.connect(this.nodes[node], ids[name], { deviceId: `device of ${ids[name]}`, ...options });
      t.after(() => client.close());
      await client.settled();
      return client;
    };
    const here = Object.entries(places).filter(([, node]) => node !== null);
    const clients = await Promise.all(here.map(async ([name, node]) => [name, await connect(name, node)]));
    return { chatId, ids, connect, ...Object.fromEntries(clients) };
  }

  /** Like `meet`; then the first calls all the others. */
  async ring(t, places, { callType = 'voice' } = {}) {
    const scene = await this.meet(t, places);
    const [caller, ...others] = Object.keys(places);
    const { sessionId } = await scene[caller].ask('call:initiate', { chatId: scene.chatId, callType });
    await Promise.all(others.filter((name) => scene[name]).map((name) => scene[name].next('call:incoming')));
    return { ...scene, sessionId, call: { sessionId, chatId: scene.chatId } };
  }

  /** Like `ring`; then all the others accept, one after the other. */
  async talk(t, places, options) {
    const scene = await this.ring(t, places, options);
    const [caller, ...others] = Object.keys(places).filter((name) => scene[name]);
    for (const name of others) {
      await scene[name].ask('call:accept', scene.call);
      await scene[caller].next('call:participant-joined', (data) => data.userId === scene.ids[name]);
    }
    return scene;
  }
}
