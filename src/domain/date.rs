//! Days as people and programs write them: the one reader for birthdays, custom fields and lists.
//!
//! What could mean two things is not guessed here; [`Rules`] say what is known besides the text.

use std::borrow::Cow;

use jiff::civil::Date;

use super::phone::digit_value;
use super::text::fold;

/// Which of day and month comes first where both could be either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `31/12`.
    DayFirst,
    /// `12/31`.
    MonthFirst,
}

/// What two digits of a year mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Century {
    /// Nothing: the text is not a day.
    Unknown,
    /// 1970 to 2069.
    Pivot,
    /// The last such year up to this day: somebody was born then.
    Until(Date),
}

/// What is known besides the text.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Which of day and month comes first.
    pub order: Option<Order>,
    /// What two digits of a year mean.
    pub century: Century,
    /// Whether a day without a year is one.
    pub yearless: bool,
    /// Whether the day number of a spreadsheet and eight digits are days.
    pub numbers: bool,
}

impl Rules {
    /// Only what means one thing.
    pub const STRICT: Self =
        Self { order: None, century: Century::Unknown, yearless: false, numbers: false };

    /// Days as they are written in a country.
    pub fn of_country(country: &str) -> Self {
        let month_first = matches!(country, "US" | "PH" | "PR" | "GU" | "FM" | "MH" | "PW");
        let order = if month_first { Order::MonthFirst } else { Order::DayFirst };
        Self { order: Some(order), century: Century::Pivot, yearless: true, numbers: true }
    }
}

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// A day.
    Full(Date),
    /// A day without its year: month and day.
    Yearless(i8, i8),
    /// Nothing: the zeros that databases write for no day.
    Nothing,
}

impl Day {
    /// `YYYY-MM-DD`, or `--MM-DD` without a year; nothing for nothing.
    pub fn written(self) -> Option<String> {
        match self {
            Self::Full(date) => Some(date.to_string()),
            Self::Yearless(month, day) => Some(format!("--{month:02}-{day:02}")),
            Self::Nothing => None,
        }
    }
}

/// Nobody who calls was born before this year.
const FIRST_YEAR: i16 = 1850;

/// Why a day cannot be a birthday; it can if nothing is said.
pub fn birthday_doubt(day: Day, today: Date) -> Option<&'static str> {
    match day {
        Day::Full(date) if date > today => Some("is in the future"),
        Day::Full(date) if date.year() < FIRST_YEAR => Some("is too long ago"),
        Day::Full(_) | Day::Yearless(..) | Day::Nothing => None,
    }
}

/// Reads a day.
///
/// Takes ISO days and times, `31.12.1980`, `12/31/1980`, `31 Dec 1980`, `December 31st, 1980`,
/// `1980/12/31`, with names of months in ten languages and with a time of day behind them.
pub fn read(text: &str, rules: Rules) -> Option<Day> {
    let text = plain(text);
    match read_any(&text, rules) {
        // Day zero of spreadsheets, and the day before which those of some programs begin.
        Some(Day::Full(date)) if date.year() == 1899 && date.month() == 12 && date.day() >= 30 => {
            Some(Day::Nothing)
        }
        read => read,
    }
}

/// A text with digits, dashes and dots of ASCII, and with those for the signs behind year, month
/// and day of East Asia: `1985年5月17日`.
fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain = |c: char| match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' | '年' | '月' | '년' | '월' => '-',
        '·' | '．' | '。' => '.',
        '／' => '/',
        '日' | '일' => ' ',
        c => digit_value(c).map_or(c, |digit| char::from(b'0' + digit)),
    };
    Cow::Owned(text.chars().map(plain).collect::<String>().trim().to_owned())
}

