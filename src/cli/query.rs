//! `ringdex search`, `ringdex suggest` and `ringdex lookup`.

use serde_json::{Value, json};

use super::args::{Args, Lookup, Search, Suggest};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::{Query, Refresh, Rule, SearchRequest};
use crate::domain::text::counted;

pub(super) fn search(args: &Args, command: &Search) -> Result<(), Failure> {
    let q = command.query.join(" ");
    let more = &command.more;
    let (filter, saved_search) = (more.filter.as_deref(), more.saved_search.as_deref());
    let body = match Target::open_existing(args)? {
        Target::Remote(client) => {
            let limit = command.limit.to_string();
            let sort = command.sort.clone().unwrap_or_default();
            let facets = command.facets.join(",");
            let (explain, deleted) = (command.explain.to_string(), command.deleted.to_string());
            client.get(
                "/api/v1/contacts",
                &[
                    ("q", &q),
                    ("filter", filter.unwrap_or_default()),
                    ("saved_search", saved_search.unwrap_or_default()),
                    ("per_page", &limit),
                    ("sort", &sort),
                    ("facets", &facets),
                    ("explain", &explain),
                    ("deleted", &deleted),
                    ("start", command.start.as_deref().unwrap_or_default()),
                ],
            )?
        }
        Target::Local { app, caller } => {
            let request = SearchRequest {
                query: Query::of_texts(&q, filter, saved_search)?,
                per_page: Some(command.limit),
                sort: command.sort.clone(),
                start: command.start.clone(),
                facets: command.facets.clone(),
                explain: command.explain,
                is_trash: command.deleted,
                refresh: Refresh::Wait,
                ..SearchRequest::default()
            };
            let answer = app.search_contacts(&caller, &request)?;
            let json = answer.into_json(&command.query.join(" "));
            json.and_then(|json| serde_json::from_slice(&json))
                .map_err(|error| crate::app::Error::WriteFailed(error.to_string()))?
        }
    };
    if args.json { output::print_json(&body) } else { print_search(command, &body) }
}

/// Prints what a search found as a table.
fn print_search(command: &Search, body: &Value) -> Result<(), Failure> {
    for warning in body["warnings"].as_array().into_iter().flatten() {
        output::tell(&format!("note: {}", text(warning)));
    }
    let contacts = body["contacts"].as_array().map_or(&[][..], Vec::as_slice);
    if !contacts.is_empty() {
        let why = if command.deleted { "DELETED" } else { "WHY" };
        print_found(["NAME", "PHONE", "COMPANY", "ID", why])?;
    }
    for contact in contacts {
        let why: Vec<&str> =
            contact["match"]["why"].as_array().into_iter().flatten().map(text).collect();
        let why = why.join(", ");
        let last = if command.deleted { text(&contact["deleted_at"]) } else { &why };
        let cells = ["display_name", "phone", "company", "id"].map(|name| text(&contact[name]));
        let [name, phone, company, id] = cells;
        print_found([name, phone, company, id, last])?;
        for part in contact["match"]["explanation"].as_array().into_iter().flatten() {
            let score = part["score"].as_f64().unwrap_or(0.0);
            let (asked, reason) = (text(&part["part"]), text(&part["reason"]));
            output::print(&format!("    {score:>5.2}  {asked}: {reason}"))?;
        }
    }
    if let Some(meant) = body["did_you_mean"].as_str() {
        output::tell(&format!("did you mean: {meant}"));
    }
    for (name, facet) in body["facets"].as_object().into_iter().flatten() {
        output::print(&format!("{name}: {} different", facet["distinct"]))?;
        for value in facet["values"].as_array().into_iter().flatten() {
            output::print(&format!("  {:>8}  {}", value["count"], text(&value["value"])))?;
        }
    }
    let total = body["total"].as_u64().unwrap_or(0);
    let took = body["took_us"].as_u64().unwrap_or(0);
    let found = counted(total, "match", "matches");
    output::tell(&format!("{found}, {} shown · {}", contacts.len(), milliseconds(took)));
    Ok(())
}

