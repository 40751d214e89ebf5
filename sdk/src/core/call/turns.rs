//! Which links negotiate now: a few at once, the others in order, so that nobody who talks stutters.

use ringback_protocol::SessionDescription;

use super::Call;
use crate::core::context::Context;
use crate::core::link::{Link, Turn};
use crate::core::timers::Timer;

/// How many links may be on their way up at once.
const MOST_AT_ONCE: usize = 3;

impl Call {
    /// Begins with this side's offer, or puts it in the queue.
    pub(super) fn offer_in_turn(&mut self, cx: &mut Context, at: usize) {
        if self.has_room() {
            self.begin_offer(cx, at);
        } else {
            self.queue(cx, at, None);
        }
    }

    /// Begins with this side's offer, whoever else is under way.
    pub(super) fn begin_offer(&mut self, cx: &mut Context, at: usize) {
        self.set_turn(at, Turn::Taken);
        self.drive(cx, at, Link::offer);
    }

    /// Returns the offer if it may be answered now; else it is put in the queue.
    pub(super) fn answer_in_turn(
        &mut self,
        cx: &mut Context,
        at: usize,
        offer: SessionDescription,
    ) -> Option<SessionDescription> {
        let has_room = self.has_room();
        let link = self.link_mut(at)?;
        match link.turn {
            Turn::Taken | Turn::Over => Some(offer),
            Turn::Open | Turn::Queued(_) if has_room => {
                link.turn = Turn::Taken;
                Some(offer)
            }
            Turn::Open | Turn::Queued(_) => {
                self.queue(cx, at, Some(offer));
                None
            }
        }
    }

    /// Gives the places that became free to those who wait, in order.
    pub(in crate::core) fn take_turns(&mut self, cx: &mut Context) {
        while self.has_room() {
            let waits = |link: &Link| matches!(link.turn, Turn::Queued(_));
            let mut others = self.participants.iter();
            let Some(at) = others.position(|other| other.link().is_some_and(waits)) else {
                return;
            };
            let Some(link) = self.link_mut(at) else {
                return;
            };
            let (id, turn) = (link.id, std::mem::replace(&mut link.turn, Turn::Taken));
            self.watch_link(cx, id);
            match turn {
                Turn::Queued(Some(offer)) => self.take_offer(cx, at, offer),
                Turn::Queued(None) | Turn::Open | Turn::Taken | Turn::Over => {
                    self.drive(cx, at, Link::offer);
                }
            }
        }
    }

    /// A link came up, or has had its time: its place is free.
    pub(super) fn turn_over(&mut self, at: usize) {
        if let Some(link) = self.link_mut(at)
            && link.turn == Turn::Taken
        {
            link.turn = Turn::Over;
        }
    }

    /// Tells whether a link waits for its turn.
    pub(super) fn is_queued(&self, at: usize) -> bool {
        let link = self.participants.get(at).and_then(|other| other.link());
        link.is_some_and(|link| matches!(link.turn, Turn::Queued(_)))
    }

    fn queue(&mut self, cx: &mut Context, at: usize, offer: Option<SessionDescription>) {
        self.set_turn(at, Turn::Queued(offer));
        if let Some(link) = self.link_mut(at) {
            // Its time begins with its turn.
            cx.timers.stop(Timer::Attempt(link.id));
            cx.timers.stop(Timer::GiveUp(link.id));
        }
    }

    fn set_turn(&mut self, at: usize, turn: Turn) {
        if let Some(link) = self.link_mut(at) {
            link.turn = turn;
        }
    }

    fn has_room(&self) -> bool {
        let links = self.participants.iter().filter_map(|other| other.link());
        links.filter(|link| link.turn == Turn::Taken).count() < MOST_AT_ONCE
    }
}
