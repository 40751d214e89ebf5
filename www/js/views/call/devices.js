/** Which microphone, camera and speaker are in use, and others to choose. */

import { h } from '../../vdom.js';
import { icon } from '../icon.js';

const KINDS = [
  { kind: 'microphone', list: 'microphones', label: 'Microphone', icon: 'mic' },
  { kind: 'camera', list: 'cameras', label: 'Camera', icon: 'video' },
  { kind: 'speaker', list: 'speakers', label: 'Speaker', icon: 'sound' },
];

/** Returns the choices. */
export function devicesPanel({ devices, call }, act) {
  if (!devices) return h('p', { class: 'soft' }, 'Looking for devices');
  return [
    KINDS.map((kind) => choice(kind, devices, act)),
    call ? h('p', { class: 'level-line' }, h('span', { class: 'soft' }, call.muted ? 'You are muted' : 'Your microphone'),
      h('span', { class: 'bar', 'aria-hidden': 'true', 'data-meter': call.muted ? null : 'local' })) : null,
    h('p', { class: 'soft small' }, 'Remembered in this browser. A device that is unplugged is replaced by the default one.'),
  ];
}

function choice({ kind, list, label, icon: name }, devices, act) {
  const known = devices[list];
  const named = known.some((device) => device.label);
  return h('label', { class: 'choice', key: kind }, h('span', { class: 'choice-label' }, icon(name), label),
    h('select', { key: `${kind}-${known.length}-${named}`, value: devices.selected[kind] ?? '', disabled: known.length === 0, 'data-testid': `device-${kind}`,
      onchange: ({ target }) => act.setDevice(kind, target.value) },
    h('option', { value: '' }, known.length === 0 ? NONE[kind] : 'System default'),
    known.filter(({ id }) => id && id !== 'default').map((device, index) =>
      h('option', { key: device.id, value: device.id, selected: device.id === devices.selected[kind] }, device.label || `${label} ${index + 1}`))));
}

const NONE = {
  microphone: 'No microphone found',
  camera: 'No camera found',
  speaker: 'Chosen by the browser',
};
