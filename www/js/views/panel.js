/** The one menu that may be open: beside what opened it, at the bottom of the screen on a phone. */

import { namedPeers } from '../people-in-call.js';
import { h } from '../vdom.js';
import { qualityPanel } from './call/bars.js';
import { devicesPanel } from './call/devices.js';
import { invitePanel } from './call/add-people.js';
import { hangUpPanel, morePanel } from './call/toolbar.js';
import { helpPanel } from './help.js';
import { icon } from './icon.js';

/** Tells whether there is one. */
export const panelIsOpen = ({ panel, call }) => panel !== null && (call !== null || !IN_CALL.has(panel.kind));

/** Returns the open menu, if there is one. */
export function panelView(state, act) {
  const { panel } = state;
  if (!panelIsOpen(state)) return null;
  const { title, content } = contentOf(state, act);
  return h('div', { class: `panel-place ${panel.kind}`, key: `panel-${panel.kind}` },
    h('div', { class: 'scrim', onclick: act.closePanel }),
    h('div', { class: 'panel-menu', role: 'dialog', 'aria-label': title, 'aria-modal': state.narrow ? 'true' : null, 'data-panel': panel.anchor, 'data-testid': `panel-${panel.kind}` },
      h('div', { class: 'panel-head' }, h('h2', null, title),
        h('button', { class: 'quiet round slim', type: 'button', 'aria-label': 'Close', 'data-testid': 'close-panel', onclick: act.closePanel }, icon('close'))),
      content));
}

const IN_CALL = new Set(['quality', 'invite', 'more', 'hangup']);

function contentOf(state, act) {
  const { panel } = state;
  const contents = {
    devices: () => ({ title: 'Devices', content: devicesPanel(state, act) }),
    help: () => ({ title: 'Help', content: helpPanel(state, act) }),
    invite: () => ({ title: 'Add people', content: invitePanel(state, act) }),
    more: () => ({ title: 'More', content: morePanel(state, act) }),
    hangup: () => ({ title: 'Leave the call?', content: hangUpPanel(state, act) }),
    quality() {
      const peer = namedPeers(state).find(({ id }) => id === panel.id);
      return { title: `Connection with ${peer?.name ?? panel.id}`, content: qualityPanel(state, peer) };
    },
  };
  return contents[panel.kind]();
}
