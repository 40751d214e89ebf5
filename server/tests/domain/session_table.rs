//! Every state of a call against every input: one table, compared as a whole.

use std::fmt::Write as _;

use ringback_protocol::{EndReason, QualityReport};
use ringback_server::calls::session::{CallSession, Input, Reach};

use crate::support::{
    GRACE_MS, RING_MS, START, call_to, callee, device, new_call, person, show, show_call, user,
};

/// What each input does in each state. Read it as the specification; a change of it is a decision.
const TABLE: &str = include_str!("session_table.txt");

fn accept(who: &str, on: &str) -> Input {
    Input::Accept {
        user: user(who),
        device: device(on),
        answer: None,
    }
}

fn dropped(who: &str, on: &str) -> Input {
    Input::DeviceDropped {
        user: user(who),
        device: device(on),
    }
}

fn after(mut session: CallSession, at_ms: u64, inputs: Vec<Input>) -> CallSession {
    for input in inputs {
        session.handle(START.plus_ms(at_ms), input).unwrap();
    }
    session
}

fn states() -> Vec<(&'static str, CallSession)> {
    let invited = CallSession::initiate(START, new_call(vec![callee("bob", Reach::Offline)])).0;
    let ringing = call_to(&["bob"]);
    let ongoing = after(ringing.clone(), 1_000, vec![accept("bob", "b1")]);
    let group = after(
        call_to(&["bob", "carol", "dave"]),
        1_000,
        vec![accept("bob", "b1"), accept("carol", "c1")],
    );
    vec![
        ("nobody reached", invited),
        ("ringing", ringing.clone()),
        (
            "ringing, the caller dropped",
            after(ringing.clone(), 1_000, vec![dropped("alice", "a1")]),
        ),
        ("ongoing", ongoing.clone()),
        (
            "ongoing, the callee dropped",
            after(ongoing.clone(), 1_000, vec![dropped("bob", "b1")]),
        ),
        ("group of three, dave rings", group.clone()),
        (
            "group of three, dave rejected",
            after(group, 1_000, vec![reject("dave", "d1")]),
        ),
        ("over", after(ongoing, 1_000, vec![end("bob", "b1")])),
    ]
}

fn reject(who: &str, on: &str) -> Input {
    Input::Reject {
        user: user(who),
        device: device(on),
        reason: None,
    }
}

fn end(who: &str, on: &str) -> Input {
    Input::End {
        user: user(who),
        device: device(on),
        reason: None,
    }
}

fn leave(who: &str, on: &str) -> Input {
    Input::Leave {
        user: user(who),
        device: device(on),
    }
}

fn join(who: &str, on: &str) -> Input {
    Input::Join {
        person: person(who),
        device: device(on),
    }
}

fn invite(who: &str, on: &str) -> Input {
    Input::Invite {
        user: user(who),
        device: device(on),
        callees: vec![
            callee("bob", Reach::Connected),
            callee("erin", Reach::Connected),
            callee("frank", Reach::Busy),
        ],
    }
}

fn resume(who: &str, on: &str) -> Input {
    Input::Resume {
        user: user(who),
        device: device(on),
        fresh: false,
    }
}

fn resume_fresh(who: &str, on: &str) -> Input {
    Input::Resume {
        user: user(who),
        device: device(on),
        fresh: true,
    }
}

fn offered_again(who: &str, on: &str) -> Input {
    Input::OfferedAgain {
        user: user(who),
        device: device(on),
    }
}

fn quality(who: &str, on: &str, packet_loss: f64) -> Input {
    Input::Quality {
        user: user(who),
        device: device(on),
        report: QualityReport {
            avg_bitrate: 32_000.0,
            packet_loss,
            jitter: 4.0,
        },
        links: vec![],
    }
}

