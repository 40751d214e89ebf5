import { useDevices } from 'ringback/react';

const KINDS = [
  ['microphone', 'microphones', 'Microphone'],
  ['camera', 'cameras', 'Camera'],
  ['speaker', 'speakers', 'Speaker'],
];

export function Devices({ attempt }) {
  const { setDevices, selected, ...lists } = useDevices();
  return (
    <details>
      <summary>Devices</summary>
      {KINDS.map(([kind, list, title]) => (
        <label key={kind}>
          {title}
          <select name={kind} value={selected[kind] ?? ''} onChange={({ target }) => attempt(() => setDevices({ [kind]: target.value || null }))}>
            <option value="">The default one</option>
            {lists[list].map(({ id, label }) => <option key={id} value={id}>{label || title}</option>)}
          </select>
        </label>
      ))}
    </details>
  );
}
