/** What helps when something does not work, and the keys. */

import { h } from '../vdom.js';
import { entry } from './call/toolbar.js';

const KEYS = [
  ['Enter', 'Accept a call that rings'],
  ['Esc', 'Decline it, or close a menu'],
  ['Ctrl D', 'Mute or unmute'],
  ['Ctrl E', 'Camera on or off'],
  ['Space', 'Speak, in push to talk'],
];

/** Returns the help menu. */
export function helpPanel({ can }, act) {
  return [
    h('div', { class: 'menu' },
      can.check ? entry('help-check', 'pulse', 'Check your setup', () => act.runCheck()) : null,
      entry('help-devices', 'sliders', 'Devices', () => act.openPanel('devices', 'open-help')),
      can.diagnostics ? entry('help-diagnostics', 'download', 'Export diagnostics', act.exportDiagnostics) : null),
    h('dl', { class: 'keys' }, KEYS.map(([key, text]) => h('div', { key }, h('dt', null, h('kbd', null, key)), h('dd', null, text)))),
  ];
}
