import { CallsProvider } from 'ringback/react';

import { Panel } from './Panel.jsx';

export function App({ members, ...connection }) {
  return (
    <CallsProvider {...connection}>
      <Panel members={members} />
    </CallsProvider>
  );
}
