//! What others change is on the screen without a reload, and never takes away what somebody types.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::cdp::Page;
use super::sign_in::{EMAIL, PASSWORD, sign_in};
use super::{CARD, api, create, open, unique, visit, wait_for_card};
use crate::support::server::TestServer;

/// Counts the streams of events that are open in the page: `window.streams`, and the addresses that
/// were asked: `window.asked`.
const COUNT_STREAMS: &str = "
    window.streams = 0;
    window.asked = [];
    const asks = window.fetch;
    window.fetch = async (url, how) => {
        if (!String(url).includes('/api/v1/events')) return asks(url, how);
        window.asked.push(String(url));
        const answer = await asks(url, how);
        window.streams += 1;
        how.signal.addEventListener('abort', () => { window.streams -= 1; });
        return answer;
    };";

/// Waits until the page hears what happens.
fn wait_for_stream(page: &mut Page) {
    page.wait("window.streams === 1");
}

/// Opens a page that counts its streams.
fn open_counting(base: &str, path: &str) -> Option<Page> {
    let mut page = Page::open()?;
    page.before_scripts(COUNT_STREAMS);
    visit(&mut page, base, path);
    Some(page)
}

fn patch(page: &mut Page, id: &str, body: &Value) {
    api(page, "PATCH", &format!("/api/v1/contacts/{id}"), body);
}

/// Shows or hides the window, as the page is told of it.
fn set_hidden(page: &mut Page, is_hidden: bool) {
    page.eval(&format!(
        "Object.defineProperty(document, 'hidden', {{ value: {is_hidden}, configurable: true }});
         document.dispatchEvent(new Event('visibilitychange'))"
    ));
}

#[test]
fn a_card_and_the_list_show_what_somebody_else_saves() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open_counting(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Lea {word}"), "phone": number, "company": "Before" }),
    );
    visit(&mut page, base, &format!("/?q={word}&c={id}"));
    wait_for_card(&mut page, &word);
    wait_for_stream(&mut page);
    page.eval("window.stays = true");
    patch(&mut page, &id, &json!({ "company": "Afterwards", "do_not_contact": true }));
    page.wait(&format!("{CARD}.innerText.includes('Afterwards')"));
    page.wait(&format!("{CARD}.innerText.includes('Do not call')"));
    page.wait("document.querySelector('[data-test=hit]').innerText.includes('Afterwards')");
    // Who is new is in the list as well, and who is deleted is not any more.
    let other = create(&mut page, &json!({ "name": format!("Noa {word}") }));
    page.wait("document.querySelectorAll('[data-test=hit]').length === 2");
    api(&mut page, "DELETE", &format!("/api/v1/contacts/{other}"), &Value::Null);
    page.wait("document.querySelectorAll('[data-test=hit]').length === 1");
    // Calls come up where they are looked at, and are counted.
    page.click("[data-tab=calls]");
    page.wait_for_text("No calls yet.");
    api(
        &mut page,
        "POST",
        "/api/v1/calls",
        &json!({ "contact_id": id, "number": number, "direction": "in", "status": "COMPLETED" }),
    );
    page.wait("document.querySelector('[data-test=call-line]')?.innerText.includes('Called us')");
    page.wait("document.querySelector('[data-tab=calls] .num')?.innerText === '1'");
    assert_eq!(page.eval("window.stays"), json!(true), "the page was loaded again");
    page.assert_clean(base);
}

