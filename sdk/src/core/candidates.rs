//! Remote candidates, kept until the description that they belong to is in place.

use ringback_protocol::IceCandidate;

use super::sdp;

/// How many candidates wait at most; the oldest gives way.
const MOST_WAITING: usize = 100;
/// How many older generations are remembered.
const MOST_PAST: usize = 16;

/// Sorts remote candidates by the ICE generation that they belong to (RFC 8445 section 2.4).
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// The fragments of the remote description in place; none before the first.
    current: Vec<Box<str>>,
    /// Those of descriptions before it.
    past: Vec<Box<str>>,
    /// What belongs to a description that is still to come.
    waiting: Vec<IceCandidate>,
}

impl Candidates {
    /// Takes a candidate in and returns it when it can be added at once.
    pub(super) fn receive(&mut self, candidate: IceCandidate) -> Option<IceCandidate> {
        if self.is_past(&candidate) {
            return None;
        }
        if self.is_current(&candidate) {
            return Some(candidate);
        }
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.remove(0);
        }
        self.waiting.push(candidate);
        None
    }

    /// Notes the remote description that is now in place and returns what had waited for it.
    pub(super) fn described(&mut self, sdp: &str) -> Vec<IceCandidate> {
        let fresh = sdp::ufrags(sdp);
        let former = std::mem::replace(&mut self.current, fresh);
        self.past.extend(former);
        let current = &self.current;
        self.past.retain(|ufrag| !current.contains(ufrag));
        if self.past.len() > MOST_PAST {
            self.past.drain(..self.past.len() - MOST_PAST);
        }
        let waiting = std::mem::take(&mut self.waiting);
        waiting
            .into_iter()
            .filter_map(|candidate| self.receive(candidate))
            .collect()
    }

    /// Tells whether the remote description names a fragment that the one in place does not.
    pub(super) fn is_new_generation(&self, sdp: &str) -> bool {
        sdp::ufrags(sdp)
            .iter()
            .any(|ufrag| !self.current.contains(ufrag))
    }

    fn is_past(&self, candidate: &IceCandidate) -> bool {
        ufrag(candidate).is_some_and(|ufrag| self.past.iter().any(|past| **past == *ufrag))
    }

    fn is_current(&self, candidate: &IceCandidate) -> bool {
        ufrag(candidate).map_or(!self.current.is_empty(), |ufrag| {
            self.current.iter().any(|current| **current == *ufrag)
        })
    }
}

/// Returns the fragment that a candidate names; an older browser names none.
fn ufrag(candidate: &IceCandidate) -> Option<&str> {
    candidate
        .username_fragment
        .as_deref()
        .or_else(|| sdp::candidate_ufrag(&candidate.candidate))
}
