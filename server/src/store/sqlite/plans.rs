//! No query reads a whole table, whatever is stored.

use rusqlite::Connection;

use super::{archive, chats, outbox, quality, read, schema, statistics, write};

const QUERIES: &[(&str, &str)] = &[
    ("load", "SELECT id, session FROM calls WHERE id = ?1"),
    (
        "find_by_request",
        "SELECT id, session FROM calls WHERE caller_id = ?1 AND request_id = ?2",
    ),
    ("page", read::PAGE),
    ("total", read::TOTAL),
    ("figures", statistics::FIGURES),
    ("per day", statistics::PER_DAY),
    ("swap", write::SWAP_CALL),
    ("quality", quality::READ),
    ("quality count", quality::COUNT),
    ("quality thinned out", quality::THIN_OUT),
    ("letters due", outbox::DUE),
    ("letter put off", outbox::PUT_OFF),
    ("letter removed", outbox::REMOVE),
    ("oldest letters dropped", outbox::DROP_OLDEST),
    ("letters that wait", outbox::WAITING),
    ("chat", chats::CHAT),
    ("member", write::ADD_MEMBER),
    ("export of calls", archive::CALLS),
    ("export of measurements", archive::SAMPLES),
    ("export of chats", archive::CHATS),
    ("chats of a user", archive::CHATS_OF),
    ("leaving chats", archive::LEAVE_CHATS),
    ("old calls", archive::OLD),
    ("deletion of participants", archive::DELETE_PARTICIPANTS),
    ("deletion of measurements", archive::DELETE_QUALITY),
    ("deletion of a call", archive::DELETE_CALL),
    ("erasure", archive::ERASE),
    ("erasure of a participant", archive::ERASE_PARTICIPANT),
    ("erasure of who measured", archive::ERASE_FROM),
    ("erasure of who was measured", archive::ERASE_TO),
    ("erasure of letters", archive::ERASE_LETTERS),
    ("others in a call", archive::OTHERS),
];

/// Returns the steps of the database's plan for a query.
fn plan(database: &Connection, sql: &str) -> Vec<String> {
    let mut query = database
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let steps = query.raw_query().mapped(|row| row.get(3));
    steps.collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_query_goes_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let (database, _) = schema::open_writer(&folder.path().join("calls.db")).unwrap();
    for (name, sql) in QUERIES {
        let steps = plan(&database, sql);
        for step in &steps {
            // What a subquery or a JSON text yields is walked through, and so is the index that the
            // page of an export is cut out of, and that of letters by age as far as they are kept.
            let is_scan = step.starts_with("SCAN")
                && ![
                    "page",
                    "webhook_outbox_age",
                    "json_each",
                    "CONSTANT",
                    "(subquery",
                    "VIRTUAL TABLE",
                ]
                .iter()
                .any(|known| step.contains(known));
            assert!(!is_scan, "{name}: {steps:?}");
        }
    }
}

#[test]
fn a_page_of_history_is_merged_without_sorting_what_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let (database, _) = schema::open_writer(&folder.path().join("calls.db")).unwrap();
    let steps = plan(&database, read::PAGE);
    let steps: Vec<_> = steps.iter().map(String::as_str).collect();
    let merge = steps.iter().position(|step| *step == "MERGE (UNION ALL)");
    let merged = &steps[merge.unwrap()..][..6];
    let over = "SEARCH call_participants USING PRIMARY KEY \
        (user_id=? AND (initiated_at_ms,call_id)<(?,?))";
    assert_eq!(merged[1..4], ["LEFT", over, "RIGHT"], "{steps:?}");
    assert!(merged[4].starts_with("SCAN live "), "{steps:?}");
    assert!(merged[5].starts_with("SEARCH calls "), "{steps:?}");
}

#[test]
fn what_is_over_is_counted_by_the_user_and_live_calls_by_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let (database, _) = schema::open_writer(&folder.path().join("calls.db")).unwrap();
    for sql in [read::TOTAL, statistics::FIGURES, statistics::PER_DAY] {
        let steps = plan(&database, sql);
        let found = [
            "SEARCH call_participants USING PRIMARY KEY (user_id=?",
            "SCAN live ",
            "SEARCH calls ",
        ];
        let mut rest = steps.iter();
        for start in found {
            assert!(
                rest.any(|step| step.starts_with(start)),
                "{start}: {steps:?}"
            );
        }
    }
}
