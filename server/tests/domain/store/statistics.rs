//! Statistics, and the measurements of links.

use super::contract::*;
use super::*;

fn stats(timeframe: Timeframe) -> StatisticsQuery {
    StatisticsQuery {
        chat_id: None,
        timeframe,
        now: START.plus_ms(DAY_MS),
    }
}

async fn figures(store: &dyn Store, who: &str, timeframe: Timeframe) -> CallStatistics {
    let figures = store.statistics(&user(who), &stats(timeframe)).await;
    figures.unwrap()
}

pub(super) async fn statistics_add_up(store: &dyn Store) {
    store_ended(store, "1", START, 30_000).await;
    store_ended(store, "2", START, 1_800_000).await;
    store_ended(store, "3", START.plus_ms(DAY_MS), 900).await;
    run(store, call("4", START).0, vec![(0, reject())]).await;
    run(store, call("5", START).0, vec![(RING_MS, Input::Timeout)]).await;
    let mut back = new_call(vec![callee("alice", Reach::Connected)]);
    back.id = session_id("6");
    back.caller = person("bob");
    back.call_type = CallType::Video;
    run(store, CallSession::initiate(START, back).0, vec![]).await;

    let all = figures(store, "alice", Timeframe::Month).await;
    assert_eq!(all.timeframe, "30d");
    assert_eq!(all.stats.total, 6);
    assert_eq!((all.stats.by_type.voice, all.stats.by_type.video), (5, 1));
    let statuses = [("ended", 3), ("missed", 1), ("rejected", 1), ("ringing", 1)];
    let statuses = statuses.map(|(status, count)| (status.to_owned(), count));
    assert_eq!(all.stats.by_status, BTreeMap::from(statuses));
    let directions = &all.stats.by_direction;
    assert_eq!((directions.incoming, directions.outgoing), (1, 5));
    assert_eq!(all.stats.total_duration, 1_830);
    assert_eq!(all.stats.average_duration, 610);
    assert_eq!(
        (all.stats.longest_call, all.stats.shortest_call),
        (1_800, 0)
    );
    assert_eq!(all.stats.recent_calls.len(), 6);
    assert_eq!(all.stats.recent_calls[0].id, session_id("3"));
    // START is 2025-06-15 in the afternoon.
    let days = [("2025-06-15".to_owned(), 5), ("2025-06-16".to_owned(), 1)];
    assert_eq!(all.call_frequency, BTreeMap::from(days));
}

pub(super) async fn statistics_of_nothing_are_zero(store: &dyn Store) {
    let none = figures(store, "alice", Timeframe::All).await;
    assert_eq!(none.stats.total, 0);
    let statuses = ["ended", "missed", "rejected"].map(|status| (status.to_owned(), 0));
    assert_eq!(none.stats.by_status, BTreeMap::from(statuses));
    assert_eq!(
        (none.stats.average_duration, none.stats.shortest_call),
        (0, 0)
    );
    assert_eq!(none.quality.avg_jitter, None);
    assert!(none.call_frequency.is_empty() && none.stats.recent_calls.is_empty());
}

pub(super) async fn statistics_respect_time_frame_and_chat(store: &dyn Store) {
    for (id, days_ago) in [
        ("1", 400),
        ("2", 100),
        ("3", 31),
        ("4", 8),
        ("5", 2),
        ("6", 0),
    ] {
        let at = START.plus_ms(DAY_MS).minus_ms(days_ago * DAY_MS);
        store_ended(store, id, at, 1_000).await;
    }
    for (frame, total) in Timeframe::ALL.iter().zip([1, 2, 3, 4, 5, 6]) {
        let figures = figures(store, "bob", *frame).await;
        assert_eq!(figures.stats.total, total, "{frame:?}");
        assert_eq!(figures.stats.recent_calls.len() as u64, total, "{frame:?}");
    }
    let elsewhere = StatisticsQuery {
        chat_id: Some(chat_id("group")),
        ..stats(Timeframe::All)
    };
    let figures = store.statistics(&user("bob"), &elsewhere).await.unwrap();
    assert_eq!(figures.stats.total, 0);
    assert!(figures.call_frequency.is_empty() && figures.stats.recent_calls.is_empty());
}

