//! Bringing links up, and bringing them back.

use ringback_protocol::ParticipantStatus;

use super::{Call, End, Flow, GOES_ON};
use crate::core::context::Context;
use crate::core::error::ClientCode;
use crate::core::ids::LinkId;
use crate::core::input::ConnectionState;
use crate::core::link::Link;
use crate::core::output::{Notification, PeerCommand};
use crate::core::repair::{
    CONNECT_MS, Change, Effort, Health, RECOVER_MS, Remedy, Step, TRY_MS, WAVER_MS,
};
use crate::core::timers::Timer;

impl Call {
    /// `connectionState` changed.
    pub(super) fn health_changed(
        &mut self,
        cx: &mut Context,
        at: usize,
        id: LinkId,
        state: ConnectionState,
    ) {
        let Some(link) = self.link_mut(at) else {
            return;
        };
        match link.health.changed(state) {
            Change::None => {}
            Change::Up => {
                self.turn_over(at);
                self.pair_is_up(cx, at);
                cx.timers.stop(Timer::Waver(id));
                cx.timers.stop(Timer::Attempt(id));
                cx.timers.stop(Timer::GiveUp(id));
            }
            Change::Waver if link.pulse.is_missed() => self.wavered(cx, id),
            Change::Waver => cx.timers.set(Timer::Waver(id), cx.now.after(WAVER_MS)),
            Change::Lost => self.mend(cx, at, id),
            Change::Setback => self.pause(cx, at, id),
        }
    }

    /// A link did not recover by itself.
    pub(in crate::core) fn wavered(&mut self, cx: &mut Context, id: LinkId) {
        let Some(at) = self.position_of(id) else {
            return;
        };
        if let Some(link) = self.link_mut(at)
            && link.health == Health::Wavering
        {
            link.health = Health::Mending(Effort::new(Step::Pausing));
            self.mend(cx, at, id);
        }
    }

    /// A link is lost: the first attempt begins at once.
    pub(super) fn mend(&mut self, cx: &mut Context, at: usize, id: LinkId) {
        if let Some(link) = self.link_mut(at) {
            link.sampler.pause();
        }
        cx.timers.stop(Timer::Waver(id));
        cx.timers.set(Timer::GiveUp(id), cx.now.after(RECOVER_MS));
        self.attempt(cx, at, id);
    }

    /// The attempt under way did not help; the next one waits.
    fn pause(&mut self, cx: &mut Context, at: usize, id: LinkId) {
        if let Some(effort) = self.link_mut(at).and_then(|link| link.health.effort()) {
            effort.step = Step::Pausing;
            let pause_ms = effort.pause_ms();
            cx.timers.set(Timer::Attempt(id), cx.now.after(pause_ms));
        }
    }

    /// An attempt took too long, or the next one is due.
    pub(in crate::core) fn attempt_due(&mut self, cx: &mut Context, id: LinkId) {
        let Some(at) = self.position_of(id) else {
            return;
        };
        self.turn_over(at);
        match self
            .link_mut(at)
            .and_then(|link| link.health.effort())
            .map(|effort| effort.step)
        {
            Some(Step::Trying) => self.pause(cx, at, id),
            Some(Step::Pausing) => self.attempt(cx, at, id),
            Some(Step::Blocked) | None => {}
        }
    }

    fn attempt(&mut self, cx: &mut Context, at: usize, id: LinkId) {
        let can_signal = self.can_signal(at);
        let Some(link) = self.link_mut(at) else {
            return;
        };
        let can_restart = link.is_negotiated() || link.awaits_answer();
        let Some(effort) = link.health.effort() else {
            return;
        };
        if !can_signal {
            effort.step = Step::Blocked;
            cx.timers.stop(Timer::Attempt(id));
            return;
        }
        let remedy = effort.begin();
        cx.timers.set(Timer::Attempt(id), cx.now.after(TRY_MS));
        match remedy {
            Remedy::Restart if can_restart => self.drive(cx, at, Link::restart),
            // A link that nothing was negotiated on has nothing to restart.
            Remedy::Restart | Remedy::Rebuild => self.rebuild(cx, at),
        }
    }

