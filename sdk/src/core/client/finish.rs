//! The end of the current call, and what rings behind it.

use std::rc::Rc;

use ringback_protocol::SessionId;

use super::{Announcement, Client, Slot, Waiting};
use crate::core::call::{Call, End, caller};
use crate::core::error::ClientCode;
use crate::core::farewell::Goodbye;
use crate::core::ids::RequestId;
use crate::core::media::VideoSource;
use crate::core::output::{Notification, Settled};
use crate::core::signaling::{ACK_TIMEOUT_MS, Purpose};
use crate::core::timers::Timer;
use crate::core::view::IncomingView;

/// How long a farewell waits before it is said again to a server that could not take it.
const FAREWELL_AGAIN_MS: u64 = 1_000;

/// How many calls that ended are remembered.
const MOST_ENDED: usize = 8;

impl Client {
    /// Ends the current call: releases everything, tells the server and the application, once.
    pub(super) fn finish(&mut self, end: End) {
        self.close_call(end);
        self.promote();
    }

    /// Ends the current call without looking at what rings behind it.
    pub(super) fn close_call(&mut self, end: End) {
        let Slot::Live(mut call) = std::mem::replace(&mut self.slot, Slot::Idle) else {
            return;
        };
        let farewell = call.farewell(end.parting);
        if farewell.is_some() {
            call.report_quality(&mut self.cx);
        }
        let duration_ms = call.duration_ms(self.cx.now);
        let mut view = call.last_view(&self.cx.media, end.reason.clone());
        call.release(&mut self.cx, &end.cause);
        // A person who muted one call does not expect to begin the next one unheard.
        self.cx.media.muted = false;
        view.muted = false;
        view.video = VideoSource::Off;
        let (session_id, chat_id) = (view.session_id.clone(), view.chat_id.clone());
        self.remember(session_id.as_ref());
        if call.is_lost() {
            self.orphans.push(chat_id.clone());
        }
        self.slot = Slot::Ended(Rc::new(view));
        self.part(farewell, end.request);
        self.announce();
        self.cx.notify(Notification::Ended {
            session_id,
            chat_id,
            ended_by: end.by,
            reason: end.reason,
            duration_ms,
        });
    }

    fn remember(&mut self, session: Option<&SessionId>) {
        if self.ended.len() >= MOST_ENDED {
            self.ended.remove(0);
        }
        self.ended.extend(session.cloned());
    }

    /// Tells the server that a call is over here; resolves the promise when there is nothing to tell.
    pub(super) fn part(&mut self, farewell: Option<Goodbye>, request: Option<RequestId>) {
        if let Some(goodbye) = farewell {
            self.farewells.add(goodbye, request);
            self.say_farewells();
        } else if let Some(request) = request {
            self.cx.settle(request, Ok(Settled::Done));
        }
    }

    /// Emits every farewell that waits, if the socket is there.
    pub(super) fn say_farewells(&mut self) {
        if !self.cx.signaling.is_up() {
            self.cx
                .timers
                .set(Timer::Farewell, self.cx.now.after(ACK_TIMEOUT_MS));
            return;
        }
        loop {
            let ack = self.cx.next_ack();
            let Some(event) = self.farewells.send_next(ack) else {
                break;
            };
            self.cx.ask_as(ack, event, Purpose::Farewell);
        }
    }

    /// Says a farewell again after a while.
    pub(super) fn repeat_farewells(&mut self) {
        self.cx
            .timers
            .set(Timer::Farewell, self.cx.now.after(FAREWELL_AGAIN_MS));
    }

    /// Without the socket nobody is kept waiting; with it, what waited is said.
    pub(super) fn farewells_due(&mut self) {
        if self.cx.signaling.is_up() {
            self.say_farewells();
        } else {
            for request in self.farewells.release() {
                self.cx.settle(request, Ok(Settled::Done));
            }
        }
    }

    /// The first call that rings behind the one that ended becomes the current one.
    pub(super) fn promote(&mut self) {
        match self.slot {
            Slot::Idle | Slot::Ended(_) if !self.waiting.is_empty() => {
                let next = self.waiting.remove(0);
                self.ring(next);
            }
            Slot::Idle | Slot::Ended(_) | Slot::Live(_) | Slot::Disposed(_) => {}
        }
    }

    /// A call rings here, and there is no other.
    pub(super) fn ring(&mut self, waiting: Waiting) {
        let view = incoming_view(&waiting);
        self.slot = Slot::Live(Box::new(Call::ring(&mut self.cx, waiting.incoming)));
        match waiting.announcement {
            Announcement::Made => {}
            Announcement::Withheld => self.cx.notify(Notification::Incoming(view)),
        }
    }

    /// Ends everything for good.
    pub(super) fn dispose(&mut self, request: RequestId) {
        if let Some(call) = self.live() {
            let parting = call.parting_of_disposed();
            let mut end = call.hang_up(&self.cx, None, parting);
            end.cause = ClientCode::Disposed.into();
            self.close_call(*end);
        }
        self.do_not_return();
        self.waiting.clear();
        for asked in self.cx.signaling.take_asked() {
            self.cx.settle(asked, Err(ClientCode::Disposed.into()));
        }
        for waits in self.farewells.release() {
            self.cx.settle(waits, Ok(Settled::Done));
        }
        for (waits, _) in std::mem::take(&mut self.cx.media.asked_speakers) {
            self.cx.settle(waits, Err(ClientCode::Disposed.into()));
        }
        // Socket.IO keeps what is emitted while it is away, as long as the socket lives.
        for event in self.farewells.drain() {
            self.cx.emit(event);
        }
        self.cx.timers.clear();
        self.slot = match std::mem::replace(&mut self.slot, Slot::Idle) {
            Slot::Ended(view) => Slot::Disposed(Some(view)),
            Slot::Disposed(view) => Slot::Disposed(view),
            Slot::Idle | Slot::Live(_) => Slot::Disposed(None),
        };
        self.cx.settle(request, Ok(Settled::Done));
    }
}

/// Returns a call that rings as the application sees it.
pub(super) fn incoming_view(waiting: &Waiting) -> IncomingView {
    let incoming = &waiting.incoming;
    IncomingView {
        session_id: incoming.session_id.clone(),
        chat_id: incoming.chat_id.clone(),
        call_type: incoming.call_type,
        caller: caller(incoming).user,
        targets: incoming.target_user_ids.clone(),
    }
}
