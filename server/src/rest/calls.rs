//! `GET /api/calls`, `GET /api/calls/stats`, and of one call: `GET /api/calls/{id}`, its `/timeline`
//! and its `/quality`.

use axum::Json;
use axum::extract::State;
use ringback_protocol::rest::{
    CallHistory, CallQualityTimeline, CallRecord, CallStatistics, CallTimeline, Pagination, Success,
};
use ringback_protocol::{CallStatus, CallType, ChatId, ErrorCode, SessionId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::RestState;
use super::error::{ApiError, ApiResult};
use super::extract::{Id, Parameters, Person};
use crate::calls::{Clock, SystemClock, Timestamp};
use crate::store::cursor::{cursor, parse_cursor};
use crate::store::{HistoryQuery, StatisticsQuery, Timeframe};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

/// `?chatId=&type=&status=&limit=&offset=&cursor=`
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryParameters {
    /// Only calls of that chat.
    #[schemars(with = "Option<ChatId>")]
    chat_id: Option<String>,
    /// Only voice or only video calls.
    #[schemars(with = "Option<CallType>")]
    r#type: Option<String>,
    /// Only calls that stand so.
    #[schemars(with = "Option<CallStatus>")]
    status: Option<String>,
    /// How many calls at most; 50 unless given.
    #[schemars(with = "Option<u32>", range(min = 1, max = 100))]
    limit: Option<String>,
    /// How many to skip; 0 unless given.
    #[schemars(with = "Option<i64>", range(min = 0))]
    offset: Option<String>,
    /// `nextCursor` of the page before: as quick at any depth, and calls that come in meanwhile shift
    /// nothing. With it, `offset` does not count.
    #[schemars(regex(pattern = r"^[0-9]{1,15}:[!-~]{1,128}$"))]
    cursor: Option<String>,
}

/// `?chatId=&timeframe=`
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatisticsParameters {
    /// Only calls of that chat.
    #[schemars(with = "Option<ChatId>")]
    chat_id: Option<String>,
    /// How far back; 30 days unless given.
    #[schemars(with = "Option<Timeframe>")]
    timeframe: Option<String>,
}

/// Returns a page of the asker's calls, newest first.
pub(super) async fn history(
    Person(user): Person,
    State(state): State<RestState>,
    Parameters(parameters): Parameters<HistoryParameters>,
) -> ApiResult<Json<Success<CallHistory>>> {
    let query = parameters.parse()?;
    let page = state.store.history(&user.id, &query).await?;
    let pagination = Pagination {
        total: page.total,
        limit: query.limit,
        offset: query.offset,
        has_more: page.next.is_some(),
        next_cursor: page.next.as_ref().map(cursor),
    };
    let calls = page.calls;
    Ok(Json(Success::new(CallHistory { calls, pagination })))
}

/// Returns one call of the asker.
pub(super) async fn details(
    Person(user): Person,
    State(state): State<RestState>,
    Id(id): Id<SessionId>,
) -> ApiResult<Json<Success<CallRecord>>> {
    let id = id.ok_or(ErrorCode::CallNotFound)?;
    let record = state.store.record(&user.id, &id).await?;
    Ok(Json(Success::new(record.ok_or(ErrorCode::CallNotFound)?)))
}

/// Returns what happened in a call of the asker.
pub(super) async fn timeline(
    Person(user): Person,
    State(state): State<RestState>,
    Id(id): Id<SessionId>,
) -> ApiResult<Json<Success<CallTimeline>>> {
    let id = id.ok_or(ErrorCode::CallNotFound)?;
    let session = state.store.load(&id).await?;
    let timeline = session.and_then(|session| session.timeline_for(&user.id));
    Ok(Json(Success::new(timeline.ok_or(ErrorCode::CallNotFound)?)))
}

/// Returns what was measured in a call of the asker, link by link.
pub(super) async fn quality(
    Person(user): Person,
    State(state): State<RestState>,
    Id(id): Id<SessionId>,
) -> ApiResult<Json<Success<CallQualityTimeline>>> {
    let call_id = id.ok_or(ErrorCode::CallNotFound)?;
    let record = state.store.record(&user.id, &call_id).await?;
    record.ok_or(ErrorCode::CallNotFound)?;
    let links = state.store.quality(&call_id).await?;
    Ok(Json(Success::new(CallQualityTimeline { call_id, links })))
}

/// Returns the figures of the asker's calls in a time frame.
pub(super) async fn statistics(
    Person(user): Person,
    State(state): State<RestState>,
    Parameters(parameters): Parameters<StatisticsParameters>,
) -> ApiResult<Json<Success<CallStatistics>>> {
    let query = parameters.parse()?;
    let statistics = state.store.statistics(&user.id, &query).await?;
    Ok(Json(Success::new(statistics)))
}

impl HistoryParameters {
    fn parse(self) -> ApiResult<HistoryQuery> {
        let offset = number("offset", self.offset)?;
        let after = cursor_of(self.cursor)?;
        Ok(HistoryQuery {
            chat_id: chat_id(self.chat_id)?,
            call_type: choice("type", self.r#type, CallType::parse, "voice or video")?,
            status: choice("status", self.status, CallStatus::parse, &statuses())?,
            limit: limit(self.limit)?,
            offset: offset.filter(|_| after.is_none()).unwrap_or(0),
            after,
        })
    }
}

impl StatisticsParameters {
    fn parse(self) -> ApiResult<StatisticsQuery> {
        let frames: Vec<_> = Timeframe::ALL.iter().map(|frame| frame.as_str()).collect();
        let timeframe = choice(
            "timeframe",
            self.timeframe,
            Timeframe::parse,
            &frames.join(", "),
        )?;
        Ok(StatisticsQuery {
            chat_id: chat_id(self.chat_id)?,
            timeframe: timeframe.unwrap_or_default(),
            now: SystemClock.now(),
        })
    }
}

/// Reads a cursor that an earlier page gave.
pub(super) fn cursor_of(text: Option<String>) -> ApiResult<Option<(Timestamp, SessionId)>> {
    let Some(text) = text else {
        return Ok(None);
    };
    match parse_cursor(&text) {
        Some(place) => Ok(Some(place)),
        None => Err(ApiError::invalid(
            "cursor: it has to be the nextCursor of an earlier page.",
        )),
    }
}

fn statuses() -> String {
    let names: Vec<_> = CallStatus::ALL
        .iter()
        .map(|status| status.as_str())
        .collect();
    names.join(", ")
}

fn chat_id(text: Option<String>) -> ApiResult<Option<ChatId>> {
    text.map(ChatId::new)
        .transpose()
        .map_err(|error| ApiError::invalid(format!("chatId: {error}.")))
}

fn choice<T>(
    name: &str,
    text: Option<String>,
    parse: fn(&str) -> Option<T>,
    choices: &str,
) -> ApiResult<Option<T>> {
    let Some(text) = text else {
        return Ok(None);
    };
    match parse(&text) {
        Some(value) => Ok(Some(value)),
        None => Err(ApiError::invalid(format!(
            "{name}: it has to be one of {choices}."
        ))),
    }
}

fn number(name: &str, text: Option<String>) -> ApiResult<Option<u64>> {
    let number = text.map(|text| text.parse::<u64>()).transpose();
    // SQL counts in signed numbers.
    match number {
        Ok(number) if number.is_none_or(|number| i64::try_from(number).is_ok()) => Ok(number),
        Ok(_) | Err(_) => Err(ApiError::invalid(format!(
            "{name}: it has to be a whole number, 0 or more."
        ))),
    }
}

pub(super) fn limit(text: Option<String>) -> ApiResult<u32> {
    let limit = number("limit", text)?.map(u32::try_from);
    match limit {
        None => Ok(DEFAULT_LIMIT),
        Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        Some(_) => Err(ApiError::invalid(format!(
            "limit: it has to be 1 to {MAX_LIMIT}."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_page_has_50_calls_unless_asked_otherwise_and_at_most_100() {
        assert_eq!(limit(None).unwrap(), 50);
        assert_eq!(limit(text("7")).unwrap(), 7);
        assert_eq!(limit(text("100")).unwrap(), 100);
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        for bad in [
            "",
            "0",
            "-1",
            "1.5",
            "ten",
            "101",
            "99999999999",
            "99999999999999999999",
        ] {
            assert!(limit(text(bad)).is_err(), "{bad}");
        }
        assert!(number("offset", text("18446744073709551615")).is_err());
        assert_eq!(number("offset", text("0")).unwrap(), Some(0));
    }

    #[test]
    fn a_filter_that_is_left_out_filters_nothing_and_an_unknown_one_is_refused() {
        assert_eq!(choice("type", None, CallType::parse, "").unwrap(), None);
        let video = choice("type", text("video"), CallType::parse, "").unwrap();
        assert_eq!(video, Some(CallType::Video));
        for bad in ["", "lost", "ENDED"] {
            assert!(choice("status", text(bad), CallStatus::parse, "").is_err());
        }
    }
}
