//! Comparing two records: which level every field reaches, and what that weighs.
//!
//! Symmetric. Reads records and counts only, allocates nothing; about a microsecond.

use super::compare_name::{Held, Name, NameLevels, Side};
use super::compare_place::compare_places;
use super::frequency::{Counts, Kind};
use super::level::{Field, Level};
use super::model::{Bits, Model};
use super::record::Record;
use super::text_measure::are_clearly_different;

/// A level that a pair reached, and what it weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The level.
    pub level: Level,
    /// Its weights against the two rivals.
    pub bits: Bits,
}

const MOST_PARTS: usize = 20;
/// Bits from which on a similar e-mail address is more than one made of the same name.
const OWN_EMAIL: f32 = 2.5;

/// All levels that a pair reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    items: [Part; MOST_PARTS],
    len: usize,
}

impl Parts {
    pub(super) fn new() -> Self {
        let none = Part { level: Level::EitherRival, bits: Bits::default() };
        Self { items: [none; MOST_PARTS], len: 0 }
    }

    pub(super) fn push(&mut self, part: Part) {
        if let Some(slot) = self.items.get_mut(self.len) {
            *slot = part;
            self.len += 1;
        }
    }

    /// Lets only the best of company, switchboard, office address and town count against a
    /// stranger: colleagues share all of them.
    fn count_workplace_once(&mut self) {
        let parts = &mut self.items[..self.len];
        let is_workplace = |part: &Part| {
            part.bits.stranger > 0.0
                && (part.field() == Field::Company
                    || matches!(
                        part.level,
                        Level::PhoneShared
                            | Level::PhoneOneEdit
                            | Level::AddressShared
                            | Level::AddressStreet
                            | Level::PostalSame
                            | Level::PostalOuter
                            | Level::CitySame
                            | Level::CityNear
                    ))
        };
        let best = parts
            .iter()
            .filter(|part| is_workplace(part))
            .map(|part| part.bits.stranger)
            .fold(0.0, f32::max);
        let mut is_counted = false;
        for part in parts.iter_mut().filter(|part| is_workplace(part)) {
            if part.bits.stranger < best || is_counted {
                part.bits.stranger = 0.0;
            } else {
                is_counted = true;
            }
        }
    }

    pub(super) fn as_slice(&self) -> &[Part] {
        &self.items[..self.len]
    }
}

/// What comparing two records gave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    pub(super) parts: Parts,
    /// Sum of the weights against a stranger, without prior.
    pub(super) stranger: f32,
    /// Sum of the weights against a household member, without prior.
    pub(super) household: f32,
    /// Which rivals there are.
    pub(super) rivals: Rivals,
    /// Whether they certainly are two people of one household or firm.
    pub(super) is_household: bool,
}

/// Whom a pair is weighed against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rivals {
    /// A stranger only: nothing shared makes a household likely.
    Stranger,
    /// Both.
    Both,
    /// Two organisations; the prior is among the parts.
    Organization,
}

/// What is needed to compare: the model, the counts, and how many duplicates there are.
#[derive(Debug)]
pub(super) struct Weigher<'a, C: Counts> {
    pub(super) model: &'a Model,
    pub(super) counts: &'a C,
    /// Duplicates per record.
    pub(super) duplicates: f64,
    pub(super) use_email: bool,
}

