//! Export, import, purge, erase. A batch is one statement or one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback_protocol::{ChatId, SessionId, UserId};
use sqlx::{Connection, Executor, PgConnection, PgPool};

use super::calls::{self, CallRow, ms};
use super::{chats, to_i64, to_u64};
use crate::calls::session::Ending;
use crate::calls::{CallSession, Timestamp};
use crate::store::archive::{
    ArchivedCall, ArchivedChat, ArchivedSample, Erasure, archived_sample, sample_json,
};
use crate::store::outbox::LONGEST_KEEP_MS;
use crate::store::{StoreError, StoreResult, Swap};

pub(super) const CALLS: &str = "SELECT id, session FROM calls WHERE id > $1 ORDER BY id LIMIT $2";

pub(super) const SAMPLES: &str = "
    SELECT call_id, from_user, to_user, at_ms, sample FROM call_quality WHERE call_id = ANY($1)
    ORDER BY call_id, from_user, to_user, at_ms";

pub(super) const CHATS: &str = "SELECT id FROM chats WHERE id > $1 ORDER BY id LIMIT $2";

pub(super) const CHATS_OF: &str =
    "SELECT chat_id FROM chat_members WHERE user_id = $1 ORDER BY chat_id COLLATE \"C\"";

/// Without it, the pages that were written last are not known to be visible to everyone, and what an
/// index could answer is looked up in the table, row by row: five times as slow.
const SETTLE: &str = "VACUUM (ANALYZE) calls, call_participants, call_quality, chats, chat_members";

pub(super) async fn settle(pool: &PgPool) -> StoreResult<()> {
    // Not given back: it has no limit of time.
    let mut connection = pool.acquire().await?.detach();
    connection.execute("SET statement_timeout = 0").await?;
    connection.execute(SETTLE).await?;
    connection.close().await?;
    Ok(())
}

pub(super) async fn count(pool: &PgPool) -> StoreResult<u64> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM calls")
        .fetch_one(pool)
        .await?;
    Ok(to_u64(Some(count)))
}

pub(super) async fn calls(
    pool: &PgPool,
    after: Option<&SessionId>,
    most: u32,
) -> StoreResult<Vec<ArchivedCall>> {
    let rows: Vec<CallRow> = sqlx::query_as(CALLS)
        .bind(after.map_or("", SessionId::as_str))
        .bind(i64::from(most))
        .fetch_all(pool)
        .await?;
    let ids: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
    let mut samples = samples(pool, &ids).await?;
    let archived = |row: CallRow| {
        let call = Arc::unwrap_or_clone(calls::session(row)?);
        let quality = samples.remove(call.id().as_str()).unwrap_or_default();
        Ok(ArchivedCall { call, quality })
    };
    rows.into_iter().map(archived).collect()
}

async fn samples(
    pool: &PgPool,
    ids: &[&str],
) -> StoreResult<BTreeMap<String, Vec<ArchivedSample>>> {
    let rows: Vec<(String, String, String, i64, String)> =
        sqlx::query_as(SAMPLES).bind(ids).fetch_all(pool).await?;
    let mut samples: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (call, from, to, at, json) in rows {
        let sample = archived_sample(&call, (from, to, to_u64(Some(at)), &json))?;
        samples.entry(call).or_default().push(sample);
    }
    Ok(samples)
}

pub(super) async fn chats(
    pool: &PgPool,
    after: Option<&ChatId>,
    most: u32,
) -> StoreResult<Vec<ArchivedChat>> {
    let ids = sqlx::query_scalar(CHATS)
        .bind(after.map_or("", ChatId::as_str))
        .bind(i64::from(most))
        .fetch_all(pool)
        .await?;
    named(pool, ids).await
}

pub(super) async fn chats_of(pool: &PgPool, user: &UserId) -> StoreResult<Vec<ArchivedChat>> {
    let ids = sqlx::query_scalar(CHATS_OF)
        .bind(user.as_str())
        .fetch_all(pool)
        .await?;
    named(pool, ids).await
}

