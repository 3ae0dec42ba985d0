//! A client of LDAP: what a desk phone does, message by message.

#![expect(clippy::wildcard_enum_match_arm, reason = "of many messages a few are waited for")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::BytesMut;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapMsg, LdapOp, LdapResult,
    LdapResultCode as Code, LdapSearchRequest, LdapSearchResultEntry, LdapSearchScope,
};
use ldap3_proto::{LdapCodec, parse_ldap_filter_str};
use tokio_util::codec::{Decoder as _, Encoder as _};

/// A connection.
pub(super) struct Phone {
    stream: TcpStream,
    codec: LdapCodec,
    read: BytesMut,
    next: i32,
}

/// How a search went.
pub(super) struct Found {
    pub(super) entries: Vec<LdapSearchResultEntry>,
    pub(super) done: LdapResult,
    /// Where the next page begins.
    pub(super) cookie: Option<Vec<u8>>,
}

impl Found {
    /// The first values of an attribute, in order.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        self.entries.iter().filter_map(|entry| value(entry, name)).collect()
    }
}

/// The first value of an attribute of an entry.
pub(super) fn value(entry: &LdapSearchResultEntry, name: &str) -> Option<String> {
    let attribute = entry.attributes.iter().find(|attribute| attribute.atype == name)?;
    attribute.vals.first().map(|value| String::from_utf8(value.clone()).unwrap())
}

/// A search below a place.
pub(super) fn search(base: &str, filter: &str) -> LdapSearchRequest {
    LdapSearchRequest {
        base: base.to_owned(),
        scope: LdapSearchScope::Subtree,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly: false,
        filter: parse_ldap_filter_str(filter).unwrap(),
        attrs: Vec::new(),
    }
}

impl Phone {
    pub(super) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { stream, codec: LdapCodec::default(), read: BytesMut::new(), next: 0 }
    }

    /// A connection that is bound with a token.
    pub(super) fn bound(address: SocketAddr, token: &str) -> Self {
        let mut phone = Self::connect(address);
        assert_eq!(phone.bind("cn=phone", token).code, Code::Success);
        phone
    }

    pub(super) fn send_bytes(&mut self, bytes: &[u8]) {
        // The server may have closed already.
        let _ = self.stream.write_all(bytes);
    }

    pub(super) fn send(&mut self, op: LdapOp, controls: Vec<LdapControl>) -> i32 {
        self.next += 1;
        let mut out = BytesMut::new();
        let message = LdapMsg::new_with_ctrls(self.next, op, controls);
        self.codec.encode(message, &mut out).unwrap();
        self.send_bytes(&out);
        self.next
    }

    /// The next message; none if the connection has ended.
    pub(super) fn receive(&mut self) -> Option<LdapMsg> {
        loop {
            if let Some(message) = self.codec.decode(&mut self.read).unwrap() {
                return Some(message);
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(bytes) if bytes > 0 => self.read.extend_from_slice(&buffer[..bytes]),
                _ => return None,
            }
        }
    }

    /// The answer to a request.
    pub(super) fn ask(&mut self, op: LdapOp) -> LdapOp {
        let id = self.send(op, Vec::new());
        let answer = self.receive().expect("an answer");
        assert_eq!(answer.msgid, id);
        answer.op
    }

    pub(super) fn bind(&mut self, dn: &str, password: &str) -> LdapResult {
        let cred = LdapBindCred::Simple(password.to_owned());
        let bind = LdapBindRequest { version: 3, dn: dn.to_owned(), cred };
        match self.ask(LdapOp::BindRequest(bind)) {
            LdapOp::BindResponse(answer) => answer.res,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn search(&mut self, asked: LdapSearchRequest) -> Found {
        self.search_with(asked, Vec::new())
    }

    pub(super) fn search_with(
        &mut self,
        asked: LdapSearchRequest,
        controls: Vec<LdapControl>,
    ) -> Found {
        let id = self.send(LdapOp::SearchRequest(asked), controls);
        let mut entries = Vec::new();
        loop {
            let answer = self.receive().expect("an answer");
            assert_eq!(answer.msgid, id);
            match answer.op {
                LdapOp::SearchResultEntry(entry) => entries.push(entry),
                LdapOp::SearchResultDone(done) => {
                    let cookie = answer.ctrl.into_iter().find_map(|control| match control {
                        LdapControl::SimplePagedResults { cookie, .. } => Some(cookie),
                        _ => None,
                    });
                    return Found { entries, done, cookie };
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// The names of whom a filter finds.
    pub(super) fn names(&mut self, filter: &str) -> Vec<String> {
        let found = self.search(search("", filter));
        assert_eq!(found.done.code, Code::Success, "{filter}: {}", found.done.message);
        found.values("cn")
    }
}
