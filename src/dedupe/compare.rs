//! Comparing two records: which level every field reaches, and what that weighs.
//!
//! Symmetric. Reads records and counts only, allocates nothing; about a microsecond.

use super::compare_name::{Bearer, Held, Name, NameLevels, Side};
use super::compare_place::compare_places;
use super::frequency::{Counts, Kind};
use super::level::{Field, Level};
use super::model::{Bits, Model};
use super::record::{Mail, Record};
use super::text_measure::{
    WordSets, are_clearly_different, edits, is_jaro_winkler, is_one_edit, word_sets,
};

/// A level that a pair reached, and what it weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The level.
    pub level: Level,
    /// Its weights against the two rivals.
    pub bits: Bits,
}

const MOST_PARTS: usize = 24;

/// All levels that a pair reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    items: [Part; MOST_PARTS],
    len: usize,
}

impl Parts {
    fn new() -> Self {
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

impl<'a, C: Counts> Weigher<'a, C> {
    pub(super) fn total(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let total = self.counts.total() as f64;
        total.max(2.0)
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
            || by_email
            || place.has_address()
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

    fn summed(parts: Parts, rivals: Rivals, is_household: bool) -> Comparison {
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
        let crosswise = |wrong: &Record, right: &Record| NameLevels {
            first: self.compare_name(
                Name::FirstSwapped,
                self.anywhere(wrong, wrong.surname),
                self.anywhere(right, right.given),
            ),
            last: self.compare_name(
                Name::LastSwapped,
                self.anywhere(wrong, wrong.given),
                self.anywhere(right, right.surname),
            ),
            swapped: Some(self.fixed(Level::Swapped)),
            namesakes: None,
        };
        let (a, b) = (one.record, other.record);
        match one.held.swap.total_cmp(&other.held.swap) {
            std::cmp::Ordering::Greater => crosswise(a, b),
            std::cmp::Ordering::Less => crosswise(b, a),
            std::cmp::Ordering::Equal => {
                let (one, other) = (crosswise(a, b), crosswise(b, a));
                if one.sum() <= other.sum() { one } else { other }
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

    fn compare_phones(&self, a: &Record, b: &Record, parts: &mut Parts) -> Option<Part> {
        if a.phones.is_empty() || b.phones.is_empty() {
            return None;
        }
        let mut common = 0;
        let mut fewest = f64::INFINITY;
        for phone in a.phones.iter().filter(|phone| b.phones.contains(phone)) {
            common += 1;
            fewest = fewest.min(self.strangers(Kind::Phone, u64::from(*phone), a, b));
        }
        let part = if common > 0 {
            let level = if fewest > 0.0 { Level::PhoneShared } else { Level::PhoneSame };
            self.shared(level, (2.0 * fewest).sqrt())
        } else if a.phones.iter().any(|x| b.phones.iter().any(|y| is_phone_typo(*x, *y))) {
            self.shared(Level::PhoneOneEdit, 1.0)
        } else {
            self.fixed(Level::PhoneDifferent)
        };
        parts.push(part);
        if common > 1 {
            parts.push(self.fixed(Level::ManyPhones));
        }
        Some(part)
    }

    fn compare_emails(&self, a: &Record, b: &Record, parts: &mut Parts) -> Option<Part> {
        if !self.use_email || a.mails.is_empty() || b.mails.is_empty() {
            return None;
        }
        let mut best: Option<Part> = None;
        let mut common = 0;
        for one in &a.mails {
            for other in &b.mails {
                let part = self.compare_email(a, one, b, other);
                common += u32::from(one.address == other.address);
                if best.is_none_or(|best| best.bits.stranger < part.bits.stranger) {
                    best = Some(part);
                }
            }
        }
        if let Some(best) = best {
            parts.push(best);
        }
        if common > 1 {
            parts.push(self.fixed(Level::ManyEmails));
        }
        best
    }

    fn compare_email(&self, a: &Record, one: &Mail, b: &Record, other: &Mail) -> Part {
        if one.address == other.address {
            let strangers = self.strangers(Kind::Email, one.address, a, b);
            let is_shared = strangers > 0.0 || one.is_role;
            let level = if is_shared { Level::EmailShared } else { Level::EmailSame };
            return self.shared(level, (2.0 * strangers).sqrt());
        }
        if one.is_role || other.is_role {
            return self.fixed(Level::EmailDifferent);
        }
        let named = one.has_name || other.has_name;
        let numbered = named && (one.has_digits || other.has_digits);
        let by_name = |plain: Level, name: Level, number: Level| {
            if numbered {
                number
            } else if named {
                name
            } else {
                plain
            }
        };
        let (x, y) = (a.bytes(one.local.span), b.bytes(other.local.span));
        if one.local.hash == other.local.hash {
            if x.len() < 3 {
                return self.fixed(Level::EmailDifferent);
            }
            if edits(a.bytes(one.domain.span), b.bytes(other.domain.span)).is_some() {
                return self.shared(Level::EmailDomainTypo, 1.0);
            }
            let level =
                by_name(Level::EmailLocal, Level::EmailLocalNamed, Level::EmailLocalNumbered);
            let holders = self.holders(Kind::Local, one.local.hash);
            return self.shared(level, (holders - 1.0).max(1.0));
        }
        let edits = if x.len().min(y.len()) < 3 { None } else { edits(x, y) };
        if named && is_same_letters(x, y) {
            let level =
                if edits == Some(1) { Level::EmailOtherDigit } else { Level::EmailOtherDigits };
            return self.fixed(level);
        }
        if one.domain.hash != other.domain.hash {
            return self.fixed(Level::EmailDifferent);
        }
        match edits {
            Some(1) => {
                let level = by_name(
                    Level::EmailOneEdit,
                    Level::EmailOneEditNamed,
                    Level::EmailOneEditNumbered,
                );
                self.shared(level, 1.0)
            }
            Some(2) if x.len().min(y.len()) >= 6 => self.fixed(by_name(
                Level::EmailTwoEdits,
                Level::EmailTwoEditsNamed,
                Level::EmailTwoEditsNumbered,
            )),
            _ => self.fixed(Level::EmailDifferent),
        }
    }

    fn compare_companies(&self, a: &Record, b: &Record) -> Option<Part> {
        let others = |kind, one, other| {
            (self.holders(kind, one).max(self.holders(kind, other)) - 1.0).max(1.0)
        };
        let by_name = (a.company.hash != 0 && b.company.hash != 0).then(|| {
            if a.company.hash == b.company.hash {
                let k = others(Kind::Company, a.company.hash, a.company.hash);
                return self.shared(Level::CompanySame, k);
            }
            let level = company_level(
                a,
                b,
                self.model.settings.near_company,
                [Level::CompanyNear, Level::CompanySubset, Level::CompanyDifferent],
            );
            if level == Level::CompanyDifferent {
                return self.fixed(level);
            }
            self.shared(level, others(Kind::Company, a.company.hash, b.company.hash))
        });
        let is_paid = |mail: &&Mail| !mail.is_free;
        let by_domain = a
            .mails
            .iter()
            .filter(is_paid)
            .find(|one| {
                b.mails.iter().filter(is_paid).any(|other| one.domain.hash == other.domain.hash)
            })
            .filter(|_| self.use_email)
            .map(|one| {
                self.shared(
                    Level::CompanyDomain,
                    (self.holders(Kind::Domain, one.domain.hash) - 1.0).max(1.0),
                )
            });
        match (by_name, by_domain) {
            (Some(name), Some(domain)) if domain.bits.stranger > name.bits.stranger => Some(domain),
            (None, domain) => domain,
            (name, _) => name,
        }
    }

    fn compare_birthdays(&self, a: &Record, b: &Record) -> Option<Part> {
        if a.birthday == 0 || b.birthday == 0 {
            return None;
        }
        let part = match birthday_level(a.birthday, b.birthday) {
            Level::BirthSame => {
                let others = self.holders(Kind::Birthday, u64::from(a.birthday)) - 1.0;
                let least = self.total() / self.model.settings.sparse_birthday;
                self.shared(Level::BirthSame, others.max(least))
            }
            level => self.fixed(level),
        };
        Some(part)
    }

    fn compare_ids(&self, a: &Record, b: &Record) -> Option<Part> {
        if a.national_id.hash == 0 || b.national_id.hash == 0 {
            return None;
        }
        if a.national_id.hash == b.national_id.hash {
            let holders = self.holders(Kind::NationalId, a.national_id.hash);
            return Some(self.shared(Level::IdSame, holders - 2.0));
        }
        let (x, y) = (a.bytes(a.national_id.span), b.bytes(b.national_id.span));
        Some(if x.len().min(y.len()) >= 5 && edits(x, y).is_some() {
            self.shared(Level::IdNear, 1.0)
        } else {
            self.fixed(Level::IdDifferent)
        })
    }

    fn compare_organizations(&self, a: &Record, b: &Record) -> Comparison {
        let mut parts = Parts::new();
        parts.push(self.fixed(Level::Organization));
        if a.company.hash != 0 && b.company.hash != 0 {
            let part = if a.company.hash == b.company.hash {
                let others = self.holders(Kind::Company, a.company.hash) - 1.0;
                self.shared(Level::OrgCompanySame, others.max(1.0))
            } else {
                let levels =
                    [Level::OrgCompanyNear, Level::OrgCompanySubset, Level::OrgCompanyDifferent];
                self.fixed(company_level(a, b, self.model.settings.near_company, levels))
            };
            parts.push(part);
        }
        if let Some(part) = compare_places(self, a, b).address() {
            parts.push(self.fixed(match part.level {
                Level::AddressSame | Level::AddressShared => Level::OrgAddressSame,
                Level::AddressNear => Level::OrgAddressNear,
                Level::AddressNumber => Level::OrgAddressNumber,
                Level::AddressStreet => Level::OrgAddressStreet,
                _ => Level::OrgAddressDifferent,
            }));
        }
        let postal = |r: &Record| r.places.first().map_or(0, |place| place.postal);
        if postal(a) != 0 && postal(b) != 0 {
            let is_same = postal(a) == postal(b);
            let level = if is_same { Level::OrgPostalSame } else { Level::OrgPostalDifferent };
            parts.push(self.fixed(level));
        }
        let mut unused = Parts::new();
        if let Some(part) = self.compare_phones(a, b, &mut unused) {
            parts.push(self.fixed(match part.level {
                Level::PhoneSame | Level::PhoneShared => Level::OrgPhoneSame,
                Level::PhoneOneEdit => Level::OrgPhoneOneEdit,
                _ => Level::OrgPhoneDifferent,
            }));
        }
        if let Some(part) = self.compare_emails(a, b, &mut unused)
            && matches!(part.level, Level::EmailSame | Level::EmailShared)
        {
            parts.push(self.fixed(Level::OrgEmail));
        }
        Self::summed(parts, Rivals::Organization, false)
    }
}

impl Part {
    /// The field that was compared.
    pub fn field(&self) -> Field {
        self.level.field()
    }
}

/// Near, subset or different, for two companies that are not the same.
fn company_level(a: &Record, b: &Record, near: f64, levels: [Level; 3]) -> Level {
    let (x, y) = (a.bytes(a.company.span), b.bytes(b.company.span));
    let [is_near, is_subset, is_different] = levels;
    if x.len().min(y.len()) >= 6 && edits(x, y).is_some() || is_jaro_winkler(x, y, near) {
        is_near
    } else if word_sets(a.words(a.company.span), b.words(b.company.span)) == WordSets::Subset {
        is_subset
    } else {
        is_different
    }
}

fn birthday_level(one: u32, other: u32) -> Level {
    if one == other {
        return Level::BirthSame;
    }
    let parts = |date: u32| (date / 10_000, date / 100 % 100, date % 100);
    let ((y1, m1, d1), (y2, m2, d2)) = (parts(one), parts(other));
    let is_swapped = y1 == y2 && m1 == d2 && d1 == m2;
    let digits = |mut date: u32| {
        let mut out = [0; 8];
        for slot in out.iter_mut().rev() {
            *slot = u8::try_from(date % 10).unwrap_or(0);
            date /= 10;
        }
        out
    };
    let agreeing = u32::from(y1 == y2) + u32::from(m1 == m2) + u32::from(d1 == d2);
    if y1 == 0 || y2 == 0 {
        // Without a year the rest is all there is.
        return if m1 == m2 && d1 == d2 { Level::BirthTwoParts } else { Level::BirthDifferent };
    }
    if (m1, d1) == (1, 1) && (m2, d2) == (1, 1) {
        // The first of January stands for a day that is not known.
        return match edits(&digits(one), &digits(other)) {
            Some(1) => Level::BirthTwoEdits,
            _ => Level::BirthDifferent,
        };
    }
    if is_swapped || is_one_edit(&digits(one), &digits(other)) {
        Level::BirthNear
    } else if agreeing == 2 {
        Level::BirthTwoParts
    } else if edits(&digits(one), &digits(other)).is_some() {
        Level::BirthTwoEdits
    } else if y1 == y2 {
        Level::BirthYear
    } else {
        Level::BirthDifferent
    }
}

fn is_phone_typo(one: u32, other: u32) -> bool {
    // The longest numbers have nine digits; short ones differ by a digit too easily.
    if one.min(other) < 1_000_000 {
        return false;
    }
    fn digits(mut number: u32, out: &mut [u8; 10]) -> &[u8] {
        let mut at = out.len();
        while number > 0 && at > 0 {
            at -= 1;
            out[at] = u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
        &out[at..]
    }
    let (mut x, mut y) = ([0; 10], [0; 10]);
    is_one_edit(digits(one, &mut x), digits(other, &mut y))
}

/// Whether two texts are the same but for digits and punctuation.
fn is_same_letters(one: &[u8], other: &[u8]) -> bool {
    let letters = |text: &[u8]| -> usize {
        text.iter().filter(|b| b.is_ascii_alphabetic() || !b.is_ascii()).count()
    };
    let is_letter = |b: &&u8| b.is_ascii_alphabetic() || !b.is_ascii();
    letters(one) > 2 && one.iter().filter(is_letter).eq(other.iter().filter(is_letter))
}
