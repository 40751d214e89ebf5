//! Tells the call domain that devices come and go, in an order that makes sense.
//!
//! The end of an old socket and the sign-in of a new one of the same device are noticed on
//! different tasks. What is told is therefore decided under a lock of the device, by what is
//! true at that moment: never "gone" after "back".

use std::sync::Arc;

use super::registry::{Member, PresenceLock, Registry, Remaining};
use crate::calls::ports::{Actor, Calls};

/// Tells that the device of a new socket is there.
pub(super) async fn arrived(
    calls: Arc<dyn Calls>,
    registry: Arc<Registry>,
    member: Member,
    lock: PresenceLock,
) {
    let _guard = lock.lock().await;
    if registry.has_socket(&member.actor, member.id) {
        calls.device_connected(&member.actor).await;
    }
}

/// Tells what the end of a socket means for its device.
pub(super) async fn departed(
    calls: Arc<dyn Calls>,
    registry: Arc<Registry>,
    actor: Arc<Actor>,
    remaining: Remaining,
) {
    match remaining {
        Remaining::SameSocket => {}
        // It missed what went to the newer socket meanwhile: it is told how things stand.
        Remaining::OlderSocket(older, lock) => arrived(calls, registry, older, lock).await,
        Remaining::Nothing(lock) => {
            let _guard = lock.lock().await;
            if !registry.has_device(&actor) {
                calls.device_disconnected(&actor).await;
                registry.forget(&actor);
            }
        }
    }
}
