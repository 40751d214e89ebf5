//! The limits that the server enforces and the SDK knows.

/// The longest id, in characters.
pub const ID_CHARS: usize = 128;
/// The longest device id, in characters.
pub const DEVICE_ID_CHARS: usize = 64;
/// The longest end or reject reason, in characters.
pub const REASON_CHARS: usize = 64;
/// The longest session description, in bytes.
pub const SDP_BYTES: usize = 64 * 1024;
/// The longest ICE candidate (candidate line, mid and ufrag together), in bytes.
pub const CANDIDATE_BYTES: usize = 2 * 1024;
/// The longest message of any kind, in bytes.
pub const MESSAGE_BYTES: usize = 128 * 1024;
/// The most people that one `call:initiate` or `call:invite` may name.
pub const TARGETS: usize = 32;
/// The most participants in a voice mesh.
pub const VOICE_PARTICIPANTS: usize = 12;
/// The most participants in a video mesh.
pub const VIDEO_PARTICIPANTS: usize = 6;
/// The sustained rate of messages of one user on one server, per second: over all their sockets.
pub const MESSAGES_PER_SECOND: u32 = 100;
/// The burst of messages that one user may send at once.
pub const MESSAGE_BURST: u32 = 300;
/// The sustained rate of bytes of one user on one server, per second.
pub const BYTES_PER_SECOND: u32 = 256 * 1024;
/// The burst of bytes that one user may send at once.
pub const BYTE_BURST: u32 = 4 * 1024 * 1024;
/// The most sockets that one user has on one server by default.
pub const SOCKETS_PER_USER: usize = 32;
/// How often a minute one user makes others ring by default, on one server.
pub const CALLS_PER_MINUTE: u32 = 60;
/// The sustained rate of REST requests of one user by default, per second, on one server.
pub const REQUESTS_PER_SECOND: u32 = 20;
/// How many REST requests one user may make at once by default.
pub const REQUEST_BURST: u32 = 100;
/// How long a target rings by default, in milliseconds.
pub const RING_TIMEOUT_MS: u64 = 45_000;
/// How long a dropped device may take to resume by default, in milliseconds.
pub const RECONNECT_GRACE_MS: u64 = 30_000;
