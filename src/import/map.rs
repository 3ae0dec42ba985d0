//! Rows of cells to values with a field: which column goes where, and several values in a cell.
//!
//! A [`RowMap`] is made once per file from its headers and the wishes of the user; it is also what
//! a preview shows. [`RowMap::map_row`] then gives the values of a row, each with the name of its
//! column, so that later stages can say where an issue is. Empty cells give no value. Values are
//! trimmed and otherwise as they stand in the file: checking them is the validation's business.

use csv::StringRecord;

use super::Error;
use super::header::{LabelledKind, Layout, Meaning, meaning, squeeze};
use super::issue::shortened;
use super::read::RawRow;
use super::target::{Content, Label, Target, did_you_mean};
use crate::domain::custom_field::CustomType;
use crate::domain::date::Order;

/// How Google joins several values in a cell.
const TRIPLE_COLON: &str = ":::";

/// Wishes of the user about the mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapOptions {
    /// Columns with the fields that they go to; the others go where their headers say.
    pub columns: Vec<(String, Target)>,
    /// What stands between tags; by default `;` in `_tag`, and in other columns also `,`, `|`
    /// and line ends. Google's ` ::: ` always counts.
    pub tag_separator: Option<char>,
    /// Whether a column that names lists is taken where nobody said so.
    pub takes_lists: bool,
    /// Values of fields in rows that say nothing of them.
    pub defaults: Vec<(Target, String)>,
    /// Keys and labels of the custom fields of the organisation: a column that nothing else claims
    /// goes to the field that is called like it.
    pub declared: Vec<(String, String)>,
}

impl MapOptions {
    /// The custom field that is called like a column, by its key before its label.
    fn declared(&self, header: &str) -> Option<Target> {
        let name = squeeze(header);
        let is_called = |text: &str| !name.is_empty() && squeeze(text) == name;
        let by_key = self.declared.iter().find(|(key, _)| is_called(key));
        let found = by_key.or_else(|| self.declared.iter().find(|(_, label)| is_called(label)));
        found.map(|(key, _)| Target::Custom(key.clone()))
    }
}

/// Why a column goes where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user said so.
    Asked,
    /// Its header says so.
    Header,
    /// The program that the file comes from has such a column.
    Layout,
    /// The program that the file comes from has such a column, and no field holds it.
    Useless,
    /// Its header says that it holds ids of ours, and its cells are none.
    ForeignId,
    /// It names lists, and nobody said that contacts join them.
    NoList,
    /// It is a column of our own exports that only the server fills.
    ReadOnly,
    /// A custom field of the organisation is called like it.
    Declared,
    /// Nobody knows what it is: it is ignored.
    Unknown,
}

/// What happens to one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnPlan {
    /// The name of the column.
    pub header: String,
    /// Where its cells go; [`Target::Ignore`] for labels that belong to another column as well.
    pub target: Target,
    /// Why.
    pub origin: Origin,
    /// Columns of one thing have the same number, such as the parts of a second address.
    pub group: u32,
    /// The column with the labels of the values.
    pub(super) label_column: Option<usize>,
    /// Which of day and month comes first in its dates, as far as they show.
    pub(super) date_order: Option<Order>,
    /// Some of its cells.
    pub(super) samples: Vec<String>,
    /// The type of a custom field that its cells look like.
    pub(super) guess: Option<CustomType>,
    /// Whether some of its cells say that somebody refused.
    pub(super) says_refusals: bool,
}

/// The mapping of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowMap {
    layout: Layout,
    pub(super) columns: Vec<ColumnPlan>,
    /// The columns in the order in which they fill their fields: those that were asked for are
    /// before others of the same field.
    pub(super) order: Vec<usize>,
    tag_separator: Option<char>,
    defaults: Vec<(Target, String)>,
}

/// Words for a part of a name that also stand for all of it where no other column has a name.
const NAMES: [&str; 4] = ["nom", "nombre", "nome", "имя"];

/// Lets a column hold whole names that is the only one with a name and is called so.
fn settle_lone_name(columns: &mut [ColumnPlan]) {
    let is_name = |plan: &&mut ColumnPlan| {
        matches!(plan.target, Target::Name | Target::FirstName | Target::LastName)
    };
    let mut names = columns.iter_mut().filter(is_name);
    if let (Some(plan), None) = (names.next(), names.next())
        && plan.origin == Origin::Header
        && NAMES.contains(&squeeze(&plan.header).as_str())
    {
        plan.target = Target::Name;
    }
}

/// What a default is called where values have the names of their columns.
const DEFAULT: &str = "default";