    /// Puts a new peer connection in a link's place; its time does not begin anew.
    fn rebuild(&mut self, cx: &mut Context, at: usize) {
        let Some(former) = self.link_mut(at).map(|link| (link.id, link.health)) else {
            return;
        };
        let (former_id, health) = former;
        let give_up_at = cx.timers.due(Timer::GiveUp(former_id));
        self.open_link(cx, at, true);
        self.begin_offer(cx, at);
        if let Some(link) = self.link_mut(at) {
            link.health = health;
            let id = link.id;
            let most = cx.now.after(CONNECT_MS);
            cx.timers.set(Timer::Attempt(id), cx.now.after(TRY_MS));
            cx.timers.set(Timer::GiveUp(id), give_up_at.unwrap_or(most));
        }
    }

    /// Puts a new peer connection in the place of one whose path broke while nothing could be said.
    ///
    /// A restart would do, but the browser goes on trying the paths of the old network first.
    fn renew(&mut self, cx: &mut Context, at: usize) {
        self.open_link(cx, at, true);
        let Some(link) = self.link_mut(at) else {
            return;
        };
        link.health = Health::Mending(Effort::new(Step::Trying));
        let id = link.id;
        cx.timers.set(Timer::Attempt(id), cx.now.after(TRY_MS));
        cx.timers.set(Timer::GiveUp(id), cx.now.after(RECOVER_MS));
        self.begin_offer(cx, at);
    }

    /// The browser could not negotiate: only a new peer connection helps.
    pub(super) fn negotiation_broke(&mut self, cx: &mut Context, at: usize, id: LinkId) -> Flow {
        self.turn_over(at);
        let Some(link) = self.link_mut(at) else {
            return GOES_ON;
        };
        match &mut link.health {
            // Media flows: a later round may do better.
            Health::Connected | Health::Wavering => {}
            Health::Connecting(effort) | Health::Mending(effort) => {
                // The fourth attempt is the one that rebuilds.
                effort.attempts = effort.attempts.max(3);
                effort.step = Step::Pausing;
                cx.timers.set(Timer::Attempt(id), cx.now.after(500));
            }
        }
        GOES_ON
    }

    /// An offer was not answered in time.
    pub(in crate::core) fn answer_overdue(&mut self, cx: &mut Context, id: LinkId) {
        let Some(at) = self.position_of(id) else {
            return;
        };
        let is_overdue = self
            .link_mut(at)
            .is_some_and(|link| link.awaits_answer() && link.health.is_up());
        if is_overdue && self.can_signal(at) {
            self.drive(cx, at, Link::restart);
        }
    }

    /// A link did not come up in time.
    pub(in crate::core) fn give_up(&mut self, cx: &mut Context, id: LinkId) -> Flow {
        let Some(at) = self.position_of(id) else {
            return GOES_ON;
        };
        let status = self.participants.get(at).map(|other| other.status);
        let is_excused = if self.is_one_to_one() {
            // Whoever is away is not to blame for the path; the server says when they are gone for
            // good, unless this side is away too.
            status == Some(ParticipantStatus::Reconnecting)
                && (self.is_in_step() || self.wait_longer(at))
        } else {
            !self.can_signal(at)
        };
        if is_excused {
            cx.timers.set(Timer::GiveUp(id), cx.now.after(TRY_MS));
        } else if self.is_one_to_one() {
            self.fail_link(cx, at);
            cx.notify(Notification::Error(ClientCode::ConnectionFailed.into()));
            return End::broken(ClientCode::ConnectionFailed.into());
        } else {
            self.pair_failed(cx, at, id);
        }
        GOES_ON
    }

    /// Waits a little longer for a link while nobody can say who is gone for good, up to a limit.
    fn wait_longer(&mut self, at: usize) -> bool {
        let effort = self.link_mut(at).and_then(|link| link.health.effort());
        effort.is_some_and(|effort| effort.spend_patience(TRY_MS) > 0)
    }

    /// Somebody is back, or this side is: their link gets the time of a first one, if not again and
    /// again.
    fn give_time(&mut self, cx: &mut Context, at: usize) {
        let Some(link) = self.link_mut(at) else {
            return;
        };
        let timer = Timer::GiveUp(link.id);
        if let Some(effort) = link.health.effort()
            && let Some(due) = cx.timers.due(timer)
        {
            let more_ms = cx.now.after(CONNECT_MS).since(due);
            cx.timers
                .set(timer, due.after(effort.spend_patience(more_ms)));
        }
    }

