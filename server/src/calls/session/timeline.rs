//! What happened in a call: each entry is written with the change that it belongs to.

use ringback_protocol::rest::{CallHappening, CallTimeline, TimelineEvent};
use ringback_protocol::{CandidateType, DeviceId, EndReason, LinkReport, LinkStatus, UserId};
use serde::{Deserialize, Serialize};

use super::erasure::replace;
use super::participant::ParticipantState;
use super::step::Step;
use super::{CallSession, CallState};
use crate::calls::time::Timestamp;

/// How many entries a call keeps; of more, the oldest after the first give way.
const MOST_ENTRIES: usize = 300;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    at: Timestamp,
    what: CallHappening,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<DeviceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<EndReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    candidate_type: Option<CandidateType>,
}

impl Entry {
    /// Returns an entry about a user.
    pub(super) const fn new(at: Timestamp, what: CallHappening, user: UserId) -> Self {
        Self {
            at,
            what,
            user: Some(user),
            device: None,
            target: None,
            reason: None,
            candidate_type: None,
        }
    }

    /// Returns when it happened.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Returns what happened.
    #[must_use]
    pub const fn happening(&self) -> CallHappening {
        self.what
    }

    /// Returns how a link is connected, when it is about one.
    #[must_use]
    pub const fn candidate_type(&self) -> Option<CandidateType> {
        self.candidate_type
    }

    pub(super) fn on(mut self, device: &DeviceId) -> Self {
        self.device = Some(device.clone());
        self
    }

    pub(super) fn because(mut self, reason: &EndReason) -> Self {
        self.reason = Some(reason.clone());
        self
    }

    /// Puts a stand-in in the place of a user and of the user's device.
    pub(super) fn forget(&mut self, user: &UserId, stand_in: &UserId, device: &DeviceId) {
        if self.user.as_ref() == Some(user) {
            self.device = self.device.take().map(|_| device.clone());
        }
        for known in [&mut self.user, &mut self.target].into_iter().flatten() {
            replace(known, user, stand_in);
        }
    }

    fn is_of_link(&self, from: &UserId, to: &UserId) -> bool {
        self.user.as_ref() == Some(from) && self.target.as_ref() == Some(to)
    }

    fn event(&self) -> TimelineEvent {
        TimelineEvent {
            at: self.at.to_iso(),
            happening: self.what,
            user_id: self.user.clone(),
            device_id: self.device.clone(),
            target_user_id: self.target.clone(),
            reason: self.reason.clone(),
            candidate_type: self.candidate_type,
        }
    }
}

impl CallSession {
    /// Returns what happened, as that user may see it; none when they have no part in the call.
    #[must_use]
    pub fn timeline_for(&self, user: &UserId) -> Option<CallTimeline> {
        self.participant(user)?;
        Some(CallTimeline {
            call_id: self.id.clone(),
            events: self.timeline.iter().map(Entry::event).collect(),
        })
    }
}

impl Step<'_> {
    pub(super) fn note(&mut self, entry: Entry) {
        let timeline = &mut self.session.timeline;
        if timeline.len() >= MOST_ENTRIES {
            timeline.remove(1);
        }
        timeline.push(entry);
    }

    /// Notes what it means that a participant stands differently from now on.
    pub(super) fn note_change(&mut self, who: usize, former: Option<&ParticipantState>) {
        let participant = &self.session.participants[who];
        let (user, now) = (participant.user().clone(), self.now);
        let is_ongoing = matches!(self.session.state, CallState::Ongoing { .. });
        let entry = |what| Entry::new(now, what, user.clone());
        let noted = match (former, &participant.state) {
            (Some(ParticipantState::Invited { .. }), ParticipantState::Ringing { .. }) => {
                Some(entry(CallHappening::Ringing))
            }
            (_, ParticipantState::Invited { .. }) if is_ongoing => {
                Some(entry(CallHappening::Invited))
            }
            (_, ParticipantState::Invited { .. }) => None,
            (_, ParticipantState::Ringing { .. }) if is_ongoing => {
                let invited = entry(CallHappening::Invited);
                let ringing = entry(CallHappening::Ringing);
                self.note(invited);
                return self.note(ringing);
            }
            (_, ParticipantState::Ringing { .. }) => Some(entry(CallHappening::Ringing)),
            (former, ParticipantState::Joined { device }) => {
                Some(entry(entered(former)).on(device))
            }
            (
                Some(ParticipantState::Reconnecting { .. }),
                ParticipantState::Reconnecting { .. },
            ) => None,
            (_, ParticipantState::Reconnecting { device, .. }) => {
                Some(entry(CallHappening::Reconnecting).on(device))
            }
            (_, ParticipantState::Left { reason, .. }) => {
                Some(entry(CallHappening::Left).because(reason))
            }
            // The reason is at hand where this is decided.
            (_, ParticipantState::Rejected { .. }) => None,
            (_, ParticipantState::Busy) => {
                Some(entry(CallHappening::Rejected).because(&EndReason::Busy))
            }
            (_, ParticipantState::Missed { .. }) => Some(entry(CallHappening::Missed)),
        };
        if let Some(entry) = noted {
            self.note(entry);
        }
    }

    /// Notes the links that stand differently than they did by the last report.
    pub(super) fn note_links(&mut self, from: &UserId, links: &[LinkReport]) {
        for link in links {
            let to = &link.user_id;
            if self.find(to).is_none() {
                continue;
            }
            let what = match link.state {
                LinkStatus::Connected => CallHappening::LinkConnected,
                LinkStatus::Failed => CallHappening::LinkFailed,
                LinkStatus::Reconnecting => continue,
            };
            let mut timeline = self.session.timeline.iter().rev();
            let last = timeline.find(|entry| entry.is_of_link(from, to));
            let path = link.candidate_type;
            let is_known = last.is_some_and(|last| {
                last.what == what && (path.is_none() || last.candidate_type == path)
            });
            if !is_known {
                let mut entry = Entry::new(self.now, what, from.clone());
                entry.target = Some(to.clone());
                entry.candidate_type = path;
                self.note(entry);
            }
        }
    }
}

/// Returns how somebody came in who is in the call now.
const fn entered(former: Option<&ParticipantState>) -> CallHappening {
    match former {
        Some(ParticipantState::Invited { .. } | ParticipantState::Ringing { .. }) => {
            CallHappening::Accepted
        }
        Some(ParticipantState::Joined { .. }) => CallHappening::Moved,
        Some(ParticipantState::Reconnecting { .. }) => CallHappening::Reconnected,
        Some(
            ParticipantState::Left { .. }
            | ParticipantState::Rejected { .. }
            | ParticipantState::Busy
            | ParticipantState::Missed { .. },
        )
        | None => CallHappening::Joined,
    }
}
