//! Comparison levels of postal addresses: street, postal code and town say one thing together.
//!
//! The best of the three counts, a second that agrees adds a little, and contradictions count
//! once: whoever moves changes all of them.

use std::cmp::Ordering;

use super::compare::{Part, Parts, Weigher};
use super::frequency::{Counts, Kind};
use super::level::Level;
use super::record::{Place, Record};
use super::text_measure::{is_indel, is_one_edit};

/// What the places of two records gave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PlaceLevels {
    address: Option<Part>,
    postal: Option<Part>,
    city: Option<Part>,
    sum: f32,
}

impl PlaceLevels {
    pub(super) fn push_to(&self, parts: &mut Parts) {
        for part in [self.address, self.postal, self.city].into_iter().flatten() {
            parts.push(part);
        }
    }

    /// Orders by bits, and by levels where these are equal.
    fn order(&self, other: &Self) -> Ordering {
        let parts = |one: Option<Part>, other: Option<Part>| match (one, other) {
            (Some(one), Some(other)) => one.order(&other),
            (one, other) => one.is_some().cmp(&other.is_some()),
        };
        self.sum
            .total_cmp(&other.sum)
            .then(parts(self.address, other.address))
            .then(parts(self.postal, other.postal))
            .then(parts(self.city, other.city))
    }

    /// The level of street and number.
    pub(super) fn address(&self) -> Option<Part> {
        self.address
    }

    /// Whether something of the place agrees.
    pub(super) fn agrees(&self) -> bool {
        [self.address, self.postal, self.city].iter().flatten().any(|part| is_agreeing(part.level))
    }

    /// Whether street and number agree, but for typos.
    pub(super) fn has_house(&self) -> bool {
        self.address
            .is_some_and(|part| is_agreeing(part.level) && part.level != Level::AddressStreet)
    }

    /// Whether street and number are the same.
    pub(super) fn has_same_address(&self) -> bool {
        self.address.is_some_and(|part| {
            matches!(part.level, Level::AddressSame | Level::AddressShared | Level::AddressNear)
        })
    }
}

fn is_agreeing(level: Level) -> bool {
    !matches!(level, Level::AddressDifferent | Level::PostalDifferent | Level::CityDifferent)
}

/// The best of all pairs of places.
pub(super) fn compare_places<C: Counts>(
    weigher: &Weigher<'_, C>,
    a: &Record,
    b: &Record,
) -> PlaceLevels {
    let mut best: Option<PlaceLevels> = None;
    for one in &a.places {
        for other in &b.places {
            let levels = compare_place(weigher, a, one, b, other);
            if best.is_none_or(|best| best.order(&levels).is_lt()) {
                best = Some(levels);
            }
        }
    }
    best.unwrap_or_default()
}

#[expect(clippy::many_single_char_names, reason = "a and b are the two records")]
#[expect(clippy::wildcard_enum_match_arm, reason = "all other levels stay as they are")]
fn compare_place<C: Counts>(
    weigher: &Weigher<'_, C>,
    a: &Record,
    one: &Place,
    b: &Record,
    other: &Place,
) -> PlaceLevels {
    let others = |kind, value| (weigher.holders(kind, value) - 1.0).max(1.0);
    let postal = (one.postal != 0 && other.postal != 0).then(|| {
        if one.postal == other.postal {
            weigher.shared(Level::PostalSame, others(Kind::Postal, one.postal))
        } else if one.outer != 0 && one.outer == other.outer {
            weigher.fixed(Level::PostalOuter)
        } else {
            weigher.fixed(Level::PostalDifferent)
        }
    });
    let city = (one.city.hash != 0 && other.city.hash != 0).then(|| {
        let (x, y) = (a.bytes(one.city.span), b.bytes(other.city.span));
        if one.city.hash == other.city.hash {
            weigher.shared(Level::CitySame, others(Kind::City, one.city.hash))
        } else if x.len().min(y.len()) >= 5 && is_one_edit(x, y) {
            let k = others(Kind::City, one.city.hash).max(others(Kind::City, other.city.hash));
            weigher.shared(Level::CityNear, k)
        } else {
            weigher.fixed(Level::CityDifferent)
        }
    });
    let differs = |part: Option<Part>| part.is_some_and(|part| !is_agreeing(part.level));
    let is_elsewhere = differs(city) && (postal.is_none() || differs(postal));
    let address = (one.address != 0 && other.address != 0).then(|| {
        let part = compare_street(weigher, a, one, b, other);
        match part.level {
            // Most towns have a street of that name.
            Level::AddressNear | Level::AddressNumber | Level::AddressStreet if is_elsewhere => {
                weigher.fixed(Level::AddressDifferent)
            }
            _ => part,
        }
    });
    combined(weigher, [address, postal, city])
}

/// Lets the best agreement and the worst contradiction count.
fn combined<C: Counts>(weigher: &Weigher<'_, C>, parts: [Option<Part>; 3]) -> PlaceLevels {
    let settings = &weigher.model.settings;
    #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
    let (conflict, agreement) = (settings.place_conflict as f32, settings.place_agreement as f32);
    let mut parts = parts;
    let mut best: Option<usize> = None;
    let mut worst: Option<usize> = None;
    for (at, part) in parts.iter().enumerate() {
        let Some(bits) = part.map(|part| part.bits.stranger) else { continue };
        let bits_at = |at: usize| parts[at].map_or(0.0, |part| part.bits.stranger);
        if bits > 0.0 && best.is_none_or(|best| bits_at(best) < bits) {
            best = Some(at);
        }
        if bits < 0.0 && worst.is_none_or(|worst| bits_at(worst) > bits) {
            worst = Some(at);
        }
    }
    let mut is_second_counted = false;
    for (at, part) in parts.iter_mut().enumerate() {
        let Some(part) = part else { continue };
        let bits = &mut part.bits.stranger;
        if Some(at) == worst {
            *bits = bits.max(conflict);
        } else if Some(at) != best {
            let counts = *bits > 0.0 && !is_second_counted;
            is_second_counted |= counts;
            *bits = if counts { agreement } else { 0.0 };
        }
    }
    let sum = parts.iter().flatten().map(|part| part.bits.stranger).sum();
    let [address, postal, city] = parts;
    PlaceLevels { address, postal, city, sum }
}

#[expect(clippy::many_single_char_names, reason = "a and b are the two records")]
fn compare_street<C: Counts>(
    weigher: &Weigher<'_, C>,
    a: &Record,
    one: &Place,
    b: &Record,
    other: &Place,
) -> Part {
    if one.address == other.address {
        let strangers = weigher.strangers(Kind::Address, one.address, a, b);
        let level = if strangers > 0.0 { Level::AddressShared } else { Level::AddressSame };
        return weigher.shared(level, weigher.holders(Kind::Address, one.address) - 2.0);
    }
    let (x, y) = (a.bytes(one.street), b.bytes(other.street));
    let near = weigher.model.settings.near_street;
    if one.letters.are_no_indel(other.letters, near) || x != y && !is_indel(x, y, near) {
        return weigher.fixed(Level::AddressDifferent);
    }
    if one.number == other.number || one.number == 0 || other.number == 0 {
        return weigher.shared(Level::AddressNear, 1.0);
    }
    let (m, n) = (one.number.to_be_bytes(), other.number.to_be_bytes());
    let trim = |bytes: &[u8; 8]| bytes.iter().position(|b| *b != 0).unwrap_or(8);
    if is_one_edit(&m[trim(&m)..], &n[trim(&n)..]) {
        weigher.shared(Level::AddressNumber, 1.0)
    } else {
        weigher.fixed(Level::AddressStreet)
    }
}
