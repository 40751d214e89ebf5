// /metrics counts what happens, tells nobody who may not know, and the dashboard asks for nothing else.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { Receiver, SIGNING_SECRET } from '../helpers/receiver.mjs';
import { ring, candidate, talk } from '../helpers/scene.mjs';
import { TestServer, freePort } from '../helpers/server.mjs';
import { serviceToken, userToken } from '../helpers/tokens.mjs';

/** Reads a text in Prometheus's form: the value of each series, by its name and labels. */
function parse(text) {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

describe('metrics', () => {
  let server;
  let watch;
  before(async () => {
    watch = `http://127.0.0.1:${await freePort()}`;
    server = await TestServer.start({ args: ['--metrics-listen', new URL(watch).host] });
  });
  after(() => server.stop());

  const scrape = async () => parse(await (await fetch(`${watch}/metrics`)).text());

  /** What a series grew by while something was done. */
  async function growth(work) {
    const earlier = await scrape();
    await work();
    const later = await scrape();
    return (series) => (later.get(series) ?? 0) - (earlier.get(series) ?? 0);
  }

  test('the public address wants a service token', async () => {
    assert.equal((await server.api('/metrics')).status, 401);
    assert.equal((await server.api('/metrics', { token: await userToken('ann') })).status, 403);
    const answer = await server.api('/metrics', { token: await serviceToken() });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^application\/openmetrics-text/);
    assert.match(answer.text, /# EOF\n$/);
  });

  test('the private address has metrics and health, and nothing else', async () => {
    for (const path of ['/metrics', '/healthz', '/readyz']) assert.equal((await fetch(watch + path)).status, 200, path);
    for (const path of ['/api/calls', '/socket.io/', '/']) assert.equal((await fetch(watch + path)).status, 404, path);
  });

  test('a call is counted from the ring to the end', async (t) => {
    const grew = await growth(async () => {
      const { ann, bob, call } = await ring(t, server, ['ann', 'bob']);
      assert.equal((await scrape()).get('ringback_calls{status="ringing"}'), 1);
      await bob.ask('call:accept', call);
      assert.equal((await scrape()).get('ringback_calls{status="ongoing"}'), 1);
      for (let n = 0; n < 3; n += 1) await ann.ask('webrtc:ice-candidate', { ...call, candidate: candidate(n) });
      const links = [{ userId: bob.userId, state: 'connected', candidateType: 'relay', mos: 4.1, packetLoss: 2, roundTripTime: 80 }];
      await ann.ask('call:quality', { sessionId: call.sessionId, quality: { avgBitrate: 1, packetLoss: 0, jitter: 0 }, links });
      await ann.ask('call:end', call);
      await bob.next('call:ended');
    });
    assert.equal(grew('ringback_calls_placed_total{type="voice"}'), 1);
    assert.equal(grew('ringback_calls_ended_total{status="ended",reason="completed"}'), 1);
    for (const phase of ['ringing', 'accepted', 'connected']) assert.equal(grew(`ringback_call_setup_seconds_count{phase="${phase}"}`), 1, phase);
    assert.equal(grew('ringback_events_received_total{event="webrtc:ice-candidate"}'), 3);
    assert.equal(grew('ringback_events_sent_total{event="webrtc:ice-candidate"}'), 3);
    assert.equal(grew('ringback_events_sent_total{event="call:incoming"}'), 1);
    assert.equal(grew('ringback_ack_seconds_count{event="call:accept"}'), 1);
    assert.equal(grew('ringback_links_connected_total{candidate="relay"}'), 1);
    assert.equal(grew('ringback_link_mos_count'), 1);
    assert.equal(grew('ringback_call_duration_seconds_count'), 1);
    assert.ok(grew('ringback_store_seconds_count{operation="compare_and_set"}') >= 3);
    assert.equal(grew('ringback_store_failures_total{operation="compare_and_set"}'), 0);
    assert.equal((await scrape()).get('ringback_calls{status="ongoing"}'), 0);
  });

  test('refusals are counted by their code', async (t) => {
    const { ann } = await talk(t, server, ['ann', 'bob']);
    const grew = await growth(async () => {
      assert.equal(await ann.refusedWith('call:end', { sessionId: 'nowhere' }), 'CALL_NOT_FOUND');
    });
    assert.equal(grew('ringback_refusals_total{code="CALL_NOT_FOUND"}'), 1);
  });

  test('sockets are counted while they are there', async (t) => {
    // One without the sockets of other tests, which close when they do.
    const quiet = await TestServer.start({ dev: true });
    t.after(() => quiet.stop());
    const sockets = async () => parse((await quiet.api('/metrics')).text).get('ringback_sockets');
    assert.equal(await sockets(), 0);
    const scene = await talk(t, quiet, ['ann', 'bob']);
    assert.equal(await sockets(), 2);
    const dropped = scene.ann.next('call:participant-reconnecting');
    scene.bob.close();
    await dropped;
    assert.equal(await sockets(), 1);
  });

  test('the process tells what it uses', async () => {
    const series = await scrape();
    assert.ok(series.get('process_resident_memory_bytes') > 1_000_000);
    assert.ok(series.get('process_cpu_seconds_total') > 0);
    assert.ok(Math.abs(series.get('process_start_time_seconds') - Date.now() / 1000) < 600);
  });

  test('a text that a client gave as a reason is no label', async (t) => {
    const { ann, call } = await talk(t, server, ['ann', 'bob']);
    const grew = await growth(() => ann.ask('call:end', { ...call, reason: 'tea is ready' }));
    assert.equal(grew('ringback_calls_ended_total{status="ended",reason="other"}'), 1);
  });

  test('every query of the dashboard and of the alerts is about a metric that exists', async (t) => {
    const receiver = await Receiver.start(t);
    // Some are only there when the application is told of calls.
    const telling = await TestServer.start({ dev: true, env: { WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: SIGNING_SECRET } });
    t.after(() => telling.stop());
    const { text } = await telling.api('/metrics');
    const named = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)];
    const known = new Set(named.flatMap(([, name, type]) => {
      if (type === 'counter') return [`${name}_total`];
      if (type === 'histogram') return ['_bucket', '_sum', '_count'].map((part) => name + part);
      return type === 'info' ? [`${name}_info`] : [name];
    }));
    const files = ['grafana/ringback.json', 'prometheus/alerts.yml'];
    const texts = await Promise.all(files.map((file) => readFile(new URL(`../../deploy/${file}`, import.meta.url), 'utf8')));
    const dashboard = JSON.parse(texts[0]);
    const panels = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).filter(({ type }) => type !== 'row');
    const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
    assert.ok(queries.length >= 15);
    for (const { title, targets } of panels) assert.ok(targets.length > 0, title);
    for (const [, expr] of texts[1].matchAll(/^\s+expr: (.*)$/gm)) queries.push({ title: 'alert', expr });
    for (const { title, expr } of queries) {
      const names = expr.match(/\b(?:ringback|process)_\w+/g);
      assert.ok(names?.length > 0, `${title}: ${expr}`);
      for (const name of names) assert.ok(known.has(name), `${title}: ${name} is not measured`);
    }
  });
});
