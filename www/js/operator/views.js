/** State to nodes: signing in, the nodes, the live calls, what happened lately. */

import { apart, plural } from '../format.js';
import { h } from '../vdom.js';
import { barChart, lineChart } from './charts.js';
import { age, failedShare, sum, time } from './series.js';

/** Returns the page. */
export function view(state, act) {
  return h('main', { class: 'operator' },
    h('header', { class: 'row spread' },
      h('h1', { id: 'title', tabindex: '-1' }, 'Operator'),
      state.token ? h('button', { type: 'button', class: 'quiet', 'data-testid': 'forget', onclick: act.forget }, 'Forget the token') : null),
    state.error ? h('p', { class: 'notice bad', role: 'alert', 'data-testid': 'error' }, state.error) : null,
    state.failed ? h('p', { class: 'notice bad', role: 'alert', 'data-testid': 'not-ended' }, state.failed) : null,
    state.token ? body(state, act) : signIn(act));
}

function signIn(act) {
  return h('form', { class: 'panel sign-in', onsubmit: act.signIn },
    h('label', { for: 'token' }, 'Service token'),
    h('input', { id: 'token', name: 'token', type: 'password', autocomplete: 'off', required: true, spellcheck: 'false', 'data-testid': 'token' }),
    h('p', { class: 'soft small' }, 'On the server: ', h('code', null, 'ringback-server token --role service --ttl 12h'), '. It is kept in this tab alone, and gone when the tab is.'),
    h('button', { class: 'primary', 'data-testid': 'sign-in' }, 'Show'));
}

function body({ data, error, hours, ending, now }, act) {
  if (!data) return error ? null : h('p', { class: 'soft center', role: 'status' }, 'Loading');
  return h('div', { class: 'sections', 'data-testid': 'operator' },
    notReady(data.ready), summary(data), nodesView(data.nodes, now), callsView(data.calls, { ending, now }, act), lately(data, hours, act));
}

function notReady(ready) {
  if (!ready?.reasons?.length) return null;
  return h('p', { class: 'notice bad', role: 'alert' }, `This node takes no new work: ${ready.reasons.join(', ')}.`);
}

function summary({ nodes, calls, recent }) {
  const going = calls.calls.filter(({ status }) => status === 'ongoing').length;
  const share = failedShare(recent.minutes);
  return h('dl', { class: 'facts' },
    fact('Live calls', calls.total, 'live-calls'), fact('Going on', going, 'going-on'),
    fact('Sockets', nodes.nodes.reduce((all, { sockets }) => all + sockets, 0), 'sockets'),
    fact('Nodes', nodes.nodes.length, 'node-count'), fact('Broken down', share === null ? '–' : `${(100 * share).toFixed(1)} %`, 'failed'));
}

const fact = (name, value, id) => h('div', { class: 'panel fact' }, h('dt', null, name), h('dd', { 'data-testid': id }, String(value)));

function nodesView({ nodes, answeredBy }, now) {
  return h('section', { class: 'panel' }, h('h2', null, 'Nodes'),
    listing('Nodes', ['Node', 'Version', 'Up for', 'Sockets', 'State'], nodes.map(({ id, version, startedAtMs, sockets, draining }) => ({
      key: id, cells: [id.slice(-12) + (id === answeredBy ? ' (answers)' : ''), version, age(now - startedAtMs), String(sockets), draining ? 'going down' : 'serving'],
    }))));
}

function callsView({ calls, total }, { ending, now }, act) {
  const title = total > calls.length ? `Live calls: the newest ${calls.length} of ${total}` : 'Live calls';
  const people = ({ participants }) => participants.map(({ name, status }) => `${apart(name)} (${status})`).join(', ');
  return h('section', { class: 'panel' }, h('h2', { id: 'live-title', tabindex: '-1' }, title),
    calls.length === 0 ? h('p', { class: 'soft' }, 'Nobody calls at the moment.') : listing('Live calls', ['Chat', 'Type', 'State', 'Since', 'People', h('span', { class: 'sr-only' }, 'End')], calls.map((call) => ({
      key: call.id, cells: [h('span', { class: 'chat', dir: 'auto' }, call.chat.name ?? call.chat.id), call.callType, call.status, age(now - Date.parse(call.startedAt ?? call.initiatedAt)), h('span', { class: 'people' }, people(call)), endView(call, ending === call.id, act)],
    }))));
}

