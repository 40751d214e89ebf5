/** The page's one AudioContext; browsers start it only after a click or a key. */

let context = null;

/** Returns the context, made on first use. */
export function audioContext() {
  context ??= new AudioContext();
  return context;
}

/** Starts the context; call it from a click. */
export function unlockAudio() {
  if (audioContext().state === 'suspended') audioContext().resume().catch(() => undefined);
}
