/** Starts the demo page: one store, one render, and the effects that follow the state. */

import { createActions } from './actions.js';
import { createAttention, notificationState } from './attention.js';
import { createEffects } from './effects.js';
import { resumable } from './identity.js';
import { listenForKeys } from './keys.js';
import { createPanels } from './panel.js';
import { createStore, initialState } from './store.js';
import { playOnceThawed } from './thaw.js';
import { render } from './vdom.js';
import { appView } from './views/app.js';

const store = createStore(initialState());
const actions = createActions(store);
const attention = createAttention(() => document.querySelector('[data-testid=accept]')?.focus());
const effects = createEffects({ store, actions, attention });
const panels = createPanels(actions.closePanel);
const root = document.getElementById('app');

store.subscribe((state) => {
  render(root, appView(state, actions));
  panels.place();
  effects.run(state);
});

playOnceThawed();
listenForKeys({ mode: () => keysOf(store.get()), ...actions });

/** What keys mean in a state. */
function keysOf({ panel, call }) {
  if (panel) return 'panel';
  if (!call || call.state === 'outgoing') return null;
  if (call.state === 'incoming') return 'ringing';
  return call.pushToTalk ? 'push-to-talk' : 'call';
}

const narrow = matchMedia('(max-width: 53.6875em)');
narrow.addEventListener('change', () => store.set({ narrow: narrow.matches }));
store.set({ narrow: narrow.matches, notifications: notificationState() });
window.addEventListener('hashchange', actions.route);

const last = resumable();
if (last) actions.join(last);
