//! Synthetic contacts of many countries with known duplicates, for demonstrations, tests and
//! measurements.
//!
//! [`Generator`] is an endless iterator of [`Person`]; [`write_csv`] writes so many of them.
//! The same seed and options give the same people, byte for byte, on every machine, and the first
//! thousand of a million are the thousand of a thousand.
//!
//! Realistic where it matters for search and duplicate detection: a few very common names,
//! households that share a surname, a street and a telephone, switchboards shared by colleagues,
//! namesakes, numbers in several styles, names in Cyrillic and Japanese script. The truth stands
//! in `true_id`: rows with equal values are the same person.
//! Does no file handling, and does not know contacts of the domain: its CSV goes through the
//! import like any other.

use std::io::Write;

mod country;
mod damage;
mod dice;
mod fold;
mod known;
mod name;
mod number;
mod tables;
#[cfg(test)]
mod tests;
mod world;

pub use known::known_people;

use country::COUNTRIES;
use dice::Dice;
use number::Habit;
use world::{Identity, World};

use crate::domain::guarded_csv::CsvWriter;

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Probability that a row is another record of an earlier person, 0 to 1.
    pub duplicates: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { duplicates: 0.15 }
    }
}

/// A telephone number as it is written in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// `mobile`, `work` or `home`.
    pub label: &'static str,
    /// The number in one of the styles of its country, `+49 151 1234567` or `0151 1234567`.
    pub text: String,
}

/// An e-mail address of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// `work` or `home`.
    pub label: &'static str,
    /// The address.
    pub address: String,
}

/// One row: a record of a person, with the gaps and errors of real lists. Empty means absent.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names of the fields are the names of the columns")]
pub struct Person {
    /// The true person: rows with equal numbers are records of the same one.
    pub true_id: u64,
    /// Whether an earlier row has the same `true_id`.
    pub is_duplicate: bool,
    pub first_name: String,
    pub last_name: String,
    /// Mobile first, then work or home.
    pub phones: Vec<Phone>,
    pub emails: Vec<Email>,
    pub company: String,
    pub title: &'static str,
    pub department: &'static str,
    pub street: String,
    pub city: &'static str,
    pub region: &'static str,
    pub postal_code: String,
    /// ISO 3166-1 code; absent in some rows, whose numbers are then international.
    pub country: &'static str,
    /// As `1980-12-31`.
    pub birthday: String,
    pub tags: Vec<&'static str>,
    pub notes: String,
    pub status: &'static str,
    pub source: &'static str,
    pub language: &'static str,
    pub timezone: &'static str,
    pub industry: &'static str,
    pub account_value: Option<u32>,
}

impl Person {
    /// The headers of [`Person::cells`], which an import maps without help.
    pub const HEADERS: [&'static str; 23] = [
        "First Name",
        "Last Name",
        "Mobile",
        "Phone",
        "Email",
        "Company",
        "Title",
        "Department",
        "Street",
        "City",
        "Region",
        "Postal Code",
        "Country",
        "Birthday",
        "Tags",
        "Notes",
        "Status",
        "Source",
        "Language",
        "Timezone",
        "cf.industry",
        "cf.account_value",
        "true_id",
    ];

    /// The row under [`Person::HEADERS`]; several e-mail addresses are joined by `|`, tags by `,`.
    pub fn cells(&self) -> [String; 23] {
        let phone = |mobile: bool| {
            let found = self.phones.iter().find(|phone| (phone.label == "mobile") == mobile);
            found.map(|phone| phone.text.clone()).unwrap_or_default()
        };
        let emails: Vec<&str> = self.emails.iter().map(|email| email.address.as_str()).collect();
        [
            self.first_name.clone(),
            self.last_name.clone(),
            phone(true),
            phone(false),
            emails.join("|"),
            self.company.clone(),
            self.title.to_owned(),
            self.department.to_owned(),
            self.street.clone(),
            self.city.to_owned(),
            self.region.to_owned(),
            self.postal_code.clone(),
            self.country.to_owned(),
            self.birthday.clone(),
            self.tags.join(","),
            self.notes.clone(),
            self.status.to_owned(),
            self.source.to_owned(),
            self.language.to_owned(),
            self.timezone.to_owned(),
            self.industry.to_owned(),
            self.account_value.map(|value| value.to_string()).unwrap_or_default(),
            self.true_id.to_string(),
        ]
    }

