//! What the server acks.

use ringback_protocol::{
    CallSnapshot, CallStatus, ChatId, ClientEvent, ConfigAck, EndReason, ErrorCode,
    ParticipantStatus, SessionId, client, server::CallState,
};

use super::{Client, Slot, Waiting};
use crate::core::call::{Call, GOES_ON};
use crate::core::context::KeptCall;
use crate::core::error::{ClientCode, ClientError, Code};
use crate::core::farewell::{Act, Goodbye, Heard};
use crate::core::ids::AckId;
use crate::core::input::{AckBody, AckFailure};
use crate::core::output::{Notification, Settled};
use crate::core::signaling::{Purpose, Server, ack_error};
use crate::core::time::Instant;
use crate::core::timers::Timer;
use crate::core::view::LiveCallView;

/// After how much of each second of their time credentials are renewed.
const RENEWED_AFTER_MS: u64 = 750;

impl Client {
    pub(super) fn ack(&mut self, id: AckId, result: Result<AckBody, AckFailure>) {
        self.cx.timers.stop(Timer::Ack(id));
        self.cx.signaling.answered(self.cx.now, id);
        // An ack that nothing waits for any more came too late.
        let Some(purpose) = self.cx.signaling.take(id) else {
            return;
        };
        if purpose == Purpose::Farewell {
            self.farewell_acked(id, result.as_ref().map(|_| ()));
            return;
        }
        match result {
            Ok(body) => self.acked(purpose, body),
            Err(failure) => self.refused(purpose, ack_error(failure)),
        }
    }

    fn acked(&mut self, purpose: Purpose, body: AckBody) {
        match (purpose, body) {
            (Purpose::Config, AckBody::Config(config)) => self.configured(config),
            (Purpose::Initiate, AckBody::Initiate(ack)) => {
                let offer = self.forget_waiting(&ack.session_id);
                self.with_call(|call, cx| call.placed(cx, ack, offer));
                self.settle_crossing();
            }
            (Purpose::Abandoned(chat), AckBody::Initiate(ack)) => {
                self.end_orphan(&chat, ack.session_id);
            }
            (Purpose::Enter, AckBody::Join(ack)) => {
                self.with_call(|call, cx| call.entered(cx, ack));
            }
            (Purpose::Enter, AckBody::Empty) => {
                let ack = ringback_protocol::JoinAck { call: None };
                self.with_call(|call, cx| call.entered(cx, ack));
            }
            (Purpose::Resume, AckBody::Join(ack)) => {
                self.with_call(|call, cx| call.resumed(cx, ack));
            }
            (Purpose::Sync, AckBody::State(ack)) => {
                self.silence_unlisted(&ack.calls);
                self.leave_ghosts(&ack.calls);
                self.with_call(|call, cx| call.synced(cx, ack.calls));
            }
            (Purpose::Asked(request), AckBody::Empty) => {
                self.cx.settle(request, Ok(Settled::Done));
            }
            (Purpose::Asked(request), AckBody::State(ack)) => {
                let calls = self.live_calls(ack.calls);
                self.cx.settle(request, Ok(Settled::Calls(calls)));
            }
            (Purpose::TakeBack(kept), AckBody::Join(ack)) => match ack.call {
                Some(call) => self.taken_back(kept, call),
                None => self.promote(),
            },
            (Purpose::Probe, _) => {}
            // A body of another event: as good as no ack at all.
            (
                purpose,
                AckBody::Empty
                | AckBody::Config(_)
                | AckBody::Initiate(_)
                | AckBody::Join(_)
                | AckBody::State(_),
            ) => self.refused(purpose, ClientCode::ServerError.into()),
        }
    }

    fn refused(&mut self, purpose: Purpose, error: ClientError) {
        match purpose {
            Purpose::Config => self.unconfigured(),
            Purpose::Initiate => {
                let is_elsewhere = error.code == Code::Server(ErrorCode::AlreadyInCall);
                self.with_call(|call, _| call.not_placed(error));
                if is_elsewhere && self.cx.signaling.features().sync {
                    // It may be a call that a former page of this device left behind.
                    self.cx
                        .ask(ClientEvent::CallSync(client::CallSync {}), Purpose::Sync);
                }
            }
            Purpose::Enter => self.with_call(|call, cx| call.not_entered(cx, error)),
            Purpose::Resume => self.with_call(|call, cx| call.not_resumed(cx, &error)),
            // The next connection may tell.
            Purpose::TakeBack(kept) => {
                self.cx.options.kept = Some(kept).filter(|_| error.retryable());
                self.promote();
            }
            Purpose::Asked(request) => self.cx.settle(request, Err(error)),
            Purpose::Abandoned(_) | Purpose::Sync | Purpose::Probe | Purpose::Farewell => {}
        }
    }

