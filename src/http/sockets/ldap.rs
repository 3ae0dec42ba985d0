//! LDAP version 3, for reading: bind, search, unbind. Everything that writes is refused.
//!
//! A connection does one thing at a time. Each search asks anew whether its token still counts.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::net::IpAddr;
use std::time::Duration;

use bytes::BytesMut;
use ldap3_proto::LdapCodec;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapBindResponse, LdapExtendedRequest, LdapExtendedResponse,
    LdapFilter, LdapMsg, LdapOp, LdapPartialAttribute, LdapResult, LdapResultCode as Code,
    LdapSearchRequest, LdapSearchResultEntry, LdapSearchScope as Scope,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::codec::{Decoder as _, Encoder as _};

use super::super::answer;
use super::super::error::Problem;
use super::{Desk, Wire};
use crate::app::{DirectoryPage, DirectoryQuery, Presented};
use crate::devices::ldap::{
    Attribute, Base, CONTAINER_CLASSES, PeopleFilter, SUBSCHEMA, Selection, Suffix, attributes,
    subschema, typed_name, wanted,
};
use crate::domain::access::Caller;
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;
use crate::error::ErrorCode;

/// Most bytes of a message.
const MOST_BYTES: usize = 32 << 10;
/// How deep a message may be.
const MOST_DEPTH: usize = 32;
/// Most entries of one answer.
const MOST_ENTRIES: usize = 1_000;
/// Binds that fail until a connection is closed.
const MOST_FAILURES: u32 = 5;
/// Bytes that are collected before they are sent.
const FLUSH: usize = 64 << 10;

const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
const NOTICE_OF_DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

/// Why a request has no result.
struct Failure(Code, String);

impl Failure {
    fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(code, detail.into())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let code = match problem.code() {
            ErrorCode::Unauthorized | ErrorCode::TokenExpired => Code::InvalidCredentials,
            ErrorCode::Forbidden => Code::InsufficentAccessRights,
            ErrorCode::RateLimited | ErrorCode::Overloaded => Code::Busy,
            ErrorCode::Timeout => Code::TimeLimitExceeded,
            code if super::super::error::status(code).is_server_error() => Code::Unavailable,
            _ => Code::UnwillingToPerform,
        };
        Self(code, problem.detail().to_owned())
    }
}

fn result(code: Code, detail: impl Into<String>) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: detail.into(), referral: Vec::new() }
}

/// Whether a connection is under TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnderTls {
    /// It is.
    Already,
    /// It can go on under it.
    Possible,
    /// There is no certificate.
    Never,
}

/// A connection.
struct Session<'a, S> {
    stream: S,
    desk: &'a Desk,
    address: IpAddr,
    codec: LdapCodec,
    out: BytesMut,
    /// The token of the last bind that went well.
    token: Option<String>,
    failures: u32,
    under_tls: UnderTls,
    /// Whether it goes on under TLS now.
    starts_tls: bool,
}

/// Answers a connection until it ends, or until it goes on under TLS: then it is given back.
pub(super) async fn talk<S: Wire>(
    stream: S,
    desk: &Desk,
    address: IpAddr,
    under_tls: UnderTls,
) -> Option<S> {
    let mut session = Session {
        stream,
        desk,
        address,
        codec: LdapCodec::new(Some(MOST_BYTES), Some(MOST_DEPTH)),
        out: BytesMut::new(),
        token: None,
        failures: 0,
        under_tls,
        starts_tls: false,
    };
    // A connection that ends is no trouble of ours.
    let ended = session.run().await;
    (ended.is_ok() && session.starts_tls).then_some(session.stream)
}

