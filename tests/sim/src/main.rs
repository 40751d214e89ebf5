//! `npm run sim -- --seeds 100000` plays many seeds, `npm run sim -- --seed 1234` tells one.

use std::num::NonZero;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ringback_sim::run;

/// How many seeds are played when nobody says.
const SEEDS: u64 = 2_000;

/// What was asked on the command line.
enum Order {
    Many { from: u64, count: u64 },
    One(u64),
}

fn main() -> ExitCode {
    run::watch_panics();
    match order(std::env::args().skip(1)) {
        Ok(Order::One(seed)) => one(seed),
        Ok(Order::Many { from, count }) => many(from, count),
        Err(usage) => {
            eprintln!("{usage}");
            ExitCode::FAILURE
        }
    }
}

fn order(mut arguments: impl Iterator<Item = String>) -> Result<Order, String> {
    let (mut from, mut count) = (0, SEEDS);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse().ok());
        match (name.as_str(), value) {
            ("--seed", Some(seed)) => return Ok(Order::One(seed)),
            ("--seeds", Some(value)) => count = value,
            ("--from", Some(value)) => from = value,
            _ => {
                return Err(
                    "usage: sim [--seeds <count>] [--from <first seed>] | --seed <seed>".into(),
                );
            }
        }
    }
    Ok(Order::Many { from, count })
}

fn one(seed: u64) -> ExitCode {
    let outcome = run::play(seed, true);
    for line in &outcome.story {
        println!("{line}");
    }
    match outcome.breach {
        None => ExitCode::SUCCESS,
        Some(breach) => {
            println!("\nseed {seed} breaks: {breach}");
            ExitCode::FAILURE
        }
    }
}

fn many(from: u64, count: u64) -> ExitCode {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let started = Instant::now();
    let summary = run::many(from, count, threads, |seeds, took| {
        println!("{seeds} seeds after {}", seconds(took));
    });
    println!(
        "{} seeds: {} calls, {} of them answered, {} hours of virtual time, in {}",
        summary.seeds,
        summary.calls,
        summary.answered,
        summary.passed_ms / 3_600_000,
        seconds(started.elapsed())
    );
    for broken in &summary.broken {
        println!("seed {} breaks: {}", broken.seed, broken.breach);
    }
    match summary.broken.first() {
        None => ExitCode::SUCCESS,
        Some(first) => {
            println!(
                "replay the first with: npm run sim -- --seed {}",
                first.seed
            );
            ExitCode::FAILURE
        }
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
