//! What an administrator does once a month: people and where they belong, tokens, webhooks, and
//! reading what was done and how the server is.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::card::set;
use super::cdp::Page;
use super::sign_in::{EMAIL, PASSWORD, sign_in};
use super::{api, visit, wait_for_card};
use crate::support::server::TestServer;

/// A server with an admin, who is signed in.
fn begin(server: &TestServer, path: &str) -> Option<Page> {
    server.user(EMAIL, "admin", PASSWORD);
    let mut page = Page::open()?;
    visit(&mut page, server.base_url(), "/sign-in");
    sign_in(&mut page);
    visit(&mut page, server.base_url(), path);
    Some(page)
}

/// Types into a form for something new and sends it.
fn make(page: &mut Page, base: &str, section: &str, name: &str) {
    visit(page, base, &format!("/settings/{section}?open=new"));
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text(name);
    page.press("Enter");
    page.wait(&format!(
        "[...document.querySelectorAll('[data-test=row]')].some((one) => one.innerText.includes({}))",
        json!(name)
    ));
}

#[test]
fn somebody_is_invited_gets_another_role_and_is_let_go() {
    let server = TestServer::start();
    let Some(mut page) = begin(&server, "/settings/users?open=new") else { return };
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text("Omar Known");
    set(&mut page, "#field-email", "omar@example.com");
    set(&mut page, "#field-password", "short");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('#field-password[aria-invalid=true]')");
    set(&mut page, "#field-password", PASSWORD);
    page.click("[data-test=record-form] [type=submit]");
    let omar = |page: &mut Page| {
        let users = api(page, "GET", "/api/v1/users", &Value::Null);
        let all = users["users"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["email"] == "omar@example.com").unwrap_or_default()
    };
    page.wait("new URLSearchParams(location.search).get('open')?.length === 36");
    assert_eq!(omar(&mut page)["role"], json!("agent"));
    set(&mut page, "#field-role", "manager");
    page.click("[data-test=record-form] [type=submit]");
    page.wait_for_text("Omar Known is saved");
    assert_eq!(omar(&mut page)["role"], json!("manager"));
    // A right that was given by mistake is taken back at once.
    page.click("[data-test=toast] .link");
    page.wait_for_text("Taken back");
    assert_eq!(omar(&mut page)["role"], json!("agent"));
    set(&mut page, "#field-disabled", "true");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('[data-test=row] s')");
    assert_eq!(omar(&mut page)["disabled"], json!(true));
    let entry = json!({ "email": "omar@example.com", "password": PASSWORD });
    let status = page.eval(&format!(
        "fetch('/api/v1/session', {{ method: 'POST', credentials: 'omit', headers: {{ 'Content-Type': 'application/json' }}, body: {} }}).then((answer) => answer.status)",
        json!(entry.to_string())
    ));
    assert_eq!(status, json!(401));
}

#[test]
fn a_department_and_a_queue_are_made_and_somebody_is_put_into_them() {
    let server = TestServer::start();
    let base = server.base_url();
    let Some(mut page) = begin(&server, "/settings/departments") else { return };
    let omar = server.user("omar@example.com", "agent", PASSWORD);
    make(&mut page, base, "departments", "Sales");
    visit(&mut page, base, &format!("/settings/users?open={omar}"));
    page.wait("[...(document.querySelector('#field-department_id')?.options ?? [])].some((one) => one.text === 'Sales')");
    page.eval("(() => { const box = document.querySelector('#field-department_id'); box.value = [...box.options].find((one) => one.text === 'Sales').value;
        box.dispatchEvent(new Event('input', { bubbles: true })); box.dispatchEvent(new Event('change', { bubbles: true })); })()");
    page.click("[data-test=record-form] [type=submit]");
    page.wait(
        "[...document.querySelectorAll('[data-test=row]')].some((one) => one.innerText.includes('Sales'))",
    );
    make(&mut page, base, "queues", "Night desk");
    let members = |page: &mut Page| {
        api(page, "GET", "/api/v1/queues", &Value::Null)["queues"][0]["members"].clone()
    };
    let box_of = "[...document.querySelectorAll('[data-test=sheet] .check')].find((one) => one.innerText.includes('omar'))?.querySelector('input')";
    page.wait(box_of);
    page.eval(&format!("{box_of}.click()"));
    page.wait_for_text("is in the queue");
    assert_eq!(members(&mut page), json!([omar]));
    assert_accessible(&mut page, "the members of a queue");
    page.click("[data-test=toast] .link");
    page.wait_for_text("Taken back");
    assert_eq!(members(&mut page), json!([]));
    // A name that there is already is refused with words, and nothing that was typed is lost.
    visit(&mut page, base, "/settings/queues?open=new");
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text("night desk");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=record-form] [role=alert]')?.innerText.includes('another queue with this name')");
    assert_eq!(page.eval("document.querySelector('#field-name').value"), json!("night desk"));
}

