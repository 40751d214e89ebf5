//! The peer connections of one client, by link. The browser's part is in `peers.js`.

use ringback_protocol::{CallType, RtcConfiguration, UserId};
use wasm_bindgen::prelude::*;
use web_sys::MediaStream;

use super::encode::encode;
use super::js;
use super::playback::Playback;
use crate::core::ids::LinkId;
use crate::core::{PeerCommand, VideoLimit};

#[wasm_bindgen(module = "/src/platform/peers.js")]
extern "C" {
    /// All links of one client.
    pub(crate) type Peers;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(configuration: &JsValue, playback: &Playback, report: &JsValue) -> Peers;
    #[wasm_bindgen(method)]
    fn create(this: &Peers, link: u32, user: &str, configuration: &JsValue, first: &str);
    #[wasm_bindgen(method, js_name = perform)]
    fn perform_one(this: &Peers, link: u32, what: &str, value: &JsValue, generation: u32);
    #[wasm_bindgen(method)]
    fn close(this: &Peers, link: u32);
    #[wasm_bindgen(method, js_name = streamOfLink)]
    pub(crate) fn stream_of_link(this: &Peers, link: u32) -> Option<MediaStream>;
    #[wasm_bindgen(method, js_name = streamOfUser)]
    pub(crate) fn stream_of_user(this: &Peers, user: &str) -> Option<MediaStream>;
    #[wasm_bindgen(method)]
    pub(crate) fn dispose(this: &Peers);
}

impl Peers {
    /// Does something with one connection; a link that is not there is ignored.
    pub(crate) fn perform(&self, link: LinkId, command: PeerCommand) {
        let (what, value, generation) = match command {
            PeerCommand::Create {
                config,
                offerer,
                call_type,
                user,
            } => return self.make(link, &config, first(offerer, call_type), &user),
            PeerCommand::Close => return self.close(link.0),
            PeerCommand::CreateOffer {
                generation,
                ice_restart,
            } => ("createOffer", ice_restart.into(), generation.0),
            PeerCommand::ApplyOffer(generation, description)
            | PeerCommand::ApplyAnswer(generation, description) => {
                ("apply", encode(&description), generation.0)
            }
            PeerCommand::CreateAnswer(generation) => {
                ("createAnswer", JsValue::UNDEFINED, generation.0)
            }
            PeerCommand::AddCandidate(candidate) => ("addCandidate", encode(&candidate), 0),
            PeerCommand::SendMedia => ("wantMedia", JsValue::UNDEFINED, 0),
            PeerCommand::ShowVideo(shown) => ("showVideo", shown.into(), 0),
            PeerCommand::LimitVideo(limit) => ("limitVideo", encoding(limit), 0),
            PeerCommand::ReadLevel => ("readLevel", JsValue::UNDEFINED, 0),
            PeerCommand::Play => ("play", JsValue::UNDEFINED, 0),
            PeerCommand::Reconfigure(config) => ("reconfigure", encode(&config), 0),
            PeerCommand::SampleStats => ("sampleStats", JsValue::UNDEFINED, 0),
        };
        self.perform_one(link.0, what, &value, generation);
    }

    fn make(&self, link: LinkId, config: &RtcConfiguration, first: &str, user: &UserId) {
        self.create(link.0, user.as_str(), &encode(config), first);
    }
}

const fn first(offerer: bool, call_type: CallType) -> &'static str {
    match (offerer, call_type) {
        (false, CallType::Voice | CallType::Video) => "",
        (true, CallType::Voice) => "audio",
        (true, CallType::Video) => "audio video",
    }
}

/// Writes `RTCRtpEncodingParameters`.
fn encoding(limit: VideoLimit) -> JsValue {
    js::object(&[
        ("active", limit.active.into()),
        ("maxBitrate", limit.max_bitrate.into()),
        ("scaleResolutionDownBy", limit.scale_down_by.into()),
        ("maxFramerate", limit.max_framerate.into()),
    ])
}