    pub(super) fn ack_overdue(&mut self, id: AckId) {
        let Some(purpose) = self.cx.signaling.take(id) else {
            return;
        };
        match purpose {
            Purpose::Farewell => {
                if let Some(request) = self.farewells.overdue(id) {
                    self.cx.settle(request, Ok(Settled::Done));
                }
            }
            // Should the ack come after all, the call must be ended on the server.
            Purpose::Initiate => {
                if let Some(chat) = self.live().map(|call| call.chat().clone()) {
                    self.cx
                        .signaling
                        .expect(self.cx.now, id, Purpose::Abandoned(chat));
                }
                self.refused(Purpose::Initiate, ClientCode::SignalingTimeout.into());
            }
            Purpose::Probe => self.cx.reconnect(),
            Purpose::Abandoned(chat) => {
                self.cx
                    .signaling
                    .expect(self.cx.now, id, Purpose::Abandoned(chat));
            }
            // It is gone without for now; should it come after all, it still counts.
            Purpose::Config => {
                self.cx.signaling.expect(self.cx.now, id, Purpose::Config);
                self.refused(Purpose::Config, ClientCode::SignalingTimeout.into());
            }
            purpose @ (Purpose::Enter
            | Purpose::Resume
            | Purpose::TakeBack(_)
            | Purpose::Sync
            | Purpose::Asked(_)) => {
                self.refused(purpose, ClientCode::SignalingTimeout.into());
            }
        }
    }

    fn farewell_acked(&mut self, id: AckId, result: Result<(), &AckFailure>) {
        let request = match self.farewells.acked(id, result) {
            Heard::Settle(request) => request,
            Heard::Again(request) => {
                self.repeat_farewells();
                request
            }
        };
        if let Some(request) = request {
            self.cx.settle(request, Ok(Settled::Done));
        }
    }

    /// The calls behind the current one of which the server knows nothing do not ring any more.
    fn silence_unlisted(&mut self, calls: &[CallSnapshot]) {
        let is_listed = |waiting: &Waiting| {
            let mut listed = calls.iter();
            listed.any(|call| call.session_id == waiting.incoming.session_id)
        };
        while let Some(position) = self.waiting.iter().position(|one| !is_listed(one)) {
            let waiting = self.waiting.remove(position);
            self.tell_ended(&waiting, EndReason::Missed, None);
        }
    }

    /// Tells whether the server has this device in a call.
    fn is_here(&self, call: &CallSnapshot) -> bool {
        let signaling = &self.cx.signaling;
        call.participants.iter().any(|one| {
            signaling.is_me(&one.user_id)
                && one.device_id.is_some()
                && one.device_id == signaling.device
        })
    }

    /// Leaves the calls that a former page of this device was in and nobody goes on with.
    pub(super) fn leave_ghosts(&mut self, calls: &[CallSnapshot]) {
        if self.is_returning() {
            return;
        }
        for call in calls {
            let session = &call.session_id;
            let is_placed =
                self.cx.signaling.is_me(&call.caller_id) && self.placed_here(&call.chat_id);
            let is_known = is_placed || self.is_current(session) || self.farewells.concern(session);
            if !is_known && self.is_here(call) {
                let goodbye = Goodbye {
                    session: session.clone(),
                    chat: Some(call.chat_id.clone()),
                    act: Act::Leave,
                };
                self.part(Some(goodbye), None);
            }
        }
    }

    /// Returns the live calls of this user as the application sees them.
    fn live_calls(&self, calls: Vec<CallSnapshot>) -> Vec<LiveCallView> {
        let view = |call: CallSnapshot| {
            let here = self.is_here(&call);
            let started_at = call.started_at_ms.map(|_| {
                let now = self.cx.now;
                Instant(now.0.saturating_sub(call.elapsed_ms))
            });
            LiveCallView {
                call,
                started_at,
                here,
            }
        };
        calls.into_iter().map(view).collect()
    }

    fn configured(&mut self, config: ConfigAck) {
        if let Some(you) = &config.you {
            self.cx.signaling.user = Some(you.user_id.clone());
            self.cx.signaling.device = Some(you.device_id.clone());
        }
        if let Some(ttl) = config.ttl {
            // While there is time left to ask again.
            let renewal = self.cx.now.after(ttl.saturating_mul(RENEWED_AFTER_MS));
            self.cx.timers.set(Timer::Credentials, renewal);
        }
        let expires = config.ttl.is_some();
        self.cx.signaling.server = Some(Server::from_ack(self.cx.now, config));
        if expires {
            self.with_call(Call::reconfigure);
        }
        self.server_known();
        self.take_back();
        self.know_oneself();
        let calls = std::mem::take(&mut self.unread);
        if !calls.is_empty() {
            self.call_state(CallState { calls });
        }
    }

