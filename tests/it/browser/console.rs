//! The console: search as you type, the card, edit in place, delete and undo.

use serde_json::json;

use super::{
    CARD, api, cdp::Page, create, names, open, unique, visit, wait_for_answer, wait_for_card,
};
use crate::support::server::TestServer;

#[test]
fn a_name_is_found_in_any_order_while_typing() {
    run_reversed_name(TestServer::demo(50).base_url());
}

pub(crate) fn run_reversed_name(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    create(&mut page, &json!({ "first_name": "Zebulon", "last_name": word, "phone": number }));
    visit(&mut page, base, "/");
    page.wait("document.activeElement.id === 'search'");
    // The list may never be seen empty between two letters.
    page.wait("document.querySelector('[data-test=hit]')");
    page.eval(
        "window.timesEmpty = 0; new MutationObserver(() => {
            if (!document.querySelector('[data-test=hit]')) window.timesEmpty += 1;
        }).observe(document.body, { childList: true, subtree: true }); 0",
    );
    let query = format!("{} zebu", word.to_lowercase());
    page.type_text(&query);
    wait_for_answer(&mut page, &query);
    assert_eq!(names(&mut page).first(), Some(&format!("Zebulon {word}")));
    assert_eq!(page.eval("window.timesEmpty"), json!(0), "the list was empty between two letters");
    let marks = page.eval("[...document.querySelectorAll('[data-test=hit] .name mark')].map((one) => one.textContent)");
    assert!(
        marks.as_array().is_some_and(|marks| marks.contains(&json!("Zebu"))),
        "marked: {marks}"
    );
    let count = page.eval("document.querySelector('[data-test=count]').textContent");
    let count = count.as_str().unwrap_or_default();
    assert!(count.starts_with("1 match · ") && count.ends_with(" ms"), "the box says {count:?}");
    assert_eq!(page.eval("new URL(location).searchParams.get('q')"), json!(query));
    page.assert_clean(base);
}

#[test]
fn a_part_of_a_number_is_found_and_marked() {
    run_partial_number(TestServer::demo(50).base_url());
}

pub(crate) fn run_partial_number(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": number }));
    visit(&mut page, base, "/");
    let part = &number[4..12];
    page.type_text(part);
    wait_for_answer(&mut page, part);
    assert!(names(&mut page).contains(&format!("Zoe {word}")), "{part} of {number} is not found");
    let marked = page.eval(&format!(
        "[...document.querySelectorAll('[data-test=hit]')].find((one) => one.textContent.includes({}))
            .querySelector('.number mark').textContent.replace(/\\D/g, '')",
        json!(word)
    ));
    assert_eq!(marked, json!(part));
    page.assert_clean(base);
}

#[test]
fn what_was_probably_meant_is_a_link() {
    run_meant(TestServer::demo(5).base_url());
}

pub(crate) fn run_meant(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    create(&mut page, &json!({ "first_name": "Sofia", "last_name": "Gustafsson" }));
    visit(&mut page, base, "/?q=gustafson%20sofja");
    page.wait("document.querySelector('[data-test=meant]')");
    page.click("[data-test=meant]");
    page.wait("document.querySelector('#search').value === 'gustafsson sofia'");
    page.wait("!document.querySelector('[data-test=meant]')");
    page.eval("history.back()");
    page.wait("document.querySelector('#search').value === 'gustafson sofja'");
    page.assert_clean(base);
}

#[test]
fn the_keyboard_alone_opens_a_card_and_comes_back() {
    run_keyboard_only(TestServer::demo(50).base_url());
}

pub(crate) fn run_keyboard_only(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    for first in ["Ada", "Bea"] {
        create(
            &mut page,
            &json!({ "name": format!("{first} {word}"), "phone": number, "email": format!("{first}@{word}.example") }),
        );
    }
    visit(&mut page, base, "/");
    page.type_text(&word);
    wait_for_answer(&mut page, &word);
    let second = names(&mut page)[1].clone();
    page.press("ArrowDown");
    page.wait("document.querySelector('[role=option][aria-selected=true]')?.getAttribute('aria-posinset') === '2'");
    assert_eq!(
        page.eval("document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).querySelector('.name').textContent"),
        json!(second)
    );
    page.press("Enter");
    wait_for_card(&mut page, &second);
    page.wait("document.activeElement.id === 'card-name'");
    assert!(page.eval("new URL(location).searchParams.get('c')").is_string());

    page.reload();
    wait_for_card(&mut page, &second);
    assert_eq!(page.eval("document.querySelector('#search').value"), json!(word));

    page.press("?");
    page.wait("document.querySelector('dialog[open]')");
    page.press("Escape");
    page.wait("!document.querySelector('dialog')");
    page.press("/");
    page.wait("document.activeElement.id === 'search'");
    page.press("Escape");
    page.wait("document.querySelector('#search').value === ''");
    page.press("Escape");
    page.wait(&format!("!{CARD}"));
    page.eval("history.back()");
    wait_for_card(&mut page, &second);
    page.assert_clean(base);
}

