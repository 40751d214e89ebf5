//! What the host application is told of a call: a part of the change that it tells of.

use ringback_protocol::UserId;
use ringback_protocol::webhook::{WebhookData, WebhookEvent, WebhookType};
use serde::{Deserialize, Serialize};

use super::CallSession;
use crate::calls::time::Timestamp;

/// Whether the host application is told of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notices {
    /// Nobody listens: nothing is kept.
    #[default]
    Off,
    /// It is told when people are called, when somebody answers, who missed the call, how it ended.
    On,
}

/// One thing that a change has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When it happened.
    pub at: Timestamp,
    /// What is told.
    pub event: WebhookEvent,
}

impl Notices {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands out references"
    )]
    pub(super) const fn are_off(&self) -> bool {
        matches!(self, Self::Off)
    }
}

/// What one change has to tell.
#[derive(Debug)]
pub(super) struct News {
    /// Whether the call had started before.
    had_started: bool,
    /// Whether it was over before.
    was_over: bool,
    /// Who is called from now on.
    pub(super) called: Vec<UserId>,
    /// Who missed the call.
    pub(super) missed: Vec<UserId>,
}

impl News {
    /// Begins with how the call stands before the change.
    pub(super) const fn of(session: &CallSession) -> Self {
        Self {
            had_started: session.state.started_at().is_some(),
            was_over: !session.is_live(),
            called: Vec::new(),
            missed: Vec::new(),
        }
    }

    /// Writes the notices of a change that was made, in the order in which they make sense.
    pub(super) fn write(&mut self, session: &mut CallSession, now: Timestamp) {
        if session.rules.notices.are_off() {
            return;
        }
        let (called, missed) = (
            std::mem::take(&mut self.called),
            std::mem::take(&mut self.missed),
        );
        if !called.is_empty() {
            session.notice(now, WebhookType::Ringing, called);
        }
        if !self.had_started && session.state.started_at().is_some() {
            let in_call = session.in_call().map(|(user, _)| user.clone()).collect();
            session.notice(now, WebhookType::Started, in_call);
        }
        if !missed.is_empty() {
            session.notice(now, WebhookType::Missed, missed);
        }
        if !self.was_over && !session.is_live() {
            let everyone = session.participants.iter();
            let everyone = everyone.map(|one| one.user().clone()).collect();
            session.notice(now, WebhookType::Ended, everyone);
        }
    }
}

impl CallSession {
    fn notice(&mut self, now: Timestamp, kind: WebhookType, user_ids: Vec<UserId>) {
        self.noticed += 1;
        let event = WebhookEvent {
            kind,
            timestamp: now.to_iso(),
            data: WebhookData {
                sequence: self.noticed,
                version: self.version,
                user_ids,
                call: self.for_application(),
            },
        };
        self.notices.push(Notice { at: now, event });
    }
}
