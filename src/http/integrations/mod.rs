//! What telephone systems, desk phones and other devices ask for and tell.
//!
//! They show the body of an answer, whatever its status says. So nothing that goes wrong is told
//! them as text: they get the form that stands for "nobody" in what they asked for.

pub(super) mod cid;
pub(super) mod cti;
pub(super) mod device;
pub(super) mod edge;
pub(super) mod phonebook;
pub(super) mod three_cx;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpResponse, body::BoxBody, web};

use crate::devices::books::Maker;

/// What stands for "nobody" in an answer.
pub(super) enum Nobody {
    /// A line of text, mostly an empty one.
    Line(String),
    /// JSON without contacts.
    Contacts,
    /// A phone book without entries.
    Book(Maker),
}

impl Nobody {
    /// The form of the answers of a path; none if problems are told there.
    pub(super) fn of(path: &str, query: &str) -> Option<Self> {
        if let Some(rest) = path.strip_prefix("/cid")
            && (rest.is_empty() || rest.starts_with('/'))
        {
            // In front of the number there may be a token, which no display shows.
            let number = rest.rsplit('/').next().unwrap_or_default();
            return Some(Self::Line(cid::nobody(number, query)));
        }
        if matches!(path, "/integrations/3cx/lookup" | "/integrations/3cx/search") {
            return Some(Self::Contacts);
        }
        let book = path.strip_prefix("/phonebook/")?;
        let maker = book.split(['/', '.']).next().and_then(Maker::parse);
        Some(Self::Book(maker.unwrap_or(Maker::Yealink)))
    }

    /// An answer that says that something went wrong, in this form and with the same status.
    pub(super) fn in_place_of(&self, problem: HttpResponse) -> HttpResponse {
        if !(problem.status().is_client_error() || problem.status().is_server_error()) {
            return problem;
        }
        let (kind, body) = match self {
            Self::Line(line) => (cid::TEXT, line.clone().into_bytes()),
            Self::Contacts => ("application/json", br#"{"contacts":[]}"#.to_vec()),
            Self::Book(maker) => (phonebook::XML, phonebook::nobody(*maker)),
        };
        let mut problem = problem.set_body(BoxBody::new(web::Bytes::from(body)));
        let headers = problem.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.remove(CONTENT_ENCODING);
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_nobody_and_others_what_is_wrong() {
        let line = |path: &str, query: &str| match Nobody::of(path, query) {
            Some(Nobody::Line(line)) => line,
            _ => panic!("{path}"),
        };
        assert_eq!(line("/cid", "number=1"), "");
        assert_eq!(line("/cid/+49301", "empty=number"), "+49301");
        assert_eq!(line("/cid/rdx_secret/+49301", "empty=number"), "+49301");
        assert_eq!(line("/cid", "number=%2B49301&empty=number"), "+49301");
        assert_eq!(line("/cid", "empty=name&name=Jane%0AD"), "Jane D");
        assert!(matches!(Nobody::of("/phonebook/cisco.xml", ""), Some(Nobody::Book(Maker::Cisco))));
        let grandstream = Nobody::of("/phonebook/grandstream/t/phonebook.xml", "");
        assert!(matches!(grandstream, Some(Nobody::Book(Maker::Grandstream))));
        for path in ["/cider", "/api/v1/lookup", "/integrations/3cx/journal", "/", "/phonebook"] {
            assert!(Nobody::of(path, "").is_none(), "{path}");
        }
    }
}
