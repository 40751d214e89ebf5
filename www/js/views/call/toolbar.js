/** What one can do in a call, in one row. */

import { invitable, isGroup } from '../../people-in-call.js';
import { h } from '../../vdom.js';
import { icon } from '../icon.js';

/** Returns the row of controls. */
export function toolbarView(state, act) {
  const { call, narrow } = state;
  return h('div', { class: 'toolbar', role: 'group', 'aria-label': 'Call controls' },
    call.pushToTalk ? talkButton(state, act) : muteButton(call, act),
    cameraButton(state, act),
    canShare() ? screenButton(state, act) : null,
    narrow ? null : opener('open-invite', 'person-add', 'Add people', state, act),
    narrow ? null : opener('open-devices', 'sliders', 'Devices', state, act),
    opener('open-more', 'more', 'More', state, act),
    hangUpButton(state, act));
}

function cameraButton({ localVideo }, act) {
  const on = localVideo.source === 'camera';
  return tool({ id: 'camera', name: on ? 'video' : 'video-off', label: 'Video', hint: on ? 'Stop video' : 'Start video',
    pressed: on, onclick: act.toggleVideo });
}

function screenButton({ localVideo }, act) {
  const on = localVideo.source === 'screen';
  return tool({ id: 'screen', name: 'screen', label: 'Share', hint: on ? 'Stop sharing your screen' : 'Share your screen',
    pressed: on, onclick: () => act.shareScreen(!on) });
}

/** Phones cannot share their screen from a page. */
const canShare = () => typeof navigator.mediaDevices?.getDisplayMedia === 'function';

function muteButton({ muted }, act) {
  return tool({ id: 'mute', name: muted ? 'mic-off' : 'mic', label: 'Mute', hint: muted ? 'Unmute' : 'Mute', pressed: muted, tone: muted ? 'off' : '',
    onclick: act.toggleMute, meter: muted ? null : 'local' });
}

/** Open only while it is held; the space bar does the same. */
function talkButton({ talking }, act) {
  return tool({ id: 'talk', name: talking ? 'mic' : 'mic-off', label: 'Talk', hint: 'Hold to talk', pressed: talking, tone: talking ? 'on' : 'off',
    meter: talking ? 'local' : null,
    onpointerdown: () => act.talk(true), onpointerup: () => act.talk(false), onpointerleave: () => act.talk(false) });
}

/** The name stays while it is pressed: “Unmute, pressed” could mean either. */
function tool({ id, name, label, hint, pressed, tone = '', meter = null, ...handlers }) {
  return h('button', { class: `tool ${tone}`, key: id, type: 'button', 'data-testid': id, 'aria-pressed': String(pressed), title: hint, 'data-meter': meter, ...handlers },
    h('span', { class: 'tool-face' }, icon(name)), h('span', { class: 'tool-label' }, label));
}

function opener(id, name, label, { panel }, act) {
  const kind = id.replace('open-', '');
  return h('button', { class: 'tool', key: id, id, type: 'button', 'data-testid': id, title: label, 'aria-haspopup': 'dialog',
    'aria-expanded': String(panel?.kind === kind), onclick: () => act.openPanel(kind, id) },
  h('span', { class: 'tool-face' }, icon(name)), h('span', { class: 'tool-label' }, label));
}

/** Who placed a group call is asked whether it shall end for all. */
function hangUpButton(state, act) {
  const { call, panel } = state;
  const asks = isGroup(call) && call.direction === 'outgoing';
  const label = isGroup(call) ? 'Leave' : 'Hang up';
  return h('button', { class: 'tool hang-up', key: 'hangup', id: 'open-hangup', type: 'button', 'data-testid': 'hangup', title: label,
    'aria-haspopup': asks ? 'dialog' : null, 'aria-expanded': asks ? String(panel?.kind === 'hangup') : null,
    onclick: asks ? () => act.openPanel('hangup', 'open-hangup') : act.hangUp },
  h('span', { class: 'tool-face' }, icon('phone', 'hang')), h('span', { class: 'tool-label' }, label));
}

/** Returns the choice between leaving and ending. */
export function hangUpPanel(state, act) {
  return [
    h('button', { class: 'stop wide', type: 'button', 'data-testid': 'leave-call', onclick: act.hangUp }, 'Leave the call'),
    h('button', { class: 'plain wide', type: 'button', 'data-testid': 'end-for-all', onclick: act.endForAll }, 'End for everyone'),
  ];
}

/** Returns what did not find room in the row. */
export function morePanel(state, act) {
  const { call, narrow, can } = state;
  const asked = invitable(state).length;
  return h('div', { class: 'menu' },
    narrow ? entry('menu-invite', 'person-add', asked > 0 ? 'Add people' : 'Add people (all are here)', () => act.openPanel('invite', 'open-more')) : null,
    narrow ? entry('menu-devices', 'sliders', 'Devices', () => act.openPanel('devices', 'open-more')) : null,
    h('label', { class: 'entry' }, icon('mic'),
      h('span', { class: 'grow' }, h('span', null, 'Push to talk'), h('small', { class: 'soft' }, 'Hold the space bar, or the button, to speak')),
      h('input', { type: 'checkbox', role: 'switch', class: 'switch', checked: Boolean(call.pushToTalk), 'data-testid': 'push-to-talk',
        onchange: ({ target }) => act.setPushToTalk(target.checked) })),
    can.check ? entry('menu-check', 'pulse', 'Check your setup', () => act.runCheck()) : null,
    can.diagnostics ? entry('export-diagnostics', 'download', 'Export diagnostics', act.exportDiagnostics) : null);
}

/** Returns a line of a menu. */
export function entry(testId, name, text, onclick) {
  return h('button', { class: 'entry', key: testId, type: 'button', 'data-testid': testId, onclick }, icon(name), h('span', { class: 'grow' }, text));
}