async fn named(pool: &PgPool, ids: Vec<String>) -> StoreResult<Vec<ArchivedChat>> {
    let mut named = Vec::new();
    for id in ids {
        let id = ChatId::new(id.clone()).map_err(|error| StoreError::Corrupt {
            id,
            source: Arc::new(error),
        })?;
        let chat = chats::read(pool, &id).await?;
        named.extend(chat.map(|chat| ArchivedChat {
            id,
            chat: Arc::unwrap_or_clone(chat),
        }));
    }
    Ok(named)
}

// A row that was not there before has no transaction that ended it.
pub(super) const IMPORT_CALLS: &str = "
    INSERT INTO calls AS known (id, version, chat_id, call_type, status, caller_id, request_id,
        initiated_at_ms, started_at_ms, ended_at_ms, deadline_ms, end_reason, session)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[],
        $13::text[])
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status,
        caller_id = excluded.caller_id, request_id = excluded.request_id,
        started_at_ms = excluded.started_at_ms, ended_at_ms = excluded.ended_at_ms,
        deadline_ms = excluded.deadline_ms, end_reason = excluded.end_reason,
        session = excluded.session
    WHERE known.version < excluded.version
    RETURNING id, xmax = 0";

pub(super) const IMPORT_PARTICIPANTS: &str = "
    INSERT INTO call_participants (user_id, initiated_at_ms, call_id, chat_id, call_type, status,
        is_outgoing, duration_s, avg_bitrate, packet_loss, jitter)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::boolean[], $8::bigint[], $9::float8[], $10::float8[], $11::float8[])
    ON CONFLICT (user_id, initiated_at_ms, call_id) DO UPDATE SET status = excluded.status,
        duration_s = excluded.duration_s, avg_bitrate = excluded.avg_bitrate,
        packet_loss = excluded.packet_loss, jitter = excluded.jitter";

pub(super) const IMPORT_SAMPLES: &str = "
    INSERT INTO call_quality (call_id, from_user, to_user, at_ms, sample)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
    ON CONFLICT (call_id, from_user, to_user, at_ms) DO UPDATE SET sample = excluded.sample";

pub(super) async fn import(pool: &PgPool, archived: Vec<ArchivedCall>) -> StoreResult<u64> {
    // One statement changes a row once: of a call that comes twice, the later version counts.
    let mut by_id: BTreeMap<String, ArchivedCall> = BTreeMap::new();
    for one in archived {
        let known = by_id.get(one.call.id().as_str());
        if known.is_none_or(|known| known.call.version() < one.call.version()) {
            by_id.insert(one.call.id().to_string(), one);
        }
    }
    let sessions: Vec<&CallSession> = by_id.values().map(|one| &one.call).collect();
    let mut change = pool.begin().await?;
    let stored = import_calls(&mut change, &sessions).await?;
    let changed = stored.iter().filter_map(|(id, _)| by_id.get(id));
    let changed: Vec<&CallSession> = changed.map(|one| &one.call).collect();
    import_participants(&mut change, &changed).await?;
    import_samples(&mut change, by_id.values()).await?;
    change.commit().await?;
    Ok(stored.iter().filter(|(_, is_new)| *is_new).count() as u64)
}

