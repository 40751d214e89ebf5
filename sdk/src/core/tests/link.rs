//! The negotiation of one link, without a call around it.

use super::{answer, candidate, offer};
use crate::core::ids::{Generation, LinkId};
use crate::core::input::PeerInput;
use crate::core::link::Link;
use crate::core::output::PeerCommand;
use crate::core::signal::{LinkOutput, Manners, Progress, Received, Signal};
use ringback_protocol::{IceCandidate, SessionDescription};

/// One link and what it asked for since it was last looked at.
struct Bench {
    link: Link,
    out: Vec<LinkOutput>,
}

impl Bench {
    fn new() -> Self {
        Self {
            link: Link::new(LinkId(1)),
            out: Vec::new(),
        }
    }

    fn take(&mut self) -> Vec<LinkOutput> {
        std::mem::take(&mut self.out)
    }

    fn report(&mut self, input: PeerInput) -> Vec<LinkOutput> {
        assert_eq!(self.link.report(input, &mut self.out), Progress::Under);
        self.take()
    }

    fn receive(&mut self, offer: SessionDescription, manners: Manners) -> Vec<LinkOutput> {
        assert_eq!(
            self.link.offer_received(offer, manners, &mut self.out),
            Received::Done
        );
        self.take()
    }

    fn receive_candidate(&mut self, candidate: IceCandidate) -> Vec<LinkOutput> {
        self.link.candidate_received(candidate, &mut self.out);
        self.take()
    }

    /// Offers, and has the offer answered.
    fn offerer() -> Self {
        let mut bench = Self::new();
        bench.link.offer(&mut bench.out);
        bench.report(PeerInput::OfferCreated(Generation(1), offer("a", "a1")));
        bench
            .link
            .answer_received(answer("b", "b1"), &mut bench.out);
        bench.report(PeerInput::AnswerApplied(Generation(2)));
        bench.take();
        bench
    }

    /// Has offered ICE anew, and waits for the answer.
    fn restarting() -> Self {
        let mut bench = Self::offerer();
        bench.link.restart(&mut bench.out);
        bench.report(PeerInput::OfferCreated(Generation(3), offer("a", "a2")));
        bench
    }
}

fn create_offer(generation: u32, ice_restart: bool) -> LinkOutput {
    LinkOutput::Do(PeerCommand::CreateOffer {
        generation: Generation(generation),
        ice_restart,
    })
}

fn create_answer(generation: u32) -> LinkOutput {
    LinkOutput::Do(PeerCommand::CreateAnswer(Generation(generation)))
}

fn apply_offer(generation: u32, offer: SessionDescription) -> LinkOutput {
    LinkOutput::Do(PeerCommand::ApplyOffer(Generation(generation), offer))
}

fn apply_answer(generation: u32, answer: SessionDescription) -> LinkOutput {
    LinkOutput::Do(PeerCommand::ApplyAnswer(Generation(generation), answer))
}

fn add(ufrag: &str) -> LinkOutput {
    LinkOutput::Do(PeerCommand::AddCandidate(candidate(ufrag)))
}

fn send_candidate(ufrag: &str) -> LinkOutput {
    LinkOutput::Send(Signal::Candidate(candidate(ufrag)))
}

fn send_offer(ufrag: &str) -> LinkOutput {
    LinkOutput::Send(Signal::Offer(offer("a", ufrag)))
}

fn send_answer(ufrag: &str) -> LinkOutput {
    LinkOutput::Send(Signal::Answer(answer("a", ufrag)))
}

#[test]
fn an_offer_is_made_sent_and_answered() {
    let mut bench = Bench::new();
    bench.link.offer(&mut bench.out);
    assert_eq!(bench.take(), [create_offer(1, false)]);
    let made = bench.report(PeerInput::OfferCreated(Generation(1), offer("a", "a1")));
    assert_eq!(made, [send_offer("a1")]);
    bench
        .link
        .answer_received(answer("b", "b1"), &mut bench.out);
    assert_eq!(bench.take(), [apply_answer(2, answer("b", "b1"))]);
    assert_eq!(bench.report(PeerInput::AnswerApplied(Generation(2))), []);
    assert!(bench.link.is_negotiated());
}

