import { LocalVideo, RemoteVideo, useCall, useLevel } from 'ringback/react';

const PROGRESS = { outgoing: 'Calling…', connecting: 'Connecting…', connected: 'You are talking.', reconnecting: 'Connecting again…' };
const GONE = new Set(['left', 'rejected', 'busy', 'missed']);

export function InCall({ userId, attempt }) {
  const { state, participants, muted, video, activeSpeaker, audioBlocked, ...actions } = useCall();
  return (
    <section>
      <p id="progress" role="status">{PROGRESS[state]}</p>
      <ul className="tiles">
        {participants.filter(({ status }) => !GONE.has(status)).map((person) => (
          <Tile key={person.id} person={person} speaking={person.id === activeSpeaker} />
        ))}
        <li>
          {video !== 'off' && <LocalVideo className={video === 'camera' ? 'mirrored' : ''} />}
          <span>{userId} (you){muted && ', muted'}</span>
        </li>
      </ul>
      <button autoFocus onClick={actions.toggleMute}>{muted ? 'Unmute' : 'Mute'}</button>
      <button onClick={() => attempt(actions.toggleVideo)}>{video === 'camera' ? 'Camera off' : 'Camera on'}</button>
      <button onClick={() => attempt(() => actions.shareScreen())}>{video === 'screen' ? 'Stop sharing' : 'Share screen'}</button>
      {audioBlocked && <button onClick={actions.resumeAudio}>Let me hear them</button>}
      <button className="stop" onClick={() => attempt(() => actions.endCall())}>Hang up</button>
    </section>
  );
}

function Tile({ person, speaking }) {
  const notes = [person.status === 'ringing' && 'ringing…', person.status === 'reconnecting' && 'connecting again…', person.muted && 'muted', person.quality === 'poor' && 'poor connection'];
  return (
    <li className={speaking ? 'speaking' : ''}>
      {person.video !== 'off' && <RemoteVideo userId={person.id} />}
      <span>{[person.name, ...notes.filter(Boolean)].join(', ')}</span>
      <Level person={person} />
    </li>
  );
}

/** A component of its own: it renders five times a second, and nothing else has to. */
function Level({ person }) {
  return <meter value={useLevel(person.id)} max={1} aria-label={`How loud ${person.name} is`} />;
}
