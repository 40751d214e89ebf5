//! What the browser's part reports, as an array: what happened, of which link or device, and how.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::Inbox;
use super::decode::{Malformed, decode};
use crate::core::error::{ClientCode, ClientError};
use crate::core::ids::{Generation, LinkId, MediaId, RequestId};
use crate::core::quality::{CandidateType, StatsSample};
use crate::core::{
    CaptureError, ConnectionState, DeviceInput, Input, MediaKind, PeerInput, Permission,
    SpeakerError,
};

/// Puts a report into the inbox; one of a kind that is not known is dropped.
pub(super) fn put(inbox: &Inbox, report: &JsValue) {
    let report = Fields(report.unchecked_ref());
    let what = report.text(0);
    if what == "unsupported" {
        refuse(inbox, &report);
    } else if let Some(input) = of_link(&what, &report) {
        inbox.put(Input::Peer(LinkId(report.number(1)), input));
    } else if let Some(input) = of_device(&what, &report) {
        inbox.put_device(input);
    }
}

/// No connection could be made: the link counts as failed.
fn refuse(inbox: &Inbox, report: &Fields<'_>) {
    inbox.fail(ClientError {
        detail: Some(report.text(2)),
        ..ClientCode::Unsupported.into()
    });
    let failed = PeerInput::ConnectionState(ConnectionState::Failed);
    inbox.put(Input::Peer(LinkId(report.number(1)), failed));
}

struct Fields<'a>(&'a Array);

impl Fields<'_> {
    fn get(&self, at: u32) -> JsValue {
        self.0.get(at)
    }

    fn text(&self, at: u32) -> String {
        self.get(at).as_string().unwrap_or_default()
    }

    fn figure(&self, at: u32) -> f64 {
        self.get(at).as_f64().unwrap_or(0.0)
    }

    fn number(&self, at: u32) -> u32 {
        self.figure(at) as u32
    }

    fn generation(&self) -> Generation {
        Generation(self.number(2))
    }
}

fn of_link(what: &str, report: &Fields<'_>) -> Option<PeerInput> {
    Some(match what {
        "offer" => described(PeerInput::OfferCreated, report),
        "answer" => described(PeerInput::AnswerCreated, report),
        "offerApplied" => PeerInput::OfferApplied(report.generation()),
        "answerApplied" => PeerInput::AnswerApplied(report.generation()),
        "failed" => PeerInput::NegotiationFailed(report.generation(), report.text(3)),
        "candidate" => PeerInput::CandidateFound(decode(report.get(2)).ok()?),
        "state" => PeerInput::ConnectionState(connection_state(&report.text(2))?),
        "negotiate" => PeerInput::NegotiationNeeded,
        "tracks" => PeerInput::RemoteTrack,
        "video" => PeerInput::RemoteVideo,
        "level" => PeerInput::Level(report.get(2).as_f64()),
        "stats" => PeerInput::Stats(sample(&report.get(2))),
        _ => return None,
    })
}

fn described(
    done: fn(Generation, ringback_protocol::SessionDescription) -> PeerInput,
    report: &Fields<'_>,
) -> PeerInput {
    let generation = report.generation();
    match decode(report.get(3)) {
        Ok(description) => done(generation, description),
        Err(Malformed) => PeerInput::NegotiationFailed(generation, String::new()),
    }
}

fn connection_state(state: &str) -> Option<ConnectionState> {
    Some(match state {
        "new" => ConnectionState::New,
        "connecting" => ConnectionState::Connecting,
        "connected" => ConnectionState::Connected,
        "disconnected" => ConnectionState::Disconnected,
        "failed" => ConnectionState::Failed,
        "closed" => ConnectionState::Closed,
        _ => return None,
    })
}

fn sample(figures: &JsValue) -> StatsSample {
    let figures = Fields(figures.unchecked_ref());
    StatsSample {
        bytes_received: figures.figure(0),
        packets_received: figures.figure(1),
        packets_lost: figures.figure(2),
        total_samples_received: figures.figure(3),
        concealed_samples: figures.figure(4),
        jitter_s: figures.figure(5),
        audio_level: figures.figure(6),
        round_trip_s: figures.get(7).as_f64(),
        candidate_type: candidate_type(&figures.text(8)),
    }
}

fn candidate_type(name: &str) -> Option<CandidateType> {
    Some(match name {
        "host" => CandidateType::Host,
        "srflx" => CandidateType::Srflx,
        "prflx" => CandidateType::Prflx,
        "relay" => CandidateType::Relay,
        _ => return None,
    })
}

fn of_device(what: &str, report: &Fields<'_>) -> Option<DeviceInput> {
    let capture = || Some((kind(&report.text(1))?, MediaId(report.number(2))));
    Some(match what {
        "permission" => DeviceInput::Permission(permission(&report.text(1))),
        "captureOpened" => {
            let (kind, id) = capture()?;
            DeviceInput::Opened(kind, id)
        }
        "captureFailed" => {
            let (kind, id) = capture()?;
            DeviceInput::Failed(kind, id, capture_error(&report.text(3)), report.text(4))
        }
        "captureEnded" => {
            let (kind, id) = capture()?;
            DeviceInput::Ended(kind, id)
        }
        "interrupted" => {
            let (kind, id) = capture()?;
            DeviceInput::Interrupted(kind, id, report.get(3).is_truthy())
        }
        "devices" => DeviceInput::DevicesChanged,
        "network" => DeviceInput::NetworkChanged,
        "blocked" => DeviceInput::PlaybackBlocked(LinkId(report.number(1))),
        "speaker" => DeviceInput::SpeakerSet(RequestId(report.number(1)), speaker(report)),
        _ => return None,
    })
}

fn kind(name: &str) -> Option<MediaKind> {
    Some(match name {
        "microphone" => MediaKind::Microphone,
        "camera" => MediaKind::Camera,
        "screen" => MediaKind::Screen,
        _ => return None,
    })
}

fn permission(state: &str) -> Permission {
    match state {
        "granted" => Permission::Granted,
        "denied" => Permission::Denied,
        _ => Permission::Prompt,
    }
}

fn capture_error(reason: &str) -> CaptureError {
    match reason {
        "denied" => CaptureError::Denied,
        "notFound" => CaptureError::NotFound,
        "inUse" => CaptureError::InUse,
        "insecure" => CaptureError::InsecureContext,
        _ => CaptureError::Failed,
    }
}

fn speaker(report: &Fields<'_>) -> Result<(), SpeakerError> {
    match report.text(2).as_str() {
        "" => Ok(()),
        "unsupported" => Err(SpeakerError::Unsupported),
        _ => Err(SpeakerError::NotFound),
    }
}
