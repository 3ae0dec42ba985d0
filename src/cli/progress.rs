//! Progress bars on long work, on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts bytes of a file.
pub(super) fn bytes(total: u64) -> ProgressBar {
    styled(
        ProgressBar::new(total),
        "{bar:30} {percent:>3} %  {bytes}/{total_bytes}  {msg}  {eta} left",
    )
}

/// A bar that counts things of a known number.
pub(super) fn count(total: u64) -> ProgressBar {
    styled(ProgressBar::new(total), "{bar:30} {percent:>3} %  {human_pos}/{human_len}  {per_sec}")
}

/// A counter of things of an unknown number.
pub(super) fn spinner() -> ProgressBar {
    styled(ProgressBar::new_spinner(), "{spinner} {human_pos}  {per_sec}  {msg}")
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
