/** The keyboard: answering a call that rings, and the controls of the one that goes on. */

/**
 * Listens for as long as the page lives. `mode()` tells what keys mean now: `panel` (a menu is open),
 * `ringing`, `call`, `push-to-talk` or null.
 */
export function listenForKeys({ mode, accept, reject, closePanel, toggleMute, toggleVideo, talk }) {
  const inCall = (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (event.key === 'd') act(event, toggleMute);
    if (event.key === 'e') act(event, toggleVideo);
  };
  const plain = (event) => event.ctrlKey || event.altKey || event.metaKey;
  const modes = {
    panel: (event) => (event.key === 'Escape' ? act(event, closePanel) : inCall(event)),
    ringing(event) {
      if (plain(event)) return;
      if (event.key === 'Escape') act(event, reject);
      if (event.key === 'Enter' && !claims(event.target)) act(event, accept);
    },
    call: inCall,
    'push-to-talk': (event) => (event.code === 'Space' && !types(event.target) ? act(event, () => talk(true)) : inCall(event)),
  };
  document.addEventListener('keydown', (event) => {
    if (event.repeat) return event.code === 'Space' && mode() === 'push-to-talk' && !types(event.target) ? event.preventDefault() : undefined;
    return modes[mode()]?.(event);
  });
  document.addEventListener('keyup', (event) => {
    if (event.code !== 'Space' || mode() !== 'push-to-talk' || types(event.target)) return;
    act(event, () => talk(false));
  });
  // A key that is let go of elsewhere would leave the microphone open.
  window.addEventListener('blur', () => talk(false));
}

function act(event, action) {
  event.preventDefault();
  action();
}

/** A focused control does its own thing on Enter: a person on "Decline" means to decline. */
const claims = (target) => target.closest?.('button, a, input, select, textarea, summary') !== null;
const types = (target) => target.closest?.('input:not([type=checkbox]), select, textarea, [role=dialog]') !== null;
