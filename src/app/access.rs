//! Tokens and organisations in memory, so that a request is admitted without reading the store.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::error::Error;
use crate::domain::access::{Caller, Organization, Role, TokenRecord};
use crate::domain::ids::OrgNumber;
use crate::engine::Partition;
use crate::engine::{codec, keys};

/// The hash of a token: a token has 256 random bits, so a fast hash is as good as a slow one.
pub(super) fn token_hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

#[derive(Clone, Default)]
struct Known {
    callers: HashMap<[u8; 32], Arc<Caller>>,
    organizations: HashMap<u32, Arc<Organization>>,
}

/// Who may use the partition.
#[derive(Default)]
pub struct Access {
    known: ArcSwap<Known>,
    /// Held while reading, so that an older state never takes the place of a newer one.
    reloading: Mutex<()>,
}

impl Access {
    pub(super) fn load(partition: &Partition) -> Result<Self, Error> {
        let access = Self::default();
        access.reload(partition)?;
        Ok(access)
    }

    /// Reads all tokens and organisations again, after one was added or changed.
    pub(super) fn reload(&self, partition: &Partition) -> Result<(), Error> {
        let _one_at_a_time = self.reloading.lock();
        let mut known = Known::default();
        for entry in partition.scan(&[keys::ORGANIZATIONS]) {
            let (_, value) = entry?;
            let organization: Organization =
                codec::decode(&value).map_err(crate::engine::Error::from)?;
            known.organizations.insert(organization.number.0, Arc::new(organization));
        }
        for entry in partition.scan(&[keys::TOKENS]) {
            let (key, value) = entry?;
            let token: TokenRecord = codec::decode(&value).map_err(crate::engine::Error::from)?;
            if let Ok(hash) = <[u8; 32]>::try_from(&key[1..]) {
                known.callers.insert(hash, Arc::new(token.caller()));
            }
        }
        self.known.store(Arc::new(known));
        Ok(())
    }

    /// The caller that bears a token.
    pub fn authenticate(&self, token: &str) -> Option<Arc<Caller>> {
        self.known.load().callers.get(&token_hash(token)).cloned()
    }

    /// Whether there is a token of somebody who runs the server.
    pub(super) fn has_operator(&self) -> bool {
        self.known.load().callers.values().any(|caller| caller.operator)
    }

    /// An organisation by its number.
    pub fn organization(&self, number: OrgNumber) -> Option<Arc<Organization>> {
        self.known.load().organizations.get(&number.0).cloned()
    }

    /// An organisation by its name or public id.
    pub fn find_organization(&self, name_or_id: &str) -> Option<Arc<Organization>> {
        let known = self.known.load();
        known
            .organizations
            .values()
            .find(|o| o.name == name_or_id || o.id.to_string() == name_or_id)
            .cloned()
    }

    /// All organisations, by number.
    pub fn organizations(&self) -> Vec<Arc<Organization>> {
        let mut all: Vec<_> = self.known.load().organizations.values().cloned().collect();
        all.sort_by_key(|o| o.number);
        all
    }

    /// The caller that works on a data directory from the command line: it may do everything.
    pub fn operator_of(organization: OrgNumber) -> Caller {
        Caller { organization, role: Role::Admin, actor: "command line".to_owned(), operator: true }
    }
}
