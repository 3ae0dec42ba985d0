//! Which place and time zone the beginning of a number tells of somebody who is not known.
//!
//! The data are those of libphonenumber's geocoder and of the tz database, put together by
//! `scripts/phone-places`. What a number tells is where its line was given out: a mobile or ported
//! number may be anywhere.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use rustc_hash::FxBuildHasher;

/// Most digits of a prefix.
const LONGEST: usize = 7;

/// Where a number is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// A city or region, in English.
    pub place: Option<&'static str>,
    /// The IANA time zone, where the prefix or the country has one.
    pub timezone: Option<&'static str>,
}

/// What the digits of an E.164 number tell of where it is from; `country` is the region it belongs to.
pub fn origin_of(digits: &str, country: Option<&str>) -> Origin {
    let data = &*DATA;
    let prefixes = || {
        let most = digits.len().min(LONGEST);
        (1..=most).rev().filter_map(|len| digits.get(..len)?.parse::<u32>().ok())
    };
    let place = prefixes().find_map(|prefix| data.places.get(&prefix));
    let place = place.and_then(|at| data.names.get(*at)).copied();
    let zone = prefixes().find_map(|prefix| data.zones.get(&prefix).copied());
    Origin {
        place: place.filter(|name| !name.is_empty()),
        timezone: zone.or_else(|| data.countries.get(country?).copied()),
    }
}

/// Reads the data, so that nobody waits for it.
pub fn prepare_origins() {
    LazyLock::force(&DATA);
}

type ByPrefix<T> = HashMap<u32, T, FxBuildHasher>;

#[derive(Default)]
struct Data {
    names: Vec<&'static str>,
    places: ByPrefix<usize>,
    zones: ByPrefix<&'static str>,
    countries: HashMap<&'static str, &'static str, FxBuildHasher>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    let mut text = String::new();
    let packed: &[u8] = include_bytes!("origin.gz");
    if let Err(error) = GzDecoder::new(packed).read_to_string(&mut text) {
        tracing::error!("the places of numbers cannot be read: {error}");
        return Data::default();
    }
    let text: &'static str = Box::leak(text.into_boxed_str());
    let mut parts = text.split("\n\n");
    let mut part = || parts.next().unwrap_or_default().lines();
    Data {
        names: part().collect(),
        places: prefixes(part()).filter_map(|(at, name)| Some((at, name.parse().ok()?))).collect(),
        zones: prefixes(part()).collect(),
        countries: part().filter_map(|line| line.split_once(' ')).collect(),
    }
});

/// Prefixes with what they stand for: each line says how many digits it has from the one before.
fn prefixes(
    lines: impl Iterator<Item = &'static str>,
) -> impl Iterator<Item = (u32, &'static str)> {
    let mut prefix = String::new();
    lines.filter_map(move |line| {
        let (digits, value) = line.split_once(' ')?;
        let (same, rest) = digits.split_at_checked(1)?;
        prefix.truncate(same.parse().ok()?);
        prefix.push_str(rest);
        Some((prefix.parse().ok()?, value))
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn numbers_tell_a_place_and_one_time_zone_where_they_can() {
        for (digits, country, place, zone) in [
            ("12012005550", "US", "Jersey City, NJ", "America/New_York"),
            ("14155550123", "US", "San Francisco, CA", "America/Los_Angeles"),
            ("19155550123", "US", "Texas", "America/Denver"),
            ("18085550123", "US", "Hawaii", "Pacific/Honolulu"),
            ("16135550123", "CA", "Ontario", "America/Toronto"),
            ("12425550123", "BS", "", "America/Nassau"),
            ("4930901820", "DE", "Berlin", "Europe/Berlin"),
            ("442079460000", "GB", "London", "Europe/London"),
            ("61291234567", "AU", "Sydney", "Australia/Sydney"),
            ("5511912345678", "BR", "São Paulo", "America/Sao_Paulo"),
            ("491701234567", "DE", "", "Europe/Berlin"),
            ("79031234567", "RU", "", ""),
        ] {
            let found = origin_of(digits, Some(country));
            let told = (found.place.unwrap_or_default(), found.timezone.unwrap_or_default());
            assert_eq!(told, (place, zone), "{digits}");
        }
        assert_eq!(origin_of("", None), Origin::default());
        assert_eq!(origin_of("٣٣", None), Origin::default());
    }

    #[test]
    fn every_time_zone_is_one() {
        let data = &*DATA;
        assert!(data.places.len() > 70_000 && data.countries.len() > 200);
        assert!(data.places.values().all(|at| *at < data.names.len()));
        for zone in data.zones.values().chain(data.countries.values()) {
            assert!(TimeZone::get(zone).is_ok(), "{zone}");
        }
    }
}
