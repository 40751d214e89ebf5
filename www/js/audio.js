/** The page's one AudioContext; browsers start it only once the person has clicked or typed. */

let context = null;

/** Returns the context, made on first use. */
export function audioContext() {
  context ??= new AudioContext();
  return context;
}

/** Tells whether the browser lets the page sound. */
export function maySound() {
  return navigator.userActivation?.hasBeenActive ?? true;
}

/** Starts the context, if the browser lets it. */
export function unlockAudio() {
  if (maySound() && audioContext().state === 'suspended') audioContext().resume().catch(() => undefined);
}
