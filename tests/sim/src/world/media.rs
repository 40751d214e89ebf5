//! Microphones, cameras and screens.

use super::*;

impl World {
    pub(super) fn command_media(&mut self, place: Place, life: u32, command: MediaCommand) {
        let permission = self.devices[place].permission;
        let broken = self.devices[place].is_microphone_broken;
        match command {
            MediaCommand::QueryPermission => {
                self.after(
                    1,
                    Happening::Tell(place, life, DeviceInput::Permission(permission)),
                );
            }
            MediaCommand::Open(kind, id, _) => {
                let Some(page) = self.page_mut(place, life) else {
                    return;
                };
                let capture = &mut page.captures[slot(kind)];
                let former = match *capture {
                    Capture::Closed => None,
                    Capture::Opening { former, .. } => former,
                    Capture::Open(id) => Some(id),
                };
                *capture = Capture::Opening { id, former };
                let takes = self.dice.between(2, self.nature.microphone_ms);
                let fails = broken && kind == MediaKind::Microphone;
                let error = fails.then_some(CaptureError::InUse);
                self.after(takes, Happening::Captured(place, life, kind, id, error));
            }
            MediaCommand::Close(kind) => {
                if let Some(page) = self.page_mut(place, life) {
                    page.captures[slot(kind)] = Capture::Closed;
                }
            }
            MediaCommand::SetMicrophoneEnabled(enabled) => {
                if let Some(page) = self.page_mut(place, life) {
                    page.is_microphone_enabled = enabled;
                }
            }
            MediaCommand::SendVideo(source) => self.send_video(place, life, source.is_on()),
            _ => {}
        }
    }

    pub(super) fn captured(
        &mut self,
        place: Place,
        life: u32,
        kind: MediaKind,
        id: MediaId,
        error: Option<CaptureError>,
    ) {
        let Some(page) = self.page_mut(place, life) else {
            return;
        };
        let capture = &mut page.captures[slot(kind)];
        let Capture::Opening {
            id: awaited,
            former,
        } = *capture
        else {
            return;
        };
        if awaited != id {
            return;
        }
        if kind == MediaKind::Microphone {
            page.is_microphone_missing = error.is_some();
        }
        let capture = &mut page.captures[slot(kind)];
        let input = match error {
            Some(error) => {
                *capture = former.map_or(Capture::Closed, Capture::Open);
                DeviceInput::Failed(kind, id, error, String::new())
            }
            None => {
                *capture = Capture::Open(id);
                DeviceInput::Opened(kind, id)
            }
        };
        self.say(|world| {
            let name = &world.devices[place].name;
            let what = if error.is_some() {
                "does not open"
            } else {
                "is open"
            };
            format!("{name}: the {} {what}", kind.as_str())
        });
        self.give(place, Input::Device(input));
    }

    /// A device is unplugged.
    pub fn unplug(&mut self, place: Place, kind: MediaKind) {
        let Some(page) = self.devices[place].page.as_mut() else {
            return;
        };
        if let Capture::Open(id) = page.captures[slot(kind)] {
            self.say(|world| {
                format!(
                    "{}: the {} is unplugged",
                    world.devices[place].name,
                    kind.as_str()
                )
            });
            self.give(place, Input::Device(DeviceInput::Ended(kind, id)));
        }
    }

    pub(super) fn send_video(&mut self, place: Place, life: u32, is_on: bool) {
        let Some(page) = self.page_mut(place, life) else {
            return;
        };
        let links: Vec<_> = page.peers.keys().copied().collect();
        for link in links {
            let Some(peer) = self.peer_mut(place, life, link) else {
                continue;
            };
            peer.wants_video |= is_on && peer.sends;
            if peer.needs_negotiation() {
                self.report(place, life, link, PeerInput::NegotiationNeeded);
            }
        }
    }
}
