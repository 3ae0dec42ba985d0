//! A report over the contacts of an organisation.

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;

use super::super::error::Error;
use super::super::query::Query;
use super::super::{App, Cancel, authorize};
use super::decision::places_of;
use super::report::{DuplicateReport, ReportOptions};
use super::subject::{Card, Ids, Subjects};
use crate::dedupe::Record;
use crate::domain::access::{Caller, FieldRight, FieldRights, Permission};
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;

impl App {
    /// Finds the duplicates among all contacts that the caller sees; `progress` is called with the
    /// number of contacts read. Fields that the caller does not see in full are not compared.
    ///
    /// Memory: some 350 bytes a contact, its id, 16 bytes a compared pair, and for pages what they
    /// show of it. Cost: a scan of the contacts, then some five to nine comparisons of about 1 us
    /// each a contact, on all cores.
    ///
    /// # Errors
    /// If the caller may not export contacts, or they cannot be read.
    pub fn report_duplicates(
        &self,
        caller: &Caller,
        options: &ReportOptions,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64),
    ) -> Result<DuplicateReport, Error> {
        authorize(caller, Permission::Export)?;
        if self.organization_of(caller)?.settings.audit_reads {
            self.note_export(caller, &Query::default(), &["duplicates".to_owned()])?;
        }
        let (tools, wanted) = self.duplicate_tools(caller.organization)?;
        let (mut ids, mut numbers): (Vec<ContactId>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut subjects = Subjects::new(Ids::Contacts(Vec::new()), options.has_cards);
        self.partition.for_each_contact(caller.organization, cancel, |batch| {
            let read: Vec<(ContactId, u32, Record, Option<Card>)> = batch
                .into_par_iter()
                .filter(|contact| caller.sees(contact))
                .map(|contact| {
                    let shown = caller.shown(Arc::new(contact));
                    let record = Record::of(&comparable(&shown, &caller.fields), &tools.standard);
                    let card = options.has_cards.then(|| Card::of(&shown));
                    (shown.id, shown.number.0, record, card)
                })
                .collect();
            for (id, number, record, card) in read {
                ids.push(id);
                numbers.push(number);
                subjects.push(record, card);
            }
            progress(ids.len() as u64);
            true
        })?;
        let apart = places_of(&self.decided_numbers(caller.organization)?.apart, &numbers);
        subjects.ids = Ids::Contacts(ids);
        DuplicateReport::make(subjects, Arc::clone(&tools.model), &wanted, &apart, options)
    }
}

/// A contact without masked values: two masks that are equal say nothing.
pub(super) fn comparable<'a>(shown: &'a Contact, rights: &FieldRights) -> Cow<'a, Contact> {
    if rights.phones == FieldRight::Full && rights.emails == FieldRight::Full {
        return Cow::Borrowed(shown);
    }
    let mut contact = shown.clone();
    if contact.is_named_by_channel() {
        contact.display_name.clear();
    }
    if rights.phones != FieldRight::Full {
        contact.phones.clear();
    }
    if rights.emails != FieldRight::Full {
        contact.emails.clear();
    }
    Cow::Owned(contact)
}
