//! The measurement against known values.

use ringback_protocol::{ClientEvent, LinkStatus, QualityThresholds};

use super::{Rig, user};
use crate::core::quality::emodel::{mean_opinion_score, mouth_to_ear_ms, rating};
use crate::core::quality::{CandidateType, Grade, Sampler, StatsSample};
use crate::core::time::Instant;
use crate::core::{Input, Output, PeerInput};

const THRESHOLDS: QualityThresholds = QualityThresholds {
    excellent_mos: 4.03,
    good_mos: 3.6,
};

fn close(is: f64, should: f64) {
    assert!((is - should).abs() < 0.01, "{is} is not {should}");
}

/// Totals after so many seconds of 50 packets of 100 bytes, of which some were lost.
fn totals(seconds: f64, lost_share: f64) -> StatsSample {
    let packets = seconds * 50.0;
    StatsSample {
        bytes_received: packets * (1.0 - lost_share) * 100.0,
        packets_received: packets * (1.0 - lost_share),
        packets_lost: packets * lost_share,
        jitter_s: 0.005,
        total_samples_received: seconds * 48_000.0,
        concealed_samples: seconds * 48_000.0 * lost_share,
        audio_level: 0.5,
        round_trip_s: Some(0.05),
        candidate_type: None,
    }
}

#[test]
fn ratings_map_to_scores_as_in_annex_b_of_g_107() {
    // G.107 table B.1: R of 90, 80, 70, 60 and 50.
    for (r, mos) in [
        (90.0, 4.34),
        (80.0, 4.03),
        (70.0, 3.60),
        (60.0, 3.10),
        (50.0, 2.58),
    ] {
        close(mean_opinion_score(r), mos);
    }
    // The default values of the model.
    close(mean_opinion_score(93.2), 4.41);
    close(mean_opinion_score(0.0), 1.0);
    close(mean_opinion_score(-5.0), 1.0);
    close(mean_opinion_score(100.0), 4.5);
    close(mean_opinion_score(3.0), 1.0);
}

#[test]
fn delay_and_loss_lower_the_rating_as_published() {
    close(rating(0.0, 0.0), 93.2);
    // Cole and Rosenbluth: 0.024 for every millisecond up to 177.3 ms, then 0.134.
    close(rating(100.0, 0.0), 90.8);
    close(rating(277.3, 0.0), 93.2 - 0.024 * 277.3 - 11.0);
    // G.107 section 7.5 with Bpl 25.1: 1 % costs 95 / 26.1, 5 % costs 475 / 30.1.
    close(rating(0.0, 0.01), 93.2 - 3.64);
    close(rating(0.0, 0.05), 93.2 - 15.78);
    close(rating(100_000.0, 1.0), 0.0);
    close(mouth_to_ear_ms(100.0, 10.0), 96.5);
}

#[test]
fn one_second_is_the_difference_of_two_readings() {
    let mut sampler = Sampler::default();
    assert_eq!(
        sampler.read(Instant(0), totals(0.0, 0.0), &THRESHOLDS),
        None
    );
    let quality = sampler
        .read(Instant(1_000), totals(1.0, 0.1), &THRESHOLDS)
        .unwrap();
    close(quality.bitrate, 45.0 * 100.0 * 8.0);
    close(quality.packet_loss, 10.0);
    close(quality.jitter_ms, 5.0);
    close(quality.round_trip_ms.unwrap(), 50.0);
    // One way 25 ms, twice 5 ms, 26.5 ms; 10 % concealed.
    close(quality.mos, mean_opinion_score(rating(61.5, 0.1)));
}

#[test]
fn counters_that_begin_anew_do_not_make_negative_figures() {
    let mut sampler = Sampler::default();
    sampler.read(Instant(0), totals(100.0, 0.0), &THRESHOLDS);
    let quality = sampler
        .read(Instant(1_000), totals(1.0, 0.0), &THRESHOLDS)
        .unwrap();
    close(quality.bitrate, 40_000.0);
    close(quality.packet_loss, 0.0);
}

#[test]
fn late_packets_that_lower_the_loss_do_not_count_as_a_reset() {
    let mut sampler = Sampler::default();
    let mut first = totals(10.0, 0.0);
    first.packets_lost = 5.0;
    sampler.read(Instant(0), first, &THRESHOLDS);
    let mut second = totals(11.0, 0.0);
    second.packets_lost = 3.0;
    let quality = sampler.read(Instant(1_000), second, &THRESHOLDS).unwrap();
    close(quality.bitrate, 40_000.0);
    close(quality.packet_loss, 0.0);
}

