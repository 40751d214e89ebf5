//! Every state against every kind of input, in one table that is read like a book.
//!
//! The table stands in `states.txt`. `RINGBACK_BLESS=1 cargo test -p ringback-sdk` writes it anew;
//! what changed in it is then to be reviewed like code.

use std::fmt::Write;

use ringback_protocol::server::{self, ElsewhereAction};
use ringback_protocol::{CallStatus, EndReason, ErrorCode, ParticipantStatus, StateAck};

use super::*;
use crate::core::CaptureError;

type Start = (&'static str, fn() -> Rig);
type Act = (&'static str, fn(&mut Rig) -> Vec<String>);

const STARTS: &[Start] = &[
    ("idle", Rig::connected),
    ("preparing", Rig::preparing),
    ("placing", Rig::placing),
    ("calling", Rig::calling),
    ("ringing", Rig::ringing),
    ("accepting", Rig::accepting),
    ("answering", Rig::answering),
    ("joining", Rig::joining),
    ("joined", Rig::joined),
    ("active", Rig::active),
    ("ended", Rig::over),
    ("disposed", Rig::disposed),
];

const ACTS: &[Act] = &[
    ("app initiate", |rig| rig.dial()),
    ("app accept", |rig| rig.ask(Command::Accept(None, None))),
    ("app prepare to accept", |rig| {
        rig.ask(Command::PrepareToAccept)
    }),
    ("app join", |rig| {
        rig.ask(Command::Join(session("s1"), false))
    }),
    ("app join another", |rig| {
        rig.ask(Command::Join(session("s3"), false))
    }),
    ("app invite", |rig| {
        rig.ask(Command::Invite(vec![user("dave")]))
    }),
    ("app live calls", |rig| rig.ask(Command::LiveCalls)),
    ("app reject", |rig| rig.ask(Command::Reject(None, None))),
    ("app end", |rig| rig.ask(Command::End(None))),
    ("app leave", |rig| rig.ask(Command::Leave)),
    ("app mute", |rig| rig.ask(Command::SetMuted(true))),
    ("app dispose", |rig| rig.ask(Command::Dispose)),
    ("socket connected", |rig| {
        rig.signaling(SignalingInput::Connected)
    }),
    ("socket disconnected", |rig| {
        rig.signaling(SignalingInput::Disconnected)
    }),
    ("socket refused", |rig| {
        rig.signaling(SignalingInput::Refused(ErrorCode::TokenExpired))
    }),
    ("call:incoming", |rig| {
        rig.event(incoming("s2", "carol", None))
    }),
    ("call:incoming, the same", |rig| {
        rig.event(incoming("s1", "bob", None))
    }),
    ("call:ringing", |rig| {
        rig.event(ServerEvent::CallRinging(server::CallRinging {
            session_id: session("s1"),
            chat_id: chat(),
            target_user_ids: vec![user("bob")],
        }))
    }),
    ("call:accepted with answer", |rig| {
        rig.event(accepted("s1", Some(answer("b", "b1"))))
    }),
    ("call:accepted", |rig| rig.event(accepted("s1", None))),
    ("call:rejected", |rig| {
        rig.event(ServerEvent::CallRejected(server::CallRejected {
            session_id: session("s1"),
            chat_id: chat(),
            rejected_by: user("bob"),
            reason: EndReason::Declined,
        }))
    }),
    ("call:missed", |rig| {
        rig.event(ServerEvent::CallMissed(server::CallMissed {
            session_id: session("s1"),
            chat_id: chat(),
            caller_id: user("bob"),
        }))
    }),
    ("call:ended", |rig| {
        rig.event(ended("s1", EndReason::Completed))
    }),
    ("call:participant-joined", |rig| {
        rig.event(ServerEvent::CallParticipantJoined(
            server::CallParticipantJoined {
                session_id: session("s1"),
                chat_id: chat(),
                user_id: user("carol"),
                device_id: Some(device("c1")),
            },
        ))
    }),
    ("call:participant-left", |rig| {
        rig.event(ServerEvent::CallParticipantLeft(
            server::CallParticipantLeft {
                session_id: session("s1"),
                chat_id: chat(),
                user_id: user("bob"),
                reason: EndReason::Disconnected,
            },
        ))
    }),
    ("call:participant-reconnecting", |rig| {
        rig.event(ServerEvent::CallParticipantReconnecting(
            server::CallParticipantReconnecting {
                session_id: session("s1"),
                user_id: user("bob"),
            },
        ))
    }),
    ("call:participant-reconnected", |rig| {
        rig.event(ServerEvent::CallParticipantReconnected(
            server::CallParticipantReconnected {
                fresh: false,
                session_id: session("s1"),
                user_id: user("bob"),
                device_id: Some(device("b1")),
            },
        ))
    }),
    ("call:participant-audio-toggle", |rig| {
        rig.event(ServerEvent::CallParticipantAudioToggle(
            server::CallParticipantAudioToggle {
                session_id: session("s1"),
                user_id: user("bob"),
                muted: true,
            },
        ))
    }),
    ("call:participant-video-toggle", |rig| {
        rig.event(ServerEvent::CallParticipantVideoToggle(
            server::CallParticipantVideoToggle {
                session_id: session("s1"),
                user_id: user("bob"),
                enabled: true,
                source: None,
            },
        ))
    }),
    ("call:answered-elsewhere", |rig| {
        rig.event(ServerEvent::CallAnsweredElsewhere(
            server::CallAnsweredElsewhere {
                session_id: session("s1"),
                chat_id: chat(),
                action: ElsewhereAction::Accepted,
                device_id: device("a2"),
            },
        ))
    }),
    ("webrtc:offer", |rig| {
        rig.event(remote_offer("s1", offer("b", "b2")))
    }),
    ("webrtc:answer", |rig| {
        rig.event(remote_answer("s1", answer("b", "b1")))
    }),
    ("webrtc:ice-candidate", |rig| {
        rig.event(remote_candidate("s1", "b1"))
    }),
    ("call:state", |rig| {
        let joined = ParticipantStatus::Joined;
        rig.event(ServerEvent::CallState(server::CallState {
            calls: vec![snapshot("s1", CallStatus::Ongoing, joined, joined)],
        }))
    }),
    ("call:error", |rig| {
        rig.event(ServerEvent::CallError(server::CallError {
            event: "webrtc:offer".to_owned(),
            session_id: Some(session("s1")),
            code: ErrorCode::RateLimited,
            error: "slow down".to_owned(),
            retry_after_ms: Some(10),
        }))
    }),
    ("server:draining", |rig| {
        rig.event(ServerEvent::ServerDraining(server::ServerDraining {
            retry_after_ms: 10,
        }))
    }),
    ("ack of the last event", |rig| rig.acked(AckBody::Empty)),
    ("ack of call:initiate", |rig| {
        rig.acked(Rig::initiate_ack("s1"))
    }),
    ("ack of call:accept", |rig| rig.acked(Rig::resume_ack(None))),
    ("ack of call:sync", |rig| {
        rig.acked(AckBody::State(StateAck { calls: Vec::new() }))
    }),
    ("ack that fails", |rig| {
        rig.refused(Some(ErrorCode::Internal))
    }),
    ("ack that fails without a code", |rig| rig.refused(None)),
    ("peer offer created", |rig| {
        on_link(rig, |rig| rig.offer_made("a9"))
    }),
    ("peer offer applied", |rig| on_link(rig, Rig::offer_applied)),
    ("peer answer created", |rig| {
        on_link(rig, |rig| rig.answer_made("a9"))
    }),
    ("peer answer applied", |rig| {
        on_link(rig, Rig::answer_applied)
    }),
    ("peer negotiation failed", |rig| {
        on_link(rig, |rig| {
            let generation = rig.last_generation();
            rig.peer(PeerInput::NegotiationFailed(generation, "no".to_owned()))
        })
    }),
    ("peer candidate found", |rig| {
        on_link(rig, |rig| {
            rig.peer(PeerInput::CandidateFound(candidate("a1")))
        })
    }),
    ("peer connected", |rig| {
        on_link(rig, |rig| rig.state(ConnectionState::Connected))
    }),
    ("peer disconnected", |rig| {
        on_link(rig, |rig| rig.state(ConnectionState::Disconnected))
    }),
    ("peer failed", |rig| {
        on_link(rig, |rig| rig.state(ConnectionState::Failed))
    }),
    ("peer negotiation needed", |rig| {
        on_link(rig, |rig| rig.peer(PeerInput::NegotiationNeeded))
    }),
    ("peer remote track", |rig| {
        on_link(rig, |rig| rig.peer(PeerInput::RemoteTrack))
    }),
    ("peer stats", |rig| {
        on_link(rig, |rig| {
            rig.peer(PeerInput::Stats(
                crate::core::quality::StatsSample::default(),
            ))
        })
    }),
    ("permission granted", |rig| {
        rig.device(DeviceInput::Permission(Permission::Granted))
    }),
    ("microphone opened", |rig| {
        on_microphone(rig, |id| DeviceInput::Opened(MediaKind::Microphone, id))
    }),
    ("microphone failed", |rig| {
        on_microphone(rig, |id| {
            DeviceInput::Failed(
                MediaKind::Microphone,
                id,
                CaptureError::Denied,
                String::new(),
            )
        })
    }),
    ("microphone ended", |rig| {
        on_microphone(rig, |id| DeviceInput::Ended(MediaKind::Microphone, id))
    }),
    ("playback blocked", |rig| {
        on_link(rig, |rig| {
            let link = rig.link.unwrap();
            rig.device(DeviceInput::PlaybackBlocked(link))
        })
    }),
    ("network changed", |rig| {
        rig.device(DeviceInput::NetworkChanged)
    }),
    ("3 s pass", |rig| rig.wait(3_000)),
    ("25 s pass", |rig| rig.wait(25_000)),
    ("70 s pass", |rig| rig.wait(70_000)),
];

/// Where there never was a link, nothing can report.
fn on_link(rig: &mut Rig, act: impl FnOnce(&mut Rig) -> Vec<String>) -> Vec<String> {
    if rig.link.is_some() {
        act(rig)
    } else {
        rig.input(Input::Peer(LinkId(99), PeerInput::NegotiationNeeded))
    }
}

fn on_microphone(rig: &mut Rig, input: impl FnOnce(MediaId) -> DeviceInput) -> Vec<String> {
    let id = rig.microphone().unwrap_or(MediaId(99));
    rig.device(input(id))
}

fn table() -> String {
    let mut table = String::new();
    for (state, start) in STARTS {
        writeln!(table, "{state}").unwrap();
        for (name, act) in ACTS {
            let mut rig = start();
            let lines = repeats_counted(&act(&mut rig));
            let outcome = if lines.is_empty() {
                "-".to_owned()
            } else {
                lines.join("; ")
            };
            writeln!(table, "  {name}: {outcome}").unwrap();
        }
        table.push('\n');
    }
    table
}

/// Writes a line that repeats at once only once, with a count.
fn repeats_counted(lines: &[String]) -> Vec<String> {
    lines
        .chunk_by(|one, other| one == other)
        .filter_map(|chunk| chunk.first().map(|first| (first, chunk.len())))
        .map(|(first, times)| {
            if times == 1 {
                first.clone()
            } else {
                format!("{first} x{times}")
            }
        })
        .collect()
}

#[test]
fn every_state_answers_every_input_as_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/core/tests/states.txt");
    let table = table();
    if std::env::var_os("RINGBACK_BLESS").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    for (line, (is, should)) in table.lines().zip(expected.lines()).enumerate() {
        assert_eq!(is, should, "line {} of states.txt", line + 1);
    }
    assert_eq!(table.lines().count(), expected.lines().count());
}

#[test]
fn an_end_leaves_nothing_open_in_any_state() {
    for (state, start) in STARTS {
        for (name, act) in ACTS {
            let mut rig = start();
            act(&mut rig);
            rig.ask(Command::Dispose);
            assert_eq!(rig.client.next_deadline(), None, "{state}, {name}");
        }
    }
}