pub(super) fn suggest(args: &Args, command: &Suggest) -> Result<(), Failure> {
    let typed = command.text.join(" ");
    let body = match Target::open_existing(args)? {
        Target::Remote(client) => {
            let (limit, kind) = (command.limit.to_string(), command.kind.join(","));
            client.get("/api/v1/suggest", &[("q", &typed), ("kind", &kind), ("limit", &limit)])?
        }
        Target::Local { app, caller } => {
            json!(app.suggest(&caller, &typed, &command.kind, Some(command.limit))?)
        }
    };
    if args.json {
        return output::print_json(&body);
    }
    for found in body["suggestions"].as_array().into_iter().flatten() {
        let (kind, value) = (text(&found["kind"]), text(&found["text"]));
        output::print(&format!("{}  {:>8}  {value}", pad(kind, 8), found["count"]))?;
    }
    Ok(())
}

pub(super) fn lookup(args: &Args, command: &Lookup) -> Result<(), Failure> {
    if command.number.trim().is_empty() {
        return Err(Failure::Usage("the number to look up is empty".to_owned()));
    }
    let body = match Target::open_existing(args)? {
        Target::Remote(client) => {
            let limit = command.limit.to_string();
            let country = command.country.clone().unwrap_or_default();
            client.get(
                "/api/v1/lookup",
                &[("number", &command.number), ("country", &country), ("limit", &limit)],
            )?
        }
        Target::Local { app, caller } => {
            let answer = app.lookup_number(
                &caller,
                &command.number,
                command.country.as_deref(),
                Some(command.limit),
            )?;
            let results: Vec<Value> = answer
                .results
                .iter()
                .map(|result| {
                    let phone = result.contact.phones.get(result.slot);
                    json!({
                        "id": result.contact.id,
                        "display_name": result.contact.display_name,
                        "company": result.contact.company,
                        "phone": phone.map(|p| &p.number),
                        "phone_label": phone.and_then(|p| p.label.as_ref()),
                        "status": result.contact.shown_status().as_str(),
                        "do_not_contact": result.contact.fields.status.do_not_contact,
                        "blocked": result.contact.fields.status.blocked,
                        "tags": result.contact.tags,
                        "assigned_to": result.contact.assigned_to,
                        "last_call": result.contact.last_called(),
                        "url": format!("/contacts/{}", result.contact.id),
                        "why": result.why,
                    })
                })
                .collect();
            json!({
                "query": {
                    "raw": answer.query.raw, "e164": answer.query.e164,
                    "country": answer.query.country,
                },
                "match": answer.rule().map_or("none", Rule::as_str),
                "count": answer.count, "took_us": answer.took_us, "results": results,
            })
        }
    };
    if args.json {
        return output::print_json(&body);
    }
    let results = body["results"].as_array().map_or(&[][..], Vec::as_slice);
    if !results.is_empty() {
        print_found(["NAME", "PHONE", "COMPANY", "ID", "WHY"])?;
    }
    for result in results {
        let cells =
            ["display_name", "phone", "company", "id", "why"].map(|name| text(&result[name]));
        print_found(cells)?;
    }
    let count = body["count"].as_u64().unwrap_or(0);
    if count == 0 {
        output::print("nobody has this number yet")?;
    }
    Ok(())
}

fn print_found([name, phone, company, id, last]: [&str; 5]) -> Result<(), Failure> {
    let (name, phone, company) = (pad(name, 28), pad(phone, 18), pad(company, 28));
    output::print(format!("{name}  {phone}  {company}  {id:<36}  {last}").trim_end())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn pad(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count > width {
        let cut: String = text.chars().take(width - 1).collect();
        return format!("{cut}…");
    }
    format!("{text}{}", " ".repeat(width - count))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds for people")]
fn milliseconds(us: u64) -> String {
    format!("{:.1} ms", us as f64 / 1_000.0)
}
