/** A person's initials on a colour that belongs to their id. */

import { h } from '../vdom.js';

const HUES = 8;

/** Returns the avatar; `meter` names the level meter that its ring follows. */
export function avatar({ id, name }, { size = 'medium', online = null, meter = null } = {}) {
  return h('span', { class: `avatar ${size} hue-${hueOf(id)}`, 'aria-hidden': 'true', 'data-meter': meter },
    initials(name),
    online === null ? null : h('span', { class: `dot ${online ? 'on' : 'off'}` }));
}

function initials(name) {
  const words = name.trim().split(/[\s_.-]+/).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : [words[0] ?? '?'];
  return picked.map((word) => [...word][0].toUpperCase()).join('');
}

/** Returns the number of the colour that belongs to an id. */
export function hueOf(id) {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.codePointAt(0)) % 9973;
  return sum % HUES;
}