impl<C: Counts> Weigher<'_, C> {
    /// How many people there might be: what a handful of contacts has in common says more than
    /// that they are a handful.
    pub(super) fn total(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let total = self.counts.total() as f64;
        total.max(self.model.settings.base_least)
    }

    pub(super) fn part(&self, level: Level, rarity: f64) -> Part {
        Part { level, bits: self.model.bits(level, rarity) }
    }

    pub(super) fn fixed(&self, level: Level) -> Part {
        self.part(level, 0.0)
    }

    /// A level of a value that `holders` have by chance.
    pub(super) fn shared(&self, level: Level, holders: f64) -> Part {
        let holders = holders.max(self.model.settings.holders_least);
        Part { level, bits: self.model.shared(level, self.total(), holders) }
    }

    pub(super) fn holders(&self, kind: Kind, value: u64) -> f64 {
        f64::from(self.counts.holders(kind, value))
    }

    /// Pairs of clearly different people other than this one that hold a value.
    pub(super) fn strangers(&self, kind: Kind, value: u64, a: &Record, b: &Record) -> f64 {
        match self.counts.strangers(kind, value) {
            0 => 0.0,
            found => f64::from(found.saturating_sub(u32::from(are_clearly_different(a, b)))),
        }
    }

    /// Compares two records, looking up what is known of their names.
    pub(super) fn compare(&self, a: &Record, b: &Record) -> Comparison {
        self.compare_held(a, self.held(a), b, self.held(b))
    }

    /// Compares two records whose names were looked up before.
    pub(super) fn compare_held(
        &self,
        a: &Record,
        held_a: Held,
        b: &Record,
        held_b: Held,
    ) -> Comparison {
        if a.has_no_person() && b.has_no_person() && (a.company.hash != 0 || b.company.hash != 0) {
            return self.compare_organizations(a, b);
        }
        let mut parts = Parts::new();
        let names =
            self.compare_names(Side { record: a, held: held_a }, Side { record: b, held: held_b });
        names.push_to(&mut parts);
        if a.is_other_person(b) {
            parts.push(self.fixed(Level::OtherPerson));
        }
        let phone = self.compare_phones(a, b, &mut parts);
        let email = self.compare_emails(a, b, &mut parts);
        let place = compare_places(self, a, b);
        place.push_to(&mut parts);
        let company = self.compare_companies(a, b);
        let birthday = self.compare_birthdays(a, b);
        let national_id = self.compare_ids(a, b);
        for part in [company, birthday, national_id].into_iter().flatten() {
            parts.push(part);
        }
        if a.country != 0 && b.country != 0 && a.country != b.country {
            parts.push(self.fixed(Level::CountryDifferent));
        }
        let agrees = |part: &Option<Part>| part.is_some_and(|part| part.bits.stranger > 0.0);
        let (by_phone, by_email) = (agrees(&phone), agrees(&email));
        if matches!(phone, Some(Part { level: Level::PhoneSame, .. }))
            && matches!(email, Some(Part { level: Level::EmailSame, .. }))
        {
            parts.push(self.fixed(Level::PhoneAndEmail));
        }
        let by_company = agrees(&company);
        let is_strong = by_phone
            || email.is_some_and(|part| part.bits.stranger > OWN_EMAIL)
            || place.has_house()
            || agrees(&birthday)
            || agrees(&national_id);
        if !is_strong && (by_company || place.agrees()) {
            parts.push(self.fixed(Level::OnlyPlace));
            if names.are_two_names() {
                parts.push(self.same_country(a, b));
            }
            if names.has_other_last() {
                parts.push(self.fixed(Level::OnlyPlaceOtherName));
            }
        }
        let is_shared =
            matches!(phone, Some(Part { level: Level::PhoneSame | Level::PhoneShared, .. }))
                || place.has_same_address();
        let rivals = if by_phone || by_email || by_company || place.agrees() {
            Rivals::Both
        } else {
            Rivals::Stranger
        };
        if by_company {
            parts.count_workplace_once();
        }
        Self::summed(parts, rivals, is_shared && are_clearly_different(a, b))
    }

    pub(super) fn summed(parts: Parts, rivals: Rivals, is_household: bool) -> Comparison {
        let (mut stranger, mut household) = (0.0, 0.0);
        for part in parts.as_slice() {
            stranger += part.bits.stranger;
            household += part.bits.household;
        }
        Comparison { parts, stranger, household, rivals, is_household }
    }

    /// Names in the better of both orientations, and what a name can say at most.
    fn compare_names(&self, one: Side<'_>, other: Side<'_>) -> NameLevels {
        let mut names = NameLevels {
            first: self.compare_name(Name::First, one.first(), other.first()),
            last: self.compare_name(Name::Last, one.last(), other.last()),
            swapped: None,
            namesakes: None,
        };
        let (a, b) = (one.record, other.record);
        let may_be_swapped = a.given.hash != 0 && a.given.hash == b.surname.hash
            || a.surname.hash != 0 && a.surname.hash == b.given.hash
            || names.sum() <= 0.0;
        if may_be_swapped && !names.is_sure() {
            let crosswise = self.compare_swapped(one, other);
            if crosswise.sum() > names.sum() {
                names = crosswise;
            }
        }
        names.namesakes = names.are_two_names().then(|| {
            let others = f64::from(one.held.full_name.max(other.held.full_name));
            let others = (others - 1.0 - self.duplicates).max(1.0);
            let mut part = self.fixed(Level::Namesakes);
            #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
            let most = (self.total() / others).log2() as f32 - names.sum();
            part.bits.stranger = part.bits.stranger.min(most);
            part
        });
        names
    }

    /// Names crosswise, the record that likelier has them in the wrong columns turned round.
    fn compare_swapped(&self, one: Side<'_>, other: Side<'_>) -> NameLevels {
        let crosswise = |wrong: Side<'_>, right: Side<'_>| NameLevels {
            first: self.compare_name(
                Name::FirstSwapped,
                wrong.surname_anywhere(),
                right.given_anywhere(),
            ),
            last: self.compare_name(
                Name::LastSwapped,
                wrong.given_anywhere(),
                right.surname_anywhere(),
            ),
            swapped: Some(self.fixed(Level::Swapped)),
            namesakes: None,
        };
        match one.held.swap.total_cmp(&other.held.swap) {
            std::cmp::Ordering::Greater => crosswise(one, other),
            std::cmp::Ordering::Less => crosswise(other, one),
            std::cmp::Ordering::Equal => {
                let (one, other) = (crosswise(one, other), crosswise(other, one));
                if one.order(&other).is_le() { one } else { other }
            }
        }
    }

    /// What the names have already said: that both are of one country.
    fn same_country(&self, a: &Record, b: &Record) -> Part {
        let country = u64::from(a.country.max(b.country));
        let compatriots =
            if country == 0 { self.total() } else { self.holders(Kind::Country, country) };
        self.part(Level::SameCountry, (compatriots / self.total()).log2())
    }
}

impl Part {
    /// Orders parts by what they weigh, and equal weights by level, so that the order of two
    /// records never decides.
    pub(super) fn order(&self, other: &Self) -> std::cmp::Ordering {
        let key = |part: &Self| part.level as usize;
        (self.bits.stranger.total_cmp(&other.bits.stranger))
            .then(self.bits.household.total_cmp(&other.bits.household))
            .then(key(self).cmp(&key(other)))
    }

    /// The field that was compared.
    pub fn field(&self) -> Field {
        self.level.field()
    }
}
