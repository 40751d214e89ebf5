/** A browser that freezes the page pauses its pictures, and `autoplay` does not start them again when it thaws. */
export function playOnceThawed() {
  let frozen = [];
  document.addEventListener('freeze', () => { frozen = [...document.querySelectorAll('video')].filter(({ paused }) => !paused); });
  document.addEventListener('resume', () => frozen.forEach((video) => video.play().catch(() => {})));
}
