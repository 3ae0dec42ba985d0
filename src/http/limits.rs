//! Limits against abuse: how often an address and a token may ask, and how often a token may be
//! guessed.
//!
//! The tables hold a number for everybody seen lately and forget who has been quiet. A request costs
//! one look into each; nobody waits for anybody else.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, web};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;

use super::address;
use super::auth::{self, Admitted};
use super::error::Problem;
use super::origin;
use super::rate::Rate;
use super::state::State;
use crate::domain::access::Caller;
use crate::error::ErrorCode;

/// What may happen so often for each key.
struct Table {
    /// The name of the policy in answers.
    name: &'static str,
    rate: Rate,
    limiter: DefaultKeyedRateLimiter<u64, StateInformationMiddleware>,
    clock: DefaultClock,
}

/// What is left of a policy that is running low; goes into the answer.
#[derive(Clone, Copy)]
struct Left {
    name: &'static str,
    rate: Rate,
    remaining: u32,
}

impl Left {
    fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.name, self.rate.burst, self.rate.window_secs())
    }

    fn state(&self, reset_secs: u64) -> String {
        format!("\"{}\";r={};t={reset_secs}", self.name, self.remaining)
    }
}

impl Table {
    fn new(name: &'static str, rate: Rate) -> Option<Self> {
        let quota = Quota::with_period(rate.interval())?.allow_burst(rate.burst);
        let limiter = RateLimiter::keyed(quota).with_middleware();
        Some(Self { name, rate, limiter, clock: DefaultClock::default() })
    }

    /// Whether a request is not counted.
    fn spares(&self, request: &HttpRequest) -> bool {
        self.rate.spares_local && address::is_local(request)
    }

