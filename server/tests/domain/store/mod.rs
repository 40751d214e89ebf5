//! What every store must do: one suite, run against each.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback_protocol::rest::{CallStatistics, Chat, ChatMember};
use ringback_protocol::{
    CallRequestId, CallStatus, CallType, CandidateType, EndReason, LinkGrade, LinkReport,
    LinkStatus, QualityReport, SessionId,
};
use ringback_server::calls::session::{CallSession, Input, Reach};
use ringback_server::store::{
    Created, Database, HistoryQuery, StatisticsQuery, Store, StoreError, Swap, Timeframe,
};

use crate::support::{
    RING_MS, START, callee, chat_id, device, new_call, open_store, person, put_chat, session_id,
    user,
};

const DAY_MS: u64 = 86_400_000;

/// Runs the whole suite; `fresh` makes an empty store each time, or none where no test can run.
macro_rules! store_contract {
    ($fresh:expr) => {
        store_contract! {
            $fresh;
            a_created_call_is_loaded_as_it_was,
            a_call_is_replaced_only_at_the_expected_version,
            of_many_writers_at_one_version_one_wins,
            a_repeated_request_finds_the_first_call,
            live_calls_are_found_by_user_until_they_are_over,
            calls_are_due_when_their_deadline_has_come,
            history_is_filtered_and_newest_first,
            history_pages_neither_overlap_nor_miss_a_call,
            live_calls_stand_among_those_that_are_over,
            a_call_that_ends_between_two_pages_is_on_one_of_them,
            a_call_that_ends_while_the_history_is_read_is_in_it_once,
            everyone_who_has_a_part_in_a_call_finds_it_from_then_on,
            a_call_that_is_over_at_once_is_found,
            a_call_that_changes_after_its_end_is_found_as_it_is_then,
            of_whoever_is_erased_the_live_calls_stay,
            records_are_seen_by_participants_alone,
            statistics_add_up,
            statistics_count_live_calls_without_a_duration,
            statistics_of_nothing_are_zero,
            statistics_respect_time_frame_and_chat,
            quality_is_averaged_over_measured_calls,
            measurements_of_links_are_kept_by_link_and_time,
            of_a_long_call_fewer_of_the_older_measurements_are_kept,
            chats_are_stored_changed_and_removed,
            members_are_added_to_chats_that_may_not_exist,
            what_a_change_has_to_tell_is_stored_with_it,
            what_is_told_of_one_call_comes_out_in_order,
            what_was_taken_out_is_due_again_later,
            of_several_who_ask_one_gets_each,
            it_is_known_how_many_letters_wait_and_since_when,
            of_more_letters_than_are_kept_the_oldest_are_dropped,
            a_call_that_is_still_told_of_is_not_purged,
            a_call_of_which_nobody_was_ever_told_is_purged_with_it,
            whoever_is_erased_is_in_nothing_that_is_still_to_be_told,
            calls_and_chats_leave_a_database_and_come_back_as_they_were,
            a_later_version_of_a_call_comes_in_and_an_earlier_one_does_not,
            old_calls_are_purged_a_few_at_a_time_and_live_ones_stay,
            whoever_is_erased_leaves_no_trace_and_the_others_keep_their_calls,
            a_call_is_erased_only_at_the_expected_version,
        }
    };
    ($fresh:expr; $($test:ident,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                let Some((store, _keep)) = $fresh.await else {
                    return;
                };
                contract::$test(&*store).await;
            }
        )*
    };
}

mod contract;
#[cfg(feature = "mongodb")]
pub(crate) mod mongodb;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
mod sqlite;
mod statistics;
