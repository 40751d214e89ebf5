//! What the host application is to be told: which changes tell it what, and how stores keep it.

use std::sync::Arc;

use ringback_protocol::webhook::{WebhookEvent, WebhookType};
use ringback_server::calls::Timestamp;
use ringback_server::calls::session::{CallSession, Input, NewCall, Notices, Reach};
use ringback_server::store::outbox::LONGEST_KEEP_MS;
use ringback_server::store::{Database, Letter, LetterId, Store, Swap, Waiting, user_data};

use crate::support::{GRACE_MS, RING_MS, START, callee, device, new_call, session_id, user};

/// A call of alice of which the application is told.
fn told_call(id: &str, callees: &[(&str, Reach)]) -> CallSession {
    let callees = callees.iter().map(|(id, reach)| callee(id, *reach));
    let mut call = NewCall {
        id: session_id(id),
        ..new_call(callees.collect())
    };
    call.rules.notices = Notices::On;
    CallSession::initiate(START, call).0
}

fn accept(id: &str) -> Input {
    Input::Accept {
        user: user(id),
        device: device(&format!("{id}1")),
        answer: None,
    }
}

fn end() -> Input {
    Input::End {
        user: user("alice"),
        device: device("a1"),
        reason: None,
    }
}

/// Shows notices in one line: `1 ringing bob; 2 ...`.
fn show(session: &CallSession) -> String {
    let show = |event: &WebhookEvent| {
        let kind = match event.kind {
            WebhookType::Ringing => "ringing",
            WebhookType::Started => "started",
            WebhookType::Missed => "missed",
            WebhookType::Ended => "ended",
        };
        let users: Vec<_> = event.data.user_ids.iter().map(|id| id.as_str()).collect();
        assert_eq!(event.data.version, session.version());
        format!("{} {kind} {}", event.data.sequence, users.join(","))
    };
    let notices = session.notices().iter().map(|notice| show(&notice.event));
    notices.collect::<Vec<_>>().join("; ")
}

fn after(session: &CallSession, ms: u64, input: Input) -> CallSession {
    let mut next = session.clone();
    next.handle(START.plus_ms(ms), input).unwrap();
    next
}

#[test]
fn the_application_is_told_of_the_ring_the_start_and_the_end() {
    let placed = told_call("call", &[("bob", Reach::Offline)]);
    assert_eq!(show(&placed), "1 ringing bob");
    let accepted = after(&placed, 1_000, accept("bob"));
    assert_eq!(show(&accepted), "2 started alice,bob");
    let ended = after(&accepted, 61_000, end());
    assert_eq!(show(&ended), "3 ended alice,bob");
    let call = &ended.notices()[0].event.data.call;
    assert_eq!(call.duration, 60);
    assert_eq!(call.caller.id, user("alice"));
}

#[test]
fn the_application_is_told_who_missed_a_call_before_its_end() {
    let placed = told_call("call", &[("bob", Reach::Connected)]);
    let cancelled = after(&placed, 1_000, end());
    assert_eq!(show(&cancelled), "2 missed bob; 3 ended alice,bob");
    let timed_out = after(&placed, RING_MS, Input::Timeout);
    assert_eq!(show(&timed_out), "2 missed bob; 3 ended alice,bob");
}

#[test]
fn who_misses_a_call_that_goes_on_without_them_is_told_at_once() {
    let placed = told_call(
        "call",
        &[("bob", Reach::Connected), ("carol", Reach::Offline)],
    );
    assert_eq!(show(&placed), "1 ringing bob,carol");
    let accepted = after(&placed, 1_000, accept("bob"));
    let missed = after(&accepted, RING_MS, Input::Timeout);
    assert_eq!(show(&missed), "3 missed carol");
    let invited = Input::Invite {
        user: user("bob"),
        device: device("bob1"),
        callees: vec![callee("carol", Reach::Offline)],
    };
    let again = after(&missed, RING_MS + 1, invited);
    assert_eq!(show(&again), "4 ringing carol");
}

#[test]
fn nobody_rings_when_everyone_is_busy_and_a_rejected_call_is_not_missed() {
    let busy = told_call("call", &[("bob", Reach::Busy)]);
    assert_eq!(show(&busy), "1 ended alice,bob");
    let reject = Input::Reject {
        user: user("bob"),
        device: device("b1"),
        reason: None,
    };
    let placed = told_call("call", &[("bob", Reach::Connected)]);
    assert_eq!(show(&after(&placed, 1, reject)), "2 ended alice,bob");
}

#[test]
fn a_change_that_tells_nothing_leaves_nothing_of_the_one_before() {
    let placed = told_call("call", &[("bob", Reach::Connected)]);
    let accepted = after(&placed, 1, accept("bob"));
    let dropped = Input::DeviceDropped {
        user: user("bob"),
        device: device("bob1"),
    };
    let dropped = after(&accepted, 2, dropped);
    assert_eq!(show(&dropped), "");
    let gone = after(&dropped, 2 + GRACE_MS, Input::Timeout);
    assert_eq!(show(&gone), "3 ended alice,bob");
}

