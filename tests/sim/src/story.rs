//! What happened, in words.

use ringback_protocol::{ClientEvent, ServerEvent, SessionId};
use ringback_sdk::core::error::ClientError;
use ringback_sdk::core::{AckBody, AckFailure, Command, Notification, PeerInput, Settled};

/// The lines of a run; kept only when somebody is to read them.
#[derive(Debug, Default)]
pub struct Story {
    lines: Option<Vec<String>>,
}

impl Story {
    /// Makes a story that keeps its lines.
    #[must_use]
    pub const fn kept() -> Self {
        Self {
            lines: Some(Vec::new()),
        }
    }

    /// Tells whether lines are kept.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        self.lines.is_some()
    }

    /// Adds a line.
    pub fn tell(&mut self, now: u64, line: &str) {
        if let Some(lines) = &mut self.lines {
            let (minutes, seconds, ms) = (now / 60_000, now / 1_000 % 60, now % 1_000);
            lines.push(format!("{minutes:02}:{seconds:02}.{ms:03} {line}"));
        }
    }

    /// Returns the lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}

/// Says what an application asks.
#[must_use]
pub fn command(command: &Command) -> String {
    match command {
        Command::Initiate { targets, .. } => match targets {
            Some(targets) => {
                let names: Vec<_> = targets.iter().map(ToString::to_string).collect();
                format!("calls {}", names.join(" and "))
            }
            None => "calls everyone".to_owned(),
        },
        Command::PrepareToAccept => "reaches for the button".to_owned(),
        Command::Accept(..) => "accepts".to_owned(),
        Command::Join(session, _) => format!("joins {session}"),
        Command::Invite(users) => {
            let names: Vec<_> = users.iter().map(ToString::to_string).collect();
            format!("invites {}", names.join(" and "))
        }
        Command::LiveCalls => "asks for the live calls".to_owned(),
        Command::Reject(..) => "rejects".to_owned(),
        Command::End(_) => "hangs up".to_owned(),
        Command::Leave => "leaves".to_owned(),
        Command::SetMuted(true) => "mutes".to_owned(),
        Command::SetMuted(false) => "unmutes".to_owned(),
        Command::Dispose => "is disposed".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Says how a promise was settled.
#[must_use]
pub fn settled(result: &Result<Settled, ClientError>) -> String {
    match result {
        Ok(Settled::Done) => "done".to_owned(),
        Ok(Settled::Session(session)) => format!("placed {session}"),
        Ok(Settled::Switched(on)) => format!("switched {}", if *on { "on" } else { "off" }),
        Ok(Settled::Calls(calls)) => format!("{} live calls", calls.len()),
        Err(error) => format!("refused with {}", error.code()),
    }
}

/// Says what an application is told, unless it is of no interest.
#[must_use]
pub fn notification(notification: &Notification) -> Option<String> {
    Some(match notification {
        Notification::Incoming(view) => format!("rings: {}", view.session_id),
        Notification::Ended {
            session_id, reason, ..
        } => match session_id {
            Some(session) => format!("{session} is over: {}", reason.as_str()),
            None => format!("a call without a name is over: {}", reason.as_str()),
        },
        Notification::State { state, previous } if state != previous => {
            format!("is {}", state.as_str())
        }
        Notification::Resumed(session) => format!("takes {session} up again"),
        Notification::LinkFailed(user) => format!("cannot hear {}", user.id),
        Notification::LinkRecovered(user) => format!("hears {user} again"),
        Notification::Error(error) => format!("error {}", error.code()),
        _ => return None,
    })
}

/// Returns which call ended and why, when it is that.
#[must_use]
pub fn end(notification: &Notification) -> Option<(Option<SessionId>, String)> {
    match notification {
        Notification::Ended {
            session_id, reason, ..
        } => Some((session_id.clone(), reason.as_str().to_owned())),
        _ => None,
    }
}

/// Says what a peer connection reports.
#[must_use]
pub fn report(report: &PeerInput) -> String {
    match report {
        PeerInput::OfferCreated(..) => "made an offer".to_owned(),
        PeerInput::OfferApplied(_) => "took the offer".to_owned(),
        PeerInput::AnswerCreated(..) => "made an answer".to_owned(),
        PeerInput::AnswerApplied(_) => "took the answer".to_owned(),
        PeerInput::NegotiationFailed(_, why) => format!("failed: {why}"),
        PeerInput::CandidateFound(_) => "found a candidate".to_owned(),
        PeerInput::ConnectionState(state) => format!("is {state:?}").to_lowercase(),
        PeerInput::NegotiationNeeded => "needs negotiation".to_owned(),
        PeerInput::RemoteTrack => "has a track".to_owned(),
        PeerInput::Stats(_) => "was measured".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Says what a client emitted.
#[must_use]
pub fn client_event(event: &ClientEvent) -> String {
    let text = match event {
        ClientEvent::CallInitiate(e) => e.offer.as_ref().map_or("", |_| "with an offer").to_owned(),
        ClientEvent::CallAccept(e) => {
            let answer = e.answer.as_ref().map_or("", |_| " with an answer");
            format!("{}{answer}", e.session_id)
        }
        ClientEvent::CallReject(e) => e.session_id.to_string(),
        ClientEvent::CallEnd(e) => e.session_id.to_string(),
        ClientEvent::CallLeave(e) => e.session_id.to_string(),
        ClientEvent::CallJoin(e) => e.session_id.to_string(),
        ClientEvent::CallResume(e) => e.session_id.to_string(),
        ClientEvent::WebrtcOffer(e) => to(e.target_user_id.as_ref()),
        ClientEvent::WebrtcAnswer(e) => to(e.target_user_id.as_ref()),
        ClientEvent::WebrtcIceCandidate(e) => to(e.target_user_id.as_ref()),
        ClientEvent::CallToggleAudio(e) => (if e.muted { "muted" } else { "heard" }).to_owned(),
        _ => String::new(),
    };
    format!("{} {text}", event.name()).trim_end().to_owned()
}

fn to(user: Option<&ringback_protocol::UserId>) -> String {
    user.map_or_else(String::new, |user| format!("to {user}"))
}

/// Says what a server acked.
#[must_use]
pub fn ack(body: &Result<AckBody, AckFailure>) -> String {
    match body {
        Ok(AckBody::Empty | AckBody::Config(_)) => "ack".to_owned(),
        Ok(AckBody::Initiate(ack)) => format!("ack, it is {}", ack.session_id),
        Ok(AckBody::Join(ack)) => match &ack.call {
            Some(call) => format!("ack, {} v{}", call.session_id, call.version),
            None => "ack".to_owned(),
        },
        Ok(AckBody::State(ack)) => format!("ack, {} live calls", ack.calls.len()),
        Err(failure) => match failure.code {
            Some(code) => format!("refusal {code}"),
            None => format!("refusal {}", failure.message),
        },
    }
}

/// Says what a server emitted.
#[must_use]
pub fn server_event(event: &ServerEvent) -> String {
    let text = match event {
        ServerEvent::CallIncoming(e) => format!("{} from {}", e.session_id, e.caller_id),
        ServerEvent::CallRinging(e) => e.session_id.to_string(),
        ServerEvent::CallAccepted(e) => format!("{} by {}", e.session_id, e.accepted_by),
        ServerEvent::CallRejected(e) => {
            format!(
                "{} by {}: {}",
                e.session_id,
                e.rejected_by,
                e.reason.as_str()
            )
        }
        ServerEvent::CallMissed(e) => e.session_id.to_string(),
        ServerEvent::CallEnded(e) => format!("{}: {}", e.session_id, e.reason.as_str()),
        ServerEvent::CallParticipantJoined(e) => format!("{} {}", e.session_id, e.user_id),
        ServerEvent::CallParticipantLeft(e) => {
            format!("{} {}: {}", e.session_id, e.user_id, e.reason.as_str())
        }
        ServerEvent::CallParticipantReconnecting(e) => e.user_id.to_string(),
        ServerEvent::CallParticipantReconnected(e) => e.user_id.to_string(),
        ServerEvent::CallAnsweredElsewhere(e) => format!("{} on {}", e.session_id, e.device_id),
        ServerEvent::WebrtcOffer(e) => format!("from {}", e.from_user_id),
        ServerEvent::WebrtcAnswer(e) => format!("from {}", e.from_user_id),
        ServerEvent::WebrtcIceCandidate(e) => format!("from {}", e.from_user_id),
        ServerEvent::CallParticipantAudioToggle(e) => {
            format!("{} {}", e.user_id, if e.muted { "muted" } else { "heard" })
        }
        ServerEvent::CallState(e) => {
            let calls: Vec<_> = e
                .calls
                .iter()
                .map(|call| {
                    format!(
                        "{} v{} {}",
                        call.session_id,
                        call.version,
                        call.status.as_str()
                    )
                })
                .collect();
            calls.join(", ")
        }
        ServerEvent::CallError(e) => format!("{} {}", e.event, e.code),
        _ => String::new(),
    };
    format!("{} {text}", event.name()).trim_end().to_owned()
}
