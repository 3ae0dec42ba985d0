//! A shared log in memory, whose answers can be made to fail as those of a network do.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use ringdex::domain::ids::ChangeSeq;
use ringdex::engine::{
    EncodedGroup, Place, SharedAppended, SharedError, SharedGroup, SharedLog, SharedNode,
    SharedTail,
};
use uuid::Uuid;

/// What happens to one append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It is written, and the acknowledgement is lost.
    AckLost,
    /// It is lost on the way there.
    RequestLost,
    /// It arrives only when the next request of another machine does.
    RequestLate,
}

/// The log that machines share.
#[derive(Debug)]
pub(crate) struct MemoryLog {
    incarnation: Uuid,
    kept: Mutex<Kept>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    groups: Vec<SharedGroup>,
    /// Requests that are still on the way.
    late: Vec<Late>,
    /// How many groups from the beginning are not kept any more.
    trimmed: usize,
}

/// A request on its way.
#[derive(Debug)]
struct Late {
    from: String,
    behind: Place,
    id: Uuid,
    group: EncodedGroup,
}

impl Kept {
    fn append(&mut self, behind: Place, id: Uuid, group: &EncodedGroup) -> SharedAppended {
        // What was sent twice is known by its name.
        if let Some(known) = self.groups.iter().find(|one| one.id == id) {
            return if known.place.0 == behind.0 + 1 {
                SharedAppended::At(known.place)
            } else {
                SharedAppended::Unknown
            };
        }
        if behind.0 != self.groups.len() as u64 {
            return SharedAppended::Conflict;
        }
        let place = Place(behind.0 + 1);
        self.groups.push(SharedGroup { place, id, group: group.clone() });
        SharedAppended::At(place)
    }
}

impl MemoryLog {
    pub(crate) fn new() -> Arc<Self> {
        let (kept, grown) = (Mutex::default(), Condvar::new());
        Arc::new(Self { incarnation: Uuid::now_v7(), kept, grown })
    }

    /// The log as one machine uses it.
    pub(crate) fn node(self: &Arc<Self>, name: &str) -> Arc<MemoryNode> {
        let (log, name) = (Arc::clone(self), name.to_owned());
        Arc::new(MemoryNode { log, name, state: Mutex::default() })
    }

    /// Loses the last groups.
    pub(crate) fn lose(&self, count: usize) {
        let mut kept = self.kept.lock();
        let left = kept.groups.len().saturating_sub(count);
        kept.groups.truncate(left);
    }

    /// Lets go of the first groups.
    pub(crate) fn trim(&self, count: usize) {
        self.kept.lock().trimmed = count;
    }
}

#[derive(Debug, Default)]
struct NodeState {
    faults: VecDeque<Fault>,
    is_cut_off: bool,
}

/// The log as one machine uses it.
#[derive(Debug)]
pub(crate) struct MemoryNode {
    log: Arc<MemoryLog>,
    name: String,
    state: Mutex<NodeState>,
}

impl MemoryNode {
    /// What happens to the next appends of this machine, one after the other.
    pub(crate) fn expect_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().faults.extend(faults);
    }

    /// Nothing happens any more.
    pub(crate) fn forget_faults(&self) {
        self.state.lock().faults.clear();
    }

    /// Cuts this machine off, or connects it again.
    pub(crate) fn cut_off(&self, is_cut_off: bool) {
        self.state.lock().is_cut_off = is_cut_off;
    }

    fn reach(&self) -> Result<(), SharedError> {
        if self.state.lock().is_cut_off {
            return Err(SharedError::Unreachable("cut off".to_owned()));
        }
        Ok(())
    }
}

impl SharedLog for MemoryNode {
    fn incarnation(&self) -> Uuid {
        self.log.incarnation
    }

    fn base(&self) -> (ChangeSeq, [u8; 32]) {
        (ChangeSeq::ZERO, [0; 32])
    }

    fn note_applied(&self, _tail: SharedTail) {}

    fn append(
        &self,
        behind: Place,
        id: Uuid,
        group: &EncodedGroup,
    ) -> Result<SharedAppended, SharedError> {
        self.reach()?;
        let fault = self.state.lock().faults.pop_front().unwrap_or(Fault::None);
        let mut kept = self.log.kept.lock();
        let (own, late): (Vec<Late>, Vec<Late>) =
            std::mem::take(&mut kept.late).into_iter().partition(|late| late.from == self.name);
        kept.late = own;
        for late in late {
            let _ = kept.append(late.behind, late.id, &late.group);
        }
        let answer = match fault {
            Fault::None => kept.append(behind, id, group),
            Fault::AckLost => {
                let _ = kept.append(behind, id, group);
                SharedAppended::Unknown
            }
            Fault::RequestLost => SharedAppended::Unknown,
            Fault::RequestLate => {
                let (from, group) = (self.name.clone(), group.clone());
                kept.late.push(Late { from, behind, id, group });
                SharedAppended::Unknown
            }
        };
        drop(kept);
        self.log.grown.notify_all();
        Ok(answer)
    }

    fn read(&self, behind: Place, most_bytes: usize) -> Result<Vec<SharedGroup>, SharedError> {
        self.reach()?;
        let kept = self.log.kept.lock();
        let from = usize::try_from(behind.0).unwrap();
        if from < kept.trimmed {
            return Err(SharedError::Unfit("it has let go of what follows".to_owned()));
        }
        let mut bytes = 0;
        let groups = kept.groups.iter().skip(from).take_while(|one| {
            let is_wanted = bytes < most_bytes;
            bytes += one.group.bytes.len();
            is_wanted
        });
        Ok(groups.cloned().collect())
    }

    fn place_of(&self, tail: ChangeSeq) -> Result<Place, SharedError> {
        self.reach()?;
        let kept = self.log.kept.lock();
        let before = kept.groups.iter().take_while(|one| one.group.last <= tail).count();
        if before < kept.trimmed {
            return Err(SharedError::Unfit("it has let go of what follows".to_owned()));
        }
        Ok(Place(before as u64))
    }

    fn tail(&self) -> Result<SharedTail, SharedError> {
        self.reach()?;
        let kept = self.log.kept.lock();
        let last = kept.groups.last();
        Ok(last
            .map(|one| SharedTail { place: one.place, last: one.group.last })
            .unwrap_or_default())
    }

    fn wait(&self, behind: Place, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        let mut kept = self.log.kept.lock();
        while kept.groups.len() as u64 <= behind.0 {
            if self.log.grown.wait_until(&mut kept, deadline).timed_out() {
                break;
            }
        }
    }

    fn most_bytes(&self) -> usize {
        8 << 20
    }

    fn is_leading(&self) -> bool {
        self.name == "a"
    }

    fn leader(&self) -> Option<String> {
        Some("a".to_owned())
    }

    fn nodes(&self) -> Result<Vec<SharedNode>, SharedError> {
        self.reach()?;
        Ok(Vec::new())
    }
}
