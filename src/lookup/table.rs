//! The rules by which a number matches: exact, national, numbering plan, common ending, block of a
//! switchboard, internal extension.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::blocks::Blocks;
use super::directory::Directory;
use super::levels::{Entry, Levels};
use crate::domain::access::Sight;
use crate::domain::contact::Contact;
use crate::domain::email;
use crate::domain::ids::{ContactNumber, OrgNumber};
use crate::domain::number_key::{MAX_DIGITS, NumberKey};
use crate::domain::phone::{NumberQuery, Phone, same_calling_code, same_line};
use crate::domain::text::fold;

/// The shortest common ending that counts, in digits.
pub(super) const MIN_SUFFIX: usize = 7;
/// Numbers up to this many digits are internal extensions.
pub(super) const MAX_EXTENSION: usize = 6;

/// Why a number matched, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The same E.164 number, or the same digits where neither has a country code.
    Exact,
    /// The same national number, one of them without a country code.
    National,
    /// The same line under an older or newer numbering plan.
    Renumbered,
    /// A common ending of at least seven digits.
    Suffix,
    /// Probably behind the same switchboard: a common beginning.
    Block,
    /// The same internal extension.
    Extension,
}

impl Rule {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            // For who reads the answer it is the same national number.
            Self::National | Self::Renumbered => "national",
            Self::Suffix => "suffix",
            Self::Block => "block",
            Self::Extension => "extension",
        }
    }

    /// Whether it is one line for certain, so that the match can identify a contact.
    pub fn is_same_line(self) -> bool {
        match self {
            Self::Exact | Self::National | Self::Renumbered | Self::Extension => true,
            Self::Suffix | Self::Block => false,
        }
    }
}

/// A contact whose number matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The contact.
    pub number: ContactNumber,
    /// Why it matched.
    pub rule: Rule,
    /// How many digits are the same at the end; for [`Rule::Block`], at the beginning.
    pub common_digits: usize,
    /// Which of the contact's phones matched, counted from 0; at most 255.
    pub slot: usize,
    /// The initials of the contact.
    pub initials: Initials,
}

/// One byte each for the first letters of first and last name, zero where there is none: enough
/// to tell most people of one household or switchboard from each other without their records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Initials {
    /// Of the first name.
    pub first: u8,
    /// Of the last name.
    pub last: u8,
}

impl Initials {
    /// The initials of two folded names.
    pub fn of(first: &str, last: &str) -> Self {
        Self { first: initial(first), last: initial(last) }
    }

    /// Whether these cannot belong to one person, whatever the rest of the names is.
    pub fn differ(self, other: Self) -> bool {
        let is_swapped = self.first == other.last && self.last == other.first;
        self.first != 0 && other.first != 0 && self.first != other.first && !is_swapped
    }

    fn from_tag(tag: u32) -> Self {
        Self { first: (tag >> 14 & 0xff) as u8, last: (tag >> 22 & 0xff) as u8 }
    }

    fn tag(self) -> u32 {
        u32::from(self.first) << 14 | u32::from(self.last) << 22
    }
}

fn initial(folded: &str) -> u8 {
    folded.chars().next().map_or(0, |c| u8::try_from(u32::from(c) % 255 + 1).unwrap_or(1))
}

/// All contacts of one lookup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The contacts, best rule first, each contact once; at most a thousand.
    pub candidates: Vec<Candidate>,
    /// How many contacts there are in all.
    pub total: usize,
}

/// Most candidates that one lookup gives back; switchboard numbers can have many thousands.
pub(super) const MAX_CANDIDATES: usize = 1_000;

/// What else than a number identifies a contact, for imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityKind {
    /// E-mail address.
    Email,
    /// Identifier in another system.
    ExternalId,
}

/// One contact before and after a change; `None` where it does not exist or is deleted.
#[derive(Clone, Copy, Debug)]
pub struct TableChange<'a> {
    /// The organisation.
    pub org: OrgNumber,
    /// The contact before.
    pub before: Option<&'a Contact>,
    /// The contact after.
    pub after: Option<&'a Contact>,
}

/// The lookup table of a partition.
#[derive(Default)]
pub struct Table {
    phones: Levels,
    blocks: Blocks,
    identities: Levels,
    directory: Directory,
}

impl Table {
    /// Contact number to id.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Phone numbers held.
    pub fn phone_count(&self) -> usize {
        self.phones.len()
    }

    /// Bytes that the table takes, roughly.
    pub fn memory_bytes(&self) -> usize {
        (self.phones.len() + self.blocks.len() + self.identities.len()) * size_of::<Entry>()
    }

    /// Replaces the entries; the directory is filled by its own calls before.
    pub fn fill(&self, phones: Vec<Entry>, identities: Vec<Entry>) {
        self.blocks.fill(&phones, is_e164);
        self.phones.fill(phones);
        self.identities.fill(identities);
    }

