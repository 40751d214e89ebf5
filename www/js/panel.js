/** Puts the open menu beside what opened it, and closes it on a click elsewhere. */

const GAP = 10;
const EDGE = 12;

/** Returns `place()`, to be called after each render, and `closesOn(target)`. */
export function createPanels(closePanel) {
  let open = null;
  let opener = null;

  function place() {
    const menu = document.querySelector('[data-panel]');
    if (menu && menu !== open) opened(menu);
    if (!menu && open) closed();
    open = menu;
    if (menu) put(menu);
  }

  function opened(menu) {
    opener = document.getElementById(menu.dataset.panel);
    const first = menu.querySelector('button:not([data-testid=close-panel], :disabled), select, input') ?? menu.querySelector('button');
    first.focus({ preventScroll: true });
  }

  function closed() {
    if (document.activeElement === document.body && opener?.isConnected) opener.focus({ preventScroll: true });
    opener = null;
  }

  document.addEventListener('pointerdown', ({ target }) => {
    if (!open?.isConnected || open.contains(target)) return;
    // What opened it closes it by its own click.
    if (!document.getElementById(open.dataset.panel)?.contains(target)) closePanel();
  });
  window.addEventListener('resize', place);
  return { place };
}

function put(menu) {
  const anchor = document.getElementById(menu.dataset.panel)?.getBoundingClientRect();
  if (!anchor) return;
  const box = menu.getBoundingClientRect();
  const fits = (at, size, room) => Math.max(EDGE, Math.min(at, room - size - EDGE));
  const above = anchor.top - GAP - box.height >= EDGE;
  menu.style.setProperty('--left', `${fits(anchor.left + anchor.width / 2 - box.width / 2, box.width, innerWidth)}px`);
  menu.style.setProperty('--top', `${fits(above ? anchor.top - GAP - box.height : anchor.bottom + GAP, box.height, innerHeight)}px`);
}
