//! The page of contacts and the way between pages: filter, select, change many, take it back.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::cdp::Page;
use super::{CARD, api, create, open, unique, visit, wait_for_card};
use crate::support::server::TestServer;

/// The names in the table, top first.
fn rows(page: &mut Page) -> Value {
    page.eval("[...document.querySelectorAll('[data-test=row] [data-column=name]')].map((one) => one.innerText.trim())")
}

/// Waits until the table shows so many rows in all.
fn wait_for_total(page: &mut Page, total: usize) {
    page.wait(&format!(
        "document.querySelector('[data-test=contacts]')?.dataset.answered !== undefined && document.querySelector('[data-test=table]')?.dataset.total === '{total}'"
    ));
}

/// Three contacts that share a word and a tag, named in the order of the alphabet.
fn three(page: &mut Page, word: &str) -> Vec<String> {
    ["Ada", "Bea", "Cleo"]
        .iter()
        .enumerate()
        .map(|(at, first)| {
            let number = unique().1;
            create(
                page,
                &json!({ "first_name": first, "last_name": word, "phone": number,
                    "company": if at == 2 { "Other Ltd" } else { "Same Ltd" }, "tags": [format!("t{word}")] }),
            )
        })
        .collect()
}

/// Waits until each of these has, or has not, a tag.
fn wait_for_tag(page: &mut Page, ids: &[String], tag: &str, has: bool) {
    page.wait("!document.querySelector('[data-test=job-chip]')");
    for id in ids {
        let saved = api(page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
        let tags = saved["tags"].as_array().cloned().unwrap_or_default();
        assert_eq!(tags.contains(&json!(tag)), has, "{tag} of {saved}");
    }
}

#[test]
fn pages_are_reached_by_rail_palette_and_letters() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    page.click(".rail a[href='/contacts']");
    page.wait("location.pathname === '/contacts' && document.querySelector('[data-test=row]')");
    assert_eq!(
        page.eval("document.querySelector('.rail [aria-current=page]').innerText.trim()"),
        json!("Contacts")
    );
    page.press("Ctrl+k");
    page.wait("document.activeElement?.getAttribute('aria-controls') === 'commands'");
    page.type_text("home");
    page.press("Enter");
    page.wait("location.pathname === '/' && document.querySelector('[data-test=hit]')");
    page.eval("history.back()");
    page.wait("location.pathname === '/contacts' && document.querySelector('[data-test=row]')");
    page.reload();
    page.wait("document.querySelector('[data-test=row]')");
    // A `g` and the letter of the page.
    page.eval("document.querySelector('#table').focus(); 0");
    page.press("g");
    page.press("h");
    page.wait("location.pathname === '/'");
    // On a telephone the bar is at the bottom, and what does not fit is in the palette.
    page.resize(360, 720);
    page.click("[data-test=more-pages]");
    page.wait("document.querySelector('[data-test=dialog-palette][open]')");
    page.press("Escape");
    page.wait("!document.querySelector('dialog')");
    page.assert_clean(base);
}

#[test]
fn somebody_without_the_right_is_not_offered_a_page() {
    let server = TestServer::start();
    server.user("agent@example.com", "agent", "correct horse battery");
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, "/sign-in");
    page.wait("document.activeElement.id === 'email'");
    page.type_text("agent@example.com");
    page.press("Tab");
    page.type_text("correct horse battery");
    page.press("Enter");
    page.wait("document.querySelector('.rail a[href=\"/contacts\"]')");
    let offered = page.eval("[...document.querySelectorAll('.rail a')].map((one) => one.pathname)");
    let offered = offered.as_array().unwrap();
    for hidden in ["/duplicates", "/import", "/settings"] {
        assert!(!offered.contains(&json!(hidden)), "{hidden} is offered to an agent");
    }
    page.press("Ctrl+k");
    page.wait("document.activeElement?.getAttribute('aria-controls') === 'commands'");
    page.type_text("import");
    page.wait("document.querySelectorAll('[data-test=command]').length === 1");
    page.wait_for_text("Search contacts for");
}