/// A value of a row and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedValue<'a> {
    /// The field.
    pub target: &'a Target,
    /// The name of the column.
    pub header: &'a str,
    /// The place of the column; the first is 0.
    pub column: usize,
    /// The value, trimmed and never empty.
    pub value: &'a str,
    /// `mobile`, `work` and so on, or a word of the user's own.
    pub label: Option<&'a str>,
    /// Values of one thing have the same number, such as the parts of a second address.
    pub group: u32,
    /// Whether the file marks it as the preferred one.
    pub preferred: bool,
    /// Which of day and month comes first in the dates of the column, as far as they show.
    pub date_order: Option<Order>,
}

/// The values of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedRow<'a> {
    /// The values in the order of the columns; a field can occur several times.
    pub values: Vec<MappedValue<'a>>,
    /// The provider of the external id, if the row has one and the layout names the provider.
    pub external_provider: Option<&'static str>,
}

impl<'a> MappedRow<'a> {
    /// The first value of a field.
    pub fn first(&self, target: &Target) -> Option<&MappedValue<'a>> {
        self.values.iter().find(|value| value.target == target)
    }

    /// All values of a field.
    pub fn all<'b>(&'b self, target: &'b Target) -> impl Iterator<Item = &'b MappedValue<'a>> {
        self.values.iter().filter(move |value| value.target == target)
    }
}

impl RowMap {
    /// Decides where each column goes; an unknown column among the wishes is an error.
    pub fn new(headers: &[String], options: &MapOptions) -> Result<Self, Error> {
        let layout = Layout::detect(headers);
        let meanings: Vec<Option<(Meaning, Origin)>> =
            headers.iter().map(|header| meaning(header, layout)).collect();
        let mut columns: Vec<ColumnPlan> = headers
            .iter()
            .zip(&meanings)
            .map(|(header, meaning)| {
                let declared = options.declared(header);
                let (target, group, origin) = match meaning {
                    // What an organisation calls a field of its own goes there before forms of
                    // address, which few have a use for.
                    Some((Meaning::Field(Target::Salutation, _), _)) if declared.is_some() => {
                        (declared.unwrap_or(Target::Ignore), 0, Origin::Declared)
                    }
                    Some((Meaning::Field(Target::List, _), _)) if !options.takes_lists => {
                        (Target::Ignore, 0, Origin::NoList)
                    }
                    Some((Meaning::Field(target, group), origin)) => {
                        (target.clone(), *group, *origin)
                    }
                    Some((Meaning::LabelOf(_, group), origin)) => (Target::Ignore, *group, *origin),
                    Some((Meaning::Useless, _)) | None if let Some(target) = declared => {
                        (target, 0, Origin::Declared)
                    }
                    Some((Meaning::Useless, _)) => (Target::Ignore, 0, Origin::Useless),
                    None if is_read_only(header) => (Target::Ignore, 0, Origin::ReadOnly),
                    None => (Target::Ignore, 0, Origin::Unknown),
                };
                let label_column = label_column(&target, group, &meanings);
                let (date_order, samples, guess) = (None, Vec::new(), None);
                let header = header.clone();
                ColumnPlan {
                    header,
                    target,
                    origin,
                    group,
                    label_column,
                    date_order,
                    samples,
                    guess,
                    says_refusals: false,
                }
            })
            .collect();
        for (name, target) in &options.columns {
            let mut found = false;
            for plan in columns_named(&mut columns, name) {
                plan.target = target.clone();
                plan.origin = Origin::Asked;
                found = true;
            }
            if !found {
                return Err(unknown_column(name, headers));
            }
        }
        settle_lone_name(&mut columns);
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by_key(|at| {
            let plan = &columns[*at];
            let is_first = plan.origin == Origin::Asked && plan.target.is_single();
            // Others keep their places.
            let first_of_field = columns.iter().position(|other| other.target == plan.target);
            (if is_first { first_of_field.unwrap_or(*at) } else { *at }, !is_first)
        });
        let defaults = options.defaults.clone();
        Ok(Self { layout, columns, order, tag_separator: options.tag_separator, defaults })
    }

    /// The program that the file comes from.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// What happens to each column, for a preview.
    pub fn columns(&self) -> &[ColumnPlan] {
        &self.columns
    }

    /// The columns that nobody knows.
    pub fn unknown_columns(&self) -> impl Iterator<Item = &str> {
        let unknown = self.columns.iter().filter(|plan| plan.origin == Origin::Unknown);
        unknown.map(|plan| plan.header.as_str())
    }

