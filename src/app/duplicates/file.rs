//! A report over the rows of a list, which are read as an import reads them and go nowhere.

use std::io::Read;
use std::sync::Arc;

use rayon::prelude::*;

use super::super::error::Error;
use super::report::{DuplicateReport, ReportOptions};
use super::subject::{Card, Ids, Subjects};
use crate::dedupe::{Apart, Input, Model, Options, PlaceInput, Record, Standard};
use crate::domain::contact::is_mobile_label;
use crate::domain::date::{self, Rules};
use crate::domain::guarded_csv::unguarded;
use crate::domain::guarded_csv::without_guard;
use crate::domain::name;
use crate::domain::place::Place;
use crate::engine::builtin_names;
use crate::import::header::squeeze;
use crate::import::{
    self, AddressPart, Label, MapOptions, MappedRow, RawRow, ReadOptions, RowMap, Target,
    column_named, open_table,
};

/// Rows that are read and standardised at once.
const READ_ROWS: usize = 4_000;
/// The custom field whose values are compared as identity numbers.
const IDENTITY_KEY: &str = "national_id";
/// Squeezed headers of columns that go there if nothing else is said.
const IDENTITY_HEADERS: [&str; 7] = [
    "nationalid",
    "nationalidnumber",
    "identitynumber",
    "socsecid",
    "ssn",
    "socialsecuritynumber",
    "taxid",
];

/// How a list is read.
#[derive(Clone, Debug, Default)]
pub struct FileReportOptions {
    /// Encoding, delimiter and header, where they are not to be detected.
    pub read: ReadOptions,
    /// Where columns go.
    pub map: MapOptions,
    /// The column whose values rows are called by; their numbers if not given.
    pub id_column: Option<String>,
}

/// Why a list cannot be reported on.
#[derive(Debug, thiserror::Error)]
pub enum FileReportError {
    /// It cannot be read as a table, or a column that was named does not exist.
    #[error(transparent)]
    Import(#[from] import::Error),
    /// No column can be compared.
    #[error(
        "no column goes to a name, company, phone or e-mail: say where with `map` \"COLUMN=field\"; the columns are {0}"
    )]
    NothingToCompare(String),
    /// The comparison failed.
    #[error(transparent)]
    App(#[from] Error),
}

impl FileReportError {
    /// Whether the list is sound and what was asked of it is not.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Import(
                import::Error::UnknownColumn { .. }
                    | import::Error::UnknownField { .. }
                    | import::Error::Mapping { .. }
            )
        )
    }
}

