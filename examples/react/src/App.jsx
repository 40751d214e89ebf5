import { useMemo, useState } from 'react';
import { CallsProvider } from 'ringback/react';

import { Room } from './Room.jsx';
import { SERVER, fetchToken } from './server.js';

export function App() {
  const [joined, setJoined] = useState(null);
  if (!joined) return <Join onJoin={setJoined} />;
  return <Joined {...joined} />;
}

function Join({ onJoin }) {
  const join = (form) => onJoin({ userId: form.get('user').trim(), chatId: form.get('room').trim() });
  return (
    <main className="card">
      <form action={join}>
        <h1>Calls in React</h1>
        <label>Your name <input name="user" required maxLength={40} autoComplete="username" /></label>
        <label>Room <input name="room" required maxLength={40} defaultValue="lobby" /></label>
        <button>Join</button>
      </form>
    </main>
  );
}

/** One connection for as long as this is shown. The token is asked for again at each connect. */
function Joined({ userId, chatId }) {
  const token = useMemo(() => () => fetchToken(chatId, userId), [chatId, userId]);
  return (
    <CallsProvider url={SERVER} token={token} options={{ userId }}>
      <Room chatId={chatId} userId={userId} />
    </CallsProvider>
  );
}
