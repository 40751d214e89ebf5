//! What devices report, and what the application wants of them.

use super::Client;
use crate::core::call::GOES_ON;
use crate::core::error::{ClientCode, ClientError};
use crate::core::ids::{MediaId, RequestId};
use crate::core::input::{CaptureError, DeviceInput, SpeakerError};
use crate::core::media::{
    Aim, Attempt, Capture, DeviceChange, DeviceChoice, InUse, Media, MediaKind, Talk, capture_error,
};
use crate::core::output::{MediaCommand, Notification, Settled};
use crate::core::timers::Timer;

/// Plugging in one headset changes the list several times: how long it takes to settle, in milliseconds.
const SETTLE_MS: u64 = 300;

impl Client {
    pub(super) fn device(&mut self, input: DeviceInput) {
        match input {
            DeviceInput::Permission(permission) => {
                self.cx.media.permission = permission;
                if self.cx.media.is_granted() {
                    // Devices have names from now on.
                    self.cx.notify(Notification::Devices);
                }
            }
            DeviceInput::Opened(kind, id) => self.opened(kind, id),
            DeviceInput::Failed(kind, id, error, detail) => {
                self.not_opened(kind, id, error, detail);
            }
            DeviceInput::Ended(kind, id) => self.ended_by_itself(kind, id),
            DeviceInput::Interrupted(kind, id, is_away) => self.interrupted(kind, id, is_away),
            DeviceInput::DevicesChanged => {
                let at = self.cx.now.after(SETTLE_MS);
                self.cx.timers.set(Timer::Devices, at);
            }
            DeviceInput::SpeakerSet(request, result) => self.speaker_set(request, result),
            DeviceInput::PlaybackBlocked(link) => {
                if let Some(user) = self.live().and_then(|call| call.user_of(link)) {
                    let user = user.clone();
                    self.cx.notify(Notification::AudioBlocked(user));
                }
            }
            DeviceInput::NetworkChanged => self.network_changed(),
        }
    }

    fn opened(&mut self, kind: MediaKind, id: MediaId) {
        let device = self.cx.media.device_mut(kind);
        let attempt = match &device.capture {
            Capture::Opening(next) | Capture::Swapping { next, .. } if next.id == id => {
                next.clone()
            }
            // The answer came after the call was over: no track may stay live.
            Capture::Closed | Capture::Lost => {
                self.cx.command(MediaCommand::Close(kind));
                return;
            }
            Capture::Opening(_) | Capture::Swapping { .. } | Capture::Open(_) => return,
        };
        let Attempt {
            aim, device: used, ..
        } = attempt;
        let change = change(aim, used == device.choice);
        device.capture = Capture::Open(InUse {
            id,
            device: used.clone(),
        });
        device.failures = 0;
        if let Some(change) = change {
            self.cx
                .notify(Notification::DeviceChanged(kind, used, change));
        }
        self.settle_waiting(kind, Ok(true));
        match kind {
            MediaKind::Microphone => self.with_call(|call, cx| {
                call.microphone_opened(cx);
                GOES_ON
            }),
            MediaKind::Camera | MediaKind::Screen => self.video_changed(),
        }
    }

    fn not_opened(&mut self, kind: MediaKind, id: MediaId, error: CaptureError, detail: String) {
        let device = self.cx.media.device_mut(kind);
        match std::mem::take(&mut device.capture) {
            Capture::Opening(attempt) if attempt.id == id => {
                self.not_there(kind, &attempt, error, detail);
            }
            Capture::Swapping { current, next } if next.id == id => {
                self.not_swapped(kind, current, next.aim, error, detail);
            }
            capture @ (Capture::Closed
            | Capture::Opening(_)
            | Capture::Open(_)
            | Capture::Swapping { .. }
            | Capture::Lost) => device.capture = capture,
        }
    }

    fn not_there(
        &mut self,
        kind: MediaKind,
        attempt: &Attempt,
        error: CaptureError,
        detail: String,
    ) {
        if error == CaptureError::NotFound && attempt.device.is_some() {
            // The chosen one is gone: the default one may do.
            self.cx.begin(kind, attempt.aim, None);
            return;
        }
        let failure = capture_error(kind, error, detail);
        match attempt.aim {
            Aim::Open | Aim::Choose => self.refuse(kind, failure),
            Aim::Restore => self.lose(kind, error, failure),
        }
    }

    /// What was needed cannot be had.
    fn refuse(&mut self, kind: MediaKind, failure: ClientError) {
        let is_told = self.settle_waiting(kind, Err(&failure));
        match kind {
            MediaKind::Microphone => {
                self.with_call(|call, cx| call.microphone_failed(cx, failure));
            }
            // The call goes on without a picture.
            MediaKind::Camera | MediaKind::Screen if is_told => {}
            MediaKind::Camera | MediaKind::Screen => self.cx.notify(Notification::Error(failure)),
        }
    }

