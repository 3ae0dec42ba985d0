//! How often values occur in the base at hand: rare names say more, shared numbers say less.
//!
//! Counted once for a batch; whoever compares single records keeps the counts of the last batch
//! or answers [`Counts`] from an index.

use rustc_hash::FxHashMap;

use super::record::Record;
use super::scattered::Scattered;
use super::standard::{hash, mix};
use super::text_measure::are_clearly_different;

/// Which values are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Given names.
    First,
    /// Words of given names.
    FirstWord,
    /// Family names.
    Last,
    /// Words of family names.
    LastWord,
    /// Given and family name together, in no order.
    FullName,
    /// Telephone numbers.
    Phone,
    /// E-mail addresses.
    Email,
    /// Domains of e-mail addresses.
    Domain,
    /// The part of an e-mail address before the `@`.
    Local,
    /// Companies.
    Company,
    /// Streets with house numbers.
    Address,
    /// Postal codes.
    Postal,
    /// Postal districts.
    Outer,
    /// Towns.
    City,
    /// Birthdays.
    Birthday,
    /// Identity numbers.
    NationalId,
    /// Countries.
    Country,
}

impl Kind {
    const ALL: [Self; 17] = [
        Self::First,
        Self::FirstWord,
        Self::Last,
        Self::LastWord,
        Self::FullName,
        Self::Phone,
        Self::Email,
        Self::Domain,
        Self::Local,
        Self::Company,
        Self::Address,
        Self::Postal,
        Self::Outer,
        Self::City,
        Self::Birthday,
        Self::NationalId,
        Self::Country,
    ];
}

/// What the base knows of its values.
pub trait Counts: Sync {
    /// How many contacts there are.
    fn total(&self) -> usize;

    /// How many contacts hold a value; at least 1.
    fn holders(&self, kind: Kind, value: u64) -> u32;

    /// How many pairs of clearly different people hold a phone number, e-mail address or postal
    /// address; 0 where that is unknown.
    fn strangers(&self, kind: Kind, value: u64) -> u32;
}

/// Counts of the values of a batch. Memory: about 20 bytes for every value that occurs twice.
#[derive(Clone, Debug, Default)]
pub struct Frequencies {
    total: usize,
    holders: FxHashMap<u64, u32>,
    strangers: FxHashMap<u64, u32>,
}

impl Frequencies {
    /// Counts the values of records; of values with up to `grouped` holders also the pairs of
    /// clearly different people. Cost: sorts the values of each kind.
    pub fn count(records: &[Record], grouped: u32) -> Self {
        let mut all = Self { total: records.len(), ..Self::default() };
        for kind in Kind::ALL {
            let values = Scattered::collect(records, |record, at, out| {
                each_value(record, kind, |value| out.push((value, at)));
            });
            let has_strangers = matches!(kind, Kind::Phone | Kind::Email | Kind::Address);
            let count = |group: &[(u64, u32)]| {
                let holders = u32::try_from(group.len()).unwrap_or(u32::MAX);
                let strangers = match has_strangers {
                    false => 0,
                    true if holders > grouped => {
                        // Some of them tell whether they are one person or many.
                        let step = group.len().div_ceil(grouped.max(2) as usize);
                        let some: Vec<_> = group.iter().step_by(step).copied().collect();
                        if strangers_among(records, &some) == 0 { 0 } else { holders - 2 }
                    }
                    true => strangers_among(records, group),
                };
                (mix(kind as u64, group[0].0), holders, strangers)
            };
            let counted: Vec<Vec<(u64, u32, u32)>> = values.each_sorted(|values| {
                let groups = values.chunk_by(|one, other| one.0 == other.0);
                groups.filter(|group| group.len() > 1).map(count).collect()
            });
            let counted = counted.into_iter().flatten();
            for (value, holders, strangers) in counted {
                all.holders.insert(value, holders);
                if strangers > 0 {
                    all.strangers.insert(value, strangers);
                }
            }
        }
        all
    }

    /// The same counts in a base of so many contacts, of which those that were counted are a part.
    #[must_use]
    pub fn in_base_of(self, total: usize) -> Self {
        Self { total: total.max(self.total), ..self }
    }
}

impl Counts for Frequencies {
    fn total(&self) -> usize {
        self.total
    }

    fn holders(&self, kind: Kind, value: u64) -> u32 {
        self.holders.get(&mix(kind as u64, value)).copied().unwrap_or(1)
    }

    fn strangers(&self, kind: Kind, value: u64) -> u32 {
        self.strangers.get(&mix(kind as u64, value)).copied().unwrap_or(0)
    }
}

/// Pairs of clearly different people, where all records whose names may be one person's count as
/// one: a misspelt duplicate does not make a number a shared one.
fn strangers_among(records: &[Record], group: &[(u64, u32)]) -> u32 {
    let mut people: Vec<&Record> = Vec::new();
    for (_, at) in group {
        let record = &records[*at as usize];
        if record.given.hash != 0 && people.iter().all(|known| are_clearly_different(known, record))
        {
            people.push(record);
        }
    }
    let people = u32::try_from(people.len()).unwrap_or(u32::MAX);
    people.saturating_mul(people.saturating_sub(1)) / 2
}

/// Calls a function with every value of a kind that a record holds.
fn each_value(record: &Record, kind: Kind, mut each: impl FnMut(u64)) {
    let mut present = |value: u64| {
        if value != 0 {
            each(value);
        }
    };
    match kind {
        Kind::First => present(record.given.hash),
        Kind::FirstWord => record.words(record.given.span).for_each(|word| present(hash(word))),
        Kind::Last => present(record.surname.hash),
        Kind::LastWord => record.words(record.surname.span).for_each(|word| present(hash(word))),
        Kind::FullName => present(record.full_name()),
        Kind::Phone => record.phones.iter().for_each(|phone| present(u64::from(*phone))),
        Kind::Email => record.mails.iter().for_each(|mail| present(mail.address)),
        Kind::Domain => {
            record
                .mails
                .iter()
                .filter(|mail| !mail.is_free)
                .for_each(|mail| present(mail.domain.hash));
        }
        Kind::Local => record.mails.iter().for_each(|mail| present(mail.local.hash)),
        Kind::Company => present(record.company.hash),
        Kind::Address => record.places.iter().for_each(|place| present(place.address)),
        Kind::Postal => record.places.iter().for_each(|place| present(place.postal)),
        Kind::Outer => record.places.iter().for_each(|place| present(place.outer)),
        Kind::City => record.places.iter().for_each(|place| present(place.city.hash)),
        Kind::Birthday => present(u64::from(record.birthday)),
        Kind::NationalId => present(record.national_id.hash),
        Kind::Country => present(u64::from(record.country)),
    }
}
