//! Many seeds, on all cores; and one seed as a story.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::drama::{self, Outcome};

/// How often progress is reported.
const REPORTS_EVERY: Duration = Duration::from_secs(10);
/// After how many failures a run gives up.
const MOST_FAILURES: usize = 20;

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A seed that broke something.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The seed.
    pub seed: u64,
    /// What it broke.
    pub breach: String,
}

/// What many seeds came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many seeds were played.
    pub seeds: u64,
    /// How many calls there were in them.
    pub calls: u64,
    /// How many of these were answered.
    pub answered: u64,
    /// How much virtual time passed, in milliseconds.
    pub passed_ms: u64,
    /// The seeds that broke something, in order.
    pub broken: Vec<Broken>,
}

/// Has panics noted where they happen, also in tasks of the server that nobody looks at.
///
/// Call it once, before any seed is played.
pub fn watch_panics() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string().replace('\n', " ");
        PANIC.with_borrow_mut(|panic| {
            panic.get_or_insert(text);
        });
    }));
}

/// Plays a seed; a panic, wherever it was, counts as a breach.
#[must_use]
pub fn play(seed: u64, is_told: bool) -> Outcome {
    PANIC.with_borrow_mut(Option::take);
    let outcome = catch_unwind(AssertUnwindSafe(|| drama::play(seed, is_told)));
    let panic = PANIC.with_borrow_mut(Option::take);
    let mut outcome = outcome.unwrap_or_default();
    if let Some(panic) = panic {
        outcome.breach.get_or_insert(panic);
    }
    outcome
}

/// Plays seeds on so many threads; `report` hears how far it has come, now and then.
pub fn many(
    from: u64,
    count: u64,
    threads: usize,
    report: impl Fn(u64, Duration) + Sync,
) -> Summary {
    let next = AtomicU64::new(from);
    let enough = AtomicBool::new(false);
    let summary = Mutex::new(Summary::default());
    let started = Instant::now();
    let reported = Mutex::new(started);
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count || enough.load(Ordering::Relaxed) {
                        return;
                    }
                    let outcome = play(seed, false);
                    let mut summary = lock(&summary);
                    summary.take(seed, outcome);
                    if summary.broken.len() >= MOST_FAILURES {
                        enough.store(true, Ordering::Relaxed);
                    }
                    let mut last = lock(&reported);
                    if last.elapsed() >= REPORTS_EVERY {
                        *last = Instant::now();
                        report(summary.seeds, started.elapsed());
                    }
                }
            });
        }
    });
    let mut summary = summary
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    summary.broken.sort_by_key(|broken| broken.seed);
    summary
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Summary {
    fn take(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.calls += outcome.calls;
        self.answered += outcome.answered;
        self.passed_ms += outcome.passed_ms;
        self.broken
            .extend(outcome.breach.map(|breach| Broken { seed, breach }));
    }
}

/// Returns the story of a seed, and the command that tells it again.
#[must_use]
pub fn story(seed: u64) -> String {
    let outcome = play(seed, true);
    let mut text = outcome.story.join("\n");
    if let Some(breach) = outcome.breach {
        text.push_str(&format!(
            "\n\nseed {seed} breaks: {breach}\nreplay it with: npm run sim -- --seed {seed}"
        ));
    }
    text
}
