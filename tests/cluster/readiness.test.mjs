// /readyz of a node says what is away, and takes it back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cluster } from '../helpers/cluster.mjs';
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
    assert.deepEqual([status, body.reasons], [503, ['the database does not answer']]);
    await cluster.database.resume();
    assert.equal((await until(200)).status, 200);
  });
});