#[test]
fn a_token_is_made_tried_and_taken_away() {
    let server = TestServer::start();
    let Some(mut page) = begin(&server, "/settings/tokens?open=new") else { return };
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text("3CX");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=secret]')?.innerText.startsWith('rdx_')");
    let secret = page.eval("document.querySelector('[data-test=secret]').innerText");
    let secret = secret.as_str().unwrap_or_default();
    let answered = |page: &mut Page| {
        page.eval(&format!(
            "fetch('/api/v1/lookup?number=%2B12025550123', {{ credentials: 'omit', headers: {{ Authorization: 'Bearer {secret}' }} }}).then((answer) => answer.status)"
        ))
    };
    assert_eq!(answered(&mut page), json!(200));
    page.click("[data-test=delete-item]");
    page.wait("!document.querySelector('[data-test=sheet]')");
    page.wait("![...document.querySelectorAll('[data-test=row]')].some((one) => one.innerText.includes('3CX'))");
    assert_eq!(answered(&mut page), json!(401));
}

#[test]
fn a_webhook_is_tried_with_a_call_that_says_what_became_of_it() {
    let server = TestServer::start();
    let Some(mut page) = begin(&server, "/settings/webhooks?open=new") else { return };
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text("CRM");
    set(&mut page, "#field-url", "https://crm.invalid/hooks");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('[data-test=test-webhook]:not([disabled])')");
    page.eval("document.querySelector('[data-test=test-webhook]').click()");
    page.wait("document.querySelector('[data-test=tested][data-state=dead]')?.innerText.includes('did not arrive')");
    page.wait("document.querySelector('[data-test=delivery]')?.innerText.includes('webhook.test')");
    assert_accessible(&mut page, "a webhook that was tried");
    // One that is switched off offers none.
    set(&mut page, "#field-active", "false");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('[data-test=test-webhook]').disabled");
    page.assert_clean(server.base_url());
}

#[test]
fn the_log_says_who_did_what_and_what_was_before() {
    let server = TestServer::start();
    let base = server.base_url();
    let Some(mut page) = begin(&server, "/settings/audit") else { return };
    let id = server.create_id(&json!({ "name": "Zoe Known", "title": "Buyer" }));
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, "Zoe Known");
    page.click("[data-test='field-title'] button.value");
    page.wait("document.activeElement.matches('[data-test=field-title] input')");
    page.type_text("Director");
    page.press("Enter");
    page.wait(
        "document.querySelector(\"[data-test='field-title']\").innerText.includes('Director')",
    );
    visit(&mut page, base, &format!("/settings/audit?record={id}&action=contact.updated"));
    page.wait("document.querySelectorAll('[data-test=audit-line]').length === 1");
    page.wait("document.querySelector('[data-test=audit-line]').innerText.includes('jane@example.com: contact updated')");
    page.click("[data-test=audit-line] summary");
    page.wait(
        "document.querySelector('[data-test=audit-line]').innerText.includes('Buyer → Director')",
    );
    assert_accessible(&mut page, "the audit log");
    // From the line to the contact.
    page.click("[data-test=audit-line] .link");
    wait_for_card(&mut page, "Zoe Known");
    page.assert_clean(base);
}

#[test]
fn how_the_server_is_is_read_and_looked_at_again() {
    let server = TestServer::start();
    let Some(mut page) = begin(&server, "/settings/health") else { return };
    let contacts = "[...document.querySelectorAll('.figures div')].find((one) => one.querySelector('dt').innerText === 'Contacts')?.querySelector('dd').innerText";
    page.wait(&format!("{contacts} === '0'"));
    page.wait("document.querySelector('[data-test=health] [role=status]')?.innerText");
    server.create(&json!({ "name": "Zoe Known", "phone": "+12025550123" }));
    server.search("zoe", "&refresh=wait");
    page.click("[data-test=health-again]");
    page.wait(&format!("{contacts} === '1'"));
    assert_accessible(&mut page, "how the server is");
    page.assert_clean(server.base_url());
}
