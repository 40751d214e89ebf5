// Calls in the chat: all that an application has to write around the package.
import { connect } from 'ringback';

const $ = (id) => document.getElementById(id);

const PROGRESS = { outgoing: 'Calling…', connecting: 'Connecting…', connected: '', reconnecting: 'Connecting again…' };

/**
 * Connects to Ringback and shows calls.
 * @param {object} app
 * @param {string} app.url where ringback-server is
 * @param {() => Promise<string>} app.token fetches this user's token from our own server
 * @param {{ id: string, name: string }} app.me
 * @param {(chatId: string) => string} app.nameOfChat
 * @param {(chatId: string) => void} app.openChat
 * @param {(chatId: string) => void} app.ended a call of that chat is over
 */
export function startCalls(app) {
  const connecting = connectForGood(app);
  connecting.then((calls) => {
    listen(calls, app);
    wire(calls, app);
    playOnceThawed();
  });
  return {
    /** Calls everyone else in the chat. */
    dial: (chatId, callType) => attempt(async () => (await connecting).initiateCall(chatId, undefined, { callType })),
  };
}

/** `connect` comes back by itself once it was there; the first time is ours to repeat. */
async function connectForGood({ url, token }) {
  for (;;) {
    try {
      return await connect(url, { token });
    } catch (error) {
      say(error.message);
      if (!error.retryable) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

function listen(calls, app) {
  say('');
  calls.on('incoming', (call) => ring(call, app));
  calls.on('state', ({ state, call }) => {
    if (state !== 'incoming') stopRinging(call.sessionId);
    showCall(calls, call, app);
  });
  calls.on('ringing', () => write('progress', 'It rings.'));
  calls.on('remoteStream', () => showCall(calls, calls.call, app));
  calls.on('localVideo', () => showCall(calls, calls.call, app));
  calls.on('activeSpeaker', ({ userId }) => markSpeaker(userId));
  calls.on('audioBlocked', () => { $('hear').hidden = false; });
  calls.on('answeredElsewhere', ({ sessionId }) => {
    stopRinging(sessionId);
    say('You answered on another device.');
  });
  calls.on('ended', ({ sessionId, chatId }) => {
    stopRinging(sessionId);
    app.ended(chatId);
  });
  calls.on('signaling', ({ connected }) => say(connected ? '' : 'The call server is out of reach; trying again.'));
  calls.on('error', (error) => say(error.message));
}

function wire(calls, app) {
  $('accept').onpointerdown = () => calls.prepareToAccept();
  $('accept').onclick = () => {
    app.openChat($('incoming').dataset.chat);
    attempt(() => calls.acceptCall($('incoming').dataset.session));
  };
  const reject = () => attempt(() => calls.rejectCall('declined', $('incoming').dataset.session));
  $('reject').onclick = reject;
  $('incoming').onkeydown = ({ key }) => key === 'Escape' && reject();
  $('hang-up').onclick = () => attempt(() => calls.endCall());
  $('mute').onclick = () => calls.toggleMute();
  $('camera').onclick = () => attempt(() => calls.toggleVideo());
  $('hear').onclick = () => {
    $('hear').hidden = true;
    calls.resumeAudio();
  };
}

// --- Ringing -----------------------------------------------------------------------------------

function ring({ sessionId, chatId, caller, callType }, app) {
  const chat = app.nameOfChat(chatId);
  $('caller').textContent = caller.name;
  $('kind').textContent = `${callType === 'video' ? 'wants to see you' : 'is calling'}${chat && chat !== caller.name ? ` (${chat})` : ''}`;
  $('incoming').dataset.session = sessionId;
  $('incoming').dataset.chat = chatId;
  if (!$('incoming').open) $('incoming').show();
}

function stopRinging(sessionId) {
  if ($('incoming').dataset.session === sessionId) $('incoming').close();
}

// --- In a call ---------------------------------------------------------------------------------

function showCall(calls, call, app) {
  const goesOn = call !== null && call.state in PROGRESS;
  $('call').hidden = !goesOn;
  if (!goesOn) return $('tiles').replaceChildren();
  const names = call.participants.map(({ name }) => name).join(', ');
  write('progress', PROGRESS[call.state] || `In a call with ${names}`);
  $('mute').textContent = call.muted ? 'Unmute' : 'Mute';
  $('camera').textContent = call.video === 'camera' ? 'Camera off' : 'Camera on';
  const there = call.participants.filter(({ status }) => ['joined', 'reconnecting', 'ringing', 'invited'].includes(status));
  const tiles = there.map((person) => tile(person.id, noteOn(person), person.video !== 'off' ? calls.remoteStream(person.id) : null));
  tiles.push(tile(app.me.id, `You${call.muted ? ', muted' : ''}`, calls.localVideo));
  $('tiles').replaceChildren(...tiles);
}

function noteOn({ name, status, muted, quality }) {
  if (status === 'ringing' || status === 'invited') return `${name}, ringing…`;
  if (status === 'reconnecting') return `${name}, connecting again…`;
  return [name, muted && 'muted', quality === 'poor' && 'poor connection'].filter(Boolean).join(', ');
}

/** The elements stay when a call is shown again: a video that is made anew would flicker. */
function tile(userId, note, stream) {
  const item = $(`tile-${userId}`) ?? Object.assign(document.createElement('li'), { id: `tile-${userId}` });
  const video = item.querySelector('video') ?? Object.assign(document.createElement('video'), { autoplay: true, playsInline: true, muted: true });
  const text = item.querySelector('span') ?? document.createElement('span');
  if (video.srcObject !== stream) video.srcObject = stream;
  video.hidden = !stream;
  text.textContent = note;
  if (!video.parentNode) item.append(video, text);
  return item;
}

/** A browser that freezes the page pauses its pictures, and `autoplay` does not start them again when it thaws. */
function playOnceThawed() {
  let frozen = [];
  document.addEventListener('freeze', () => { frozen = [...document.querySelectorAll('video')].filter(({ paused }) => !paused); });
  document.addEventListener('resume', () => frozen.forEach((video) => video.play().catch(() => {})));
}

function markSpeaker(userId) {
  for (const item of $('tiles').children) item.classList.toggle('speaking', item.id === `tile-${userId}`);
}

// --- In the conversation -----------------------------------------------------------------------

/** What a call looks like among the messages, in the words that fit who looks. */
export function callCard({ from, callType, duration, status, participants }, me, callBack) {
  const mine = from === me.id;
  const caller = participants.find(({ id }) => id === from);
  const missed = !mine && participants.find(({ id }) => id === me.id)?.status === 'missed';
  const item = Object.assign(document.createElement('li'), { className: missed ? 'call missed' : 'call' });
  const what = callType === 'video' ? 'Video call' : 'Call';
  const title = mine ? `${what} by you` : missed ? `Missed ${what.toLowerCase()} from ${caller.name}` : `${what} from ${caller.name}`;
  item.append(
    Object.assign(document.createElement('strong'), { textContent: title }),
    Object.assign(document.createElement('p'), { className: 'outcome', textContent: outcome(status, duration, missed) }),
    Object.assign(document.createElement('button'), { className: 'call-back', textContent: mine ? 'Call again' : 'Call back', onclick: callBack }),
  );
  return item;
}

function outcome(status, seconds, missed) {
  if (status === 'ended') return missed ? 'The others talked.' : length(seconds);
  return { ongoing: 'It goes on.', missed: 'No answer', rejected: 'Declined', failed: 'It did not come about' }[status] ?? status;
}

const length = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

// --- Small things ------------------------------------------------------------------------------

/** Every failure is an error whose message says what to do; its `code` is for programs. */
async function attempt(request) {
  say('');
  try {
    await request();
  } catch (error) {
    say(error.message);
  }
}

const say = (text) => write('message', text);

/** A screen reader reads what is written, also when it is what stood there already. */
function write(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}
