/** Passing remarks, at the top of the page; read out politely. */

import { h } from '../vdom.js';

/** Returns the remarks. */
export function toastsView({ toasts }) {
  return h('div', { class: 'toasts', key: 'toasts', role: 'status' },
    toasts.map(({ id, text, tone }) => h('p', { class: `toast ${tone}`, key: `toast-${id}`, 'data-testid': 'toast' }, text)));
}
