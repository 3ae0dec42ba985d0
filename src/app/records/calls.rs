//! Whose a call is: the contact that has its number, now or later.

use serde_json::{Value, json};

use super::super::App;
use super::super::error::Error;
use crate::domain::access::{Caller, FieldRight};
use crate::domain::ids::ContactId;
use crate::domain::phone::parse_query;
use crate::domain::record::{AnyKind, CONTACT, Record, Values};

const E164: &str = "e164";
const INTERNAL: &str = "internal_number";
/// Fewer digits than these are nobody's number.
const LEAST_INTERNAL: usize = 2;

impl App {
    /// Puts in what follows from what is said of a record: the number of a call in E.164, or its
    /// digits where it has no such form, and the contact that has it.
    pub(super) fn complete_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        is_to_find: bool,
        values: &mut Values,
    ) -> Result<(), Error> {
        if kind.info().name != "call" {
            return Ok(());
        }
        let known = [E164, INTERNAL].map(|name| values.get(name).cloned().unwrap_or_default());
        let number = values.get("number").and_then(Value::as_str).map(str::to_owned);
        let country = self.organization_of(caller)?.settings.default_country.clone();
        let query = number.map(|number| parse_query(&number, country.as_deref()));
        let digits = query.as_ref().map(|query| query.digits.clone());
        let e164 = query.and_then(|query| query.e164);
        let digits = digits.filter(|digits| e164.is_none() && digits.len() >= LEAST_INTERNAL);
        let is_new = [json!(e164), json!(digits)] != known;
        values.insert(E164.to_owned(), json!(e164));
        values.insert(INTERNAL.to_owned(), json!(digits));
        if is_new
            && is_to_find
            && values.get(CONTACT).is_none_or(Value::is_null)
            && let Some(number) = e164.or(digits)
            && let Some(contact) = self.contact_with(caller, &number)?
        {
            values.insert(CONTACT.to_owned(), json!(contact));
        }
        Ok(())
    }

    /// The contact that the caller sees and that has a number, in E.164 or as digits, the one that
    /// was spoken to last if there are several.
    pub(super) fn contact_with(
        &self,
        caller: &Caller,
        number: &str,
    ) -> Result<Option<ContactId>, Error> {
        if caller.fields.phones != FieldRight::Full {
            self.count_guesses(caller, 1)?;
        }
        let found = self.lookup_in(caller, number, None, Some(1))?;
        let best = found.results.into_iter().find(|result| result.rule.is_same_line());
        Ok(best.map(|result| result.contact.id))
    }

    /// A record that has just been written without a contact: somebody may have saved its number
    /// in the same moment, and neither seen the other.
    pub(super) fn find_caller_now(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        written: Record,
    ) -> Result<Record, Error> {
        let number = kind.number_of_caller(&written.values).filter(|_| written.contact().is_none());
        let Some(number) = number else { return Ok(written) };
        let Some(contact) = self.contact_with(caller, &number)? else { return Ok(written) };
        let org = caller.organization;
        let (id, number) = (written.head.id, kind.info().number);
        let linked = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let Some(before) = tx.record(org, number, id)? else { return Ok(None) };
            let is_there = tx.contact(org, contact)?.is_some_and(|found| !found.is_deleted());
            if before.contact().is_some() || !is_there {
                return Ok(Some(before));
            }
            let mut after = before.clone();
            after.values.insert(CONTACT.to_owned(), json!(contact));
            after.head.version += 1;
            tx.put_record(kind, Some(&before), &after)?;
            Ok(Some(after))
        })?;
        Ok(linked.value.unwrap_or(written))
    }
}
