//! Signals: authorised against the call at hand and passed on; nothing is stored.

use std::sync::Arc;

use ringback_protocol::{
    ChatId, DeviceId, ErrorCode, Failure, ParticipantStatus, SessionId, UserId, VideoState,
};

use super::CallManager;
use super::cache::LiveCall;
use super::change::must_be_in_chat;
use crate::calls::ports::{Actor, Recipient};
use crate::calls::session::{CallSession, Input, Participant};
use crate::calls::signal::{Address, Signal};
use crate::events::{ServerEvent, client, server};

impl CallManager {
    /// Passes a signal on at once, if nothing has to be waited for: that is nearly always so.
    ///
    /// # Errors
    /// The signal, when the call or its target is not at hand; whether it may pass is not settled then.
    pub(super) fn pass_now(
        &self,
        actor: &Actor,
        signal: Signal,
    ) -> Result<Result<(), Failure>, Signal> {
        let address = signal.address();
        let Some(session) = self.session_now(actor, address) else {
            return Err(signal);
        };
        let to = match recipient(actor, &session, address) {
            Ok(to) => to,
            Err(failure) => return Ok(Err(failure)),
        };
        if !self.emitter.is_here(&to) {
            return Err(signal);
        }
        let event = signal.passed_on(actor, &session.chat().id);
        Ok(reached(self.emitter.pass_here(&to, &event)))
    }

    /// Passes a signal on, whatever has to be looked up first.
    pub(super) async fn pass(&self, actor: &Actor, signal: Signal) -> Result<(), Failure> {
        let address = signal.address();
        let session = self.session_for(actor, address.call, address.chat).await?;
        let to = recipient(actor, &session, address)?;
        let event = signal.passed_on(actor, &session.chat().id);
        reached(self.emitter.pass(&to, &event).await)
    }

    pub(super) async fn toggle_audio(
        &self,
        actor: &Actor,
        event: client::CallToggleAudio,
    ) -> Result<(), Failure> {
        let call = self.call_for(actor, &event.session_id, event.chat_id.as_ref());
        let (call, session) = call.await?;
        let said = call.media.muted(&actor.user, event.muted);
        self.tell_said(&call, &actor.user, said);
        let toggle = server::CallParticipantAudioToggle {
            session_id: event.session_id,
            user_id: actor.user.clone(),
            muted: event.muted,
        };
        self.tell_others(actor, &session, &toggle.into()).await;
        Ok(())
    }

    pub(super) async fn toggle_video(
        &self,
        actor: &Actor,
        event: client::CallToggleVideo,
    ) -> Result<(), Failure> {
        let call = self.call_for(actor, &event.session_id, event.chat_id.as_ref());
        let (call, session) = call.await?;
        let video = VideoState::of(event.enabled, event.source);
        let said = call.media.video(&actor.user, video);
        self.tell_said(&call, &actor.user, said);
        let toggle = server::CallParticipantVideoToggle {
            session_id: event.session_id,
            user_id: actor.user.clone(),
            enabled: event.enabled,
            source: event.source,
        };
        self.tell_others(actor, &session, &toggle.into()).await;
        Ok(())
    }

    /// Returns the call, if it is at hand and as it stands, and this very device may signal in it.
    fn session_now(&self, actor: &Actor, to: Address<'_>) -> Option<Arc<CallSession>> {
        let call = self.calls.find(to.call)?;
        if !self.is_up_to_date(&call) {
            return None;
        }
        let session = call.session();
        must_be_in_chat(&session, to.chat).ok()?;
        (session.is_live() && may_signal(&session, actor)).then_some(session)
    }

    /// Returns the call, provided that this very device is in it, or may signal ahead of that.
    async fn session_for(
        &self,
        actor: &Actor,
        id: &SessionId,
        chat: Option<&ChatId>,
    ) -> Result<Arc<CallSession>, Failure> {
        let call = self.live_call_for(actor, id, chat).await?;
        let session = call.session();
        if may_signal(&session, actor) {
            return Ok(session);
        }
        self.take_up_again(actor, &call).await
    }

    /// Returns the call, provided that this very device is in it.
    async fn call_for(
        &self,
        actor: &Actor,
        id: &SessionId,
        chat: Option<&ChatId>,
    ) -> Result<(Arc<LiveCall>, Arc<CallSession>), Failure> {
        let call = self.live_call_for(actor, id, chat).await?;
        let session = call.session();
        if joined_on(&session, actor) {
            return Ok((call, session));
        }
        let session = self.take_up_again(actor, &call).await?;
        Ok((call, session))
    }

