// How the demo page loads history and statistics.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRecords } from '../../www/js/records.js';
import { createStore, emptyHistory } from '../../www/js/store.js';

/** A store and an API over a growing list of calls, newest first. */
function world(count) {
  const all = Array.from({ length: count }, (_, index) => ({ id: `call-${count - index}` }));
  const store = createStore({ history: emptyHistory(), stats: { timeframe: '30d' } });
  const api = {
    history: async (_filter, offset, limit) => ({
      calls: all.slice(offset, offset + limit),
      pagination: { total: all.length, hasMore: offset + limit < all.length },
    }),
  };
  return { all, store, api, records: createRecords(store, () => api) };
}

test('load more goes on where the list ends', async () => {
  const { store, records } = world(20);
  await records.loadHistory();
  assert.deepEqual([store.get().history.calls.length, store.get().history.hasMore], [15, true]);
  await records.loadMore();
  assert.deepEqual([store.get().history.calls.length, store.get().history.hasMore], [20, false]);
});

test('a call that a new one pushed to the next page shows once', async () => {
  const { all, store, records } = world(20);
  await records.loadHistory();
  all.unshift({ id: 'call-new' });
  await records.loadMore();
  const ids = store.get().history.calls.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

test('an answer to an older filter is not shown under the newer one', async () => {
  const { store, api, records } = world(0);
  const answers = [];
  api.history = () => new Promise((answer) => answers.push(answer));
  const page = (id) => ({ calls: [{ id }], pagination: { total: 1, hasMore: false } });
  const first = records.filterHistory({ status: 'missed' });
  const second = records.filterHistory({ status: 'ended' });
  answers[1](page('ended-call'));
  answers[0](page('missed-call'));
  await Promise.all([first, second]);
  assert.deepEqual(store.get().history.calls, [{ id: 'ended-call' }]);
});

test('a server that fails leaves the list and says why', async () => {
  const { store, api, records } = world(3);
  await records.loadHistory();
  api.history = async () => Promise.reject(new Error('out of reach'));
  await records.loadHistory();
  assert.deepEqual([store.get().history.calls.length, store.get().history.error], [3, 'out of reach']);
});
