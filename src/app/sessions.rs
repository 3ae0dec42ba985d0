//! Signing in with a password, and the sessions that come of it.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::access::{read_all, secret_hash};
use super::error::{Error, Noun};
use super::secret::{hex, random_token};
use super::{App, passwords};
use crate::domain::access::{Caller, User};
use crate::domain::audit::AuditAction;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::{
    Applied, Error as EngineError, Origin, Projection, Rejected, Stored, codec, keys,
};

/// How long a session lasts: a shift.
const SESSION_MS: i64 = 12 * 3_600_000;
/// Failed attempts for one address of a person before it is locked.
const MOST_FAILURES: u32 = 5;
/// The same from all addresses together.
const MOST_FAILURES_ANYWHERE: u32 = 50;
/// How long it is locked, and how long failures are remembered.
const LOCK_MS: i64 = 15 * 60_000;
/// Names whose failures are remembered; those that end first are forgotten first.
const MOST_REMEMBERED: usize = 100_000;

/// What is kept of a session; its secret is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SessionRecord {
    user: Uuid,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// A session that has just begun.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The secret, for the cookie.
    pub secret: String,
    /// What the page sends back with every request that changes something.
    pub csrf: String,
    /// Who signed in.
    pub user: Uuid,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A session that a request belongs to.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who signed in.
    pub caller: Caller,
    /// What the page sends back with every request that changes something.
    pub csrf: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

#[derive(Default)]
struct Failures {
    count: u32,
    until: Timestamp,
}

/// The sessions by the hashes of their secrets, and who failed to sign in lately.
#[derive(Default)]
pub(super) struct Sessions {
    live: RwLock<HashMap<[u8; 32], SessionRecord>>,
    /// By the hash of the folded name: names can be long, and are not ours.
    failures: Mutex<HashMap<[u8; 32], Failures>>,
    /// Held while a session begins and while those of a user end, so that none slips between.
    changing: Mutex<()>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Projection for Sessions {
    fn follow(&self, _stored: Stored<'_>, applied: &Applied<'_>) -> Result<(), EngineError> {
        if !applied.touches(&[keys::SESSIONS]) {
            return Ok(());
        }
        let mut live = self.live.write();
        for (key, value) in applied.changes(keys::SESSIONS) {
            let Ok(hash) = <[u8; 32]>::try_from(&key[1..]) else { continue };
            match value {
                Some(value) => live.insert(hash, codec::decode(value)?),
                None => live.remove(&hash),
            };
        }
        Ok(())
    }
}

impl Sessions {
    /// Reads all sessions.
    pub(super) fn read(&self, stored: Stored<'_>) -> Result<(), EngineError> {
        let mut live = self.live.write();
        for (key, record) in read_all::<SessionRecord>(stored, &[keys::SESSIONS])? {
            if let Ok(hash) = <[u8; 32]>::try_from(&key[1..]) {
                live.insert(hash, record);
            }
        }
        Ok(())
    }

    /// Counts an attempt that is about to be made, so that many at once do not slip through.
    ///
    /// Counted by name and address, so that nobody locks others out by failing in their name, and
    /// more patiently by name alone, against many addresses.
    fn attempt(&self, name: &str, address: Option<IpAddr>, now: Timestamp) -> Result<(), Error> {
        self.attempt_by(secret_hash(&by_address(name, address)), MOST_FAILURES, now)?;
        self.attempt_by(secret_hash(name), MOST_FAILURES_ANYWHERE, now)
    }

    fn attempt_by(&self, name: [u8; 32], most: u32, now: Timestamp) -> Result<(), Error> {
        let mut failures = self.failures.lock();
        if failures.len() >= MOST_REMEMBERED && !failures.contains_key(&name) {
            failures.retain(|_, failure| failure.until > now);
            // Whoever fills the table must not lock everybody out by that.
            let first = failures.iter().min_by_key(|(_, failure)| failure.until);
            if let Some(first) = first.map(|(name, _)| *name)
                && failures.len() >= MOST_REMEMBERED
            {
                failures.remove(&first);
            }
        }
        let failure = failures.entry(name).or_default();
        if failure.until <= now {
            failure.count = 0;
        }
        if failure.count >= most {
            let ms = u64::try_from(failure.until.0 - now.0).unwrap_or(0);
            return Err(Error::SignInLocked { seconds: ms.div_ceil(1_000).max(1) });
        }
        failure.count += 1;
        failure.until = now.plus_ms(LOCK_MS);
        Ok(())
    }

