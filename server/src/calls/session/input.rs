//! What may happen to a call, and what is then to be told.

use ringback_protocol::rest::UserRef;
use ringback_protocol::{DeviceId, EndReason, LinkReport, QualityReport, UserId};

use super::Callee;
use crate::calls::ports::Recipient;
use crate::events::{ServerEvent, SessionDescription};

/// What may happen to a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A device of a target got `call:incoming`.
    Reached {
        /// The target.
        user: UserId,
    },
    /// A device answers.
    Accept {
        /// Who.
        user: UserId,
        /// On which device.
        device: DeviceId,
        /// The answer to the offer that came with `call:incoming`.
        answer: Option<SessionDescription>,
    },
    /// A target rejects, for all their devices.
    Reject {
        /// Who.
        user: UserId,
        /// On which device.
        device: DeviceId,
        /// Why; absent: `declined`.
        reason: Option<EndReason>,
    },
    /// A participant ends the call, or their part of it.
    End {
        /// Who.
        user: UserId,
        /// On which device.
        device: DeviceId,
        /// Why; absent: `completed`, or `cancelled` before anyone answered.
        reason: Option<EndReason>,
    },
    /// A participant leaves the call to the others.
    Leave {
        /// Who.
        user: UserId,
        /// On which device.
        device: DeviceId,
    },
    /// Someone enters the running call, or moves it to another device of theirs.
    Join {
        /// Who; the caller of this has checked that they are a member of the chat.
        person: UserRef,
        /// On which device.
        device: DeviceId,
    },
    /// A participant calls more people into the call.
    Invite {
        /// Who.
        user: UserId,
        /// On which device.
        device: DeviceId,
        /// Whom, and how they can be reached.
        callees: Vec<Callee>,
    },
    /// A device takes up its place again.
    Resume {
        /// Who.
        user: UserId,
        /// On which device.
        device: DeviceId,
        /// Whether it lost its peer connections.
        fresh: bool,
    },
    /// The caller, while it rings, made another early offer in place of the first.
    OfferedAgain {
        /// Who.
        user: UserId,
        /// On which device.
        device: DeviceId,
    },
    /// The last socket of a device closed.
    DeviceDropped {
        /// Who.
        user: UserId,
        /// Which device.
        device: DeviceId,
    },
    /// The server came up anew and these devices are not connected: their grace begins anew.
    Orphaned {
        /// The devices that were in the call.
        devices: Vec<(UserId, DeviceId)>,
    },
    /// A user whose device dropped turned to another call: their place is not kept any longer.
    Abandoned {
        /// Who.
        user: UserId,
    },
    /// A participant reports the quality that it measured.
    Quality {
        /// Who.
        user: UserId,
        /// On which device.
        device: DeviceId,
        /// What was measured of all links together.
        report: QualityReport,
        /// What was measured of each.
        links: Vec<LinkReport>,
    },
    /// Another call between the same two people stays instead of this one.
    Replaced,
    /// Whoever runs the server ends it.
    EndedByOperator,
    /// It is time to look at the deadlines.
    Timeout,
}

/// Something to be told to someone.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub event: ServerEvent,
}
