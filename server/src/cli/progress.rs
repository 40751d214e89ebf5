//! How far a task is, on standard error, where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// Returns a bar that counts things.
pub(super) fn counting(total: u64, things: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    bar.with_style(style(
        "{wide_bar} {human_pos} of {human_len} {msg}, {eta} left",
    ))
    .with_message(things)
}

/// Returns a bar that counts the bytes of a file; a mere counter where nobody knows how many.
pub(super) fn bytes(total: Option<u64>) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    bar.with_style(style("{wide_bar} {bytes} of {total_bytes}, {eta} left"))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