#[test]
fn what_is_being_typed_stays_when_somebody_else_saves_the_same_field() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open_counting(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Lea {word}"), "phone": number, "company": "Before", "title": "Cook" }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    wait_for_stream(&mut page);
    page.click("[data-test='field-company'] button.value");
    page.wait("document.activeElement.closest('[data-test=\"field-company\"]')");
    page.type_text("Mine");
    // Another field changes beside it, and nothing is asked.
    patch(&mut page, &id, &json!({ "title": "Chef" }));
    page.wait("document.querySelector('[data-test=\"field-title\"]').innerText.includes('Chef')");
    assert_eq!(page.eval("document.activeElement.value"), json!("Mine"));
    assert_eq!(page.eval("document.querySelector('[data-test=conflict]')"), Value::Null);
    patch(&mut page, &id, &json!({ "company": "Theirs" }));
    page.wait("document.querySelector('[data-test=conflict]')");
    page.type_text("!");
    let sides = page.eval("[...document.querySelectorAll('[data-test=conflict] strong')].map((one) => one.textContent)");
    assert_eq!(sides, json!(["Theirs", "Mine!"]));
    page.click("[data-test=conflict] .sides button:last-child");
    page.wait("document.querySelector('[data-test=\"field-company\"] button.value')?.innerText.includes('Mine!')");
    let saved = api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
    assert_eq!(saved["company"], json!("Mine!"));
    // A field that is open and untouched changes nothing when it is left.
    page.click("[data-test='field-title'] button.value");
    page.wait("document.activeElement.value === 'Chef'");
    patch(&mut page, &id, &json!({ "title": "Owner" }));
    page.wait(&format!("{CARD}.dataset.version === '5'"));
    page.press("Enter");
    page.wait("document.querySelector('[data-test=\"field-title\"] button.value')?.innerText.includes('Owner')");
    // A note that both begin is neither lost nor overwritten.
    page.press("a");
    page.wait("document.activeElement.closest('.choices')");
    page.eval("[...document.querySelectorAll('.choices button')].find((one) => one.textContent.includes('Notes')).click()");
    page.wait("document.activeElement.tagName === 'TEXTAREA'");
    page.type_text("my note");
    patch(&mut page, &id, &json!({ "notes": "their note" }));
    page.wait("document.querySelector('[data-test=conflict]')");
    let sides = page.eval("[...document.querySelectorAll('[data-test=conflict] strong')].map((one) => one.textContent)");
    assert_eq!(sides, json!(["their note", "my note"]));
    page.assert_clean(base);
}

#[test]
fn a_form_beside_a_table_keeps_what_is_typed_and_offers_what_others_saved() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open_counting(base, "/") else { return };
    let (word, _) = unique();
    let made = api(
        &mut page,
        "POST",
        "/api/v1/companies",
        &json!({ "name": format!("{word} Ltd"), "domain": "before.example" }),
    );
    let id = made["id"].as_str().expect("an id").to_owned();
    visit(&mut page, base, &format!("/companies?open={id}"));
    page.wait("document.querySelector('#field-domain')?.value === 'before.example'");
    wait_for_stream(&mut page);
    page.click("#field-domain");
    page.eval("document.querySelector('#field-domain').select(); 0");
    page.type_text("mine.example");
    let path = format!("/api/v1/companies/{id}");
    let theirs = json!({ "name": format!("{word} GmbH"), "domain": "theirs.example" });
    api(&mut page, "PATCH", &path, &theirs);
    page.wait(&format!("document.querySelector('#field-name').value === '{word} GmbH'"));
    page.wait("document.querySelector('[data-test=theirs]')?.innerText.includes('theirs.example')");
    assert_eq!(page.eval("document.querySelector('#field-domain').value"), json!("mine.example"));
    page.wait(&format!(
        "document.querySelector('[data-test=row]').innerText.includes('{word} GmbH')"
    ));
    page.click("[data-test=theirs] button");
    page.wait("document.querySelector('#field-domain').value === 'theirs.example'");
    page.assert_clean(base);
}

#[test]
fn a_hidden_page_has_no_connection_and_hears_what_it_missed() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open_counting(base, "/") else { return };
    let (word, number) = unique();
    let id = create(&mut page, &json!({ "name": format!("Lea {word}"), "phone": number }));
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    wait_for_stream(&mut page);
    patch(&mut page, &id, &json!({ "company": "First" }));
    page.wait(&format!("{CARD}.innerText.includes('First')"));
    set_hidden(&mut page, true);
    assert_eq!(page.eval("window.streams"), json!(0), "a hidden page is connected");
    patch(&mut page, &id, &json!({ "company": "Second" }));
    set_hidden(&mut page, false);
    page.wait(&format!("{CARD}.innerText.includes('Second')"));
    page.wait("window.asked.length === 2");
    let resumed = page.eval("window.asked.at(-1)");
    assert!(
        resumed.as_str().is_some_and(|address| address.contains("since=")),
        "it does not go on from where it was: {resumed}"
    );
    page.assert_clean(base);
}

