//! Reports about the book: what a filter finds, what is at some places, what has changed.

use actix_web::HttpResponse;
use actix_web::web;

use super::super::answer;
use super::super::error::Problem;
use super::super::state::State;
use super::properties::{SYNC, of_card, told};
use super::{BOOK, Place, path_of, refused};
use crate::app::{CardBook, CardChange, Error};
use crate::devices::dav::{DAV, Properties, Report, Resource, report};
use crate::devices::ldap::PeopleFilter;
use crate::domain::access::Caller;
use crate::error::ErrorCode;

/// Most cards that are asked for by their places at once.
const MOST_PLACES: usize = 5_000;

/// Answers a `REPORT`.
pub(super) async fn answer(
    state: &web::Data<State>,
    caller: Caller,
    body: &[u8],
) -> Result<HttpResponse, Problem> {
    match report(body) {
        None => Ok(refused(DAV, "supported-report")),
        Some(Report::Query { properties, wanted, limit }) => {
            let book = query(state, caller, wanted, limit).await?;
            Ok(told(&resources(&book, &properties), &properties, None))
        }
        Some(Report::Multiget { properties, hrefs }) => {
            if hrefs.len() > MOST_PLACES {
                return Ok(refused(DAV, "number-of-matches-within-limits"));
            }
            let found = multiget(state, caller, hrefs, properties.clone()).await?;
            Ok(told(&found, &properties, None))
        }
        Some(Report::Sync { properties, token, limit }) => {
            sync(state, caller, &properties, token, limit).await
        }
    }
}

fn resources(book: &CardBook, asked: &Properties) -> Vec<Resource> {
    let mut all: Vec<Resource> = book.cards.iter().map(|card| of_card(card, asked)).collect();
    if book.is_cut {
        all.push(Resource { href: BOOK.to_owned(), told: Err(507) });
    }
    all
}

async fn query(
    state: &web::Data<State>,
    caller: Caller,
    wanted: PeopleFilter,
    limit: Option<usize>,
) -> Result<CardBook, Problem> {
    answer::search(state, move |app| {
        let none = |cards| CardBook { cards, place: String::new(), is_cut: false };
        match wanted {
            PeopleFilter::Nobody | PeopleFilter::Undefined => Ok(none(Vec::new())),
            PeopleFilter::One(id) => match app.read_card(&caller, &id.to_string()) {
                Ok(card) => Ok(none(vec![card])),
                Err(Error::ContactNotFound | Error::Merged { .. }) => Ok(none(Vec::new())),
                Err(error) => Err(error),
            },
            PeopleFilter::Everybody => app.read_cards(&caller, None, limit),
            PeopleFilter::Filter(filter) => app.read_cards(&caller, Some(filter), limit),
        }
    })
    .await
}

async fn multiget(
    state: &web::Data<State>,
    caller: Caller,
    hrefs: Vec<String>,
    asked: Properties,
) -> Result<Vec<Resource>, Problem> {
    answer::search(state, move |app| {
        let mut found = Vec::with_capacity(hrefs.len());
        for href in hrefs {
            let card = match Place::of(&href) {
                Some(Place::Card(name)) => app.read_card(&caller, &name),
                _ => Err(Error::ContactNotFound),
            };
            found.push(match card {
                // Under the place that was asked for, whatever its spelling.
                Ok(card) => Resource { href, ..of_card(&card, &asked) },
                Err(Error::ContactNotFound | Error::Merged { .. }) => {
                    Resource { href, told: Err(404) }
                }
                Err(error) => return Err(error),
            });
        }
        Ok(found)
    })
    .await
}

async fn sync(
    state: &web::Data<State>,
    caller: Caller,
    asked: &Properties,
    token: String,
    limit: Option<usize>,
) -> Result<HttpResponse, Problem> {
    if token.is_empty() {
        let book = answer::search(state, move |app| app.read_cards(&caller, None, None)).await?;
        let token = format!("{SYNC}{}", book.place);
        return Ok(told(&resources(&book, asked), asked, Some(&token)));
    }
    let Some(since) = token.strip_prefix(SYNC).map(str::to_owned) else {
        return Ok(refused(DAV, "valid-sync-token"));
    };
    let changes = answer::search(state, move |app| app.card_changes(&caller, &since, limit)).await;
    let changes = match changes {
        Ok(changes) => changes,
        Err(problem) if matches!(problem.code(), ErrorCode::ChangesGone | ErrorCode::Invalid) => {
            return Ok(refused(DAV, "valid-sync-token"));
        }
        Err(problem) => return Err(problem),
    };
    let mut all: Vec<Resource> = changes
        .changes
        .iter()
        .map(|change| match change {
            CardChange::There(card) => of_card(card, asked),
            CardChange::Gone(name) => Resource { href: path_of(name), told: Err(404) },
        })
        .collect();
    if changes.has_more {
        all.push(Resource { href: BOOK.to_owned(), told: Err(507) });
    }
    let token = format!("{SYNC}{}", changes.place);
    Ok(told(&all, asked, Some(&token)))
}
