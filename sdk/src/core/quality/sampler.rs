//! Turns running totals into what the last second was like.

use ringback_protocol::{LinkReport, LinkStatus, QualityReport, QualityThresholds, UserId};

use super::emodel::{mean_opinion_score, mouth_to_ear_ms, rating};
use super::{Grade, LinkQuality, StatsSample};
use crate::core::time::Instant;

/// What arrived between two readings.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Delta {
    seconds: f64,
    bytes: f64,
    packets: f64,
    lost: f64,
    samples: f64,
    concealed: f64,
}

impl Delta {
    fn between(former: &Reading, now: Instant, sample: &StatsSample) -> Self {
        let old = former.totals.following(sample);
        Self {
            seconds: to_f64(now.since(former.at)) / 1000.0,
            bytes: grown(old.bytes_received, sample.bytes_received),
            packets: grown(old.packets_received, sample.packets_received),
            lost: grown(old.packets_lost, sample.packets_lost),
            samples: grown(old.total_samples_received, sample.total_samples_received),
            concealed: grown(old.concealed_samples, sample.concealed_samples),
        }
    }

    fn bitrate(&self) -> f64 {
        ratio(self.bytes * 8.0, self.seconds)
    }

    /// From 0 to 1.
    fn loss(&self) -> f64 {
        ratio(self.lost, self.lost + self.packets)
    }

    /// From 0 to 1: what the listener heard of the loss, when the browser says.
    fn concealment(&self) -> f64 {
        if self.samples > 0.0 {
            ratio(self.concealed, self.samples).min(1.0)
        } else {
            self.loss()
        }
    }
}

/// Totals, and when they were read.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Reading {
    at: Instant,
    totals: StatsSample,
}

impl StatsSample {
    /// Returns these totals as the base for newer ones: zero when the counters began anew.
    fn following(&self, newer: &Self) -> Self {
        // Lost packets may shrink by themselves, when late ones arrive: they are no sign.
        let began_anew = newer.bytes_received < self.bytes_received
            || newer.packets_received < self.packets_received
            || newer.total_samples_received < self.total_samples_received;
        if began_anew { Self::default() } else { *self }
    }
}

/// What one link contributes to the next `call:quality`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    seconds: f64,
    bytes: f64,
    packets: f64,
    lost: f64,
    jitter_ms: f64,
    readings: f64,
}

impl Tally {
    /// Adds what another link contributes.
    pub(crate) fn add(&mut self, other: &Self) {
        self.seconds += other.seconds;
        self.bytes += other.bytes;
        self.packets += other.packets;
        self.lost += other.lost;
        self.jitter_ms += other.jitter_ms;
        self.readings += other.readings;
    }

    /// Returns the averages; none when nothing was measured.
    pub(crate) fn report(&self) -> Option<QualityReport> {
        let report = QualityReport {
            avg_bitrate: ratio(self.bytes * 8.0, self.seconds),
            packet_loss: ratio(self.lost, self.lost + self.packets) * 100.0,
            jitter: ratio(self.jitter_ms, self.readings),
        };
        (self.readings > 0.0 && report.is_plausible()).then_some(report)
    }

    /// Returns the averages of one link, beside what it was last like.
    pub(crate) fn link_report(
        &self,
        user_id: UserId,
        state: LinkStatus,
        last: Option<LinkQuality>,
    ) -> LinkReport {
        let averages = self.report();
        let averages = averages.as_ref();
        let last = last.filter(|_| averages.is_some());
        LinkReport {
            user_id,
            state,
            grade: last.map(|last| last.grade),
            mos: last.map(|last| last.mos),
            avg_bitrate: averages.map(|averages| averages.avg_bitrate),
            packet_loss: averages.map(|averages| averages.packet_loss),
            jitter: averages.map(|averages| averages.jitter),
            round_trip_time: last.and_then(|last| last.round_trip_ms),
            candidate_type: last.and_then(|last| last.candidate_type),
        }
    }

    fn count(&mut self, delta: &Delta, jitter_ms: f64) {
        self.add(&Self {
            seconds: delta.seconds,
            bytes: delta.bytes,
            packets: delta.packets,
            lost: delta.lost,
            jitter_ms,
            readings: 1.0,
        });
    }
}