    /// Counts one: how many are left, or how long to wait.
    fn take(&self, key: u64) -> Result<u32, Duration> {
        match self.limiter.check_key(&key) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(not_until) => Err(not_until.wait_time_from(self.clock.now())),
        }
    }

    fn left(&self, remaining: u32) -> Left {
        Left { name: self.name, rate: self.rate, remaining }
    }

    fn refuse(&self, wait: Duration, detail: &'static str) -> Problem {
        let secs = whole_secs(wait);
        let left = self.left(0);
        Problem::new(ErrorCode::RateLimited, detail)
            .retry_after(secs)
            .with_header("ratelimit-policy", left.policy())
            .with_header("ratelimit", left.state(secs))
    }

    /// Forgets who has been quiet long enough to have all of its burst again.
    fn forget(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// A wait in seconds, rounded up, and never none.
fn whole_secs(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// All limits by address and by token.
pub(super) struct RateLimits {
    addresses: Option<Table>,
    tokens: Option<Table>,
    failures: Option<Table>,
    hasher: RandomState,
    /// Addresses whose tokens are not looked at for a while.
    locked: Mutex<HashMap<u64, Instant>>,
    /// How many those are, so that nobody takes the lock as long as there are none.
    locked_count: AtomicUsize,
}

impl RateLimits {
    pub(super) fn new(
        addresses: Option<Rate>,
        tokens: Option<Rate>,
        failures: Option<Rate>,
    ) -> Self {
        Self {
            addresses: addresses.and_then(|rate| Table::new("address", rate)),
            tokens: tokens.and_then(|rate| Table::new("token", rate)),
            failures: failures.and_then(|rate| Table::new("failures", rate)),
            hasher: RandomState::new(),
            locked: Mutex::default(),
            locked_count: AtomicUsize::new(0),
        }
    }

    /// Counts a request of an address.
    pub(super) fn admit_address(&self, request: &HttpRequest) -> Result<(), Problem> {
        let Some(table) = &self.addresses else { return Ok(()) };
        if table.spares(request) {
            return Ok(());
        }
        let Some(address) = address::client_address(request) else { return Ok(()) };
        let detail = "this address sends too many requests";
        let remaining =
            table.take(address::key(address)).map_err(|wait| table.refuse(wait, detail))?;
        note(request, table, remaining);
        Ok(())
    }

    /// Counts a request of a caller.
    fn admit_caller(&self, request: &HttpRequest, caller: &Caller) -> Result<(), Problem> {
        let Some(table) = &self.tokens else { return Ok(()) };
        if table.spares(request) {
            return Ok(());
        }
        let key = self.hasher.hash_one((caller.organization.0, &caller.actor));
        let detail = "this token sends too many requests";
        let remaining = table.take(key).map_err(|wait| table.refuse(wait, detail))?;
        note(request, table, remaining);
        Ok(())
    }

    /// Counts a request of a caller who speaks no HTTP.
    pub(super) fn admit_device(&self, address: IpAddr, caller: &Caller) -> Result<(), Problem> {
        let is_local = address.to_canonical().is_loopback();
        let asker = self.hasher.hash_one((caller.organization.0, &caller.actor));
        let both = [
            (&self.addresses, address::key(address), "this address sends too many requests"),
            (&self.tokens, asker, "this token sends too many requests"),
        ];
        for (table, key, detail) in both {
            let Some(table) = table else { continue };
            if !(table.rate.spares_local && is_local) {
                table.take(key).map_err(|wait| table.refuse(wait, detail))?;
            }
        }
        Ok(())
    }

    /// Whether an address may show a token at all.
    pub(super) fn may_try(&self, address: IpAddr) -> Result<(), Problem> {
        if self.locked_count.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        let (key, now) = (address::key(address), Instant::now());
        let until = self.locked.lock().get(&key).copied();
        match (until, &self.failures) {
            (Some(until), Some(table)) if until > now => Err(too_many_failures(table, until - now)),
            _ => Ok(()),
        }
    }

    /// Counts a token or password that was not valid.
    pub(super) fn failed(&self, address: IpAddr) -> Result<(), Problem> {
        let Some(table) = &self.failures else { return Ok(()) };
        let key = address::key(address);
        let Err(wait) = table.take(key) else { return Ok(()) };
        let mut locked = self.locked.lock();
        if locked.insert(key, Instant::now() + wait).is_none() {
            tracing::warn!(%address, "too many tokens that are not valid");
        }
        self.locked_count.store(locked.len(), Ordering::Relaxed);
        drop(locked);
        Err(too_many_failures(table, wait))
    }

    /// Forgets who has been quiet; called now and then.
    pub(super) fn forget(&self) {
        for table in [&self.addresses, &self.tokens, &self.failures].into_iter().flatten() {
            table.forget();
        }
        let now = Instant::now();
        let mut locked = self.locked.lock();
        locked.retain(|_, until| *until > now);
        locked.shrink_to_fit();
        self.locked_count.store(locked.len(), Ordering::Relaxed);
    }

    #[cfg(test)]
    fn known(&self) -> usize {
        [&self.addresses, &self.tokens, &self.failures]
            .into_iter()
            .flatten()
            .map(|table| table.limiter.len())
            .sum()
    }
}

fn too_many_failures(table: &Table, wait: Duration) -> Problem {
    table.refuse(wait, "this address has shown too many tokens that are not valid")
}

/// Keeps for the answer what is left, once less than half is.
fn note(request: &HttpRequest, table: &Table, remaining: u32) {
    if remaining < table.rate.burst.get() / 2 {
        request.extensions_mut().insert(table.left(remaining));
    }
}

/// What an answer says of the limits, if little is left.
pub(super) fn noted(request: &HttpRequest) -> Option<[(HeaderName, HeaderValue); 2]> {
    const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
    const STATE: HeaderName = HeaderName::from_static("ratelimit");
    let left = request.extensions().get::<Left>().copied()?;
    let missing = left.rate.burst.get().saturating_sub(left.remaining);
    let reset = whole_secs(left.rate.interval().saturating_mul(missing));
    let policy = HeaderValue::try_from(left.policy()).ok()?;
    Some([(POLICY, policy), (STATE, HeaderValue::try_from(left.state(reset)).ok()?)])
}

/// Whether a request shows something that could be guessed.
fn shows_secret(request: &HttpRequest) -> bool {
    auth::authorization(request).is_some()
        || request.headers().contains_key("x-api-key")
        || request.match_info().get("token").is_some()
        || request
            .query_string()
            .split('&')
            .any(|pair| pair.starts_with("token=") || pair.starts_with("key="))
}

/// Finds out who is calling within the limits: guesses are counted by address, requests by caller,
/// and who is let in without a token must be on this machine and on a page of ours.
pub(super) fn guarded(
    request: &HttpRequest,
    authenticate: fn(&HttpRequest) -> Result<Admitted, Problem>,
) -> Result<Caller, Problem> {
    admitted(request, shows_secret(request), authenticate)
}

/// The same where something that could be guessed is shown in the body.
pub(super) fn guarded_by_body(
    request: &HttpRequest,
    authenticate: impl FnOnce(&HttpRequest) -> Result<Admitted, Problem>,
) -> Result<Caller, Problem> {
    admitted(request, true, authenticate)
}

fn admitted(
    request: &HttpRequest,
    shows_secret: bool,
    authenticate: impl FnOnce(&HttpRequest) -> Result<Admitted, Problem>,
) -> Result<Caller, Problem> {
    let Some(state) = request.app_data::<web::Data<State>>() else {
        return Err(Problem::new(ErrorCode::Internal, "the server is not set up"));
    };
    let address = if shows_secret { address::client_address(request) } else { None };
    if let Some(address) = address {
        state.rates.may_try(address)?;
    }
    match authenticate(request) {
        Ok(admitted) => {
            let caller = match admitted {
                Admitted::ByKey(caller) => caller,
                Admitted::ByDemo(caller) => {
                    origin::require_local(request)?;
                    origin::require_own_page(request)?;
                    caller
                }
            };
            state.rates.admit_caller(request, &caller)?;
            Ok(caller)
        }
        Err(problem) => {
            if let Some(address) = address
                && problem.code() == ErrorCode::Unauthorized
            {
                state.rates.failed(address)?;
            }
            Err(problem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::rate::MaybeRate;

    fn rate(text: &str) -> Option<Rate> {
        text.parse::<MaybeRate>().unwrap().0
    }

    #[test]
    fn guesses_are_stopped_before_they_are_looked_at() {
        let limits = RateLimits::new(None, None, rate("3/h"));
        let (guesser, other): (IpAddr, IpAddr) =
            ("203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap());
        for _ in 0..3 {
            assert!(limits.may_try(guesser).is_ok());
            assert!(limits.failed(guesser).is_ok());
        }
        assert!(limits.may_try(guesser).is_ok(), "the third was still answered");
        assert!(limits.failed(guesser).is_err());
        assert!(limits.may_try(guesser).is_err());
        assert!(limits.may_try(other).is_ok());
        limits.forget();
        assert!(limits.may_try(guesser).is_err(), "forgetting does not forgive");
    }

    #[test]
    fn who_has_been_quiet_is_forgotten() {
        let limits = RateLimits::new(rate("1000000/s"), None, rate("1000000/s"));
        for last in 0..200_u8 {
            let address = IpAddr::from([192, 0, 2, last]);
            assert!(limits.failed(address).is_ok());
        }
        assert!(limits.known() > 0);
        // A burst of a million is back after a second at the latest, of one after a microsecond.
        let deadline = Instant::now() + Duration::from_secs(10);
        while limits.known() > 0 && Instant::now() < deadline {
            limits.forget();
            std::thread::yield_now();
        }
        assert_eq!(limits.known(), 0);
    }

    #[test]
    fn waits_are_whole_seconds_and_never_none() {
        assert_eq!(whole_secs(Duration::ZERO), 1);
        assert_eq!(whole_secs(Duration::from_millis(1_001)), 2);
    }
}
