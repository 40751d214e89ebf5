//! What the application sees of the current call, as values.

use ringback_protocol::{
    CallSnapshot, CallType, ChatId, EndReason, ParticipantStatus, SessionId, UserId,
};

use super::media::VideoSource;
use super::quality::Grade;

/// Where the current call stands on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// No call yet.
    Idle,
    /// This device calls; nobody has answered.
    Outgoing,
    /// This device rings.
    Incoming,
    /// Answered; media is on its way.
    Connecting,
    /// At least one other participant can be heard.
    Connected,
    /// Every media path was lost and is being mended.
    Reconnecting,
    /// The last call is over.
    Ended,
}

impl CallState {
    /// Returns the state as the application sees it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Outgoing => "outgoing",
            Self::Incoming => "incoming",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Ended => "ended",
        }
    }
}

/// Where the media path to one participant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Nothing has begun.
    New,
    /// Under way.
    Connecting,
    /// Media can flow.
    Connected,
    /// Lost and being mended.
    Reconnecting,
    /// Given up.
    Failed,
}

impl LinkState {
    /// Returns the state as the application sees it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Failed => "failed",
        }
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserView {
    /// Who.
    pub id: UserId,
    /// Display name; the id when none is known.
    pub name: String,
    /// Address of a picture.
    pub avatar: Option<String>,
}

/// One other participant of the current call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantView {
    /// Who.
    pub user: UserView,
    /// How they stand towards the call.
    pub status: ParticipantStatus,
    /// Whether their microphone is muted.
    pub muted: bool,
    /// The picture that they send.
    pub video: VideoSource,
    /// Where the media path to them stands.
    pub link: LinkState,
    /// How good it is, once measured.
    pub quality: Option<Grade>,
}

/// The current call, or the last one once it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallView {
    /// None until the server has named the call.
    pub session_id: Option<SessionId>,
    /// Its chat; nameless while a call is being joined, until the server has answered.
    pub chat_id: ChatId,
    /// Voice or video.
    pub call_type: CallType,
    /// Whether this device rang.
    pub is_incoming: bool,
    /// Where it stands.
    pub state: CallState,
    /// Whether one's own microphone is muted.
    pub muted: bool,
    /// The picture that this side sends.
    pub video: VideoSource,
    /// Whether the microphone is open only while a key is pressed.
    pub push_to_talk: bool,
    /// Everyone else, in the order in which they became known.
    pub participants: Vec<ParticipantView>,
    /// When it was answered, on the clock of `handle`'s `now`.
    pub started_at: Option<super::time::Instant>,
    /// Why it ended, once it has.
    pub reason: Option<EndReason>,
}

/// A live call of this user, on whichever device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveCallView {
    /// The call as the server has it.
    pub call: CallSnapshot,
    /// When it was answered, on the clock of `handle`'s `now`.
    pub started_at: Option<super::time::Instant>,
    /// Whether it is this device that is in it.
    pub here: bool,
}

/// A call that rings here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingView {
    /// The call.
    pub session_id: SessionId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Voice or video.
    pub call_type: CallType,
    /// Who calls.
    pub caller: UserView,
    /// Everyone who is called, when the server says.
    pub targets: Vec<UserId>,
}