#[test]
fn an_offer_that_comes_in_is_applied_and_answered() {
    let mut bench = Bench::new();
    let received = bench.receive(offer("b", "b1"), Manners::Polite);
    assert_eq!(received, [apply_offer(1, offer("b", "b1"))]);
    assert_eq!(
        bench.report(PeerInput::OfferApplied(Generation(1))),
        [create_answer(2)]
    );
    let made = bench.report(PeerInput::AnswerCreated(Generation(2), answer("a", "a1")));
    assert_eq!(made, [send_answer("a1")]);
}

#[test]
fn in_a_glare_the_impolite_side_ignores_the_other_offer() {
    let mut making = Bench::offerer();
    making.link.restart(&mut making.out);
    making.take();
    assert_eq!(making.receive(offer("b", "b2"), Manners::Impolite), []);
    let mut sent = Bench::restarting();
    assert_eq!(sent.receive(offer("b", "b2"), Manners::Impolite), []);
    // Its own offer is answered, as if nothing had been.
    sent.link.answer_received(answer("b", "b3"), &mut sent.out);
    assert_eq!(sent.take(), [apply_answer(4, answer("b", "b3"))]);
}

#[test]
fn in_a_glare_the_polite_side_takes_its_own_offer_back() {
    let mut bench = Bench::restarting();
    let received = bench.receive(offer("b", "b2"), Manners::Polite);
    assert_eq!(received, [apply_offer(4, offer("b", "b2"))]);
    assert_eq!(
        bench.report(PeerInput::OfferApplied(Generation(4))),
        [create_answer(5)]
    );
    // The other side restarted ICE itself: nothing is left to wish for.
    let made = bench.report(PeerInput::AnswerCreated(Generation(5), answer("a", "a3")));
    assert_eq!(made, [send_answer("a3")]);
}

#[test]
fn in_a_glare_of_first_offers_the_polite_side_needs_a_new_peer_connection() {
    let mut bench = Bench::new();
    bench.link.offer(&mut bench.out);
    bench.report(PeerInput::OfferCreated(Generation(1), offer("a", "a1")));
    let first = offer("b", "b1");
    let received = bench
        .link
        .offer_received(first.clone(), Manners::Polite, &mut bench.out);
    assert_eq!(received, Received::Foreign(first));
}

#[test]
fn an_offer_that_overtakes_that_of_another_peer_connection_needs_a_new_one() {
    let mut bench = Bench::new();
    bench.receive(offer("b", "b1"), Manners::Polite);
    let other = offer("c", "c1");
    let received = bench
        .link
        .offer_received(other.clone(), Manners::Polite, &mut bench.out);
    assert_eq!(received, Received::Foreign(other));
}

#[test]
fn a_restart_that_gave_way_to_a_mere_offer_is_made_up_for() {
    let mut bench = Bench::restarting();
    bench.receive(offer("b", "b1"), Manners::Polite);
    bench.report(PeerInput::OfferApplied(Generation(4)));
    let made = bench.report(PeerInput::AnswerCreated(Generation(5), answer("a", "a1")));
    assert_eq!(made, [send_answer("a1"), create_offer(6, true)]);
}

#[test]
fn an_offer_that_was_given_up_while_it_was_made_is_not_sent() {
    let mut bench = Bench::offerer();
    bench.link.restart(&mut bench.out);
    bench.take();
    bench.receive(offer("b", "b2"), Manners::Polite);
    let late = bench.report(PeerInput::OfferCreated(Generation(3), offer("a", "a2")));
    assert_eq!(late, []);
}

#[test]
fn results_of_an_older_generation_are_ignored() {
    let mut bench = Bench::offerer();
    bench.link.restart(&mut bench.out);
    bench.take();
    for stale in [
        PeerInput::OfferCreated(Generation(1), offer("a", "x")),
        PeerInput::OfferApplied(Generation(2)),
        PeerInput::AnswerCreated(Generation(2), answer("a", "x")),
        PeerInput::AnswerApplied(Generation(2)),
        PeerInput::NegotiationFailed(Generation(2), String::new()),
    ] {
        assert_eq!(bench.report(stale), []);
    }
}