    async fn live_call_for(
        &self,
        actor: &Actor,
        id: &SessionId,
        chat: Option<&ChatId>,
    ) -> Result<Arc<LiveCall>, Failure> {
        let call = match self.calls.find(id) {
            // The common case: no membership to look up, nothing to wait for.
            Some(call) if call.session().participant(&actor.user).is_some() => {
                self.bring_up_to_date(&call).await?;
                call
            }
            Some(_) | None => self.visible_call(actor, id, None).await?,
        };
        let session = call.session();
        must_be_in_chat(&session, chat)?;
        if session.is_live() {
            Ok(call)
        } else {
            Err(ErrorCode::CallEnded.into())
        }
    }

    /// A device that signals is back, also when its client knows no `call:resume`.
    ///
    /// Such a client comes back under a new device id: that of its new socket.
    async fn take_up_again(
        &self,
        actor: &Actor,
        call: &LiveCall,
    ) -> Result<Arc<CallSession>, Failure> {
        self.drop_predecessor(actor, call).await?;
        let state = call
            .session()
            .participant(&actor.user)
            .map(Participant::status);
        if state != Some(ParticipantStatus::Reconnecting) {
            return Err(ErrorCode::NotInCall.into());
        }
        let input = Input::Resume {
            user: actor.user.clone(),
            device: actor.device.clone(),
            fresh: false,
        };
        self.change(call, input, |_| {}).await?;
        Ok(call.session())
    }

    async fn tell_others(&self, actor: &Actor, session: &CallSession, event: &ServerEvent) {
        for (user, device) in session.in_call().filter(|(user, _)| **user != actor.user) {
            let to = Recipient::Device(user.clone(), device.clone());
            self.emitter.emit(&to, event).await;
        }
    }
}

fn reached(reached: bool) -> Result<(), Failure> {
    if reached {
        Ok(())
    } else {
        Err(ErrorCode::TargetUnreachable.into())
    }
}

/// Tells whether that very device is in the call, or may signal ahead of that.
fn may_signal(session: &CallSession, actor: &Actor) -> bool {
    joined_on(session, actor) || session.preconnects(&actor.user)
}

/// Tells whether that very device is in the call, and not on its way back to it.
fn joined_on(session: &CallSession, actor: &Actor) -> bool {
    session.participant(&actor.user).is_some_and(|participant| {
        participant.status() == ParticipantStatus::Joined
            && participant.device() == Some(&actor.device)
    })
}

/// Returns the device that a signal is for: the one by which the target is in the call.
fn recipient(actor: &Actor, session: &CallSession, to: Address<'_>) -> Result<Recipient, Failure> {
    if let Some(ahead) = ahead_of_the_answer(actor, session, to.user, to.device)? {
        return Ok(ahead);
    }
    let (user, joined) = match to.user {
        Some(user) => named(actor, session, user)?,
        None => only_other(actor, session)?,
    };
    if to.device.is_some_and(|device| *device != joined) {
        return Err(ErrorCode::TargetUnreachable.into());
    }
    Ok(Recipient::Device(user, joined))
}

/// Returns whom a signal is for that goes ahead of the answer, in a call that was placed for it:
/// the caller's device, from one that rings; one that rings, by name, from the caller's device.
fn ahead_of_the_answer(
    actor: &Actor,
    session: &CallSession,
    user: Option<&UserId>,
    device: Option<&DeviceId>,
) -> Result<Option<Recipient>, Failure> {
    if session.preconnects(&actor.user) {
        let caller = session.caller();
        let joined = session.participant(caller).and_then(Participant::device);
        let is_for_caller = user.is_none_or(|user| user == caller);
        return match joined.filter(|joined| is_for_caller && device.is_none_or(|to| to == *joined))
        {
            Some(joined) => Ok(Some(Recipient::Device(caller.clone(), joined.clone()))),
            None => Err(ErrorCode::NotInCall.into()),
        };
    }
    match (user, device) {
        (Some(user), Some(device)) if session.caller() == &actor.user => {
            let rings = session.preconnects(user);
            Ok(rings.then(|| Recipient::Device(user.clone(), device.clone())))
        }
        (Some(_) | None, _) => Ok(None),
    }
}

fn named(
    actor: &Actor,
    session: &CallSession,
    user: &UserId,
) -> Result<(UserId, DeviceId), Failure> {
    if *user == actor.user {
        let text = "A signal must be for somebody else.";
        return Err(Failure::new(ErrorCode::InvalidPayload, text));
    }
    let device = session.participant(user).and_then(Participant::device);
    match device.cloned() {
        Some(device) => Ok((user.clone(), device)),
        None => Err(ErrorCode::TargetUnreachable.into()),
    }
}

fn only_other(actor: &Actor, session: &CallSession) -> Result<(UserId, DeviceId), Failure> {
    let mut others = session.in_call().filter(|(user, _)| **user != actor.user);
    match (others.next(), others.next()) {
        (Some((user, device)), None) => Ok((user.clone(), device.clone())),
        (Some(_), Some(_)) | (None, _) => Err(Failure::new(
            ErrorCode::InvalidPayload,
            "Say who it is for: targetUserId may be absent only with exactly one other participant.",
        )),
    }
}
