//! The signaling socket comes and goes.

use ringback_protocol::{ClientEvent, ErrorCode, client};

use super::{Client, Slot};
use crate::core::call::GOES_ON;
use crate::core::error::{ClientCode, ClientError};
use crate::core::input::SignalingInput;
use crate::core::output::Notification;
use crate::core::signaling::{Purpose, Socket};
use crate::core::timers::Timer;

impl Client {
    pub(super) fn signaling(&mut self, input: SignalingInput) {
        match (&self.slot, input) {
            // What was asked before the client was disposed may still have to be undone.
            (_, SignalingInput::Ack(id, result)) => self.ack(id, result),
            (Slot::Disposed(_), SignalingInput::Connected) => {}
            (Slot::Disposed(_), SignalingInput::Disconnected) => {}
            (Slot::Disposed(_), SignalingInput::Refused(_)) => {}
            (Slot::Disposed(_), SignalingInput::Event(_)) => {}
            (Slot::Idle | Slot::Live(_) | Slot::Ended(_), SignalingInput::Connected) => {
                self.connected();
            }
            (Slot::Idle | Slot::Live(_) | Slot::Ended(_), SignalingInput::Disconnected) => {
                self.disconnected();
            }
            (Slot::Idle | Slot::Live(_) | Slot::Ended(_), SignalingInput::Refused(code)) => {
                self.socket_refused(code);
            }
            (Slot::Idle | Slot::Live(_) | Slot::Ended(_), SignalingInput::Event(event)) => {
                self.event(event);
            }
        }
    }

    fn connected(&mut self) {
        if self.cx.signaling.is_up() {
            // A new connection without a word of the loss of the old one.
            self.disconnected();
        }
        self.cx.signaling.socket = Socket::Up;
        self.cx.query_permission();
        self.cx.fetch_config();
        self.say_farewells();
        self.with_call(|call, cx| {
            call.back(cx);
            GOES_ON
        });
        if !self.waiting.is_empty() && self.cx.signaling.features().sync {
            // They may have stopped ringing meanwhile.
            self.cx
                .ask(ClientEvent::CallSync(client::CallSync {}), Purpose::Sync);
        }
        self.cx.notify(Notification::Signaling(true));
    }

    fn disconnected(&mut self) {
        if !self.cx.signaling.is_up() {
            return;
        }
        self.cx.signaling.socket = Socket::Down;
        for (id, purpose) in self.cx.signaling.drop_acks() {
            self.cx.timers.stop(Timer::Ack(id));
            match purpose {
                Purpose::Abandoned(chat) => self.orphans.push(chat),
                Purpose::TakeBack(kept) => self.cx.options.kept = Some(kept),
                Purpose::Asked(request) => {
                    let lost = ClientCode::SignalingLost.into();
                    self.cx.settle(request, Err(lost));
                }
                // The farewells are said again; the call asks again for the others.
                Purpose::Farewell
                | Purpose::Config
                | Purpose::Initiate
                | Purpose::Enter
                | Purpose::Resume
                | Purpose::Probe
                | Purpose::Sync => {}
            }
        }
        self.farewells.requeue();
        if !self.farewells.is_empty() {
            self.say_farewells();
        }
        self.with_call(|call, cx| call.adrift(cx));
        self.cx.notify(Notification::Signaling(false));
    }

    fn socket_refused(&mut self, code: ErrorCode) {
        self.disconnected();
        let error = ClientError::from(code);
        self.cx.notify(Notification::Error(error));
    }
}
