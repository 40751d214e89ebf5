//! The means of all `call:quality` reports of a call.

use ringback_protocol::QualityReport;
use serde::{Deserialize, Serialize};

/// Sums of all reports of all participants; the means are made from them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QualitySums {
    reports: u32,
    bitrate: f64,
    packet_loss: f64,
    jitter: f64,
}

impl QualitySums {
    /// Tells whether there was no report.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reports == 0
    }

    /// Returns the means; none when there was no report.
    #[must_use]
    pub fn means(&self) -> Option<QualityReport> {
        let reports = f64::from(self.reports);
        (self.reports > 0).then(|| QualityReport {
            avg_bitrate: self.bitrate / reports,
            packet_loss: self.packet_loss / reports,
            jitter: self.jitter / reports,
        })
    }

    pub(super) fn add(&mut self, report: &QualityReport) {
        self.reports = self.reports.saturating_add(1);
        self.bitrate += report.avg_bitrate;
        self.packet_loss += report.packet_loss;
        self.jitter += report.jitter;
    }
}
