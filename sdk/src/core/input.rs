//! Everything that can happen to the client, grouped by where it comes from.

use ringback_protocol::{
    CallType, ChatId, ConfigAck, EndReason, ErrorCode, IceCandidate, InitiateAck, JoinAck,
    ServerEvent, SessionDescription, SessionId, StateAck, UserId,
};

use super::ids::{AckId, Generation, LinkId, MediaId, RequestId};
use super::media::{DeviceChoice, MediaKind};
use super::quality::StatsSample;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The application asks for something.
    App(Request),
    /// The signaling socket, or the server through it, says something.
    Signaling(SignalingInput),
    /// A peer connection reports.
    Peer(LinkId, PeerInput),
    /// Microphone, camera, loudspeaker or page report.
    Device(DeviceInput),
    /// The time that `next_deadline` named has come (or may have: too early does no harm).
    Timeout,
}

/// What the application asks. Each is settled by one `Output::Settle` with the same id.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Names the promise.
    pub id: RequestId,
    /// What is asked.
    pub command: Command,
}

/// What the application may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Place a call.
    Initiate {
        /// In which chat.
        chat_id: ChatId,
        /// Voice or video.
        call_type: CallType,
        /// Whom; none: everyone in the chat.
        targets: Option<Vec<UserId>>,
        /// Whether the camera is on from the start; none: in a video call.
        video: Option<bool>,
    },
    /// Answer a ringing call; none: the one that rings. Then, whether the camera is on from the
    /// start; none: in a video call.
    Accept(Option<SessionId>, Option<bool>),
    /// The person is about to answer the call that rings: have the microphone ready.
    PrepareToAccept,
    /// Enter a call that goes on, or take it over from another device of this user; then, whether the
    /// camera is on from the start.
    Join(SessionId, bool),
    /// Call more people into the current call.
    Invite(Vec<UserId>),
    /// Ask which live calls concern this user.
    LiveCalls,
    /// Reject a ringing call; none: the one that rings.
    Reject(Option<SessionId>, Option<EndReason>),
    /// End the current call.
    End(Option<EndReason>),
    /// Leave the current call.
    Leave,
    /// Mute or unmute the microphone; before a call, it is how the next one begins.
    SetMuted(bool),
    /// Turn the camera of the current call on or off; none: the other way.
    SetCamera(Option<bool>),
    /// Begin or end to share the screen; none: the other way.
    SetScreen(Option<bool>),
    /// Use this device from now on. A screen is chosen by the person.
    SetDevice(MediaKind, DeviceChoice),
    /// Play through this loudspeaker from now on.
    SetSpeaker(DeviceChoice),
    /// Let sound through only while a key is pressed, or always again.
    SetPushToTalk(bool),
    /// The key is pressed or released.
    Talk(bool),
    /// Release everything; nothing is accepted after it.
    Dispose,
}

/// What comes from the signaling socket.
#[derive(Debug, Clone, PartialEq)]
pub enum SignalingInput {
    /// The socket is connected (again).
    Connected,
    /// The socket is gone; Socket.IO tries to bring it back.
    Disconnected,
    /// The server refused the connection.
    Refused(ErrorCode),
    /// The server emitted an event.
    Event(ServerEvent),
    /// The server acked an event of ours.
    Ack(AckId, Result<AckBody, AckFailure>),
}

/// The body of a successful ack, by the event that was acked.
#[derive(Debug, Clone, PartialEq)]
pub enum AckBody {
    /// Of an event whose ack says no more.
    Empty,
    /// Of `webrtc:config:get`.
    Config(ConfigAck),
    /// Of `call:initiate`.
    Initiate(InitiateAck),
    /// Of `call:accept`, `call:join`, `call:resume`.
    Join(JoinAck),
    /// Of `call:sync`.
    State(StateAck),
}

/// A failed ack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckFailure {
    /// The server's code; none from a reference server, or when this version does not know it.
    pub code: Option<ErrorCode>,
    /// The server's text for a person.
    pub message: String,
    /// How long the server asks to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// What one peer connection reports.
///
/// Results of asynchronous commands carry the generation of the command.
#[derive(Debug, Clone, PartialEq)]
pub enum PeerInput {
    /// `CreateOffer` is done: the offer is the local description.
    OfferCreated(Generation, SessionDescription),
    /// `ApplyOffer` is done: the offer is the remote description.
    OfferApplied(Generation),
    /// `CreateAnswer` is done: the answer is the local description.
    AnswerCreated(Generation, SessionDescription),
    /// `ApplyAnswer` is done: the answer is the remote description.
    AnswerApplied(Generation),
    /// One of these commands failed.
    NegotiationFailed(Generation, String),
    /// A local candidate was found.
    CandidateFound(IceCandidate),
    /// `connectionState` changed.
    ConnectionState(ConnectionState),
    /// The browser asks for negotiation.
    NegotiationNeeded,
    /// The tracks in the link's stream changed; the first time, sound arrives.
    RemoteTrack,
    /// A picture of the other side arrives, for the first time.
    RemoteVideo,
    /// The answer to `ReadLevel`: how loud the other side is, 0 to 1; none when nothing was heard
    /// of it since the last time.
    Level(Option<f64>),
    /// The answer to `SampleStats`.
    Stats(StatsSample),
}

/// `RTCPeerConnectionState` (webrtc-pc section 4.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not started.
    New,
    /// ICE or DTLS under way.
    Connecting,
    /// Media can flow.
    Connected,
    /// Lost for the moment.
    Disconnected,
    /// Lost.
    Failed,
    /// Closed by us.
    Closed,
}

/// Whether the page may use the microphone, as far as the browser says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// It may.
    Granted,
    /// It may not.
    Denied,
    /// The person will be asked, or the browser does not say.
    Prompt,
}

/// How opening a device can fail (`getUserMedia`, mediacapture-streams section 10.2; for the screen
/// `getDisplayMedia`, screen-capture section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureError {
    /// The person or a policy said no.
    Denied,
    /// There is none.
    NotFound,
    /// Another program holds it, or the hardware failed.
    InUse,
    /// The page is not a secure context.
    InsecureContext,
    /// Anything else.
    Failed,
}

/// How choosing a loudspeaker can fail (`setSinkId`, audio-output section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpeakerError {
    /// The browser plays everything through its own choice.
    Unsupported,
    /// There is none of that name, or the page may not use it.
    NotFound,
}

/// What devices and page report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceInput {
    /// What the browser says about the microphone, asked at start and when it changes.
    Permission(Permission),
    /// `Open` succeeded; what was open before is closed.
    Opened(MediaKind, MediaId),
    /// `Open` failed; what was open before still is.
    Failed(MediaKind, MediaId, CaptureError, String),
    /// The track ended by itself.
    Ended(MediaKind, MediaId),
    /// The system took the device away for the moment, or gave it back (`mute`, `unmute`).
    Interrupted(MediaKind, MediaId, bool),
    /// A device was plugged in or unplugged.
    DevicesChanged,
    /// `SetSpeaker` is done.
    SpeakerSet(RequestId, Result<(), SpeakerError>),
    /// The browser does not play this link's audio before a click.
    PlaybackBlocked(LinkId),
    /// The network came back, or another one took its place.
    NetworkChanged,
}
