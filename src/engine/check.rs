//! Everything verified against everything: journal, records, keys, lookup, index.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::Serialize;

use super::error::{Error, Rejected};
use super::partition::Partition;
use super::recovery::directory_matches;
use crate::domain::access::Organization;
use crate::domain::contact::Contact;
use crate::domain::custom_field::FieldDefinition;
use crate::domain::ids::{ChangeSeq, ContactId, OrgNumber};
use crate::domain::number_key::NumberKey;
use crate::domain::phone;
use crate::domain::text::fold;
use crate::index::{FingerprintReader, Generations, Space, damaged_files};
use crate::journal::Journal;
use crate::store::{codec, keys};
use crate::vault::KeyPurpose;

/// Most troubles that are listed one by one.
const MOST_LISTED: usize = 1_000;

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `journal`, `store`, `audit`, `lookup` or `index`.
    pub part: &'static str,
    /// What is wrong.
    pub detail: String,
    /// What repairs it.
    pub repair: &'static str,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Journal entries read.
    pub journal_entries: u64,
    /// Contacts read, deleted ones included.
    pub contacts: u64,
    /// Phone numbers compared with the lookup table.
    pub phones: u64,
    /// Documents of the index.
    pub documents: u64,
    /// Entries of the audit logs whose chain was followed.
    pub audit_entries: u64,
    /// Stored phone numbers that are read otherwise today, by contact; at most a thousand.
    pub numbers_read_otherwise: Vec<String>,
    /// What is wrong; empty if all is well.
    pub troubles: Vec<Finding>,
    /// How many troubles there are beyond those listed.
    pub unlisted: u64,
}

impl CheckReport {
    /// Whether all is well.
    pub fn is_clean(&self) -> bool {
        self.troubles.is_empty() && self.unlisted == 0
    }

    /// Names the numbers of a contact that are read otherwise today. They are no trouble: the next
    /// start of the server reads them again.
    fn note_numbers(&mut self, contact: &Contact, default_country: Option<&str>) {
        for phone in &contact.phones {
            let countries = [contact.country.as_deref(), default_country, phone.country.as_deref()];
            if self.numbers_read_otherwise.len() < MOST_LISTED
                && let Some(reread) = phone::reread(phone, &countries)
            {
                self.numbers_read_otherwise.push(format!(
                    "contact {}: {:?} is stored as {} and is read as {} today",
                    contact.id, phone.raw, phone.number, reread.number
                ));
            }
        }
    }

    pub(super) fn add(&mut self, part: &'static str, detail: String, repair: &'static str) {
        if self.troubles.len() < MOST_LISTED {
            self.troubles.push(Finding { part, detail, repair });
        } else {
            self.unlisted += 1;
        }
    }
}

const REINDEX: &str = "ringdex reindex";
const RESTART: &str = "restart: the lookup table is rebuilt from the store";
pub(super) const RESTORE: &str = "restore the newest backup; the journal brings it up to date";

impl Partition {
    /// Verifies journal, store, keys, lookup and index against each other.
    ///
    /// Runs beside other work: what looks wrong is looked at again while writes stand still, so
    /// that a change in between is not taken for damage. Cost: reads everything once.
    ///
    /// # Errors
    /// Only if something cannot be read at all.
    pub fn check(&self, progress: &mut dyn FnMut(u64)) -> Result<CheckReport, Error> {
        let mut report = CheckReport::default();
        match self.journal().verify() {
            Ok(verified) => report.journal_entries = verified.entries,
            Err(error) => {
                report.add("journal", error.to_string(), "ringdex check --repair-journal");
            }
        }
        self.check_index_files(&mut report);
        let mut suspects: HashSet<(OrgNumber, ContactId)> = HashSet::new();
        let mut other_facts: HashSet<(OrgNumber, ContactId)> = HashSet::new();
        let organizations: HashSet<u32> = self
            .store()
            .scan_prefix(&[keys::ORGANIZATIONS])
            .filter_map(Result::ok)
            .filter_map(|(key, _)| key[1..].try_into().ok().map(u32::from_be_bytes))
            .collect();
        self.check_audit(organizations.iter().copied(), &mut report)?;
        self.check_custom_fields(&organizations, &mut report)?;
        self.check_records(&organizations, &mut report)?;
        let expected_facts = self.expected_facts(None)?;
        let mut merges = self.merge_links(&organizations)?;
        let outdated = self.organizations_with_outdated_numbers();
        let mut phones = self.phones_by_contact();
        let documents = self.open_documents();
        let (mut live, mut in_trash): (u64, u64) = (0, 0);
        for entry in self.store().scan_prefix(&[keys::CONTACTS]) {
            let (key, value) = entry?;
            report.contacts += 1;
            if report.contacts % 10_000 == 0 {
                progress(report.contacts);
            }
            let Some((org, id)) = keys::parse_contact(&key) else {
                report.add("store", format!("a contact has the key {key:?}"), RESTORE);
                continue;
            };
            let contact = match codec::decode::<Contact>(&value) {
                Ok(contact) => contact,
                Err(error) => {
                    report.add("store", format!("contact {id}: {error}"), RESTORE);
                    continue;
                }
            };
            if contact.id != id {
                report.add(
                    "store",
                    format!("contact {id} holds the record of {}", contact.id),
                    RESTORE,
                );
            }
            if !organizations.contains(&org.0) {
                report.add("store", format!("contact {id} belongs to no organisation"), RESTORE);
            }
            let facts = expected_facts.get(&(org, id)).cloned().unwrap_or_default();
            if !contact.facts.says_the_same(&facts.with_own_of(&contact.facts)) {
                other_facts.insert((org, id));
            }
            if !self.is_company_linked(org, &contact)? {
                other_facts.insert((org, id));
            }
            merges.see(org, &contact);
            live += u64::from(!contact.is_deleted());
            in_trash += u64::from(Space::of(org, &contact) == Some(Space::trash(org)));
            report.phones += contact.phones.len() as u64;
            if let Some(country) = outdated.get(&org.0) {
                report.note_numbers(&contact, country.as_deref());
            }
            let numbers = phones.remove(&contact.number.0);
            if self.trouble_of(org, &contact, numbers, &documents).is_some() {
                suspects.insert((org, id));
            }
        }
        self.check_facts(&other_facts, &mut report)?;
        self.check_consents(&mut report)?;
        self.check_merges(merges, &organizations, &mut report)?;
        self.wait_visible(self.applied_seq(), Duration::from_secs(60));
        report.documents = self.searcher().num_docs();
        let counts_agree = report.documents == live + in_trash
            && self.contact_count() == live
            && self.trash_count() == in_trash;
        if !counts_agree || !phones.is_empty() || !suspects.is_empty() {
            self.recheck(&suspects, &mut report)?;
        }
        Ok(report)
    }

