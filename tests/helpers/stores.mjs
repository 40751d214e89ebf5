// The stores that several nodes can share, each as a test needs it: a database of its own that goes away and comes back.
import { randomUUID } from 'node:crypto';
import { describe } from 'node:test';

import { MongoClient } from 'mongodb';

import { startPostgres } from '../../scripts/lib/databases.mjs';
import { Stop } from '../../scripts/lib/run.mjs';
import { TcpProxy } from './tcp-proxy.mjs';

const MONGODB = process.env.MONGODB_TEST_URI;

/** A shared store: its name, and how one is made. */
export const POSTGRES = { name: 'PostgreSQL', start: startPostgres };
const STORES = [POSTGRES, ...(MONGODB ? [{ name: 'MongoDB', start: () => borrowMongo(MONGODB) }] : [])];

/**
 * Describes the same behaviour over each shared store. MongoDB comes in no package that could be installed for the
 * tests: without `MONGODB_TEST_URI` it is said that they did not run.
 * @param {string} name
 * @param {(store: typeof POSTGRES) => void} body
 */
export function describeOverEachStore(name, body) {
  for (const store of STORES) describe(`${name}, over ${store.name}`, () => body(store));
  if (!MONGODB) process.stderr.write(`NOT RUN: "${name}" over MongoDB; MONGODB_TEST_URI names no server\n`);
}

/**
 * Makes a database of its own on a MongoDB server that somebody else runs, behind a proxy that is cut in place of it.
 * @returns {ReturnType<typeof startPostgres>} as {@link startPostgres}; `stop` drops the database
 */
async function borrowMongo(server) {
  const { hostname, port, ...address } = parse(server);
  const proxy = await TcpProxy.start({ host: hostname, port: Number(port || 27017) });
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Without "direct", the members of a replica set would be sought past the proxy.
  const options = new URLSearchParams({ directConnection: 'true', ...Object.fromEntries(address.options) });
  // So that a user who is known to another database is still let in.
  if (address.credentials && !options.has('authSource')) options.set('authSource', address.database || 'admin');
  const stop = async () => {
    await proxy.stop();
    await drop(server, name);
  };
  return { uri: `mongodb://${address.credentials}127.0.0.1:${proxy.port}/${name}?${options}`, stop, halt: async () => proxy.cut(), resume: async () => proxy.restore() };
}

/** Takes the address of one server apart. */
function parse(server) {
  const [, credentials, hostname, port, database, options] = server.match(/^mongodb:\/\/([^/@]*@)?([^/?,:]+)(?::(\d+))?(?:\/([^?]*))?(?:\?(.*))?$/) ?? [];
  if (!hostname) throw new Stop(`MONGODB_TEST_URI is to name one server, as mongodb://127.0.0.1:27017/, not ${server}`);
  return { credentials: credentials ?? '', hostname, port, database, options: new URLSearchParams(options) };
}

async function drop(server, name) {
  const client = new MongoClient(server);
  try {
    await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}