    fn forget_failures(&self, name: &str, address: Option<IpAddr>) {
        let mut failures = self.failures.lock();
        failures.remove(&secret_hash(name));
        failures.remove(&secret_hash(&by_address(name, address)));
    }
}

fn by_address(name: &str, address: Option<IpAddr>) -> String {
    let address = address.map(|address| address.to_string()).unwrap_or_default();
    format!("{name}\0{address}")
}

/// What a page must send back: made of the secret, so that it needs no keeping.
fn csrf_of(secret: &str) -> String {
    hex(&blake3::derive_key("ringdex 2026 csrf token", secret.as_bytes())[..16])
}

fn origin_of(user: &User, address: Option<IpAddr>) -> Origin {
    Origin { actor: format!("user:{}", user.id).into(), address }
}

impl App {
    /// Signs somebody in. Takes tens of milliseconds of one core, whoever it is.
    ///
    /// # Errors
    /// If address or password is wrong, the user is disabled, or there were too many attempts;
    /// nothing says which of the first two.
    pub fn sign_in(
        &self,
        email: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<NewSession, Error> {
        let name = fold(email.trim());
        self.sessions.attempt(&name, address, self.partition.now())?;
        let user = self.access().user_by_email(email);
        let kept = user.as_ref().and_then(|user| user.password.as_deref());
        let is_right = passwords::verify(password, kept);
        match user {
            Some(user) if is_right && !user.disabled => {
                self.sessions.forget_failures(&name, address);
                self.begin_session(&user, address)
            }
            Some(user) => {
                // Not waited for: how long a refusal takes would tell that the user exists.
                let origin = origin_of(&user, address);
                let noted = self.partition.begin_write::<(), Error>(
                    user.organization,
                    origin,
                    false,
                    move |tx| {
                        tx.note(AuditAction::SignInRefused, user.id, Vec::new());
                        Ok(())
                    },
                );
                drop(noted);
                Err(Error::SignInRefused)
            }
            None => Err(Error::SignInRefused),
        }
    }

    /// Begins a session of a user who has proved who they are.
    ///
    /// # Errors
    /// If the user is disabled or gone, or the password is another one by now.
    pub fn begin_session(&self, user: &User, address: Option<IpAddr>) -> Result<NewSession, Error> {
        if user.disabled {
            return Err(Error::SignInRefused);
        }
        let secret = random_token("rds");
        let hash = secret_hash(&secret);
        let now = self.partition.now();
        let record =
            SessionRecord { user: user.id, created_at: now, expires_at: now.plus_ms(SESSION_MS) };
        let encoded = codec::encode(&record).map_err(EngineError::from)?;
        let ended: Vec<[u8; 32]> = {
            let live = self.sessions.live.read();
            live.iter().filter(|(_, s)| s.expires_at <= now).map(|(hash, _)| *hash).collect()
        };
        let gone = ended;
        let (id, proved) = (user.id, user.password.clone());
        let key = keys::user(user.organization, user.id);
        let origin = origin_of(user, address);
        let _one_at_a_time = self.sessions.changing.lock();
        self.partition.write::<(), Error>(user.organization, origin, false, move |tx| {
            let bytes = tx.get(&key)?.ok_or(Rejected::By(Error::SignInRefused))?;
            let now: User = codec::decode(&bytes).map_err(EngineError::from)?;
            if now.disabled || now.password != proved {
                return Err(Rejected::By(Error::SignInRefused));
            }
            for hash in &gone {
                tx.delete(&keys::session(hash));
            }
            tx.put(&keys::session(&hash), encoded.clone());
            tx.note(AuditAction::SignedIn, id, Vec::new());
            Ok(())
        })?;
        let expires_at = record.expires_at;
        Ok(NewSession { csrf: csrf_of(&secret), secret, user: id, expires_at })
    }

    /// The session with a secret, if it goes on and its user may still work.
    pub fn session(&self, secret: &str, address: Option<IpAddr>) -> Option<Session> {
        let record = self.sessions.live.read().get(&secret_hash(secret)).cloned()?;
        if record.expires_at <= self.partition.now() {
            return None;
        }
        let caller = self.access().caller_of_user(record.user, address)?;
        Some(Session { caller, csrf: csrf_of(secret), expires_at: record.expires_at })
    }

    /// Ends a session; one that has ended already is no error.
    ///
    /// # Errors
    /// If the engine cannot write.
    pub fn sign_out(&self, caller: &Caller, secret: &str) -> Result<(), Error> {
        let hash = secret_hash(secret);
        if self.sessions.live.write().remove(&hash).is_none() {
            return Ok(());
        }
        self.end_sessions(caller, caller.user, vec![hash])
    }

    /// Ends all sessions of the caller.
    ///
    /// # Errors
    /// If the caller is no user.
    pub fn sign_out_everywhere(&self, caller: &Caller) -> Result<(), Error> {
        self.end_sessions_of(caller, caller.user.ok_or(Error::NotFound(Noun::User))?)
    }

    /// Ends all sessions of a user.
    pub(super) fn end_sessions_of(&self, caller: &Caller, user: Uuid) -> Result<(), Error> {
        let _one_at_a_time = self.sessions.changing.lock();
        let hashes: Vec<[u8; 32]> = {
            let mut live = self.sessions.live.write();
            let own = live.iter().filter(|(_, s)| s.user == user).map(|(hash, _)| *hash).collect();
            live.retain(|_, session| session.user != user);
            own
        };
        if hashes.is_empty() { Ok(()) } else { self.end_sessions(caller, Some(user), hashes) }
    }

    fn end_sessions(
        &self,
        caller: &Caller,
        user: Option<Uuid>,
        hashes: Vec<[u8; 32]>,
    ) -> Result<(), Error> {
        self.partition.write::<(), Error>(caller.organization, caller, false, move |tx| {
            for hash in &hashes {
                tx.delete(&keys::session(hash));
            }
            if let Some(user) = user {
                tx.note(AuditAction::SignedOut, user, Vec::new());
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Changes the caller's own password and ends all of its sessions.
    ///
    /// # Errors
    /// If the present password is wrong, there were too many attempts, or the new one is not
    /// good enough.
    pub fn change_password(&self, caller: &Caller, present: &str, new: &str) -> Result<(), Error> {
        let id = caller.user.ok_or(Error::NotFound(Noun::User))?;
        let user = self.access().user(id).ok_or(Error::NotFound(Noun::User))?;
        passwords::check(new)
            .map_err(|detail| Error::invalid("/new_password", "password", detail))?;
        let name = fold(&user.email);
        self.sessions.attempt(&name, caller.address, self.partition.now())?;
        if !passwords::verify(present, user.password.as_deref()) {
            return Err(Error::SignInRefused);
        }
        self.sessions.forget_failures(&name, caller.address);
        let hash = passwords::hash(new)?;
        let (org, now) = (user.organization, self.partition.now());
        self.partition.write::<(), Error>(org, caller, false, move |tx| {
            let key = keys::user(org, id);
            let bytes = tx.get(&key)?.ok_or(Rejected::By(Error::NotFound(Noun::User)))?;
            let mut user: User = codec::decode(&bytes).map_err(EngineError::from)?;
            user.password = Some(hash.clone());
            user.version += 1;
            user.updated_at = now;
            tx.put(&key, codec::encode(&user).map_err(EngineError::from)?);
            tx.note(AuditAction::PasswordChanged, id, Vec::new());
            Ok(())
        })?;
        self.end_sessions_of(caller, id)
    }
}
