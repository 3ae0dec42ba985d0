//! The pages of companies, deals, tasks, lists and jobs.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::cdp::Page;
use super::{api, create, open, unique, visit};
use crate::support::server::TestServer;

/// Types into the field of the form of a record.
fn fill(page: &mut Page, key: &str, text: &str) {
    page.click(&format!("[data-test=record-form] #field-{key}"));
    page.type_text(text);
}

/// Chooses a value of a select of the form.
fn choose(page: &mut Page, selector: &str, value: &str) {
    page.wait(&format!("document.querySelector({})", json!(selector)));
    page.eval(&format!(
        "(() => {{ const box = document.querySelector({}); box.value = {};
            box.dispatchEvent(new Event('input', {{ bubbles: true }})); box.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
        json!(selector),
        json!(value)
    ));
}

#[test]
fn a_company_is_made_changed_deleted_and_brought_back() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/companies") else { return };
    let (word, _) = unique();
    page.click("[data-test=new-item]");
    page.wait("document.activeElement?.id === 'field-name'");
    // Nothing is sent without a name, and it is said where.
    page.press("Enter");
    page.wait_for_text("Name is needed");
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text(&format!("{word} Ltd"));
    fill(&mut page, "domain", "not a domain at all");
    page.press("Enter");
    page.wait("document.querySelector('#field-domain[aria-invalid=true]')");
    page.forgive("status of 422");
    page.eval("document.querySelector('#field-domain').select(); 0");
    page.type_text(&format!("{word}.example"));
    page.press("Enter");
    page.wait(&format!(
        "document.querySelector('[data-test=row]')?.innerText.includes('{word} Ltd')"
    ));
    page.wait("document.querySelector('[data-test=delete-item]')");
    let contact = create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": unique().1 }));
    let id = page.eval("new URL(location).searchParams.get('open')");
    api(&mut page, "PATCH", &format!("/api/v1/contacts/{contact}"), &json!({ "company_id": id }));
    page.reload();
    page.wait(&format!(
        "document.querySelector('[data-test=company-contacts]')?.innerText.includes('Zoe {word}')"
    ));
    fill(&mut page, "notes", "first line");
    page.press("Enter");
    page.type_text("second line");
    page.press("Ctrl+Enter");
    page.wait_for_text("is saved");
    let company = api(
        &mut page,
        "GET",
        &format!("/api/v1/companies/{}", id.as_str().unwrap_or_default()),
        &Value::Null,
    );
    assert_eq!(company["notes"], json!("first line\nsecond line"));
    page.click("[data-test=delete-item]");
    page.wait("document.querySelector('[data-test=nothing]')");
    page.wait_for_text("is deleted");
    page.eval("[...document.querySelectorAll('[data-test=toast]')].find((one) => one.innerText.includes('is deleted')).querySelector('.link').click()");
    page.wait("document.querySelector('[data-test=row]')");
    page.assert_clean(base);
}

#[test]
fn a_deal_moves_over_the_board_and_back() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, _) = unique();
    let deal = api(
        &mut page,
        "POST",
        "/api/v1/deals",
        &json!({ "title": word, "stage": "proposal", "amount": 1200.5, "currency": "EUR" }),
    );
    let path = format!("/api/v1/deals/{}", deal["id"].as_str().unwrap());
    visit(&mut page, base, "/deals?look=board");
    page.wait("document.querySelector('[data-stage=proposal] [data-test=deal]')");
    page.wait_for_text("€1,200.50");
    assert_accessible(&mut page, "the board");
    choose(&mut page, "[data-test=deal] select", "won");
    page.wait("document.querySelector('[data-stage=won] [data-test=deal]')");
    assert_eq!(api(&mut page, "GET", &path, &Value::Null)["status"], json!("won"));
    page.click("[data-test=toast] .link");
    page.wait("document.querySelector('[data-stage=proposal] [data-test=deal]')");
    let now = api(&mut page, "GET", &path, &Value::Null);
    assert_eq!((&now["status"], &now["stage"]), (&json!("open"), &json!("proposal")));
    page.assert_clean(base);
}

#[test]
fn a_task_for_a_contact_is_made_and_done_with_the_keyboard() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let contact = create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": number }));
    visit(&mut page, base, "/tasks");
    page.click("[data-test=new-item]");
    page.wait("document.activeElement?.id === 'field-title'");
    page.type_text("Send the offer");
    fill(&mut page, "contact_id", &word);
    page.wait("document.querySelector('[data-test=found]')");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=chosen]')");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('[data-test=row]')?.innerText.includes('Send the offer')");
    page.wait(&format!(
        "document.querySelector('[data-test=row]').innerText.includes('Zoe {word}')"
    ));
    let made = api(&mut page, "GET", &format!("/api/v1/tasks?contact_id={contact}"), &Value::Null);
    assert_eq!(made["items"][0]["title"], json!("Send the offer"));
    page.wait("document.querySelector('[data-test=sheet] [data-test=delete-item]')");
    page.press("Escape");
    page.wait("!document.querySelector('[data-test=sheet]')");
    page.eval("document.querySelector('#table').focus(); 0");
    page.press("d");
    page.wait("document.querySelector('[data-test=nothing]')");
    page.press("Ctrl+z");
    page.wait("document.querySelector('[data-test=row]')");
    page.assert_clean(base);
}

