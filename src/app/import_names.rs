//! Lists and companies that an import is the first to name. They are made in the write that needs them,
//! which looks once more: what somebody else has made under the same name since then takes their place,
//! so that there is one of each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::domain::draft::{Draft, Patch};
use crate::domain::ids::OrgNumber;
use crate::domain::list::{ContactList, list_kind};
use crate::domain::record::{Record, kind_by_name, kind_by_number};
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::{Error, Tx, codec, keys};

/// How long before it is written the id of a record may have been made.
const MOST_UNDERWAY_MS: i64 = 60_000;

/// Companies that a write makes.
pub(super) struct NewCompanies {
    pub(super) companies: Vec<Record>,
    /// All that the import has made so far.
    pub(super) own: Arc<HashSet<Uuid>>,
    /// When it was looked last which others there are.
    pub(super) seen_at: Timestamp,
}

/// What a write makes.
pub(super) struct NewNames {
    lists: Vec<Record>,
    companies: NewCompanies,
}

/// What others have made meanwhile, by the id of what it takes the place of.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    pub(super) lists: HashMap<Uuid, Uuid>,
    /// With what the company is called.
    pub(super) companies: HashMap<Uuid, (Uuid, String)>,
}

impl Taken {
    /// The list that stands for one that was to be made.
    pub(super) fn list(&self, id: Uuid) -> Uuid {
        self.lists.get(&id).copied().unwrap_or(id)
    }

    /// Leads a contact to the company that stands for one that was to be made.
    pub(super) fn lead(&self, draft: &mut Draft) {
        if let Patch::Set(id) = draft.company_id
            && let Some((there, name)) = self.companies.get(&id)
        {
            draft.company_id = Patch::Set(*there);
            draft.company = Patch::Set(name.clone());
        }
    }
}

impl NewNames {
    pub(super) fn new(lists: Vec<Record>, companies: NewCompanies) -> Self {
        Self { lists, companies }
    }

    /// Makes what nobody has made yet.
    pub(super) fn make(&self, tx: &mut Tx<'_>, org: OrgNumber) -> Result<Taken, Error> {
        Ok(Taken { lists: self.make_lists(tx, org)?, companies: self.make_companies(tx, org)? })
    }

    /// There are few lists, and no two of one name: a dynamic one of the same name makes a number part
    /// of it.
    fn make_lists(&self, tx: &mut Tx<'_>, org: OrgNumber) -> Result<HashMap<Uuid, Uuid>, Error> {
        let mut taken = HashMap::new();
        let Some(kind) = kind_by_number(list_kind()).filter(|_| !self.lists.is_empty()) else {
            return Ok(taken);
        };
        let mut known: HashMap<String, ContactList> = HashMap::new();
        for bytes in tx.scan(&keys::records_of(org, list_kind()))?.into_values() {
            let record: Record = codec::decode(&bytes)?;
            known.extend(ContactList::of(&record).map(|list| (fold(&list.name), list)));
        }
        for list in &self.lists {
            let mut list = list.clone();
            let name = name_of(&list).to_owned();
            match known.get(&fold(&name)) {
                Some(other) if other.query.is_none() => {
                    taken.insert(list.head.id, other.id);
                    continue;
                }
                Some(_) => {
                    let numbered = (2..).map(|number: u32| format!("{name} ({number})"));
                    let free = numbered.into_iter().find(|name| !known.contains_key(&fold(name)));
                    list.values.insert("name".to_owned(), free.unwrap_or(name).into());
                }
                None => {}
            }
            known.extend(ContactList::of(&list).map(|list| (fold(&list.name), list)));
            tx.put_record(kind, None, &list)?;
        }
        Ok(taken)
    }

    /// There may be very many companies, so only those are looked at that others have made since.
    fn make_companies(
        &self,
        tx: &mut Tx<'_>,
        org: OrgNumber,
    ) -> Result<HashMap<Uuid, (Uuid, String)>, Error> {
        let mut taken = HashMap::new();
        let NewCompanies { companies, own, seen_at } = &self.companies;
        let Some(kind) = kind_by_name("company").filter(|_| !companies.is_empty()) else {
            return Ok(taken);
        };
        let number = kind.info().number;
        let prefix = keys::records_of(org, number);
        let since = seen_at.plus_ms(-MOST_UNDERWAY_MS).0;
        let mut others = Vec::new();
        // Ids are in the order of time, but for those that say none: they may stand before.
        tx.each_key_back(&prefix, &mut |key| {
            let id = key.get(prefix.len()..).and_then(|id| Uuid::from_slice(id).ok());
            let made = id.and_then(made_at);
            let is_new = made.is_some_and(|at| at >= since);
            others.extend(id.filter(|id| is_new && !own.contains(id)));
            Ok(is_new || made.is_none())
        })?;
        let mut known: HashMap<String, (Uuid, String)> = HashMap::new();
        for id in others {
            let found = tx.record(org, number, id)?;
            if let Some(company) = found.filter(|one| one.head.deleted_at.is_none()) {
                let name = name_of(&company).to_owned();
                known.insert(fold(&name), (id, name));
            }
        }
        for company in companies {
            match known.get(&fold(name_of(company))) {
                Some(other) => {
                    taken.insert(company.head.id, other.clone());
                }
                None => tx.put_record(kind, None, company)?,
            }
        }
        Ok(taken)
    }
}

fn name_of(record: &Record) -> &str {
    record.values.get("name").and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// When an id was made, in milliseconds.
fn made_at(id: Uuid) -> Option<i64> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    Some(i64::try_from(seconds).ok()? * 1_000 + i64::from(nanos / 1_000_000))
}
