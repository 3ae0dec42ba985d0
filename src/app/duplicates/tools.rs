//! What records are made and weighed by: the model of the data directory and the tables of names.

use std::sync::Arc;

use parking_lot::Mutex;

use super::super::App;
use super::super::error::Error;
use crate::dedupe::{self, Model, ModelError, Options, Standard, TABLE};
use crate::domain::duplicates::DuplicateSettings;
use crate::domain::ids::OrgNumber;
use crate::domain::names::NameTables;
use crate::engine;

/// Where an operator puts a table of its own, in the data directory.
const OWN_MODEL: &str = "duplicate-model.toml";

/// The table of levels and weights by which duplicates are found, with its explanations.
pub fn duplicate_model() -> &'static str {
    TABLE
}

/// What records are made and weighed by.
pub(super) struct Tools {
    pub(super) model: Arc<Model>,
    pub(super) standard: Standard,
}

/// Tools that were made before, with what they were made of: reading a table takes half a
/// millisecond, and every contact that is created is compared.
#[derive(Default)]
pub(super) struct KeptTools(Mutex<Option<BuiltTools>>);

struct BuiltTools {
    /// The operator's own table.
    table: Option<String>,
    names: Arc<NameTables>,
    tools: Arc<Tools>,
}

impl App {
    /// What records of an organisation are made and weighed by, as its settings want it.
    ///
    /// Cost: looks whether there is a table in the data directory, and reads it.
    pub(super) fn duplicate_tools(&self, org: OrgNumber) -> Result<(Arc<Tools>, Options), Error> {
        let tools = self.kept_tools()?;
        let settings = self.access().organization(org).map(|org| org.settings.duplicates.clone());
        let options = options(&tools.model, &settings.unwrap_or_default());
        Ok((tools, options))
    }

    fn kept_tools(&self) -> Result<Arc<Tools>, Error> {
        let path = self.partition.root().join(OWN_MODEL);
        let table = match std::fs::read_to_string(&path) {
            Ok(table) => Some(table),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(engine::Error::Io { path, source }.into()),
        };
        let names = self.partition.names();
        let mut kept = self.duplicates.tools.0.lock();
        if let Some(kept) = kept.as_ref()
            && kept.table == table
            && Arc::ptr_eq(&kept.names, &names)
        {
            return Ok(Arc::clone(&kept.tools));
        }
        let model = match &table {
            None => model()?,
            Some(table) => Model::parse(table)
                .map_err(|wrong| Error::FileUnreadable(format!("{}: {wrong}", path.display())))?,
        };
        let standard = Standard::new(Arc::clone(&names), &model);
        let tools = Arc::new(Tools { model: Arc::new(model), standard });
        *kept = Some(BuiltTools { table, names, tools: Arc::clone(&tools) });
        Ok(tools)
    }
}

/// The model that is shipped; a unit test reads it, so that it is a defect if it cannot be read.
pub(super) fn model() -> Result<Model, Error> {
    Model::shipped().map_err(|_wrong: ModelError| {
        engine::Error::Defect("reading the model of duplicates").into()
    })
}

/// How an organisation looks for duplicates.
pub(super) fn options(model: &Model, settings: &DuplicateSettings) -> Options {
    Options {
        use_email: settings.match_email,
        exact_only: settings.exact_only,
        name_similarity: settings.name_similarity,
        ..Options::of(model)
    }
}

pub(super) fn too_many(error: &dedupe::Error) -> Error {
    match error {
        dedupe::Error::TooMany(_) => {
            Error::Overloaded("there are too many contacts to compare at once")
        }
    }
}