#[test]
fn what_runs_already_is_shown_on_a_page_that_is_opened_later() {
    let server = TestServer::demo(5);
    let mut rows = String::from("name,phone\n");
    for at in 0..20_000 {
        let _ = writeln!(rows, "Person {at},+1202{at:07}");
    }
    let csv = [("content-type", "text/csv")];
    let started = server.send("POST", "/api/v1/imports", &csv, Some(rows.as_bytes())).expect(202);
    let Some(mut page) = open(server.base_url(), "/contacts") else { return };
    page.wait("document.querySelector('[data-test=job-chip]')");
    page.click("[data-test=job-chip]");
    page.wait("location.pathname === '/jobs' && document.querySelector('[data-kind=import] [data-test=stop-job]')");
    page.click("[data-kind=import] [data-test=stop-job]");
    page.wait("!document.querySelector('[data-test=job-chip]')");
    let path = format!("/api/v1/imports/{}", started.id());
    assert_eq!(server.get(&path).expect(200).json["state"], json!("cancelled"));
    page.assert_clean(server.base_url());
}

#[test]
fn two_windows_share_one_connection_and_both_hear() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open_counting(base, "/") else { return };
    let (word, number) = unique();
    let id = create(&mut page, &json!({ "name": format!("Lea {word}"), "phone": number }));
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    wait_for_stream(&mut page);
    page.eval(&format!(
        "window.other = window.open('/?c={id}', '', 'popup,width=900,height=700'); 0"
    ));
    let theirs = "window.other.document.querySelector('[data-test=card]')";
    page.wait(&format!("{theirs}?.innerText.includes('{word}')"));
    page.wait("window.wait ??= (navigator.locks.query().then((all) => { window.wait = null; window.waiting = all.pending.length; }), 1) && window.waiting === 1");
    patch(&mut page, &id, &json!({ "company": "Both" }));
    page.wait(&format!("{CARD}.innerText.includes('Both')"));
    page.wait(&format!("{theirs}.innerText.includes('Both')"));
    let streams = page.eval("window.other.performance.getEntriesByType('resource').filter((one) => one.name.includes('/api/v1/events')).length");
    assert_eq!(streams, json!(0), "the second window has a connection of its own");
    // The one goes, and the other one takes over.
    set_hidden(&mut page, true);
    page.wait("window.streams === 0");
    patch(&mut page, &id, &json!({ "company": "Still" }));
    page.wait(&format!("{theirs}.innerText.includes('Still')"));
}

#[test]
fn a_call_for_somebody_comes_up_unless_they_are_at_something_else() {
    let server = TestServer::start();
    let agent = server.user(EMAIL, "agent", PASSWORD);
    let (word, number) = unique();
    server.create(&json!({ "name": format!("Lea {word}"), "phone": number }));
    let ring = |number: &str| {
        let call =
            json!({ "number": number, "direction": "in", "status": "INITIATED", "agent": agent });
        server.post("/api/v1/calls", &call).expect(201).id()
    };
    let base = server.base_url();
    let Some(mut page) = open_counting(base, "/") else { return };
    sign_in(&mut page);
    wait_for_stream(&mut page);
    ring(&number);
    wait_for_card(&mut page, &word);
    assert_eq!(page.eval("location.pathname"), json!("/pop"));
    // While a note is typed, the next caller is only told of.
    page.press("a");
    page.wait("document.activeElement.closest('.choices')");
    page.eval("[...document.querySelectorAll('.choices button')].find((one) => one.textContent.includes('Notes')).click()");
    page.wait("document.activeElement.tagName === 'TEXTAREA'");
    page.type_text("half a sen");
    let (_, second) = unique();
    ring(&second);
    page.wait("document.querySelector('[data-test=toast]')?.innerText.includes('calls you')");
    page.type_text("tence");
    assert_eq!(page.eval("document.activeElement.value"), json!("half a sentence"));
    page.click("[data-test=toast] .link");
    page.wait_for_text("Nobody has this number yet");
    let saved = server.get(&format!("/api/v1/contacts?q={word}&refresh=wait")).expect(200).json;
    assert_eq!(saved["contacts"][0]["notes"], json!("half a sentence"), "{saved}");
}