#[test]
fn a_filter_is_the_text_of_the_query_and_its_chips() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    let (word, _) = unique();
    three(&mut page, &word);
    visit(&mut page, base, &format!("/contacts?q={word}"));
    wait_for_total(&mut page, 3);
    page.wait("document.querySelector('[data-test=facet-company]')");
    page.eval("[...document.querySelectorAll('[data-test=facet-company]')].find((one) => one.parentNode.innerText.startsWith('Same Ltd')).click()");
    wait_for_total(&mut page, 2);
    assert_eq!(
        page.eval("document.querySelector('#search').value"),
        json!(format!("{word} company:=\"Same Ltd\""))
    );
    page.eval("[...document.querySelectorAll('[data-test=facet-company]')].find((one) => one.parentNode.innerText.startsWith('Same Ltd')).scrollIntoView(); 0");
    page.click("[data-test=chips] [aria-label='Without Company: Same Ltd']");
    wait_for_total(&mut page, 3);
    page.eval("history.back()");
    wait_for_total(&mut page, 2);
    // The header sorts, and the address keeps it.
    visit(&mut page, base, &format!("/contacts?q=tag%3At{word}"));
    wait_for_total(&mut page, 3);
    assert_eq!(
        rows(&mut page),
        json!([format!("Ada {word}"), format!("Bea {word}"), format!("Cleo {word}")])
    );
    page.click(".table-head button");
    page.wait("document.querySelector('[data-test=row]:first-child [data-column=name]').innerText.includes('Cleo')");
    page.reload();
    wait_for_total(&mut page, 3);
    assert_eq!(rows(&mut page)[0], json!(format!("Cleo {word}")));
    page.assert_clean(base);
}

#[test]
fn many_contacts_are_tagged_at_once_and_that_is_taken_back() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    let (word, _) = unique();
    let ids = three(&mut page, &word);
    visit(&mut page, base, &format!("/contacts?q=tag%3At{word}"));
    wait_for_total(&mut page, 3);
    // By keyboard: the first, then with Shift up to the second.
    page.eval("document.querySelector('#table').focus(); 0");
    page.press(" ");
    page.wait("document.querySelector('[data-test=selected-count]')?.textContent === '1 selected'");
    page.press("Shift+ArrowDown");
    page.wait("document.querySelector('[data-test=selected-count]')?.textContent === '2 selected'");
    page.click("[data-test=bulk-tag]");
    page.click("[data-test=bulk-tags]");
    page.type_text("Fair");
    page.wait(
        "document.querySelector('[data-test=do-it]')?.textContent === 'Tag 2 contacts with Fair'",
    );
    page.click("[data-test=do-it]");
    page.wait_for_text("2 contacts changed");
    wait_for_tag(&mut page, &ids[..2], "Fair", true);
    wait_for_tag(&mut page, &ids[2..], "Fair", false);
    page.click("[data-test=toast] .link");
    page.wait_for_text("Taken back");
    wait_for_tag(&mut page, &ids[..2], "Fair", false);
    // The whole query.
    page.click("[data-test=select-query]");
    page.wait("document.querySelector('[data-test=selected-count]')?.textContent === '3 selected'");
    page.click("[data-test=bulk-archive]");
    page.wait("document.querySelector('[data-test=do-it]')?.textContent === 'Archive 3 contacts'");
    page.click("[data-test=do-it]");
    page.wait_for_text("3 contacts changed");
    page.wait("document.querySelector('[data-test=nothing]')");
    visit(&mut page, base, &format!("/contacts?q=status%3Aarchived+tag%3At{word}"));
    wait_for_total(&mut page, 3);
    // What was done to a whole query is taken back among the jobs.
    visit(&mut page, base, "/jobs");
    page.wait("document.querySelector('[data-test=undo-job]')");
    page.click("[data-test=undo-job]");
    page.wait("[...document.querySelectorAll('[data-test=job]')].some((one) => one.innerText.includes('took another one back') && one.innerText.includes('Done'))");
    visit(&mut page, base, &format!("/contacts?q=tag%3At{word}"));
    wait_for_total(&mut page, 3);
    page.assert_clean(base);
}