pub(super) async fn quality_is_averaged_over_measured_calls(store: &dyn Store) {
    let measured = |figures: &[f64]| {
        let mut inputs = vec![(0, accept())];
        inputs.extend(figures.iter().map(|figure| (1_000, quality(*figure))));
        inputs.push((2_000, end()));
        inputs
    };
    run(store, call("1", START).0, measured(&[1.0, 3.0])).await;
    run(store, call("2", START).0, measured(&[4.0])).await;
    store_ended(store, "3", START, 1_000).await;
    let means = figures(store, "bob", Timeframe::All).await.quality;
    assert_eq!(means.avg_packet_loss, Some(3.0));
    assert_eq!(means.avg_jitter, Some(6.0));
    assert_eq!(means.avg_bitrate, Some(1_000.0));
}

fn link(to: &str, bitrate: f64) -> LinkReport {
    LinkReport {
        user_id: user(to),
        state: LinkStatus::Connected,
        grade: Some(LinkGrade::Good),
        mos: Some(3.9),
        avg_bitrate: Some(bitrate),
        packet_loss: Some(0.5),
        jitter: Some(20.0),
        round_trip_time: None,
        candidate_type: Some(CandidateType::Relay),
    }
}

pub(super) async fn measurements_of_links_are_kept_by_link_and_time(store: &dyn Store) {
    let (id, other) = (session_id("measured"), session_id("another"));
    for (from, at, to) in [
        ("bob", 20_000_u32, "alice"),
        ("alice", 20_000, "bob"),
        ("alice", 10_000, "bob"),
    ] {
        let links = vec![link(to, f64::from(at))];
        let at = START.plus_ms(at.into());
        store
            .add_quality(&id, &user(from), at, links)
            .await
            .unwrap();
    }
    store
        .add_quality(&other, &user("alice"), START, vec![link("carol", 1.0)])
        .await
        .unwrap();
    let links = store.quality(&id).await.unwrap();
    let found: Vec<_> = links
        .iter()
        .map(|link| {
            let rates = link.samples.iter().map(|sample| sample.bitrate.unwrap());
            (link.from.as_str(), link.to.as_str(), rates.collect())
        })
        .collect();
    let expected: [(_, _, Vec<f64>); 2] = [
        ("alice", "bob", vec![10_000.0, 20_000.0]),
        ("bob", "alice", vec![20_000.0]),
    ];
    assert_eq!(found, expected);
    let sample = &links[0].samples[0];
    assert_eq!(sample.at, START.plus_ms(10_000).to_iso());
    assert_eq!(sample.grade, Some(LinkGrade::Good));
    assert_eq!(sample.candidate_type, Some(CandidateType::Relay));
    assert_eq!(sample.round_trip_time, None);
    assert!(store.quality(&session_id("none")).await.unwrap().is_empty());
}

pub(super) async fn of_a_long_call_fewer_of_the_older_measurements_are_kept(store: &dyn Store) {
    let id = session_id("long");
    for count in 0..400_u32 {
        let at = START.plus_ms(u64::from(count) * 10_000);
        let links = vec![link("bob", f64::from(count))];
        store
            .add_quality(&id, &user("alice"), at, links)
            .await
            .unwrap();
    }
    let links = store.quality(&id).await.unwrap();
    let rates: Vec<_> = links[0]
        .samples
        .iter()
        .map(|sample| sample.bitrate.unwrap())
        .collect();
    assert!(rates.len() <= 360, "{}", rates.len());
    assert!(rates.is_sorted(), "out of order");
    // The first and the last are there, and the last minutes are whole.
    assert_eq!(rates[0], 0.0);
    assert_eq!(&rates[rates.len() - 3..], [397.0, 398.0, 399.0]);
}
