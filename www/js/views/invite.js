/** The hint for someone who is alone: open a second window and call yourself. */

import { inviteUrl } from '../identity.js';
import { h } from '../vdom.js';
import { icon } from './icon.js';

/** Returns the hint with a link to open and a button to copy it. */
export function inviteView({ room, name }, { copied }, act) {
  return h('div', { class: 'invite', key: 'invite' },
    h('p', null, 'On your own? Open a second window under another name and call yourself.'),
    h('div', { class: 'row' },
      // Without an opener the new window gets its own session storage, and so its own identity.
      h('a', { class: 'button', href: inviteUrl(room, name), target: '_blank', rel: 'noopener', 'data-testid': 'second-window' },
        icon('open'), 'Second window'),
      h('button', { class: 'quiet', type: 'button', 'data-testid': 'copy-invite', onclick: act.copyInvite },
        icon(copied ? 'check' : 'copy'), copied ? 'Copied' : 'Copy link')));
}
