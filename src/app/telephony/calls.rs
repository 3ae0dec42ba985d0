//! Calls as telephone systems tell of them: late, twice and out of order.

use serde_json::{Map, Value, json};

use super::super::error::Error;
use super::super::records::RecordView;
use super::super::{App, authorize_any};
use crate::domain::access::{Caller, Permission, Permissions};
use crate::domain::record::{AnyKind, kind_by_name};

/// What became of news of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// What the telephone system calls it.
    pub call_id: String,
    /// Whether it was taken; news that come too late for where the call is are not.
    pub is_taken: bool,
}

/// Somebody calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ringing {
    /// Whether the contact that has the number is blocked.
    pub is_blocked: bool,
}

/// Who may report calls: a telephone system, or whoever may write them anyhow.
const REPORTERS: [Permission; 2] = [Permission::ReportCalls, Permission::Edit];

fn calls() -> Result<&'static dyn AnyKind, Error> {
    kind_by_name("call").ok_or_else(|| Error::WriteFailed("there are no calls".to_owned()))
}

/// Somebody who reports calls, with the rights that reading and writing these takes.
fn reporter(caller: &Caller) -> Result<Caller, Error> {
    authorize_any(caller, &REPORTERS)?;
    Ok(caller.with(Permissions::of(&[Permission::Lookup, Permission::View, Permission::Edit])))
}

impl App {
    /// Takes news of a call: members of a call, with its `call_id`.
    ///
    /// # Errors
    /// If something does not fit, or the caller may not.
    pub fn report_call(
        &self,
        caller: &Caller,
        news: Map<String, Value>,
    ) -> Result<CallReport, Error> {
        let by = reporter(caller)?;
        let call_id = news.get("call_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let taken = self.create_record(&by, calls()?, &Value::Object(news), None);
        match taken {
            Ok(_) => Ok(CallReport { call_id, is_taken: true }),
            // The call has ended in another way meanwhile, and that stands.
            Err(Error::ImpossibleStep(_)) => Ok(CallReport { call_id, is_taken: false }),
            Err(error) => Err(error),
        }
    }

    /// How far a call is that a telephone system calls so; none if it is not known.
    ///
    /// # Errors
    /// If the caller may not, or it cannot be read.
    pub fn status_of_call(&self, caller: &Caller, call_id: &str) -> Result<Option<String>, Error> {
        let by = reporter(caller)?;
        let named = Map::from_iter([("call_id".to_owned(), json!(call_id))]);
        let Some(name) = crate::domain::record::unique_name(calls()?, &named) else {
            return Ok(None);
        };
        let id = self.partition.record_id_named(by.organization, calls()?, &name)?;
        let Some(id) = id else { return Ok(None) };
        match self.find_record(&by, calls()?, id) {
            Ok(RecordView { json, .. }) => Ok(json["status"].as_str().map(str::to_owned)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a number that calls is that of a blocked contact.
    ///
    /// # Errors
    /// If the caller may not, or a record cannot be read.
    pub fn ringing(&self, caller: &Caller, number: &str) -> Result<Ringing, Error> {
        let by = reporter(caller)?;
        let found = self.lookup_number(&by, number, None, Some(5))?;
        let mut same = found.results.iter().filter(|result| result.rule.is_same_line());
        Ok(Ringing { is_blocked: same.any(|result| result.contact.fields.status.blocked) })
    }
}