/// Finds the duplicates among the rows of a list; `progress` is called with the bytes read so far.
/// Rows that cannot be told apart into cells are left out and counted; values that an import would
/// refuse are compared as they stand.
///
/// Memory: some 350 bytes a row, its id, 16 bytes a compared pair, and for pages what they show of
/// it; the list itself is not held.
///
/// # Errors
/// If the list cannot be read as a table, a named column does not exist, or none can be compared.
pub fn report_on_file(
    input: impl Read,
    file: &FileReportOptions,
    options: &ReportOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<DuplicateReport, FileReportError> {
    let model = super::model()?;
    let subjects = read_list(input, file, &model, options.has_cards, progress)?;
    let plain = Options::of(&model);
    Ok(DuplicateReport::make(subjects, Arc::new(model), &plain, &Apart::new(), options)?)
}

/// The rows of a list as they are compared.
pub(super) fn read_list(
    input: impl Read,
    file: &FileReportOptions,
    model: &Model,
    has_cards: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<Subjects, FileReportError> {
    let standard = Standard::new(builtin_names().map_err(Error::from)?, model);
    let mut reader = open_table(input, &file.read)?;
    let headers = reader.headers();
    let id_column =
        file.id_column.as_deref().map(|name| column_named(headers, name)).transpose()?;
    let map = RowMap::new(headers, &with_identity_numbers(headers, id_column, &file.map))?;
    if !map.has_identity() {
        return Err(FileReportError::NothingToCompare(headers.join(", ")));
    }
    let mut ids: Vec<Box<str>> = Vec::new();
    let mut subjects = Subjects::new(Ids::Values(Vec::new()), has_cards);
    loop {
        let mut rows: Vec<RawRow> = Vec::with_capacity(READ_ROWS);
        let mut is_last = false;
        while rows.len() < READ_ROWS && !is_last {
            let mut row = RawRow::default();
            is_last = !reader.read_row(&mut row)?;
            if !is_last && row.is_rejected() {
                subjects.left_out += 1;
            } else if !is_last {
                rows.push(row);
            }
        }
        let read: Vec<(Box<str>, Record, Option<Card>)> = rows
            .into_par_iter()
            .map(|row| {
                let values = RowValues::of(&map.map_row(&row));
                let card = has_cards.then(|| values.card());
                (id_of(&row, id_column), values.record(&standard), card)
            })
            .collect();
        for (id, record, card) in read {
            ids.push(id);
            subjects.push(record, card);
        }
        progress(reader.bytes_read());
        if is_last {
            break;
        }
    }
    subjects.ids = Ids::Values(ids);
    Ok(subjects)
}

/// The value of the id column; a row without one is called by its number.
fn id_of(row: &RawRow, column: Option<usize>) -> Box<str> {
    match column.map(|column| unguarded(row.cell(column))).as_deref() {
        Some("") => format!("row {}", row.record).into(),
        Some(id) => id.into(),
        None => row.record.to_string().into(),
    }
}

/// The wishes of the user, after columns whose header says that they hold identity numbers. What
/// rows are called by is none of them: it differs between all rows and would speak against each.
fn with_identity_numbers(
    headers: &[String],
    id_column: Option<usize>,
    wishes: &MapOptions,
) -> MapOptions {
    let is_identity = |(at, header): &(usize, &String)| {
        Some(*at) != id_column && IDENTITY_HEADERS.contains(&squeeze(header).as_str())
    };
    let found = headers.iter().enumerate().filter(is_identity);
    let mut columns: Vec<(String, Target)> = found
        .map(|(_, header)| (header.clone(), Target::Custom(IDENTITY_KEY.to_owned())))
        .collect();
    columns.extend(wishes.columns.iter().cloned());
    MapOptions { columns, ..wishes.clone() }
}

/// A postal address of a row.
#[derive(Default)]
struct RowPlace {
    street: String,
    city: String,
    postal_code: String,
}

impl RowPlace {
    fn input(&self) -> PlaceInput<'_> {
        PlaceInput { street: &self.street, city: &self.city, postal_code: &self.postal_code }
    }
}

/// The values of a row that are compared.
#[derive(Default)]
struct RowValues<'a> {
    full_name: &'a str,
    first_name: String,
    last_name: String,
    suffix: String,
    /// Numbers, and whether they are mobiles.
    phones: Vec<(bool, &'a str)>,
    emails: Vec<&'a str>,
    company: &'a str,
    places: Vec<((u32, Option<Label>), RowPlace)>,
    country: String,
    birthday: String,
    national_id: &'a str,
}

impl<'a> RowValues<'a> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other fields are not compared")]
    fn of(row: &MappedRow<'a>) -> Self {
        let mut out = Self::default();
        let mut middle: Vec<&str> = Vec::new();
        let mut birthday = "";
        for value in &row.values {
            let text = without_guard(value.value);
            match value.target {
                Target::Name => out.full_name = text,
                Target::FirstName => text.clone_into(&mut out.first_name),
                Target::MiddleName => middle.push(text),
                Target::LastName => text.clone_into(&mut out.last_name),
                Target::Suffix => text.clone_into(&mut out.suffix),
                Target::Phone(_) | Target::Phones => {
                    out.phones.push((value.label.is_some_and(is_mobile_label), text));
                }
                Target::Email(_) | Target::Emails => out.emails.push(text),
                Target::Company => out.company = text,
                Target::Address(part, label) => out.put_part((value.group, *label), *part, text),
                Target::Birthday => birthday = text,
                Target::Custom(key) if key == IDENTITY_KEY => out.national_id = text,
                _ => {}
            }
        }
        if !middle.is_empty() {
            let first = (!out.first_name.is_empty()).then_some(out.first_name.as_str());
            out.first_name = first.into_iter().chain(middle).collect::<Vec<_>>().join(" ");
        }
        // As a contact gets its names that was given in one.
        if out.first_name.is_empty() && out.last_name.is_empty() {
            let split = name::split(out.full_name);
            out.first_name = split.first.unwrap_or_default();
            out.last_name = split.last.unwrap_or_default();
            if out.suffix.is_empty() {
                out.suffix = split.suffix.unwrap_or_default();
            }
        }
        out.phones.sort_by_key(|(is_mobile, _)| !is_mobile);
        out.birthday = match date::read(birthday, Rules::of_country(&out.country)) {
            Some(day) => day.written().unwrap_or_default(),
            None => birthday.to_owned(),
        };
        out
    }

    fn put_part(&mut self, key: (u32, Option<Label>), part: AddressPart, text: &str) {
        if part == AddressPart::Country {
            if self.country.is_empty() {
                self.country = Place::Country.read(text.to_owned());
            }
            return;
        }
        let at = self.places.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            self.places.push((key, RowPlace::default()));
            self.places.len() - 1
        });
        let place = &mut self.places[at].1;
        let slot = match part {
            AddressPart::Street => &mut place.street,
            AddressPart::City => &mut place.city,
            AddressPart::PostalCode => &mut place.postal_code,
            AddressPart::Region | AddressPart::Country => return,
        };
        if !slot.is_empty() {
            slot.push_str(", ");
        }
        slot.push_str(text);
    }

    fn record(&self, standard: &Standard) -> Record {
        Record::standardise(
            &Input {
                first_name: &self.first_name,
                last_name: &self.last_name,
                suffix: &self.suffix,
                full_name: self.full_name,
                phones: self.phones.iter().map(|(_, number)| *number).collect(),
                emails: self.emails.clone(),
                company: self.company,
                places: self.places.iter().map(|(_, place)| place.input()).collect(),
                country: &self.country,
                birthday: &self.birthday,
                national_id: self.national_id,
            },
            standard,
        )
    }

    fn card(&self) -> Card {
        let joined = format!("{} {}", self.first_name, self.last_name);
        let first_phone = self.phones.first().map_or("", |(_, number)| number);
        let first_email = self.emails.first().copied().unwrap_or_default();
        let names = [self.full_name, joined.trim(), self.company, first_phone, first_email];
        let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        let place = self.places.first().map(|(_, place)| {
            let parts = [place.street.as_str(), &place.postal_code, &place.city];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        });
        let details = self.phones.iter().map(|(_, number)| *number).chain(self.emails.clone());
        let rest = [self.company, place.as_deref().unwrap_or_default(), &self.birthday];
        Card::new(name, details.chain(rest))
    }
}