async fn import_calls(
    to: &mut PgConnection,
    sessions: &[&CallSession],
) -> StoreResult<Vec<(String, bool)>> {
    let sessions = || sessions.iter();
    let texts =
        |text: fn(&CallSession) -> &str| sessions().map(|one| text(one)).collect::<Vec<_>>();
    let ending = |one: &&&CallSession| one.state().ending().cloned();
    let json = sessions().map(|one| calls::json(one));
    let json: Vec<String> = json.collect::<StoreResult<_>>()?;
    let requests = sessions().map(|one| one.request_id().map(AsRef::<str>::as_ref));
    let ends = sessions().map(|one| ending(&one));
    let reasons = ends.map(|ending| ending.map(|ending| ending.reason.as_str().to_owned()));
    let ended = sessions().map(|one| one.state().ending().map(|ending| ms(ending.ended_at)));
    Ok(sqlx::query_as(IMPORT_CALLS)
        .bind(texts(|one| one.id().as_str()))
        .bind(
            sessions()
                .map(|one| to_i64(one.version()))
                .collect::<Vec<_>>(),
        )
        .bind(texts(|one| one.chat().id.as_str()))
        .bind(texts(|one| one.call_type().as_str()))
        .bind(texts(|one| one.status().as_str()))
        .bind(texts(|one| one.caller().as_str()))
        .bind(requests.collect::<Vec<Option<&str>>>())
        .bind(
            sessions()
                .map(|one| ms(one.initiated_at()))
                .collect::<Vec<_>>(),
        )
        .bind(
            sessions()
                .map(|one| one.state().started_at().map(ms))
                .collect::<Vec<_>>(),
        )
        .bind(ended.collect::<Vec<_>>())
        .bind(
            sessions()
                .map(|one| one.next_deadline().map(ms))
                .collect::<Vec<_>>(),
        )
        .bind(reasons.collect::<Vec<_>>())
        .bind(json)
        .fetch_all(to)
        .await?)
}

async fn import_participants(to: &mut PgConnection, sessions: &[&CallSession]) -> StoreResult<()> {
    let rows = sessions
        .iter()
        .flat_map(|call| call.participants().iter().map(move |one| (*call, one)));
    let rows: Vec<_> = rows.collect();
    let texts = |text: fn(&CallSession) -> &str| {
        let texts = rows.iter().map(|(call, _)| text(call));
        texts.collect::<Vec<_>>()
    };
    let means: Vec<_> = rows
        .iter()
        .map(|(call, _)| call.quality().means())
        .collect();
    let mean = |pick: fn(&ringback_protocol::QualityReport) -> f64| {
        let means = means.iter().map(|means| means.as_ref().map(pick));
        means.collect::<Vec<Option<f64>>>()
    };
    let durations = rows.iter().map(|(call, _)| {
        let ending = call.state().ending();
        ending.and_then(Ending::duration_s).map(to_i64)
    });
    let users = rows.iter().map(|(_, one)| one.user().as_str());
    let times = rows.iter().map(|(call, _)| ms(call.initiated_at()));
    let outgoing = rows.iter().map(|(call, one)| one.is(call.caller()));
    sqlx::query(IMPORT_PARTICIPANTS)
        .bind(users.collect::<Vec<_>>())
        .bind(times.collect::<Vec<_>>())
        .bind(texts(|call| call.id().as_str()))
        .bind(texts(|call| call.chat().id.as_str()))
        .bind(texts(|call| call.call_type().as_str()))
        .bind(texts(|call| call.status().as_str()))
        .bind(outgoing.collect::<Vec<_>>())
        .bind(durations.collect::<Vec<_>>())
        .bind(mean(|means| means.avg_bitrate))
        .bind(mean(|means| means.packet_loss))
        .bind(mean(|means| means.jitter))
        .execute(to)
        .await?;
    Ok(())
}

