//! Comparison levels of companies, birthdays and identity numbers, and of organisations.

use super::compare::{Comparison, Part, Parts, Rivals, Weigher};
use super::compare_place::compare_places;
use super::frequency::{Counts, Kind};
use super::level::Level;
use super::record::{Mail, Record};
use super::text_measure::{WordSets, edits, is_jaro_winkler, is_one_edit, word_sets};

impl<C: Counts> Weigher<'_, C> {
    pub(super) fn compare_companies(&self, a: &Record, b: &Record) -> Option<Part> {
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
            .filter(|one| b.mails.iter().filter(is_paid).any(|o| one.domain.hash == o.domain.hash))
            .filter(|_| self.use_email)
            .map(|one| {
                let others = (self.holders(Kind::Domain, one.domain.hash) - 1.0).max(1.0);
                self.shared(Level::CompanyDomain, others)
            })
            .max_by(Part::order);
        match (by_name, by_domain) {
            (Some(name), Some(domain)) if domain.bits.stranger > name.bits.stranger => Some(domain),
            (None, domain) => domain,
            (name, _) => name,
        }
    }

    pub(super) fn compare_birthdays(&self, a: &Record, b: &Record) -> Option<Part> {
        if a.birthday == 0 || b.birthday == 0 {
            return None;
        }
        if a.birthday != b.birthday {
            return Some(self.fixed(birthday_level(a.birthday, b.birthday)));
        }
        let others = self.holders(Kind::Birthday, u64::from(a.birthday)) - 1.0;
        let least = self.total() / self.model.settings.sparse_birthday;
        Some(self.shared(Level::BirthSame, others.max(least)))
    }

    pub(super) fn compare_ids(&self, a: &Record, b: &Record) -> Option<Part> {
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

    #[expect(clippy::wildcard_enum_match_arm, reason = "levels of one field, the last is the rest")]
    pub(super) fn compare_organizations(&self, a: &Record, b: &Record) -> Comparison {
        let mut parts = Parts::new();
        parts.push(self.fixed(Level::Organization));
        if a.is_other_person(b) {
            parts.push(self.fixed(Level::OtherPerson));
        }
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

/// Near, subset or different, for two companies that are not the same.
fn company_level(a: &Record, b: &Record, near: f64, levels: [Level; 3]) -> Level {
    let (x, y) = (a.bytes(a.company.span), b.bytes(b.company.span));
    let [is_near, is_subset, is_different] = levels;
    let is_far = a.company_letters.are_far(b.company_letters, near);
    let are_near =
        || x.len().min(y.len()) >= 6 && edits(x, y).is_some() || is_jaro_winkler(x, y, near);
    if !is_far && are_near() {
        is_near
    } else if word_sets(a.words(a.company.span), b.words(b.company.span)) == WordSets::Subset {
        is_subset
    } else {
        is_different
    }
}

/// How two different birthdays are like each other.
fn birthday_level(one: u32, other: u32) -> Level {
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
