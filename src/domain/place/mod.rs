//! Where somebody is and what they speak: the one reader of countries, languages and time zones for
//! the API, lists and the command line.
//!
//! What is known is written in its normal form. What is not stays as it is, and is named by
//! [`doubts`]; whether it is refused is up to the organisation.

pub mod country;
mod language;

use jiff::tz::TimeZoneDatabase;

use super::contact::{Address, Contact};
use super::draft::Draft;
use super::issue::{FieldIssue, shorten};

/// What a text is to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A country of ISO 3166; normal is the code of two letters.
    Country,
    /// A language; normal is a tag of BCP 47.
    Language,
    /// A time zone; normal is its IANA name.
    Timezone,
}

impl Place {
    /// The normal form of a text; nothing if it names none.
    pub fn normal(self, text: &str) -> Option<String> {
        match self {
            Self::Country => country::code(text).map(str::to_owned),
            Self::Language => language::tag(text),
            Self::Timezone => timezone(text),
        }
    }

    /// The normal form of a text, or the text itself.
    pub fn read(self, text: String) -> String {
        self.normal(&text).unwrap_or(text)
    }

    /// What is wrong with a text that names none.
    pub fn complaint(self) -> &'static str {
        match self {
            Self::Country => "is not a country",
            Self::Language => "is not a language",
            Self::Timezone => "is not a time zone",
        }
    }

    /// What would be right.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Country => "use an ISO 3166 code such as DE, or the name of a country",
            Self::Language => "use a BCP 47 tag such as de or en-US, or the name of a language",
            Self::Timezone => "use an IANA name such as Europe/Berlin",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Country => "country_unknown",
            Self::Language => "language_unknown",
            Self::Timezone => "timezone_unknown",
        }
    }
}

/// The IANA name of a time zone, in its usual letter case.
fn timezone(text: &str) -> Option<String> {
    let name = text.trim().replace(' ', "_");
    let zone = TimeZoneDatabase::bundled().get(&name).ok()?;
    zone.iana_name().filter(|name| *name != "Etc/Unknown").map(str::to_owned)
}

/// A country, language or time zone that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Where it is in its contact.
    pub pointer: String,
    /// What it is to be.
    pub place: Place,
    /// What is there.
    pub text: String,
}

impl Doubt {
    /// The same as an issue.
    pub fn issue(&self) -> FieldIssue {
        let Self { pointer, place, text } = self;
        let detail = format!("{:?} {}: {}", shorten(text), place.complaint(), place.advice());
        FieldIssue::new(pointer.clone(), place.code(), detail)
    }
}

/// The countries, languages and time zones of a contact that are none.
pub fn doubts(contact: &Contact) -> Vec<Doubt> {
    let Contact { fields, .. } = contact;
    doubts_of(
        [&fields.country, &fields.language, &fields.timezone].map(Option::as_deref),
        &fields.addresses,
    )
}

/// The countries, languages and time zones that a draft sets and that are none.
pub fn doubts_of_draft(draft: &Draft) -> Vec<Doubt> {
    let texts = [&draft.country, &draft.language, &draft.timezone];
    let addresses = draft.addresses.value().map_or(&[][..], Vec::as_slice);
    doubts_of(texts.map(|patch| patch.value().map(String::as_str)), addresses)
}

fn doubts_of(
    [country, language, timezone]: [Option<&str>; 3],
    addresses: &[Address],
) -> Vec<Doubt> {
    let members = [
        ("/country".to_owned(), Place::Country, country),
        ("/language".to_owned(), Place::Language, language),
        ("/timezone".to_owned(), Place::Timezone, timezone),
    ];
    let countries = addresses.iter().enumerate().map(|(at, address)| {
        (format!("/addresses/{at}/country"), Place::Country, address.country.as_deref())
    });
    members
        .into_iter()
        .chain(countries)
        .filter_map(|(pointer, place, text)| {
            let text = text.filter(|text| place.normal(text).is_none())?.to_owned();
            Some(Doubt { pointer, place, text })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_is_read_by_its_iana_name() {
        for (text, expected) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("America/New York", "America/New_York"),
            ("UTC", "UTC"),
            ("US/Eastern", "US/Eastern"),
        ] {
            assert_eq!(Place::Timezone.normal(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "Berlin", "Europe/Atlantis", "+02:00", "Etc/Unknown", "../UTC"] {
            assert_eq!(Place::Timezone.normal(text), None, "{text}");
        }
    }

    #[test]
    fn a_normal_form_is_its_own_normal_form() {
        for (place, texts) in [
            (Place::Country, ["Germany", "uk", "Kosovo"]),
            (Place::Language, ["German", "EN_us", "zh_hant"]),
            (Place::Timezone, ["europe/berlin", "utc", "Asia/Calcutta"]),
        ] {
            for text in texts {
                let normal = place.normal(text).unwrap();
                assert_eq!(place.normal(&normal).as_ref(), Some(&normal));
            }
        }
    }
}