async fn import_samples(
    to: &mut PgConnection,
    archived: impl Iterator<Item = &ArchivedCall>,
) -> StoreResult<()> {
    let rows = archived.flat_map(|one| one.quality.iter().map(|sample| (one.call.id(), sample)));
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let json = rows.iter().map(|(call, sample)| sample_json(call, sample));
    let times = rows.iter().map(|(_, sample)| ms(sample.at_ms));
    sqlx::query(IMPORT_SAMPLES)
        .bind(
            rows.iter()
                .map(|(call, _)| call.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            rows.iter()
                .map(|(_, one)| one.from.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            rows.iter()
                .map(|(_, one)| one.to.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(times.collect::<Vec<_>>())
        .bind(json.collect::<StoreResult<Vec<_>>>()?)
        .execute(to)
        .await?;
    Ok(())
}

// Who took part stands in the call itself. What the application is still to be told of is kept
// until it was: an erasure finds it by its call. The index of the outbox has the usual collation.
pub(super) const PURGE: &str = "
    WITH old AS (
        DELETE FROM calls WHERE id IN (
            SELECT id FROM calls AS call
            WHERE ended_at_ms < $1 AND (ended_at_ms < $3 OR (
                SELECT count(*) FROM webhook_outbox AS letter
                WHERE letter.call_id = call.id COLLATE \"default\"
            ) = 0)
            ORDER BY ended_at_ms LIMIT $2
        )
        RETURNING id, initiated_at_ms, session
    ), participants AS (
        DELETE FROM call_participants AS row
        USING old, json_array_elements(old.session::json -> 'participants') AS one
        WHERE row.user_id = one -> 'person' ->> 'id'
            AND row.initiated_at_ms = old.initiated_at_ms AND row.call_id = old.id
    ), measurements AS (
        DELETE FROM call_quality AS row USING old WHERE row.call_id = old.id
    ), letters AS (
        DELETE FROM webhook_outbox WHERE call_id = ANY(
            ARRAY(SELECT id COLLATE \"default\" FROM old)
        )
    )
    SELECT count(*) FROM old";

pub(super) async fn purge(pool: &PgPool, ended_before: Timestamp, most: u32) -> StoreResult<u64> {
    let purged: i64 = sqlx::query_scalar(PURGE)
        .bind(ms(ended_before))
        .bind(i64::from(most))
        .bind(ms(ended_before.minus_ms(LONGEST_KEEP_MS)))
        .fetch_one(pool)
        .await?;
    Ok(to_u64(Some(purged)))
}

pub(super) const LEAVE_CHATS: &str = "DELETE FROM chat_members WHERE user_id = $1";

pub(super) async fn leave_chats(pool: &PgPool, user: &UserId) -> StoreResult<u64> {
    let left = sqlx::query(LEAVE_CHATS)
        .bind(user.as_str())
        .execute(pool)
        .await?;
    Ok(left.rows_affected())
}

pub(super) const ERASE: &str = "
    WITH erased AS (
        UPDATE calls SET version = $3, caller_id = $4, request_id = NULL, session = $5
        WHERE id = $1 AND version = $2
        RETURNING id, initiated_at_ms
    ), participant AS (
        DELETE FROM call_participants AS row USING erased
        WHERE row.user_id = $6 AND row.initiated_at_ms = erased.initiated_at_ms
            AND row.call_id = erased.id
    ), measurements AS (
        UPDATE call_quality AS row SET
            from_user = CASE from_user WHEN $6 THEN $7 ELSE from_user END,
            to_user = CASE to_user WHEN $6 THEN $7 ELSE to_user END
        FROM erased WHERE row.call_id = erased.id AND $6 IN (row.from_user, row.to_user)
    ), letters AS (
        DELETE FROM webhook_outbox AS row USING erased WHERE row.call_id = $1
    )
    SELECT count(*) FROM erased";

pub(super) const DELETE_OF_NOBODY: &str = "
    WITH gone AS (
        DELETE FROM calls WHERE id = $1 AND NOT EXISTS (
            SELECT 1 FROM call_participants AS row
            WHERE row.user_id = ANY($2) AND row.initiated_at_ms = $3 AND row.call_id = $1
        )
        RETURNING id
    )
    DELETE FROM call_quality AS row USING gone WHERE row.call_id = gone.id";

pub(super) async fn erase(pool: &PgPool, erasure: &Erasure) -> StoreResult<Swap> {
    let call = &erasure.call;
    let mut change = pool.begin().await?;
    let erased: i64 = sqlx::query_scalar(ERASE)
        .bind(call.id().as_str())
        .bind(to_i64(erasure.expected_version))
        .bind(to_i64(call.version()))
        .bind(call.caller().as_str())
        .bind(calls::json(call)?)
        .bind(erasure.user.as_str())
        .bind(erasure.stand_in.as_str())
        .fetch_one(&mut *change)
        .await?;
    if erased == 0 {
        return Ok(Swap::Conflict);
    }
    sqlx::query(DELETE_OF_NOBODY)
        .bind(call.id().as_str())
        .bind(calls::users(call))
        .bind(ms(call.initiated_at()))
        .execute(&mut *change)
        .await?;
    change.commit().await?;
    Ok(Swap::Stored)
}