#[test]
fn lists_are_made_filled_and_shown() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/lists?open=new") else { return };
    let (word, number) = unique();
    create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": number }));
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text(&format!("Calls {word}"));
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('#add-member')");
    page.click("#add-member");
    page.type_text(&word);
    page.wait("document.querySelector('[data-test=found]')");
    page.press("Enter");
    page.wait(&format!(
        "document.querySelector('[data-test=member]')?.innerText.includes('{word}')"
    ));
    page.click("[data-test=show-members]");
    page.wait("document.querySelector('[data-test=table]')?.dataset.total === '1'");
    assert!(
        page.eval("document.querySelector('#search').value.startsWith('list:')") == json!(true)
    );
    page.assert_clean(base);
    // A dynamic list without a query says what is missing; the browser notes the refusal.
    visit(&mut page, base, "/lists?open=new");
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text(&format!("Dynamic {word}"));
    choose(&mut page, "#field-kind", "dynamic");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('[data-test=record-form] .complaint, [data-test=record-form] .trouble')");
    fill(&mut page, "q", &word);
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('[data-test=member]')");
}

#[test]
fn the_pages_of_records_are_accessible_and_fit_every_width() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    for (noun, body) in [
        ("companies", json!({ "name": "Acme Inc", "domain": "acme.example" })),
        ("deals", json!({ "title": "Seats", "amount": 10, "currency": "EUR" })),
        ("tasks", json!({ "title": "Call", "due_at": "2026-01-01T10:00:00Z" })),
        ("lists", json!({ "name": "Leads", "kind": "dynamic", "q": "tag:lead" })),
    ] {
        let made = api(&mut page, "POST", &format!("/api/v1/{noun}"), &body);
        let id = made["id"].as_str().unwrap();
        for (scheme, width) in [("light", 1440), ("dark", 360)] {
            page.resize(width, 800);
            page.prefer("prefers-color-scheme", scheme);
            visit(&mut page, base, &format!("/{noun}"));
            page.wait("document.querySelector('[data-test=row]')");
            assert_accessible(&mut page, &format!("{noun}, {scheme} {width}"));
            visit(&mut page, base, &format!("/{noun}?open={id}"));
            page.wait("document.querySelector('[data-test=delete-item]')");
            assert_accessible(&mut page, &format!("one of {noun}, {scheme} {width}"));
            assert_eq!(
                page.eval("document.documentElement.scrollWidth > innerWidth + 1"),
                json!(false),
                "{noun} scrolls sideways at {width}"
            );
        }
    }
    visit(&mut page, base, "/jobs");
    page.wait("document.querySelector('[data-test=nothing], [data-test=job]')");
    assert_accessible(&mut page, "jobs");
    page.assert_clean(base);
}

#[test]
fn two_records_of_one_company_become_one_and_two_again() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/companies") else { return };
    let (word, number) = unique();
    let make = |page: &mut Page, name: String| {
        let made = api(page, "POST", "/api/v1/companies", &json!({ "name": name }));
        made["id"].as_str().expect("an id").to_owned()
    };
    let stays = make(&mut page, format!("{word} GmbH"));
    let goes = make(&mut page, format!("{word} Holding"));
    let body = json!({ "name": format!("Zoe {word}"), "phone": number, "company_id": goes });
    let contact = create(&mut page, &body);
    visit(&mut page, base, &format!("/companies?open={stays}"));
    page.click("#merge-company");
    page.type_text("holding");
    page.wait("document.querySelector('[data-test=found]')");
    page.press("Enter");
    // It says first what would follow.
    page.wait("document.querySelector('[data-test=merge-company]').innerText.includes('Follows: 1 contacts')");
    let path = format!("/api/v1/contacts/{contact}");
    assert_eq!(api(&mut page, "GET", &path, &Value::Null)["company_id"], json!(goes));
    assert_accessible(&mut page, "a company that another one goes into");
    page.click("[data-test=merge-company-now]");
    page.wait_for_text("went into");
    page.wait(&format!(
        "document.querySelector('[data-test=company-contacts]').innerText.includes('Zoe {word}')"
    ));
    assert_eq!(api(&mut page, "GET", &path, &Value::Null)["company_id"], json!(stays));
    page.click("[data-test=toast] .link");
    page.wait_for_text("Taken back.");
    assert_eq!(api(&mut page, "GET", &path, &Value::Null)["company_id"], json!(goes));
    page.assert_clean(base);
}

#[test]
fn jobs_beyond_the_newest_hundred_are_reached() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let id =
        api(&mut page, "GET", "/api/v1/contacts?per_page=1", &Value::Null)["contacts"][0]["id"]
            .clone();
    // One after another: a server runs only a few at once.
    page.eval(&format!(
        "(async () => {{
            const ask = (path, how) => fetch(path, how).then((answer) => answer.json());
            for (let at = 0; at < 103; at += 1) {{
                const body = JSON.stringify({{ select: {{ ids: [{id}] }}, action: {{ type: 'add_tags', tags: [`n${{at}}`] }} }});
                const made = await ask('/api/v1/contacts/bulk-actions', {{ method: 'POST', body, headers: {{ 'Content-Type': 'application/json' }} }});
                while (['queued', 'running'].includes((await ask(`/api/v1/jobs/${{made.id}}`)).state)) ;
            }}
        }})()"
    ));
    visit(&mut page, base, "/jobs");
    page.wait("document.querySelectorAll('[data-test=job]').length === 100");
    page.wait("document.querySelector('.count[role=status]') && document.querySelector('[data-test=jobs] .count').innerText === '103 jobs'");
    page.click("[data-test=earlier-jobs]");
    page.wait("document.querySelectorAll('[data-test=job]').length === 103");
    page.wait("!document.querySelector('[data-test=earlier-jobs]')");
    page.assert_clean(base);
}
