//! A contact in the compact form in which it is compared.
//!
//! Built once per contact; comparing reads it only. Values stand as hashes where equality counts
//! and as ASCII bytes in one buffer where likeness does. A record takes about 300 to 450 bytes.

use smallvec::SmallVec;

use super::letters::Letters;
use super::standard::{Standard, hash, mix};
use crate::domain::contact::{Contact, is_mobile_label};
use crate::domain::name::{Gender, Generation, Identity};
use crate::domain::phone::digit_value;

/// Phone numbers, e-mail addresses and postal addresses of one contact that are looked at.
const MOST_VALUES: usize = 4;
/// Classes of nicknames that are looked at.
const MOST_CLASSES: usize = 6;

/// What a record is made of: the values of a contact or of a row, as written. Empty means absent.
#[derive(Clone, Debug, Default)]
pub struct Input<'a> {
    /// Given names.
    pub first_name: &'a str,
    /// Family names.
    pub last_name: &'a str,
    /// What follows the last name: `Jr.`, `III`.
    pub suffix: &'a str,
    /// The whole name; its words are only looked at if a part is missing.
    pub full_name: &'a str,
    /// Telephone numbers.
    pub phones: Vec<&'a str>,
    /// E-mail addresses.
    pub emails: Vec<&'a str>,
    /// Employer, or the organisation itself.
    pub company: &'a str,
    /// Postal addresses.
    pub places: Vec<PlaceInput<'a>>,
    /// Country, ISO 3166-1; other texts are not compared.
    pub country: &'a str,
    /// `YYYY-MM-DD` or `--MM-DD`.
    pub birthday: &'a str,
    /// Identity number.
    pub national_id: &'a str,
}

/// A postal address as written.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlaceInput<'a> {
    /// Street and house number.
    pub street: &'a str,
    /// Town.
    pub city: &'a str,
    /// Postal code.
    pub postal_code: &'a str,
}

/// Where a text stands in the buffer of its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u16,
    len: u16,
}

impl Span {
    pub(super) fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// A value that is compared by likeness and by equality; hash 0 if absent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Text {
    pub(super) hash: u64,
    pub(super) span: Span,
}

/// An e-mail address.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts")]
pub(super) struct Mail {
    pub(super) address: u64,
    pub(super) domain: Text,
    pub(super) local: Text,
    /// Of the part before the `@`.
    pub(super) letters: Letters,
    pub(super) is_role: bool,
    pub(super) is_free: bool,
    /// Whether the part before the `@` contains a name of the contact.
    pub(super) has_name: bool,
    /// Whether it has two digits or more.
    pub(super) has_digits: bool,
}

/// A postal address.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// Street and number together; 0 without a street.
    pub(super) address: u64,
    pub(super) street: Span,
    /// Of the street, blanks not counted.
    pub(super) letters: Letters,
    /// The first three words, for blocking.
    pub(super) block: u64,
    /// At most eight bytes.
    pub(super) number: u64,
    /// At most eight letters and digits; 0 if absent.
    pub(super) postal: u64,
    pub(super) outer: u64,
    pub(super) city: Text,
}

/// A contact, standardised.
#[derive(Clone, Debug)]
pub struct Record {
    text: Box<str>,
    pub(super) given: Text,
    pub(super) surname: Text,
    pub(super) given_letters: Letters,
    pub(super) surname_letters: Letters,
    pub(super) company_letters: Letters,
    pub(super) company: Text,
    pub(super) national_id: Text,
    pub(super) phones: SmallVec<[u32; 2]>,
    pub(super) mails: SmallVec<[Mail; 1]>,
    pub(super) places: SmallVec<[Place; 1]>,
    classes: [u16; MOST_CLASSES],
    /// `YYYYMMDD`; 0 if unknown.
    pub(super) birthday: u32,
    /// Junior, senior and so on; nothing if the name does not say.
    pub(super) generation: Option<Generation>,
    /// Whether the name addresses a man or a woman; nothing if it does not say.
    pub(super) gender: Option<Gender>,
    /// Of the numbers in the name, in no order; 0 if there are none.
    pub(super) numbers: u64,
    /// Two letters; 0 if unknown.
    pub(super) country: u16,
}

