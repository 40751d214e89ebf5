//! Remote audio in `<audio>` elements, one for each link.

use std::cell::RefCell;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{Document, HtmlAudioElement, MediaStream};

use super::{Inbox, js};
use crate::core::ids::{LinkId, RequestId};
use crate::core::{DeviceChoice, DeviceInput, SpeakerError};

/// The element that the reference's page has.
const WELL_KNOWN_ID: &str = "remote-audio";

/// Whether what arrives may be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// Not before the call is answered.
    Later,
    /// At once.
    Now,
}

/// An element in use; dropping it silences it and removes it when it is ours.
struct Player {
    link: LinkId,
    element: HtmlAudioElement,
    ours: bool,
    hearing: Hearing,
}

impl Drop for Player {
    fn drop(&mut self) {
        // `pause` fails for no media element that plays a stream.
        let _paused = self.element.pause();
        self.element.set_src_object(None);
        if self.ours {
            self.element.remove();
        }
    }
}

/// Plays the remote streams of one client.
pub(crate) struct Playback {
    inbox: Inbox,
    given: Option<HtmlAudioElement>,
    players: RefCell<Vec<Player>>,
    speaker: RefCell<DeviceChoice>,
}

impl Playback {
    /// Makes a silent one; the first link plays in the `given` element.
    pub(crate) fn new(given: Option<HtmlAudioElement>, inbox: Inbox) -> Self {
        Self {
            inbox,
            given,
            players: RefCell::new(Vec::new()),
            speaker: RefCell::new(None),
        }
    }

    /// Plays a link's stream; reports `PlaybackBlocked` when the browser wants a click first.
    ///
    /// One that is to be heard later gets its element now: the browser takes some ten milliseconds
    /// for it, which are free while a call rings and missed once it is answered.
    pub(crate) fn play(&self, link: LinkId, stream: &MediaStream, hearing: Hearing) {
        if !self.is_prepared(link) {
            self.prepare(link, stream);
        }
        if hearing == Hearing::Now
            && let Some(element) = self.begin(link)
        {
            self.start(link, &element);
        }
    }

    /// Tries again to play whatever does not play, and returns the promises of these attempts.
    pub(crate) fn resume(&self) -> Array {
        let silent = self
            .elements()
            .into_iter()
            .filter(|(_, element)| element.paused());
        silent
            .filter_map(|(link, element)| self.start(link, &element))
            .collect()
    }

    /// Plays through another loudspeaker, now and later; reports `SpeakerSet`.
    ///
    /// An element of its own tries it first, whether or not anything plays.
    pub(crate) fn set_speaker(&self, request: RequestId, device: DeviceChoice) {
        let inbox = self.inbox.clone();
        let report = move |result| inbox.put_device(DeviceInput::SpeakerSet(request, result));
        let trial = HtmlAudioElement::new();
        match trial.ok().and_then(|trial| set_sink(&trial, &device)) {
            None => report(Err(SpeakerError::Unsupported)),
            Some(promise) => {
                for player in &*self.players.borrow() {
                    use_sink(&player.element, &device);
                }
                self.speaker.replace(device);
                js::settled(&promise, move |result| {
                    report(result.map(|_| ()).map_err(|_| SpeakerError::NotFound));
                });
            }
        }
    }

    /// Silences a link and lets go of its element.
    pub(crate) fn stop(&self, link: LinkId) {
        let mut players = self.players.borrow_mut();
        let found = players.iter().position(|player| player.link == link);
        let player = found.map(|index| players.swap_remove(index));
        drop(players);
        drop(player);
    }

    fn is_prepared(&self, link: LinkId) -> bool {
        let players = self.players.borrow();
        players.iter().any(|player| player.link == link)
    }

    fn prepare(&self, link: LinkId, stream: &MediaStream) {
        if let Some((element, ours)) = self.element() {
            element.set_src_object(Some(stream));
            if self.speaker.borrow().is_some() {
                use_sink(&element, &self.speaker.borrow());
            }
            self.players.borrow_mut().push(Player {
                link,
                element,
                ours,
                hearing: Hearing::Later,
            });
        }
    }

    /// Returns the element of a link that has not begun to play, and notes that it does.
    fn begin(&self, link: LinkId) -> Option<HtmlAudioElement> {
        let mut players = self.players.borrow_mut();
        let player = players.iter_mut().find(|player| player.link == link)?;
        let before = std::mem::replace(&mut player.hearing, Hearing::Now);
        (before == Hearing::Later).then(|| player.element.clone())
    }

    /// Returns what is to be heard.
    fn elements(&self) -> Vec<(LinkId, HtmlAudioElement)> {
        let players = self.players.borrow();
        let begun = players
            .iter()
            .filter(|player| player.hearing == Hearing::Now);
        begun
            .map(|player| (player.link, player.element.clone()))
            .collect()
    }

    fn start(&self, link: LinkId, element: &HtmlAudioElement) -> Option<Promise> {
        let inbox = self.inbox.clone();
        let promise = element.play().ok()?;
        js::settled(&promise, move |result| {
            // AbortError: the element was let go of before it began.
            if result.is_err_and(|error| js::error_name(&error) == "NotAllowedError") {
                inbox.put_device(DeviceInput::PlaybackBlocked(link));
            }
        });
        Some(promise)
    }

    fn element(&self) -> Option<(HtmlAudioElement, bool)> {
        let document = web_sys::window()?.document()?;
        let theirs = self.given.clone().or_else(|| well_known(&document));
        match theirs.filter(|element| !self.is_used(element)) {
            Some(element) => Some((element, false)),
            None => Some((create(&document)?, true)),
        }
    }

    fn is_used(&self, element: &HtmlAudioElement) -> bool {
        // Another client in the same page may play in it too.
        let players = self.players.borrow();
        element.src_object().is_some() || players.iter().any(|player| player.element == *element)
    }
}

/// [`setSinkId`](https://developer.mozilla.org/docs/Web/API/HTMLMediaElement/setSinkId), where the
/// browser has it.
fn set_sink(element: &HtmlAudioElement, device: &DeviceChoice) -> Option<Promise> {
    let device = device.as_deref().unwrap_or_default().into();
    let promise = js::call(element, "setSinkId", &device).ok()?;
    Some(promise.unchecked_into())
}

/// Uses a loudspeaker if it is there; the browser's default one goes on playing if it is not.
fn use_sink(element: &HtmlAudioElement, device: &DeviceChoice) {
    if let Some(promise) = set_sink(element, device) {
        js::settled(&promise, |_result| {});
    }
}

fn well_known(document: &Document) -> Option<HtmlAudioElement> {
    document.get_element_by_id(WELL_KNOWN_ID)?.dyn_into().ok()
}

/// Makes a hidden element: Safari plays only what is in the document.
fn create(document: &Document) -> Option<HtmlAudioElement> {
    let element: HtmlAudioElement = document.create_element("audio").ok()?.dyn_into().ok()?;
    element.set_hidden(true);
    document.body()?.append_child(&element).ok()?;
    Some(element)
}