#[test]
fn an_answer_that_nothing_asked_for_is_ignored() {
    let mut bench = Bench::offerer();
    bench
        .link
        .answer_received(answer("b", "b9"), &mut bench.out);
    assert_eq!(bench.take(), []);
}

#[test]
fn a_candidate_before_its_offer_waits_for_it() {
    let mut bench = Bench::new();
    assert_eq!(bench.receive_candidate(candidate("b1")), []);
    bench.receive(offer("b", "b1"), Manners::Polite);
    assert_eq!(bench.receive_candidate(candidate("b1")), []);
    let applied = bench.report(PeerInput::OfferApplied(Generation(1)));
    assert_eq!(applied, [add("b1"), add("b1"), create_answer(2)]);
    assert_eq!(bench.receive_candidate(candidate("b1")), [add("b1")]);
}

#[test]
fn a_candidate_of_a_generation_to_come_waits_and_one_of_a_past_one_is_dropped() {
    let mut bench = Bench::offerer();
    assert_eq!(bench.receive_candidate(candidate("b2")), []);
    bench.receive(offer("b", "b2"), Manners::Polite);
    let applied = bench.report(PeerInput::OfferApplied(Generation(3)));
    assert_eq!(applied, [add("b2"), create_answer(4)]);
    assert_eq!(bench.receive_candidate(candidate("b1")), []);
    bench.report(PeerInput::AnswerCreated(Generation(4), answer("a", "a2")));
    bench.receive(offer("b", "b3"), Manners::Polite);
    assert_eq!(
        bench.report(PeerInput::OfferApplied(Generation(5))),
        [create_answer(6)]
    );
}

#[test]
fn a_candidate_without_a_fragment_goes_by_its_line_or_to_the_current_description() {
    let mut bench = Bench::new();
    let bare = IceCandidate {
        username_fragment: None,
        ..candidate("")
    };
    let named = IceCandidate {
        candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag b7".into(),
        ..bare.clone()
    };
    assert_eq!(bench.receive_candidate(bare.clone()), []);
    assert_eq!(bench.receive_candidate(named.clone()), []);
    bench.receive(offer("b", "b1"), Manners::Polite);
    let applied = bench.report(PeerInput::OfferApplied(Generation(1)));
    let add_bare = LinkOutput::Do(PeerCommand::AddCandidate(bare.clone()));
    assert_eq!(applied, [add_bare.clone(), create_answer(2)]);
    assert_eq!(bench.receive_candidate(bare), [add_bare]);
    bench.report(PeerInput::AnswerCreated(Generation(2), answer("a", "a1")));
    bench.receive(offer("b", "b7"), Manners::Polite);
    let applied = bench.report(PeerInput::OfferApplied(Generation(3)));
    let add_named = LinkOutput::Do(PeerCommand::AddCandidate(named));
    assert_eq!(applied, [add_named, create_answer(4)]);
}

#[test]
fn candidates_that_wait_do_not_pile_up_without_end() {
    let mut bench = Bench::new();
    for _ in 0..1_000 {
        bench.receive_candidate(candidate("b1"));
    }
    bench.receive(offer("b", "b1"), Manners::Polite);
    let applied = bench.report(PeerInput::OfferApplied(Generation(1)));
    assert_eq!(applied.len(), 101);
}

#[test]
fn local_candidates_do_not_overtake_their_description() {
    let mut bench = Bench::new();
    bench.link.offer(&mut bench.out);
    bench.take();
    assert_eq!(bench.report(PeerInput::CandidateFound(candidate("a1"))), []);
    let made = bench.report(PeerInput::OfferCreated(Generation(1), offer("a", "a1")));
    assert_eq!(made, [send_offer("a1"), send_candidate("a1")]);
    let found = bench.report(PeerInput::CandidateFound(candidate("a1")));
    assert_eq!(found, [send_candidate("a1")]);
}

