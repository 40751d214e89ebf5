/** Keeps the keyboard where things happen, and brings it back to where it was. */

/** Returns `follow(before, now)`, to be called after each render. */
export function createFocus() {
  /** Where the person was in the room: what a call or a page takes the keyboard from. */
  let place = null;
  document.addEventListener('focusin', ({ target }) => {
    if (target.closest('.panel, .top') && !target.closest('.call-page')) place = selectorOf(target);
  });

  return function follow(before, now) {
    if (now.call?.state !== before?.call?.state) ofTheCall(before?.call?.state, now.call?.state);
    if (!before || !now.me !== !before.me) ofTheRoom(now, before);
    else if (now.page?.id !== before?.page?.id) ofThePage(now.page);
  };

  function ofTheCall(before, now) {
    if (now === 'incoming') focus('[data-testid=accept]');
    else if (now === 'outgoing') focus('[data-testid=hangup]');
    else if (now && (before === 'incoming' || before === 'outgoing' || (!before && isLost()))) focus('[data-testid=mute]', '[data-testid=talk]');
    else if (!now && isLost()) focus(place, TAB);
  }

  function ofTheRoom(now, before) {
    if (now.me) focus('h1');
    else if (before || !now.join.name) focus('[data-testid=join-name]');
  }

  /** The page of a call takes the place of the list. */
  function ofThePage(page) {
    if (!isLost()) return;
    if (page) focus('[data-testid=back]');
    else focus(place, TAB);
  }
}

const TAB = '[role=tab][aria-selected=true]';

/** What is covered does not keep the focus either. */
function isLost() {
  const { activeElement } = document;
  return activeElement === null || activeElement === document.body || activeElement.closest('[inert]') !== null;
}

/** Returns what finds an element again after it was made anew. */
function selectorOf(element) {
  const { testid } = element.dataset;
  const id = element.closest('[data-id]')?.dataset.id;
  const within = id ? `[data-id="${CSS.escape(id)}"] ` : '';
  return testid ? `${within}[data-testid="${CSS.escape(testid)}"]` : null;
}

/** Gives the focus to the first of these that is there and takes it. */
function focus(...selectors) {
  for (const selector of selectors.filter(Boolean)) {
    const element = document.querySelector(selector);
    element?.focus({ preventScroll: true });
    if (element && document.activeElement === element) return;
  }
}