    /// Sound arrived over a link since the last time, or did not: a path that breaks is noticed here
    /// seconds before the browser calls the link disconnected.
    pub(super) fn pulse_read(&mut self, cx: &mut Context, at: usize, is_heard: bool) {
        let now = cx.now;
        let Some(link) = self.link_mut(at).filter(|link| link.health.is_up()) else {
            return;
        };
        if !link.pulse.read(now, is_heard) {
            return;
        }
        let (id, is_offered) = (link.id, link.awaits_answer());
        match link.health {
            Health::Wavering => self.wavered(cx, id),
            Health::Connected if !is_offered => self.drive(cx, at, Link::restart),
            Health::Connected | Health::Connecting(_) | Health::Mending(_) => {}
        }
        cx.probe();
    }

    /// The servers that paths are found with changed: the next restart uses the new ones.
    pub(in crate::core) fn reconfigure(&mut self, cx: &mut Context) -> Flow {
        if self.active().is_some() {
            for other in &self.participants {
                if let Some(link) = other.link() {
                    cx.peer(link.id, PeerCommand::Reconfigure(cx.config()));
                }
            }
        }
        GOES_ON
    }

    /// Another network: the path of every link is to be found anew.
    pub(in crate::core) fn network_changed(&mut self, cx: &mut Context) {
        for at in 0..self.participants.len() {
            let Some((id, health)) = self.link_mut(at).map(|link| (link.id, link.health)) else {
                self.again_now(cx, at);
                continue;
            };
            match health {
                // Without the socket the offer waits in the outbox, its candidates behind it.
                Health::Connected => self.drive(cx, at, Link::restart),
                Health::Wavering => self.wavered(cx, id),
                Health::Connecting(_) | Health::Mending(_) => self.attempt_now(cx, at, id),
            }
        }
    }

    /// Begins the next attempt without waiting, unless one is under way.
    fn attempt_now(&mut self, cx: &mut Context, at: usize, id: LinkId) {
        let step = self
            .link_mut(at)
            .and_then(|link| link.health.effort())
            .map(|effort| effort.step);
        match step {
            Some(Step::Pausing | Step::Blocked) if self.active().is_some() => {
                self.attempt(cx, at, id);
            }
            Some(Step::Pausing | Step::Blocked | Step::Trying) | None => {}
        }
    }

    /// Tells whether sound over a link stopped, although the browser may call it connected.
    pub(super) fn is_missed(&self, at: usize) -> bool {
        let link = self.participants.get(at).and_then(|other| other.link());
        link.is_some_and(|link| link.pulse.is_missed())
    }

    /// Returns the links over which something is still to be said.
    pub(super) fn unsettled_links(&self) -> Vec<LinkId> {
        if self.active().is_none() {
            // Links that were made ahead of the answer are not in use.
            return Vec::new();
        }
        let links = self.participants.iter().filter_map(|other| other.link());
        let unsettled = links
            .filter(|link| !link.health.is_up() || link.awaits_answer() || link.pulse.is_missed());
        unsettled.map(|link| link.id).collect()
    }

    /// Signaling is back: what waited for it begins.
    pub(super) fn mend_on(&mut self, cx: &mut Context, id: LinkId) {
        if let Some(at) = self.position_of(id) {
            self.mend_after_absence(cx, at);
        }
    }

    /// A participant, or this side, was away from signaling: what was said meanwhile is lost.
    pub(super) fn mend_after_absence(&mut self, cx: &mut Context, at: usize) {
        self.try_anew(cx, at);
        self.give_time(cx, at);
    }

    fn try_anew(&mut self, cx: &mut Context, at: usize) {
        if self.is_queued(at) {
            return;
        }
        let Some(link) = self.link_mut(at) else {
            return self.again_now(cx, at);
        };
        if link.pulse.is_missed() && self.can_signal(at) {
            return self.renew(cx, at);
        }
        let Some(link) = self.link_mut(at) else {
            return;
        };
        let id = link.id;
        let is_stuck = link.awaits_answer();
        let Some(effort) = link.health.effort() else {
            if is_stuck && self.can_signal(at) {
                self.drive(cx, at, Link::restart);
            }
            return;
        };
        effort.attempts = 0;
        effort.step = Step::Pausing;
        self.attempt(cx, at, id);
    }

    /// Tells whether a participant can be told anything now.
    pub(super) fn can_signal(&self, at: usize) -> bool {
        self.is_in_step()
            && self
                .participants
                .get(at)
                .is_some_and(|other| other.status == ParticipantStatus::Joined)
    }

    pub(super) fn link_mut(&mut self, at: usize) -> Option<&mut Link> {
        self.participants
            .get_mut(at)
            .and_then(|other| other.link_mut())
    }

    fn position_of(&self, id: LinkId) -> Option<usize> {
        self.participants
            .iter()
            .position(|other| other.has_link(id))
    }
}
