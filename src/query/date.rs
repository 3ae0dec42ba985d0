//! Days, points in time and ages as people write them, seen from a time and a timezone.

use std::ops::Bound;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::language::Language;

/// The years that a query may name.
const YEARS: std::ops::RangeInclusive<i16> = 1..=9998;

/// What a text says about time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// From the first day until before the other.
    Days(Date, Date),
    /// A point in time.
    At(i64),
    /// So long ago: the point in time and its day.
    Ago(i64, Date),
}

/// A sign in front of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// `=`
    Equal,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

/// Two bounds in milliseconds or days since 1970.
pub(super) type Bounds = (Bound<i64>, Bound<i64>);

/// Reads a text; `None` if it says nothing about time.
pub(super) fn read(text: &str, language: &Language<'_>) -> Option<When> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    calendar(text).or_else(|| word(text, language)).or_else(|| age(text, language)).or_else(|| {
        let at = moment(text, &language.timezone)?;
        YEARS.contains(&at.to_zoned(TimeZone::UTC).year()).then(|| When::At(at.as_millisecond()))
    })
}

/// Whether a text reads as a day or a point in time, and not also as a number.
pub(super) fn is_date(text: &str, language: &Language<'_>) -> bool {
    text.parse::<f64>().is_err() && read(text, language).is_some()
}

/// `2025-01-31`, `2025/01/31`, `31.01.2025`, `2025-01`, `2025`.
fn calendar(text: &str) -> Option<When> {
    if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '/' | '.')) {
        return None;
    }
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        digits.contains(&part.len()).then(|| part.parse::<i16>().ok()).flatten()
    };
    let year = |part: &str| number(part, 4..=4).filter(|year| YEARS.contains(year));
    let small = |part: &str| number(part, 1..=2).and_then(|part| i8::try_from(part).ok());
    match parts.as_slice() {
        [y] => {
            let first = Date::new(year(y)?, 1, 1).ok()?;
            Some(When::Days(first, first.checked_add(1.year()).ok()?))
        }
        [y, m] if !text.contains('.') => {
            let first = Date::new(year(y)?, small(m)?, 1).ok()?;
            Some(When::Days(first, first.checked_add(1.month()).ok()?))
        }
        [y, m, d] if !text.contains('.') => day(Date::new(year(y)?, small(m)?, small(d)?).ok()?),
        [d, m, y] if !text.contains(['-', '/']) => {
            day(Date::new(year(y)?, small(m)?, small(d)?).ok()?)
        }
        _ => None,
    }
}

fn day(date: Date) -> Option<When> {
    Some(When::Days(date, date.tomorrow().ok()?))
}

/// `today`, `last_week`, `this month`, …
fn word(text: &str, language: &Language<'_>) -> Option<When> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    let now = present(language);
    let today = now.to_zoned(language.timezone.clone()).date();
    let days = |first: Date, length: Span| Some(When::Days(first, first.checked_add(length).ok()?));
    match plain.as_str() {
        "now" => return Some(When::At(now.as_millisecond())),
        "today" => return day(today),
        "yesterday" => return day(today.yesterday().ok()?),
        "tomorrow" => return day(today.tomorrow().ok()?),
        _ => {}
    }
    let (shift, unit) = [("this", 0), ("last", -1), ("previous", -1), ("next", 1)]
        .into_iter()
        .find_map(|(word, shift)| Some((shift, plain.strip_prefix(word)?)))?;
    let monday = today.checked_sub(i32::from(today.weekday().to_monday_zero_offset()).days());
    match unit {
        "week" => days(monday.ok()?.checked_add(shift.weeks()).ok()?, 7.days()),
        "month" => days(today.first_of_month().checked_add(shift.months()).ok()?, 1.month()),
        "year" => days(today.first_of_year().checked_add(shift.years()).ok()?, 1.year()),
        _ => None,
    }
}

/// `30d`, `2w`, `3mo`, `1y`, `12h`, `45m`.
fn age(text: &str, language: &Language<'_>) -> Option<When> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(end);
    let count: i64 = if count.len() > 12 { 999_999_999_999 } else { count.parse().ok()? };
    let span = Span::new();
    let span = match unit.trim().to_lowercase().as_str() {
        "m" | "min" | "mins" | "minute" | "minutes" => span.try_minutes(count),
        "h" | "hour" | "hours" => span.try_hours(count),
        "d" | "day" | "days" => span.try_days(count),
        "w" | "week" | "weeks" => span.try_weeks(count),
        "mo" | "month" | "months" => span.try_months(count),
        "y" | "year" | "years" => span.try_years(count),
        _ => return None,
    };
    let now = present(language).to_zoned(language.timezone.clone());
    // So long ago that the calendar does not know it is at its beginning.
    let first = Date::new(*YEARS.start() + 1, 1, 1).ok()?;
    let then = span
        .and_then(|span| now.checked_sub(span))
        .ok()
        .filter(|then| then.date() >= first)
        .or_else(|| first.to_zoned(TimeZone::UTC).ok())?;
    Some(When::Ago(then.timestamp().as_millisecond(), then.date()))
}

/// RFC 3339, or the same without a timezone.
fn moment(text: &str, timezone: &TimeZone) -> Option<Timestamp> {
    if !text.contains(':') {
        return None;
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.to_zoned(timezone.clone()).ok()?.timestamp())
}