impl<S: Wire> Session<'_, S> {
    async fn run(&mut self) -> std::io::Result<()> {
        let mut read = BytesMut::with_capacity(4 << 10);
        loop {
            let message = match self.codec.decode(&mut read) {
                Ok(Some(message)) => message,
                Ok(None) => {
                    // What has begun must go on, and who has not said who it is must do so.
                    let is_waiting = read.is_empty() && self.token.is_some();
                    let patience = if is_waiting { self.desk.idle } else { self.desk.head };
                    let more = tokio::time::timeout(patience, self.stream.read_buf(&mut read));
                    match more.await {
                        Ok(Ok(bytes)) if bytes > 0 => continue,
                        Ok(_) => return Ok(()),
                        Err(_late) => return self.disconnect(Code::Unavailable, "idle").await,
                    }
                }
                Err(_) => return self.disconnect(Code::ProtocolError, "this is not LDAP").await,
            };
            if !self.handle(message).await? {
                return self.stream.shutdown().await;
            }
            if self.starts_tls {
                // What came in the clear counts for nothing under TLS.
                if !read.is_empty() {
                    self.starts_tls = false;
                    return self.stream.shutdown().await;
                }
                return Ok(());
            }
        }
    }

    /// Says that the connection ends, and why.
    async fn disconnect(&mut self, code: Code, detail: &str) -> std::io::Result<()> {
        let op = LdapOp::ExtendedResponse(LdapExtendedResponse {
            res: result(code, detail),
            name: Some(NOTICE_OF_DISCONNECTION.to_owned()),
            value: None,
        });
        self.send(LdapMsg::new(0, op)).await?;
        self.flush().await?;
        self.stream.shutdown().await
    }

    async fn send(&mut self, message: LdapMsg) -> std::io::Result<()> {
        self.codec.encode(message, &mut self.out)?;
        if self.out.len() >= FLUSH { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        let out = self.out.split();
        let sent = tokio::time::timeout(self.desk.write, async {
            self.stream.write_all(&out).await?;
            self.stream.flush().await
        });
        sent.await.map_err(|_late| std::io::Error::from(std::io::ErrorKind::TimedOut))?
    }

    /// Answers a message; whether the connection goes on.
    async fn handle(&mut self, message: LdapMsg) -> std::io::Result<bool> {
        let LdapMsg { msgid, op, ctrl } = message;
        let read_only = || result(Code::UnwillingToPerform, "this directory is only read");
        let answer = match op {
            LdapOp::UnbindRequest => return Ok(false),
            // A connection does one thing at a time: what could be given up is done already.
            LdapOp::AbandonRequest(_) => return Ok(true),
            LdapOp::BindRequest(bind) => {
                let res = match self.bind(bind) {
                    Ok(()) => result(Code::Success, ""),
                    Err(Failure(code, detail)) => {
                        self.failures += 1;
                        result(code, detail)
                    }
                };
                LdapOp::BindResponse(LdapBindResponse { res, saslcreds: None })
            }
            LdapOp::SearchRequest(asked) => {
                let (done, controls) = self.search(msgid, &asked, &ctrl).await?;
                let op = LdapOp::SearchResultDone(done);
                self.send(LdapMsg::new_with_ctrls(msgid, op, controls)).await?;
                self.flush().await?;
                return Ok(true);
            }
            LdapOp::ExtendedRequest(asked) => LdapOp::ExtendedResponse(self.extended(&asked)),
            LdapOp::ModifyRequest(_) => LdapOp::ModifyResponse(read_only()),
            LdapOp::AddRequest(_) => LdapOp::AddResponse(read_only()),
            LdapOp::DelRequest(_) => LdapOp::DelResponse(read_only()),
            LdapOp::ModifyDNRequest(_) => LdapOp::ModifyDNResponse(read_only()),
            LdapOp::CompareRequest(_) => {
                LdapOp::CompareResult(result(Code::UnwillingToPerform, "search instead"))
            }
            // Only servers say these.
            LdapOp::BindResponse(_)
            | LdapOp::SearchResultEntry(_)
            | LdapOp::SearchResultDone(_)
            | LdapOp::SearchResultReference(_)
            | LdapOp::ModifyResponse(_)
            | LdapOp::AddResponse(_)
            | LdapOp::DelResponse(_)
            | LdapOp::ModifyDNResponse(_)
            | LdapOp::CompareResult(_)
            | LdapOp::ExtendedResponse(_)
            | LdapOp::IntermediateResponse(_) => {
                self.disconnect(Code::ProtocolError, "this is not a request").await?;
                return Ok(false);
            }
        };
        self.send(LdapMsg::new(msgid, answer)).await?;
        self.flush().await?;
        Ok(self.failures < MOST_FAILURES)
    }

    /// Takes a token as the password of any name.
    fn bind(&mut self, bind: LdapBindRequest) -> Result<(), Failure> {
        self.token = None;
        if bind.version != 3 {
            return Err(Failure::new(Code::ProtocolError, "this is version 3"));
        }
        let LdapBindCred::Simple(password) = bind.cred else {
            let detail = "bind with a name and a token as password";
            return Err(Failure::new(Code::AuthMethodNotSupported, detail));
        };
        if password.is_empty() {
            if !bind.dn.is_empty() {
                let detail = "the password is missing: it is a token";
                return Err(Failure::new(Code::UnwillingToPerform, detail));
            }
            // Clients begin so to read what the server is; nothing else is there for them, unless it
            // was started with a token for everybody.
            return Ok(());
        }
        self.desk.caller(&password, Presented::InHeader, self.address)?;
        self.token = Some(password);
        Ok(())
    }

    /// Who asks now; none if nobody has said who it is.
    fn caller(&self) -> Result<Option<Caller>, Failure> {
        let Some(token) = self.token.as_deref().or(self.desk.anonymous.as_deref()) else {
            return Ok(None);
        };
        Ok(Some(self.desk.caller(token, Presented::InHeader, self.address)?))
    }

    fn extended(&mut self, asked: &LdapExtendedRequest) -> LdapExtendedResponse {
        if asked.name == START_TLS {
            let res = match self.under_tls {
                UnderTls::Possible => {
                    self.starts_tls = true;
                    result(Code::Success, "")
                }
                UnderTls::Already => result(Code::OperationsError, "this is TLS already"),
                UnderTls::Never => result(Code::ProtocolError, "there is no certificate for TLS"),
            };
            return LdapExtendedResponse { res, name: Some(START_TLS.to_owned()), value: None };
        }
        let (res, value) = match (asked.name.as_str(), self.caller()) {
            (WHO_AM_I, Ok(caller)) => {
                let name = caller.map_or(String::new(), |caller| format!("u:{}", caller.actor));
                (result(Code::Success, ""), Some(name.into_bytes()))
            }
            (WHO_AM_I, Err(Failure(code, detail))) => (result(code, detail), None),
            _ => (result(Code::ProtocolError, "this is not known here"), None),
        };
        LdapExtendedResponse { res, name: None, value }
    }

    /// The entry of the server itself. Who has not said who it is learns of no organisation.
    fn root(&self, suffix: Option<&Suffix>) -> Vec<Attribute> {
        let mut extensions = vec![WHO_AM_I.to_owned()];
        let can_start_tls = self.under_tls == UnderTls::Possible;
        extensions.extend(can_start_tls.then(|| START_TLS.to_owned()));
        let mut all = vec![
            ("objectClass".to_owned(), vec!["top".to_owned()]),
            ("supportedLDAPVersion".to_owned(), vec!["3".to_owned()]),
            ("supportedControl".to_owned(), vec![PAGED_RESULTS.to_owned()]),
            ("supportedExtension".to_owned(), extensions),
            ("subschemaSubentry".to_owned(), vec![SUBSCHEMA.to_owned()]),
            ("vendorName".to_owned(), vec!["Ringdex".to_owned()]),
        ];
        if let Some(suffix) = suffix {
            all.push(("namingContexts".to_owned(), vec![suffix.organization()]));
            all.push(("defaultNamingContext".to_owned(), vec![suffix.contacts()]));
        }
        all
    }

    /// Sends the entries of a search; how it ended, and what is said with that.
    async fn search(
        &mut self,
        id: i32,
        asked: &LdapSearchRequest,
        controls: &[LdapControl],
    ) -> std::io::Result<(LdapResult, Vec<LdapControl>)> {
        let found = match self.find(asked, controls).await {
            Ok(found) => found,
            Err(Failure(code, detail)) => return Ok((result(code, detail), Vec::new())),
        };
        for (dn, attributes) in found.entries {
            let attribute = |(atype, values): Attribute| LdapPartialAttribute {
                atype,
                vals: values.into_iter().map(String::into_bytes).collect(),
            };
            let attributes = attributes.into_iter().map(attribute).collect();
            let entry = LdapSearchResultEntry { dn, attributes };
            self.send(LdapMsg::new(id, LdapOp::SearchResultEntry(entry))).await?;
        }
        let controls =
            found.cookie.map(|cookie| LdapControl::SimplePagedResults { size: 0, cookie });
        Ok((result(found.code, ""), controls.into_iter().collect()))
    }

    async fn find(
        &self,
        asked: &LdapSearchRequest,
        controls: &[LdapControl],
    ) -> Result<Found, Failure> {
        let page = page_of(controls)?;
        let selection = Selection::of(&asked.attrs, asked.typesonly);
        let wanted = wanted(&asked.filter);
        let caller = self.caller()?;
        let is_root = asked.base.trim().is_empty() && asked.scope == Scope::Base;
        if is_subschema(asked) {
            let all = selection.take_of_server(&subschema());
            return Ok(Found { entries: vec![(SUBSCHEMA.to_owned(), all)], ..Found::none() });
        }
        let Some(caller) = caller else {
            if is_root {
                let all = selection.take_of_server(&self.root(None));
                return Ok(Found::one(String::new(), all, &wanted));
            }
            let detail = "bind first, with a token as password";
            return Err(Failure::new(Code::InsufficentAccessRights, detail));
        };
        let by = caller.clone();
        let suffix = answer::run(&self.desk.state, move |app| app.directory_name(&by)).await?;
        let suffix = Suffix::of(&suffix);
        let Some(base) = suffix.read(&asked.base) else {
            let detail = format!("search below {}", suffix.contacts());
            return Err(Failure::new(Code::NoSuchObject, detail));
        };
        if is_root {
            let all = selection.take_of_server(&self.root(Some(&suffix)));
            return Ok(Found::one(String::new(), all, &wanted));
        }
        if let Some(found) = above(base, &asked.scope, &suffix, &selection, &wanted) {
            return Ok(found);
        }
        let only = match (base, &wanted) {
            (Base::Contact(id), PeopleFilter::One(other)) if id != *other => {
                return Ok(Found::none());
            }
            (Base::Contact(id), _) => Some(id),
            (_, PeopleFilter::One(id)) => Some(*id),
            _ => None,
        };
        let filter = match wanted {
            PeopleFilter::Nobody | PeopleFilter::Undefined => return Ok(Found::none()),
            PeopleFilter::Everybody | PeopleFilter::One(_) => None,
            PeopleFilter::Filter(filter) => Some(filter),
        };
        let entry = |contact: &Contact| {
            (suffix.contact(contact.id.0), selection.take(&attributes(contact)))
        };
        if let Some(id) = only.map(ContactId) {
            let is_plain = filter.is_none() && matches!(base, Base::Contact(_));
            let work =
                answer::run(&self.desk.state, move |app| app.directory_entry(&caller, id, filter));
            let entries: Vec<_> = work.await?.iter().map(|contact| entry(contact)).collect();
            if entries.is_empty() && is_plain {
                return Err(Failure::new(Code::NoSuchObject, "there is no such contact"));
            }
            return Ok(Found { entries, ..Found::none() });
        }
        let (query, limited) = query_of(asked, page.as_ref(), filter);
        let found = self.within_time(asked.timelimit, caller, query).await?;
        let entries = found.contacts.iter().map(|contact| entry(contact)).collect();
        let has_more = found.next.is_some();
        let code = if has_more && limited { Code::SizeLimitExceeded } else { Code::Success };
        let cookie = page.map(|_| found.next.map_or(Vec::new(), String::into_bytes));
        Ok(Found { entries, code, cookie })
    }

    /// Searches as long as the client and the server allow.
    async fn within_time(
        &self,
        seconds: i32,
        caller: Caller,
        query: DirectoryQuery,
    ) -> Result<DirectoryPage, Failure> {
        if query.limit == 0 {
            return Ok(DirectoryPage::default());
        }
        let most = self.desk.state.budgets.search;
        let wanted = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
        let most = wanted.map_or(most, |seconds| most.min(Duration::from_secs(seconds)));
        let work =
            answer::search(&self.desk.state, move |app| app.search_directory(&caller, &query));
        match tokio::time::timeout(most, work).await {
            Ok(found) => Ok(found?),
            Err(_late) => Err(Failure::new(Code::TimeLimitExceeded, "the search took too long")),
        }
    }
}

