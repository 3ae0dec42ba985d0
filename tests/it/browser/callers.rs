//! Callers who withhold their number, whom nobody knows yet, or who share a number with many.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::{api, create, offers, open, unique, visit, wait_for_card};
use crate::support::server::TestServer;

/// The address of a caller.
fn pop(number: &str) -> String {
    format!("/pop?number={}", number.replace('+', "%2B").replace(' ', "%20"))
}

#[test]
fn a_hidden_number_offers_a_search_and_a_note_and_no_form() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Hal {word}"), "phone": number, "notes": "from before" }),
    );
    for hidden in [
        "anonymous",
        "Anonymous",
        "unknown",
        "private",
        "Restricted",
        "withheld",
        "unavailable",
        "blocked",
        "",
        "%20",
        "sip:anonymous@10.0.0.1",
        "anonymous@anonymous.invalid",
        "%22Anonymous%22%20%3Csip:anonymous@192.0.2.1%3E",
        "0000000",
        "%2B266696687",
    ] {
        visit(&mut page, base, &format!("/pop?number={hidden}"));
        page.wait(
            "document.querySelector('[data-test=hidden-caller] h2')?.innerText === 'Hidden number'",
        );
        page.wait("document.activeElement.id === 'who'");
        let wrong = "document.querySelectorAll('[data-test=create-form], .trouble, [data-test=card]').length";
        assert_eq!(page.eval(wrong), json!(0), "{hidden:?}");
    }
    visit(&mut page, base, "/pop");
    page.wait("document.querySelector('[data-test=hidden-caller]')");
    for scheme in ["light", "dark"] {
        page.prefer("prefers-color-scheme", scheme);
        assert_accessible(&mut page, &format!("a hidden number, {scheme}"));
    }
    // The note goes to whoever it turns out to be, with the keyboard alone.
    page.eval("document.querySelector('#hidden-note').focus(); 0");
    page.type_text("asks for Jane");
    page.reload();
    page.wait("document.querySelector('#hidden-note').value === 'asks for Jane'");
    page.wait("document.activeElement.id === 'who'");
    page.type_text(&word);
    page.wait(&format!(
        "document.querySelector('[data-test=picker]').dataset.answered === {}",
        json!(word)
    ));
    page.press("Enter");
    wait_for_card(&mut page, &word);
    page.wait("document.activeElement.value === 'from before\\nasks for Jane'");
    page.press("Ctrl+Enter");
    page.wait("document.querySelector('[data-test=\"field-notes\"] button.value')");
    let saved = api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
    assert_eq!(saved["notes"], "from before\nasks for Jane");
    assert_eq!(page.eval("document.querySelector('#hidden-note').value"), json!(""));
    page.resize(360, 720);
    visit(&mut page, base, "/pop?number=anonymous");
    page.wait("document.querySelector('[data-test=hidden-caller]')");
    assert_eq!(page.eval("document.documentElement.scrollWidth > innerWidth + 1"), json!(false));
    page.assert_clean(base);
}

#[test]
fn all_people_on_one_number_are_listed_narrowed_and_opened_with_the_keyboard() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let people: Vec<_> = (0..35)
        .map(|at| json!({ "name": format!("Pia{at:02} {word}"), "phone": number, "company": format!("Branch {}", at % 5) }))
        .collect();
    api(&mut page, "POST", "/api/v1/contacts/bulk", &json!({ "contacts": people }));
    visit(&mut page, base, &pop(&number));
    page.wait_for_text("35 people have this number");
    page.wait("document.querySelectorAll('[data-test=candidates] li').length === 35");
    page.wait("document.activeElement.matches('[data-test=candidates] li:first-child button')");
    assert_accessible(&mut page, "35 people");
    page.press("ArrowDown");
    page.wait("document.activeElement.matches('[data-test=candidates] li:nth-child(2) button')");
    page.press("ArrowUp");
    page.press("ArrowUp");
    page.wait("document.activeElement.matches('[data-test=narrow]')");
    page.press("ArrowDown");
    // Letters narrow them down, also those that are commands elsewhere.
    page.type_text("pia3");
    page.wait("document.querySelectorAll('[data-test=candidates] li').length === 5");
    page.wait_for_text("5 of them fit");
    page.type_text(" branch 3");
    page.wait("document.querySelectorAll('[data-test=candidates] li').length === 1");
    page.press("Enter");
    wait_for_card(&mut page, &format!("Pia33 {word}"));
    page.eval("history.back()");
    page.wait("!document.querySelector('[data-test=card]')");
    page.eval("document.querySelector('[data-test=narrow]').focus(); 0");
    page.press("Escape");
    page.wait("document.querySelectorAll('[data-test=candidates] li').length === 35");
    page.press("ArrowDown");
    page.press("ArrowDown");
    page.wait("document.activeElement.matches('[data-test=candidates] li:nth-child(2) button')");
    let second = page.eval("document.activeElement.querySelector('.name').innerText");
    page.press("Enter");
    wait_for_card(&mut page, second.as_str().unwrap());
    page.assert_clean(base);
}

