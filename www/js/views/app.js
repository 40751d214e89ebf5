/** The whole page as a function of the state. */

import { h } from '../vdom.js';
import { signalingBanner } from './banner.js';
import { checkView } from './check.js';
import { callPageView } from './details/page.js';
import { historyView } from './history.js';
import { icon } from './icon.js';
import { joinView } from './join.js';
import { liveView } from './live.js';
import { panelIsOpen, panelView } from './panel.js';
import { peopleView } from './people.js';
import { stageView } from './stage.js';
import { stateText } from './state-text.js';
import { statsView } from './stats.js';
import { toastsView } from './toasts.js';

/** Returns the page. */
export function appView(state, act) {
  return state.me ? roomView(state, act) : joinView(state, act);
}

function roomView(state, act) {
  // On a phone a call covers the page, and a menu the call: what lies below must not take focus.
  const under = state.narrow && panelIsOpen(state);
  const covered = under || (state.narrow && state.call !== null);
  return h('div', { class: 'room', key: 'room', 'data-layout': layoutOf(state) },
    headerView(state, act, covered),
    h('main', null,
      h('p', { class: 'sr-only', 'data-testid': 'state', 'data-state': state.call?.state ?? 'idle' },
        stateText(state) || 'No call'),
      talks(state) ? null : signalingBanner(state),
      h('div', { class: 'columns', inert: under },
        h('section', { class: 'panel', inert: covered }, liveView(state, act),
          state.page ? callPageView(state, act) : [tabsView(state, act), tabPanel(state, act)]),
        stageView(state, act))),
    toastsView(state),
    panelView(state, act),
    checkView(state, act));
}

const talks = ({ call }) => call !== null && call.state !== 'incoming' && call.state !== 'outgoing';

/** How lists and stage share a wide window: in a call the stage is the larger one, or alone. */
function layoutOf(state) {
  const { call, notice, page, roomy } = state;
  if (talks(state)) return roomy ? 'stage' : 'call';
  return page && !call && !notice ? 'page' : 'lists';
}

function headerView({ me, signaling, panel }, act, covered) {
  return h('header', { class: 'top', inert: covered },
    h('span', { class: 'brand' }, h('img', { src: 'favicon.svg', alt: '', width: 28, height: 28 }), h('b', null, 'Ringback')),
    h('h1', { class: 'room-name', title: me.room, tabindex: '-1', dir: 'auto' }, h('span', { class: 'sr-only' }, 'Room '), me.room),
    h('span', { class: `link ${signaling}`, title: SIGNALING[signaling] },
      h('span', { class: 'dot' }), h('span', { class: 'link-text' }, SIGNALING[signaling])),
    h('span', { class: 'whoami', dir: 'auto', title: me.name }, me.name),
    h('button', { class: 'quiet round', type: 'button', id: 'open-help', 'aria-label': 'Help', title: 'Help', 'aria-haspopup': 'dialog',
      'aria-expanded': String(panel?.kind === 'help'), 'data-testid': 'open-help', onclick: () => act.openPanel('help', 'open-help') }, icon('help')),
    h('button', { class: 'quiet', type: 'button', 'data-testid': 'leave', onclick: act.leave }, 'Leave'));
}

const SIGNALING = { connecting: 'Connecting', up: 'Online', down: 'Offline' };

const TABS = [
  { id: 'people', label: 'People', icon: 'people' },
  { id: 'history', label: 'History', icon: 'clock' },
  { id: 'stats', label: 'Statistics', icon: 'chart' },
];

function tabsView({ tab: current }, act) {
  const select = (step) => {
    const index = TABS.findIndex(({ id }) => id === current);
    const next = TABS[(index + step + TABS.length) % TABS.length].id;
    act.openTab(next);
    document.getElementById(`tab-${next}`).focus();
  };
  const onkeydown = ({ key }) => (key === 'ArrowRight' ? select(1) : key === 'ArrowLeft' ? select(-1) : null);
  return h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Views', onkeydown },
    TABS.map(({ id, label, icon: name }) => h('button', {
      key: id,
      id: `tab-${id}`,
      type: 'button',
      role: 'tab',
      'data-testid': `${id}-tab`,
      'aria-selected': String(id === current),
      'aria-controls': 'tab-panel',
      tabindex: id === current ? '0' : '-1',
      onclick: () => act.openTab(id),
    }, icon(name), label)));
}

function tabPanel(state, act) {
  const views = { people: peopleView, history: historyView, stats: statsView };
  return h('div', { class: 'tab-panel', id: 'tab-panel', role: 'tabpanel', 'aria-labelledby': `tab-${state.tab}` },
    views[state.tab](state, act));
}