#[test]
fn deleted_contacts_are_seen_and_restored() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    let (word, _) = unique();
    let ids = three(&mut page, &word);
    visit(&mut page, base, &format!("/contacts?q=tag%3At{word}"));
    wait_for_total(&mut page, 3);
    page.click("[data-test=select-all]");
    page.click("[data-test=bulk-delete]");
    page.wait("document.querySelector('[data-test=do-it]')?.textContent === 'Delete 3 contacts'");
    page.click("[data-test=do-it]");
    page.wait("document.querySelector('[data-test=nothing]')");
    visit(&mut page, base, &format!("/contacts?q={word}&deleted=1"));
    wait_for_total(&mut page, 3);
    page.click("[data-test=select-all]");
    page.click("[data-test=bulk-restore]");
    page.wait("document.querySelector('[data-test=do-it]')?.textContent === 'Restore 3 contacts'");
    page.click("[data-test=do-it]");
    page.wait_for_text("3 contacts changed");
    for id in ids {
        api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
    }
    page.assert_clean(base);
}

#[test]
fn contacts_that_somebody_chose_become_one_and_two_again() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    let (word, _) = unique();
    three(&mut page, &word);
    visit(&mut page, base, &format!("/contacts?q=tag%3At{word}"));
    wait_for_total(&mut page, 3);
    page.click("[data-test=row]:nth-child(1) input");
    page.click("[data-test=row]:nth-child(3) input");
    page.wait("document.querySelector('[data-test=selected-count]')?.textContent === '2 selected'");
    page.click("[data-test=bulk-merge]");
    page.wait("document.querySelector('[data-test=merge-now]:not([disabled])')");
    page.click("[data-test=merge-now]");
    wait_for_total(&mut page, 2);
    page.click("[data-test=toast] .link");
    wait_for_total(&mut page, 3);
    page.assert_clean(base);
}

#[test]
fn a_search_is_saved_with_its_order_and_opened_again() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    let (word, _) = unique();
    three(&mut page, &word);
    visit(&mut page, base, &format!("/contacts?q=tag%3At{word}&sort=-name"));
    wait_for_total(&mut page, 3);
    page.click("[data-test=save-search]");
    page.wait("document.activeElement.placeholder === 'Name'");
    page.type_text(&word);
    page.press("Enter");
    page.wait(&format!(
        "[...document.querySelectorAll('[data-test=saved]')].some((one) => one.innerText.includes('{word}') && one.innerText.includes('3'))"
    ));
    visit(&mut page, base, "/contacts");
    page.wait("document.querySelector('[data-test=saved]')");
    page.click("[data-test=saved]");
    wait_for_total(&mut page, 3);
    assert_eq!(rows(&mut page)[0], json!(format!("Cleo {word}")));
    page.assert_clean(base);
}

#[test]
fn a_row_opens_its_card_beside_the_table_and_shows_what_is_saved_there() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    let (word, _) = unique();
    three(&mut page, &word);
    visit(&mut page, base, &format!("/contacts?q=tag%3At{word}"));
    wait_for_total(&mut page, 3);
    page.eval("document.querySelector('#table').focus(); 0");
    page.press("Enter");
    wait_for_card(&mut page, &format!("Ada {word}"));
    page.click("[data-test='field-company'] button.value");
    page.wait("document.activeElement.matches('[data-test=\"field-company\"] input')");
    page.type_text("Fresh GmbH");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=row] [data-column=company]').innerText === 'Fresh GmbH'");
    page.press("Escape");
    page.press("Escape");
    page.wait(&format!("!{CARD}"));
    // A right click offers what may be done with the row.
    page.eval("document.querySelector('[data-test=row]').dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: 400, clientY: 200 })); 0");
    page.wait("document.querySelector('[data-test=row-menu]')");
    page.press("Escape");
    page.wait("!document.querySelector('[data-test=row-menu]')");
    page.assert_clean(base);
}

#[test]
fn rows_far_down_are_there_when_they_are_scrolled_to() {
    let server = TestServer::demo(700);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    page.wait("document.querySelector('[data-test=row]')");
    page.eval("document.querySelector('#table').focus(); 0");
    page.press("End");
    page.wait("document.querySelector('[data-test=pager]').innerText.includes('–700 of 700')");
    page.wait("!document.querySelector('.waits')");
    assert!(
        page.eval("document.querySelectorAll('[data-test=row]').length < 60") == json!(true),
        "rows out of sight are in the document"
    );
    page.assert_clean(base);
}