impl Record {
    /// Standardises a contact. Cost: a few microseconds.
    pub fn of(contact: &Contact, standard: &Standard) -> Self {
        fn text(value: Option<&String>) -> &str {
            value.map_or("", String::as_str)
        }
        let mut phones: Vec<_> = contact.phones.iter().collect();
        phones.sort_by_key(|phone| {
            let is_mobile = phone.label.as_deref().is_some_and(is_mobile_label);
            (!is_mobile, !phone.primary)
        });
        let named = contact.first_name.is_some() || contact.last_name.is_some();
        let is_organization = !named
            && contact.company.as_ref().is_some_and(|company| *company == contact.display_name);
        let full_name = if is_organization || contact.is_named_by_channel() {
            ""
        } else {
            &contact.display_name
        };
        let address_country = contact.addresses.iter().find_map(|address| address.country.as_ref());
        Self::standardise(
            &Input {
                first_name: text(contact.first_name.as_ref()),
                last_name: text(contact.last_name.as_ref()),
                suffix: text(contact.suffix.as_ref()),
                full_name,
                phones: phones.iter().map(|phone| phone.number.as_str()).collect(),
                emails: contact.emails.iter().map(|email| email.address.as_str()).collect(),
                company: text(contact.company.as_ref()),
                places: contact
                    .addresses
                    .iter()
                    .map(|address| PlaceInput {
                        street: text(address.street.as_ref()),
                        city: text(address.city.as_ref()),
                        postal_code: text(address.postal_code.as_ref()),
                    })
                    .collect(),
                country: text(address_country.or(contact.country.as_ref())),
                birthday: text(contact.birthday.as_ref()),
                national_id: "",
            },
            standard,
        )
    }

    /// Standardises values as written. Cost: a few microseconds.
    pub fn standardise(input: &Input<'_>, standard: &Standard) -> Self {
        let mut buffer = Buffer::default();
        let (mut given, surname) = names(input, standard);
        let mails: Vec<_> =
            input.emails.iter().filter_map(|mail| standard.email(mail)).take(MOST_VALUES).collect();
        let last = surname.concat();
        if given.iter().all(|word| word.len() == 1) && last.len() > 2 {
            // The given name may stand in the e-mail address.
            let found = mails.iter().find_map(|mail| {
                let letters: String =
                    mail.local.chars().filter(char::is_ascii_alphabetic).collect();
                let rest = letters.replacen(&last, "", 1);
                let fits = given.first().is_none_or(|initial| rest.starts_with(initial.as_str()));
                (rest.len() >= 3 && rest.len() < letters.len() && fits).then_some(rest)
            });
            if let Some(found) = found {
                given = vec![found];
            }
        }
        let first = given.concat();
        let mails = mails
            .iter()
            .map(|mail| Mail {
                address: hash(format!("{}@{}", mail.local, mail.domain).as_bytes()),
                domain: buffer.text(&mail.domain),
                local: buffer.text(&mail.local),
                letters: Letters::of(mail.local.as_bytes()),
                is_role: mail.is_role,
                is_free: mail.is_free,
                has_name: [&first, &last]
                    .iter()
                    .any(|name| name.len() >= 3 && mail.local.contains(name.as_str())),
                has_digits: mail.local.bytes().filter(u8::is_ascii_digit).count() >= 2,
            })
            .collect();
        let mut phones: Vec<u32> =
            input.phones.iter().filter_map(|phone| Standard::phone(phone)).collect();
        let mut seen = Vec::with_capacity(phones.len());
        phones.retain(|phone| {
            !seen.contains(phone) && {
                seen.push(*phone);
                true
            }
        });
        phones.truncate(MOST_VALUES);
        let mut classes = [0; MOST_CLASSES];
        let raw =
            if input.first_name.trim().is_empty() { input.full_name } else { input.first_name };
        for (slot, class) in classes.iter_mut().zip(standard.nickname_classes(&given, raw)) {
            *slot = u16::try_from(class + 1).unwrap_or(0);
        }
        let (given, surname) = (given.join(" "), surname.join(" "));
        let company = standard.company(input.company).join(" ");
        let (generation, gender) = identity(input);
        Self {
            places: input
                .places
                .iter()
                .take(MOST_VALUES)
                .filter_map(|place| read_place(place, standard, &mut buffer))
                .collect(),
            given: buffer.text(&given),
            surname: buffer.text(&surname),
            company: buffer.text(&company),
            given_letters: Letters::of(given.as_bytes()),
            surname_letters: Letters::of(surname.as_bytes()),
            company_letters: Letters::of(company.as_bytes()),
            national_id: buffer.text(&Standard::code(input.national_id)),
            phones: SmallVec::from_slice(&phones),
            mails,
            classes,
            birthday: Standard::date(input.birthday),
            generation,
            gender,
            numbers: numbers(input),
            country: country(input.country),
            text: buffer.text.into(),
        }
    }

