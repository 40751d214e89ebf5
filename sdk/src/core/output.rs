//! Everything that the client can ask of the platform.

use ringback_protocol::{
    CallType, ClientEvent, EndReason, IceCandidate, RtcConfiguration, ServerEvent,
    SessionDescription, SessionId, UserId,
};

use super::error::ClientError;
use super::ids::{AckId, Generation, LinkId, MediaId, RequestId};
use super::media::{DeviceChange, DeviceChoice, MediaKind, VideoSource};
use super::quality::LinkQuality;
use super::view::{CallState, IncomingView, LiveCallView, UserView};

/// One thing to do. Outputs are performed in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Emit an event to the server; with an id, its ack comes back as an input.
    Emit(ClientEvent, Option<AckId>),
    /// Give the socket's connection up and make a new one; its loss is then reported as any other.
    Reconnect,
    /// Do something with one peer connection. An unknown link is ignored.
    Peer(LinkId, PeerCommand),
    /// Do something with microphone, camera, screen or loudspeaker.
    Media(MediaCommand),
    /// Settle the promise of a request.
    Settle(RequestId, Result<Settled, ClientError>),
    /// Tell the application.
    Notify(Notification),
}

/// What a promise is resolved with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Nothing.
    Done,
    /// Whether it is on now.
    Switched(bool),
    /// The session id of the call that was placed.
    Session(SessionId),
    /// The live calls of this user.
    Calls(Vec<LiveCallView>),
}

/// What to do with one peer connection.
#[derive(Debug, Clone, PartialEq)]
pub enum PeerCommand {
    /// Make it. When it is to offer it has a `sendrecv` transceiver without a track for audio, and
    /// in a video call one for video.
    Create {
        /// With what.
        config: RtcConfiguration,
        /// Whether this side makes the first offer (and so the transceivers).
        offerer: bool,
        /// Voice or video.
        call_type: CallType,
        /// The other person, for naming the remote stream.
        user: UserId,
    },
    /// `createOffer`, `setLocalDescription`; then `OfferCreated`.
    CreateOffer {
        /// Comes back with the result.
        generation: Generation,
        /// Whether to restart ICE (RFC 8445 section 9).
        ice_restart: bool,
    },
    /// `setRemoteDescription` (with implicit rollback); then `OfferApplied`.
    ApplyOffer(Generation, SessionDescription),
    /// `createAnswer`, `setLocalDescription`; then `AnswerCreated` (with the candidates found so far).
    CreateAnswer(Generation),
    /// `setRemoteDescription`; then `AnswerApplied`.
    ApplyAnswer(Generation, SessionDescription),
    /// `addIceCandidate`. Failures are ignored: ICE lives with a lost candidate.
    AddCandidate(IceCandidate),
    /// Send microphone and picture to this participant, now or as soon as they are there. Before it,
    /// silence is sent in the place of a microphone that is open, so that the encoder runs by then.
    SendMedia,
    /// Have the picture of the other side in the link's stream, or not.
    ShowVideo(bool),
    /// Send the picture within these limits.
    LimitVideo(VideoLimit),
    /// `getSynchronizationSources`; then `Level`.
    ReadLevel,
    /// Let the remote audio be heard, now or as soon as it arrives.
    Play,
    /// `setConfiguration`: counts from the next gathering on.
    Reconfigure(RtcConfiguration),
    /// `getStats`; then `Stats`.
    SampleStats,
    /// Close it and let go of its elements.
    Close,
}

/// What to do with local media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaCommand {
    /// Ask the browser what it says about permission; then `Permission`.
    QueryPermission,
    /// `getUserMedia` or `getDisplayMedia`; then `Opened` or `Failed`. What is open stays so until then.
    Open(MediaKind, MediaId, DeviceChoice),
    /// Stop its tracks, also when it is still being opened.
    Close(MediaKind),
    /// Let the microphone through, or send silence: the one that is open, and every one opened later.
    SetMicrophoneEnabled(bool),
    /// Send this picture to everyone to whom media is sent.
    SendVideo(VideoSource),
    /// `setSinkId`, now and for what plays later; then `SpeakerSet`.
    SetSpeaker(RequestId, DeviceChoice),
}

/// How much of a picture is sent (`RTCRtpEncodingParameters`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoLimit {
    /// Whether it is sent at all.
    pub active: bool,
    /// In bits per second.
    pub max_bitrate: u32,
    /// Divides width and height.
    pub scale_down_by: f64,
    /// In frames per second.
    pub max_framerate: u32,
}

/// What the application is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Notification {
    /// A call rings here.
    Incoming(IncomingView),
    /// An event of the server that the application sees under its own name
    /// (`ringing`, `accepted`, `rejected`, `missed`, `participantJoined`, ...).
    Event(ServerEvent),
    /// The call is over on this device; the last notification of a call.
    Ended {
        /// None when the server never named the call.
        session_id: Option<SessionId>,
        /// Its chat.
        chat_id: ringback_protocol::ChatId,
        /// Whose act it was, when the server says.
        ended_by: Option<UserId>,
        /// Why.
        reason: EndReason,
        /// From the answer to the end, in milliseconds.
        duration_ms: u64,
    },
    /// Something in the view changed.
    State {
        /// The state now.
        state: CallState,
        /// The state before.
        previous: CallState,
    },
    /// A participant's stream arrived and may be heard, or its tracks changed.
    RemoteStream(LinkId, UserId),
    /// The picture that is sent changed.
    LocalVideo(VideoSource),
    /// Another microphone or camera is in use than before.
    DeviceChanged(MediaKind, DeviceChoice, DeviceChange),
    /// The devices that there are, or the choice among them, may have changed.
    Devices,
    /// How loud everyone is who can be heard, 0 to 1.
    Levels(Vec<(UserId, f64)>),
    /// Somebody else speaks, or nobody any more.
    ActiveSpeaker(Option<UserId>),
    /// The browser does not play a participant's audio before a click.
    AudioBlocked(UserId),
    /// This side and that participant cannot hear each other; it is tried again.
    LinkFailed(UserView),
    /// They hear each other again.
    LinkRecovered(UserId),
    /// The page took up the call that it was in before it was reloaded.
    Resumed(SessionId),
    /// One second of one link.
    Quality(UserId, LinkQuality),
    /// The signaling socket came or went.
    Signaling(bool),
    /// A failure that belongs to no request.
    Error(ClientError),
}