    /// Whether any column goes to a field that can tell contacts: a name, phone, e-mail or company.
    pub fn has_identity(&self) -> bool {
        self.columns.iter().any(|plan| {
            matches!(
                plan.target,
                Target::Id
                    | Target::Name
                    | Target::FirstName
                    | Target::LastName
                    | Target::Company
                    | Target::Phone(_)
                    | Target::Phones
                    | Target::Email(_)
                    | Target::Emails
            )
        })
    }

    /// The values of a row that was read.
    pub fn map_row<'a>(&'a self, row: &'a RawRow) -> MappedRow<'a> {
        self.map_cells(&row.cells)
    }

    /// The values of some cells, in the order of the columns.
    pub fn map_cells<'a>(&'a self, cells: &'a StringRecord) -> MappedRow<'a> {
        let mut values = Vec::with_capacity(self.columns.len());
        let mut has_external_id = false;
        for &column in &self.order {
            let plan = &self.columns[column];
            let cell = cells.get(column).map(str::trim).unwrap_or_default();
            if plan.target == Target::Ignore || cell.is_empty() || self.is_result(plan, cell) {
                continue;
            }
            let labels = plan.label_column.and_then(|place| cells.get(place)).unwrap_or_default();
            let fixed = plan.target.label().map(Label::as_str);
            for (place, value) in self.split(plan, cell).into_iter().enumerate() {
                let (word, preferred) = label_word(labels, place);
                let label = match fixed {
                    None if !word.is_empty() => Some(match Label::from_word(word) {
                        Some(known) => known.as_str(),
                        None => word,
                    }),
                    _ => fixed,
                };
                has_external_id |= plan.target == Target::ExternalCrmId;
                values.push(MappedValue {
                    target: &plan.target,
                    header: &plan.header,
                    column,
                    value,
                    label,
                    group: plan.group,
                    preferred,
                    date_order: plan.date_order,
                });
            }
        }
        for (target, text) in &self.defaults {
            if values.iter().all(|value| value.target != target) {
                values.push(MappedValue {
                    target,
                    header: DEFAULT,
                    column: usize::MAX,
                    value: text,
                    label: None,
                    group: 0,
                    preferred: false,
                    date_order: None,
                });
            }
        }
        let named = values.iter().any(|value| *value.target == Target::ExternalCrmProvider);
        MappedRow {
            values,
            external_provider: self
                .layout
                .external_provider()
                .filter(|_| has_external_id && !named),
        }
    }

    /// Whether a cell of a dialler says what came of a call, and not that there may be no other one.
    fn is_result(&self, plan: &ColumnPlan, cell: &str) -> bool {
        self.layout == Layout::Vicidial
            && plan.origin == Origin::Layout
            && plan.target == Target::DoNotContact
            && !["DNC", "DNCL", "DNCC"].iter().any(|code| code.eq_ignore_ascii_case(cell))
    }

    /// Takes a cell apart that may hold several values.
    #[expect(clippy::wildcard_enum_match_arm, reason = "cells of most fields hold one value")]
    fn split<'a>(&self, plan: &ColumnPlan, cell: &'a str) -> Vec<&'a str> {
        let mut parts: Vec<&str> = cell.split(TRIPLE_COLON).collect();
        let has_colons = parts.len() > 1;
        let mut cut = |marks: &[char]| {
            parts = parts.iter().flat_map(|part| part.split(marks)).collect();
        };
        match plan.target.content() {
            Content::Phones => {
                cut(&['|', '\n']);
                parts = parts.into_iter().flat_map(split_at_semicolons).collect();
                // A comma can be a pause in a number; between whole numbers it separates.
                parts = parts.into_iter().flat_map(split_whole_numbers).collect();
            }
            Content::Emails => cut(&['|', ';', ',', '\n']),
            Content::Tags => {
                match self.tag_separator {
                    // Three colons are there because other marks are part of tags.
                    _ if has_colons => {}
                    Some(separator) => cut(&[separator]),
                    None if self.layout == Layout::Outlook || is_tag_column(&plan.header) => {
                        cut(&[';']);
                    }
                    None if matches!(self.layout, Layout::Google | Layout::GoogleOld) => {}
                    None => cut(&[',', ';', '|', '\n']),
                }
                return parts.into_iter().filter_map(tag).collect();
            }
            _ => parts = vec![cell],
        }
        parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
    }
}

/// Whether a column of our own exports says what only the server fills.
fn is_read_only(header: &str) -> bool {
    matches!(header, "created_at" | "updated_at" | "last_called_at" | "last_call_outcome")
}

