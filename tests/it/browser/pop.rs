//! The screen pop: one caller, several, none.

use serde_json::json;

use super::{create, open, unique, visit};
use crate::support::server::TestServer;

#[test]
fn an_unknown_number_becomes_a_contact_without_the_mouse() {
    run_unknown_number(TestServer::demo(50).base_url());
}

pub(crate) fn run_unknown_number(base: &str) {
    let (word, number) = unique();
    let path = format!("/pop?number={}", number.replace('+', "%2B"));
    let Some(mut page) = open(base, &path) else { return };
    page.wait_for_text("Nobody has this number yet");
    page.wait_for_text("Germany");
    page.wait("document.activeElement.id === 'new-name'");
    assert_eq!(page.eval("document.querySelector('#new-phones-0').value"), json!(number));
    page.type_text(&format!("Petra {word}"));
    page.press("Enter");
    page.wait(&format!(
        "document.querySelector('[data-test=card] h1')?.innerText.includes({})",
        json!(word)
    ));

    // The next call from there is known.
    visit(&mut page, base, &path);
    page.wait(&format!(
        "document.querySelector('[data-test=card] h1')?.innerText.includes({})",
        json!(word)
    ));
    page.wait_for_text("One person has this number");
    assert!(page.eval("new URL(location).searchParams.get('c')").is_string());
    page.assert_clean(base);
}

#[test]
fn several_with_a_number_are_listed_with_reasons() {
    run_several(TestServer::demo(50).base_url());
}

pub(crate) fn run_several(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    for first in ["Ada", "Bea", "Cid"] {
        create(&mut page, &json!({ "name": format!("{first} {word}"), "phone": number }));
    }
    visit(&mut page, base, &format!("/pop?number={}", number.replace('+', "%2B")));
    page.wait_for_text("3 people have this number");
    page.wait("document.activeElement.closest('[data-test=candidates]')");
    let reasons = page.eval("[...document.querySelectorAll('[data-test=candidates] .why')].map((one) => one.textContent.trim())");
    assert!(
        reasons.as_array().is_some_and(|all| all.len() == 3 && !all.contains(&json!(""))),
        "reasons: {reasons}"
    );
    let first = page.eval("document.activeElement.querySelector('.name').textContent");
    page.press("Enter");
    page.wait(&format!(
        "document.querySelector('[data-test=card] h1')?.innerText.includes({first})"
    ));
    page.eval("history.back()");
    page.wait("!document.querySelector('[data-test=card]') && document.querySelector('[data-test=candidates]')");
    page.assert_clean(base);
}

#[test]
fn a_bad_number_in_the_form_is_said_at_the_field() {
    run_refused_form(TestServer::demo(50).base_url());
}

pub(crate) fn run_refused_form(base: &str) {
    let Some(mut page) = open(base, "/?new=1") else { return };
    page.wait("document.activeElement.id === 'new-name'");
    page.press("Enter");
    page.wait_for_text("A name, a number or an e-mail is needed");
    let (word, _) = unique();
    page.type_text(&word);
    page.press("Tab");
    page.type_text("no number at all");
    page.press("Enter");
    page.wait("document.querySelector('#new-phones-0').getAttribute('aria-invalid') === 'true'");
    page.wait("document.activeElement.id === 'new-phones-0'");
    assert_eq!(
        page.eval("document.querySelector('#new-name').value"),
        json!(word),
        "what was typed is gone"
    );
}
