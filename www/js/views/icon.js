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
  video: 'M3.5 7h11v10h-11zM14.5 11l6-3v8l-6-3',
};

/** Returns an icon; it is decoration, the text beside it says the same. */
export function icon(name, extra = '') {
  return h('svg', { class: `icon ${extra}`.trim(), viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    h('path', { d: PATHS[name] }));
}
