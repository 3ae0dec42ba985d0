//! With whom a conversation is: the contact that is called so on the channel, or a new one.

use serde_json::{Map, Value, json};

use super::super::App;
use super::super::error::Error;
use super::super::search::{Refresh, SearchRequest};
use crate::domain::access::{Caller, Permission};
use crate::domain::channel::number_on;
use crate::domain::ids::ContactId;
use crate::domain::record::{AnyKind, CONTACT, Record, Values};
use crate::engine::{Rejected, Tx};

/// The member of a new conversation that is not a field of it: how a contact is called that is made.
const NAME: &str = "name";

/// Whether a kind is that of conversations.
pub(super) fn is_conversation(kind: &dyn AnyKind) -> bool {
    kind.info().name == "conversation"
}

/// Refuses a conversation that a blocked contact begins, and notes what the contact is called on
/// the channel.
pub(super) fn note_correspondent(
    tx: &mut Tx<'_>,
    kind: &dyn AnyKind,
    record: &Record,
) -> Result<(), Rejected<Error>> {
    let text = |field: &str| record.values.get(field).and_then(Value::as_str);
    let Some(contact) = record.contact().filter(|_| is_conversation(kind)) else { return Ok(()) };
    let (org, contact) = (record.head.organization, ContactId(contact));
    let is_blocked = tx.contact(org, contact)?.is_some_and(|found| found.fields.status.blocked);
    if is_blocked && text("direction") == Some("in") {
        return Err(Rejected::By(Error::ContactBlocked));
    }
    if let (Some(channel), Some(identifier)) = (text("channel"), text("identifier")) {
        tx.note_channel(org, channel, identifier, contact)?;
    }
    Ok(())
}

/// Takes the name for a contact out of what is sent for a new conversation.
pub(super) fn take_name(kind: &dyn AnyKind, body: &Value) -> (Value, Option<String>) {
    let mut body = body.clone();
    let name =
        body.as_object_mut().filter(|_| is_conversation(kind)).and_then(|body| body.remove(NAME));
    (body, name.and_then(|name| name.as_str().map(str::to_owned)))
}

impl App {
    /// Finds the contact of a new conversation by what the person is called on the channel; makes
    /// one if nobody is called so.
    pub(super) fn find_correspondent(
        &self,
        caller: &Caller,
        values: &mut Values,
        name: Option<&str>,
    ) -> Result<(), Error> {
        if values.get(CONTACT).is_some_and(|contact| !contact.is_null()) {
            return Ok(());
        }
        let text = |field: &str| values.get(field).and_then(Value::as_str).map(str::to_owned);
        let Some((channel, identifier)) = text("channel").zip(text("identifier")) else {
            return Ok(());
        };
        let channel = channel.to_lowercase();
        let found = match self.contact_on_channel(caller, &channel, &identifier)? {
            Some(known) => Some(known),
            None => self.contact_called(caller, &channel, &identifier)?,
        };
        let contact = match found {
            Some(contact) => contact,
            None => self.new_correspondent(caller, &channel, &identifier, name)?,
        };
        values.insert(CONTACT.to_owned(), json!(contact));
        Ok(())
    }

    /// The contact that was met under an identifier on a channel.
    fn contact_on_channel(
        &self,
        caller: &Caller,
        channel: &str,
        identifier: &str,
    ) -> Result<Option<ContactId>, Error> {
        let known = self.partition.contact_on_channel(caller.organization, channel, identifier)?;
        known.map_or(Ok(None), |known| self.contact_that_stands_for(caller, known))
    }

    /// The contact with a number or an address.
    fn contact_called(
        &self,
        caller: &Caller,
        channel: &str,
        identifier: &str,
    ) -> Result<Option<ContactId>, Error> {
        let country = self.organization_of(caller)?.settings.default_country.clone();
        if let Some(number) = number_on(channel, identifier, country.as_deref()) {
            return self.contact_with(caller, &number);
        }
        if channel == "email" && identifier.contains('@') {
            let quoted = identifier.replace('"', "");
            let request = SearchRequest {
                query: format!("email:\"{quoted}\"").into(),
                per_page: Some(5),
                refresh: Refresh::Wait,
                ..SearchRequest::default()
            };
            let found = self.search_contacts(caller, &request)?;
            let is_same = |address: &str| address.eq_ignore_ascii_case(identifier);
            let found = found.contacts.iter().map(|(contact, _)| contact);
            let mut same =
                found.filter(|contact| contact.emails.iter().any(|email| is_same(&email.address)));
            return Ok(same.next().map(|contact| contact.id));
        }
        Ok(None)
    }

    fn new_correspondent(
        &self,
        caller: &Caller,
        channel: &str,
        identifier: &str,
        name: Option<&str>,
    ) -> Result<ContactId, Error> {
        super::super::authorize(caller, Permission::Create)?;
        let mut body = Map::new();
        if let Some(name) = name {
            body.insert(NAME.to_owned(), json!(name));
        }
        // The number of a channel becomes a phone by itself.
        if channel == "email" {
            body.insert("emails".to_owned(), json!([{"address": identifier}]));
        } else {
            let known = json!([{"channel": channel, "identifier": identifier}]);
            body.insert("channels".to_owned(), known);
        }
        body.insert("first_channel".to_owned(), json!(channel));
        body.insert("source".to_owned(), json!("conversation"));
        // What does not fit does not fit as an identifier.
        let made = self.create_contact(caller, &Value::Object(body), None);
        let made = made.map_err(|error| {
            let Error::Invalid(issues) = error else { return error };
            let details: Vec<&str> = issues.iter().map(|one| one.detail.as_str()).collect();
            Error::invalid("/identifier", "identifier", details.join("; "))
        })?;
        Ok(made.contact.id)
    }
}
