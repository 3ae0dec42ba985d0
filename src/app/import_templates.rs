//! Templates of imports: options that are kept under a name, offered for lists with the same columns.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::contacts::Precondition;
use super::error::Error;
use super::imports::ImportOptions;
use super::records::RecordQuery;
use super::{App, authorize, import_options};
use crate::domain::access::{Caller, Permission};
use crate::domain::guarded_csv::CsvWriter;
use crate::domain::record::{AnyKind, Values, kind_by_name};
use crate::import::ColumnReport;
use crate::import::header::squeeze;

/// Templates that are looked at for a list.
const MOST: usize = 1_000;
/// Options that belong to one import and are not kept in a template.
const OF_ONE: [&str; 4] = ["template_id", "save_template", "dry_run", "upload_id"];

/// A template whose columns a list has.
#[derive(Clone, Debug, serde::Serialize)]
pub struct OfferedTemplate {
    /// The public identifier.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// The columns of the table that is filled in, with what stands in two rows of it.
const TABLE: [(&str, &str, &str); 20] = [
    ("first_name", "Jane", "John"),
    ("last_name", "Doe", "Smith"),
    ("phone", "+12025550123", "+442079460123"),
    ("mobile", "+12025550124", ""),
    ("email", "jane@example.com", "john@example.com"),
    ("company", "Acme Inc", "Example Ltd"),
    ("title", "Head of Sales", "Buyer"),
    ("department", "Sales", ""),
    ("street", "1 Main St", ""),
    ("city", "Springfield", "London"),
    ("region", "IL", ""),
    ("postal_code", "62701", ""),
    ("country", "US", "GB"),
    ("birthday", "1980-12-31", ""),
    ("tags", "Customer, VIP", "Lead"),
    ("notes", "Met at the trade fair", ""),
    ("source", "Trade fair", "Web form"),
    ("language", "en", "en"),
    ("consent_status", "opted_in", "unknown"),
    ("consent_date", "2026-01-31", ""),
];

fn kind() -> Result<&'static dyn AnyKind, Error> {
    kind_by_name("import_template").ok_or(Error::Overloaded("there are no templates"))
}

/// The names of columns, as they are compared.
fn signature<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = names.map(squeeze).collect();
    all.sort_unstable();
    all
}

impl App {
    /// Reads the options of an import; those that are not given are those of its template.
    ///
    /// # Errors
    /// If one of them does not fit, or there is no such template.
    pub fn import_options(&self, caller: &Caller, sent: &Value) -> Result<ImportOptions, Error> {
        let Some(id) = sent.get("template_id").filter(|id| !id.is_null()) else {
            let Value::Object(members) = sent else { return import_options::read(sent) };
            let members = self.with_import_defaults(caller, members.clone())?;
            return import_options::read(&Value::Object(members));
        };
        let at = "/options/template_id";
        let id = id.as_str().and_then(|text| Uuid::parse_str(text.trim()).ok());
        let id = id.ok_or_else(|| Error::invalid(at, "type", "must be the id of a template"))?;
        let template = self.find_record(caller, kind()?, id).map_err(|_unknown| {
            Error::invalid(at, "reference", "is not one of the templates: see import-templates")
        })?;
        let mut members = match template.json.get("options") {
            Some(Value::Object(options)) => options.clone(),
            _ => Map::new(),
        };
        for (name, value) in sent.as_object().into_iter().flatten() {
            members.insert(name.clone(), value.clone());
        }
        let members = self.with_import_defaults(caller, members)?;
        import_options::read(&Value::Object(members))
    }

    /// A table to be filled in, with a column for every custom field that is declared.
    ///
    /// # Errors
    /// If the caller may not import.
    pub fn import_template(&self, caller: &Caller) -> Result<Vec<u8>, Error> {
        authorize(caller, Permission::Import)?;
        let definitions = self.definitions(caller.organization);
        let mut columns: Vec<(String, &str, &str)> =
            TABLE.iter().map(|(name, one, two)| ((*name).to_owned(), *one, *two)).collect();
        for field in
            definitions.iter().filter(|one| one.declared && caller.fields.sees_custom(&one.key))
        {
            columns.push((format!("cf.{}", field.key), "", ""));
        }
        let mut out = Vec::new();
        let mut csv = CsvWriter::new(&mut out);
        let written = csv
            .row(columns.iter().map(|column| column.0.as_str()))
            .and_then(|()| csv.row(columns.iter().map(|column| column.1)))
            .and_then(|()| csv.row(columns.iter().map(|column| column.2)))
            .and_then(|()| csv.flush());
        drop(csv);
        written.map_err(|error| Error::WriteFailed(error.to_string()))?;
        Ok(out)
    }

    /// Refuses a template with options that no import takes.
    pub(super) fn check_import_template(
        kind: &'static dyn AnyKind,
        values: &Values,
    ) -> Result<(), Error> {
        if kind.info().name != "import_template" {
            return Ok(());
        }
        let options = values.get("options").unwrap_or(&Value::Null);
        if let Some(name) = OF_ONE.iter().find(|name| options.get(**name).is_some()) {
            let detail = "belongs to one import, not to a template";
            return Err(Error::invalid(&format!("/options/{name}"), "not_allowed", detail));
        }
        import_options::read(options).map(drop)
    }

    /// Keeps the options of an import under a name; those that were kept under it are replaced.
    pub(super) fn save_import_template(
        &self,
        caller: &Caller,
        options: &ImportOptions,
        columns: &[ColumnReport],
    ) -> Result<(), Error> {
        let Some(name) = &options.save_template else { return Ok(()) };
        let mut kept = options.said.as_object().cloned().unwrap_or_default();
        kept.retain(|name, value| !OF_ONE.contains(&name.as_str()) && !value.is_null());
        let header: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let body = json!({"name": name, "options": kept, "header": header});
        match self.templates(caller)?.into_iter().find(|one| one["name"] == name.as_str()) {
            Some(known) => {
                let id = known["id"].as_str().and_then(|id| Uuid::parse_str(id).ok());
                let id = id.unwrap_or_default();
                self.update_record(caller, kind()?, id, &body, &Precondition::None)?;
            }
            None => {
                self.create_record(caller, kind()?, &body, None)?;
            }
        }
        Ok(())
    }

    fn templates(&self, caller: &Caller) -> Result<Vec<Value>, Error> {
        let query = RecordQuery { per_page: Some(MOST), ..RecordQuery::default() };
        let found = self.list_records(caller, kind()?, &query)?.into_json();
        Ok(found.get("items").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// The templates that were made for lists with these columns.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn templates_for(
        &self,
        caller: &Caller,
        columns: &[ColumnReport],
    ) -> Result<Vec<OfferedTemplate>, Error> {
        let wanted = signature(columns.iter().map(|column| column.name.as_str()));
        let mut offered = Vec::new();
        for template in self.templates(caller)? {
            let header = template["header"].as_array().into_iter().flatten();
            let header = signature(header.filter_map(Value::as_str));
            if !header.is_empty() && header == wanted {
                let text = |name: &str| template[name].as_str().unwrap_or_default().to_owned();
                offered.push(OfferedTemplate { id: text("id"), name: text("name") });
            }
        }
        Ok(offered)
    }
}
