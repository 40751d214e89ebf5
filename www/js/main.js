/** Starts the demo page: one store, one render, and the effects that follow the state. */

import { createActions } from './actions.js';
import { createAttention, notificationState } from './attention.js';
import { createEffects } from './effects.js';
import { resumable } from './identity.js';
import { listenForKeys } from './keys.js';
import { createStore, initialState } from './store.js';
import { render } from './vdom.js';
import { appView } from './views/app.js';

const store = createStore(initialState());
const actions = createActions(store);
const attention = createAttention(() => document.querySelector('[data-testid=accept]')?.focus());
const effects = createEffects({ store, actions, attention });
const root = document.getElementById('app');

store.subscribe((state) => {
  render(root, appView(state, actions));
  effects.run(state);
});

listenForKeys({
  ringing: () => store.get().call?.state === 'incoming',
  accept: actions.accept,
  reject: actions.reject,
});

const narrow = matchMedia('(max-width: 859px)');
narrow.addEventListener('change', () => store.set({ narrow: narrow.matches }));
store.set({ narrow: narrow.matches, notifications: notificationState() });

const last = resumable();
if (last) actions.join(last);