/// What a search has found.
struct Found {
    entries: Vec<(String, Vec<Attribute>)>,
    code: Code,
    /// Where the next page begins, where pages were asked for.
    cookie: Option<Vec<u8>>,
}

impl Found {
    fn none() -> Self {
        Self { entries: Vec::new(), code: Code::Success, cookie: None }
    }

    /// An entry that is no contact: only filters that everybody meets find it.
    fn one(dn: String, attributes: Vec<Attribute>, wanted: &PeopleFilter) -> Self {
        match wanted {
            PeopleFilter::Everybody => Self { entries: vec![(dn, attributes)], ..Self::none() },
            PeopleFilter::Nobody
            | PeopleFilter::Undefined
            | PeopleFilter::One(_)
            | PeopleFilter::Filter(_) => Self::none(),
        }
    }
}

/// What is asked of the entries above all contacts; none if contacts are asked for.
fn above(
    base: Base,
    scope: &Scope,
    suffix: &Suffix,
    selection: &Selection,
    wanted: &PeopleFilter,
) -> Option<Found> {
    let one = |dn: String, all: Vec<Attribute>| Found::one(dn, selection.take(&all), wanted);
    Some(match (base, scope) {
        (Base::Organization, Scope::Base) | (Base::Root, Scope::OneLevel) => {
            one(suffix.organization(), container("dc", suffix.label()))
        }
        (Base::Contacts, Scope::Base) | (Base::Organization, Scope::OneLevel) => {
            one(suffix.contacts(), container("ou", "contacts"))
        }
        (Base::Contact(_), Scope::OneLevel | Scope::Children) => Found::none(),
        _ => return None,
    })
}

