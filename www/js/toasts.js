/** Passing remarks: told once, gone by themselves. */

const SHOWN_MS = 5000;
let last = 0;

/** Returns `say(text, tone)`, which shows a remark for a few seconds. */
export function createToasts({ set }) {
  return function say(text, tone = 'plain') {
    const toast = { id: (last += 1), text, tone };
    // The same remark twice is one remark, and three are enough to read.
    set(({ toasts }) => ({ toasts: [...toasts.filter((other) => other.text !== text), toast].slice(-3) }));
    setTimeout(() => set(({ toasts }) => ({ toasts: toasts.filter(({ id }) => id !== toast.id) })), SHOWN_MS);
  };
}
