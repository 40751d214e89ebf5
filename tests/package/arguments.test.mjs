// What plain JavaScript may get wrong: every method and option says so by code, and says what it wants.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch } from '../e2e/browsers.mjs';
import { serve } from '../e2e/site.mjs';

let browser;
let site;
let page;
before(async () => {
  [browser, site] = await Promise.all([launch('chromium'), serve()]);
  page = await browser.newPage();
  await page.goto(`${site.url}/empty.html`);
  await page.evaluate(open);
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/** In the page: a manager over a socket that takes everything and says nothing. */
async function open() {
  const ringback = await import('/ringback/index.js');
  await ringback.init();
  const socket = () => ({ connected: true, on() {}, off() {}, emit() {} });
  window.make = (options) => new ringback.VoiceCallManager(socket(), options);
  window.makeOver = (given) => new ringback.VoiceCallManager(given);
  window.calls = make();
  window.connect = (...args) => ringback.connect(...args);
  window.init = (...args) => ringback.init(...args);
  window.broken = (name) => Object.defineProperty({}, name, { enumerable: true, get() { throw new Error('broken'); } });
  window.said = null;
  calls.on('error', (error) => { said = error; });
  const thrown = (act) => { try { return { returned: act() }; } catch (error) { return { error, how: 'threw' }; } };
  const rejected = async (promise) => promise?.then?.(() => ({}), (error) => ({ error, how: 'rejected' })) ?? {};
  window.refusal = async (act) => {
    said = null;
    const { returned, ...failed } = thrown(act);
    const { error, how } = failed.error ? failed : await rejected(returned);
    // What belongs to no promise is told a moment later.
    await new Promise((resolve) => setTimeout(resolve));
    const refused = error ?? said;
    return refused && { how: how ?? 'told', isOurs: refused instanceof ringback.CallError, code: refused.code, message: refused.message };
  };
}

const refusalOf = (act) => page.evaluate(`refusal(${act})`);

/** Each: how it is told, what is done, and what is said. */
function refuses(how, act, message) {
  test(String(act).replace(/^\(\) => /, ''), async () => {
    assert.deepEqual(await refusalOf(act), { how, isOurs: true, code: 'INVALID_ARGUMENT', message });
  });
}

const EVENTS = 'incoming, ringing, accepted, rejected, missed, answeredElsewhere, ended, participantJoined, participantLeft, participantReconnecting, participantReconnected, participantAudioToggle, participantVideoToggle, state, linkFailed, linkRecovered, resumed, remoteStream, localVideo, devices, deviceChanged, levels, activeSpeaker, audioBlocked, quality, signaling, error';
const OPTIONS = 'audioElement, microphone, camera, audioBitrate, videoBitrate, localStream, userId, fastSetup, preconnect, resume, rtcConfiguration';

describe('a name of an event that never comes is refused, with the one that may be meant', () => {
  refuses('threw', () => calls.on('incomming', () => {}), `There is no event 'incomming': 'incoming' may be meant. There are: ${EVENTS}.`);
  refuses('threw', () => calls.once('call:participant-joined', () => {}), `There is no event 'call:participant-joined': 'participantJoined' may be meant. There are: ${EVENTS}.`);
  refuses('threw', () => calls.off('toString', () => {}), `There is no event 'toString'. There are: ${EVENTS}.`);
  refuses('threw', () => calls.on(undefined, () => {}), `There is no event undefined. There are: ${EVENTS}.`);
  refuses('threw', () => calls.on(Symbol('a'), () => {}), `There is no event Symbol(a). There are: ${EVENTS}.`);
  refuses('threw', () => calls.on('incoming'), `The listener of 'incoming' is undefined: it has to be a function.`);
  refuses('threw', () => calls.once('ended', {}), `The listener of 'ended' is an object: it has to be a function.`);
});

test('off() stops what once() began, and a listener that heard once hears no more', async () => {
  const heard = await page.evaluate(async () => {
    let [stopped, once] = [0, 0];
    const stop = () => { stopped += 1; };
    calls.once('error', stop);
    calls.off('error', stop);
    calls.once('error', () => { once += 1; });
    for (let time = 0; time < 2; time += 1) await refusal(() => calls.setMuted('on'));
    return { stopped, once };
  });
  assert.deepEqual(heard, { stopped: 0, once: 1 });
});

describe('a wrong option of a manager is refused by its name', () => {
  refuses('threw', () => makeOver(null), 'The first argument of VoiceCallManager is null: it has to be a Socket.IO socket.');
  refuses('threw', () => makeOver(broken('on')), 'The first argument of VoiceCallManager is an object: it has to be a Socket.IO socket.');
  refuses('threw', () => make(null), 'The last argument of VoiceCallManager is null: it has to be an object.');
  refuses('threw', () => make('fast'), "The last argument of VoiceCallManager is 'fast': it has to be an object.");
  refuses('threw', () => make({ audioBitRate: 32_000 }), `VoiceCallManager has no option 'audioBitRate': 'audioBitrate' may be meant. There are: ${OPTIONS}.`);
  refuses('threw', () => make({ codec: 'opus' }), `VoiceCallManager has no option 'codec'. There are: ${OPTIONS}.`);
  for (const [given, shown] of [["'x'", "'x'"], ['NaN', 'NaN'], ['-1', '-1'], ['32', '32'], ['Infinity', 'Infinity'], ['1e12', '1000000000000'], ['[32_000]', 'an array'], ['() => 32_000', 'a function']]) {
    refuses('threw', `() => make({ audioBitrate: ${given} })`, `The option audioBitrate of VoiceCallManager is ${shown}: it has to be a number of bits per second from 6000 to 510000.`);
  }
  refuses('threw', () => make({ videoBitrate: 0 }), 'The option videoBitrate of VoiceCallManager is 0: it has to be a number of bits per second of at least 1.');
  refuses('threw', () => make({ fastSetup: 'false' }), "The option fastSetup of VoiceCallManager is 'false': it has to be true or false.");
  refuses('threw', () => make({ resume: 0 }), 'The option resume of VoiceCallManager is 0: it has to be true or false.');
  refuses('threw', () => make({ preconnect: 'relayed' }), "The option preconnect of VoiceCallManager is 'relayed': it has to be true, false or 'relay'.");
  refuses('threw', () => make({ userId: 7 }), 'The option userId of VoiceCallManager is 7: it has to be a text of 1 to 128 characters, without control characters.');
  refuses('threw', () => make({ userId: 'x'.repeat(129) }), `The option userId of VoiceCallManager is '${'x'.repeat(40)}…': it has to be a text of 1 to 128 characters, without control characters.`);
  refuses('threw', () => make({ audioElement: '#sound' }), "The option audioElement of VoiceCallManager is '#sound': it has to be an <audio> element.");
  refuses('threw', () => make({ localStream: {} }), 'The option localStream of VoiceCallManager is an object: it has to be a MediaStream or a function that returns one.');
  refuses('threw', () => make({ microphone: true }), 'The option microphone of VoiceCallManager is true: it has to be an object.');
  refuses('threw', () => make({ rtcConfiguration: { iceServers: [{ urls: 'turn.example.com' }] } }), 'The option rtcConfiguration of VoiceCallManager is an object: it has to be an RTCConfiguration that the browser takes.');
  refuses('threw', () => make(broken('camera')), 'The options of VoiceCallManager cannot be read: see `cause`.');
  test('one that is null or undefined is as good as absent', async () => {
    assert.equal(await refusalOf(() => make({ audioElement: null, audioBitrate: null, preconnect: undefined, userId: null, rtcConfiguration: null, microphone: null }).dispose()), null);
  });
});

describe('what `localStream` gives is said when it cannot be used, and nobody is called', () => {
  const ENDED = `() => {
    const stream = new AudioContext().createMediaStreamDestination().stream;
    stream.getTracks()[0].stop();
    return stream;
  }`;
  for (const [given, message] of [
    ['() => 5', 'The function `localStream` returned no MediaStream.'],
    ['async () => null', 'The function `localStream` returned no MediaStream.'],
    ['new MediaStream()', '`localStream` has no live audio track: give a new one, or a function that returns one.'],
    [ENDED, '`localStream` has no live audio track: give a new one, or a function that returns one.'],
    ['() => { throw new Error("It is broken."); }', 'It is broken.'],
  ]) {
    test(given, async () => {
      const failed = await page.evaluate(`(async () => {
        const own = make({ localStream: ${given} });
        const failed = new Promise((resolve) => own.initiateCall('chat', ['bob']).then(resolve, resolve));
        const { code, message } = await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 10_000, {}))]);
        own.dispose();
        return { code, message };
      })()`);
      assert.deepEqual(failed, { code: 'MIC_FAILED', message });
    });
  }
});

describe('a wrong argument of a method is refused by its name, and nothing is done', () => {
  refuses('rejected', () => calls.initiateCall(), "chatId has to be the id of a chat: a text of 1 to 128 characters.");
  refuses('rejected', () => calls.initiateCall('chat', 'bob'), 'targetUserIds has to be an array of at most 32 user ids, each a text of 1 to 128 characters.');
  refuses('rejected', () => calls.initiateCall('chat', Array(100_000).fill('bob')), 'targetUserIds has to be an array of at most 32 user ids, each a text of 1 to 128 characters.');
  refuses('rejected', () => calls.initiateCall('chat', new Proxy([], { get() { throw new Error('broken'); } })), 'targetUserIds cannot be read: see `cause`.');
  refuses('rejected', () => calls.initiateCall('chat', ['bob'], null), 'The last argument of initiateCall() is null: it has to be an object.');
  refuses('rejected', () => calls.initiateCall('chat', ['bob'], { callType: 'audio' }), "The option callType of initiateCall() is 'audio': it has to be 'voice' or 'video'.");
  refuses('rejected', () => calls.initiateCall('chat', ['bob'], { video: 1 }), 'The option video of initiateCall() is 1: it has to be true or false.');
  refuses('rejected', () => calls.initiateCall('chat', ['bob'], { type: 'video' }), "initiateCall() has no option 'type'. There are: callType, video.");
  refuses('rejected', () => calls.initiateCall('chat', ['bob'], broken('video')), 'The options of initiateCall() cannot be read: see `cause`.');
  refuses('rejected', () => calls.acceptCall(new MouseEvent('click')), 'sessionId has to be the id of a call: a text of 1 to 128 characters.');
  refuses('rejected', () => calls.acceptCall(undefined, null), 'The last argument of acceptCall() is null: it has to be an object.');
  refuses('rejected', () => calls.acceptCall(undefined, { video: 'no' }), "The option video of acceptCall() is 'no': it has to be true or false.");
  refuses('rejected', () => calls.joinCall(), 'sessionId has to be the id of a call: a text of 1 to 128 characters.');
  refuses('rejected', () => calls.joinCall('call', null), 'The last argument of joinCall() is null: it has to be an object.');
  refuses('rejected', () => calls.inviteToCall([7]), 'targetUserIds has to be an array of at most 32 user ids, each a text of 1 to 128 characters.');
  refuses('rejected', () => calls.rejectCall(new MouseEvent('click')), 'reason has to be a text of 1 to 64 characters.');
  refuses('rejected', () => calls.endCall(''), 'reason has to be a text of 1 to 64 characters.');
  refuses('told', () => calls.setMuted(NaN), 'setMuted, setPushToTalk and talk take true or false.');
  refuses('rejected', () => calls.setVideoEnabled(), 'The argument of setVideoEnabled() is undefined: it has to be true or false.');
  refuses('rejected', () => calls.shareScreen(null), 'The argument of shareScreen() is null: it has to be true or false.');
  refuses('rejected', () => calls.setDevices(), 'The last argument of setDevices() is undefined: it has to be an object.');
  refuses('rejected', () => calls.setDevices({ mic: 'x' }), "setDevices() has no option 'mic'. There are: microphone, camera, speaker.");
  refuses('rejected', () => calls.setDevices({ microphone: 7 }), 'The option microphone of setDevices() is 7: it has to be an id that devices() lists, or null for the default one.');
  refuses('threw', () => calls.remoteStream(null), 'The argument of remoteStream() is null: it has to be a text.');
  refuses('rejected', () => calls.preflight(null), 'The last argument of preflight() is null: it has to be an object.');
  refuses('rejected', () => calls.preflight({ signal: {} }), 'The option signal of preflight() is an object: it has to be an AbortSignal.');
  test('what is no switch does not end the watch over the key of push-to-talk', async () => {
    const open = await page.evaluate(async () => {
      calls.setPushToTalk(true);
      await refusal(() => calls.setPushToTalk(0));
      let released = 0;
      calls.talk = () => { released += 1; };
      window.dispatchEvent(new Event('blur'));
      delete calls.talk;
      calls.setPushToTalk(false);
      return released;
    });
    assert.equal(open, 1);
  });

  test('a throwing `onProgress` is reported to the page, and stops no test', async () => {
    const { reported, verdict } = await page.evaluate(async () => {
      let reported = 0;
      const count = (event) => { event.preventDefault(); reported += 1; };
      window.addEventListener('error', count);
      const away = makeOver({ connected: false, on() {}, off() {}, emit() {} });
      const { verdict } = await away.preflight({ microphone: false, onProgress() { throw new Error('broken'); } });
      window.removeEventListener('error', count);
      away.dispose();
      return { reported, verdict };
    });
    assert.deepEqual({ reported, verdict }, { reported: 6, verdict: 'fail' });
  });

  test('what was refused does not spoil the diagnostics', async () => {
    const format = await page.evaluate(async () => {
      const cyclic = {};
      cyclic.self = cyclic;
      for (const wrong of [cyclic, [cyclic], 10n]) await refusal(() => calls.rejectCall(wrong));
      await refusal(() => calls.inviteToCall([cyclic, 10n]));
      return (await calls.exportDiagnostics()).format;
    });
    assert.equal(format, 'ringback-diagnostics');
  });

  test('and the manager is well: no call came about, and it can be disposed of', async () => {
    assert.equal(await page.evaluate(() => calls.state), 'idle');
    assert.deepEqual(await page.evaluate(async () => {
      const late = [];
      for (const kind of ['error', 'unhandledrejection']) window.addEventListener(kind, ({ message, reason }) => late.push(message ?? String(reason)));
      calls.dispose();
      // The module is let go of in a microtask; what that set in motion has these frames to go wrong.
      for (let frame = 0; frame < 5; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
      return late;
    }), []);
  });
});

describe('connect() and init() refuse what they cannot use', () => {
  refuses('rejected', () => connect(7, { token: 'token' }), "The first argument of connect() is 7: it has to be the address of a server, such as 'https://calls.example.com'.");
  refuses('rejected', () => connect('https://calls.example.com', null), 'The last argument of connect() is null: it has to be an object.');
  refuses('rejected', () => connect('https://calls.example.com', {}), 'The option token of connect() is undefined: it has to be a text, or a function that returns one.');
  refuses('rejected', () => connect('https://calls.example.com', broken('token')), 'The options of connect() cannot be read: see `cause`.');
  refuses('rejected', () => connect('https://calls.example.com', { token: 'token', deviceID: 'tab' }), `connect() has no option 'deviceID': 'deviceId' may be meant. There are: ${OPTIONS}, token, deviceId, io, socket, signal.`);
  refuses('rejected', () => connect('https://calls.example.com', { token: 'token', deviceId: 'x'.repeat(65) }), `The option deviceId of connect() is '${'x'.repeat(40)}…': it has to be a text of 1 to 64 characters, without control characters.`);
  refuses('rejected', () => connect('https://calls.example.com', { token: 'token', io: {} }), 'The option io of connect() is an object: it has to be a function.');
  refuses('rejected', () => connect('https://calls.example.com', { token: 'token', socket: 'websocket' }), "The option socket of connect() is 'websocket': it has to be an object.");
  refuses('rejected', () => connect('https://calls.example.com', { token: 'token', signal: true }), 'The option signal of connect() is true: it has to be an AbortSignal.');
  refuses('rejected', () => connect('https://calls.example.com', { token: 'token', audioBitrate: '32k' }), "The option audioBitrate of connect() is '32k': it has to be a number of bits per second from 6000 to 510000.");
  test('a function that returns no token is said to', async () => {
    const failed = await page.evaluate(async () => {
      const io = (_url, { auth }) => ({ connected: false, on() {}, off() {}, emit() {}, connect: () => auth(() => {}), disconnect() {} });
      const given = AbortSignal.timeout(2_000);
      return connect('https://calls.example.com', { token: async () => undefined, io, signal: given }).catch(({ code, cause }) => ({ code, cause: cause?.message }));
    });
    assert.deepEqual(failed, { code: 'UNAUTHENTICATED', cause: 'The function `token` returned no text.' });
  });
  refuses('rejected', () => init(null), 'What init() loads is null: it has to be an address, a response, bytes or a module.');
});
