/** What a screen reader is told: only what has just come about, and each thing once. */

import { nameList } from './format.js';
import { offered, othersIn } from './live.js';
import { namesIn } from './names.js';
import { stateText } from './views/state-text.js';

/**
 * Returns the news between two states, `{urgent, calm}`, each a list of sentences.
 *
 * What takes the focus tells itself: a call that rings, a button that is pressed.
 */
export function newsBetween(before, now) {
  const bad = now.notice?.tone === 'bad';
  const notice = now.notice && now.notice !== before.notice ? [now.notice.title, now.notice.detail].filter(Boolean) : [];
  return {
    urgent: [...waiting(before, now), ...(bad ? notice : []), ...heldBack(before, now)],
    calm: [...progress(before, now), ...links(before, now), ...server(before, now), ...(bad ? [] : notice), ...muted(before, now), ...goingOn(before, now)],
  };
}

/** How far the call is; that somebody joined or left changes its text too, and is told as a remark. */
function progress(before, now) {
  const step = ({ call, ringing }) => (call ? `${call.state} ${call.state === 'outgoing' && ringing.length > 0}` : '');
  return now.call && now.call.state !== 'incoming' && step(before) !== step(now) ? [stateText(now)] : [];
}

function waiting(before, now) {
  const known = before.waiting.map(({ sessionId }) => sessionId);
  return now.waiting.filter(({ sessionId }) => !known.includes(sessionId)).map(({ caller }) => `${caller.name} is calling you too`);
}

/** Calls that could be joined, or moved here. */
function goingOn(before, now) {
  if (!now.me) return [];
  const known = before.live.map(({ sessionId }) => sessionId);
  return offered(now).filter(({ sessionId }) => !known.includes(sessionId)).map((call) =>
    (call.offer === 'move' ? 'Your call runs in another tab' : `A call goes on with ${nameList(othersIn(call, now.me).map(({ name }) => name))}`));
}

function links(before, now) {
  return Object.keys(now.failed).filter((id) => !before.failed[id]).map((id) => now.failed[id].message || `You and ${namesIn(now)([id])} cannot hear each other`);
}

function server(before, now) {
  if (now.signaling === 'down' && before.signaling !== 'down') return ['Server out of reach, reconnecting'];
  return now.signaling === 'up' && before.signaling === 'down' ? ['The server is back'] : [];
}

function heldBack(before, now) {
  return now.audioBlocked && !before.audioBlocked ? ['The browser holds the sound back. Press “Click to hear the call”'] : [];
}

/** By the keys, that is: push to talk mutes all the time. */
function muted(before, now) {
  if (!now.call || before.call?.sessionId !== now.call.sessionId || now.call.pushToTalk || before.call.pushToTalk) return [];
  return before.call.muted === now.call.muted ? [] : [now.call.muted ? 'Muted' : 'Not muted any more'];
}

/** How long a sentence stays for whoever reads the page line by line. */
const STAYS_MS = 8000;

/** Returns `tell(news)`, which puts the sentences where a screen reader listens. */
export function createAnnouncer() {
  const regions = { urgent: document.getElementById('urgent'), calm: document.getElementById('calm') };
  const add = (region, text) => {
    // A line of its own is read by itself, even when it says what the last one said.
    const line = Object.assign(document.createElement('p'), { textContent: text });
    region.append(line);
    setTimeout(() => line.remove(), STAYS_MS);
  };
  return function tell(news) {
    for (const [name, region] of Object.entries(regions)) if (news[name].length > 0) add(region, `${news[name].join('. ')}.`);
  };
}
