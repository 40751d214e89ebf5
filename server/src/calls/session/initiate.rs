//! How a call begins.

use ringback_protocol::rest::{CallHappening, ChatRef, UserRef};
use ringback_protocol::{CallRequestId, CallType, DeviceId, EndReason, SessionId, UserId};

use super::participant::{Participant, ParticipantState};
use super::step::Step;
use super::{CallRules, CallSession, CallState, Effect, Entry, QualitySums};
use crate::calls::time::Timestamp;
use crate::events::SessionDescription;

/// A call that is about to be placed.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCall {
    /// The id it gets.
    pub id: SessionId,
    /// Its chat.
    pub chat: ChatRef,
    /// Voice or video.
    pub call_type: CallType,
    /// Who places it.
    pub caller: UserRef,
    /// On which device.
    pub device: DeviceId,
    /// Who is called: at least one, nobody twice, not the caller.
    pub callees: Vec<Callee>,
    /// The caller's own name for the attempt.
    pub request_id: Option<CallRequestId>,
    /// The caller's offer; it travels on when there is one callee, and is not kept here.
    pub offer: Option<SessionDescription>,
    /// Whether the caller would make the media path while it rings.
    pub preconnect: bool,
    /// The rules it is placed under.
    pub rules: CallRules,
}

/// Someone who is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee {
    /// Who.
    pub person: UserRef,
    /// How they can be reached.
    pub reach: Reach,
}

/// How someone can be reached when a call is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// At least one device is connected.
    Connected,
    /// No device is connected; one may come while it rings.
    Offline,
    /// They are in another call.
    Busy,
}

impl CallSession {
    /// Places a call, and returns it with what is to be told to whom.
    ///
    /// When everyone is busy, the call is over at once.
    #[must_use]
    pub fn initiate(now: Timestamp, call: NewCall) -> (Self, Vec<Effect>) {
        // The step below makes the version 1. A peer connection answers to one other.
        let early_offer = (call.offer.is_some() && call.callees.len() == 1).then_some(1);
        let placed = Entry::new(now, CallHappening::Initiated, call.caller.id.clone());
        let mut session = Self {
            id: call.id,
            version: 0,
            chat: call.chat,
            call_type: call.call_type,
            caller: call.caller.id.clone(),
            request_id: call.request_id,
            rules: call.rules,
            initiated_at: now,
            state: CallState::Ringing,
            participants: vec![Participant {
                person: call.caller,
                invited_at: now,
                joined_at: Some(now),
                state: ParticipantState::Joined {
                    device: call.device.clone(),
                },
            }],
            quality: QualitySums::default(),
            preconnect: call.preconnect,
            early_offer,
            timeline: vec![placed.on(&call.device)],
            noticed: 0,
            notices: Vec::new(),
        };
        let mut step = Step::new(&mut session, now);
        step.call_out(call.callees, call.offer.as_ref());
        let effects = step.finish();
        (session, effects)
    }
}

impl Step<'_> {
    /// Calls people: they ring, keep being called, or are reported busy.
    pub(super) fn call_out(&mut self, callees: Vec<Callee>, offer: Option<&SessionDescription>) {
        let mut ringing = Vec::new();
        let (mut called, mut busy) = (Vec::new(), Vec::new());
        for callee in callees {
            let user = callee.person.id.clone();
            match callee.reach {
                Reach::Connected => {
                    ringing.push(user.clone());
                    called.push(user);
                }
                Reach::Offline => called.push(user),
                Reach::Busy => busy.push(user),
            }
            self.put(callee);
        }
        self.news.called.extend(called.iter().cloned());
        self.tell_callees(&called, offer);
        self.tell_ringing(ringing);
        self.report_busy(busy);
    }

    fn put(&mut self, callee: Callee) {
        let ring_until = self.now.plus_ms(self.session.rules.ring_timeout_ms);
        let state = match callee.reach {
            Reach::Connected => ParticipantState::Ringing { ring_until },
            Reach::Offline => ParticipantState::Invited { ring_until },
            Reach::Busy => ParticipantState::Busy,
        };
        match self.find(&callee.person.id) {
            Some(who) => {
                self.session.participants[who].invited_at = self.now;
                self.set(who, state);
            }
            None => self.add(callee.person, state),
        }
    }

    /// Tells each callee that it rings; an offer goes along only when it is meant for one person.
    fn tell_callees(&mut self, called: &[UserId], offer: Option<&SessionDescription>) {
        let offer = offer.filter(|_| self.session.participants.len() == 2);
        for user in called {
            if let Some(event) = self.session.incoming_for(user, self.now, offer.cloned()) {
                self.tell_user(user, event);
            }
        }
    }

    fn report_busy(&mut self, busy: Vec<UserId>) {
        let Some(last) = busy.last().cloned() else {
            return;
        };
        for user in busy {
            self.tell_rejected(user, EndReason::Busy);
        }
        self.settle(&last, &EndReason::Busy);
    }
}
