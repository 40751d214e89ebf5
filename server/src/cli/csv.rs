//! Calls as a table, one row each.

use std::io::Write;

use indicatif::ProgressBar;
use ringback_protocol::SessionId;

use super::CommandError;
use crate::calls::session::Ending;
use crate::calls::{CallSession, Timestamp};
use crate::store::Database;

/// How many calls are read at once.
const PAGE: u32 = 500;

const HEAD: [&str; 16] = [
    "id",
    "chatId",
    "chatName",
    "callType",
    "status",
    "callerId",
    "callerName",
    "participantIds",
    "initiatedAt",
    "startedAt",
    "endedAt",
    "durationSeconds",
    "endReason",
    "avgBitrate",
    "packetLoss",
    "jitter",
];

pub(super) async fn write(
    store: &dyn Database,
    out: &mut impl Write,
    bar: &ProgressBar,
) -> Result<(), CommandError> {
    let mut table = ::csv::Writer::from_writer(out);
    table.write_record(HEAD)?;
    let mut after: Option<SessionId> = None;
    loop {
        let calls = store.archived_calls(after.as_ref(), PAGE).await?;
        let Some(last) = calls.last() else {
            table.flush()?;
            return Ok(());
        };
        after = Some(last.call.id().clone());
        bar.inc(calls.len() as u64);
        for archived in calls {
            table.write_record(row(&archived.call))?;
        }
    }
}

fn row(call: &CallSession) -> [String; 16] {
    let caller = call.participant(call.caller());
    let people = call.participants().iter().map(|one| one.user().as_str());
    let ending = call.state().ending();
    let means = call.quality().means();
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_iso).unwrap_or_default();
    let number = |number: Option<f64>| number.map(|n| n.to_string()).unwrap_or_default();
    [
        text(call.id().as_str()),
        text(call.chat().id.as_str()),
        text(call.chat().name.as_deref().unwrap_or_default()),
        call.call_type().as_str().to_owned(),
        call.status().as_str().to_owned(),
        text(call.caller().as_str()),
        text(caller.map_or("", |one| one.person.name.as_str())),
        text(&people.collect::<Vec<_>>().join(" ")),
        call.initiated_at().to_iso(),
        time(call.state().started_at()),
        time(ending.map(|ending| ending.ended_at)),
        ending
            .and_then(Ending::duration_s)
            .map(|seconds| seconds.to_string())
            .unwrap_or_default(),
        text(ending.map_or("", |ending| ending.reason.as_str())),
        number(means.as_ref().map(|means| means.avg_bitrate)),
        number(means.as_ref().map(|means| means.packet_loss)),
        number(means.as_ref().map(|means| means.jitter)),
    ]
}

/// Keeps a spreadsheet from taking a name that somebody gave themselves for a formula.
fn text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{text}");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_kept_a_text() {
        assert_eq!(text("=1+1"), "'=1+1");
        assert_eq!(text("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(text("Zoë, \"Z\""), "Zoë, \"Z\"");
    }
}
