//! Asking the host application before a call comes about, or grows.
//!
//! It is asked before any lock is taken: while it thinks, only the socket that wants something waits.

use ringback_protocol::webhook::{CallHookData, CallHookType};
use ringback_protocol::{Failure, UserId};

use super::CallManager;
use crate::calls::ports::Actor;
use crate::calls::session::CallSession;
use crate::events::client::CallInitiate;

impl CallManager {
    /// Asks whether the actor may place that call.
    pub(super) async fn may_initiate(
        &self,
        actor: &Actor,
        event: &CallInitiate,
        targets: &[UserId],
    ) -> Result<(), Failure> {
        let data = CallHookData {
            user_id: actor.user.clone(),
            device_id: actor.device.clone(),
            chat_id: event.chat_id.clone(),
            session_id: None,
            call_type: event.call_type,
            target_user_ids: targets.to_vec(),
        };
        self.host.allows(CallHookType::Initiate, data).await
    }

    /// Asks whether the actor may do that to a call.
    pub(super) async fn may(
        &self,
        actor: &Actor,
        kind: CallHookType,
        session: &CallSession,
        targets: Vec<UserId>,
    ) -> Result<(), Failure> {
        if !session.is_live() {
            // The answer is the same whatever the application thinks of it.
            return Ok(());
        }
        let data = CallHookData {
            user_id: actor.user.clone(),
            device_id: actor.device.clone(),
            chat_id: session.chat().id.clone(),
            session_id: Some(session.id().clone()),
            call_type: session.call_type(),
            target_user_ids: targets,
        };
        self.host.allows(kind, data).await
    }
}
