//! What an agent does two hundred times a day, with the keys counted, and what goes wrong then: junk,
//! names of every length and script, many numbers, other windows.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::cdp::Page;
use super::{CARD, api, create, names, open, unique, visit, wait_for_answer, wait_for_card};
use crate::support::server::TestServer;

fn is_wide(page: &mut Page) -> bool {
    page.eval("document.documentElement.scrollWidth > innerWidth + 1") == json!(true)
}

#[test]
fn a_known_caller_takes_no_key() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    create(&mut page, &json!({ "name": format!("Kim {word}"), "phone": number }));
    visit(&mut page, base, &format!("/pop?number={}", number.replace('+', "%2B")));
    wait_for_card(&mut page, &word);
    // And the next keys are on the card: a note of a few words takes two beside them.
    page.press("o");
    page.wait("document.activeElement?.id === 'new-note'");
    page.type_text("wants a new invoice");
    page.press("Ctrl+Enter");
    page.wait(
        "document.querySelector('[data-test=note]')?.innerText.includes('wants a new invoice')",
    );
    page.assert_clean(base);
}

#[test]
fn a_misspelt_name_a_part_of_a_number_and_a_company_take_twelve_keys_and_enter() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, _) = unique();
    let digits = unique().1;
    let number = format!("+4930{}", &digits[5..]);
    create(
        &mut page,
        &json!({ "name": "Zbigniew Brzezinski", "phone": number, "company": format!("{word} Werke") }),
    );
    for (typed, isguess) in
        [("brzezinksi", true), (&number[number.len() - 7..], false), (&word[..8], false)]
    {
        assert!(typed.len() <= 12);
        visit(&mut page, base, "/");
        page.wait("document.activeElement.id === 'search'");
        page.type_text(typed);
        wait_for_answer(&mut page, typed);
        assert_eq!(names(&mut page).first().map(String::as_str), Some("Zbigniew Brzezinski"));
        if isguess {
            page.press("ArrowDown");
        }
        page.press("Enter");
        wait_for_card(&mut page, "Zbigniew Brzezinski");
    }
    page.assert_clean(base);
}

#[test]
fn an_unknown_caller_is_saved_with_one_key_beside_the_name() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    visit(&mut page, base, &format!("/pop?number={}", number.replace('+', "%2B")));
    page.wait("document.activeElement?.id === 'new-name'");
    page.type_text(&format!("Kim {word}"));
    page.press("Enter");
    wait_for_card(&mut page, &word);
    let found = api(
        &mut page,
        "GET",
        &format!("/api/v1/lookup?number={}", number.replace('+', "%2B")),
        &Value::Null,
    );
    assert_eq!(found["results"][0]["display_name"], json!(format!("Kim {word}")));
}

#[test]
fn junk_that_is_pasted_finds_nobody_and_breaks_nothing() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    for junk in [
        "tag:\"",
        "((((",
        "OR OR OR",
        "<img src=x onerror=alert(1)>",
        "%00\u{202e}\u{1f600}\u{fffd}",
        "a\tb\nc",
        "'; DROP TABLE contacts; --",
        &"x".repeat(5_000),
        &"+49 30 1234567, ".repeat(200),
    ] {
        visit(&mut page, base, "/");
        page.wait("document.activeElement.id === 'search'");
        page.call("Input.insertText", &json!({ "text": junk }));
        // It is answered, or refused in words; the box still works.
        page.wait("document.querySelector('[data-test=results], [data-test=nobody], .trouble')");
        page.eval("document.querySelector('#search').select(); 0");
        page.press("Backspace");
        page.wait("document.querySelector('#search').value === ''");
        page.wait("document.querySelector('[data-test=hit]')");
        assert_eq!(page.eval("document.querySelectorAll('img').length"), json!(0));
    }
}

#[test]
fn names_of_every_length_and_script_and_fifty_numbers_fit() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, _) = unique();
    let long = format!("{word} {}", "Wolfeschlegelsteinhausenbergerdorff".repeat(6));
    let right_to_left = format!("محمد عبد الرحمن {word}");
    let hebrew = format!("שלום כהן {word}");
    let phones: Vec<_> = (0..50)
        .map(|at| json!({ "number": format!("+49301234{at:04}"), "label": "work" }))
        .collect();
    for name in [long.as_str(), right_to_left.as_str(), hebrew.as_str()] {
        let id = create(&mut page, &json!({ "name": name, "company": name, "phones": phones }));
        visit(&mut page, base, &format!("/?q={word}&c={id}"));
        wait_for_card(&mut page, &word);
        page.wait(&format!(
            "{CARD}.querySelectorAll('[data-test^=\"field-phones/\"]').length === 50"
        ));
        for width in [360, 1280, 1920] {
            page.resize(width, 800);
            assert!(!is_wide(&mut page), "{name} scrolls sideways at {width} px");
        }
        page.resize(1280, 800);
    }
    assert_accessible(&mut page, "a card with fifty numbers");
    page.assert_clean(base);
}

#[test]
fn an_internal_number_finds_who_has_it() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, _) = unique();
    create(&mut page, &json!({ "name": format!("Inge {word}"), "phone": "4711" }));
    visit(&mut page, base, "/pop?number=4711");
    wait_for_card(&mut page, &word);
    page.assert_clean(base);
}

#[test]
fn back_and_reload_show_what_was_there() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    create(&mut page, &json!({ "name": format!("Kim {word}"), "phone": number }));
    page.eval("document.querySelector('#search').focus(); 0");
    page.type_text(&word);
    wait_for_answer(&mut page, &word);
    page.press("Enter");
    wait_for_card(&mut page, &word);
    page.click("[data-tab=calls]");
    page.wait("document.querySelector('[data-test=tab-calls]')");
    let address = page.eval("location.href");
    page.reload();
    page.wait("document.querySelector('[data-test=tab-calls]')");
    assert_eq!(page.eval("location.href"), address);
    page.eval("history.back()");
    page.wait("!document.querySelector('[data-test=tab-calls]')");
    wait_for_card(&mut page, &word);
    page.eval("history.back()");
    page.wait(&format!("!{CARD} && document.querySelector('#search').value === {}", json!(word)));
    page.assert_clean(base);
}

#[test]
fn help_says_on_every_page_what_it_is_for() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    for (path, text) in [
        ("/", "What may be typed"),
        ("/contacts", "The text in the search box is the filter"),
        ("/companies", "Companies with their contacts and deals"),
        ("/deals", "as a board by stage"),
        ("/tasks", "The task is done"),
        ("/lists", "A static list"),
        ("/duplicates", "Not the same person"),
        ("/import", "Three steps"),
        ("/jobs", "in the background"),
        ("/settings", "How the organisation works"),
        ("/profile", "how this browser looks"),
    ] {
        visit(&mut page, base, path);
        page.wait("document.querySelector('main')");
        page.eval("document.activeElement.blur()");
        page.press("?");
        page.wait("document.querySelector('[data-test=dialog-keys][open]')");
        page.wait(&format!(
            "document.querySelector('[data-test=dialog-keys]').innerText.includes({})",
            json!(text)
        ));
        page.press("Escape");
        page.wait("!document.querySelector('[data-test=dialog-keys]')");
    }
    page.press("?");
    page.wait("document.querySelector('[data-test=dialog-keys][open]')");
    assert_accessible(&mut page, "help");
    page.resize(360, 720);
    assert!(!is_wide(&mut page), "help scrolls sideways");
    page.assert_clean(base);
}
