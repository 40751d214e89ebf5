//! Opening and closing devices, and which picture is sent.

use super::context::Context;
use super::error::ClientCode;
use super::media::{Aim, Attempt, Capture, DeviceChoice, MediaKind};
use super::output::{MediaCommand, Notification};
use super::timers::Timer;

impl Context {
    /// Opens a device, unless it is open or being opened.
    pub(super) fn open(&mut self, kind: MediaKind) {
        let device = self.media.device(kind);
        match device.capture {
            Capture::Opening(_) | Capture::Open(_) | Capture::Swapping { .. } => {}
            Capture::Closed | Capture::Lost => {
                let choice = device.choice.clone();
                self.begin(kind, Aim::Open, choice);
            }
        }
    }

    /// Begins to open a device that is not in use.
    pub(super) fn begin(&mut self, kind: MediaKind, aim: Aim, device: DeviceChoice) {
        let attempt = self.attempt(kind, aim, device);
        self.media.device_mut(kind).capture = Capture::Opening(attempt);
    }

    /// Asks the browser for a device.
    pub(super) fn attempt(&mut self, kind: MediaKind, aim: Aim, device: DeviceChoice) -> Attempt {
        self.timers.stop(Timer::Reacquire(kind));
        let id = self.next_media();
        match kind {
            // Before it opens, so that a muted person is never heard, not even for a moment.
            MediaKind::Microphone => self.enable_microphone(),
            MediaKind::Camera | MediaKind::Screen => {}
        }
        self.command(MediaCommand::Open(kind, id, device.clone()));
        Attempt { id, aim, device }
    }

    /// Lets the microphone through as the person wants it.
    pub(super) fn enable_microphone(&mut self) {
        let is_on = !self.media.is_silent();
        self.command(MediaCommand::SetMicrophoneEnabled(is_on));
    }

    /// Closes a device, also when it is still being opened; the picture goes before its track ends.
    pub(super) fn close(&mut self, kind: MediaKind) {
        let device = self.media.device_mut(kind);
        let was_wanted = device.is_wanted();
        device.capture = Capture::Closed;
        device.failures = 0;
        let waiting = std::mem::take(&mut device.waiting);
        self.timers.stop(Timer::Reacquire(kind));
        self.refresh_video();
        if was_wanted {
            self.command(MediaCommand::Close(kind));
        }
        for request in waiting {
            self.settle(request, Err(ClientCode::Cancelled.into()));
        }
    }

    /// Closes everything that a call has open.
    pub(super) fn close_media(&mut self) {
        for kind in [MediaKind::Screen, MediaKind::Camera, MediaKind::Microphone] {
            self.close(kind);
        }
    }

    /// Sends the picture that is to be sent, when it is another one than before.
    pub(super) fn refresh_video(&mut self) {
        let id = self.media.video_id();
        if id != self.media.shown {
            self.media.shown = id;
            let source = self.media.video();
            self.command(MediaCommand::SendVideo(source));
            self.notify(Notification::LocalVideo(source));
        }
    }
}
