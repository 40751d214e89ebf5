//! Any list of operations on a call, from any bytes; what must hold after each of them.
//!
//! The fuzzer (`fuzz/`) makes the bytes. Here, those that it found interesting are run again.

use ringback_protocol::rest::{ChatRef, UserRef};
use ringback_protocol::{
    CallStatus, CallType, ChatId, DeviceId, EndReason, LinkReport, QualityReport, SdpType,
    SessionId, UserId,
};
use ringback_server::calls::session::{
    CallRules, CallSession, Callee, Effect, Input, NewCall, Notices, Reach,
};
use ringback_server::calls::{Timestamp, ports::Recipient};
use ringback_server::events::{ServerEvent, SessionDescription};

/// People who may take part; the first places the call.
const PEOPLE: u8 = 6;
const MOST_IN_CALL: usize = 4;
const MOST_TIMELINE: usize = 300;
const START: Timestamp = Timestamp::from_ms(1_750_000_000_000);

/// Runs the operations that the bytes spell and checks the call after each.
///
/// # Panics
/// When an invariant is broken.
pub(crate) fn run(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let mut now = START;
    let (mut session, effects) = CallSession::initiate(now, new_call(*first));
    assert_told(&session, &effects);
    for operation in rest.chunks_exact(3) {
        let [kind, who, what] = [operation[0], operation[1], operation[2]];
        now = now.plus_ms(later(kind));
        apply(&mut session, now, input(kind, who, what));
        assert_views(&session, now);
    }
    run_out(&mut session, now);
}

/// How long after the operation before: mostly at once, sometimes beyond a deadline.
fn later(kind: u8) -> u64 {
    [0, 1, 900, 10_000, 29_999, 30_000, 45_000, 86_400_000][usize::from(kind >> 5)]
}

fn input(kind: u8, who: u8, what: u8) -> Input {
    let (user, device) = (user(who), device(who));
    match kind & 0x1f {
        0 => Input::Reached { user },
        1 | 2 => Input::Accept {
            user,
            device,
            answer: (what & 1 == 1).then(|| sdp(SdpType::Answer)),
        },
        3 => Input::Reject {
            user,
            device,
            reason: reason(what),
        },
        4 => Input::End {
            user,
            device,
            reason: reason(what),
        },
        5 | 6 => Input::Leave { user, device },
        7 | 8 => Input::Join {
            person: person(user),
            device,
        },
        9 | 10 => Input::Invite {
            user,
            device,
            callees: callees(what),
        },
        11 | 12 => Input::Resume {
            user,
            device,
            fresh: what & 1 == 1,
        },
        13 | 14 => Input::DeviceDropped { user, device },
        15 => Input::Orphaned {
            devices: vec![(user, device), (self::user(what), self::device(what))],
        },
        16 => Input::Abandoned { user },
        17 => Input::Quality {
            user,
            device,
            report: QualityReport {
                avg_bitrate: f64::from(what) * 1e9,
                packet_loss: f64::from(what),
                jitter: f64::from(what),
            },
            links: links(what),
        },
        18 => Input::Replaced,
        19 => Input::OfferedAgain { user, device },
        20 => Input::EndedByOperator,
        _ => Input::Timeout,
    }
}

/// Applies one input and checks what became of the call.
fn apply(session: &mut CallSession, now: Timestamp, input: Input) {
    let before = session.clone();
    let shown = format!("{input:?}");
    // Who turned to another call must not take the end of this one for the end of that one.
    let spared = if let Input::Abandoned { user } = &input {
        Some(user.clone())
    } else {
        None
    };
    match session.handle(now, input) {
        Err(_) => assert_eq!(stored(session), stored(&before), "refused: {shown}"),
        Ok(effects) => {
            let grown = session.version() - before.version();
            assert!(grown <= 1, "{shown} changed the version by {grown}");
            if grown == 0 {
                assert_eq!(
                    stored(session),
                    stored(&before),
                    "without a version: {shown}"
                );
            }
            assert_told(session, &effects);
            assert_ended_once(&before, session, &effects, spared.as_ref(), &shown);
        }
    }
    assert_course(&before, session, &shown);
    assert_shape(session, &shown);
}

