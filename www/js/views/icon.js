/** Line icons, drawn on a 24 by 24 grid. */

import { h } from '../vdom.js';

const PATHS = {
  phone: 'M6.5 3.5h3l1.6 4.4-2.2 1.7a12.5 12.5 0 0 0 5.5 5.5l1.7-2.2 4.4 1.6v3a2 2 0 0 1-2.2 2A16.5 16.5 0 0 1 4.5 5.7a2 2 0 0 1 2-2.2Z',
  mic: 'M12 3.5a2.75 2.75 0 0 0-2.75 2.75v5a2.75 2.75 0 0 0 5.5 0v-5A2.75 2.75 0 0 0 12 3.5ZM6 11a6 6 0 0 0 12 0M12 17v3.5',
  'mic-off': 'M9.25 9v2.25a2.75 2.75 0 0 0 4.6 2.03M14.75 10.5V6.25a2.75 2.75 0 0 0-5.3-1M6 11a6 6 0 0 0 9.8 4.63M18 11a6 6 0 0 1-.5 2.4M12 17v3.5M4 4l16 16',
  outgoing: 'M7 17 17 7M9 7h8v8',
  incoming: 'M17 7 7 17M15 17H7V9',
  missed: 'M4 8l7 7 9-9M4 14V8h6',
  rejected: 'M6 6l12 12M18 6 6 18',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6M18.5 14.5A6.5 6.5 0 0 1 21.5 20',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2',
  chart: 'M4 20h16M7 16v-5M12 16V5M17 16V9',
  sound: 'M4 10v4h3.5L12 18V6L7.5 10H4ZM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  check: 'M5 12.5 10 17.5 19 7',
  close: 'M6 6l12 12M18 6 6 18',
  open: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  bell: 'M6 16V10.5a6 6 0 0 1 12 0V16l1.5 2h-15L6 16ZM10 20.5h4',
  down: 'M6 9.5l6 6 6-6',
  video: 'M5 6.5h8a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM15 11l5.5-3v8L15 13',
  'video-off': 'M8.5 6.5H13a2 2 0 0 1 2 2V13M15 15.6a2 2 0 0 1-2 1.9H5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2h.4M15 11l5.5-3v8L16 13.5M4 4l16 16',
  screen: 'M4.5 5h15a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 15.5v-9A1.5 1.5 0 0 1 4.5 5ZM12 14V8.5M9.5 10.5 12 8l2.5 2.5M9 20h6',
  'person-add': 'M10 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3.5 20a6.5 6.5 0 0 1 13 0M19 8v6M16 11h6',
  sliders: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  up: 'M6 14.5l6-6 6 6',
  expand: 'M14 4h6v6M10 20H4v-6M20 4l-7 7M4 20l7-7',
  shrink: 'M20 10h-6V4M4 14h6v6M14 10l7-7M10 14l-7 7',
  pin: 'M9 4h6l-.7 6 3.2 3v1.5h-11V13l3.2-3L9 4ZM12 14.5V20',
  help: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM9.7 9.600a2.4 2.4 0 1 1 3.4 2.2c-.7.35-1.1.85-1.1 1.7M12 16.5h.01',
  download: 'M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14',
  pulse: 'M3 12h4l2.5-6 4.5 12 2.5-6H21',
  back: 'M11 6l-6 6 6 6M5.5 12H20',
  alert: 'M12 4 3 19.5h18L12 4ZM12 10v4.5M12 17h.01',
  plug: 'M9 4v5M15 4v5M6.5 9h11v2.5a5.5 5.5 0 0 1-11 0V9ZM12 17v3.5',
  right: 'M9.5 6l6 6-6 6',
  swap: 'M7 4 3.5 7.5 7 11M3.5 7.5H17M17 13l3.5 3.5L17 20M20.5 16.5H7',
};

/** Returns an icon; it is decoration, the text beside it says the same. */
export function icon(name, extra = '') {
  return h('svg', { class: `icon ${extra}`.trim(), viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    h('path', { d: PATHS[name] }));
}
