import { useState } from 'react';
import { useCall, useCallEvent, useCalls } from 'ringback/react';

import { Devices } from './Devices.jsx';
import { Incoming } from './Incoming.jsx';
import { InCall } from './InCall.jsx';

const CONNECTION = {
  idle: '',
  connecting: 'Connecting to the server…',
  connected: '',
  reconnecting: 'The server is out of reach; trying again.',
  failed: 'The server refused the connection.',
};

export function Room({ chatId, userId }) {
  const { connection, error, incoming, initiateCall, retry } = useCalls();
  const { state } = useCall();
  const [message, setMessage] = useState('');
  useCallEvent('ended', ({ reason }) => setMessage(`The call is over: ${reason}.`));
  useCallEvent('error', (failure) => setMessage(failure.message));
  useCallEvent('linkFailed', (failure) => setMessage(failure.message));

  /** Every failure is an error whose message says what to do; its `code` is for programs. */
  const attempt = async (request) => {
    setMessage('');
    try {
      await request();
    } catch (failure) {
      setMessage(failure.message);
    }
  };

  const free = state === 'idle' || state === 'ended' || state === 'incoming';
  return (
    <main className="card">
      <h1>{chatId}</h1>
      {connection !== 'connected' && <p role="status" id="connection">{CONNECTION[connection]} {error?.message}</p>}
      {connection === 'failed' && <button onClick={retry}>Try again</button>}
      {incoming.map((call) => <Incoming key={call.sessionId} call={call} attempt={attempt} />)}
      {free ? <Dial userId={userId} dial={(ids, callType) => attempt(() => initiateCall(chatId, ids, { callType }))} /> : <InCall userId={userId} attempt={attempt} />}
      <Devices attempt={attempt} />
      <p role="status" id="message">{message}</p>
    </main>
  );
}

function Dial({ userId, dial }) {
  const [names, setNames] = useState('');
  const ids = names.split(',').map((name) => name.trim()).filter(Boolean);
  return (
    <section>
      <p>You are {userId}. Open this page once more, join the same room under another name, and call.</p>
      <label>Call whom? <input id="callees" autoFocus value={names} onChange={({ target }) => setNames(target.value)} placeholder="names, separated by commas" /></label>
      <button disabled={ids.length === 0} onClick={() => dial(ids, 'voice')}>Call</button>
      <button disabled={ids.length === 0} onClick={() => dial(ids, 'video')}>Video call</button>
    </section>
  );
}