    /// Before it knew who it is, this side may have taken itself for one of the others.
    fn know_oneself(&mut self) {
        if let Some(own) = self.cx.signaling.user.clone() {
            self.with_call(|call, cx| {
                call.unseat(cx, &own, ParticipantStatus::Left);
                GOES_ON
            });
        }
    }

    /// Asks for the call that the page was in before it was reloaded.
    fn take_back(&mut self) {
        let features = self.cx.signaling.features();
        if !features.resume {
            self.cx.options.kept = None;
            return self.promote();
        }
        if !self.cx.signaling.is_up() {
            return;
        }
        if let Some(kept) = self.cx.options.kept.take() {
            let event = ClientEvent::CallResume(client::CallResume {
                session_id: kept.session.clone(),
                fresh: features.fresh_resume,
            });
            self.cx.ask(event, Purpose::TakeBack(kept));
        }
    }

    /// Tells whether the page may be about to be in a call again.
    pub(super) fn is_returning(&self) -> bool {
        let is_known = self.cx.signaling.server.is_some();
        (self.cx.options.kept.is_some() && !is_known) || self.cx.signaling.awaits_return()
    }

    /// The person turns to another call than the one that the page was in.
    pub(super) fn do_not_return(&mut self) {
        self.cx.options.kept = None;
        if let Some((ack, session_id)) = self.cx.signaling.take_return() {
            self.cx.timers.stop(Timer::Ack(ack));
            let goodbye = Goodbye {
                session: session_id,
                chat: None,
                act: Act::Leave,
            };
            self.part(Some(goodbye), None);
        }
    }

    /// The server has this device in the call again.
    fn taken_back(&mut self, kept: KeptCall, snapshot: CallSnapshot) {
        let session = kept.session;
        match &self.slot {
            Slot::Idle | Slot::Ended(_) if snapshot.status.is_live() => {
                // It may have begun to ring here before it was known to be the page's own.
                self.forget_waiting(&session);
                // Whoever muted while the page came back is not heard either.
                self.cx.media.muted |= kept.muted;
                let call = Call::returned(&mut self.cx, &snapshot);
                self.slot = Slot::Live(Box::new(call));
                self.begin_video(Some(kept.video));
                self.cx.notify(Notification::Resumed(session));
                self.with_call(|call, cx| call.take_up(cx, snapshot));
            }
            Slot::Idle | Slot::Ended(_) => self.promote(),
            // Whoever turned to another call has said so already.
            Slot::Live(_) | Slot::Disposed(_) => {}
        }
    }

    fn unconfigured(&mut self) {
        self.cx.assume_server();
        self.server_known();
        self.take_back();
    }

    fn server_known(&mut self) {
        self.with_call(|call, cx| {
            call.server_known(cx);
            GOES_ON
        });
    }

    /// Ends a call that the server knows and this device does not want any more.
    fn end_orphan(&mut self, chat: &ChatId, session_id: SessionId) {
        if let Some(position) = self.waiting_position(&session_id) {
            let waiting = self.waiting.remove(position);
            let by = self.cx.signaling.user.clone();
            self.tell_ended(&waiting, EndReason::Cancelled, by);
        }
        let goodbye = Goodbye {
            session: session_id,
            chat: Some(chat.clone()),
            act: Act::End(Some(EndReason::Cancelled)),
        };
        self.part(Some(goodbye), None);
        self.orphans.retain(|orphan| orphan != chat);
    }

    /// Looks for calls of this device that it gave up before the server had named them.
    pub(super) fn end_orphans(&mut self, calls: &[CallSnapshot]) {
        for call in calls {
            let is_mine = self.cx.signaling.is_me(&call.caller_id)
                && call.status == CallStatus::Ringing
                && self.orphans.contains(&call.chat_id)
                && !self.is_current(&call.session_id);
            if is_mine && !self.placed_here(&call.chat_id) {
                self.end_orphan(&call.chat_id, call.session_id.clone());
            }
        }
    }

    /// Tells whether the current call may be the one that a snapshot of this chat shows.
    fn placed_here(&self, chat: &ChatId) -> bool {
        match &self.slot {
            Slot::Live(call) => call.session().is_none() && call.chat() == chat,
            Slot::Idle | Slot::Ended(_) | Slot::Disposed(_) => false,
        }
    }
}