/** The first click asks, and what is then under the pointer takes it back. */
function endView({ id, chat }, isAsked, act) {
  const name = chat.name ?? chat.id;
  if (!isAsked) return h('button', { type: 'button', class: 'slim', 'aria-label': `End the call in ${name}`, id: `end-${id}`, 'data-testid': 'end', onclick: () => act.askToEnd(id) }, 'End');
  return h('span', { class: 'row' },
    h('button', { type: 'button', class: 'slim', id: 'keep', 'aria-label': `Keep the call in ${name}`, 'data-testid': 'keep', onclick: () => act.askToEnd(null) }, 'Keep'),
    h('button', { type: 'button', class: 'slim stop', 'aria-label': `End for everyone the call in ${name}`, 'data-testid': 'end-now', onclick: () => act.end(id) }, 'End for everyone'));
}

function listing(name, head, rows) {
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': name }, h('table', null,
    h('thead', null, h('tr', null, head.map((cell) => h('th', { scope: 'col' }, cell)))),
    h('tbody', null, rows.map(({ key, cells }) => h('tr', { key }, cells.map((cell, index) => (index === 0 ? h('th', { scope: 'row' }, cell) : h('td', null, cell))))))));
}

/** Says whose figures they are: of the nodes that are there, and of some that were. */
function whose(heard, nodes) {
  const gone = heard.filter((id) => !nodes.some((node) => node.id === id)).length;
  const all = nodes.length === 1 ? 'one node' : `all ${nodes.length} nodes`;
  return gone === 0 ? all : `${all} and ${gone} that ${gone === 1 ? 'is' : 'are'} gone`;
}

const SPANS = [[1, '1 hour'], [6, '6 hours'], [24, '24 hours']];

function lately({ recent, nodes }, hours, act) {
  return h('section', { class: 'lately' },
    h('div', { class: 'row spread' }, h('h2', null, 'Lately'),
      h('fieldset', { class: 'segments' }, h('legend', { class: 'sr-only' }, 'How far back'),
        SPANS.map(([id, text]) => h('label', { key: String(id) },
          h('input', { type: 'radio', name: 'hours', value: String(id), checked: id === hours, 'data-testid': `hours-${id}`, onchange: () => act.show(id) }), h('span', null, text))))),
    h('p', { class: 'soft small', 'data-testid': 'placed' }, `${plural(sum(recent.minutes, 'placed'), 'call')} placed on ${whose(recent.nodes, nodes.nodes)}. Figures are kept for a day at most, and of a server without Redis since it was started; for longer, use Prometheus.`),
    h('div', { class: 'charts' },
      barChart(recent, { title: 'Calls that were over', text: 'By what became of them.', kinds: [
        { key: 'ended', label: 'took place', tone: 'ok' }, { key: 'missed', label: 'missed', tone: 'warn' }, { key: 'rejected', label: 'rejected', tone: 'soft-tone' }, { key: 'failed', label: 'broke down', tone: 'bad' }] }),
      barChart(recent, { title: 'Failures', text: 'Pairs that could not hear each other, devices that dropped out of a call.', kinds: [
        { key: 'linkFailures', label: 'links failed', tone: 'bad' }, { key: 'reconnections', label: 'devices dropped', tone: 'warn' }] }),
      lineChart(recent, { title: 'Until it rings', text: 'From placing a call to the first device that rings.', key: 'ringing', least: 10, write: time }),
      lineChart(recent, { title: 'Until it is connected', text: 'From the accept to the first report of a connected link; clients report every ten seconds.', key: 'connected', least: 1000, write: time }),
      lineChart(recent, { title: 'Score', text: 'Mean opinion score of links from 1 to 4.5, as participants estimate it.', key: 'mos', least: 4.5, from: 1, write: (value) => value.toFixed(1) }),
      lineChart(recent, { title: 'Loss', text: 'Packets lost, as participants report it.', key: 'packetLoss', least: 5, write: (value) => `${value.toFixed(1)} %` })));
}
