/** The operator's page: asks every five seconds while somebody looks, and shows what it was told. */

import { render } from '../vdom.js';
import { endCall, everything, forgetToken, keepToken, keptToken } from './api.js';
import { view } from './views.js';

const EVERY_MS = 5000;
/** With these the token itself is at fault. */
const OF_TOKEN = new Set(['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'FORBIDDEN']);
/** With these a call is over, which is what was wanted. */
const IS_OVER = new Set(['CALL_ENDED', 'CALL_NOT_FOUND']);

const app = document.getElementById('app');
let state = { token: keptToken(), hours: 1, ending: null, data: null, error: null, failed: null, now: Date.now() };
let timer;

const act = {
  signIn(event) {
    event.preventDefault();
    const token = new FormData(event.target).get('token').trim();
    keepToken(token);
    change({ token, error: null });
    focus('title');
    load();
  },
  forget() {
    forgetToken();
    change({ token: null, data: null, error: null, failed: null });
    focus('token');
  },
  show(hours) {
    change({ hours });
    load();
  },
  askToEnd(ending) {
    const before = state.ending;
    change({ ending, failed: null });
    focus(ending ? 'keep' : `end-${before}`);
  },
  async end(id) {
    change({ ending: null, failed: null });
    focus('live-title');
    try {
      await endCall(state.token, id);
    } catch (error) {
      if (OF_TOKEN.has(error.code)) return refused(error);
      // Nobody tries that again but the operator.
      if (!IS_OVER.has(error.code)) change({ failed: `The call was not ended (${error.message}). End it again.` });
    }
    load();
  },
};

function change(what) {
  state = { ...state, ...what, now: Date.now() };
  render(app, view(state, act));
}

async function load() {
  clearTimeout(timer);
  const { token, hours } = state;
  if (!token) return;
  try {
    const data = await everything(token, hours);
    if (state.token === token && state.hours === hours) change({ data, error: null });
  } catch (error) {
    if (state.token === token) refused(error);
  }
  if (!document.hidden && state.token) timer = setTimeout(load, EVERY_MS);
}

function refused({ code, message }) {
  if (!OF_TOKEN.has(code)) return change({ error: `The server does not answer (${message}). Trying again.` });
  forgetToken();
  change({ token: null, data: null, failed: null, error: code === 'FORBIDDEN' ? 'That token is a person\'s: this page wants a service token.' : message });
}

/** Where the keyboard goes when what it was on is gone. */
function focus(id) {
  document.getElementById(id)?.focus();
}

document.addEventListener('visibilitychange', () => !document.hidden && load());
change({});
load();