#[test]
fn a_call_of_ones_own_stands_above_everything_until_it_is_wrapped_up() {
    let server = TestServer::start();
    let agent = server.user(EMAIL, "agent", PASSWORD);
    let other = server.user("omar@example.com", "agent", PASSWORD);
    let (word, number) = unique();
    server.create(&json!({ "name": format!("Lea {word}"), "phone": number }));
    let tell = |status: &str, agent: &str, name: &str| {
        let call = json!({ "call_id": name, "number": number, "direction": "in",
            "status": status, "agent": agent });
        let answer = server.post("/api/v1/calls", &call);
        assert!(answer.status < 300, "{}", answer.json);
        answer.id()
    };
    let base = server.base_url();
    let Some(mut page) = open_counting(base, "/") else { return };
    sign_in(&mut page);
    wait_for_stream(&mut page);
    // Somebody else's call is not one's own.
    tell("INITIATED", &other, "pbx-1");
    let id = tell("INITIATED", &agent, "pbx-2");
    page.wait(&format!(
        "document.querySelector('[data-test=my-call]')?.innerText.includes('{word}')"
    ));
    assert_eq!(page.eval("document.querySelectorAll('[data-test=my-call]').length"), json!(1));
    page.wait("document.querySelector('[data-test=my-call]').dataset.status === 'INITIATED'");
    tell("CONNECTED", &agent, "pbx-2");
    page.wait("document.querySelector('[data-test=my-call]').dataset.status === 'CONNECTED'");
    page.wait(
        "/^00:0[1-9]$/.test(document.querySelector('[data-test=my-call] [role=timer]').innerText)",
    );
    assert_accessible(&mut page, "a call of one's own");
    page.resize(360, 720);
    let wide = page.eval("document.documentElement.scrollWidth > innerWidth + 1");
    assert_eq!(wide, json!(false));
    page.resize(1280, 800);
    // It is there on every page, and after a reload.
    visit(&mut page, base, "/tasks");
    page.wait("document.querySelector('[data-test=my-call]')");
    tell("COMPLETED", &agent, "pbx-2");
    page.wait("document.querySelector('[data-test=my-call]').dataset.status === 'COMPLETED'");
    visit(&mut page, base, &format!("/pop?number={}", number.replace('+', "%2B")));
    wait_for_card(&mut page, &word);
    assert_eq!(page.eval("document.querySelector('[data-test=my-call]')"), Value::Null);
    assert_eq!(server.get(&format!("/api/v1/calls/{id}")).json["outcome"], json!("completed"));
    // Wrapping up: the note with one key, how it ended with another.
    tell("INITIATED", &agent, "pbx-3");
    page.wait("document.querySelector('[data-test=my-call]')");
    let third = tell("COMPLETED", &agent, "pbx-3");
    page.wait("document.querySelector('[data-test=my-call]').dataset.status === 'COMPLETED'");
    page.eval("document.activeElement.blur()");
    page.press("w");
    page.wait("document.activeElement.id === 'call-outcome'");
    page.eval(
        "(() => { const box = document.querySelector('#call-outcome'); box.value = 'callback';
            box.dispatchEvent(new Event('change', { bubbles: true })); })()",
    );
    page.wait(
        "document.querySelector('[data-test=toast]')?.innerText.includes('outcome is saved')",
    );
    let saved = server.get(&format!("/api/v1/calls/{third}")).json;
    assert_eq!(saved["outcome"], json!("callback"));
    page.click("[data-test=my-call] .quiet");
    page.wait("!document.querySelector('[data-test=my-call]')");
}
