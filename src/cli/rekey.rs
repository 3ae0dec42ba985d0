//! `ringdex rekey` and `ringdex keygen`, and where a command takes the encryption key from.

use serde_json::json;

use super::args::{Args, Keygen, Rekey};
use super::error::Failure;
use super::output;
use crate::domain::text::counted;
use crate::engine;
use crate::vault::{self, MasterKey};

/// The variable that holds the key itself.
const KEY_VARIABLE: &str = "RINGDEX_ENCRYPTION_KEY";

/// The key that the arguments or the environment give.
pub(super) fn encryption_key(args: &Args) -> Result<Option<MasterKey>, Failure> {
    let text = std::env::var(KEY_VARIABLE).unwrap_or_default();
    let file = args.encryption_key_file.as_ref().filter(|path| !path.as_os_str().is_empty());
    match (file, text.trim().is_empty()) {
        (Some(_), false) => Err(Failure::Usage(format!(
            "there are two encryption keys: give either a key file or {KEY_VARIABLE}"
        ))),
        (Some(path), true) => Ok(Some(MasterKey::load(path).map_err(unusable)?)),
        (None, false) => Ok(Some(MasterKey::from_text(&text, KEY_VARIABLE).map_err(unusable)?)),
        (None, true) => Ok(None),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn unusable(error: vault::Error) -> Failure {
    Failure::Usage(error.to_string())
}

pub(super) fn keygen(command: &Keygen) -> Result<(), Failure> {
    let key = MasterKey::generate().map_err(engine::Error::from)?;
    key.save(&command.file).map_err(engine::Error::from)?;
    output::tell(&format!(
        "wrote key {} to {}: keep a copy where the data is not, for without it the data is lost",
        key.id(),
        command.file.display()
    ));
    Ok(())
}

pub(super) fn rekey(args: &Args, command: &Rekey) -> Result<(), Failure> {
    if args.server.is_some() {
        return Err(Failure::Usage("rekey takes --data-dir of a stopped server".to_owned()));
    }
    let old = encryption_key(args)?;
    let new = command.new_encryption_key_file.as_deref().map(MasterKey::load);
    let new = new.transpose().map_err(unusable)?;
    let root = &args.data_dir;
    let is_encrypted = vault::exists(root);
    let key_only = is_encrypted && !command.full && !command.decrypt;
    let said = match &new {
        Some(new) if key_only => {
            engine::rewrap(root, old.as_ref(), new)?;
            format!("data directory {} needs the key {} from now on", root.display(), new.id())
        }
        None if command.decrypt && !is_encrypted => {
            return Err(Failure::Refused {
                detail: format!("data directory {} is not encrypted", root.display()),
            });
        }
        None if !command.decrypt && !command.full => {
            return Err(Failure::Usage(
                "rekey takes --new-encryption-key-file FILE, or --decrypt, or --full".to_owned(),
            ));
        }
        new => {
            // A full rekey may keep the master key and replace only what it opens.
            let new = match new {
                Some(new) => Some(new),
                None if command.full => old.as_ref(),
                None => None,
            };
            if command.full && new.is_none() {
                return Err(Failure::Usage("--full takes a key".to_owned()));
            }
            let done = engine::rekey(root, old.as_ref(), new)?;
            for path in &done.untouched {
                output::tell(&format!("left as it was: {}", path.display()));
            }
            format!(
                "{} {} and {} of data directory {}; the search index is built anew at the next start",
                if new.is_some() { "encrypted" } else { "decrypted" },
                counted(done.entries, "journal entry", "journal entries"),
                counted(done.records, "value", "values"),
                root.display()
            )
        }
    };
    if args.json {
        output::print_json(&json!({"encrypted": vault::exists(root)}))
    } else {
        output::print(&said)
    }
}