fn read_any(text: &str, rules: Rules) -> Option<Day> {
    let text = text.trim();
    if is_iso(text) {
        return read_iso(text);
    }
    if is_zero(text) {
        return Some(Day::Nothing);
    }
    if let Some(rest) = text.strip_prefix("--") {
        let (month, day) = rest.split_once('-')?;
        return yearless(number(month)?, number(day)?);
    }
    if rules.numbers
        && let Some(date) = read_number(text)
    {
        return Some(Day::Full(date));
    }
    let text = without_clock(text)?;
    let mut month_name = None;
    let mut numbers: [(&str, i16); 3] = [("", 0); 3];
    let mut count = 0;
    for token in text.split(['.', '/', '-', ' ', ',', '\u{a0}']).filter(|token| !token.is_empty()) {
        if let Some(value) = number(token) {
            *numbers.get_mut(count)? = (token, value);
            count += 1;
        } else if let Some(month) = month(token) {
            if month_name.replace((month, count)).is_some() {
                return None;
            }
        } else if let Some(apart) = apart(token) {
            return read_any(&text.replacen(token, &apart, 1), rules);
        } else if !is_filler(token) {
            return None;
        }
    }
    let [a, b, c] = numbers;
    // Day zero of a spreadsheet, as it shows it, and the first day of the calendars of programs.
    let is_spreadsheets = |year: i16, b: i16, c: i16| year == 1900 && b + c == 1 && b * c == 0;
    let is_zero = is_spreadsheets(a.1, b.1, c.1) || is_spreadsheets(c.1, a.1, b.1);
    if count == 3 && (is_zero || [a, c].iter().any(|year| year.0 == "0001")) {
        return Some(Day::Nothing);
    }
    match (month_name, count) {
        (Some((month, _)), 2) if is_year(a) => full(a.1, month, b.1),
        (Some((month, _)), 2) => full(year_of(b, month, a.1, rules)?, month, a.1),
        (Some((month, _)), 1) if rules.yearless && a.0.len() <= 2 => yearless(month, a.1),
        (None, 3) if is_year(a) => full(a.1, b.1, c.1),
        (None, 3) if a.1 > 31 => full(year_of(a, b.1, c.1, rules)?, b.1, c.1),
        (None, 3) => {
            let (month, day) = month_and_day(a.1, b.1, text.contains('.'), rules.order)?;
            full(year_of(c, month, day, rules)?, month, day)
        }
        (None, 2) if rules.yearless => {
            let (month, day) = month_and_day(a.1, b.1, text.contains('.'), rules.order)?;
            yearless(month, day)
        }
        _ => None,
    }
}

/// `15MAR1985` with spaces between its parts.
fn apart(token: &str) -> Option<String> {
    let letters = token.find(|c: char| c.is_alphabetic())?;
    let (day, rest) = token.split_at(letters);
    let (name, year) = rest.split_at(rest.find(|c: char| !c.is_alphabetic())?);
    let is_date = number(day).is_some() && number(year).is_some() && month(name).is_some();
    is_date.then(|| format!("{day} {name} {year}"))
}

/// Which order the days of a column have, as far as one of them can only be read in one way.
pub fn order_of(text: &str) -> Option<Order> {
    let text = without_clock(text.trim())?;
    let mut parts = text.split(['/', '-']);
    let (a, b) = (number(parts.next()?)?, number(parts.next()?)?);
    match (a > 12 && a <= 31, b > 12 && b <= 31) {
        (true, false) => Some(Order::DayFirst),
        (false, true) if (1..=12).contains(&a) => Some(Order::MonthFirst),
        _ => None,
    }
}

/// Whether a text begins as an ISO day does.
fn is_iso(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.is_char_boundary(10) && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-')
}

/// An ISO day, alone or before a time.
fn read_iso(text: &str) -> Option<Day> {
    let day = text.get(..10)?;
    let rest = &text[10..];
    let is_time = rest.is_empty() || rest.starts_with(['T', 't', ' ']) && is_clock(&rest[1..]);
    if !is_time {
        return None;
    }
    if is_zero(day) || day == "0001-01-01" {
        return Some(Day::Nothing);
    }
    day.parse::<Date>().ok().filter(|date| date.year() >= 1_000).map(Day::Full)
}

fn is_clock(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_allowed = |b: &u8| b.is_ascii_digit() || b":.+-Zz".contains(b);
    bytes.len() >= 5 && bytes[..2].iter().all(u8::is_ascii_digit) && bytes.iter().all(is_allowed)
}

