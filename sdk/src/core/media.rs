//! Microphone, camera and screen: what is wanted of them, and where they stand.

use super::error::{ClientCode, ClientError};
use super::ids::{MediaId, RequestId};
use super::input::{CaptureError, Permission};

/// What can be captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// Sound.
    Microphone,
    /// The picture of a camera.
    Camera,
    /// The picture of a screen, a window or a tab.
    Screen,
}

impl MediaKind {
    /// Returns the kind as the application sees it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Camera => "camera",
            Self::Screen => "screen",
        }
    }
}

pub use ringback_protocol::VideoState as VideoSource;

/// Why another device is in use than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChange {
    /// The application chose it.
    Chosen,
    /// The chosen one is not there: this is the browser's default one.
    Fallback,
    /// It had stopped by itself, and works again.
    Reacquired,
    /// It stopped by itself, and could not be had again so far.
    Lost,
}

impl DeviceChange {
    /// Returns the reason as the application sees it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Fallback => "fallback",
            Self::Reacquired => "reacquired",
            Self::Lost => "lost",
        }
    }
}

/// The browser's name of a device; none: its default one.
pub type DeviceChoice = Option<Box<str>>;

/// What an attempt to open a device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// It is needed.
    Open,
    /// The application chose it while another one is in use.
    Choose,
    /// It stopped by itself.
    Restore,
}

/// One attempt to open a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attempt {
    /// Names it.
    pub(super) id: MediaId,
    /// What it is for.
    pub(super) aim: Aim,
    /// Which device.
    pub(super) device: DeviceChoice,
}

/// A device in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InUse {
    /// The attempt that opened it.
    pub(super) id: MediaId,
    /// Which device.
    pub(super) device: DeviceChoice,
}

/// Where a device stands.
///
/// ```text
/// Closed --open--> Opening --opened--> Open --chosen--> Swapping --opened--> Open
///    ^                | ^               |                  |                  ^
///    +----failed------+ +----ended------+                  +------failed------+
///                     | ^
///              failed v | after a while
///                     Lost
/// ```
/// Every state may be closed.
#[derive(Debug, Default)]
pub(super) enum Capture {
    /// Not in use.
    #[default]
    Closed,
    /// The browser was asked for it.
    Opening(Attempt),
    /// In use.
    Open(InUse),
    /// In use, while another one is opened to take its place.
    Swapping {
        /// In use.
        current: InUse,
        /// Takes its place.
        next: Attempt,
    },
    /// It stopped by itself and did not open again: the next attempt waits.
    Lost,
}

/// One kind of device.
#[derive(Debug, Default)]
pub(super) struct Device {
    /// Where it stands.
    pub(super) capture: Capture,
    /// What the person chose: outlives calls.
    pub(super) choice: DeviceChoice,
    /// Who waits for the attempt under way.
    pub(super) waiting: Vec<RequestId>,
    /// How many attempts to have it again failed since it was lost.
    pub(super) failures: u32,
}

impl Device {
    /// Returns what is in use.
    pub(super) const fn in_use(&self) -> Option<&InUse> {
        match &self.capture {
            Capture::Open(current) | Capture::Swapping { current, .. } => Some(current),
            Capture::Closed | Capture::Opening(_) | Capture::Lost => None,
        }
    }

    /// Tells whether it is in use.
    pub(super) const fn is_open(&self) -> bool {
        self.in_use().is_some()
    }

    /// Tells whether it is wanted, whether or not it is there.
    pub(super) const fn is_wanted(&self) -> bool {
        match self.capture {
            Capture::Closed => false,
            Capture::Opening(_) | Capture::Open(_) | Capture::Swapping { .. } | Capture::Lost => {
                true
            }
        }
    }
}

/// How long the first attempt to have a lost device again waits, in milliseconds; then twice that.
const FIRST_RETRY_MS: u64 = 1_000;
/// How long it waits at most.
const LONGEST_RETRY_MS: u64 = 30_000;

impl Device {
    /// Returns how long the next attempt to have it again waits, in milliseconds.
    pub(super) fn retry_ms(&self) -> u64 {
        let doubled = FIRST_RETRY_MS << self.failures.min(5);
        doubled.min(LONGEST_RETRY_MS)
    }
}

/// When the microphone lets sound through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Talk {
    /// Unless it is muted.
    #[default]
    Open,
    /// Only while a key is pressed.
    Push {
        /// Whether it is.
        pressed: bool,
    },
}