fn present(language: &Language<'_>) -> Timestamp {
    let now = Timestamp::from_millisecond(language.now.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let year = now.to_zoned(TimeZone::UTC).year();
    // Far from the ends of the calendar, so that days around it exist.
    if (1000..=9000).contains(&year) { now } else { Timestamp::UNIX_EPOCH }
}

/// The day of the present time.
pub(super) fn today(language: &Language<'_>) -> Date {
    present(language).to_zoned(language.timezone.clone()).date()
}

/// Days since 1970.
pub(super) fn day_number(date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until(date).map_or(0, |span| i64::from(span.get_days()))
}

/// The day with a number.
pub(super) fn day_of_number(number: i64) -> Option<Date> {
    let days = Span::new().try_days(number).ok()?;
    Date::constant(1970, 1, 1).checked_add(days).ok().filter(|date| YEARS.contains(&date.year()))
}

/// The first millisecond of a day in a timezone.
pub(super) fn start_of_day(date: Date, timezone: &TimeZone) -> Option<i64> {
    Some(date.to_zoned(timezone.clone()).ok()?.timestamp().as_millisecond())
}

/// The day that begins at a point in time, if one does.
pub(super) fn day_that_starts(at_ms: i64, timezone: &TimeZone) -> Option<Date> {
    let at = Timestamp::from_millisecond(at_ms).ok()?;
    let date = at.to_zoned(timezone.clone()).date();
    let is_start = start_of_day(date, timezone) == Some(at_ms);
    // The day before is named where one ends.
    (is_start && YEARS.contains(&date.year()) && date > Date::new(*YEARS.start(), 1, 1).ok()?)
        .then_some(date)
}

/// A point in time as RFC 3339.
pub(super) fn write_moment(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| at_ms.to_string(), |at| at.to_string())
}

/// What times are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Milliseconds.
    Instant,
    /// Days.
    Day,
}

/// Makes bounds of what a text says.
pub(super) struct Scale<'a> {
    pub(super) unit: Unit,
    pub(super) language: &'a Language<'a>,
}

impl Scale<'_> {
    fn of_day(&self, date: Date) -> Option<i64> {
        match self.unit {
            Unit::Day => Some(day_number(date)),
            Unit::Instant => start_of_day(date, &self.language.timezone),
        }
    }

    fn day_at(&self, at_ms: i64) -> Option<Date> {
        let at = Timestamp::from_millisecond(at_ms).ok()?;
        Some(at.to_zoned(self.language.timezone.clone()).date())
    }

    /// The same in days, if days are counted.
    fn whole(&self, when: When) -> Option<When> {
        match (self.unit, when) {
            (Unit::Day, When::At(at)) => day(self.day_at(at)?),
            (Unit::Day, When::Ago(_, date)) => day(date),
            (Unit::Day | Unit::Instant, _) => Some(when),
        }
    }

    /// Where something begins that begins with it, or behind it.
    pub(super) fn lower(&self, when: When, is_behind: bool) -> Option<Bound<i64>> {
        Some(match self.whole(when)? {
            When::Days(_, next) if is_behind => Bound::Included(self.of_day(next)?),
            When::Days(first, _) => Bound::Included(self.of_day(first)?),
            When::At(at) | When::Ago(at, _) if is_behind => Bound::Excluded(at),
            When::At(at) | When::Ago(at, _) => Bound::Included(at),
        })
    }

    /// Where something ends that ends with it, or before it.
    pub(super) fn upper(&self, when: When, is_before: bool) -> Option<Bound<i64>> {
        Some(match self.whole(when)? {
            When::Days(first, _) if is_before => Bound::Excluded(self.of_day(first)?),
            When::Days(_, next) => Bound::Excluded(self.of_day(next)?),
            When::At(at) | When::Ago(at, _) if is_before => Bound::Excluded(at),
            When::At(at) | When::Ago(at, _) => Bound::Included(at),
        })
    }

    /// The bounds of a comparison. Less than an age ago is later.
    pub(super) fn compare(&self, op: Op, when: When) -> Option<Bounds> {
        let open = Bound::Unbounded;
        if matches!(when, When::Ago(..)) {
            // Days may lie in the future, what has happened does not.
            let until = match self.unit {
                Unit::Day => Bound::Excluded(day_number(today(self.language)).saturating_add(1)),
                Unit::Instant => open,
            };
            return Some(match op {
                Op::Equal | Op::AtMost => (self.lower(when, false)?, until),
                Op::Below => (self.lower(when, true)?, until),
                Op::Above => (open, self.upper(when, true)?),
                Op::AtLeast => (open, self.upper(when, false)?),
            });
        }
        Some(match op {
            Op::Equal => (self.lower(when, false)?, self.upper(when, false)?),
            Op::AtLeast => (self.lower(when, false)?, open),
            Op::Above => (self.lower(when, true)?, open),
            Op::AtMost => (open, self.upper(when, false)?),
            Op::Below => (open, self.upper(when, true)?),
        })
    }
}

/// The month and day of a birthday without its year: `05-17`, `--05-17`.
pub(super) fn month_and_day(text: &str) -> Option<(i8, i8)> {
    let text = text.trim_start_matches('-');
    let (month, day) = text.split_once('-')?;
    let number = |part: &str| (part.len() <= 2).then(|| part.parse::<i8>().ok()).flatten();
    // A leap year, so that 29 February is one.
    let date = Date::new(2000, number(month)?, number(day)?).ok()?;
    Some((date.month(), date.day()))
}
