//! What a manager does beside the contacts themselves: searches for all, reports of duplicates.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::card::set;
use super::cdp::Page;
use super::sign_in::{EMAIL, PASSWORD};
use super::{api, visit};
use crate::support::server::TestServer;

/// Signs somebody else in, in a browser of their own.
fn open_as(base: &str, email: &str, path: &str) -> Option<Page> {
    let mut page = Page::open()?;
    visit(&mut page, base, "/sign-in");
    page.wait("document.activeElement.id === 'email'");
    page.type_text(email);
    page.press("Tab");
    page.type_text(PASSWORD);
    page.press("Enter");
    page.wait("document.querySelector('[data-test=user] button')");
    visit(&mut page, base, path);
    Some(page)
}

#[test]
fn a_search_is_shared_and_only_who_made_it_changes_it() {
    let server = TestServer::start();
    server.user(EMAIL, "manager", PASSWORD);
    server.user("omar@example.com", "agent", PASSWORD);
    server.create(&json!({ "name": "Zoe Known", "phone": "+12025550123", "tags": ["VIP"] }));
    let base = server.base_url();
    let Some(mut page) = open_as(base, EMAIL, "/contacts?q=tag%3AVIP") else { return };
    page.click("[data-test=save-search]");
    page.wait("document.activeElement.placeholder === 'Name'");
    page.type_text("Important people");
    page.click("[data-test=filters] form .facet input");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=saved]')?.innerText.includes('shared')");
    let kept = api(&mut page, "GET", "/api/v1/saved-searches", &Value::Null);
    assert_eq!(kept["saved_searches"][0]["shared"], json!(true), "{kept}");

    let Some(mut other) = open_as(base, "omar@example.com", "/contacts") else { return };
    other.wait("document.querySelector('[data-test=saved]')?.innerText.includes('1')");
    other.click("[data-test=saved]");
    other.wait("document.querySelector('[data-test=table]')?.dataset.total === '1'");
    let offered =
        "Boolean(document.querySelector('[aria-label=\"Delete the search Important people\"]'))";
    assert_eq!(other.eval(offered), json!(false), "it is not theirs to delete");
    other.assert_clean(base);

    page.eval(
        "document.querySelector(\"[aria-label='Delete the search Important people']\").click()",
    );
    page.wait("!document.querySelector('[data-test=saved]')");
    page.click("[data-test=toast] .link");
    page.wait("document.querySelector('[data-test=saved]')?.innerText.includes('shared')");
    page.assert_clean(base);
}

#[test]
fn all_contacts_are_compared_and_the_report_is_read() {
    let server = TestServer::start();
    server.user(EMAIL, "manager", PASSWORD);
    for _ in 0..2 {
        let twin =
            json!({ "name": "Zoe Known", "phone": "+12025550123", "email": "zoe@known.example" });
        server.create(&twin);
    }
    let base = server.base_url();
    let Some(mut page) = open_as(base, EMAIL, "/duplicates") else { return };
    page.click("[data-test=reports] summary");
    page.click("[data-test=start-run]");
    page.wait("document.querySelector('[data-test=run][data-state=done]')?.innerText.includes('2 compared, 1 likely pair in 1 group')");
    assert_accessible(&mut page, "reports of duplicates");
    let report = page.eval(
        "fetch(document.querySelector('[data-test=run-report]').href).then(async (answer) => [answer.status, (await answer.text()).includes('Zoe Known')])",
    );
    assert_eq!(report, json!([200, true]));
    // It is among the jobs as well.
    visit(&mut page, base, "/jobs");
    page.wait("document.querySelector('[data-kind=duplicates_run] a.button')");
    page.assert_clean(base);
}

#[test]
fn a_mapped_list_is_exported_again_as_the_table_shows_it() {
    let server = TestServer::start();
    server.user(EMAIL, "manager", PASSWORD);
    let base = server.base_url();
    let Some(mut page) = open_as(base, EMAIL, "/import") else { return };
    page.click("[data-test=import] details summary");
    set(&mut page, "[data-test=import-text]", "Xa,Xb\nZoe Known,+12025550123\n");
    page.click("[data-test=import-pasted]");
    page.wait("document.querySelectorAll('.undecided').length === 2");
    set(&mut page, "[data-test='map-Xa']", "name");
    page.wait("document.querySelectorAll('.undecided').length === 1");
    set(&mut page, "[data-test='map-Xb']", "phone");
    page.wait("!document.querySelector('.undecided') && !document.querySelector('[data-busy]')");
    page.click("[data-test=to-diff]");
    page.wait("document.querySelector('[data-test=import-now]')");
    page.click("[data-test=import-now]");
    page.wait("document.querySelector('[data-test=import-done]')");
    visit(&mut page, base, "/contacts");
    page.wait("document.querySelector('[data-test=table]')?.dataset.total === '1'");
    page.click("[data-test=open-export]");
    set(&mut page, "[data-test=export-format]", "csv");
    page.click("[data-test=export-later]");
    page.wait_for_text("The file is there");
    visit(&mut page, base, "/jobs");
    page.wait("document.querySelector('[data-test=job-file]')");
    let file = page.eval(
        "fetch(document.querySelector('[data-test=job-file]').href).then((answer) => answer.text())",
    );
    assert!(file.as_str().is_some_and(|text| text.contains("Zoe")), "{file}");
    page.assert_clean(base);
}