    /// Takes over changes of contacts. Only one thread may.
    pub fn apply(&self, changes: &[TableChange<'_>]) {
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        let (mut ids_removed, mut ids_added) = (Vec::new(), Vec::new());
        for change in changes {
            let (mut before_phones, mut after_phones) = (Vec::new(), Vec::new());
            if let Some(before) = change.before {
                phone_entries(change.org, before, &mut before_phones);
            }
            if let Some(after) = change.after {
                phone_entries(change.org, after, &mut after_phones);
            }
            if before_phones != after_phones {
                removed.append(&mut before_phones);
                added.append(&mut after_phones);
            }
            let (mut before_ids, mut after_ids) = (Vec::new(), Vec::new());
            if let Some(before) = change.before {
                identity_entries(change.org, before, &mut before_ids);
            }
            if let Some(after) = change.after {
                identity_entries(change.org, after, &mut after_ids);
            }
            if before_ids != after_ids {
                ids_removed.append(&mut before_ids);
                ids_added.append(&mut after_ids);
            }
        }
        self.blocks.apply(&removed, &added, is_e164);
        self.phones.apply(&removed, &added);
        self.identities.apply(&ids_removed, &ids_added);
    }

    /// Finds the contacts of a number.
    ///
    /// Exact and national matches come together; endings only where neither is found. Contacts
    /// that are not seen are as if they were not there: they neither count nor keep endings away.
    /// Cost: one binary search in each of a handful of arrays, plus the entries that share the
    /// last seven digits.
    pub fn find(&self, org: OrgNumber, query: &NumberQuery, sight: &Sight) -> Matches {
        let mut found: Vec<Candidate> = Vec::new();
        if query.key.is_empty() {
            return Matches::default();
        }
        let is_short = query.digits.len() <= MAX_EXTENSION;
        let (from, to) =
            if is_short { (query.key, query.key) } else { query.key.suffix_range(MIN_SUFFIX) };
        self.phones.snapshot().range(org.0, from.0, to.0, |entry| {
            let rule = if is_short { Some(Rule::Extension) } else { matching_rule(query, entry) };
            if let Some(rule) = rule {
                let common = query.key.common_suffix(NumberKey(entry.key));
                found.push(candidate(entry, rule, common));
            }
            true
        });
        let is_better = |found: &[Candidate]| found.iter().any(|c| c.rule < Rule::Suffix);
        let mut found = self.seen(found, sight);
        if is_better(&found) {
            found.retain(|c| c.rule < Rule::Suffix);
        }
        ranked(found)
    }

    /// Finds whose number shares all but the last `desk` digits with one that nobody has: they may
    /// be behind the same switchboard. Whether they are one company only their records say.
    ///
    /// Cost: as [`Table::find`].
    pub fn find_block(
        &self,
        org: OrgNumber,
        query: &NumberQuery,
        sight: &Sight,
        desk: usize,
    ) -> Matches {
        let Some(e164) = &query.e164 else { return Matches::default() };
        let digits = &e164[1..];
        let mut found = Vec::new();
        self.blocks.neighbours(org, digits, desk, |entry| {
            found.push(candidate(entry, Rule::Block, digits.len().saturating_sub(desk)));
            found.len() < MAX_CANDIDATES
        });
        ranked(self.seen(found, sight))
    }

    /// The candidates that are seen, by contact and the best of its numbers first.
    fn seen(&self, mut found: Vec<Candidate>, sight: &Sight) -> Vec<Candidate> {
        // In order of their numbers, so that the directory is read from front to back.
        found.sort_unstable_by_key(|c| (c.number, c.rule, usize::MAX - c.common_digits, c.slot));
        if *sight != Sight::Everything {
            let mut seer = self.directory.seer(sight);
            found.retain(|candidate| seer.sees(candidate.number));
        }
        found
    }

    /// Contacts that may have this identity; the caller must compare with the record, since
    /// only a hash is kept here.
    pub fn find_identity(
        &self,
        org: OrgNumber,
        kind: IdentityKind,
        value: &str,
    ) -> Vec<(ContactNumber, Initials)> {
        let key = identity_key(kind, value);
        let mut found = Vec::new();
        self.identities.snapshot().range(org.0, key, key, |entry| {
            found.push((ContactNumber(entry.number), Initials::from_tag(entry.tag)));
            found.len() < MAX_CANDIDATES
        });
        found.sort_unstable();
        found
    }

    /// Calls a function with the contact and the number key of every phone entry of an
    /// organisation, and whether the number has its country code.
    pub fn for_each_phone_of(
        &self,
        org: OrgNumber,
        mut each: impl FnMut(ContactNumber, NumberKey, bool),
    ) {
        self.phones.snapshot().range(org.0, 0, u64::MAX, |entry| {
            each(ContactNumber(entry.number), NumberKey(entry.key), is_e164(&entry));
            true
        });
    }

    /// Calls a function with organisation, contact and number key of every phone entry.
    pub fn for_each_phone(&self, mut each: impl FnMut(OrgNumber, ContactNumber, NumberKey)) {
        self.phones.snapshot().for_each(|entry| {
            each(OrgNumber(entry.org), ContactNumber(entry.number), NumberKey(entry.key));
        });
    }
}

fn candidate(entry: Entry, rule: Rule, common_digits: usize) -> Candidate {
    Candidate {
        number: ContactNumber(entry.number),
        rule,
        common_digits,
        slot: (entry.tag & 0xff) as usize,
        initials: Initials::from_tag(entry.tag),
    }
}

/// Best first, each contact once; newer contacts first among equals.
fn ranked(mut found: Vec<Candidate>) -> Matches {
    found.dedup_by_key(|c| c.number);
    found.sort_by_key(|c| (c.rule, usize::MAX - c.common_digits, u32::MAX - c.number.0));
    let total = found.len();
    found.truncate(MAX_CANDIDATES);
    Matches { candidates: found, total }
}

fn is_e164(entry: &Entry) -> bool {
    entry.tag & E164 != 0
}

fn matching_rule(query: &NumberQuery, entry: Entry) -> Option<Rule> {
    let key = NumberKey(entry.key);
    let is_e164 = is_e164(&entry);
    let national_len = (entry.tag >> 8 & 0x1f) as usize;
    let common = query.key.common_suffix(key);
    if common < MIN_SUFFIX {
        return None;
    }
    let query_is_e164 = query.e164.is_some();
    if key == query.key && is_e164 == query_is_e164 {
        return Some(Rule::Exact);
    }
    if common >= national_len && national_len == query.national_len {
        // Two different country codes that both were stated are two different lines.
        let codes_differ = is_e164 && query_is_e164;
        if !codes_differ {
            return Some(Rule::National);
        }
        return (!query.is_international).then_some(Rule::National);
    }
    let covers_one = common == query.key.len()
        || common == key.len()
        || !(is_e164 && query.is_international)
            && (common >= national_len || common >= query.national_len)
        || common >= MAX_DIGITS;
    if let Some(e164) = query.e164.as_deref().filter(|_| is_e164) {
        let (digits, other) = (&e164[1..], key.digits());
        if same_line(digits, &other).is_some() {
            return Some(Rule::Renumbered);
        }
        // Numbers of one country that are as long as each other are two lines.
        if national_len != query.national_len && same_calling_code(digits, &other) {
            return Some(Rule::Suffix);
        }
    }
    covers_one.then_some(Rule::Suffix)
}

const E164: u32 = 1 << 13;

/// Appends the entries of a contact's phones.
pub(crate) fn phone_entries(org: OrgNumber, contact: &Contact, out: &mut Vec<Entry>) {
    let initials = initials_of(contact);
    for (slot, phone) in contact.phones.iter().enumerate() {
        out.push(phone_entry(org, contact.number, slot, phone, initials));
    }
}

fn initials_of(contact: &Contact) -> Initials {
    let folded = |name: &Option<String>| name.as_deref().map(fold).unwrap_or_default();
    Initials::of(&folded(&contact.first_name), &folded(&contact.last_name))
}

fn phone_entry(
    org: OrgNumber,
    number: ContactNumber,
    slot: usize,
    phone: &Phone,
    initials: Initials,
) -> Entry {
    let slot = u32::try_from(slot.min(255)).unwrap_or(255);
    let national = u32::try_from(phone.national_len().min(31)).unwrap_or(31);
    let e164 = if phone.is_e164() { E164 } else { 0 };
    Entry {
        org: org.0,
        key: NumberKey::from_digits(phone.digits()).0,
        number: number.0,
        tag: slot | national << 8 | e164 | initials.tag(),
    }
}

/// Appends the entries of what else identifies a contact.
pub(crate) fn identity_entries(org: OrgNumber, contact: &Contact, out: &mut Vec<Entry>) {
    let tag = initials_of(contact).tag();
    let entry = |kind, value: &str| Entry {
        org: org.0,
        key: identity_key(kind, value),
        number: contact.number.0,
        tag,
    };
    for address in &contact.emails {
        out.push(entry(IdentityKind::Email, &address.address));
    }
    let merged = contact.merged_external_ids.iter().map(|external| &external.id);
    for id in contact.external_crm_id.iter().chain(merged) {
        out.push(entry(IdentityKind::ExternalId, id));
    }
}

fn identity_key(kind: IdentityKind, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    kind.hash(&mut hasher);
    email::key(value).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
