//! The call as the application sees it.

use ringback_protocol::{EndReason, SessionId};

use super::{Active, Call, Direction, Stage};
use crate::core::media::{Media, Talk};
use crate::core::participant::Participant;
use crate::core::repair::Health;
use crate::core::time::Instant;
use crate::core::view::{CallState, CallView};

impl Call {
    /// Returns where the call stands.
    pub(in crate::core) fn state(&self) -> CallState {
        match self.stage {
            Stage::Preparing { .. } | Stage::Placing { .. } | Stage::Calling(_) => {
                CallState::Outgoing
            }
            Stage::Ringing { .. } => CallState::Incoming,
            Stage::Accepting { .. } | Stage::Joining { .. } => CallState::Connecting,
            Stage::Active(_) => self.media_state(),
        }
    }

    /// Returns the call as the application sees it.
    pub(in crate::core) fn view(&self, media: &Media) -> CallView {
        CallView {
            session_id: self.session().cloned(),
            chat_id: self.chat.clone(),
            call_type: self.call_type,
            is_incoming: self.direction == Direction::Incoming,
            state: self.state(),
            muted: media.muted,
            video: media.video(),
            push_to_talk: media.talk != Talk::Open,
            participants: self.participants.iter().map(Participant::view).collect(),
            started_at: self.active().map(|active| active.started_at),
            reason: None,
        }
    }

    /// Returns how long the call has been going on, in milliseconds.
    pub(in crate::core) fn duration_ms(&self, now: Instant) -> u64 {
        self.active()
            .map_or(0, |active: &Active| now.since(active.started_at))
    }

    /// Returns the call as the application sees it once it is over.
    pub(in crate::core) fn last_view(&self, media: &Media, reason: EndReason) -> CallView {
        let mut view = self.view(media);
        view.state = CallState::Ended;
        view.reason = Some(reason);
        view
    }

    /// Tells whether this is the call.
    pub(in crate::core) fn is(&self, session: &SessionId) -> bool {
        self.session() == Some(session)
    }

    fn media_state(&self) -> CallState {
        let mut state = CallState::Connecting;
        for other in &self.participants {
            if other.failures > 0 {
                state = CallState::Reconnecting;
            }
            let Some(link) = other.link() else {
                continue;
            };
            match link.health {
                Health::Connected | Health::Wavering => return CallState::Connected,
                Health::Mending(_) => state = CallState::Reconnecting,
                Health::Connecting(_) => {}
            }
        }
        state
    }
}