#[test]
fn a_field_is_edited_in_place_and_kept() {
    run_edit_in_place(TestServer::demo(50).base_url());
}

pub(crate) fn run_edit_in_place(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "first_name": "Eva", "last_name": word, "phone": number, "company": "Before Ltd" }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);

    page.click("[data-test='field-company'] button.value");
    page.wait("document.activeElement.matches('[data-test=\"field-company\"] input')");
    page.type_text("After GmbH");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=\"field-company\"] .state').textContent.includes('Saved')");

    // By key: the name, which is shown before it is saved.
    page.press("e");
    page.wait("document.activeElement.matches('[data-test=\"field-name\"] input')");
    page.type_text("Evangeline");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=asks]')");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=\"field-name\"] button.value')");
    wait_for_card(&mut page, &format!("Evangeline {word}"));

    // Adding what the record does not have.
    page.press("a");
    page.wait("document.activeElement.textContent.includes('Phone')");
    page.eval("[...document.querySelectorAll('.choices button')].find((one) => one.textContent.includes('Notes')).click()");
    page.wait("document.activeElement.tagName === 'TEXTAREA'");
    page.type_text("Call after noon");
    page.press("Tab");
    page.wait_for_text("Call after noon");
    page.wait("document.querySelector('[data-test=\"field-notes\"] button.value')");

    page.reload();
    wait_for_card(&mut page, &format!("Evangeline {word}"));
    page.wait_for_text("After GmbH");
    page.wait_for_text("Call after noon");
    let saved = api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &json!(null));
    assert_eq!(saved["company"], json!("After GmbH"));
    assert_eq!(saved["first_name"], json!("Evangeline"));
    page.assert_clean(base);
}

#[test]
fn a_conflict_shows_both_values() {
    run_conflict(TestServer::demo(50).base_url());
}

pub(crate) fn run_conflict(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "first_name": "Kim", "last_name": word, "phone": number, "company": "Old" }),
    );
    visit(&mut page, base, &format!("/contacts/{id}"));
    wait_for_card(&mut page, &word);
    page.wait(&format!("{CARD}.querySelector('[data-test=\"field-company\"] button.value')"));
    page.eval(
        "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))",
    );

    // Somebody else changes another field: nobody is bothered with it.
    let path = format!("/api/v1/contacts/{id}");
    let version = api(&mut page, "GET", &path, &json!(null))["version"].clone();
    page.wait(&format!("{CARD}.dataset.version === '{version}'"));
    page.click("[data-test='field-company'] button.value");
    page.wait("document.activeElement.matches('[data-test=\"field-company\"] input')");
    patch(&mut page, &path, &json!({ "title": "Boss" }));
    page.type_text("Mine");
    page.press("Enter");
    page.wait_for_text("Boss");
    page.wait("document.querySelector('[data-test=\"field-company\"] button.value').innerText.includes('Mine')");

    // Somebody else changes the same field: both are shown.
    page.click("[data-test='field-company'] button.value");
    page.wait("document.activeElement.matches('[data-test=\"field-company\"] input')");
    patch(&mut page, &path, &json!({ "company": "Theirs" }));
    page.type_text("Again mine");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=conflict]')");
    let sides = page.eval("[...document.querySelectorAll('[data-test=conflict] strong')].map((one) => one.textContent)");
    assert_eq!(sides, json!(["Theirs", "Again mine"]));
    page.click("[data-test=conflict] .sides button:last-child");
    page.wait("!document.querySelector('[data-test=conflict]')");
    page.wait("document.querySelector('[data-test=\"field-company\"] button.value').innerText.includes('Again mine')");
    assert_eq!(api(&mut page, "GET", &path, &json!(null))["company"], json!("Again mine"));
}

/// A change by somebody else, on top of whatever there is.
fn patch(page: &mut Page, path: &str, body: &serde_json::Value) {
    let done = page.eval(&format!(
        "fetch({path}).then(async (now) => fetch({path}, {{ method: 'PATCH', body: {body},
            headers: {{ 'Content-Type': 'application/merge-patch+json', 'If-Match': now.headers.get('ETag') }} }}))
            .then((answer) => answer.status)",
        path = json!(path),
        body = json!(body.to_string())
    ));
    assert_eq!(done, json!(200));
}

#[test]
fn a_deleted_contact_comes_back_with_undo_or_out_of_the_trash() {
    run_delete_and_restore(TestServer::demo(50).base_url());
}