    /// The default countries of the organisations whose numbers an older reader has read.
    fn organizations_with_outdated_numbers(&self) -> HashMap<u32, Option<String>> {
        self.store()
            .scan_prefix(&[keys::ORGANIZATIONS])
            .filter_map(Result::ok)
            .filter_map(|(_, value)| codec::decode::<Organization>(&value).ok())
            .filter(|organization| organization.numbers_read_by < phone::READER_VERSION)
            .map(|organization| (organization.number.0, organization.settings.default_country))
            .collect()
    }

    /// Verifies the definitions of custom fields: readable, under their own key, of an organisation
    /// that exists, and one for a key.
    fn check_custom_fields(
        &self,
        organizations: &HashSet<u32>,
        report: &mut CheckReport,
    ) -> Result<(), Error> {
        if self.troubles_of_custom_fields(organizations)?.is_empty() {
            return Ok(());
        }
        // One that is deleted and made again meanwhile could be there twice.
        let pause = self.pause_writes()?;
        for trouble in self.troubles_of_custom_fields(organizations)? {
            report.add("store", trouble, RESTORE);
        }
        drop(pause);
        Ok(())
    }

    fn troubles_of_custom_fields(
        &self,
        organizations: &HashSet<u32>,
    ) -> Result<Vec<String>, Error> {
        let mut troubles = Vec::new();
        let mut seen: HashSet<(OrgNumber, String)> = HashSet::new();
        for entry in self.store().scan_prefix(&[keys::FIELDS]) {
            let (key, value) = entry?;
            let one = match codec::decode::<FieldDefinition>(&value) {
                Ok(one) => one,
                Err(error) => {
                    troubles.push(format!("the custom field under {key:?}: {error}"));
                    continue;
                }
            };
            if *key != keys::field(one.organization, one.id) {
                troubles.push(format!("custom field {} stands under another key", one.id));
            }
            if !organizations.contains(&one.organization.0) {
                troubles.push(format!("custom field {} belongs to no organisation", one.id));
            }
            if !seen.insert((one.organization, fold(&one.key))) {
                troubles.push(format!("custom field {} has the key of another", one.id));
            }
        }
        Ok(troubles)
    }

