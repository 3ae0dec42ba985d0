//! How often something may happen: `2000/s`, `20/min:40`, `off`.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// So many in a period, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many in a period.
    pub count: NonZeroU32,
    /// The period.
    pub period: Duration,
    /// How many at once after a rest.
    pub burst: NonZeroU32,
    /// Whether requests from this machine are not counted.
    pub spares_local: bool,
}

impl Rate {
    /// So many in a period, all of which may come at once.
    pub fn new(count: u32, period: Duration) -> Option<Self> {
        let count = NonZeroU32::new(count)?;
        Some(Self { count, period, burst: count, spares_local: false })
    }

    /// The same for requests from other machines only.
    #[must_use]
    pub fn sparing_local(self) -> Self {
        Self { spares_local: true, ..self }
    }

    /// How long it takes until one more is allowed.
    pub(super) fn interval(&self) -> Duration {
        (self.period / self.count.get()).max(Duration::from_nanos(1))
    }

    /// How long it takes until a whole burst is allowed again, in seconds.
    pub(super) fn window_secs(&self) -> u64 {
        let window = self.interval().saturating_mul(self.burst.get());
        window.as_secs() + u64::from(window.subsec_nanos() > 0)
    }
}

/// A rate, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaybeRate(pub Option<Rate>);

impl FromStr for MaybeRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if matches!(text, "0" | "off" | "none") {
            return Ok(Self(None));
        }
        let wrong = || format!("{text:?} is not a rate: use for example 2000/s, 20/min:40 or off");
        let (rate, burst) = match text.split_once(':') {
            None => (text, None),
            Some((rate, burst)) => {
                (rate, Some(burst.trim().parse().map_err(|_no_number| wrong())?))
            }
        };
        let (count, unit) = rate.split_once('/').ok_or_else(wrong)?;
        let count: u32 = count.trim().parse().map_err(|_no_number| wrong())?;
        let period = match unit.trim() {
            "s" | "sec" | "second" => 1,
            "m" | "min" | "minute" => 60,
            "h" | "hour" => 3_600,
            _ => return Err(wrong()),
        };
        let Some(mut rate) = Rate::new(count, Duration::from_secs(period)) else {
            return Ok(Self(None));
        };
        if let Some(burst) = burst {
            rate.burst = burst;
        }
        Ok(Self(Some(rate)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        let check = |text: &str, expect: Option<(u32, u64, u32)>| {
            let rate = text.parse::<MaybeRate>().unwrap().0;
            let shown = rate.map(|r| (r.count.get(), r.period.as_secs(), r.burst.get()));
            assert_eq!(shown, expect, "{text}");
        };
        check("2000/s", Some((2000, 1, 2000)));
        check(" 20/min:40 ", Some((20, 60, 40)));
        check("7 / h", Some((7, 3600, 7)));
        check("off", None);
        check("0", None);
        check("0/s", None);
        for text in ["", "5", "5/day", "x/s", "5/s:0", "5/s:x", "-1/s"] {
            assert!(text.parse::<MaybeRate>().is_err(), "{text}");
        }
    }

    #[test]
    fn windows_are_rounded_up() {
        let rate = "3/s:4".parse::<MaybeRate>().unwrap().0.unwrap();
        assert_eq!(rate.window_secs(), 2);
        let rate = "5000/s".parse::<MaybeRate>().unwrap().0.unwrap();
        assert_eq!(rate.window_secs(), 1);
    }
}