pub(crate) fn run_delete_and_restore(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(&mut page, &json!({ "name": format!("Uwe {word}"), "phone": number }));
    visit(&mut page, base, &format!("/?q={word}&c={id}"));
    wait_for_card(&mut page, &word);
    page.click("[aria-label='Delete']");
    page.wait("document.querySelector('dialog[open]')");
    page.press("Enter");
    page.wait_for_text("is deleted");
    page.wait("document.querySelector('[data-test=nobody]')");
    page.click("[data-test=toast] .link");
    wait_for_card(&mut page, &word);
    page.wait("document.querySelector('[data-test=hit]')");

    page.click("[aria-label='Delete']");
    page.wait("document.querySelector('dialog[open]')");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=nobody]')");
    visit(&mut page, base, "/");
    page.wait("document.querySelector('.elsewhere')");
    page.click(".elsewhere .link:last-child");
    page.wait("document.querySelector('[data-test=deleted]')");
    page.click("[data-test=dialog-trash] input[type=search]");
    page.type_text(&word);
    page.wait("document.querySelectorAll('[data-test=deleted]').length === 1");
    page.click(&format!("[aria-label='Restore Uwe {word}']"));
    page.wait_for_text("is back");
    page.wait("!document.querySelector('[data-test=deleted]')");
    page.click("[data-test=open-restored]");
    wait_for_card(&mut page, &word);
    page.assert_clean(base);
}

#[test]
fn a_card_tells_what_has_happened_and_what_is_to_be_done() {
    run_timeline(TestServer::demo(50).base_url());
}

pub(crate) fn run_timeline(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(&mut page, &json!({ "name": format!("Tilda {word}"), "phone": number }));
    visit(&mut page, base, &format!("/?q={word}&c={id}&tab=timeline"));
    wait_for_card(&mut page, &word);
    page.wait("document.querySelector('[data-test=event]')?.innerText.includes('Created')");
    page.click("[data-test=timeline] textarea");
    page.type_text("Prefers mornings");
    page.click("[data-test=timeline] form:first-of-type button");
    page.wait(
        "document.querySelector('[data-test=event]')?.innerText.includes('Prefers mornings')",
    );
    page.click("[data-test=timeline] form:nth-of-type(2) input");
    page.type_text("Send the offer");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=task]')?.innerText.includes('Send the offer')");
    page.click("[data-test=task] input");
    page.wait("!document.querySelector('[data-test=task]')");
    page.assert_clean(base);
}

#[test]
fn an_older_answer_never_replaces_a_newer_one() {
    run_stale_answer(TestServer::demo(50).base_url());
}

pub(crate) fn run_stale_answer(base: &str) {
    let Some(mut page) = Page::open() else { return };
    // The answer to the first query comes last, and cannot be called off.
    page.before_scripts(
        "const real = window.fetch; window.fetch = (url, options) => {
            if (!String(url).includes('q=Qslow')) return real(url, options);
            const { signal, ...rest } = options;
            window.slowAsked = true;
            return new Promise((resolve) => { window.release = () => real(url, rest).then(resolve); });
        };",
    );
    visit(&mut page, base, "/");
    page.wait("document.querySelector('[data-test=hit]')");
    page.eval("const box = document.querySelector('#search'); box.value = 'Qslow'; box.dispatchEvent(new Event('input', { bubbles: true })); 0");
    page.wait("window.slowAsked");
    page.eval("box.value = ''; box.dispatchEvent(new Event('input', { bubbles: true })); 0");
    wait_for_answer(&mut page, "");
    page.eval("window.release().then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))");
    assert_eq!(
        page.eval("document.querySelector('[data-test=results]').dataset.answered"),
        json!("")
    );
    assert!(!names(&mut page).is_empty());
    page.assert_clean(base);
}

#[test]
fn a_server_that_does_not_answer_is_said_in_words_and_tried_again() {
    run_offline(TestServer::demo(50).base_url());
}

pub(crate) fn run_offline(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    page.wait("document.querySelector('[data-test=hit]')");
    page.eval(
        "window.real = window.fetch; window.fetch = () => Promise.reject(new TypeError('down')); 0",
    );
    page.type_text("a");
    page.wait_for_text("Ringdex does not answer");
    assert!(!names(&mut page).is_empty(), "what was on the screen is gone");
    page.eval("window.fetch = window.real; 0");
    page.wait("!document.querySelector('.trouble')");
    wait_for_answer(&mut page, "a");
    page.assert_clean(base);
}

#[test]
fn without_a_token_it_asks_for_one() {
    run_sign_in(TestServer::demo(50).base_url());
}

pub(crate) fn run_sign_in(base: &str) {
    let Some(mut page) = Page::open() else { return };
    page.before_scripts(
        "const real = window.fetch; window.fetch = (url, options) => {
            const sent = new Headers(options?.headers).get('Authorization');
            if (sent === 'Bearer right') { const { Authorization, ...headers } = options.headers; return real(url, { ...options, headers }); }
            return Promise.resolve(new Response('{}', { status: 401, headers: { 'Content-Type': 'application/problem+json' } }));
        };",
    );
    visit(&mut page, base, "/");
    page.wait("document.activeElement.id === 'email'");
    page.click(".sheet > .link");
    page.wait("document.activeElement.id === 'token'");
    page.type_text("wrong");
    page.press("Enter");
    page.wait_for_text("This token is not valid");
    page.wait("document.activeElement.id === 'token'");
    page.type_text("right");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=hit]')");
    assert_eq!(page.eval("localStorage.length"), json!(0), "a token outlives its tab");
    page.reload();
    page.wait("document.querySelector('[data-test=hit]')");
    page.assert_clean(base);
}