#[test]
fn the_page_of_contacts_is_accessible_and_fits_every_width() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    for (scheme, width) in [("light", 1440), ("dark", 1440), ("light", 360)] {
        page.resize(width, 800);
        page.prefer("prefers-color-scheme", scheme);
        visit(&mut page, base, "/contacts");
        page.wait("document.querySelector('[data-test=row]')");
        page.wait("document.querySelector('[data-test=row]')");
        assert_accessible(&mut page, &format!("contacts, {scheme} {width}"));
        page.eval("document.querySelector('[data-test=row] input').click()");
        page.wait("document.querySelector('[data-test=bulk]')");
        page.eval("document.querySelector('[data-test=bulk-tag]').click()");
        page.wait("document.querySelector('[data-test=bulk-tags]')");
        assert_accessible(&mut page, &format!("a selection, {scheme} {width}"));
        assert_eq!(
            page.eval("document.documentElement.scrollWidth > innerWidth + 1"),
            json!(false),
            "{width} scrolls sideways"
        );
        page.press("Ctrl+k");
        page.wait("document.querySelector('[data-test=dialog-palette][open]')");
        assert_accessible(&mut page, &format!("the palette, {scheme} {width}"));
        page.press("Escape");
    }
    page.assert_clean(base);
}

#[test]
fn a_cell_is_edited_where_it_stands_with_the_keyboard_and_by_right_click() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    let (word, _) = unique();
    let ids = three(&mut page, &word);
    visit(&mut page, base, &format!("/contacts?q=tag%3At{word}"));
    wait_for_total(&mut page, 3);
    let value = |page: &mut Page, at: usize, field: &str| {
        api(page, "GET", &format!("/api/v1/contacts/{}", ids[at]), &Value::Null)[field].clone()
    };
    page.eval("document.querySelector('#table').focus(); 0");
    page.press("e");
    page.wait("document.activeElement.value === 'Same Ltd'");
    page.type_text("New Ltd");
    // Tab saves and goes on to the next column that can be edited.
    page.press("Tab");
    page.wait("document.activeElement.tagName === 'SELECT' && document.activeElement.closest('[data-column=status]')");
    page.wait(
        "document.querySelector('[data-test=row] [data-column=company]').innerText === 'New Ltd'",
    );
    assert_eq!(value(&mut page, 0, "company"), json!("New Ltd"));
    page.press("Escape");
    page.wait("document.activeElement.id === 'table'");
    // Undone by the same key as everywhere.
    page.press("Ctrl+z");
    page.wait("document.querySelector('[data-test=toast]')?.innerText.includes('is as it was')");
    assert_eq!(value(&mut page, 0, "company"), json!("Same Ltd"));
    // With the mouse: the cell under the pointer.
    let cell = "[...document.querySelectorAll('[data-test=row]')][1].querySelector('[data-column=company]')";
    page.eval(&format!("{cell}.dispatchEvent(new MouseEvent('contextmenu', {{ bubbles: true, cancelable: true, clientX: 600, clientY: 300 }})); 0"));
    page.wait(
        "document.querySelector('[data-test=row-menu]')?.innerText.includes('Edit here: Company')",
    );
    assert_accessible(&mut page, "the menu of a cell");
    page.eval("[...document.querySelectorAll('[data-test=row-menu] button')].find((one) => one.innerText.startsWith('Edit here')).click()");
    page.wait("document.activeElement.value === 'Same Ltd'");
    assert_accessible(&mut page, "a cell that is edited");
    // Somebody else saves it meanwhile: nothing is overwritten unseen.
    let path = format!("/api/v1/contacts/{}", ids[1]);
    page.type_text("Mine Ltd");
    api(&mut page, "PATCH", &path, &json!({ "company": "Theirs Ltd" }));
    page.press("Enter");
    page.wait("document.querySelector('[data-test=toast].bad, .toast.bad')?.innerText.includes('Theirs Ltd')");
    assert_eq!(value(&mut page, 1, "company"), json!("Theirs Ltd"));
    page.press("Enter");
    page.wait("!document.querySelector('[data-test=cell-editor]')");
    assert_eq!(value(&mut page, 1, "company"), json!("Mine Ltd"));
    page.assert_clean(base);
}
