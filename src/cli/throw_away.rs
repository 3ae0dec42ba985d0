//! A folder that is removed when it is not used any more.

use std::path::{Path, PathBuf};

use super::error::Failure;

/// The folder.
pub(super) struct ThrowAway(PathBuf);

impl ThrowAway {
    /// Makes one in a folder, or in that for temporary files; `name` says what for.
    pub(super) fn new(folder: Option<&Path>, name: &str) -> Result<Self, Failure> {
        let folder = folder.map_or_else(std::env::temp_dir, Path::to_owned);
        let path = folder.join(format!("ringdex-{name}-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&path)
            .map_err(|source| Failure::Io { path: path.clone(), source })?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!("{} cannot be removed: {error}", self.0.display());
        }
    }
}
