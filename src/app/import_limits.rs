//! How long a list may be that is uploaded, by the settings of its organisation; and what an import
//! does unless it is told, by the same.

use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::App;
use super::error::Error;
use super::import_list::List;
use super::imports::ImportOptions;
use super::organizations::IMPORT_DEFAULTS;
use crate::domain::access::{Caller, OrgSettings};
use crate::import::is_gzip;
use crate::import::match_existing::{MatchKey, OnDuplicate};

/// Bytes that are looked at once.
const LOOK: usize = 256 * 1024;

/// How large a list may be.
#[derive(Clone, Copy, Debug)]
pub struct UploadLimit {
    /// In bytes.
    pub bytes: u64,
    /// The limit in words, and what to do about it.
    mib: Option<u64>,
}

impl UploadLimit {
    /// The limit of the server alone.
    #[must_use]
    pub const fn of_server(bytes: u64) -> Self {
        Self { bytes, mib: None }
    }

    /// The same in words, with room for more.
    #[must_use]
    pub const fn with_bytes(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }

    /// What who sends more is told.
    #[must_use]
    pub fn refusal(self) -> String {
        match self.mib {
            None => format!("an uploaded file has at most {} bytes", self.bytes),
            Some(mib) => format!(
                "a list that is uploaded has at most {mib} MiB in this organisation: raise its \
                 setting import_max_mib, or send the list in parts"
            ),
        }
    }
}

impl App {
    /// How large a list of a caller may be where the server takes so many bytes; `is_body` says that
    /// it is all of the body, as scripts send it.
    ///
    /// # Errors
    /// If the organisation of the caller is not known.
    pub fn upload_limit(
        &self,
        caller: &Caller,
        server: u64,
        is_body: bool,
    ) -> Result<UploadLimit, Error> {
        let mib = self.organization_of(caller)?.settings.import_max_mib;
        if is_script(caller, is_body) && mib == OrgSettings::default().import_max_mib {
            return Ok(UploadLimit::of_server(server));
        }
        let bytes = mib.saturating_mul(1 << 20);
        let is_lower = bytes < server;
        Ok(UploadLimit { bytes: bytes.min(server), mib: is_lower.then_some(mib) })
    }

    /// Refuses a list that has more rows than its organisation takes at once, before anything is
    /// done with it.
    pub(super) fn check_rows(
        &self,
        caller: &Caller,
        path: &Path,
        options: &ImportOptions,
        is_body: bool,
    ) -> Result<(), Error> {
        let most = self.organization_of(caller)?.settings.import_max_rows;
        if is_script(caller, is_body) && most == OrgSettings::default().import_max_rows {
            return Ok(());
        }
        let io = |source| crate::engine::Error::Io { path: path.to_owned(), source };
        let mut input = self.open_staged_file(path).map_err(io)?;
        if has_few_lines(&mut input, most).map_err(io)? {
            return Ok(());
        }
        let input = self.open_staged_file(path).map_err(io)?;
        // What cannot be read says so in the import.
        let Ok(mut list) = List::open(input, options) else { return Ok(()) };
        let mut rows = 0;
        while let Ok(read) = list.read() {
            let count = read.len();
            if count == 0 {
                break;
            }
            rows += count as u64;
        }
        if rows <= most {
            return Ok(());
        }
        let detail = format!(
            "has {rows} rows, and this organisation takes at most {most} at once: raise its setting \
             import_max_rows, or send the list in parts"
        );
        Err(Error::invalid("/file", "too_many_rows", detail))
    }

    /// What an import of a caller does with rows that belong to a contact, what tells that they do,
    /// and whether it takes all rows or none, unless it is told.
    ///
    /// # Errors
    /// If the organisation of the caller is not known.
    pub fn usual_import(
        &self,
        caller: &Caller,
    ) -> Result<(OnDuplicate, Vec<MatchKey>, bool), Error> {
        let organization = self.organization_of(caller)?;
        let settings = &organization.settings;
        let keys = settings.import_match_keys.iter().filter_map(|key| MatchKey::parse(key));
        let on_duplicate = OnDuplicate::parse(&settings.import_on_duplicate).unwrap_or_default();
        Ok((on_duplicate, keys.collect(), settings.import_strict))
    }

    /// Options with what the organisation does unless it is told otherwise.
    pub(super) fn with_import_defaults(
        &self,
        caller: &Caller,
        mut options: Map<String, Value>,
    ) -> Result<Map<String, Value>, Error> {
        let organization = self.organization_of(caller)?;
        let settings = &organization.settings;
        let (on_duplicate, keys) = IMPORT_DEFAULTS;
        options.retain(|_, value| !value.is_null());
        if settings.import_on_duplicate != on_duplicate {
            let usual = || json!(settings.import_on_duplicate);
            options.entry("on_duplicate").or_insert_with(usual);
        }
        if settings.import_match_keys != keys {
            options.entry("match_keys").or_insert_with(|| json!(settings.import_match_keys));
        }
        if settings.import_strict {
            options.entry("strict").or_insert(Value::Bool(true));
        }
        Ok(options)
    }
}

/// Whether a list comes from a script of who runs the server, which fills whole bases: what is usual
/// does not hold it, only a limit that was set does.
fn is_script(caller: &Caller, is_body: bool) -> bool {
    is_body && caller.operator
}

/// Whether a file cannot have more rows than this: it is no packed one, and has no more lines.
fn has_few_lines(input: &mut impl Read, most: u64) -> std::io::Result<bool> {
    let mut buffer = vec![0; LOOK];
    let (mut lines, mut is_first) = (1, true);
    loop {
        let read = input.read(&mut buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(lines <= most);
        }
        if is_first && (bytes.starts_with(b"PK") || is_gzip(bytes)) {
            return Ok(false);
        }
        is_first = false;
        lines += bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
        if lines > most {
            return Ok(false);
        }
    }
}
