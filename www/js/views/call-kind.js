/** How a stored call is told in one line. */

/** Returns how a call looks in the list: icon, tone and words. */
export function kindOf(call) {
  const side = call.isOutgoing ? 'outgoing' : 'incoming';
  const way = call.isOutgoing ? 'Outgoing' : 'Incoming';
  const type = call.callType === 'video' ? ' video' : '';
  const kinds = {
    ringing: { icon: side, tone: 'live', text: `${way}${type}, ringing now` },
    ongoing: { icon: side, tone: 'live', text: `${way}${type}, going on now` },
    ended: { icon: side, tone: 'ok', text: `${way}${type}` },
    missed: call.isOutgoing
      ? { icon: 'outgoing', tone: 'warn', text: call.endReason === 'cancelled' ? 'Cancelled' : 'No answer' }
      : { icon: 'missed', tone: 'bad', text: 'Missed' },
    rejected: { icon: 'rejected', tone: 'bad', text: rejectedText(call) },
    failed: { icon: 'rejected', tone: 'bad', text: `${way}${type}, failed` },
  };
  return kinds[call.status] ?? { icon: side, tone: 'ok', text: call.status };
}

function rejectedText({ isOutgoing, endReason, userStatus }) {
  if (!isOutgoing) return userStatus === 'busy' ? 'You were in another call' : 'You declined';
  return endReason === 'busy' ? 'They were busy' : 'They declined';
}