    /// What stopped by itself cannot be had again so far.
    fn lose(&mut self, kind: MediaKind, error: CaptureError, failure: ClientError) {
        let device = self.cx.media.device_mut(kind);
        let is_first = device.failures == 0;
        let retry_ms = device.retry_ms();
        device.failures = device.failures.saturating_add(1);
        device.capture = Capture::Lost;
        // Who was refused is not to be asked again and again.
        if error != CaptureError::Denied {
            let at = self.cx.now.after(retry_ms);
            self.cx.timers.set(Timer::Reacquire(kind), at);
        }
        self.settle_waiting(kind, Err(&failure));
        if is_first {
            self.cx
                .notify(Notification::DeviceChanged(kind, None, DeviceChange::Lost));
            self.cx.notify(Notification::Error(failure));
        }
    }

    /// The device that was to take the place of another is not to be had: the other one stays.
    fn not_swapped(
        &mut self,
        kind: MediaKind,
        current: InUse,
        aim: Aim,
        error: CaptureError,
        detail: String,
    ) {
        let device = self.cx.media.device_mut(kind);
        if aim == Aim::Choose {
            device.choice.clone_from(&current.device);
        }
        device.capture = Capture::Open(current);
        let failure = match error {
            CaptureError::NotFound => ClientCode::DeviceNotFound.into(),
            CaptureError::Denied
            | CaptureError::InUse
            | CaptureError::InsecureContext
            | CaptureError::Failed => capture_error(kind, error, detail),
        };
        self.settle_waiting(kind, Err(&failure));
    }

    /// Settles whoever waits for a device; tells whether anybody did.
    fn settle_waiting(&mut self, kind: MediaKind, result: Result<bool, &ClientError>) -> bool {
        let waiting = std::mem::take(&mut self.cx.media.device_mut(kind).waiting);
        let is_told = !waiting.is_empty();
        for request in waiting {
            self.cx
                .settle(request, result.map(Settled::Switched).map_err(Clone::clone));
        }
        is_told
    }

    /// A telephone call, or a switch on the machine: nothing can be done but to tell.
    fn interrupted(&mut self, kind: MediaKind, id: MediaId, is_away: bool) {
        let in_use = self.cx.media.device(kind).in_use();
        if let Some(in_use) = in_use.filter(|in_use| in_use.id == id) {
            let device = in_use.device.clone();
            let change = if is_away {
                DeviceChange::Lost
            } else {
                DeviceChange::Reacquired
            };
            self.cx
                .notify(Notification::DeviceChanged(kind, device, change));
        }
    }

    /// Unplugged, taken away, or ended by the browser's own button.
    fn ended_by_itself(&mut self, kind: MediaKind, id: MediaId) {
        let device = self.cx.media.device_mut(kind);
        if device.in_use().is_none_or(|in_use| in_use.id != id) {
            return;
        }
        match (kind, std::mem::take(&mut device.capture)) {
            (MediaKind::Screen, capture) => {
                device.capture = capture;
                self.cx.close(kind);
            }
            // The one that was to take its place now comes to its rescue.
            (MediaKind::Microphone | MediaKind::Camera, Capture::Swapping { next, .. }) => {
                device.capture = Capture::Opening(Attempt {
                    aim: Aim::Restore,
                    ..next
                });
            }
            (MediaKind::Microphone, _) if self.cx.options.supplied_microphone => {
                self.cx.command(MediaCommand::Close(kind));
                let failure = ClientCode::MicFailed.into();
                self.lose(kind, CaptureError::Denied, failure);
            }
            (MediaKind::Microphone | MediaKind::Camera, _) => {
                let choice = device.choice.clone();
                self.cx.command(MediaCommand::Close(kind));
                self.cx.begin(kind, Aim::Restore, choice);
            }
        }
        self.video_changed();
    }

    /// The next attempt to have a lost device again is due.
    pub(super) fn reacquire(&mut self, kind: MediaKind) {
        let device = self.cx.media.device(kind);
        match device.capture {
            Capture::Lost => {
                let choice = device.choice.clone();
                self.cx.begin(kind, Aim::Restore, choice);
            }
            Capture::Closed | Capture::Opening(_) | Capture::Open(_) | Capture::Swapping { .. } => {
            }
        }
    }

    /// The list of devices has settled: what was lost, or chosen and gone, may be back.
    pub(super) fn devices_due(&mut self) {
        self.cx.notify(Notification::Devices);
        for kind in [MediaKind::Microphone, MediaKind::Camera] {
            self.reacquire(kind);
            let device = self.cx.media.device(kind);
            let choice = device.choice.clone();
            if let Capture::Open(current) = &device.capture
                && choice.is_some()
                && current.device != choice
            {
                let current = current.clone();
                self.swap(kind, current, Aim::Restore, choice);
            }
        }
    }

    fn swap(&mut self, kind: MediaKind, current: InUse, aim: Aim, device: DeviceChoice) {
        let next = self.cx.attempt(kind, aim, device);
        self.cx.media.device_mut(kind).capture = Capture::Swapping { current, next };
    }

