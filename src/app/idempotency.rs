//! Requests that may be sent again without being done again: what was answered is kept for a day.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::App;
use super::error::Error;
use crate::domain::access::Caller;
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, Tx};
use crate::engine::{codec, keys};

/// Answers are kept for repeated requests this long.
const KEEP_MS: i64 = 24 * 3_600_000;

/// The key under which a client may repeat a request without doing it twice.
#[derive(Clone, Copy, Debug)]
pub struct Idempotency {
    /// Hash of caller, path and key.
    pub key: [u8; 32],
    /// Hash of the body.
    pub fingerprint: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct StoredAnswer<T> {
    fingerprint: [u8; 32],
    // The name of the first version of this record, which only knew single contacts.
    #[serde(rename = "contact")]
    answer: T,
    at: Timestamp,
}

impl Idempotency {
    /// What was kept of the answer to the same request, if that was lately.
    pub(super) fn kept<T: DeserializeOwned>(
        self,
        tx: &Tx<'_>,
        org: OrgNumber,
        now: Timestamp,
    ) -> Result<Option<T>, Rejected<Error>> {
        let Some(bytes) = tx.get(&keys::idempotency(org, &self.key))? else { return Ok(None) };
        self.read(&bytes, now).map_err(Rejected::By)
    }

    fn read<T: DeserializeOwned>(self, bytes: &[u8], now: Timestamp) -> Result<Option<T>, Error> {
        let kept: StoredAnswer<T> = codec::decode(bytes).map_err(EngineError::from)?;
        if kept.at.plus_ms(KEEP_MS) < now {
            return Ok(None);
        }
        if kept.fingerprint != self.fingerprint {
            return Err(Error::IdempotencyMismatch);
        }
        Ok(Some(kept.answer))
    }

    /// Keeps an answer.
    pub(super) fn keep<T: Serialize>(
        self,
        tx: &mut Tx<'_>,
        org: OrgNumber,
        now: Timestamp,
        answer: T,
    ) -> Result<(), Rejected<Error>> {
        let kept = StoredAnswer { fingerprint: self.fingerprint, answer, at: now };
        let bytes = codec::encode(&kept).map_err(EngineError::from)?;
        tx.put(&keys::idempotency(org, &self.key), bytes);
        Ok(())
    }
}

impl App {
    /// Whether a request has been answered before, so that its own effects do not stand in its
    /// way; the write decides what is answered now.
    pub(super) fn is_repeated(
        &self,
        org: OrgNumber,
        idempotency: Option<Idempotency>,
    ) -> Result<bool, Error> {
        let Some(idempotency) = idempotency else { return Ok(false) };
        let Some(bytes) = self.partition.get(&keys::idempotency(org, &idempotency.key))? else {
            return Ok(false);
        };
        let kept: StoredAnswer<IgnoredAny> = codec::decode(&bytes).map_err(EngineError::from)?;
        Ok(kept.at.plus_ms(KEEP_MS) >= self.partition.now())
    }

    /// What was kept of the answer to the same request, for what is done in several writes: each
    /// of them must be one that does nothing when it is done again.
    ///
    /// # Errors
    /// If the key was used for another request, or it cannot be read.
    pub fn answered<T: DeserializeOwned>(
        &self,
        org: OrgNumber,
        idempotency: Option<Idempotency>,
    ) -> Result<Option<T>, Error> {
        let Some(idempotency) = idempotency else { return Ok(None) };
        match self.partition.get(&keys::idempotency(org, &idempotency.key))? {
            Some(bytes) => idempotency.read(&bytes, self.partition.now()),
            None => Ok(None),
        }
    }

    /// Forgets what was kept of a request that could not be done after all.
    pub(super) fn forget_answer(&self, caller: &Caller, idempotency: Option<Idempotency>) {
        let Some(Idempotency { key, .. }) = idempotency else { return };
        let org = caller.organization;
        let forgotten = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            tx.delete(&keys::idempotency(org, &key));
            Ok(())
        });
        if let Err(error) = forgotten.map_err(Error::from) {
            tracing::warn!("a request that was not done cannot be forgotten: {error}");
        }
    }

    /// Keeps the answer to what was done in several writes, behind the last of them.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep_answer<T: Serialize + Clone + Send + 'static>(
        &self,
        caller: &Caller,
        idempotency: Option<Idempotency>,
        answer: &T,
    ) -> Result<(), Error> {
        let Some(idempotency) = idempotency else { return Ok(()) };
        let (org, now, answer) = (caller.organization, self.partition.now(), answer.clone());
        self.partition.write::<_, Error>(org, caller, false, move |tx| {
            idempotency.keep(tx, org, now, answer.clone())
        })?;
        Ok(())
    }
}
