//! What the operating system says of this process, under the names that all dashboards know.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

/// Reads it anew for every scrape.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        #[cfg(target_os = "linux")]
        return linux::encode(encoder);
        #[cfg(not(target_os = "linux"))]
        {
            drop(encoder);
            Ok(())
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use procfs::process::{LimitValue, Process, Stat};
    use procfs::{CurrentSI, WithCurrentSystemInfo};
    use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
    use prometheus_client::metrics::MetricType;
    use prometheus_client::metrics::counter::ConstCounter;
    use prometheus_client::metrics::gauge::ConstGauge;
    use prometheus_client::registry::Unit;

    pub(super) fn encode(mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Ok(process) = Process::myself() else {
            return Ok(());
        };
        if let Ok(stat) = process.stat() {
            times(&mut encoder, &stat)?;
        }
        files(&mut encoder, &process)
    }

    #[expect(clippy::cast_precision_loss, reason = "ticks stay far below 2^52")]
    fn times(encoder: &mut DescriptorEncoder<'_>, stat: &Stat) -> Result<(), std::fmt::Error> {
        let per_second = procfs::ticks_per_second() as f64;
        let cpu = ConstCounter::new((stat.utime + stat.stime) as f64 / per_second);
        let help = "User and system CPU time spent";
        let described = encoder.encode_descriptor(
            "process_cpu",
            help,
            Some(&Unit::Seconds),
            MetricType::Counter,
        )?;
        cpu.encode(described)?;
        let memory = i64::try_from(stat.rss_bytes().get()).unwrap_or(i64::MAX);
        let help = "Resident memory size";
        gauge(
            encoder,
            ("process_resident_memory", help),
            Some(&Unit::Bytes),
            memory,
        )?;
        let booted = procfs::KernelStats::current().map_or(0, |kernel| kernel.btime);
        let started = booted + stat.starttime / procfs::ticks_per_second();
        let started = i64::try_from(started).unwrap_or(i64::MAX);
        let help = "When the process started, in seconds since 1970";
        gauge(
            encoder,
            ("process_start_time", help),
            Some(&Unit::Seconds),
            started,
        )?;
        gauge(
            encoder,
            ("process_threads", "Threads"),
            None,
            stat.num_threads,
        )
    }

    fn files(
        encoder: &mut DescriptorEncoder<'_>,
        process: &Process,
    ) -> Result<(), std::fmt::Error> {
        if let Ok(open) = process.fd_count() {
            let open = i64::try_from(open).unwrap_or(i64::MAX);
            gauge(
                encoder,
                ("process_open_fds", "Open file descriptors"),
                None,
                open,
            )?;
        }
        let limits = process
            .limits()
            .map(|limits| limits.max_open_files.soft_limit);
        if let Ok(LimitValue::Value(most)) = limits {
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let help = "The most file descriptors that may be open";
            gauge(encoder, ("process_max_fds", help), None, most)?;
        }
        Ok(())
    }

    fn gauge(
        encoder: &mut DescriptorEncoder<'_>,
        (name, help): (&str, &str),
        unit: Option<&Unit>,
        value: i64,
    ) -> Result<(), std::fmt::Error> {
        let described = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        ConstGauge::new(value).encode(described)
    }
}
