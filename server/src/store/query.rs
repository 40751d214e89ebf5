//! What the read paths are asked, and what they answer.

use std::sync::Arc;

use ringback_protocol::rest::CallRecord;
use ringback_protocol::{CallStatus, CallType, ChatId, SessionId, UserId};

use crate::calls::time::MS_PER_DAY;
use crate::calls::{CallSession, Timestamp};

/// Which calls of a user, and which page of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Only calls in this chat.
    pub chat_id: Option<ChatId>,
    /// Only calls of this type.
    pub call_type: Option<CallType>,
    /// Only calls that stand like this.
    pub status: Option<CallStatus>,
    /// Only calls that come after this one, in the order of the history.
    pub after: Option<(Timestamp, SessionId)>,
    /// The page size.
    pub limit: u32,
    /// How many calls to skip.
    pub offset: u64,
}

/// One page of a user's calls.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// Newest first.
    pub calls: Vec<CallRecord>,
    /// How many calls match the filters, on all pages.
    pub total: u64,
    /// Where the next page begins, when there is one: goes into [`HistoryQuery::after`].
    pub next: Option<(Timestamp, SessionId)>,
}

impl HistoryPage {
    /// Makes a page of what a store found, which is one call more when there is a next page.
    pub(super) fn cut(
        user: &UserId,
        query: &HistoryQuery,
        mut sessions: Vec<Arc<CallSession>>,
        total: u64,
    ) -> Self {
        let is_last = sessions.len() <= query.limit as usize;
        sessions.truncate(query.limit as usize);
        let next = sessions.last().filter(|_| !is_last);
        Self {
            next: next.map(|last| (last.initiated_at(), last.id().clone())),
            calls: sessions
                .iter()
                .filter_map(|session| session.record_for(user))
                .collect(),
            total,
        }
    }
}

/// Which calls of a user the statistics are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticsQuery {
    /// Only calls in this chat.
    pub chat_id: Option<ChatId>,
    /// Only calls placed within this time before `now`.
    pub timeframe: Timeframe,
    /// The current time.
    pub now: Timestamp,
}

/// A time frame of the statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, schemars::JsonSchema)]
pub enum Timeframe {
    /// `24h`
    #[schemars(rename = "24h")]
    Day,
    /// `7d`
    #[schemars(rename = "7d")]
    Week,
    /// `30d`, the default
    #[schemars(rename = "30d")]
    #[default]
    Month,
    /// `90d`
    #[schemars(rename = "90d")]
    Quarter,
    /// `1y`
    #[schemars(rename = "1y")]
    Year,
    /// `all`
    #[schemars(rename = "all")]
    All,
}

impl Timeframe {
    /// Every time frame, the shortest first.
    pub const ALL: &[Self] = &[
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::All,
    ];

    /// Returns the time frame as it stands in the address.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
            Self::Year => "1y",
            Self::All => "all",
        }
    }

    /// Returns the time frame that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|frame| frame.as_str() == text)
    }

    /// Returns the earliest time that still belongs to the frame.
    #[must_use]
    pub const fn since(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day => now.minus_ms(MS_PER_DAY),
            Self::Week => now.minus_ms(7 * MS_PER_DAY),
            Self::Month => now.minus_ms(30 * MS_PER_DAY),
            Self::Quarter => now.minus_ms(90 * MS_PER_DAY),
            Self::Year => now.minus_ms(365 * MS_PER_DAY),
            Self::All => Timestamp::from_ms(0),
        }
    }
}