    /// The bytes of a text of this record.
    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        let start = usize::from(span.start);
        self.text.as_bytes().get(start..start + usize::from(span.len)).unwrap_or_default()
    }

    /// The words of a text of this record.
    pub(super) fn words(&self, span: Span) -> impl Iterator<Item = &[u8]> + Clone {
        self.bytes(span).split(|b| *b == b' ').filter(|word| !word.is_empty())
    }

    /// Whether the given names of two records are said for each other.
    pub(super) fn are_nicknames(&self, other: &Self) -> bool {
        self.classes.iter().any(|class| *class != 0 && other.classes.contains(class))
            && self.words(self.given.span).next() != other.words(other.given.span).next()
    }

    /// Whether the name holds what tells one of several people of one name apart.
    pub(super) fn is_numbered(&self) -> bool {
        self.numbers != 0 || self.generation.is_some() || self.gender.is_some()
    }

    /// Whether the names say that these are two people, however alike they are: client 12 and
    /// client 13, Peter Moss II and Peter Moss III, Mr and Mrs Moss of one household.
    pub(super) fn is_other_person(&self, other: &Self) -> bool {
        let have_other_numbers =
            self.numbers != 0 && other.numbers != 0 && self.numbers != other.numbers;
        let have_other_generations =
            self.generation.zip(other.generation).is_some_and(|(one, other)| one != other);
        let have_other_genders =
            self.gender.zip(other.gender).is_some_and(|(one, other)| one != other);
        have_other_numbers || have_other_generations || have_other_genders
    }

    /// Something of every part of memory that a comparison reads: read for several records one
    /// after the other, they arrive together.
    pub(super) fn touch(&self) -> u64 {
        let mail = self.mails.first().map_or(0, |mail| mail.address);
        let place = self.places.first().map_or(0, |place| place.address ^ place.city.hash);
        let text = self.text.as_bytes().first().copied().unwrap_or(0);
        self.given.hash
            ^ self.company.hash
            ^ self.national_id.hash
            ^ mail
            ^ place
            ^ u64::from(text)
            ^ u64::from(self.birthday)
    }

    /// Whether no name of a person is known.
    pub(super) fn has_no_person(&self) -> bool {
        self.given.hash == 0 && self.surname.hash == 0
    }

    /// Given and family name.
    pub(super) fn name_parts(&self) -> (&[u8], &[u8]) {
        (self.bytes(self.given.span), self.bytes(self.surname.span))
    }

    /// A hash of given and family name in no order; 0 if one is missing.
    pub(super) fn full_name(&self) -> u64 {
        let (one, other) = (self.given.hash, self.surname.hash);
        if one == 0 || other == 0 { 0 } else { mix(one.min(other), one.max(other)) }
    }

    /// Memory of this record in bytes, without the allocator's share.
    pub fn memory(&self) -> usize {
        fn spilled<A: smallvec::Array>(values: &SmallVec<A>) -> usize {
            if values.spilled() { values.capacity() * size_of::<A::Item>() } else { 0 }
        }
        size_of::<Self>()
            + self.text.len()
            + spilled(&self.phones)
            + spilled(&self.mails)
            + spilled(&self.places)
    }
}

/// Collects the texts of a record.
#[derive(Default)]
struct Buffer {
    text: String,
}

impl Buffer {
    fn text(&mut self, text: &str) -> Text {
        let span = self.span(text);
        Text { hash: if span.is_empty() { 0 } else { hash(text.as_bytes()) }, span }
    }

    fn span(&mut self, text: &str) -> Span {
        let (Ok(start), Ok(len)) = (u16::try_from(self.text.len()), u16::try_from(text.len()))
        else {
            return Span::default();
        };
        self.text.push_str(text);
        Span { start, len }
    }
}