/// `0000-00-00`, `0/0/00`, `00.00.0000 00:00:00`.
fn is_zero(text: &str) -> bool {
    let zeros = text.bytes().filter(|b| *b == b'0').count();
    zeros >= 3 && text.bytes().all(|b| b"0-/.: TZ".contains(&b)) && text.contains(['-', '/', '.'])
}

/// `19801231`, or the day number of a spreadsheet, which counts from the end of 1899.
fn read_number(text: &str) -> Option<Date> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    match whole.len() {
        8 if fraction.is_empty() || fraction == "0" => {
            let (year, month, day) = (&whole[..4], &whole[4..6], &whole[6..]);
            let date = date_of(number(year)?, number(month)?, number(day)?)?;
            (1_800..=2_200).contains(&date.year()).then_some(date)
        }
        5 => {
            let serial: i64 = whole.parse().ok().filter(|n| (10_000..=60_000).contains(n))?;
            let start = Date::new(1899, 12, 30).ok()?;
            start.checked_add(jiff::Span::new().try_days(serial).ok()?).ok()
        }
        _ => None,
    }
}

/// The text before a time of day; `None` if there is one that cannot be.
fn without_clock(text: &str) -> Option<&str> {
    let Some(colon) = text.find(':') else { return Some(text) };
    let hour = text[..colon].trim_end_matches(|c: char| c.is_ascii_digit());
    let date = hour.strip_suffix(['T', 't']).unwrap_or(hour).trim_end_matches([' ', ',']);
    let clock = &text[hour.len()..];
    let is_allowed = |c: char| c.is_ascii_digit() || " :.+-ZzAaPpMmUTCGuhr".contains(c);
    let is_clock = hour.len() < colon && date.len() < hour.len() && clock.chars().all(is_allowed);
    is_clock.then_some(date)
}

