//! A log that several machines write: it decides the order of writes where there is more than one.
//!
//! Each machine keeps a [`FileJournal`](super::FileJournal) of the same history beside it, so what
//! reads, copies, seals and replays a journal does not know of it. A group is written into the log
//! first, which is what its acknowledgement depends on, and then into the journals of all machines.

use std::fmt::{self, Debug};
use std::time::Duration;

use uuid::Uuid;

use super::{Chain, EncodedGroup};
use crate::domain::ids::ChangeSeq;

/// Where a group stands in a shared log; zero is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub u64);

/// A group of a shared log.
#[derive(Clone, Debug)]
pub struct SharedGroup {
    /// Where it stands.
    pub place: Place,
    /// What it was called by whoever wrote it.
    pub id: Uuid,
    /// Its entries.
    pub group: EncodedGroup,
}

/// The last group of a shared log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedTail {
    /// Where it stands.
    pub place: Place,
    /// Its last entry.
    pub last: ChangeSeq,
}

/// A machine of a cluster, as it tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedNode {
    /// What it is called.
    pub name: String,
    /// Where it is reached.
    pub address: String,
    /// The last change that it has.
    pub last: ChangeSeq,
}

/// What became of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum SharedAppended {
    /// It is durable and stands there.
    At(Place),
    /// Another group stands there. Nothing was written, unless the other one is this group, sent
    /// before: read it.
    Conflict,
    /// It may have been written or not, or be written later: send it again to the same place, or read
    /// what stands there.
    Unknown,
}

/// Why a shared log cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SharedError {
    /// It does not answer; it may later.
    Unreachable(String),
    /// It is not what this machine may write or read: never without somebody doing something.
    Unfit(String),
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "the log of the cluster does not answer: {why}"),
            Self::Unfit(why) => write!(f, "the log of the cluster cannot be used: {why}"),
        }
    }
}

impl std::error::Error for SharedError {}

/// A durable, ordered log of groups that several machines append to.
///
/// Safety rests on [`SharedLog::append`] comparing the place of the last group in one step with
/// writing, and on nothing else.
pub trait SharedLog: Debug + Send + Sync {
    /// Identifies the history; all machines have the same, and another one is never mixed with it.
    fn incarnation(&self) -> Uuid;

    /// The entry that the log begins behind, with the hash over it and everything before it: zero,
    /// unless it was begun by a machine that had a history.
    fn base(&self) -> (ChangeSeq, Chain);

    /// Notes how far this machine has applied the log.
    fn note_applied(&self, tail: SharedTail);

    /// Appends a group if the one at `behind` is the last one.
    ///
    /// # Errors
    /// If it is certain that nothing was written.
    fn append(
        &self,
        behind: Place,
        id: Uuid,
        group: &EncodedGroup,
    ) -> Result<SharedAppended, SharedError>;

    /// The groups behind a place, the oldest first, about `most_bytes` of them but at least one if
    /// there is any.
    ///
    /// # Errors
    /// If it cannot be read, or the group that follows is not kept any more.
    fn read(&self, behind: Place, most_bytes: usize) -> Result<Vec<SharedGroup>, SharedError>;

    /// The place of the last group of which every entry is at or before `tail`: reading goes on
    /// behind it for whoever has everything up to there.
    ///
    /// # Errors
    /// If it cannot be read, has let go of what follows, or ends before `tail`.
    fn place_of(&self, tail: ChangeSeq) -> Result<Place, SharedError>;

    /// The last group.
    ///
    /// # Errors
    /// If it cannot be read.
    fn tail(&self) -> Result<SharedTail, SharedError>;

    /// Waits until there may be something behind a place.
    fn wait(&self, behind: Place, at_most: Duration);

    /// The largest group that can be appended, in bytes.
    fn most_bytes(&self) -> usize;

    /// Whether this machine is to do what only one of them does.
    fn is_leading(&self) -> bool;

    /// Who is to do what only one of them does, if that is known.
    fn leader(&self) -> Option<String>;

    /// The machines that have told of themselves lately, by name.
    ///
    /// # Errors
    /// If the log does not answer.
    fn nodes(&self) -> Result<Vec<SharedNode>, SharedError>;
}
