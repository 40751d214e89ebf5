// The ears of these tests: they hear a tone that is there, and none that is not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch } from './browsers.mjs';
import { Person, VOICES } from './person.mjs';
import { serve } from './site.mjs';

let site;
before(async () => (site = await serve()));
after(() => site.close());

/** Calls oneself: the microphone, through two peer connections of one page, to a media element. */
async function loopBack() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
  from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate);
  to.onicecandidate = ({ candidate }) => candidate && from.addIceCandidate(candidate);
  window.player = new Audio();
  to.ontrack = ({ streams }) => {
    window.player.srcObject = streams[0];
    return window.player.play();
  };
  window.sender = from.addTrack(stream.getTracks()[0], stream);
  await from.setLocalDescription();
  await to.setRemoteDescription(from.localDescription);
  await to.setLocalDescription();
  await from.setRemoteDescription(to.localDescription);
}

const level = (person, id) => person.do((hertz) => window.instruments.level(hertz), VOICES[id]);

for (const name of ['chromium', 'firefox']) {
  test(`${name}: a voice is heard, and told from another`, async (t) => {
    const browser = await launch(name);
    t.after(() => browser.close());
    const alice = await Person.open(browser, 'alice', `${site.url}/empty.html`);
    assert.equal(await level(alice, 'alice'), 0);
    await alice.do(loopBack);
    await alice.hears(alice);
    await alice.hearsNothingOf({ id: 'bob' });
    assert.ok((await level(alice, 'alice')) > 0.3);
  });

  test(`${name}: a track that is switched off, a muted element and a stopped microphone are silence`, async (t) => {
    const browser = await launch(name);
    t.after(() => browser.close());
    const alice = await Person.open(browser, 'alice', `${site.url}/empty.html`);
    await alice.do(loopBack);
    await alice.hears(alice);
    const changes = [
      [() => (sender.track.enabled = false), () => (sender.track.enabled = true)],
      [() => (player.muted = true), () => (player.muted = false)],
      [() => player.pause(), () => player.play()],
    ];
    for (const [off, on] of changes) {
      await alice.do(off);
      await alice.hearsNothingOf(alice);
      await alice.do(on);
      await alice.hears(alice);
    }
    assert.equal(await alice.do(() => window.instruments.liveTracks()), 1);
    await alice.do(() => sender.track.stop());
    await alice.hearsNothingOf(alice);
    assert.equal(await alice.do(() => window.instruments.liveTracks()), 0);
  });
}

test('chromium: a person who does not let the page use the microphone has none', async (t) => {
  const browser = await launch('chromium');
  t.after(() => browser.close());
  const alice = await Person.open(browser, 'alice', `${site.url}/empty.html`, { microphone: false });
  const refused = await alice.do(() => navigator.mediaDevices.getUserMedia({ audio: true }).then(() => null, ({ name }) => name));
  assert.equal(refused, 'NotAllowedError');
});
