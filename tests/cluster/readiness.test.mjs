// /readyz of a node says what is away, and takes it back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startPostgres } from '../../scripts/lib/databases.mjs';
import { Cluster } from '../helpers/cluster.mjs';
import { TestServer } from '../helpers/server.mjs';
import { describeOverEachStore } from '../helpers/stores.mjs';

const WITHIN_MS = 20_000;

describeOverEachStore('/readyz', (store) => {
  let cluster;
  before(async () => { cluster = await Cluster.start({ size: 1, store }); });
  after(() => cluster?.stop());

  /** Asks until the node answers so, and returns the answer. */
  async function until(status) {
    const end = Date.now() + WITHIN_MS;
    for (;;) {
      const answer = await cluster.nodes[0].api('/readyz');
      if (answer.status === status || Date.now() > end) return answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  test('a node is ready while the database and Redis are there', async () => {
    assert.deepEqual((await until(200)).body, { status: 'ok', reasons: [] });
  });

  test('without Redis it is not, and says so, until Redis is back', async () => {
    await cluster.redis.halt();
    const { status, body } = await until(503);
    assert.deepEqual([status, body.reasons], [503, ['Redis does not answer']]);
    await cluster.redis.resume();
    assert.equal((await until(200)).status, 200);
  });

  test('without the database it is not, and says so, until the database is back', async () => {
    await cluster.database.halt();
    const { status, body } = await until(503);
    assert.equal(status, 503);
    assert.match(body.reasons.join(), /^the database does not answer/);
    await cluster.database.resume();
    assert.equal((await until(200)).status, 200);
  });
});

test('of PostgreSQL that is away, /readyz and the log say why, and so does what fails meanwhile', async (t) => {
  const database = await startPostgres();
  t.after(() => database.stop());
  const server = await TestServer.start({ database: database.uri });
  t.after(() => server.stop());
  await database.halt();
  assert.deepEqual((await server.api('/readyz')).body.reasons, ['the database does not answer: the connection is refused']);
  await server.logged(/ERROR.*the database is away.*Connection refused/);
  assert.equal((await server.as('ann', '/api/calls')).status, 503);
  await server.logged(/ERROR.*a REST request failed.*Connection refused/);
  await database.resume();
  await server.logged(/INFO.*the database is back/);
  assert.deepEqual((await server.api('/readyz')).body.reasons, []);
});