#[test]
fn an_application_that_does_not_listen_is_told_nothing() {
    let quiet = CallSession::initiate(START, new_call(vec![callee("bob", Reach::Connected)])).0;
    assert_eq!(show(&quiet), "");
    assert!(!serde_json::to_string(&quiet).unwrap().contains("notice"));
}

async fn place(store: &dyn Store, id: &str) -> CallSession {
    let session = told_call(id, &[("bob", Reach::Connected)]);
    store.create(Arc::new(session.clone())).await.unwrap();
    session
}

async fn swap(store: &dyn Store, before: &CallSession, after: &CallSession) -> Swap {
    let after = Arc::new(after.clone());
    let swapped = store.compare_and_set(after, before.version());
    swapped.await.unwrap()
}

async fn take(store: &dyn Store, now: Timestamp) -> Vec<Letter> {
    let again = now.plus_ms(60_000);
    store.take_letters(now, again, 100).await.unwrap()
}

fn ids(letters: &[Letter]) -> Vec<(&str, u64)> {
    let id = |letter: &LetterId| letter.sequence;
    let ids = letters.iter();
    ids.map(|letter| (letter.id.call.as_str(), id(&letter.id)))
        .collect()
}

pub(crate) async fn what_a_change_has_to_tell_is_stored_with_it(store: &dyn Store) {
    let placed = place(store, "call").await;
    let letters = take(store, START).await;
    assert_eq!(ids(&letters), [("call", 1)]);
    let event: WebhookEvent = serde_json::from_str(&letters[0].body).unwrap();
    assert_eq!(event, placed.notices()[0].event);
    assert_eq!((letters[0].written_at, letters[0].attempts), (START, 1));
    store.remove_letter(&letters[0].id).await.unwrap();
    // Placed a second time, or overtaken by another change: then it tells nothing either.
    let accepted = after(&placed, 1, accept("bob"));
    assert_eq!(swap(store, &placed, &accepted).await, Swap::Stored);
    let late = after(&placed, 2, end());
    assert_eq!(swap(store, &placed, &late).await, Swap::Conflict);
    let letters = take(store, START.plus_ms(10)).await;
    assert_eq!(ids(&letters), [("call", 2)]);
    assert!(letters[0].body.contains("call.started"));
    // What is read back has told what it had to tell.
    let loaded = store.load(placed.id()).await.unwrap().unwrap();
    let ended = after(&loaded, 3, end());
    assert_eq!(show(&ended), "3 ended alice,bob");
}

pub(crate) async fn what_is_told_of_one_call_comes_out_in_order(store: &dyn Store) {
    let first = place(store, "one").await;
    let second = place(store, "two").await;
    let missed = after(&first, 5, end());
    assert_eq!(swap(store, &first, &missed).await, Swap::Stored);
    let now = START.plus_ms(10);
    let letters = take(store, now).await;
    let mut out = ids(&letters);
    out.sort_unstable();
    assert_eq!(out, [("one", 1), ("two", 1)]);
    // The others of the call wait for it, however long it takes.
    assert_eq!(take(store, now).await, []);
    for letter in letters {
        store.remove_letter(&letter.id).await.unwrap();
    }
    for sequence in [2, 3] {
        let letters = take(store, now).await;
        assert_eq!(ids(&letters), [("one", sequence)]);
        store.remove_letter(&letters[0].id).await.unwrap();
    }
    assert_eq!(take(store, now.plus_ms(1_000_000)).await, []);
    assert!(second.is_live());
}

pub(crate) async fn what_was_taken_out_is_due_again_later(store: &dyn Store) {
    place(store, "call").await;
    assert_eq!(take(store, START.minus_ms(1)).await, []);
    let first = take(store, START).await;
    assert_eq!(take(store, START.plus_ms(59_999)).await, []);
    // Whoever took it broke down.
    let again = take(store, START.plus_ms(60_000)).await;
    assert_eq!(again[0].attempts, 2);
    assert_eq!(again[0].body, first[0].body);
    let until = START.plus_ms(500_000);
    store.put_off_letter(&again[0].id, until).await.unwrap();
    assert_eq!(take(store, until.minus_ms(1)).await, []);
    assert_eq!(take(store, until).await[0].attempts, 3);
}

pub(crate) async fn of_several_who_ask_one_gets_each(store: &dyn Store) {
    for n in 0..20 {
        place(store, &format!("call-{n:02}")).await;
    }
    let mut all = Vec::new();
    for _ in 0..4 {
        let again = START.plus_ms(60_000);
        let letters = store.take_letters(START, again, 6).await.unwrap();
        assert!(letters.len() <= 6);
        all.extend(letters);
    }
    let mut calls = ids(&all);
    calls.sort_unstable();
    calls.dedup();
    assert_eq!((calls.len(), all.len()), (20, 20));
}