/// Name, milliseconds since the call was placed, input.
fn inputs() -> Vec<(&'static str, u64, Input)> {
    let orphaned = Input::Orphaned {
        devices: vec![(user("alice"), device("a1")), (user("bob"), device("b1"))],
    };
    let failed = Input::End {
        user: user("alice"),
        device: device("a1"),
        reason: Some(EndReason::Failed),
    };
    vec![
        (
            "bob is reached",
            2_000,
            Input::Reached { user: user("bob") },
        ),
        ("bob accepts on b1", 2_000, accept("bob", "b1")),
        ("bob accepts on b2", 2_000, accept("bob", "b2")),
        ("alice accepts on a1", 2_000, accept("alice", "a1")),
        ("a stranger accepts", 2_000, accept("mallory", "m1")),
        ("bob rejects on b1", 2_000, reject("bob", "b1")),
        ("alice rejects on a1", 2_000, reject("alice", "a1")),
        ("dave rejects on d1", 2_000, reject("dave", "d1")),
        ("alice ends", 2_000, end("alice", "a1")),
        ("alice ends with failed", 2_000, failed),
        ("alice ends on another device", 2_000, end("alice", "a2")),
        ("bob ends on b1", 2_000, end("bob", "b1")),
        ("bob ends on b2", 2_000, end("bob", "b2")),
        ("alice leaves", 2_000, leave("alice", "a1")),
        ("bob leaves on b1", 2_000, leave("bob", "b1")),
        ("a stranger leaves", 2_000, leave("mallory", "m1")),
        ("bob joins on b1", 2_000, join("bob", "b1")),
        ("bob joins on b2", 2_000, join("bob", "b2")),
        ("dave joins on d1", 2_000, join("dave", "d1")),
        (
            "a member joins who was not called",
            2_000,
            join("erin", "e1"),
        ),
        (
            "alice invites bob, erin and busy frank",
            2_000,
            invite("alice", "a1"),
        ),
        ("bob invites from b2", 2_000, invite("bob", "b2")),
        ("alice resumes on a1", 2_000, resume("alice", "a1")),
        ("alice resumes on a2", 2_000, resume("alice", "a2")),
        ("bob resumes on b1", 2_000, resume("bob", "b1")),
        (
            "bob resumes on b1 after a reload",
            2_000,
            resume_fresh("bob", "b1"),
        ),
        ("bob resumes on b2", 2_000, resume("bob", "b2")),
        ("a1 drops", 2_000, dropped("alice", "a1")),
        ("b1 drops", 2_000, dropped("bob", "b1")),
        ("b2 drops", 2_000, dropped("bob", "b2")),
        ("the server came up without a1 and b1", 2_000, orphaned),
        (
            "bob turns to another call",
            2_000,
            Input::Abandoned { user: user("bob") },
        ),
        ("alice reports quality", 2_000, quality("alice", "a1", 0.5)),
        (
            "alice reports nonsense",
            2_000,
            quality("alice", "a1", f64::NAN),
        ),
        (
            "bob reports quality from b2",
            2_000,
            quality("bob", "b2", 0.5),
        ),
        (
            "alice offers again on a1",
            2_000,
            offered_again("alice", "a1"),
        ),
        ("bob offers again on b1", 2_000, offered_again("bob", "b1")),
        ("another call replaces it", 2_000, Input::Replaced),
        ("the operator ends it", 2_000, Input::EndedByOperator),
        ("a timer fires early", RING_MS - 1, Input::Timeout),
        ("the grace is over", 1_000 + GRACE_MS, Input::Timeout),
        ("the ring time is over", RING_MS, Input::Timeout),
    ]
}

#[test]
fn every_state_meets_every_input() {
    let mut table = String::new();
    for (state, session) in states() {
        writeln!(table, "== {state}: {}", show_call(&session)).unwrap();
        for (name, at_ms, input) in inputs() {
            writeln!(table, "{name}\n    {}", outcome(&session, at_ms, input)).unwrap();
        }
    }
    if std::env::var_os("RINGBACK_BLESS").is_some() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/domain/session_table.txt"
        );
        std::fs::write(path, &table).unwrap();
        return;
    }
    let now: Vec<_> = table.lines().collect();
    let specified: Vec<_> = TABLE.lines().collect();
    assert_eq!(now, specified);
}

/// Shows what an input does: the error, or the new state and the effects.
fn outcome(before: &CallSession, at_ms: u64, input: Input) -> String {
    let mut session = before.clone();
    match session.handle(START.plus_ms(at_ms), input) {
        Err(code) => {
            assert_eq!(session, *before, "a refused input changes nothing");
            format!("! {code}")
        }
        Ok(effects) if session.version() == before.version() => {
            assert_eq!(session, *before, "a change makes a new version");
            format!("- {}", show(&effects)).trim_end().to_owned()
        }
        Ok(effects) => {
            assert_eq!(session.version(), before.version() + 1);
            format!("-> {} | {}", show_call(&session), show(&effects))
                .trim_end_matches(" | ")
                .to_owned()
        }
    }
}