#[test]
fn figures_that_are_no_numbers_do_no_harm() {
    let mut sampler = Sampler::default();
    let broken = StatsSample {
        bytes_received: f64::NAN,
        packets_received: f64::INFINITY,
        packets_lost: -1.0,
        jitter_s: f64::NEG_INFINITY,
        ..StatsSample::default()
    };
    sampler.read(Instant(0), broken, &THRESHOLDS);
    let quality = sampler.read(Instant(0), broken, &THRESHOLDS).unwrap();
    assert_eq!(
        (quality.bitrate, quality.packet_loss, quality.mos),
        (0.0, 0.0, 1.0)
    );
    assert!(
        sampler
            .take_tally()
            .report()
            .is_some_and(|report| report.is_plausible())
    );
}

#[test]
fn the_grade_changes_when_three_of_five_seconds_say_so() {
    let mut sampler = Sampler::default();
    let mut sum = totals(0.0, 0.0);
    sampler.read(Instant(0), sum, &THRESHOLDS);
    // The share lost in each second, and the grade that is shown after it.
    let seconds = [
        (0.0, Grade::Excellent),
        (0.3, Grade::Excellent),
        (0.3, Grade::Excellent),
        (0.0, Grade::Excellent),
        (0.3, Grade::Poor),
        (0.0, Grade::Poor),
        (0.0, Grade::Excellent),
    ];
    for (second, (share, grade)) in (1_u64..).zip(seconds) {
        let step = totals(1.0, share);
        sum.bytes_received += step.bytes_received;
        sum.packets_received += step.packets_received;
        sum.packets_lost += step.packets_lost;
        sum.total_samples_received += step.total_samples_received;
        sum.concealed_samples += step.concealed_samples;
        let quality = sampler
            .read(Instant(second * 1_000), sum, &THRESHOLDS)
            .unwrap();
        assert_eq!(quality.grade, grade, "after second {second}");
    }
}

#[test]
fn nothing_received_is_graded_lost_in_the_end() {
    let mut sampler = Sampler::default();
    for second in 0..4 {
        sampler.read(Instant(second * 1_000), totals(5.0, 0.0), &THRESHOLDS);
    }
    assert_eq!(sampler.grade(), Some(Grade::Lost));
}

#[test]
fn a_report_averages_since_the_last_one() {
    let mut sampler = Sampler::default();
    assert_eq!(sampler.take_tally().report(), None);
    for second in 0..=10_u32 {
        let at = Instant(u64::from(second) * 1_000);
        sampler.read(at, totals(f64::from(second), 0.02), &THRESHOLDS);
    }
    let report = sampler.take_tally().report().unwrap();
    close(report.avg_bitrate, 39_200.0);
    close(report.packet_loss, 2.0);
    close(report.jitter, 5.0);
    assert_eq!(sampler.take_tally().report(), None);
}

/// Measures the link of an active call for ten seconds and returns what the server is told.
fn told_after_ten_seconds(mut rig: Rig) -> ringback_protocol::client::CallQuality {
    let link = rig.link.unwrap();
    let mut told = None;
    for second in 0..=10_u32 {
        rig.now += 1_000;
        let mut sample = totals(f64::from(second), 0.02);
        sample.candidate_type = Some(CandidateType::Relay);
        let stats = Input::Peer(link, PeerInput::Stats(sample));
        for input in [stats, Input::Timeout] {
            for output in rig.client.handle(Instant(rig.now), input) {
                if let Output::Emit(ClientEvent::CallQuality(quality), _) = output {
                    told = Some(quality);
                }
            }
        }
    }
    told.expect("the server is told")
}

#[test]
fn the_server_is_told_of_each_link_how_it_is_connected_and_how_good_it_is() {
    let told = told_after_ten_seconds(Rig::active());
    let [link] = &told.links[..] else {
        panic!("there is one link: {:?}", told.links);
    };
    assert_eq!(link.user_id, user("bob"));
    assert_eq!(link.state, LinkStatus::Connected);
    assert_eq!(link.candidate_type, Some(CandidateType::Relay));
    assert!(link.grade.is_some() && link.mos.is_some());
    close(link.packet_loss.unwrap(), 2.0);
    assert_eq!(link.avg_bitrate, Some(told.quality.avg_bitrate));
}