/// Whether a header is S4's virtual column of tags, in which only `;` separates.
fn is_tag_column(header: &str) -> bool {
    header.trim().eq_ignore_ascii_case("_tag")
}

/// A tag without the mark of a system label; `None` for labels that every contact has.
fn tag(text: &str) -> Option<&str> {
    let text = text.trim();
    let system = text.strip_prefix("* ").map(str::trim);
    match system {
        Some("myContacts" | "starred" | "My Contacts" | "Starred") => None,
        Some(label) => Some(label),
        None => Some(text),
    }
    .filter(|tag| !tag.is_empty())
}

/// Splits numbers at semicolons, but not at those in front of a parameter such as `;ext=22`
/// (RFC 3966), which belongs to the number.
fn split_at_semicolons(cell: &str) -> Vec<&str> {
    let is_parameter = |rest: &str| {
        let name = rest.split('=').next().unwrap_or_default();
        name.len() < rest.len()
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
    };
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in cell.match_indices(';') {
        if !is_parameter(&cell[at + 1..]) {
            parts.push(&cell[from..at]);
            from = at + 1;
        }
    }
    parts.push(&cell[from..]);
    parts
}

fn split_whole_numbers(cell: &str) -> Vec<&str> {
    let parts: Vec<&str> = cell.split(',').collect();
    let whole = |part: &&str| part.bytes().filter(u8::is_ascii_digit).count() >= 7;
    if parts.iter().all(whole) { parts } else { vec![cell] }
}

/// The label of the value at a place, and whether it is marked as preferred.
fn label_word(labels: &str, place: usize) -> (&str, bool) {
    let mut words = labels.split(TRIPLE_COLON);
    let word = words.nth(place).or_else(|| labels.split(TRIPLE_COLON).next());
    let word = word.unwrap_or_default().trim();
    match word.strip_prefix('*') {
        Some(word) => (word.trim(), true),
        None => (word, false),
    }
}

fn label_column(
    target: &Target,
    group: u32,
    meanings: &[Option<(Meaning, Origin)>],
) -> Option<usize> {
    let wanted = if *target == Target::Phone(None) {
        LabelledKind::Phone
    } else if *target == Target::Email(None) {
        LabelledKind::Email
    } else if matches!(target, Target::Address(_, None)) {
        LabelledKind::Address
    } else {
        return None;
    };
    let wanted = Meaning::LabelOf(wanted, group);
    meanings.iter().position(|found| found.as_ref().is_some_and(|(meaning, _)| *meaning == wanted))
}

/// The columns with a name: exactly so, or else up to case, spaces and punctuation; `#3` is the
/// third one.
fn columns_named<'a>(
    columns: &'a mut [ColumnPlan],
    name: &str,
) -> impl Iterator<Item = &'a mut ColumnPlan> {
    let name = name.trim().to_owned();
    let squeezed = squeeze(&name);
    let exact = columns.iter().any(|plan| plan.header == name);
    let place = name.strip_prefix('#').and_then(|place| place.parse::<usize>().ok());
    columns
        .iter_mut()
        .enumerate()
        .filter(move |(at, plan)| {
            if let (Some(place), false) = (place, exact) {
                place == at + 1
            } else if exact {
                plan.header == name
            } else {
                !squeezed.is_empty() && squeeze(&plan.header) == squeezed
            }
        })
        .map(|(_, plan)| plan)
}

/// The place of the column with a name, exactly so or else up to case, spaces and punctuation; the
/// first of several.
///
/// # Errors
/// If there is none; says which columns there are.
pub fn column_named(headers: &[String], name: &str) -> Result<usize, Error> {
    let (trimmed, squeezed) = (name.trim(), squeeze(name));
    let exact = headers.iter().position(|header| header == trimmed);
    exact
        .or_else(|| {
            headers.iter().position(|header| !squeezed.is_empty() && squeeze(header) == squeezed)
        })
        .ok_or_else(|| unknown_column(name, headers))
}

fn unknown_column(name: &str, headers: &[String]) -> Error {
    let mut columns: Vec<String> =
        headers.iter().take(50).map(|header| format!("\"{header}\"")).collect();
    if headers.len() > columns.len() {
        columns.push(format!("and {} more", headers.len() - columns.len()));
    }
    Error::UnknownColumn {
        name: shortened(name),
        hint: did_you_mean(name, headers.iter().map(String::as_str)),
        columns: columns.join(", "),
    }
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "programs_tests.rs"]
mod programs;
