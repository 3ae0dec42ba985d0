//! Dates as people and programs write them.

use super::spreadsheet::serial_date;
use crate::domain::draft_json::parse_birthday;

/// Reads a date and writes it as `YYYY-MM-DD` (or `--MM-DD`).
///
/// `31.12.1980` is day first, `12/31/1980` month first only where `month_first` says so (the
/// United States) or the day could not be a month; a spreadsheet's day number is understood.
pub fn parse(text: &str, month_first: bool) -> Option<String> {
    let text = text.trim();
    if let Some(date) = parse_birthday(text) {
        return Some(date);
    }
    let parts: Vec<&str> = text.split(['.', '/', '-', ' ']).filter(|p| !p.is_empty()).collect();
    if let [a, b, year] = parts.as_slice() {
        let (a, b, year): (u32, u32, u32) = (a.parse().ok()?, b.parse().ok()?, year.parse().ok()?);
        if !(1_000..=9_999).contains(&year) {
            return None;
        }
        let is_month_first = text.contains('/') && (month_first && a <= 12 || b > 12);
        let (month, day) = if is_month_first { (a, b) } else { (b, a) };
        return parse_birthday(&format!("{year:04}-{month:02}-{day:02}"));
    }
    serial_date(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_their_country_writes_them() {
        for (text, month_first, expect) in [
            ("1980-12-31", false, Some("1980-12-31")),
            ("1980-12-31T00:00:00", false, Some("1980-12-31")),
            ("31.12.1980", false, Some("1980-12-31")),
            ("12/31/1980", true, Some("1980-12-31")),
            ("12/31/1980", false, Some("1980-12-31")),
            ("03/04/1980", true, Some("1980-03-04")),
            ("03/04/1980", false, Some("1980-04-03")),
            ("--02-29", false, Some("--02-29")),
            ("31.02.1980", false, None),
            ("soon", false, None),
        ] {
            assert_eq!(parse(text, month_first).as_deref(), expect, "{text} {month_first}");
        }
    }
}
