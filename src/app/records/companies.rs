//! Companies and the contacts that belong to them: what a company counts, and that both are called
//! alike.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::error::Error;
use super::super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::ContactId;
use crate::domain::issue::shorten;
use crate::domain::record::{AnyKind, Record, kind_by_name, kind_by_number};
use crate::engine::{Rejected, Tx, keys};

/// Most links of a company that are counted; above that the counts are lower bounds.
const MOST_COUNTED: usize = 20_000;
/// Most companies that are looked at for a suggestion.
const MOST_LOOKED_AT: usize = 50_000;
/// Most companies that are suggested.
const MOST_SUGGESTED: usize = 10;
/// Where people have their own addresses: these tell no company.
const OF_EVERYBODY: [&str; 24] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "hotmail.co.uk",
    "live.com",
    "msn.com",
    "yahoo.com",
    "yahoo.co.uk",
    "ymail.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "aol.com",
    "proton.me",
    "protonmail.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "t-online.de",
    "mail.com",
    "mail.ru",
    "yandex.ru",
    "qq.com",
];

/// A company that an address may belong to.
#[derive(Debug, Serialize)]
pub struct SuggestedCompany {
    /// The company.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Its domain, as it says it.
    pub domain: Option<String>,
    /// What tells it: domain, website, email.
    pub why: &'static str,
}

/// Most contacts that are changed with their company in one write.
const MOST_CHANGED: usize = 2_000;

/// Whether a kind is that of companies.
pub(super) fn is_company(kind: &dyn AnyKind) -> bool {
    kind.info().name == "company"
}

/// The domain of an address or a web page, in small letters, without `www.`.
fn domain_of(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let behind = text.rsplit_once('@').map_or(text.as_str(), |(_, domain)| domain);
    let behind = behind.split_once("://").map_or(behind, |(_, rest)| rest);
    let host = behind.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    (host.contains('.') && !host.contains(char::is_whitespace)).then(|| host.to_owned())
}

/// What of a company has this domain, or one above it.
fn why_of(company: &Record, domain: &str) -> Option<&'static str> {
    let fits = |text: &str| {
        domain_of(text).is_some_and(|known| {
            domain == known || domain.strip_suffix(&known).is_some_and(|rest| rest.ends_with('.'))
        })
    };
    let text = |field: &str| company.values.get(field).and_then(Value::as_str);
    if text("domain").is_some_and(fits) {
        return Some("domain");
    }
    if text("website").is_some_and(fits) {
        return Some("website");
    }
    let emails = company.values.get("emails").and_then(Value::as_array);
    let mut emails = emails.into_iter().flatten().filter_map(Value::as_str);
    emails.any(fits).then_some("email")
}

impl App {
    /// The companies to which somebody with an e-mail address may belong, by its domain; none for
    /// addresses that everybody can have.
    ///
    /// Cost: reads the companies, 50,000 at most.
    ///
    /// # Errors
    /// If the address is none, or the caller may not.
    pub fn suggest_companies(
        &self,
        caller: &Caller,
        email: &str,
    ) -> Result<Vec<SuggestedCompany>, Error> {
        authorize(caller, Permission::View)?;
        let domain = Some(email).filter(|email| email.contains('@')).and_then(domain_of);
        let Some(domain) = domain else {
            let detail = format!("{:?} is not an e-mail address", shorten(email));
            return Err(Error::invalid("/email", "email", detail));
        };
        let mut found = Vec::new();
        let number = kind_by_name("company").map_or(0, |kind| kind.info().number);
        if OF_EVERYBODY.contains(&domain.as_str()) {
            return Ok(found);
        }
        for company in self.partition.records_back(caller.organization, number).take(MOST_LOOKED_AT)
        {
            let company = company?;
            if company.head.deleted_at.is_some() {
                continue;
            }
            let text =
                |field: &str| company.values.get(field).and_then(Value::as_str).map(str::to_owned);
            if let Some(why) = why_of(&company, &domain) {
                found.push(SuggestedCompany {
                    id: company.head.id,
                    name: text("name").unwrap_or_default(),
                    domain: text("domain"),
                    why,
                });
            }
        }
        let order = |one: &SuggestedCompany| {
            ["domain", "website", "email"].iter().position(|why| *why == one.why)
        };
        found.sort_by_key(|one| (order(one), one.name.to_lowercase(), one.id));
        found.truncate(MOST_SUGGESTED);
        Ok(found)
    }

    /// Puts in what a company counts, as far as the caller sees it: contacts, open deals, and what
    /// they are worth. Cost: reads what is linked to it.
    pub(super) fn add_counts_of_company(
        &self,
        caller: &Caller,
        shown: &mut Value,
    ) -> Result<(), Error> {
        let org = caller.organization;
        let id = shown.get("id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
        let Some(id) = id else { return Ok(()) };
        let (mut contacts, mut deals, mut value) = (0_u64, 0_u64, 0.0_f64);
        let prefix = keys::links_of(org, id);
        for entry in self.partition.scan(&prefix).take(MOST_COUNTED) {
            let Some((_, _, number, id)) = keys::parse_link(&entry?.0) else { continue };
            let Some(kind) = kind_by_number(number) else {
                let seen = self.partition.contact(org, ContactId(id))?;
                contacts += u64::from(seen.is_some_and(|contact| caller.sees(&contact)));
                continue;
            };
            let Some(deal) = self.partition.record(org, number, id)? else { continue };
            let is_seen = match deal.contact() {
                Some(contact) => self.contact_that_stands_for(caller, contact)?.is_some(),
                None => true,
            };
            let counts = kind.facts(&deal).counts;
            if is_seen && deal.head.deleted_at.is_none() && counts.open_deals > 0 {
                deals += 1;
                value += deal.values.get("amount").and_then(Value::as_f64).unwrap_or(0.0);
            }
        }
        shown["contacts_count"] = json!(contacts);
        shown["open_deals"] = json!(deals);
        shown["open_deals_value"] = json!((value * 100.0).round() / 100.0);
        Ok(())
    }
}

/// Gives the contacts of a company its new name, where theirs was the one before; takes the company
/// off them if it is deleted for good.
pub(super) fn tell_contacts(
    tx: &mut Tx<'_>,
    before: &Record,
    after: Option<&Record>,
    actor: &str,
) -> Result<(), Rejected<Error>> {
    let name =
        |record: &Record| record.values.get("name").and_then(Value::as_str).map(str::to_owned);
    let (was, is) = (name(before), after.map(name));
    if is.as_ref() == Some(&was) {
        return Ok(());
    }
    let (org, id) = (before.head.organization, before.head.id);
    let contacts = tx.contacts_of_company(org, id, MOST_CHANGED + 1)?;
    if contacts.len() > MOST_CHANGED {
        let detail = format!(
            "more than {MOST_CHANGED} contacts belong to this company: take it off some first"
        );
        return Err(Rejected::By(Error::invalid("/name", "too_many", detail)));
    }
    for contact in contacts {
        let Some(known) = tx.contact(org, contact)? else { continue };
        let mut next = known.clone();
        match &is {
            Some(is) if next.company == was => next.company.clone_from(is),
            Some(_) => continue,
            None => next.company_id = None,
        }
        next.version += 1;
        next.updated_at = after.map_or(next.updated_at, |after| after.head.updated_at);
        next.updated_by = Some(actor.to_owned());
        tx.replace_contact(org, known, next)?;
    }
    Ok(())
}
