//! What the application asks.

use ringback_protocol::{ClientEvent, client};
use ringback_protocol::{EndReason, ErrorCode, SessionId, UserId};

use super::devices::{push_to_talk, talked};
use super::{Announcement, Client, Slot};
use crate::core::call::{Call, Dial, End, GOES_ON, Parting};
use crate::core::error::{ClientCode, ClientError};
use crate::core::farewell::{Act, Goodbye};
use crate::core::ids::RequestId;
use crate::core::input::{Command, Request};
use crate::core::media::MediaKind;
use crate::core::output::Settled;
use crate::core::signaling::Purpose;
use crate::core::timers::Timer;

/// How long the microphone waits for an answer that was about to come, in milliseconds.
const PREPARED_MS: u64 = 10_000;

impl Client {
    pub(super) fn request(&mut self, request: Request) {
        let Request { id, command } = request;
        if let Slot::Disposed(_) = self.slot {
            let result = match command {
                Command::Dispose => Ok(Settled::Done),
                Command::Initiate { .. }
                | Command::Accept(..)
                | Command::PrepareToAccept
                | Command::Join(..)
                | Command::Invite(_)
                | Command::LiveCalls
                | Command::Reject(..)
                | Command::End(_)
                | Command::Leave
                | Command::SetMuted(_)
                | Command::SetCamera(_)
                | Command::SetScreen(_)
                | Command::SetDevice(..)
                | Command::SetSpeaker(_)
                | Command::SetPushToTalk(_)
                | Command::Talk(_) => Err(ClientCode::Disposed.into()),
            };
            self.cx.settle(id, result);
            return;
        }
        match command {
            Command::Initiate {
                chat_id,
                call_type,
                targets,
                video,
            } => {
                let dial = Dial {
                    chat: chat_id,
                    call_type,
                    targets,
                };
                self.initiate(id, dial, video);
            }
            Command::Accept(session, video) => self.accept(id, session, video),
            Command::PrepareToAccept => self.prepare_to_accept(id),
            Command::Join(session, video) => self.join(id, session, video),
            Command::Invite(users) => self.invite(id, users),
            Command::LiveCalls => self.look_for_calls(id),
            Command::Reject(session, reason) => self.reject(id, session, reason),
            Command::End(reason) => self.hang_up(id, Parting::End(reason)),
            Command::Leave => self.hang_up(id, Parting::Leave),
            Command::SetMuted(muted) => self.change_talk(id, |media| media.muted = muted),
            Command::SetPushToTalk(on) => {
                self.change_talk(id, |media| media.talk = push_to_talk(on));
            }
            Command::Talk(pressed) => {
                self.change_talk(id, |media| media.talk = talked(media.talk, pressed));
            }
            Command::SetCamera(on) => self.switch(id, MediaKind::Camera, on),
            Command::SetScreen(on) => self.switch(id, MediaKind::Screen, on),
            Command::SetDevice(kind, choice) => self.set_device(id, kind, choice),
            Command::SetSpeaker(choice) => self.set_speaker(id, choice),
            Command::Dispose => self.dispose(id),
        }
    }

    fn initiate(&mut self, id: RequestId, mut dial: Dial, video: Option<bool>) {
        if let Some(targets) = &mut dial.targets {
            // An application may name everyone in a chat, this user too.
            targets.retain(|target| !self.cx.signaling.is_me(target));
        }
        let refusal = match &self.slot {
            _ if !self.cx.signaling.is_up() => Some(ClientError::from(ClientCode::NotConnected)),
            _ if dial.targets.as_ref().is_some_and(Vec::is_empty) => {
                Some(ErrorCode::NoTargets.into())
            }
            Slot::Live(_) => Some(ErrorCode::AlreadyInCall.into()),
            Slot::Idle | Slot::Ended(_) | Slot::Disposed(_) => None,
        };
        if let Some(refusal) = refusal {
            self.cx.settle(id, Err(refusal));
            return;
        }
        self.do_not_return();
        self.slot = Slot::Live(Box::new(Call::dial(&mut self.cx, id, dial)));
        self.begin_video(video);
    }