    /// The application chooses a device, in a call or for the next one.
    pub(super) fn set_device(&mut self, id: RequestId, kind: MediaKind, choice: DeviceChoice) {
        let is_supplied = kind == MediaKind::Microphone && self.cx.options.supplied_microphone;
        let device = self.cx.media.device_mut(kind);
        let is_new = device.choice != choice;
        device.choice.clone_from(&choice);
        if is_new {
            self.cx.notify(Notification::Devices);
        }
        let device = self.cx.media.device_mut(kind);
        match std::mem::take(&mut device.capture) {
            Capture::Opening(attempt) if !is_supplied => {
                device.waiting.push(id);
                self.cx.begin(kind, attempt.aim, choice);
            }
            Capture::Lost if !is_supplied => {
                device.waiting.push(id);
                self.cx.begin(kind, Aim::Restore, choice);
            }
            Capture::Open(current) | Capture::Swapping { current, .. }
                if !is_supplied && current.device != choice =>
            {
                device.waiting.push(id);
                self.swap(kind, current, Aim::Choose, choice);
            }
            capture @ (Capture::Closed
            | Capture::Opening(_)
            | Capture::Lost
            | Capture::Open(_)
            | Capture::Swapping { .. }) => {
                device.capture = capture;
                self.cx.settle(id, Ok(Settled::Done));
            }
        }
    }

    /// The application chooses a loudspeaker.
    pub(super) fn set_speaker(&mut self, id: RequestId, choice: DeviceChoice) {
        self.cx.media.asked_speakers.push((id, choice.clone()));
        self.cx.command(MediaCommand::SetSpeaker(id, choice));
    }

    fn speaker_set(&mut self, request: RequestId, result: Result<(), SpeakerError>) {
        let asked = &mut self.cx.media.asked_speakers;
        let Some(at) = asked.iter().position(|(id, _)| *id == request) else {
            return;
        };
        let (_, choice) = asked.swap_remove(at);
        let result = match result {
            Ok(()) => {
                self.cx.media.speaker = choice;
                self.cx.notify(Notification::Devices);
                Ok(Settled::Done)
            }
            Err(SpeakerError::Unsupported) => Err(ClientCode::SpeakerUnsupported.into()),
            Err(SpeakerError::NotFound) => Err(ClientCode::DeviceNotFound.into()),
        };
        self.cx.settle(request, result);
    }

    /// Turns camera or screen on or off; none: the other way.
    pub(super) fn switch(&mut self, id: RequestId, kind: MediaKind, on: Option<bool>) {
        if self.live().is_none_or(|call| call.is_ringing()) {
            self.cx.settle(id, Err(ClientCode::NoCall.into()));
            return;
        }
        let device = self.cx.media.device_mut(kind);
        let on = on.unwrap_or(!device.is_wanted());
        if on && !device.is_open() {
            device.waiting.push(id);
            self.cx.open(kind);
            return;
        }
        if !on {
            self.cx.close(kind);
            self.video_changed();
        }
        self.cx.settle(id, Ok(Settled::Switched(on)));
    }

    /// Another picture may be sent than before: the others are told.
    fn video_changed(&mut self) {
        self.cx.refresh_video();
        self.with_call(|call, cx| {
            call.video_changed(cx);
            GOES_ON
        });
    }

    /// Changes when the microphone lets sound through.
    pub(super) fn change_talk(&mut self, id: RequestId, change: impl FnOnce(&mut Media)) {
        let was_silent = self.cx.media.is_silent();
        change(&mut self.cx.media);
        if self.cx.media.is_silent() != was_silent {
            // One that is closed is told when it is opened.
            if self.cx.media.microphone.is_wanted() {
                self.cx.enable_microphone();
            }
            self.with_call(|call, cx| {
                call.tell_muted(cx);
                GOES_ON
            });
        }
        self.cx.settle(id, Ok(Settled::Done));
    }
}

/// Begins or ends push-to-talk.
pub(super) const fn push_to_talk(on: bool) -> Talk {
    if on {
        Talk::Push { pressed: false }
    } else {
        Talk::Open
    }
}

/// Notes that the key is pressed or released, if that means anything.
pub(super) const fn talked(talk: Talk, pressed: bool) -> Talk {
    match talk {
        Talk::Open => Talk::Open,
        Talk::Push { .. } => Talk::Push { pressed },
    }
}

/// Returns what the application is told of a device that opened.
const fn change(aim: Aim, is_chosen: bool) -> Option<DeviceChange> {
    match (aim, is_chosen) {
        (Aim::Open, true) => None,
        (Aim::Choose, true) => Some(DeviceChange::Chosen),
        (Aim::Restore, true) => Some(DeviceChange::Reacquired),
        (Aim::Open | Aim::Choose | Aim::Restore, false) => Some(DeviceChange::Fallback),
    }
}