/// A number of at most four digits, also as an ordinal: `1st`, `1er`.
fn number(token: &str) -> Option<i16> {
    let token = token.strip_prefix(['\'', '\u{2019}']).unwrap_or(token);
    let digits = token.trim_end_matches(|c: char| !c.is_ascii_digit());
    let is_ordinal =
        matches!(&token[digits.len()..], "" | "st" | "nd" | "rd" | "th" | "er" | "º" | "°" | "ª");
    let is_number =
        is_ordinal && (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

fn is_year((text, value): (&str, i16)) -> bool {
    text.len() == 4 && value >= 1_000
}

/// The year of a number of two or four digits.
fn year_of((text, value): (&str, i16), month: i16, day: i16, rules: Rules) -> Option<i16> {
    let digits = text.trim_start_matches(['\'', '\u{2019}']);
    match (digits.len(), rules.century) {
        (4, _) => (value >= 1_000).then_some(value),
        (2, Century::Pivot) => Some(if value < 70 { 2_000 + value } else { 1_900 + value }),
        (2, Century::Until(today)) => {
            let date = date_of(2_000 + value, month, day);
            Some(if date.is_some_and(|date| date <= today) { 2_000 + value } else { 1_900 + value })
        }
        _ => None,
    }
}

fn month_and_day(a: i16, b: i16, has_points: bool, order: Option<Order>) -> Option<(i16, i16)> {
    // With points the day is always first.
    match (has_points, a > 12, b > 12, order) {
        (true, ..) | (false, true, false, _) | (false, false, false, Some(Order::DayFirst)) => {
            Some((b, a))
        }
        (false, false, true, _) | (false, false, false, Some(Order::MonthFirst)) => Some((a, b)),
        (false, false, false, None) if a == b => Some((a, b)),
        _ => None,
    }
}

fn date_of(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn full(year: i16, month: i16, day: i16) -> Option<Day> {
    date_of(year, month, day).map(Day::Full)
}

fn yearless(month: i16, day: i16) -> Option<Day> {
    // A leap year, so that 29 February is allowed.
    date_of(2_000, month, day).map(|date| Day::Yearless(date.month(), date.day()))
}

/// The month of a name in full or shortened to three letters or more.
fn month(token: &str) -> Option<i16> {
    const MONTHS: [&[&str]; 12] = [
        &[
            "january",
            "januar",
            "janner",
            "janvier",
            "enero",
            "gennaio",
            "styczen",
            "stycznia",
            "janeiro",
            "januari",
            "январь",
            "января",
        ],
        &[
            "february",
            "februar",
            "feber",
            "fevrier",
            "febrero",
            "febbraio",
            "luty",
            "lutego",
            "fevereiro",
            "februari",
            "февраль",
            "февраля",
        ],
        &[
            "march",
            "marz",
            "mars",
            "marzo",
            "marzec",
            "marca",
            "marco",
            "maart",
            "март",
            "марта",
            "mrz",
        ],
        &["april", "avril", "abril", "aprile", "kwiecien", "kwietnia", "апрель", "апреля"],
        &["may", "mai", "mayo", "maggio", "maj", "maja", "maio", "mei", "май", "мая"],
        &[
            "june", "juni", "juin", "junio", "giugno", "czerwiec", "czerwca", "junho", "июнь",
            "июня",
        ],
        &["july", "juli", "juillet", "julio", "luglio", "lipiec", "lipca", "julho", "июль", "июля"],
        &["august", "aout", "agosto", "sierpien", "sierpnia", "augustus", "август", "августа"],
        &[
            "september",
            "septembre",
            "septiembre",
            "setiembre",
            "settembre",
            "wrzesien",
            "wrzesnia",
            "setembro",
            "сентябрь",
            "сентября",
        ],
        &[
            "october",
            "oktober",
            "octobre",
            "octubre",
            "ottobre",
            "pazdziernik",
            "pazdziernika",
            "outubro",
            "октябрь",
            "октября",
        ],
        &[
            "november",
            "novembre",
            "noviembre",
            "listopad",
            "listopada",
            "novembro",
            "ноябрь",
            "ноября",
        ],
        &[
            "december",
            "dezember",
            "decembre",
            "diciembre",
            "dicembre",
            "grudzien",
            "grudnia",
            "dezembro",
            "декабрь",
            "декабря",
        ],
    ];
    if !token.chars().all(char::is_alphabetic) {
        return None;
    }
    let word = fold(token);
    let is_long = word.chars().nth(2).is_some();
    let at = MONTHS
        .iter()
        .position(|names| is_long && names.iter().any(|name| name.starts_with(word.as_str())))?;
    i16::try_from(at + 1).ok()
}

/// Days of the week, and words between the parts of a day.
fn is_filler(token: &str) -> bool {
    const WEEKDAYS: [&str; 35] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonntag",
        "lundi",
        "mardi",
        "mercredi",
        "jeudi",
        "vendredi",
        "samedi",
        "dimanche",
        "lunes",
        "martes",
        "miercoles",
        "jueves",
        "viernes",
        "sabado",
        "domingo",
        "lunedi",
        "martedi",
        "mercoledi",
        "giovedi",
        "venerdi",
        "sabato",
        "domenica",
    ];
    let word = fold(token);
    matches!(word.as_str(), "of" | "the" | "de" | "del" | "le" | "den" | "der" | "am" | "г")
        || word.len() >= 2 && WEEKDAYS.iter().any(|day| day.starts_with(word.as_str()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 29);

    fn check(text: &str, rules: Rules, expect: Option<&str>) {
        let found = read(text, rules).map(|day| day.written().unwrap_or_default());
        assert_eq!(found.as_deref(), expect, "{text:?} {rules:?}");
    }

    #[test]
    fn birthdays_are_read_in_every_shape() {
        let born = Rules {
            order: Some(Order::DayFirst),
            century: Century::Until(TODAY),
            yearless: true,
            numbers: true,
        };
        for (text, expect) in [
            ("1985-05-17", Some("1985-05-17")),
            ("1985-05-17T00:00:00.000Z", Some("1985-05-17")),
            ("1985-05-17 00:00:00", Some("1985-05-17")),
            ("1985/05/17", Some("1985-05-17")),
            ("1985.5.17", Some("1985-05-17")),
            ("19850517", Some("1985-05-17")),
            ("17.05.1985", Some("1985-05-17")),
            ("17.5.85", Some("1985-05-17")),
            ("5/17/85", Some("1985-05-17")),
            ("5/17/1985 12:00:00 AM", Some("1985-05-17")),
            ("17-05-1985", Some("1985-05-17")),
            ("03/04/1985", Some("1985-04-03")),
            ("May 17, 1985", Some("1985-05-17")),
            ("Friday, May 17th, 1985", Some("1985-05-17")),
            ("17 May 1985", Some("1985-05-17")),
            ("17. Mai 1985", Some("1985-05-17")),
            ("17 de mayo de 1985", Some("1985-05-17")),
            ("17 mai '85", Some("1985-05-17")),
            ("17 мая 1985 г.", Some("1985-05-17")),
            ("1985 May 17", Some("1985-05-17")),
            ("17-May-85", Some("1985-05-17")),
            ("31-Jan-25", Some("2025-01-31")),
            ("15-Mar-85", Some("1985-03-15")),
            ("15-Mar-30", Some("1930-03-15")),
            ("31184", Some("1985-05-17")),
            ("31184.0", Some("1985-05-17")),
            ("--05-17", Some("--05-17")),
            ("5/17", Some("--05-17")),
            ("17.05.", Some("--05-17")),
            ("17 May", Some("--05-17")),
            ("29 Feb", Some("--02-29")),
            ("0000-00-00", Some("")),
            ("0000-00-00 00:00:00", Some("")),
            ("00-00-0000", Some("")),
            ("0/0/00", Some("")),
            ("0001-01-01T00:00:00", Some("")),
            // Day zero of spreadsheets.
            ("1899-12-30", Some("")),
            ("1899-12-30T00:00:00", Some("")),
            ("1899-12-31", Some("")),
            ("30.12.1899", Some("")),
            ("1/0/1900", Some("")),
            ("00.01.1900", Some("")),
            ("1899-12-29", Some("1899-12-29")),
            ("1900-01-01", Some("1900-01-01")),
            ("1985-02-30", None),
            ("31.02.1985", None),
            ("0025-01-31", None),
            ("31.01.0025", None),
            ("May 1985", None),
            ("5/85", None),
            ("1985", None),
            ("soon", None),
            ("2025-01-31 or so", None),
            ("12:30", None),
            ("", None),
        ] {
            check(text, born, expect);
        }
        let month_first = Rules { order: Some(Order::MonthFirst), ..born };
        check("03/04/1985", month_first, Some("1985-03-04"));
        check("3.4.1985", month_first, Some("1985-04-03"));
    }

    #[test]
    fn two_digits_of_a_year_are_never_the_year_25() {
        let pivot = Rules { century: Century::Pivot, ..Rules::STRICT };
        check("31-Jan-25", pivot, Some("2025-01-31"));
        check("31-Jan-69", pivot, Some("2069-01-31"));
        check("15-Mar-70", pivot, Some("1970-03-15"));
        check("15-Mar-85", pivot, Some("1985-03-15"));
        check("31-Jan-25", Rules::STRICT, None);
    }

    #[test]
    fn a_day_that_can_only_be_read_in_one_way_shows_the_order() {
        for (text, expect) in [
            ("31/12/1980", Some(Order::DayFirst)),
            ("12/31/1980", Some(Order::MonthFirst)),
            ("5/17", Some(Order::MonthFirst)),
            ("03/04/1980", None),
            ("1980-12-31", None),
            ("x", None),
        ] {
            assert_eq!(order_of(text), expect, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9a-zA-Zé./: ',T-]{0,24}") {
            let rules = Rules {
                order: Some(Order::DayFirst),
                century: Century::Until(TODAY),
                yearless: true,
                numbers: true,
            };
            let _ = (read(&text, rules), order_of(&text));
        }

        #[test]
        fn every_day_comes_back(year in 1000_i16..9999, month in 1_i8..=12, day in 1_i8..=28) {
            let date = Date::new(year, month, day).unwrap();
            prop_assert_eq!(read(&date.to_string(), Rules::STRICT), Some(Day::Full(date)));
            let german = format!("{day:02}.{month:02}.{year}");
            prop_assert_eq!(read(&german, Rules::STRICT), Some(Day::Full(date)));
        }
    }
}