/// A page that is asked for: how many entries, and where it begins.
struct Page {
    size: usize,
    cookie: Vec<u8>,
}

fn page_of(controls: &[LdapControl]) -> Result<Option<Page>, Failure> {
    let mut page = None;
    for control in controls {
        match control {
            LdapControl::SimplePagedResults { size, cookie } => {
                let size = usize::try_from(*size).unwrap_or(0);
                page = Some(Page { size, cookie: cookie.clone() });
            }
            LdapControl::Unknown { oid, criticality: true, .. } => {
                let detail = format!("the control {oid} is not known here");
                return Err(Failure::new(Code::UnavailableCriticalExtension, detail));
            }
            _ => {}
        }
    }
    Ok(page)
}

/// What is searched for, and whether it is an error if there is more.
fn query_of(
    asked: &LdapSearchRequest,
    page: Option<&Page>,
    filter: Option<serde_json::Value>,
) -> (DirectoryQuery, bool) {
    let most = usize::try_from(asked.sizelimit).ok().filter(|most| *most > 0);
    let most = most.unwrap_or(MOST_ENTRIES).min(MOST_ENTRIES);
    let typed = typed_name(&asked.filter);
    let Some(page) = page else {
        return (DirectoryQuery { filter, typed, limit: most, cursor: None }, true);
    };
    let cursor = String::from_utf8(page.cookie.clone()).unwrap_or_default();
    // Nothing at all gives a walk up.
    let limit = if page.size == 0 { 0 } else { page.size.min(most) };
    let cursor = Some(cursor).filter(|cursor| !cursor.is_empty());
    (DirectoryQuery { filter, typed, limit, cursor }, false)
}

/// Whether the schema is asked for: at its place, by a filter that it meets.
fn is_subschema(asked: &LdapSearchRequest) -> bool {
    let is_class = |name: &str| name.eq_ignore_ascii_case("objectClass");
    let is_met = match &asked.filter {
        LdapFilter::Present(name) => is_class(name),
        LdapFilter::Equality(name, value) => {
            is_class(name)
                && ["top", "subschema"].iter().any(|class| value.eq_ignore_ascii_case(class))
        }
        _ => false,
    };
    is_met && asked.scope == Scope::Base && asked.base.trim().eq_ignore_ascii_case(SUBSCHEMA)
}

/// An entry that holds others.
fn container(name: &str, value: &str) -> Vec<Attribute> {
    let classes = match name {
        "dc" => vec!["top".to_owned(), "dcObject".to_owned(), "organization".to_owned()],
        _ => CONTAINER_CLASSES.map(str::to_owned).to_vec(),
    };
    let mut all =
        vec![("objectClass".to_owned(), classes), (name.to_owned(), vec![value.to_owned()])];
    if name == "dc" {
        all.push(("o".to_owned(), vec![value.to_owned()]));
    }
    all
}