#[test]
fn a_restart_waits_for_the_negotiation_under_way() {
    let mut bench = Bench::new();
    bench.receive(offer("b", "b1"), Manners::Polite);
    bench.link.restart(&mut bench.out);
    assert_eq!(bench.take(), []);
    bench.report(PeerInput::OfferApplied(Generation(1)));
    let made = bench.report(PeerInput::AnswerCreated(Generation(2), answer("a", "a1")));
    assert_eq!(made, [send_answer("a1"), create_offer(3, true)]);
}

#[test]
fn a_second_restart_while_the_first_is_made_changes_nothing() {
    let mut bench = Bench::offerer();
    bench.link.restart(&mut bench.out);
    assert_eq!(bench.take(), [create_offer(3, true)]);
    bench.link.restart(&mut bench.out);
    assert_eq!(bench.take(), []);
}

#[test]
fn an_offer_that_is_never_answered_may_be_replaced() {
    let mut bench = Bench::restarting();
    bench.link.restart(&mut bench.out);
    assert_eq!(bench.take(), [create_offer(4, true)]);
}

#[test]
fn the_same_offer_again_is_answered_again_without_negotiating() {
    let mut bench = Bench::new();
    bench.receive(offer("b", "b1"), Manners::Polite);
    assert_eq!(bench.receive(offer("b", "b1"), Manners::Polite), []);
    bench.report(PeerInput::OfferApplied(Generation(1)));
    bench.report(PeerInput::AnswerCreated(Generation(2), answer("a", "a1")));
    assert_eq!(
        bench.receive(offer("b", "b1"), Manners::Polite),
        [send_answer("a1")]
    );
}

#[test]
fn an_offer_of_another_peer_connection_is_foreign() {
    let mut bench = Bench::offerer();
    let foreign = offer("b-rebuilt", "b1");
    let received = bench
        .link
        .offer_received(foreign.clone(), Manners::Polite, &mut bench.out);
    assert_eq!(received, Received::Foreign(foreign));
    assert_eq!(bench.take(), []);
}

#[test]
fn the_browsers_wish_counts_once_there_is_something_to_change() {
    let mut bench = Bench::new();
    assert_eq!(bench.report(PeerInput::NegotiationNeeded), []);
    bench.link.offer(&mut bench.out);
    bench.take();
    assert_eq!(bench.report(PeerInput::NegotiationNeeded), []);
    let mut bench = Bench::offerer();
    assert_eq!(
        bench.report(PeerInput::NegotiationNeeded),
        [create_offer(3, false)]
    );
}

#[test]
fn a_failure_is_told_and_leaves_the_link_ready_for_more() {
    let mut bench = Bench::offerer();
    bench.link.restart(&mut bench.out);
    bench.take();
    let failed = PeerInput::NegotiationFailed(Generation(3), "no".to_owned());
    assert_eq!(bench.link.report(failed, &mut bench.out), Progress::Broken);
    bench.link.restart(&mut bench.out);
    assert_eq!(bench.take(), [create_offer(4, true)]);
}

#[test]
fn what_is_read_of_a_description_is_there_with_either_line_end_or_not_at_all() {
    use crate::core::sdp::{candidate_ufrag, origin, ufrags};
    for end in ["\r\n", "\n"] {
        let lines = [
            "v=0",
            "o=- 42 2 IN IP4 127.0.0.1",
            "a=ice-ufrag:u1",
            "a=ice-ufrag:u2",
            "a=ice-ufrag:u1",
        ];
        let text = lines.join(end);
        assert_eq!(origin(&text), Some("42"));
        assert_eq!(ufrags(&text), ["u1".into(), "u2".into()] as [Box<str>; 2]);
    }
    for text in ["", "\n", "o=", "o=x", "a=ice-ufrag", "\u{1f600}\no=\u{e9}"] {
        assert_eq!(origin(text), None);
        assert_eq!(ufrags(text), [] as [Box<str>; 0]);
    }
    assert_eq!(
        candidate_ufrag("candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag u7 x y"),
        Some("u7")
    );
    assert_eq!(candidate_ufrag("candidate:1 ufrag"), None);
    assert_eq!(candidate_ufrag(""), None);
}
