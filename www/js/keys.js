/** Keyboard for a ringing call: Enter accepts, Escape rejects. */

/** Listens for as long as the page lives; `ringing()` tells whether a call waits for an answer. */
export function listenForKeys({ ringing, accept, reject }) {
  document.addEventListener('keydown', (event) => {
    if (!ringing() || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'Escape') act(event, reject);
    if (event.key === 'Enter' && !claimsEnter(event.target)) act(event, accept);
  });
}

function act(event, action) {
  event.preventDefault();
  action();
}

/** A focused control does its own thing on Enter: a person on "Decline" means to decline. */
const claimsEnter = (target) => target.closest?.('button, a, input, select, textarea, summary') !== null;
