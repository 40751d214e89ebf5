//! The caller's early offer, for devices that begin to ring later.
//!
//! The stored call says which offer holds; what is kept of it, here and beside the other nodes, are
//! copies that name the version of the call they belong to. An old copy is never handed out.

use std::sync::Arc;

use ringback_protocol::{ErrorCode, Failure};

use super::CallManager;
use super::cache::LiveCall;
use crate::calls::ports::{Actor, EarlyOffer, Hearing, Presence};
use crate::calls::session::{CallSession, Input};
use crate::events::SessionDescription;

impl CallManager {
    /// Returns the early offer of a ringing call, if the device that made it is there to be answered.
    pub(super) async fn early_offer(&self, call: &LiveCall) -> Option<SessionDescription> {
        let session = call.session();
        let device = session.offering_device()?;
        if self.peers.hearing() == Hearing::Alone {
            return call.offer();
        }
        let offer = self.copy_of_offer(call).await?;
        // Its node may have died with it, and nobody have noticed yet.
        let presence = self.presence(session.caller(), device).await;
        (presence == Presence::Connected).then_some(offer)
    }

    /// Returns the early offer that holds, from here or from beside the other nodes.
    async fn copy_of_offer(&self, call: &LiveCall) -> Option<SessionDescription> {
        if let Some(offer) = call.offer() {
            return Some(offer);
        }
        let session = call.session();
        let copy = self.peers.offer_of(session.id()).await?;
        (session.early_offer() == Some(copy.version)).then_some(copy.offer)
    }

    /// Gives the other nodes a copy of a call's early offer, when it has one.
    pub(super) fn share_offer(&self, call: &LiveCall) {
        if self.peers.hearing() == Hearing::Alone {
            return;
        }
        let session = call.session();
        let left_ms = session.ring_left_ms(self.clock.now());
        if let (Some(version), Some(offer)) = (session.early_offer(), call.offer()) {
            let copy = EarlyOffer { version, offer };
            self.peers.keep_offer(session.id(), &copy, left_ms);
        }
    }

    /// The same attempt was made again: an offer that differs takes the place of the first.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn offered_again(
        &self,
        actor: &Actor,
        session: &Arc<CallSession>,
        offer: Option<&SessionDescription>,
    ) -> Result<(), Failure> {
        let Some(offer) = offer.filter(|_| session.early_offer().is_some()) else {
            return Ok(());
        };
        let call = self.adopt(Arc::clone(session));
        let _gate = call.gate.lock().await;
        if self.copy_of_offer(&call).await.as_ref() == Some(offer) {
            return Ok(());
        }
        let input = Input::OfferedAgain {
            user: actor.user.clone(),
            device: actor.device.clone(),
        };
        match self.store_change(&call, input).await {
            Ok(_) => {}
            // It was answered or given up meanwhile, or is not this device's to offer.
            Err(failure) if failure.code == ErrorCode::CallEnded => return Ok(()),
            Err(failure) if failure.code == ErrorCode::NotInCall => return Ok(()),
            Err(failure) => return Err(failure),
        }
        call.keep_offer(offer.clone());
        self.share_offer(&call);
        Ok(())
    }
}
