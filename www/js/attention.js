/** Calls for the person's attention outside the page: title, favicon, notification. */

const TITLE = 'Ringback';

/** Returns the switch: `update({title, ringing, caller})`. */
export function createAttention(onClick) {
  let blinking = null;
  let notification = null;

  function blink(caller) {
    let on = false;
    const step = () => {
      on = !on;
      document.title = on ? `${caller} is calling` : TITLE;
      icon(on);
    };
    step();
    blinking = setInterval(step, 1000);
    notification = notify(caller, onClick);
  }

  function calm() {
    clearInterval(blinking);
    blinking = null;
    notification?.close();
    notification = null;
    icon(false);
  }

  return {
    update({ title, caller }) {
      if (caller && blinking === null) blink(caller);
      if (!caller && blinking !== null) calm();
      if (!caller) document.title = title ? `${title} · ${TITLE}` : TITLE;
    },
  };
}

function icon(ringing) {
  document.querySelector('link[rel=icon]').href = ringing ? 'favicon-ringing.svg' : 'favicon.svg';
}

function notify(caller, onClick) {
  if (document.visibilityState === 'visible' || notificationState() !== 'granted') return null;
  const notification = new Notification(`${caller} is calling`, { body: 'Open Ringback to answer', tag: 'ringback-call' });
  notification.onclick = () => {
    window.focus();
    onClick();
  };
  return notification;
}

/** Returns `granted`, `denied`, `default` (not asked yet) or `unsupported`. */
export function notificationState() {
  return 'Notification' in window ? Notification.permission : 'unsupported';
}

/** Asks whether calls may be announced while the page is hidden. */
export async function askForNotifications() {
  return 'Notification' in window ? Notification.requestPermission() : 'unsupported';
}