/// A call as a store keeps it, which it must come back from unchanged.
fn stored(session: &CallSession) -> String {
    let text = serde_json::to_string(session).unwrap();
    let back: CallSession = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    text
}

/// Whoever is told something has, or had, a part in the call.
fn assert_told(session: &CallSession, effects: &[Effect]) {
    for effect in effects {
        let (Recipient::User(user) | Recipient::Device(user, _) | Recipient::OtherDevices(user, _)) =
            &effect.to;
        assert!(
            session.participant(user).is_some(),
            "{user} is told {effect:?}"
        );
    }
}

/// The end is told when it comes, to everyone whom it concerned, and never again.
fn assert_ended_once(
    before: &CallSession,
    after: &CallSession,
    effects: &[Effect],
    spared: Option<&UserId>,
    shown: &str,
) {
    if !before.is_live() {
        assert!(
            effects.is_empty(),
            "after the end: {shown} told {effects:?}"
        );
    }
    if !before.is_live() || after.is_live() {
        return;
    }
    for participant in before.participants() {
        let user = participant.user();
        let hears = |effect: &Effect| {
            matches!(effect.event, ServerEvent::CallEnded(_)) && is_to(&effect.to, user)
        };
        if before.concerns(user) && spared != Some(user) {
            assert!(effects.iter().any(hears), "{user} misses the end: {shown}");
        }
    }
}

fn is_to(to: &Recipient, user: &UserId) -> bool {
    let (Recipient::User(told) | Recipient::Device(told, _) | Recipient::OtherDevices(told, _)) =
        to;
    told == user
}

/// A call goes from ringing to ongoing to over, never back.
fn assert_course(before: &CallSession, after: &CallSession, shown: &str) {
    let stage = |session: &CallSession| match session.status() {
        CallStatus::Ringing => 0,
        CallStatus::Ongoing => 1,
        CallStatus::Ended | CallStatus::Missed | CallStatus::Rejected | CallStatus::Failed => 2,
    };
    assert!(stage(before) <= stage(after), "back in time: {shown}");
    assert_eq!(before.caller(), after.caller());
    let (was, is) = (before.participants(), after.participants());
    let same = was.iter().zip(is).all(|(was, is)| was.user() == is.user());
    assert!(was.len() <= is.len() && same, "someone is gone: {shown}");
}

