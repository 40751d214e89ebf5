import { useCalls } from 'ringback/react';

export function Incoming({ call, attempt }) {
  const { prepareToAccept, acceptCall, rejectCall } = useCalls();
  const { sessionId, caller, callType } = call;
  return (
    <dialog open role="alertdialog" aria-labelledby={`call-${sessionId}`}>
      <p id={`call-${sessionId}`}><strong>{caller.name}</strong> {callType === 'video' ? 'wants to see you.' : 'is calling.'}</p>
      <button autoFocus onPointerDown={() => prepareToAccept()} onClick={() => attempt(() => acceptCall(sessionId))}>Accept</button>
      {callType === 'video' && <button onClick={() => attempt(() => acceptCall(sessionId, { video: false }))}>Without camera</button>}
      <button className="stop" onClick={() => attempt(() => rejectCall('declined', sessionId))}>Reject</button>
    </dialog>
  );
}