    fn accept(&mut self, id: RequestId, session: Option<SessionId>, video: Option<bool>) {
        if !self.cx.signaling.is_up() {
            self.cx.settle(id, Err(ClientCode::NotConnected.into()));
            return;
        }
        let session = session.or_else(|| self.to_answer().cloned());
        match session {
            Some(session) if self.is_current(&session) => self.answer(id, video),
            Some(session) if self.bring_forward(&session) => {
                self.do_not_return();
                self.make_room();
                self.answer(id, video);
            }
            Some(_) | None => self.cx.settle(id, Err(ClientCode::NotRinging.into())),
        }
    }

    /// The person is about to answer: the microphone opens ahead, unless they would be asked for it.
    fn prepare_to_accept(&mut self, id: RequestId) {
        let is_asked = !self.cx.media.is_granted() && !self.cx.options.supplied_microphone;
        if !is_asked && self.live().is_some_and(Call::is_ringing) {
            self.cx.open(MediaKind::Microphone);
            let at = self.cx.now.after(PREPARED_MS);
            self.cx.timers.set(Timer::Prepared, at);
        }
        self.cx.settle(id, Ok(Settled::Done));
    }

    /// The answer did not come: the microphone is let go of.
    pub(super) fn not_answered(&mut self) {
        if self.live().is_some_and(Call::is_ringing) {
            self.cx.close(MediaKind::Microphone);
        }
    }

    fn join(&mut self, id: RequestId, session: SessionId, video: bool) {
        if self.waiting_position(&session).is_some() {
            return self.accept(id, Some(session), Some(video));
        }
        if !self.cx.signaling.is_up() {
            self.cx.settle(id, Err(ClientCode::NotConnected.into()));
            return;
        }
        match &mut self.slot {
            Slot::Live(call) if call.is(&session) => call.enter_current(&mut self.cx, id),
            Slot::Live(_) => self.cx.settle(id, Err(ErrorCode::AlreadyInCall.into())),
            Slot::Idle | Slot::Ended(_) | Slot::Disposed(_) => {
                self.do_not_return();
                let call = Call::join(&mut self.cx, id, session);
                self.slot = Slot::Live(Box::new(call));
                self.begin_video(Some(video));
            }
        }
    }

    fn invite(&mut self, id: RequestId, target_user_ids: Vec<UserId>) {
        let current = self.live().filter(|call| call.is_entered());
        let session = current.and_then(|call| call.session()).cloned();
        let refusal = match &session {
            _ if target_user_ids.is_empty() => ErrorCode::NoTargets.into(),
            Some(session_id) if self.cx.signaling.features().invite => {
                let session_id = session_id.clone();
                let event = ClientEvent::CallInvite(client::CallInvite {
                    session_id,
                    target_user_ids,
                });
                return self.look(id, event);
            }
            Some(_) => ErrorCode::UnknownEvent.into(),
            None => ClientError::from(ClientCode::NoCall),
        };
        self.cx.settle(id, Err(refusal));
    }

    fn look_for_calls(&mut self, id: RequestId) {
        self.look(id, ClientEvent::CallSync(client::CallSync {}));
    }

    /// Asks the server for something; the promise is settled by the ack alone.
    fn look(&mut self, id: RequestId, event: ClientEvent) {
        if self.cx.signaling.is_up() {
            self.cx.ask(event, Purpose::Asked(id));
        } else {
            self.cx.settle(id, Err(ClientCode::NotConnected.into()));
        }
    }

    /// Returns the call that an answer is meant for: the one that is being answered, else one that rings.
    fn to_answer(&self) -> Option<&SessionId> {
        let current = self.live().filter(|call| call.is_being_answered());
        let session = current.and_then(|call| call.session());
        session.or_else(|| self.ringing())
    }

