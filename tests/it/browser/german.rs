//! The pages in German: by the browser, by the organisation, by one's own choice.

use serde_json::json;

use super::access::assert_accessible;
use super::card::set;
use super::cdp::Page;
use super::{api, create, unique, visit, wait_for_card};
use crate::support::server::TestServer;

/// Opens a page in a browser whose reader has this language.
fn open_in(base: &str, path: &str, language: &str) -> Option<Page> {
    let mut page = Page::open()?;
    page.before_scripts(&format!(
        "Object.defineProperty(navigator, 'language', {{ value: '{language}' }});
         Object.defineProperty(navigator, 'languages', {{ value: ['{language}'] }});"
    ));
    visit(&mut page, base, path);
    Some(page)
}

#[test]
fn a_german_browser_is_answered_in_german_on_every_page() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open_in(base, "/", "de-DE") else { return };
    assert_eq!(page.eval("document.documentElement.lang"), json!("de"));
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Lea {word}"), "phone": number, "birthday": "1981-05-21" }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    page.wait("document.querySelector('[data-test=card]').innerText.includes('21. Mai 1981')");
    page.wait("document.querySelector('[data-test=call]').innerText.startsWith('Anrufen')");
    assert_accessible(&mut page, "a card in German");
    for (path, text) in [
        ("/contacts", "Gespeicherte Suchen"),
        ("/companies", "Neue Firma"),
        ("/deals", "Neues Geschäft"),
        ("/tasks", "Neue Aufgabe"),
        ("/lists", "Neue Liste"),
        ("/duplicates", "Dubletten"),
        ("/import", "Datei hierher ziehen"),
        ("/jobs", "Aufträge"),
        ("/settings/organisation", "Zeitzone"),
        ("/settings/roles", "Telefonbücher lesen"),
        ("/settings/fields", "Neues Feld"),
        ("/settings/health", "Sicherungen"),
        ("/profile", "Dieser Browser"),
        ("/pop?number=%2B4930123456", "Diese Nummer hat noch niemand"),
    ] {
        visit(&mut page, base, path);
        page.wait_for_text(text);
        page.resize(360, 720);
        let wide = page.eval("document.documentElement.scrollWidth > innerWidth + 1");
        assert_eq!(wide, json!(false), "{path} scrolls sideways at 360 px");
        page.resize(1280, 800);
    }
    page.assert_clean(base);
}

#[test]
fn the_language_of_the_organisation_is_that_of_its_pages() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open_in(base, "/", "en-US") else { return };
    page.wait_for_text("Contacts");
    let german = json!({ "language": "de" });
    api(&mut page, "PATCH", "/api/v1/settings", &german);
    visit(&mut page, base, "/contacts");
    page.wait_for_text("Alle Kontakte");
    api(&mut page, "PATCH", "/api/v1/settings", &json!({ "language": null }));
    visit(&mut page, base, "/contacts");
    page.wait_for_text("All contacts");
}

#[test]
fn somebody_chooses_another_language_for_themselves() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open_in(base, "/profile", "en-US") else { return };
    page.wait("document.querySelector('#own-language')");
    let choose = |page: &mut Page, language: &str| {
        page.eval(&format!(
            "(() => {{ const box = document.querySelector('#own-language'); box.value = '{language}';
                box.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
        ));
    };
    choose(&mut page, "de");
    page.wait_for_text("Dieser Browser");
    page.wait("document.querySelector('#own-language').value === 'de'");
    // It stays, whatever the organisation says.
    api(&mut page, "PATCH", "/api/v1/settings", &json!({ "language": "en" }));
    visit(&mut page, base, "/profile");
    page.wait_for_text("Dieser Browser");
    choose(&mut page, "");
    page.wait_for_text("This browser");
    // And by the palette.
    page.eval("document.activeElement.blur()");
    page.press("Ctrl+k");
    page.wait("document.querySelector('dialog[open] input')");
    page.type_text("deutsch");
    page.press("Enter");
    page.wait_for_text("Dieser Browser");
    page.assert_clean(base);
}

#[test]
fn what_the_server_refuses_is_said_in_german() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open_in(base, "/settings/organisation", "de-DE") else { return };
    let complaint = |page: &mut Page, key: &str, text: &str| {
        page.wait(&format!(
            "document.querySelector('#field-{key}-bad')?.innerText.includes({})",
            json!(text)
        ));
    };
    set(&mut page, "#field-required_fields", "everything");
    page.click("[data-test=record-form] [type=submit]");
    complaint(&mut page, "required_fields", "geht hier nicht; es gibt");
    visit(&mut page, base, "/settings/users?open=new");
    set(&mut page, "#field-name", "Omar");
    set(&mut page, "#field-email", "omar@example.com");
    set(&mut page, "#field-password", "short");
    page.click("[data-test=record-form] [type=submit]");
    complaint(&mut page, "password", "hat mindestens 10 Zeichen");
    // What concerns the whole stands on top.
    api(&mut page, "POST", "/api/v1/queues", &json!({ "name": "Nacht" }));
    visit(&mut page, base, "/settings/queues?open=new");
    set(&mut page, "#field-name", "Nacht");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('[data-test=record-form] .trouble')?.innerText.includes('Dieser Name ist schon vergeben')");
    // And cells of a list that is brought in.
    visit(&mut page, base, "/import");
    page.click("[data-test=import] details summary");
    set(&mut page, "[data-test=import-text]", "Name,Phone\nZoe,abc\n");
    page.click("[data-test=import-pasted]");
    page.wait("document.querySelector('[data-test=mapping] .complaint')?.innerText.includes('enthält Zeichen, die in keine Telefonnummer gehören')");
}
