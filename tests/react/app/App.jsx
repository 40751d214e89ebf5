// For the test that adds a hook.
import { useId } from 'react';
import { CallsProvider } from 'ringback/react';

import { Panel } from './Panel.jsx';

export function App({ members, ...connection }) {
  return (
    <CallsProvider {...connection}>
      <Panel members={members} />
    </CallsProvider>
  );
}
