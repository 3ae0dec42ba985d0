//! What contacts are called on channels, so that who writes is known in the next moment.

use uuid::Uuid;

use super::error::Error;
use super::partition::Partition;
use super::pseudonyms::{Secret, pseudonym};
use super::tx::Tx;
use crate::domain::contact::{ChannelId, Contact};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::text::fold;
use crate::store::keys;

/// What identifiers on channels are hashed as, beside the kinds of records.
const CHANNELS: u8 = 201;

fn key_of(org: OrgNumber, secret: &Secret, channel: &str, identifier: &str) -> [u8; 21] {
    let name = format!("{}\0{}", fold(channel), fold(identifier.trim()));
    keys::on_channel(org, pseudonym(secret, CHANNELS, name.as_bytes()))
}

impl Tx<'_> {
    /// Notes that a contact is called so on a channel.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn note_channel(
        &mut self,
        org: OrgNumber,
        channel: &str,
        identifier: &str,
        contact: ContactId,
    ) -> Result<(), Error> {
        let secret = self.secret(org)?;
        let key = key_of(org, &secret, channel, identifier);
        if self.get(&key)?.as_deref() != Some(contact.0.as_bytes().as_slice()) {
            self.put(&key, contact.0.as_bytes().to_vec());
        }
        Ok(())
    }

    /// Notes what a contact is called on channels now, and no longer.
    pub(super) fn follow_channels(
        &mut self,
        org: OrgNumber,
        before: Option<&Contact>,
        after: Option<&Contact>,
    ) -> Result<(), Error> {
        let channels = |contact: Option<&Contact>| -> Vec<ChannelId> {
            // Who is deleted is called nothing; who comes back is called so again.
            let live = contact.filter(|contact| !contact.is_deleted());
            live.map(|contact| contact.channels.clone()).unwrap_or_default()
        };
        let (was, is) = (channels(before), channels(after));
        if was == is {
            return Ok(());
        }
        let Some(id) = after.or(before).map(|contact| contact.id) else { return Ok(()) };
        let secret = self.secret(org)?;
        for gone in was.iter().filter(|one| !is.contains(one)) {
            let key = key_of(org, &secret, &gone.channel, &gone.identifier);
            if self.get(&key)?.as_deref() == Some(id.0.as_bytes().as_slice()) {
                self.delete(&key);
            }
        }
        for new in is.iter().filter(|one| !was.contains(one)) {
            self.note_channel(org, &new.channel, &new.identifier, id)?;
        }
        Ok(())
    }
}

impl Partition {
    /// The contact that was last called so on a channel; it may be gone since.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn contact_on_channel(
        &self,
        org: OrgNumber,
        channel: &str,
        identifier: &str,
    ) -> Result<Option<Uuid>, Error> {
        let Some(secret) = self.known_secret(org)? else { return Ok(None) };
        let found = self.get(&key_of(org, &secret, channel, identifier))?;
        Ok(found.and_then(|id| Uuid::from_slice(&id).ok()))
    }
}
