//! The blocking rules and their keys.

use smallvec::SmallVec;

use super::options::Options;
use super::record::{Place, Record, Text};
use super::standard::{hash, mix};

/// Shortest part of an e-mail address before the `@` that is a key.
const LEAST_LOCAL: usize = 5;

macro_rules! rules {
    ($($name:ident $code:literal $words:literal,)*) => {
        /// Why a pair was looked at, in the order in which rules are asked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each says it in words")]
        pub enum Rule { $($name,)* }

        impl Rule {
            /// All rules, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The permanent machine-readable name.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What the two records have in common.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

rules! {
    Phone "phone" "the same phone number",
    Email "email" "the same e-mail address",
    NationalId "national_id" "the same identity number",
    Names "names" "the same names",
    Skeletons "skeletons" "names with the same consonants",
    EmailName "email_name" "the same name before the @",
    Address "address" "the same street in the same place",
    Birthday "birthday" "the same birthday",
    LastCompany "last_name_company" "the same last name and company",
    FirstCompany "first_name_company" "the same first name and company",
    LastPostal "last_name_district" "the same last name and postal district",
    FirstPostal "first_name_district" "the same first name and postal district",
    LastCity "last_name_city" "the same last name and city",
    FirstCity "first_name_city" "the same first name and city",
    SkeletonPostal "skeleton_postal_code" "a similar last name and the same postal code",
    LastYear "last_name_year" "the same last name and year of birth",
    FirstYear "first_name_year" "the same first name and year of birth",
    InitialsCompany "initials_company" "the same initials and company",
    InitialsCity "initials_city" "the same initials and city",
    Company "company" "the same organisation",
    CompanyStart "company_start" "organisations that begin alike",
    Street "street" "organisations in the same street",
    Inside "inside" "both are like a third",
}

/// How much sharing a key says: the less, the smaller are the blocks whose pairs are all worth
/// comparing, for what else those pairs share brings them together by another rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// What cannot be cut any more is looked at through a window.
    Strong,
    Middle,
    Weak,
}

impl Strength {
    /// Blocks up to this size are taken whole.
    pub(super) fn most_in_block(self) -> usize {
        match self {
            Self::Strong => 30,
            Self::Middle => 12,
            Self::Weak => 10,
        }
    }
}

impl Rule {
    /// How much sharing the key says.
    pub(super) fn strength(self) -> Strength {
        match self {
            Self::Phone
            | Self::Email
            | Self::NationalId
            | Self::Company
            | Self::CompanyStart
            | Self::Street
            | Self::Inside => Strength::Strong,
            Self::Names | Self::Skeletons | Self::Address | Self::Birthday => Strength::Middle,
            Self::EmailName
            | Self::LastCompany
            | Self::FirstCompany
            | Self::LastPostal
            | Self::FirstPostal
            | Self::LastCity
            | Self::FirstCity
            | Self::SkeletonPostal
            | Self::LastYear
            | Self::FirstYear
            | Self::InitialsCompany
            | Self::InitialsCity => Strength::Weak,
        }
    }

    /// Whether two records with an equal key are worth comparing: not if their names say that they
    /// are two people; for rules that say little of
    /// one or both names, the beginnings of these must agree, in any order, or be missing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other rules say enough")]
    pub(super) fn admits(self, a: &Record, b: &Record) -> bool {
        if a.is_other_person(b) {
            return false;
        }
        let (given_a, given_b) = (a.given_letters.first(), b.given_letters.first());
        let (last_a, last_b) = (a.surname_letters.first(), b.surname_letters.first());
        let fits = |one: u8, other: u8| one == other || one == 0 || other == 0;
        match self {
            Self::Birthday => {
                fits(given_a, given_b)
                    || fits(last_a, last_b)
                    || given_a == last_b
                    || last_a == given_b
            }
            Self::FirstPostal | Self::FirstCity | Self::FirstYear => fits(last_a, last_b),
            Self::InitialsCompany | Self::InitialsCity => begin_alike(a, b),
            _ => true,
        }
    }

    /// Calls a function with every key that the rule gives to a record.
    pub(super) fn keys(self, record: &Record, key: &mut dyn FnMut(u64)) {
        let (given, surname, company) =
            (record.given.hash, record.surname.hash, record.company.hash);
        let mut key = |value: u64| {
            if value != 0 {
                key(value);
            }
        };
        // None if a part is missing.
        let both = |one: u64, other: u64| if one == 0 || other == 0 { 0 } else { mix(one, other) };
        let year = u64::from(record.birthday / 10_000);
        match self {
            Self::Phone => record.phones.iter().for_each(|phone| key(u64::from(*phone))),
            Self::Email => {
                record.mails.iter().for_each(|mail| key(mail.address));
            }
            Self::EmailName => record
                .mails
                .iter()
                .filter(|mail| !mail.is_role)
                .filter(|mail| record.bytes(mail.local.span).len() >= LEAST_LOCAL)
                .for_each(|mail| key(mail.local.hash)),
            // Unordered, so that swapped names meet.
            Self::Names => {
                key(both(given.min(surname), given.max(surname)));
                // Of names of several words the first given name and each family name.
                let several = |text: Text| record.bytes(text.span).contains(&b' ');
                if several(record.given) || several(record.surname) {
                    let first = record.words(record.given.span).next().map_or(0, hash);
                    for last in record.words(record.surname.span) {
                        let last = hash(last);
                        key(both(first.min(last), first.max(last)));
                    }
                }
            }
            Self::Skeletons => {
                let given = skeleton(record.bytes(record.given.span));
                let surname = skeleton(record.bytes(record.surname.span));
                key(both(given.min(surname), given.max(surname)));
            }
            Self::Address => {
                for place in record.places.iter().filter(|place| place.block != 0) {
                    for area in [place.postal, place.city.hash] {
                        key(both(place.block, area));
                    }
                    if place.postal == 0 && place.city.hash == 0 {
                        key(place.block);
                    }
                }
            }
            Self::LastCompany => key(both(surname, company)),
            Self::FirstCompany => key(both(given, company)),
            Self::LastCity => each_place(record, |place| key(both(surname, place.city.hash))),
            Self::FirstCity => each_place(record, |place| key(both(given, place.city.hash))),
            Self::LastPostal => each_place(record, |place| key(both(surname, place.outer))),
            Self::FirstPostal => each_place(record, |place| key(both(given, place.outer))),
            Self::SkeletonPostal => {
                let surname = skeleton(record.bytes(record.surname.span));
                each_place(record, |place| key(both(surname, place.postal)));
            }
            Self::Birthday => {
                // Without a year too many share it.
                if year != 0 {
                    key(u64::from(record.birthday));
                }
            }
            Self::LastYear => key(both(surname, year)),
            Self::FirstYear => key(both(given, year)),
            Self::InitialsCompany => key(both(initials(record), company)),
            Self::InitialsCity => {
                each_place(record, |place| key(both(initials(record), place.city.hash)));
            }
            Self::NationalId => {
                if record.national_id.hash != 0 {
                    key(record.national_id.hash);
                }
            }
            Self::Company if record.has_no_person() && company != 0 => key(company),
            Self::CompanyStart if record.has_no_person() && company != 0 => {
                let name = record.bytes(record.company.span);
                key(hash(&name[..name.len().min(8)]));
            }
            Self::Street if record.has_no_person() => {
                for place in record.places.iter().filter(|place| !place.street.is_empty()) {
                    key(both(
                        place.number.max(1),
                        record.words(place.street).next().map_or(0, hash),
                    ));
                }
            }
            Self::Company | Self::CompanyStart | Self::Street | Self::Inside => {}
        }
    }
}

/// The first rule that is used by which two records have a key in common.
pub fn common_rule(one: &Record, other: &Record, options: &Options) -> Option<Rule> {
    let mut keys: SmallVec<[u64; 8]> = SmallVec::new();
    Rule::ALL.iter().copied().filter(|rule| options.allows(*rule)).find(|rule| {
        keys.clear();
        rule.keys(one, &mut |key| keys.push(key));
        let mut is_common = false;
        if !keys.is_empty() {
            rule.keys(other, &mut |key| is_common |= keys.contains(&key));
        }
        is_common
    })
}

/// A key by which a block that is too large is cut.
type RefinedKey = fn(&Record) -> u64;

/// The keys by which blocks that are too large are cut, step by step; those of one step beside
/// each other.
pub(super) fn refined_keys() -> [&'static [RefinedKey]; 2] {
    const SECOND: &[RefinedKey] =
        &[initials, |record| first_place(record).map_or(0, |place| place.city.hash)];
    const THIRD: &[RefinedKey] = &[
        |record| record.given.hash,
        |record| record.mails.first().map_or(0, |mail| mail.domain.hash),
        |record| u64::from(record.birthday / 10_000),
    ];
    [SECOND, THIRD]
}

fn first_place(record: &Record) -> Option<&Place> {
    record.places.first()
}

fn each_place(record: &Record, each: impl FnMut(&Place)) {
    record.places.iter().for_each(each);
}

/// The initials of both names, in no order; 0 if one is missing.
fn initials(record: &Record) -> u64 {
    let (one, other) = (record.given_letters.first(), record.surname_letters.first());
    if one == 0 || other == 0 { 0 } else { mix(one.min(other).into(), one.max(other).into()) }
}

/// Whether one of the names begins with the same two letters in both records, in any order.
fn begin_alike(a: &Record, b: &Record) -> bool {
    let (given_a, last_a) = (a.given_letters.start(), a.surname_letters.start());
    let (given_b, last_b) = (b.given_letters.start(), b.surname_letters.start());
    given_a == given_b || last_a == last_b || given_a == last_b || last_a == given_b
}

/// The first letter and the consonants of a name, doubled ones once: vowels are what typos and
/// languages change most. 0 without letters.
fn skeleton(name: &[u8]) -> u64 {
    let mut out = [0_u8; 24];
    let mut len = 0;
    for byte in name {
        let is_vowel = matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y' | b'h' | b'w' | b' ');
        let byte = match byte {
            b'k' | b'q' => b'c',
            b'z' => b's',
            b'v' => b'f',
            other => *other,
        };
        let is_repeated = len > 0 && out[len - 1] == byte;
        if len < out.len() && !is_repeated && (len == 0 || !is_vowel) {
            out[len] = byte;
            len += 1;
        }
    }
    if len == 0 { 0 } else { hash(&out[..len]) }
}
