/** What is broken right now and being mended. */

import { h } from '../vdom.js';

/** Returns the banner that the server is out of reach, if it is. */
export function signalingBanner({ signaling, call }) {
  if (signaling !== 'down') return null;
  const text = call ? 'Server out of reach, reconnecting. Your call goes on.' : 'Server out of reach, reconnecting.';
  return banner('signaling-lost', text);
}

/** Returns the banner that the media path broke, if it did. */
export function mediaBanner({ call }) {
  return call.state === 'reconnecting' ? banner('reconnecting', 'The connection broke. Reconnecting.') : null;
}

function banner(testId, text) {
  return h('p', { class: 'banner', key: testId, 'data-testid': testId }, h('span', { class: 'spinner', 'aria-hidden': 'true' }), text);
}
