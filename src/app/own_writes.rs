//! The last write of every caller, so that its searches see it, and the last one of every organisation
//! that hid a contact from somebody.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::domain::access::Caller;
use crate::domain::ids::{ChangeSeq, OrgNumber};

/// Callers that are remembered; far more than tokens in use.
const MOST_CALLERS: usize = 100_000;

/// Sequences by actor.
#[derive(Default)]
pub(super) struct OwnWrites {
    last: RwLock<HashMap<Arc<str>, ChangeSeq>>,
    /// By organisation: the last write that changed who sees a contact.
    hidden: RwLock<HashMap<OrgNumber, ChangeSeq>>,
}

impl OwnWrites {
    pub(super) fn note(&self, caller: &Caller, seq: ChangeSeq) {
        let mut last = self.last.write();
        if last.len() >= MOST_CALLERS {
            last.clear();
        }
        match last.get_mut(&caller.actor) {
            Some(known) => *known = seq.max(*known),
            None => {
                last.insert(Arc::clone(&caller.actor), seq);
            }
        }
    }

    /// Notes a write that changed who sees a contact.
    pub(super) fn note_hidden(&self, org: OrgNumber, seq: ChangeSeq) {
        let mut hidden = self.hidden.write();
        let last = hidden.entry(org).or_insert(seq);
        *last = seq.max(*last);
    }

    pub(super) fn last_hidden(&self, org: OrgNumber) -> ChangeSeq {
        self.hidden.read().get(&org).copied().unwrap_or(ChangeSeq::ZERO)
    }

    pub(super) fn last(&self, caller: &Caller) -> ChangeSeq {
        self.last.read().get(&caller.actor).copied().unwrap_or(ChangeSeq::ZERO)
    }
}

/// The last of many writes of a caller, noted when the work ends, however it ends: searches while
/// it goes on do not wait for each of them.
pub(super) struct LastWrite<'a> {
    writes: &'a OwnWrites,
    caller: &'a Caller,
    seq: ChangeSeq,
}

impl<'a> LastWrite<'a> {
    pub(super) fn new(writes: &'a OwnWrites, caller: &'a Caller) -> Self {
        Self { writes, caller, seq: ChangeSeq::ZERO }
    }

    pub(super) fn is_now(&mut self, seq: ChangeSeq) {
        self.seq = seq.max(self.seq);
    }
}

impl Drop for LastWrite<'_> {
    fn drop(&mut self) {
        if self.seq > ChangeSeq::ZERO {
            self.writes.note(self.caller, self.seq);
        }
    }
}
