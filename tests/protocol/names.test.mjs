// The golden messages name the fields of the reference contract, no more and no fewer.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fixtures } from './fixtures.mjs';
import { ACKS, AVERAGES, CALL, CLIENT_EVENTS, PAGINATION, QUALITY, SERVER_EVENTS, STATISTICS, STATS } from './reference.mjs';

const keys = (object) => Object.keys(object).sort();
const fields = (names) => [...names].sort();
const rest = (file) => fixtures('rest').find((fixture) => fixture.file === file).body.data;

for (const [kind, events] of Object.entries({ client: CLIENT_EVENTS, server: SERVER_EVENTS })) {
  const byName = Object.fromEntries(fixtures(kind).map((fixture) => [fixture.event, fixture]));

  for (const [event, names] of Object.entries(events).filter(([, names]) => names)) {
    test(`${event} of the ${kind} has the fields of the reference`, () => {
      assert.deepEqual(keys(byName[event].reference), fields(names));
    });

    test(`${event} of the ${kind} keeps those fields when it carries added ones`, () => {
      const payload = keys(byName[event].payload);
      assert.deepEqual(names.filter((name) => !payload.includes(name)), []);
    });
  }

  test(`every event of the reference has a fixture among those of the ${kind}`, () => {
    assert.deepEqual(Object.keys(events).filter((event) => !byName[event]), []);
  });

  test(`an event of the ${kind} that the reference does not name has no reference form`, () => {
    const added = Object.values(byName).filter(({ event }) => !(event in events));
    assert.ok(added.length > 0);
    assert.deepEqual(added.filter((fixture) => fixture.reference), []);
  });
}

test('the reference has 12 client events and 13 server events', () => {
  assert.equal(Object.keys(CLIENT_EVENTS).length, 12);
  assert.equal(Object.keys(SERVER_EVENTS).length, 13);
});

for (const { event, reference } of fixtures('ack').filter((fixture) => fixture.event in ACKS)) {
  test(`the ack of ${event} has the fields of the reference`, () => {
    const { success, ...body } = reference;
    assert.notEqual(success, false);
    assert.deepEqual(keys(body), fields(ACKS[event]));
  });
}

test('a failed ack says `success: false` and `error`', () => {
  const { reference } = fixtures('ack').find(({ file }) => file === 'failure');
  assert.deepEqual(keys(reference), ['error', 'success']);
  assert.equal(reference.success, false);
});

test('a quality report has the fields of the reference', () => {
  const { reference } = fixtures('client').find(({ event }) => event === 'call:quality');
  assert.deepEqual(keys(reference.quality), fields(QUALITY));
});

test('a call has the fields of the reference, in the history and alone', () => {
  const calls = [rest('details'), ...rest('history').calls, ...rest('statistics').stats.recentCalls];
  assert.equal(calls.length, 4);
  for (const call of calls) assert.deepEqual(keys(call), fields(CALL));
  assert.deepEqual(keys(rest('details').quality), fields(QUALITY));
});

test('a history page has the fields of the reference, and a cursor beside them', () => {
  assert.deepEqual(keys(rest('history')), ['calls', 'pagination']);
  assert.deepEqual(keys(rest('history').pagination), [...fields(PAGINATION), 'nextCursor'].sort());
});

test('the statistics have the fields of the reference', () => {
  const { stats, quality, ...others } = rest('statistics');
  assert.deepEqual(keys({ stats, quality, ...others }), fields(STATISTICS));
  assert.deepEqual(keys(stats), fields(STATS));
  assert.deepEqual(keys(stats.byType), ['video', 'voice']);
  assert.deepEqual(keys(stats.byStatus), ['ended', 'missed', 'rejected']);
  assert.deepEqual(keys(stats.byDirection), ['incoming', 'outgoing']);
  assert.deepEqual(keys(quality), fields(AVERAGES));
});