#[test]
fn more_people_than_a_lookup_answers_are_listed_all_the_same() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let people: Vec<_> = (0..130)
        .map(|at| json!({ "name": format!("Pia{at:03} {word}"), "phone": number }))
        .collect();
    api(&mut page, "POST", "/api/v1/contacts/bulk", &json!({ "contacts": people }));
    api(&mut page, "GET", "/api/v1/contacts?per_page=1&refresh=wait", &Value::Null);
    visit(&mut page, base, &pop(&number));
    page.wait_for_text("130 people have this number");
    page.wait("document.querySelectorAll('[data-test=candidates] li').length === 130");
    page.press("p");
    page.type_text("ia129");
    page.wait("document.querySelectorAll('[data-test=candidates] li').length === 1");
    page.press("Enter");
    wait_for_card(&mut page, &format!("Pia129 {word}"));
    page.assert_clean(base);
}

#[test]
fn the_number_of_an_unknown_caller_is_added_to_somebody_who_is_known() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let (word, number) = unique();
    let (_, caller) = unique();
    let Some(mut page) = open(base, "/") else { return };
    let id = create(&mut page, &json!({ "name": format!("Ute {word}"), "phone": number }));
    visit(&mut page, base, &pop(&caller));
    // Both ways are there: a new contact, and somebody who is known.
    page.wait("document.activeElement.id === 'new-name'");
    page.wait("document.querySelector('#add-to')");
    assert_accessible(&mut page, "an unknown caller");
    page.eval("document.querySelector('#add-to').focus(); 0");
    page.type_text(&word);
    page.wait(&format!(
        "document.querySelector('[data-test=picker]').dataset.answered === {}",
        json!(word)
    ));
    assert_accessible(&mut page, "somebody found for an unknown caller");
    page.press("Enter");
    wait_for_card(&mut page, &word);
    page.wait("document.querySelectorAll('[data-test^=\"field-phones/\"]').length === 2");
    page.wait_for_text("One person has this number");
    let saved = api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
    assert_eq!(saved["phones"][1]["number"], json!(caller));
    assert!(offers(&mut page, "Undo"));
    // Taken back, the caller is unknown again.
    page.eval("document.getElementById('card-name').focus(); 0");
    page.press("Ctrl+z");
    page.wait("document.querySelectorAll('[data-test^=\"field-phones/\"]').length === 1");
    // The same with the mouse, on a narrow screen.
    page.resize(360, 720);
    visit(&mut page, base, &pop(&caller));
    page.wait("document.querySelector('#add-to')");
    page.eval("document.querySelector('#add-to').focus(); 0");
    page.type_text(&word);
    page.wait(&format!(
        "document.querySelector('[data-test=picker]').dataset.answered === {}",
        json!(word)
    ));
    assert_eq!(page.eval("document.documentElement.scrollWidth > innerWidth + 1"), json!(false));
    page.click("[data-test=picked]");
    wait_for_card(&mut page, &word);
    page.wait("document.querySelectorAll('[data-test^=\"field-phones/\"]').length === 2");
    page.assert_clean(base);
}
