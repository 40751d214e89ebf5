import { useEffect } from 'react';
import { LocalVideo, RemoteVideo, useCall, useCallEvent, useCalls, useDevices, useLevel } from 'ringback/react';

/** Which event the application listens to. */
const EVENT = typeof location === 'undefined' ? null : new URLSearchParams(location.search).get('event');

/** Shows everything that the hooks give, under the ids that the tests look at. */
export function Panel({ members }) {
  const { connection, error, incoming, manager, initiateCall, prepareToAccept, acceptCall, rejectCall, retry } = useCalls();
  useEffect(() => {
    window.manager = manager;
  }, [manager]);
  useEffect(() => {
    window.rendersOfPanel = (window.rendersOfPanel ?? 0) + 1;
  });
  useCallEvent(EVENT ?? 'ended', (payload) => window.seen.push({ event: 'ended', payload }));
  const tell = (promise) => promise.catch(({ code }) => window.seen.push({ event: 'failed', payload: { code } }));
  return (
    <main>
      <h1>Calls</h1>
      <p id="connection">{connection}</p>
      <p id="error">{error?.code}</p>
      <button id="retry" onClick={retry}>Connect again</button>
      <button id="dial" onClick={() => tell(initiateCall('react', members))}>Call</button>
      {incoming.map(({ sessionId, caller }) => (
        <dialog key={sessionId} open>
          <p className="caller">{caller.name}</p>
          <button id="accept" onPointerDown={() => prepareToAccept()} onClick={() => tell(acceptCall(sessionId))}>Accept</button>
          <button id="reject" onClick={() => tell(rejectCall('busy', sessionId))}>Reject</button>
        </dialog>
      ))}
      <Call />
      <Devices />
    </main>
  );
}

function Call() {
  const { call, state, participants, muted, video, toggleMute, toggleVideo, endCall } = useCall();
  return (
    <section>
      <p id="state">{state}</p>
      <p id="reason">{call?.reason}</p>
      <p id="muted">{String(muted)}</p>
      <p id="video">{video}</p>
      <button id="mute" onClick={toggleMute}>Mute</button>
      <button id="camera" onClick={() => toggleVideo()}>Camera</button>
      <button id="hang-up" onClick={() => endCall()}>Hang up</button>
      <ul>{participants.map((person) => <Tile key={person.id} person={person} />)}</ul>
      <LocalVideo id="own-video" />
    </section>
  );
}

function Tile({ person }) {
  const level = useLevel(person.id);
  return (
    <li data-level={level} data-muted={person.muted}>
      {person.name}
      <RemoteVideo userId={person.id} className="picture" />
    </li>
  );
}

function Devices() {
  const { microphones, selected, setDevices } = useDevices();
  return (
    <select id="microphones" value={selected.microphone ?? ''} onChange={({ target }) => setDevices({ microphone: target.value || null })}>
      <option value="">Default</option>
      {microphones.map(({ id, label }) => <option key={id} value={id}>{label}</option>)}
    </select>
  );
}