    /// Looks at suspects again with the writer standing still.
    fn recheck(
        &self,
        suspects: &HashSet<(OrgNumber, ContactId)>,
        report: &mut CheckReport,
    ) -> Result<(), Error> {
        let pause = self.pause_writes()?;
        let seq: ChangeSeq = self.applied_seq();
        if !self.wait_visible(seq, Duration::from_secs(60)) {
            report.add("index", format!("does not reach change {seq}"), REINDEX);
        }
        let mut phones = self.phones_by_contact();
        let documents = self.open_documents();
        for (org, id) in suspects {
            let Some(bytes) = self.store().get(&keys::contact(*org, *id))? else { continue };
            let Ok(contact) = codec::decode::<Contact>(&bytes) else { continue };
            let numbers = phones.remove(&contact.number.0);
            if let Some((part, detail)) = self.trouble_of(*org, &contact, numbers, &documents) {
                report.add(part, detail, if part == "index" { REINDEX } else { RESTART });
            }
        }
        let (mut live, mut in_trash): (u64, u64) = (0, 0);
        for entry in self.store().scan_prefix(&[keys::CONTACTS]) {
            let (key, value) = entry?;
            let Some((org, _)) = keys::parse_contact(&key) else { continue };
            let Ok(contact) = codec::decode::<Contact>(&value) else { continue };
            phones.remove(&contact.number.0);
            live += u64::from(!contact.is_deleted());
            in_trash += u64::from(Space::of(org, &contact) == Some(Space::trash(org)));
        }
        if !phones.is_empty() {
            let detail = format!("contacts that do not exist have numbers: {}", phones.len());
            report.add("lookup", detail, RESTART);
        }
        let counted = self.contact_count();
        if counted != live {
            let detail = format!("contacts counted: {counted}, contacts there: {live}");
            report.add("lookup", detail, RESTART);
        }
        let counted = self.trash_count();
        if counted != in_trash {
            let detail = format!("contacts taken to be in the trash: {counted}, in it: {in_trash}");
            report.add("lookup", detail, RESTART);
        }
        let documents = self.searcher().num_docs();
        report.documents = documents;
        if documents != live + in_trash {
            report.add(
                "index",
                format!(
                    "documents in it: {documents}, contacts: {live}, and in the trash: {in_trash}"
                ),
                REINDEX,
            );
        }
        drop(pause);
        Ok(())
    }

    fn trouble_of(
        &self,
        org: OrgNumber,
        contact: &Contact,
        phones: Option<Vec<NumberKey>>,
        documents: &Result<FingerprintReader, String>,
    ) -> Option<(&'static str, String)> {
        let id = contact.id;
        let is_live = !contact.is_deleted();
        if directory_matches(self.table(), org, contact) != is_live {
            return Some(("lookup", format!("contact {id} is not in the directory as it should")));
        }
        let mut expected: Vec<NumberKey> = if is_live {
            contact.phones.iter().map(|p| NumberKey::from_digits(p.digits())).collect()
        } else {
            Vec::new()
        };
        expected.sort_unstable();
        let mut known = phones.unwrap_or_default();
        known.sort_unstable();
        if expected != known {
            return Some(("lookup", format!("the numbers of contact {id} differ from its record")));
        }
        let found = documents
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|documents| guarded(|| documents.find(contact.number)));
        let expected = || documents.as_ref().ok().map(|documents| documents.expected(org, contact));
        match found {
            Err(problem) => Some(("index", format!("contact {id}: {problem}"))),
            Ok(found) if found.len() != usize::from(Space::of(org, contact).is_some()) => {
                Some(("index", format!("contact {id} is there {} times", found.len())))
            }
            Ok(found) => {
                let expected = expected();
                found.iter().any(|found| Some(found) != expected.as_ref()).then(|| {
                    ("index", format!("the document of contact {id} is not that of its record"))
                })
            }
        }
    }

    fn open_documents(&self) -> Result<FingerprintReader, String> {
        let serving = self.serving().load();
        guarded(|| FingerprintReader::open(&serving.schema, &serving.reader.searcher()))
    }

    /// Compares the checksums of the index files, which are trusted at a start in the same boot.
    fn check_index_files(&self, report: &mut CheckReport) {
        let mut problem = String::new();
        let sealer = self.vault().map(|vault| vault.sealer(KeyPurpose::Index));
        // A merge may remove a file while it is being read: then the next look is at others.
        for _ in 0..3 {
            let current = Generations::new(&self.index_root()).ok().and_then(|all| all.current());
            let path = current.map(|current| current.path).unwrap_or_default();
            match damaged_files(self.searcher().index(), &path, sealer.as_ref()) {
                Ok(damaged) => {
                    for file in damaged {
                        report.add("index", format!("file {file} is damaged"), REINDEX);
                    }
                    return;
                }
                Err(error) => problem = error.to_string(),
            }
        }
        report.add("index", format!("the files cannot be read: {problem}"), REINDEX);
    }

    fn phones_by_contact(&self) -> HashMap<u32, Vec<NumberKey>> {
        let mut all: HashMap<u32, Vec<NumberKey>> = HashMap::new();
        self.table().for_each_phone(|_, number, key| all.entry(number.0).or_default().push(key));
        all
    }

    /// Lets the writer stand still until the guard is dropped.
    pub(super) fn pause_writes(&self) -> Result<crossbeam_channel::Sender<()>, Error> {
        let (resume, wait) = crossbeam_channel::bounded::<()>(0);
        let (reached, at_rest) = crossbeam_channel::bounded::<()>(1);
        let answer = self.submit(OrgNumber(0), "check", true, move |_| {
            let _ = reached.send(());
            let _ = wait.recv();
            Ok::<(), Rejected<std::convert::Infallible>>(())
        })?;
        drop(answer);
        at_rest.recv().map_err(|_closed| Error::Closed)?;
        Ok(resume)
    }
}

/// Reads the index; damaged files can make tantivy panic where it should refuse.
fn guarded<T>(read: impl FnOnce() -> Result<T, crate::index::Error>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_panic) => Err("the files cannot be read".to_owned()),
    }
}