    /// Writes the truth down as a list would: cells missing, numbers in some style.
    fn record(identity: Identity, is_duplicate: bool, dice: &mut Dice) -> Self {
        let origin = &identity.origin;
        let country = &COUNTRIES[origin.country];
        let country_known = dice.percent(90);
        let habit = if country_known { Habit::CountryKnown } else { Habit::CountryUnknown };
        let mut phones = Vec::new();
        for (label, number) in identity
            .mobile
            .iter()
            .map(|number| ("mobile", number))
            .chain(identity.landline.iter().map(|(label, number)| (*label, number)))
        {
            // A colleague abroad has a number that the country of the row does not explain.
            let habit =
                if number.country == origin.country { habit } else { Habit::CountryUnknown };
            phones.push(Phone { label, text: number.write(habit, dice) });
        }
        let company = identity.company.as_ref();
        let workplace = company.map(|company| &company.address).filter(|_| dice.percent(30));
        let address = identity.address.as_ref().or(workplace).cloned().unwrap_or_default();
        let birthday = identity
            .birthday
            .map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"))
            .unwrap_or_default();
        Self {
            true_id: identity.id,
            is_duplicate,
            first_name: origin.first.text(origin.native).to_owned(),
            last_name: origin.last.text(origin.native).to_owned(),
            phones,
            company: company.map(|company| company.name.clone()).unwrap_or_default(),
            title: identity.title,
            department: identity.department,
            street: address.street,
            city: address.city,
            region: if dice.percent(70) { address.region } else { "" },
            postal_code: address.postal_code,
            country: if country_known { country.code } else { "" },
            birthday,
            status: identity.status,
            source: identity.source,
            language: if dice.percent(60) { country.language } else { "" },
            timezone: if dice.percent(40) { country.timezone } else { "" },
            industry: company.map_or("", |company| company.industry),
            account_value: identity.account_value,
            emails: identity
                .emails
                .into_iter()
                .map(|(label, address)| Email { label, address })
                .collect(),
            tags: identity.tags,
            notes: identity.notes,
        }
    }
}

/// An endless stream of people; see the module's introduction.
pub struct Generator {
    world: World,
    options: Options,
    rows: u64,
    people: u64,
}

impl Generator {
    /// Loads the word lists; the people follow from the seed and the options alone.
    pub fn new(seed: u64, options: Options) -> Self {
        Self { world: World::new(seed), options, rows: 0, people: 0 }
    }
}

impl Iterator for Generator {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        self.rows += 1;
        let mut dice = self.world.row_dice(self.rows);
        let is_duplicate = dice.chance(self.options.duplicates) && self.people > 0;
        let id = if is_duplicate {
            1 + dice.below_u64(self.people)
        } else {
            self.people += 1;
            self.people
        };
        let mut identity = self.world.person(id);
        if is_duplicate {
            damage::damage(&mut identity, &self.world, &mut dice);
        }
        Some(Person::record(identity, is_duplicate, &mut dice))
    }
}

/// Why no list could be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The writer refused.
    #[error("could not write the generated contacts: {0}")]
    Write(#[from] std::io::Error),
}

/// Writes `rows` people as CSV with headers (UTF-8, RFC 4180, lines end with CRLF).
///
/// The writer should be buffered only if it is slow per call: rows are collected in blocks here.
pub fn write_csv(rows: u64, seed: u64, options: Options, out: impl Write) -> Result<(), Error> {
    let mut writer = CsvWriter::new(out);
    writer.row(Person::HEADERS)?;
    let mut generator = Generator::new(seed, options);
    for _ in 0..rows {
        if let Some(person) = generator.next() {
            writer.row(person.cells())?;
        }
    }
    writer.flush()?;
    Ok(())
}
