//! Two thousand seeds, and the promise that a seed always tells the same story.

use std::num::NonZero;

use ringback_sim::run;

const SEEDS: u64 = 2_000;

#[test]
fn a_seed_tells_the_same_story_every_time() {
    for seed in 0..12 {
        let (one, other) = (run::play(seed, true), run::play(seed, true));
        for (line, (is, was)) in one.story.iter().zip(&other.story).enumerate() {
            assert_eq!(is, was, "seed {seed}, line {line}");
        }
        assert_eq!(one.story.len(), other.story.len());
        assert_eq!(one.fingerprint, other.fingerprint);
        // Keeping the story changes nothing in it.
        assert_eq!(one.fingerprint, run::play(seed, false).fingerprint);
    }
}

#[test]
fn nothing_breaks_in_two_thousand_seeds() {
    run::watch_panics();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let summary = run::many(0, SEEDS, threads, |_, _| {});
    if let Some(first) = summary.broken.first() {
        println!("{}", run::story(first.seed));
        let seeds: Vec<_> = summary.broken.iter().map(|broken| broken.seed).collect();
        println!("these seeds break: {seeds:?}");
        std::process::exit(1);
    }
    // Seeds in which nothing happens would prove nothing.
    assert!(summary.answered > SEEDS, "{summary:?}");
}