/// What holds of every call at every moment.
fn assert_shape(session: &CallSession, shown: &str) {
    let people = session.participants();
    let mut ids: Vec<_> = people.iter().map(|one| one.user()).collect();
    assert_eq!(ids.first(), Some(&session.caller()), "{shown}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), people.len(), "someone is in it twice: {shown}");
    let in_call = session.in_call().count();
    let called = people
        .iter()
        .filter(|one| one.ring_until().is_some())
        .count();
    assert!(in_call <= MOST_IN_CALL, "too full: {shown}");
    match session.status() {
        CallStatus::Ringing => assert!(in_call == 1 && called > 0, "{shown}"),
        CallStatus::Ongoing => assert!(in_call + called > 1 && in_call > 0, "{shown}"),
        CallStatus::Ended | CallStatus::Missed | CallStatus::Rejected | CallStatus::Failed => {
            assert_eq!((called, session.next_deadline()), (0, None), "{shown}");
        }
    }
}

/// Everyone may look at the call.
fn assert_views(session: &CallSession, now: Timestamp) {
    assert_eq!(session.snapshot(now).version, session.version());
    for n in 0..PEOPLE {
        let user = user(n);
        let has_part = session.participant(&user).is_some();
        assert_eq!(session.record_for(&user).is_some(), has_part);
        let timeline = session.timeline_for(&user);
        assert!(timeline.is_none_or(|timeline| timeline.events.len() <= MOST_TIMELINE));
        if session.incoming_for(&user, now, None).is_some() {
            assert!(session.concerns(&user));
        }
    }
}

/// Time alone leaves nothing waiting: every deadline passes once.
fn run_out(session: &mut CallSession, mut now: Timestamp) {
    for _ in 0..=2 * PEOPLE {
        let Some(deadline) = session.next_deadline() else {
            return;
        };
        now = now.max(deadline);
        apply(session, now, Input::Timeout);
        assert!(session.next_deadline().is_none_or(|next| next > now));
    }
    panic!("a deadline comes again and again: {session:?}");
}

fn new_call(first: u8) -> NewCall {
    NewCall {
        id: SessionId::new("call").unwrap(),
        chat: ChatRef {
            id: ChatId::new("chat").unwrap(),
            name: None,
        },
        call_type: CallType::Voice,
        caller: person(user(0)),
        device: device(0),
        callees: callees(first | 2),
        request_id: None,
        offer: (first & 1 == 1).then(|| sdp(SdpType::Offer)),
        preconnect: first & 0x80 != 0,
        rules: CallRules {
            ring_timeout_ms: 45_000,
            reconnect_grace_ms: 30_000,
            max_participants: MOST_IN_CALL,
            notices: Notices::On,
        },
    }
}

/// Some of the people, nobody twice and not the first; how they can be reached goes by the bits.
fn callees(bits: u8) -> Vec<Callee> {
    let chosen = (1..PEOPLE).filter(|n| bits >> n & 1 == 1);
    let reach = |n: u8| match (bits >> 6).wrapping_add(n) % 4 {
        0 | 1 => Reach::Connected,
        2 => Reach::Offline,
        _ => Reach::Busy,
    };
    let callee = |n| Callee {
        person: person(user(n)),
        reach: reach(n),
    };
    chosen.map(callee).collect()
}

fn links(what: u8) -> Vec<LinkReport> {
    let link = |n: u8| {
        let text = format!(
            r#"{{"userId":"u{n}","state":"connected","mos":{}.5}}"#,
            what % 7
        );
        serde_json::from_str(&text).unwrap()
    };
    (0..what % 4).map(link).collect()
}

fn reason(what: u8) -> Option<EndReason> {
    match what % 6 {
        0 => None,
        1 => Some(EndReason::Failed),
        2 => Some(EndReason::Missed),
        3 => Some(EndReason::Busy),
        4 => Some(EndReason::Completed),
        _ => Some(EndReason::Server),
    }
}

fn user(n: u8) -> UserId {
    UserId::new(format!("u{}", n % PEOPLE)).unwrap()
}

/// One of two devices of that person.
fn device(n: u8) -> DeviceId {
    DeviceId::new(format!("d{}{}", n % PEOPLE, n >> 7)).unwrap()
}

fn person(id: UserId) -> UserRef {
    UserRef {
        name: id.to_string(),
        id,
        avatar: None,
    }
}

fn sdp(kind: SdpType) -> SessionDescription {
    SessionDescription {
        kind,
        sdp: "v=0".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::run;

    /// A repeatable series of bytes.
    fn series(seed: u64) -> impl Iterator<Item = u8> {
        let mut state = seed;
        std::iter::repeat_with(move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
    }

    #[test]
    fn what_the_fuzzer_found_interesting_breaks_no_invariant() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/call_operations");
        let mut count = 0;
        for seed in std::fs::read_dir(seeds).unwrap() {
            run(&std::fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0, "no seeds in {seeds}");
    }

    #[test]
    fn a_hundred_lists_of_a_hundred_operations_break_no_invariant() {
        for seed in 0..100 {
            run(&series(seed).take(301).collect::<Vec<_>>());
        }
    }
}
