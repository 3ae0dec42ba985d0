//! Room on the disk: writes are refused while there is too little, before anything fails for want
//! of it, and taken again as soon as there is enough. Everything else goes on.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::error::Error;

/// Room that has to be left for what the store and the index write behind an acknowledgement.
const MARGIN_BYTES: u64 = 64 << 20;
/// On a small disk the margin is this part of it.
const MARGIN_PART: u64 = 8;
/// A file that takes up room only to give it back: without it a server whose disk others have
/// filled could not even be started.
pub(super) const RESERVE: &str = "RESERVE";
/// Its size, at most.
const RESERVE_BYTES: u64 = 16 << 20;

/// The room where a data directory is.
#[derive(Debug)]
pub(super) struct Room {
    root: PathBuf,
}

/// Too little room for a write.
#[derive(Clone, Debug)]
pub(super) struct Shortage {
    pub(super) path: PathBuf,
    pub(super) free: u64,
    pub(super) needed: u64,
}

impl Shortage {
    pub(super) fn error(&self) -> Error {
        Error::NoRoom { path: self.path.clone(), free: self.free, needed: self.needed }
    }
}

/// What a disk has.
#[derive(Clone, Copy, Debug)]
struct Space {
    free: u64,
    margin: u64,
    total: u64,
}

impl Room {
    /// The room of a data directory; gives back what was reserved if there is none left.
    pub(super) fn of(root: &Path) -> Self {
        let room = Self { root: root.to_owned() };
        room.tend();
        room
    }

    fn space(&self) -> Option<Space> {
        // Where that cannot be asked, a write that fails tells.
        let disk = rustix::fs::statvfs(&self.root).ok()?;
        let total = disk.f_blocks.saturating_mul(disk.f_frsize);
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        Some(Space { free, margin: MARGIN_BYTES.min(total / MARGIN_PART), total })
    }

    /// Fails if a write of so many bytes would leave too little room. Costs one question to the
    /// system, about a microsecond.
    pub(super) fn check(&self, bytes: usize) -> Result<(), Shortage> {
        let Some(space) = self.space() else { return Ok(()) };
        // The journal, the store, and what the index makes of it.
        let needed = space.margin.saturating_add(3 * bytes as u64);
        if space.free >= needed {
            return Ok(());
        }
        Err(Shortage { path: self.root.clone(), free: space.free, needed })
    }

    /// Fails if work that writes so many bytes in all would leave too little room for writes of
    /// callers.
    pub(super) fn check_work(&self, bytes: u64) -> Result<(), Error> {
        let Some(space) = self.space() else { return Ok(()) };
        let needed = (2 * space.margin).saturating_add(bytes);
        if space.free >= needed {
            return Ok(());
        }
        Err(Shortage { path: self.root.clone(), free: space.free, needed }.error())
    }

    /// What is to be said of the room, if it is too little for writes.
    pub(super) fn trouble(&self) -> Option<String> {
        self.check(0).err().map(|shortage| shortage.error().to_string())
    }

    /// Reserves room while there is plenty, and gives it back when there is none.
    pub(super) fn tend(&self) {
        let Some(space) = self.space() else { return };
        let (path, size) = (self.root.join(RESERVE), RESERVE_BYTES.min(space.total / 32));
        let is_there = path.is_file();
        if is_there && space.free < space.margin / 2 {
            tracing::error!("the disk is full: the room that was reserved is given back");
            // It is asked for again with the next look.
            let _ = fs::remove_file(&path);
        } else if !is_there && space.free > 2 * (space.margin + size) {
            let reserved = File::create(&path).and_then(|file| {
                let flags = rustix::fs::FallocateFlags::empty();
                rustix::fs::fallocate(&file, flags, 0, size).map_err(std::io::Error::from)
            });
            if let Err(error) = reserved {
                tracing::debug!("no room is reserved: {error}");
                let _ = fs::remove_file(&path);
            }
        }
    }
}
