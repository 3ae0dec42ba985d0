//! The directories in which indexes live: one that serves, and one that may be building aside.
//!
//! `CURRENT` names the generation that serves and the schema it was built with; `BOOT` says in
//! which boot of the machine files were last written, since only a new boot can have lost them.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Error;
use super::schema::{Schema, Sources};

/// What `BOOT` says of an index that was closed in good order, with the hash of its `meta.json`.
const SYNCED: &str = "synced";

/// What `BOOT` says of an index that has failed.
const SUSPECT: &str = "suspect";

/// Behind the name of an index: the file with what its schema was read from.
const SOURCES: &str = ".schema.json";

/// The index directories below one folder.
pub struct Generations {
    root: PathBuf,
}

/// What is known of the index that served last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// Its directory.
    pub path: PathBuf,
    /// The hash of the schema it was built with.
    pub schema_hash: String,
    /// What that schema was read from, if it can still be read.
    pub sources: Option<Sources>,
}

impl Generations {
    /// The directories below a folder, which is made if need be.
    pub fn new(root: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(root).map_err(Error::io(root))?;
        Ok(Self { root: root.to_owned() })
    }

    /// Whether an index has ever served from below a folder. Makes nothing.
    pub fn are_in(root: &Path) -> bool {
        root.join("CURRENT").exists()
    }

    /// The index that served last; `None` if there is none or `CURRENT` cannot be read.
    pub fn current(&self) -> Option<Current> {
        let text = std::fs::read_to_string(self.root.join("CURRENT")).ok()?;
        let (name, hash) = text.trim().split_once(' ')?;
        let path = self.root.join(name);
        let sources = std::fs::read(self.root.join(format!("{name}{SOURCES}"))).ok();
        let sources = sources.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        (is_generation(name) && path.is_dir()).then(|| Current {
            path,
            schema_hash: hash.to_owned(),
            sources,
        })
    }

    /// A new directory, for building aside.
    pub fn fresh(&self) -> Result<PathBuf, Error> {
        let highest = self.names()?.iter().filter_map(|n| n[4..].parse::<u64>().ok()).max();
        let path = self.root.join(format!("gen-{}", highest.unwrap_or(0) + 1));
        std::fs::create_dir(&path).map_err(Error::io(&path))?;
        Ok(path)
    }

    /// Makes an index the one that serves, and removes the others.
    pub fn publish(&self, path: &Path, schema: &Schema) -> Result<(), Error> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let sources = serde_json::to_string(&*schema.sources)
            .map_err(|error| Error::Schema(error.to_string()))?;
        self.put(&format!("{name}{SOURCES}"), &sources)?;
        self.put("CURRENT", &format!("{name} {}\n", schema.hash))?;
        self.sweep(Some(path))
    }

    /// Whether all files were written in this boot of the machine, or were synced since.
    pub fn is_trusted(&self) -> bool {
        let marker = std::fs::read_to_string(self.root.join("BOOT")).unwrap_or_default();
        let marker = marker.trim();
        marker == SYNCED
            || marker.starts_with(&format!("{SYNCED} "))
            || (!marker.is_empty() && boot_id().as_deref() == Some(marker))
    }

    /// Notes that files are written in this boot from now on.
    pub fn mark_open(&self) -> Result<(), Error> {
        self.put("BOOT", &boot_id().unwrap_or_else(|| "unknown".to_owned()))
    }

    /// Notes that the index has failed and must be built anew.
    pub fn mark_suspect(&self) -> Result<(), Error> {
        self.put("BOOT", SUSPECT)
    }

    /// Whether the index has failed since it was built.
    pub fn is_suspect(&self) -> bool {
        std::fs::read_to_string(self.root.join("BOOT")).is_ok_and(|text| text.trim() == SUSPECT)
    }

    /// Removes all indexes but one, for example what a crash has left of one that was being built.
    pub fn sweep(&self, keep: Option<&Path>) -> Result<(), Error> {
        for name in self.names()? {
            let path = self.root.join(name);
            if Some(path.as_path()) != keep {
                std::fs::remove_dir_all(&path).map_err(Error::io(&path))?;
                let mut sources = path.into_os_string();
                sources.push(SOURCES);
                let _ = std::fs::remove_file(sources);
            }
        }
        Ok(())
    }

    /// Syncs all files of an index and notes that they can be trusted in any boot.
    pub fn mark_synced(&self, path: &Path) -> Result<(), Error> {
        for entry in std::fs::read_dir(path).map_err(Error::io(path))? {
            let file = entry.map_err(Error::io(path))?.path();
            File::open(&file).and_then(|f| f.sync_data()).map_err(Error::io(&file))?;
        }
        File::open(path).and_then(|f| f.sync_all()).map_err(Error::io(path))?;
        let marker = match list_hash(path) {
            Some(hash) => format!("{SYNCED} {hash}"),
            None => SYNCED.to_owned(),
        };
        self.put("BOOT", &marker)
    }

    /// Whether the list of the files of an index is another one than when it was last closed. It is
    /// the one file that carries no checksum of its own.
    pub fn is_list_altered(&self, path: &Path) -> bool {
        let marker = std::fs::read_to_string(self.root.join("BOOT")).unwrap_or_default();
        let noted = marker.trim().strip_prefix(SYNCED).map(str::trim).filter(|h| !h.is_empty());
        noted.is_some_and(|noted| list_hash(path).as_deref() != Some(noted))
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        let entries = std::fs::read_dir(&self.root).map_err(Error::io(&self.root))?;
        Ok(entries
            .filter_map(Result::ok)
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| is_generation(name))
            .collect())
    }

    fn put(&self, name: &str, text: &str) -> Result<(), Error> {
        let target = self.root.join(name);
        let aside = self.root.join(format!("{name}.tmp"));
        let write = || {
            let mut file = File::create(&aside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&aside, &target)?;
            File::open(&self.root)?.sync_all()
        };
        write().map_err(Error::io(&target))
    }
}

/// The hash of the file that lists the others of an index.
fn list_hash(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path.join("meta.json")).ok()?;
    Some(blake3::hash(&bytes).to_hex().to_string())
}

fn is_generation(name: &str) -> bool {
    name.strip_prefix("gen-")
        .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}
