//! Named crash points, so that a test can end the process at the worst moment.
//!
//! Debug builds only: `RINGDEX_CRASH_POINT=name` aborts when the point is reached for the first
//! time, `name:3` the third time. In release builds nothing of this exists. The points are reached
//! in the thread that does the work, and the process ends without unwinding or flushing.

/// The variable that names the crash point.
pub const VARIABLE: &str = "RINGDEX_CRASH_POINT";

/// Aborts the process if it was asked to crash here.
#[cfg(debug_assertions)]
pub fn crash_point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Plan {
        name: String,
        reached: AtomicU64,
        crash_at: u64,
    }
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

    let plan = PLAN.get_or_init(|| {
        let (name, crash_at) = parse(&std::env::var(VARIABLE).ok()?);
        Some(Plan { name, reached: AtomicU64::new(0), crash_at })
    });
    if let Some(plan) = plan
        && plan.name == name
        && plan.reached.fetch_add(1, Ordering::Relaxed) + 1 == plan.crash_at
    {
        std::process::abort();
    }
}

/// Does nothing in release builds.
#[cfg(not(debug_assertions))]
#[inline]
pub fn crash_point(_name: &str) {}

/// Splits `name:3` into name and count; without a count it is the first time.
#[cfg(debug_assertions)]
fn parse(text: &str) -> (String, u64) {
    match text.rsplit_once(':').map(|(name, count)| (name, count.parse())) {
        Some((name, Ok(count))) => (name.to_owned(), count),
        Some((_, Err(_))) | None => (text.to_owned(), 1),
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::parse;

    #[test]
    fn a_crash_point_may_carry_a_count() {
        assert_eq!(parse("store.apply.end"), ("store.apply.end".to_owned(), 1));
        assert_eq!(parse("store.apply.end:12"), ("store.apply.end".to_owned(), 12));
        assert_eq!(parse("odd:name"), ("odd:name".to_owned(), 1));
    }
}