pub(crate) async fn a_call_that_is_still_told_of_is_not_purged(store: &dyn Database) {
    let placed = place(store, "call").await;
    let ended = after(&placed, 5, end());
    assert_eq!(swap(store, &placed, &ended).await, Swap::Stored);
    let (now, later) = (START.plus_ms(10), START.plus_ms(1_000_000));
    for sequence in [1, 2, 3] {
        assert_eq!(store.purge(later, 10).await.unwrap(), 0);
        let letters = take(store, now).await;
        assert_eq!(ids(&letters), [("call", sequence)]);
        store.remove_letter(&letters[0].id).await.unwrap();
    }
    assert_eq!(store.purge(later, 10).await.unwrap(), 1);
}

pub(crate) async fn a_call_of_which_nobody_was_ever_told_is_purged_with_it(store: &dyn Database) {
    let placed = place(store, "call").await;
    let ended = after(&placed, 5, end());
    assert_eq!(swap(store, &placed, &ended).await, Swap::Stored);
    let later = START.plus_ms(5 + LONGEST_KEEP_MS);
    assert_eq!(store.purge(later, 10).await.unwrap(), 0);
    assert_eq!(store.purge(later.plus_ms(1), 10).await.unwrap(), 1);
    assert_eq!(take(store, later).await, []);
}

pub(crate) async fn whoever_is_erased_is_in_nothing_that_is_still_to_be_told(store: &dyn Database) {
    let mine = place(store, "mine").await;
    let over = after(&mine, 5, end());
    assert_eq!(swap(store, &mine, &over).await, Swap::Stored);
    // Of one letter somebody has begun to tell, and what would be deleted by age waits too.
    let later = START.plus_ms(1_000_000);
    assert_eq!(take(store, START).await.len(), 1);
    assert_eq!(store.purge(later, 10).await.unwrap(), 0);
    let live = place(store, "live").await;
    let erased = user_data::erase(store, &user("alice")).await.unwrap();
    assert_eq!((erased.calls, erased.live), (1, 1));
    let letters = take(store, later).await;
    assert_eq!(ids(&letters), [("live", 1)]);
    store.remove_letter(&letters[0].id).await.unwrap();
    // Erased again when that one is over.
    let over = after(&live, 5, end());
    assert_eq!(swap(store, &live, &over).await, Swap::Stored);
    let erased = user_data::erase(store, &user("alice")).await.unwrap();
    assert_eq!((erased.calls, erased.live), (1, 0));
    assert_eq!(take(store, later.plus_ms(1_000_000)).await, []);
}

pub(crate) async fn it_is_known_how_many_letters_wait_and_since_when(store: &dyn Store) {
    let waiting = async |letters, oldest| {
        let found = store.waiting_letters().await.unwrap();
        assert_eq!(found, Waiting { letters, oldest });
    };
    waiting(0, None).await;
    let first = place(store, "first").await;
    let missed = after(&first, 5, end());
    assert_eq!(swap(store, &first, &missed).await, Swap::Stored);
    place(store, "second").await;
    waiting(4, Some(START)).await;
    // Those that are being told wait as well, until they are taken.
    for letter in take(store, START.plus_ms(10)).await {
        store.remove_letter(&letter.id).await.unwrap();
    }
    waiting(2, Some(START.plus_ms(5))).await;
}

pub(crate) async fn of_more_letters_than_are_kept_the_oldest_are_dropped(store: &dyn Store) {
    let first = place(store, "first").await;
    let missed = after(&first, 5, end());
    assert_eq!(swap(store, &first, &missed).await, Swap::Stored);
    let second = place(store, "second").await;
    let missed = after(&second, 9, end());
    assert_eq!(swap(store, &second, &missed).await, Swap::Stored);
    // Written at 0 both first ones, at 5 and at 9 two each.
    assert_eq!(store.drop_oldest_letters(6, 10).await.unwrap(), 0);
    assert_eq!(store.drop_oldest_letters(3, 1).await.unwrap(), 1);
    assert_eq!(store.drop_oldest_letters(3, 10).await.unwrap(), 2);
    assert_eq!(store.drop_oldest_letters(3, 10).await.unwrap(), 0);
    // What follows a dropped one is told.
    let mut now = START.plus_ms(10);
    let mut told = Vec::new();
    loop {
        let letters = take(store, now).await;
        if letters.is_empty() {
            break;
        }
        for letter in letters {
            told.push((letter.id.call.to_string(), letter.id.sequence));
            store.remove_letter(&letter.id).await.unwrap();
        }
        now = now.plus_ms(1);
    }
    told.sort_unstable();
    let kept = [("first", 3), ("second", 2), ("second", 3)];
    assert_eq!(
        told,
        kept.map(|(call, sequence)| (call.to_owned(), sequence))
    );
    assert_eq!(store.drop_oldest_letters(0, 10).await.unwrap(), 0);
}