/// Which of several people of one name it is, and whether a man or a woman is addressed, as far as any
/// part of the name says.
fn identity(input: &Input<'_>) -> (Option<Generation>, Option<Gender>) {
    fn given(text: &str) -> Option<&str> {
        Some(text.trim()).filter(|text| !text.is_empty())
    }
    let (first, last) = (given(input.first_name), given(input.last_name));
    let found = Identity::of(given(input.full_name), first, last, given(input.suffix));
    (found.generation, found.gender)
}

/// A hash of the numbers in a name, of an organisation if there is no person, without leading
/// zeros; 0 if there are none.
fn numbers(input: &Input<'_>) -> u64 {
    let (first, last) = (input.first_name.trim(), input.last_name.trim());
    let parts = match (first.is_empty(), last.is_empty()) {
        (false, false) => [first, last],
        _ => [[input.full_name, first, last].into_iter().max_by_key(|t| t.len()).unwrap_or(""), ""],
    };
    let parts =
        if parts.iter().all(|part| part.trim().is_empty()) { [input.company, ""] } else { parts };
    let mut found: SmallVec<[u64; 2]> = SmallVec::new();
    for part in parts {
        let mut digits = String::new();
        for c in part.chars().chain([' ']) {
            match digit_value(c) {
                Some(digit) => digits.push(char::from(b'0' + digit)),
                None if !digits.is_empty() => {
                    found.push(hash(digits.trim_start_matches('0').as_bytes()));
                    digits.clear();
                }
                None => {}
            }
        }
    }
    found.sort_unstable();
    found.into_iter().fold(0, |all, one| mix(all, one).max(1))
}

/// Given and family names in words; split from one text where a part is missing.
fn names(input: &Input<'_>, standard: &Standard) -> (Vec<String>, Vec<String>) {
    let (first, last) = (input.first_name.trim(), input.last_name.trim());
    if !last.is_empty() && !first.is_empty() {
        return (standard.given(first), standard.surname(last));
    }
    let full = input.full_name.trim();
    if last.is_empty() {
        return split(if full.len() > first.len() { full } else { first }, standard);
    }
    (Vec::new(), standard.surname(last))
}

/// Given and family name from a whole name: `Last, First`, else the first word is the given name.
fn split(whole: &str, standard: &Standard) -> (Vec<String>, Vec<String>) {
    if let Some((last, first)) = whole.split_once(',') {
        let (given, surname) = (standard.given(first), standard.surname(last));
        if !given.is_empty() && !surname.is_empty() {
            return (given, surname);
        }
    }
    let mut words = standard.given(whole);
    let rest = words.split_off(words.len().min(1));
    (words, standard.without_particles(rest))
}

fn read_place(input: &PlaceInput<'_>, standard: &Standard, buffer: &mut Buffer) -> Option<Place> {
    let street = standard.street(input.street);
    let postal = Standard::code(input.postal_code);
    let city = Standard::words(input.city).join(" ");
    if street.words.is_empty() && postal.is_empty() && city.is_empty() {
        return None;
    }
    let address = if street.words.is_empty() {
        0
    } else {
        mix(hash(street.words.as_bytes()), hash(street.number.as_bytes()))
    };
    let block = street
        .words
        .split(' ')
        .filter(|word| word.len() > 3)
        .chain(std::iter::once(street.number.as_str()))
        .take(3)
        .fold(0, |key, word| mix(key, hash(word.as_bytes())));
    // What is left of a postal code when the last places are cut off names a district.
    let cut = if postal.bytes().all(|b| b.is_ascii_digit()) { 2 } else { 3 };
    let outer = postal.get(..postal.len().saturating_sub(cut)).unwrap_or_default();
    Some(Place {
        address,
        block: if address == 0 { 0 } else { block },
        street: buffer.span(&street.words),
        letters: Letters::without_blanks(street.words.as_bytes()),
        number: packed(&street.number),
        postal: packed(&postal),
        outer: packed(outer),
        city: buffer.text(&city),
    })
}

/// The first eight bytes as a number; 0 if there are none.
fn packed(text: &str) -> u64 {
    text.bytes().take(8).fold(0, |number, byte| number << 8 | u64::from(byte))
}

fn country(text: &str) -> u16 {
    match text.trim().as_bytes() {
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            u16::from_be_bytes([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
        }
        _ => 0,
    }
}