/// The measurement of one link.
#[derive(Debug, Default)]
pub(crate) struct Sampler {
    former: Option<Reading>,
    /// The last five grades without hysteresis, the newest first; none before the first.
    grades: Option<[Grade; 5]>,
    last: Option<LinkQuality>,
    tally: Tally,
}

impl Sampler {
    /// Takes a reading in; none while there is no former one to compare it with.
    pub(crate) fn read(
        &mut self,
        now: Instant,
        sample: StatsSample,
        thresholds: &QualityThresholds,
    ) -> Option<LinkQuality> {
        let sample = sample.sane();
        let former = self.former.replace(Reading {
            at: now,
            totals: sample,
        })?;
        let delta = Delta::between(&former, now, &sample);
        let jitter_ms = sample.jitter_s * 1000.0;
        self.tally.count(&delta, jitter_ms);
        let mos = score(&delta, &sample);
        self.last = Some(LinkQuality {
            grade: self.graded(raw_grade(&delta, mos, thresholds)),
            mos,
            bitrate: delta.bitrate(),
            packet_loss: delta.loss() * 100.0,
            jitter_ms,
            round_trip_ms: sample.round_trip_s.map(|seconds| seconds * 1000.0),
            candidate_type: sample.candidate_type,
            audio_level: sample.audio_level,
        });
        self.last
    }

    /// Returns the last second; none before the second reading.
    pub(crate) const fn last(&self) -> Option<LinkQuality> {
        self.last
    }

    /// Returns the grade that is shown; none before the second reading.
    pub(crate) fn grade(&self) -> Option<Grade> {
        self.grades.map(median)
    }

    /// Takes out what was measured since the last report.
    pub(crate) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Notes that media does not flow: the next reading begins anew.
    pub(crate) const fn pause(&mut self) {
        self.former = None;
    }

    /// The median of five changes when three of them do.
    fn graded(&mut self, raw: Grade) -> Grade {
        let [a, b, c, d, _] = self.grades.unwrap_or([raw; 5]);
        let grades = [raw, a, b, c, d];
        self.grades = Some(grades);
        median(grades)
    }
}

/// Returns the grade that at least three of the five are no better than, and three no worse.
fn median(grades: [Grade; 5]) -> Grade {
    let worse_or_equal = |grade| grades.iter().filter(|other| **other >= grade).count();
    let from_the_worst = [Grade::Lost, Grade::Poor, Grade::Good];
    let median = from_the_worst
        .into_iter()
        .find(|grade| worse_or_equal(*grade) >= 3);
    median.unwrap_or(Grade::Excellent)
}

fn score(delta: &Delta, sample: &StatsSample) -> f64 {
    if delta.packets <= 0.0 {
        return 1.0;
    }
    let round_trip_ms = sample.round_trip_s.unwrap_or(0.0) * 1000.0;
    let delay_ms = mouth_to_ear_ms(round_trip_ms, sample.jitter_s * 1000.0);
    mean_opinion_score(rating(delay_ms, delta.concealment()))
}

fn raw_grade(delta: &Delta, mos: f64, thresholds: &QualityThresholds) -> Grade {
    if delta.packets <= 0.0 {
        Grade::Lost
    } else if mos >= thresholds.excellent_mos {
        Grade::Excellent
    } else if mos >= thresholds.good_mos {
        Grade::Good
    } else {
        Grade::Poor
    }
}

impl StatsSample {
    /// Returns the reading with every figure finite and not negative.
    fn sane(self) -> Self {
        Self {
            bytes_received: sane(self.bytes_received),
            packets_received: sane(self.packets_received),
            packets_lost: sane(self.packets_lost),
            jitter_s: sane(self.jitter_s),
            total_samples_received: sane(self.total_samples_received),
            concealed_samples: sane(self.concealed_samples),
            audio_level: sane(self.audio_level),
            round_trip_s: self.round_trip_s.map(sane),
            candidate_type: self.candidate_type,
        }
    }
}

fn sane(figure: f64) -> f64 {
    if figure.is_finite() {
        figure.max(0.0)
    } else {
        0.0
    }
}

fn grown(old: f64, new: f64) -> f64 {
    (new - old).max(0.0)
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds between two readings are far below 2^52"
)]
const fn to_f64(ms: u64) -> f64 {
    ms as f64
}