    fn answer(&mut self, id: RequestId, video: Option<bool>) {
        let is_ringing = self.live().is_some_and(Call::is_ringing);
        self.with_call(|call, cx| {
            call.accept(cx, id);
            GOES_ON
        });
        if is_ringing {
            self.begin_video(video);
        }
    }

    /// Opens the camera of a call that begins; without it, the call goes on all the same.
    pub(super) fn begin_video(&mut self, video: Option<bool>) {
        if self
            .live()
            .is_some_and(|call| video.unwrap_or(call.is_video()))
        {
            self.cx.open(MediaKind::Camera);
        }
    }

    /// Returns the call that rings: the current one, else the first behind it.
    fn ringing(&self) -> Option<&SessionId> {
        let current = self.live().filter(|call| call.is_ringing());
        let behind = self
            .waiting
            .iter()
            .find(|waiting| waiting.announcement == Announcement::Made);
        current
            .and_then(|call| call.session())
            .or_else(|| behind.map(|waiting| &waiting.incoming.session_id))
    }

    pub(super) fn is_current(&self, session: &SessionId) -> bool {
        self.live().is_some_and(|call| call.is(session))
    }

    /// Puts a waiting call first in line; false when there is none of that name.
    fn bring_forward(&mut self, session: &SessionId) -> bool {
        let position = self.waiting_position(session);
        if let Some(position) = position {
            let waiting = self.waiting.remove(position);
            self.waiting.insert(0, waiting);
        }
        position.is_some()
    }

    pub(super) fn waiting_position(&self, session: &SessionId) -> Option<usize> {
        self.waiting
            .iter()
            .position(|waiting| waiting.incoming.session_id == *session)
    }

    /// Ends the current call, so that the next in line becomes the current one.
    fn make_room(&mut self) {
        if let Some(call) = self.live() {
            let end: Box<End> = call.hang_up(&self.cx, None, call.parting_of_disposed());
            self.finish(*end);
        } else {
            self.promote();
        }
    }

    fn reject(&mut self, id: RequestId, session: Option<SessionId>, reason: Option<EndReason>) {
        let session = session.or_else(|| self.rejectable());
        match session {
            Some(session)
                if self
                    .live()
                    .is_some_and(|call| call.is(&session) && call.is_unanswered()) =>
            {
                self.hang_up(id, Parting::Reject(reason));
            }
            Some(session) => match self.waiting_position(&session) {
                Some(position) => self.reject_waiting(id, position, reason),
                None => self.cx.settle(id, Err(ClientCode::NotRinging.into())),
            },
            None => self.cx.settle(id, Err(ClientCode::NotRinging.into())),
        }
    }

    fn rejectable(&self) -> Option<SessionId> {
        let current = self.live().filter(|call| call.is_unanswered());
        let current = current.and_then(|call| call.session());
        current.or_else(|| self.ringing()).cloned()
    }

    fn reject_waiting(&mut self, id: RequestId, position: usize, reason: Option<EndReason>) {
        let waiting = self.waiting.remove(position);
        let session_id = waiting.incoming.session_id.clone();
        let goodbye = Goodbye {
            session: session_id,
            chat: Some(waiting.incoming.chat_id.clone()),
            act: Act::Reject(reason.clone()),
        };
        self.part(Some(goodbye), Some(id));
        let by = self.cx.signaling.user.clone();
        self.tell_ended(&waiting, reason.unwrap_or(EndReason::Declined), by);
    }

    fn hang_up(&mut self, id: RequestId, parting: Parting) {
        match self.live() {
            Some(call) => {
                let end = call.hang_up(&self.cx, Some(id), parting);
                self.finish(*end);
            }
            None => self.cx.settle(id, Err(ClientCode::NoCall.into())),
        }
    }
}
