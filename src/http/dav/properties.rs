//! The properties of places and cards.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;

use super::super::answer;
use super::super::error::Problem;
use super::super::state::State;
use super::{BOOK, CARD, HOME, MOST_CARD_BYTES, PRINCIPAL, Place, ROOT, path_of, unreadable, xml};
use crate::app::{Card, CardVersion};
use crate::devices::dav::{
    CARDDAV, DAV, Node, Properties, Resource, SERVER, changed_properties, multistatus,
};
use crate::domain::access::{Caller, Permission};

/// What a place of changes is called, as an address, which it must be.
pub(super) const SYNC: &str = "urn:ringdex:sync:";

/// Answers a `PROPFIND`.
pub(super) async fn find(
    state: &web::Data<State>,
    caller: Caller,
    place: Place,
    asked: &Properties,
    is_deep: bool,
) -> Result<HttpResponse, Problem> {
    if let Place::Card(name) = place {
        let card = answer::run(state, move |app| app.read_card(&caller, &name)).await?;
        return Ok(told(&[of_card(&card, asked)], asked, None));
    }
    let wants_cards = is_deep && place == Place::Book;
    let by = caller.clone();
    let (name, now, book) = answer::search(state, move |app| {
        let name = app.directory_name(&by)?;
        let now = app.feed_now(&by)?.to_string();
        let book = if wants_cards { Some(app.read_cards(&by, None, None)?) } else { None };
        Ok((name, now, book))
    })
    .await?;
    let of = |place: &Place| of_place(place, &caller, &name, &now);
    let mut resources = vec![of(&place)];
    match place {
        Place::Root if is_deep => resources.extend([of(&Place::Principal), of(&Place::Home)]),
        Place::Home if is_deep => resources.push(of(&Place::Book)),
        Place::Root | Place::Principal | Place::Home | Place::Book | Place::Card(_) => {}
    }
    if let Some(book) = book {
        resources.extend(book.cards.iter().map(|card| of_card(card, asked)));
        if book.is_cut {
            resources.push(Resource { href: BOOK.to_owned(), told: Err(507) });
        }
    }
    Ok(told(&resources, asked, None))
}

/// An answer about several resources.
pub(super) fn told(
    resources: &[Resource],
    asked: &Properties,
    token: Option<&str>,
) -> HttpResponse {
    xml(StatusCode::MULTI_STATUS, multistatus(resources, asked, token))
}

/// Refuses to change properties: they follow from the organisation and its contacts.
pub(super) fn refuse_changes(place: &Place, body: &[u8]) -> Result<HttpResponse, Problem> {
    let names = changed_properties(body).ok_or_else(unreadable)?;
    Ok(xml(StatusCode::MULTI_STATUS, crate::devices::dav::unchanged(&href(place), &names)))
}

fn href(place: &Place) -> String {
    match place {
        Place::Root => ROOT.to_owned(),
        Place::Principal => PRINCIPAL.to_owned(),
        Place::Home => HOME.to_owned(),
        Place::Book => BOOK.to_owned(),
        Place::Card(name) => path_of(name),
    }
}

fn kind(names: &[(&str, &str)]) -> Node {
    let kinds = names.iter().map(|(space, local)| Node::with(space, local, Vec::new()));
    Node::with(DAV, "resourcetype", kinds.collect())
}

/// What the caller may do, in the words of the standard.
fn privileges(caller: &Caller) -> Node {
    let mut names = vec!["read", "read-current-user-privilege-set"];
    if caller.may(Permission::Edit) {
        names.push("write-content");
    }
    if caller.may(Permission::Create) {
        names.push("bind");
    }
    if caller.may(Permission::Delete) {
        names.push("unbind");
    }
    if [Permission::Edit, Permission::Create, Permission::Delete].iter().all(|p| caller.may(*p)) {
        names.push("write");
    }
    let privilege =
        |name: &&str| Node::with(DAV, "privilege", vec![Node::with(DAV, name, Vec::new())]);
    Node::with(DAV, "current-user-privilege-set", names.iter().map(privilege).collect())
}

fn reports() -> Node {
    let names = [
        (CARDDAV, "addressbook-query"),
        (CARDDAV, "addressbook-multiget"),
        (DAV, "sync-collection"),
    ];
    let report = |(space, local): (&str, &str)| {
        let name = Node::with(space, local, Vec::new());
        Node::with(DAV, "supported-report", vec![Node::with(DAV, "report", vec![name])])
    };
    Node::with(DAV, "supported-report-set", names.map(report).into())
}

fn of_place(place: &Place, caller: &Caller, name: &str, now: &str) -> Resource {
    let mut all = vec![
        Node::href(DAV, "current-user-principal", PRINCIPAL),
        Node::href(DAV, "principal-collection-set", PRINCIPAL),
        Node::href(DAV, "owner", PRINCIPAL),
        Node::text(DAV, "displayname", name),
        privileges(caller),
    ];
    match place {
        Place::Root | Place::Home | Place::Card(_) => all.push(kind(&[(DAV, "collection")])),
        Place::Principal => all.extend([
            kind(&[(DAV, "collection"), (DAV, "principal")]),
            Node::href(DAV, "principal-URL", PRINCIPAL),
            Node::href(CARDDAV, "addressbook-home-set", HOME),
        ]),
        Place::Book => {
            let version = |version: &str| Node {
                attributes: vec![
                    ("content-type".to_owned(), "text/vcard".to_owned()),
                    ("version".to_owned(), version.to_owned()),
                ],
                ..Node::with(CARDDAV, "address-data-type", Vec::new())
            };
            let token = format!("{SYNC}{now}");
            all.extend([
                kind(&[(DAV, "collection"), (CARDDAV, "addressbook")]),
                reports(),
                Node::with(CARDDAV, "supported-address-data", vec![version("3.0"), version("4.0")]),
                Node::text(CARDDAV, "max-resource-size", MOST_CARD_BYTES.to_string()),
                Node::text(CARDDAV, "addressbook-description", name),
                Node::text(SERVER, "getctag", token.as_str()),
                Node::text(DAV, "sync-token", token),
            ]);
        }
    }
    Resource { href: href(place), told: Ok(all) }
}

/// The properties of a card; the card itself only where it is asked for.
pub(super) fn of_card(card: &Card, asked: &Properties) -> Resource {
    let mut all = vec![
        Node::with(DAV, "resourcetype", Vec::new()),
        Node::text(DAV, "getetag", card.etag()),
        Node::text(DAV, "getcontenttype", CARD),
        Node::text(DAV, "displayname", card.contact.display_name.as_str()),
    ];
    if asked.named.iter().any(|name| name.is(CARDDAV, "address-data")) {
        let version = if asked.is_v4 { CardVersion::V4 } else { CardVersion::V3 };
        all.push(Node::text(CARDDAV, "address-data", card.text(version)));
    }
    Resource { href: path_of(&card.name()), told: Ok(all) }
}
