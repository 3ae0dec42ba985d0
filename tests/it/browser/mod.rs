//! The web interface in a real browser, used as an agent uses it.
//!
//! Each scenario is a function over the address of a running server, so that it can be
//! pointed at any; the `#[test]` beside it starts one. Scenarios make the contacts they
//! need, with names and numbers that no generated contact has.

mod access;
mod administrator;
mod agent;
mod callers;
mod card;
mod cdp;
mod console;
mod contacts;
mod demonstration;
mod drafts;
mod duplicates;
mod fields;
mod german;
mod importing;
mod live;
mod manager;
mod pop;
mod records;
mod safety;
mod settings;
mod sign_in;

use serde_json::{Value, json};

use cdp::Page;

/// Opens a page of the server once its application stands.
fn open(base: &str, path: &str) -> Option<Page> {
    let mut page = Page::open()?;
    visit(&mut page, base, path);
    Some(page)
}

fn visit(page: &mut Page, base: &str, path: &str) {
    page.go(&format!("{base}{path}"));
    page.wait("document.querySelector('#search, [data-test=sign-in]')");
}

/// Asks the API from within the page and answers the body.
fn api(page: &mut Page, method: &str, path: &str, body: &Value) -> Value {
    let script = format!(
        "fetch({path}, {{ method: {method}, headers: {{ 'Content-Type': 'application/json', 'If-Match': '*' }},
            body: {body} }}).then(async (answer) => ({{ status: answer.status, body: await answer.json().catch(() => null) }}))",
        path = json!(path),
        method = json!(method),
        body = if body.is_null() { json!(null) } else { json!(body.to_string()) },
    );
    let answer = page.eval(&script);
    let status = answer["status"].as_u64().unwrap_or_default();
    assert!((200..300).contains(&status), "{method} {path} answered {answer}");
    answer["body"].clone()
}

/// Makes a contact, waits until it can be searched for, and answers its id.
fn create(page: &mut Page, body: &Value) -> String {
    let made = api(page, "POST", "/api/v1/contacts", body);
    api(page, "GET", "/api/v1/contacts?per_page=1&refresh=wait", &Value::Null);
    made["id"].as_str().unwrap_or_else(|| panic!("no id in {made}")).to_owned()
}

/// A word, and a number, that no other contact has: tests may share a server.
fn unique() -> (String, String) {
    let digits = uuid::Uuid::now_v7().as_u128();
    let mut rest = digits ^ (digits >> 64);
    let mut word = String::from("Q");
    for _ in 0..9 {
        let letter = u8::try_from(rest % 26).unwrap_or_default();
        word.push(char::from(b'a' + letter));
        rest /= 26;
    }
    // No zero in front: two of them would be an international prefix.
    (word, format!("+4930{:08}", 10_000_000 + digits % 90_000_000))
}

/// The card that is open, not a preview.
const CARD: &str = "document.querySelector('[data-test=card]:not(.preview)')";

/// Waits until the card of somebody is open.
fn wait_for_card(page: &mut Page, name: &str) {
    page.wait(&format!("{CARD}?.querySelector('h1').innerText.includes({})", json!(name)));
}

/// Whether a button of this text can be seen; a part of a card that is called so offers nothing.
fn offers(page: &mut Page, text: &str) -> bool {
    let offered = page.eval(&format!(
        "[...document.querySelectorAll('button, a')].some((one) => one.offsetParent && !one.closest('.tabs') && one.innerText.trim().startsWith({}))",
        json!(text)
    ));
    offered == json!(true)
}

/// The names in the list, top first.
fn names(page: &mut Page) -> Vec<String> {
    let shown = page.eval(
        "[...document.querySelectorAll('[data-test=hit] .name')].map((one) => one.textContent)",
    );
    shown
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect()
}

/// Waits until the list answers exactly this query.
fn wait_for_answer(page: &mut Page, query: &str) {
    page.wait(&format!(
        "document.querySelector('[data-test=results]')?.dataset.answered === {} || (document.querySelector('[data-test=nobody]') && document.querySelector('#search').value === {})",
        json!(query),
        json!(query)
    ));
}