/// What is known and wanted of local media, whether or not there is a call.
#[derive(Debug)]
pub(super) struct Media {
    /// The microphone.
    pub(super) microphone: Device,
    /// The camera.
    pub(super) camera: Device,
    /// The screen.
    pub(super) screen: Device,
    /// The loudspeaker in use: outlives calls.
    pub(super) speaker: DeviceChoice,
    /// Loudspeakers that the browser was asked to use.
    pub(super) asked_speakers: Vec<(RequestId, DeviceChoice)>,
    /// What the browser says about permission for the microphone.
    pub(super) permission: Permission,
    /// Whether the person wants to be silent: outlives re-opening and reconnecting.
    pub(super) muted: bool,
    /// Whether sound goes out only while a key is pressed: outlives calls.
    pub(super) talk: Talk,
    /// What the links send, and which capture it is.
    pub(super) shown: Option<MediaId>,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            microphone: Device::default(),
            camera: Device::default(),
            screen: Device::default(),
            speaker: None,
            asked_speakers: Vec::new(),
            permission: Permission::Prompt,
            muted: false,
            talk: Talk::Open,
            shown: None,
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

    /// Tells whether the others hear nothing of this side, as the person wants it.
    pub(super) const fn is_silent(&self) -> bool {
        match self.talk {
            Talk::Open => self.muted,
            Talk::Push { pressed } => self.muted || !pressed,
        }
    }

    /// Returns a device.
    pub(super) const fn device(&self, kind: MediaKind) -> &Device {
        match kind {
            MediaKind::Microphone => &self.microphone,
            MediaKind::Camera => &self.camera,
            MediaKind::Screen => &self.screen,
        }
    }

    /// Returns a device.
    pub(super) const fn device_mut(&mut self, kind: MediaKind) -> &mut Device {
        match kind {
            MediaKind::Microphone => &mut self.microphone,
            MediaKind::Camera => &mut self.camera,
            MediaKind::Screen => &mut self.screen,
        }
    }

    /// Returns what the others are to see: the screen takes the camera's place.
    pub(super) const fn video(&self) -> VideoSource {
        if self.screen.is_open() {
            VideoSource::Screen
        } else if self.camera.is_open() {
            VideoSource::Camera
        } else {
            VideoSource::Off
        }
    }

    /// Returns which capture the others are to see.
    pub(super) const fn video_id(&self) -> Option<MediaId> {
        match (self.screen.in_use(), self.camera.in_use()) {
            (Some(capture), _) | (None, Some(capture)) => Some(capture.id),
            (None, None) => None,
        }
    }
}

/// Returns the error that the application sees, with the browser's own words when there are some.
pub(super) fn capture_error(kind: MediaKind, error: CaptureError, detail: String) -> ClientError {
    let code = match (kind, error) {
        (MediaKind::Microphone, CaptureError::Denied) => ClientCode::MicDenied,
        (MediaKind::Microphone, CaptureError::NotFound) => ClientCode::MicNotFound,
        (MediaKind::Microphone, CaptureError::InUse) => ClientCode::MicInUse,
        (MediaKind::Microphone, CaptureError::Failed) => ClientCode::MicFailed,
        (MediaKind::Camera, CaptureError::Denied) => ClientCode::CameraDenied,
        (MediaKind::Camera, CaptureError::NotFound) => ClientCode::CameraNotFound,
        (MediaKind::Camera, CaptureError::InUse) => ClientCode::CameraInUse,
        (MediaKind::Camera, CaptureError::Failed) => ClientCode::CameraFailed,
        (MediaKind::Screen, CaptureError::Denied) => ClientCode::ScreenDenied,
        (
            MediaKind::Screen,
            CaptureError::NotFound | CaptureError::InUse | CaptureError::Failed,
        ) => ClientCode::ScreenFailed,
        (
            MediaKind::Microphone | MediaKind::Camera | MediaKind::Screen,
            CaptureError::InsecureContext,
        ) => ClientCode::InsecureContext,
    };
    // The table's text says what to do; the browser's only helps where the cause is unknown.
    let detail = match error {
        CaptureError::Failed if !detail.is_empty() => Some(detail),
        CaptureError::Failed
        | CaptureError::Denied
        | CaptureError::NotFound
        | CaptureError::InUse
        | CaptureError::InsecureContext => None,
    };
    ClientError {
        detail,
        ..code.into()
    }
}
