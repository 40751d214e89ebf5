//! The microphone: what is wanted of it, and where it stands.

use super::error::{ClientCode, ClientError, Code};
use super::ids::MediaId;
use super::input::{MicrophoneError, Permission};

/// Where the microphone stands.
///
/// ```text
/// Closed --open--> Opening --opened--> Open
///    ^                |                  |
///    +----failed------+------close-------+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Microphone {
    /// Not in use.
    Closed,
    /// The browser was asked for it.
    Opening(MediaId),
    /// In use.
    Open(MediaId),
}

impl Microphone {
    /// Tells whether the microphone is in use.
    pub(super) const fn is_open(self) -> bool {
        match self {
            Self::Open(_) => true,
            Self::Closed | Self::Opening(_) => false,
        }
    }

    /// Tells whether this is the attempt that is under way.
    pub(super) fn is_opening(self, id: MediaId) -> bool {
        match self {
            Self::Opening(current) => current == id,
            Self::Closed | Self::Open(_) => false,
        }
    }
}

/// What is known and wanted of local media, whether or not there is a call.
#[derive(Debug)]
pub(super) struct Media {
    /// Where the microphone stands.
    pub(super) microphone: Microphone,
    /// What the browser says about permission.
    pub(super) permission: Permission,
    /// Whether the person wants to be silent: outlives re-opening and reconnecting.
    pub(super) muted: bool,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            microphone: Microphone::Closed,
            permission: Permission::Prompt,
            muted: false,
        }
    }
}

impl Media {
    /// Tells whether opening the microphone will not have to ask the person.
    pub(super) const fn is_granted(&self) -> bool {
        match self.permission {
            Permission::Granted => true,
            Permission::Denied | Permission::Prompt => false,
        }
    }
}

/// Returns the error that the application sees, with the browser's own words when there are some.
pub(super) fn microphone_error(error: MicrophoneError, detail: String) -> ClientError {
    let code = match error {
        MicrophoneError::Denied => ClientCode::MicDenied,
        MicrophoneError::NotFound => ClientCode::MicNotFound,
        MicrophoneError::InUse => ClientCode::MicInUse,
        MicrophoneError::InsecureContext => ClientCode::InsecureContext,
        MicrophoneError::Failed => ClientCode::MicFailed,
    };
    // The table's text says what to do; the browser's only helps where the cause is unknown.
    let detail = match error {
        MicrophoneError::Failed if !detail.is_empty() => Some(detail),
        MicrophoneError::Failed
        | MicrophoneError::Denied
        | MicrophoneError::NotFound
        | MicrophoneError::InUse
        | MicrophoneError::InsecureContext => None,
    };
    ClientError {
        code: Code::Client(code),
        detail,
    }
}
