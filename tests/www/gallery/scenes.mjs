// Every state of the demo page that is worth a look, each reached without a call: `act` runs in
// the page, where `fake` is the manager and `scene` has what calls are made of; `shows` is the
// test id of what must be there in the end.

const inRoom = { query: 'room=Kitchen&name=Alice', joined: true };
/** Names as long as the form allows, and such as are written from the right or with no letters. */
const hardToName = { query: `room=${'The room with the longest name that anybody ever gave a room'}&name=${'Alexandra-Konstantina.Papadimitriou-von-Hohenzollern@example'}`, joined: true };

export const SCENES = {
  join: { query: 'room=Kitchen', shows: 'join-submit' },
  alone: { query: 'room=Attic&name=Alice', joined: true, shows: 'second-window' },
  people: { ...inRoom, shows: 'member-bob' },
  picking: { ...inRoom, clicks: ['pick', 'pick-bob', 'pick-carol'], shows: 'call-picked' },
  help: { ...inRoom, clicks: ['open-help'], shows: 'panel-help' },
  history: { ...inRoom, clicks: ['history-tab'], shows: 'history-row' },
  statistics: { ...inRoom, clicks: ['stats-tab'], shows: 'chart' },
  'history-empty': { ...inRoom, query: 'room=Attic&name=Alice', clicks: ['history-tab'], shows: 'history-empty' },
  'history-failing': { ...inRoom, query: 'room=Cellar&name=Alice', clicks: ['history-tab'], shows: 'history-again' },
  'statistics-empty': { ...inRoom, query: 'room=Attic&name=Alice', clicks: ['stats-tab'], shows: 'chart' },
  'statistics-failing': { ...inRoom, query: 'room=Cellar&name=Alice', clicks: ['stats-tab'], shows: 'stats-again' },
  'details-missing': { ...inRoom, hash: '#/calls/c-unknown', shows: 'page-error' },
  'join-refused': { query: 'room=Kitchen&name=%3F%3F', clicks: ['join-submit'], shows: 'notice' },
  details: { ...inRoom, hash: '#/calls/c-group', shows: 'link-alice-carol' },
  'details-without-quality': { ...inRoom, hash: '#/calls/c-missed', shows: 'call-page' },
  'live-calls': { ...inRoom, shows: 'live-call', act: () => {
    const { person } = scene;
    const live = (sessionId, mine, others) => ({ sessionId, chatId: 'kitchen', callType: 'voice', status: 'ongoing', startedAt: Date.now() - 95_000, here: false,
      participants: [{ id: 'alice', name: 'Alice', avatar: null, status: mine }, ...others] });
    fake.answers.liveCalls = () => [live('s-8', 'missed', [person('bob'), person('carol'), person('dave')]), live('s-9', 'joined', [person('erin')])];
  } },
  'check-busy': { ...inRoom, shows: 'check', clicks: ['open-help', 'help-check'], act: () => { fake.answers.preflight = () => new Promise(() => {}); } },
  check: { ...inRoom, shows: 'verdict', clicks: ['open-help', 'help-check'], act: () => {
    const step = (name, status, message) => ({ name, status, message, durationMs: 20 });
    fake.answers.preflight = () => ({ verdict: 'warn', text: '', steps: [
      step('browser', 'ok', 'This browser can make calls.'), step('microphone', 'ok', 'Your microphone is heard.'), step('camera', 'skipped', 'Not tested.'),
      step('signaling', 'ok', 'The server answers in 12 ms.'), step('stun', 'warn', 'No direct path from here: calls go through a relay.'), step('turn', 'skipped', 'Not tested.')] });
  } },
  'check-failed': { ...inRoom, shows: 'verdict', clicks: ['open-help', 'help-check'], act: () => {
    const step = (name, status, message) => ({ name, status, message, durationMs: 20 });
    fake.answers.preflight = () => ({ verdict: 'fail', text: '', steps: [
      step('browser', 'ok', 'This browser can make calls.'), step('microphone', 'fail', 'The microphone is blocked: allow it in the address bar of the browser, then try again.'), step('camera', 'fail', 'There is no camera: plug one in, or go on without.'),
      step('signaling', 'fail', 'The server does not answer: check the connection.'), step('stun', 'skipped', 'Not tested.'), step('turn', 'skipped', 'Not tested.')] });
  } },
  'no-devices': { ...inRoom, shows: 'device-microphone', clicks: ['open-help', 'help-devices'], act: () => {
    fake.answers.devices = () => ({ microphones: [], cameras: [], speakers: [], selected: { microphone: null, camera: null, speaker: null } });
  } },
  busy: { ...inRoom, shows: 'call-again', act: () => {
    fake.show(scene.call([scene.person('dave', { status: 'ringing' })], { state: 'outgoing', startedAt: null }));
    fake.emit('ended', { sessionId: 's-1', endedBy: 'dave', reason: 'busy', durationMs: 0 });
  } },
  'check-in-call': { ...inRoom, shows: 'check', clicks: ['open-more', 'menu-check'], act: () => {
    fake.answers.preflight = () => new Promise(() => {});
    fake.show(scene.call([scene.person('bob')]));
  } },
  'microphone-blocked': { ...inRoom, shows: 'remedy-check', act: () => fake.emit('error', { code: 'MIC_DENIED', message: 'The microphone is blocked: allow it in the address bar of the browser, then try again.' }) },
  'answered-elsewhere': { ...inRoom, shows: 'notice', act: () => {
    const { call, person } = scene;
    fake.emit('incoming', { sessionId: 's-1', caller: person('bob') });
    fake.show(call([person('bob')], { state: 'incoming', direction: 'incoming', startedAt: null }));
    fake.emit('answeredElsewhere', { sessionId: 's-1', action: 'accepted' });
  } },
  missed: { ...inRoom, shows: 'call-again', act: () => {
    const { call, person } = scene;
    fake.emit('incoming', { sessionId: 's-1', caller: person('bob') });
    fake.show(call([person('bob')], { state: 'incoming', direction: 'incoming', startedAt: null }));
    fake.emit('ended', { sessionId: 's-1', endedBy: 'bob', reason: 'cancelled', durationMs: 0 });
  } },
  outgoing: { ...inRoom, shows: 'outgoing', act: () => fake.show(scene.call([scene.person('bob', { status: 'ringing' })], { state: 'outgoing', startedAt: null })) },
  'outgoing-group': { ...inRoom, shows: 'outgoing', act: () => {
    const { call, person } = scene;
    fake.show(call([person('bob', { status: 'ringing' }), person('carol', { status: 'invited' }), person('dave', { status: 'rejected' })], { state: 'outgoing', startedAt: null, callType: 'video' }));
  } },
  'incoming-video': { ...inRoom, shows: 'accept-voice', act: () => {
    const { call, person } = scene;
    fake.emit('incoming', { sessionId: 's-1', caller: person('bob') });
    fake.show(call([person('bob'), person('carol', { status: 'ringing' })], { state: 'incoming', direction: 'incoming', startedAt: null, callType: 'video' }));
  } },
  'voice-of-two': { ...inRoom, shows: 'in-call', act: () => {
    const { call, person, quality } = scene;
    fake.show(call([person('bob')]));
    fake.emit('quality', quality('bob'));
    fake.emit('levels', { levels: [{ userId: 'bob', level: 0.2 }] });
    fake.emit('activeSpeaker', { userId: 'bob' });
  } },
  connecting: { ...inRoom, shows: 'in-call', act: () => fake.show(scene.call([scene.person('bob', { link: 'connecting' })], { state: 'connecting', startedAt: null })) },
  reconnecting: { ...inRoom, shows: 'reconnecting', act: () => {
    fake.show(scene.call([scene.person('bob', { link: 'reconnecting' })], { state: 'reconnecting', muted: true }));
    fake.emit('signaling', { connected: false });
  } },
  'sound-held-back': { ...inRoom, shows: 'resume-audio', act: () => { fake.show(scene.call([scene.person('bob')])); fake.emit('audioBlocked', { userId: 'bob' }); } },
  'video-of-two': { ...inRoom, shows: 'self', act: () => {
    const { call, person, picture, quality } = scene;
    fake.show(call([person('bob', { video: 'camera', muted: true })], { callType: 'video', video: 'camera' }));
    fake.emit('remoteStream', { userId: 'bob', stream: picture('camera', 250) });
    fake.emit('localVideo', { stream: picture('camera', 90), source: 'camera' });
    fake.emit('quality', quality('bob', { grade: 'poor', mos: 2.9 }));
  } },
  'quality-figures': { ...inRoom, shows: 'panel-quality', clicks: ['quality'], act: () => {
    fake.show(scene.call([scene.person('bob'), scene.person('carol')]));
    for (let second = 0; second < 50; second += 1) fake.emit('quality', scene.quality('bob', { mos: 3.9 + Math.sin(second / 5) * 0.4 }));
  } },
  'group-of-three': { ...inRoom, shows: 'self', act: () => {
    const { call, person, picture, quality } = scene;
    fake.show(call([person('bob', { video: 'camera' }), person('carol', { muted: true })], { video: 'camera', callType: 'video' }));
    fake.emit('remoteStream', { userId: 'bob', stream: picture('camera', 250) });
    fake.emit('localVideo', { stream: picture('camera', 90), source: 'camera' });
    fake.emit('quality', quality('bob', { grade: 'excellent' }));
    fake.emit('quality', quality('carol'));
    fake.emit('activeSpeaker', { userId: 'bob' });
    fake.emit('levels', { levels: [{ userId: 'bob', level: 0.15 }] });
  } },
  'group-in-trouble': { ...inRoom, shows: 'in-call', act: () => {
    const { call, person, quality } = scene;
    fake.show(call([person('bob'), person('carol'), person('dave', { status: 'reconnecting' }), person('erin', { status: 'ringing' })]));
    fake.emit('quality', quality('bob'));
    fake.emit('linkFailed', { userId: 'carol', name: 'Carol', retrying: true, message: 'You and Carol cannot hear each other' });
    fake.emit('participantLeft', { userId: 'frank', reason: 'completed' });
    fake.emit('deviceChanged', { kind: 'microphone', id: null, label: 'Built-in Microphone', reason: 'fallback' });
  } },
  'group-of-six': { ...inRoom, shows: 'self', act: () => {
    const { call, person, picture, quality } = scene;
    const ids = ['bob', 'carol', 'dave', 'erin', 'frank'];
    fake.show(call(ids.map((id, index) => person(id, { video: index % 2 === 0 ? 'camera' : 'off', muted: index === 3 })), { video: 'camera' }));
    ids.forEach((id, index) => {
      fake.emit('remoteStream', { userId: id, stream: picture('camera', index * 60) });
      fake.emit('quality', quality(id));
    });
    fake.emit('localVideo', { stream: picture('camera', 90), source: 'camera' });
    fake.emit('activeSpeaker', { userId: 'carol' });
  } },
  'group-of-twelve': { ...inRoom, shows: 'self', act: () => {
    const ids = ['bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory', 'niaj'];
    fake.show(scene.call(ids.map((id, index) => scene.person(id, { muted: index % 3 === 0 })), { direction: 'incoming' }));
    for (const id of ids) fake.emit('quality', scene.quality(id));
    fake.emit('activeSpeaker', { userId: 'erin' });
  } },
  'screen-shared': { ...inRoom, shows: 'self', act: () => {
    const { call, person, picture, quality } = scene;
    fake.show(call([person('bob', { video: 'screen' }), person('carol', { video: 'camera' }), person('dave')], { video: 'camera' }));
    fake.emit('remoteStream', { userId: 'bob', stream: picture('screen') });
    fake.emit('remoteStream', { userId: 'carol', stream: picture('camera', 30) });
    fake.emit('localVideo', { stream: picture('camera', 90), source: 'camera' });
    for (const id of ['bob', 'carol', 'dave']) fake.emit('quality', quality(id));
  } },
  'sharing-own-screen': { ...inRoom, shows: 'sharing', act: () => {
    const { call, person, picture } = scene;
    fake.show(call([person('bob')], { video: 'screen' }));
    fake.emit('localVideo', { stream: picture('screen'), source: 'screen' });
  } },
  'call-waiting': { ...inRoom, shows: 'waiting', act: () => {
    fake.show(scene.call([scene.person('bob'), scene.person('carol')]));
    fake.emit('incoming', { sessionId: 's-2', callType: 'video', caller: scene.person('dave') });
  } },
  devices: { ...inRoom, shows: 'device-microphone', opens: 'devices', act: () => fake.show(scene.call([scene.person('bob'), scene.person('carol')])) },
  more: { ...inRoom, shows: 'push-to-talk', clicks: ['open-more'], act: () => fake.show(scene.call([scene.person('bob'), scene.person('carol')])) },
  'add-people': { ...inRoom, shows: 'invite-dave', opens: 'invite', act: () => fake.show(scene.call([scene.person('bob'), scene.person('carol')])) },
  'leave-or-end': { ...inRoom, shows: 'end-for-all', clicks: ['hangup'], act: () => fake.show(scene.call([scene.person('bob'), scene.person('carol')])) },
  'push-to-talk': { ...inRoom, shows: 'talk', act: () => fake.show(scene.call([scene.person('bob'), scene.person('carol')], { pushToTalk: true, muted: true })) },
  'long-names': { ...hardToName, shows: 'member-long' },
  'long-names-picked': { ...hardToName, clicks: ['pick', 'pick-long', 'pick-rtl'], shows: 'call-picked' },
  'long-names-calling': { ...hardToName, shows: 'outgoing', act: () =>
    fake.show(scene.call(['long', 'words', 'rtl', 'emoji'].map((id) => scene.person(id, { status: 'ringing' })), { state: 'outgoing', startedAt: null })) },
  'long-name-calls': { ...hardToName, shows: 'accept', act: () => {
    const { call, person } = scene;
    fake.emit('incoming', { sessionId: 's-1', caller: person('long') });
    fake.show(call(['long', 'words', 'rtl'].map((id) => person(id)), { state: 'incoming', direction: 'incoming', startedAt: null, callType: 'video' }));
  } },
  'long-names-in-call': { ...hardToName, shows: 'toast', act: () => {
    const { call, person, quality } = scene;
    fake.show(call([person('long', { muted: true }), person('words', { status: 'reconnecting' }), person('rtl'), person('emoji')]));
    for (const id of ['long', 'words', 'rtl', 'emoji']) fake.emit('quality', quality(id));
    fake.emit('participantLeft', { userId: 'long', reason: 'disconnected' });
    fake.emit('linkFailed', { userId: 'rtl', name: 'long', retrying: true, message: `You and ${person('long').name} cannot hear each other` });
  } },
  'long-name-waits': { ...hardToName, shows: 'waiting', act: () => {
    fake.show(scene.call([scene.person('long')]));
    fake.emit('incoming', { sessionId: 's-2', callType: 'voice', caller: scene.person('words') });
  } },
  'long-name-missed': { ...hardToName, shows: 'call-again', act: () => {
    const { call, person } = scene;
    fake.emit('incoming', { sessionId: 's-1', caller: person('long') });
    fake.show(call([person('long')], { state: 'incoming', direction: 'incoming', startedAt: null }));
    fake.emit('ended', { sessionId: 's-1', endedBy: 'long', reason: 'cancelled', durationMs: 0 });
  } },
  'long-names-details': { ...hardToName, hash: '#/calls/c-names', shows: 'call-page' },
  'error-in-call': { ...inRoom, shows: 'remedy-devices', act: () => {
    fake.show(scene.call([scene.person('bob')]));
    fake.emit('error', { code: 'CAMERA_NOT_FOUND', message: 'There is no camera: plug one in, or go on without.' });
  } },
};
