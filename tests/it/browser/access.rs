//! What must hold on every view: nothing serious found by axe-core, in both colour
//! schemes; no sideways scrolling on a narrow screen; little to load.

use serde_json::json;

use super::{cdp::Page, create, open, unique, visit, wait_for_answer};
use crate::support::server::TestServer;

const AXE: &str = include_str!("../../data/vendor/axe.min.js");

/// Fails on findings that would keep somebody from using the page.
pub(super) fn assert_accessible(page: &mut Page, what: &str) {
    page.eval(&format!("window.axe ? 0 : (() => {{ {AXE}; return 0; }})()"));
    let findings = page.eval(
        "axe.run(document, { resultTypes: ['violations'] }).then((all) => all.violations
            .filter((one) => ['serious', 'critical'].includes(one.impact))
            .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160) + ' ' + (node.any[0]?.message ?? '')).join(' | ')}`))",
    );
    assert_eq!(findings, json!([]), "axe-core on {what}");
}

#[test]
fn axe_finds_nothing_serious() {
    run_axe(TestServer::demo(50).base_url());
}

pub(crate) fn run_axe(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "first_name": "Ida", "last_name": word, "phones": [{ "number": number, "label": "mobile" }],
            "email": format!("ida@{word}.example"), "company": "Axe Ltd", "tags": ["VIP", "DNC"], "notes": "A note" }),
    );
    let other = unique().1.replace('+', "%2B");
    for scheme in ["light", "dark"] {
        page.prefer("prefers-color-scheme", scheme);
        visit(&mut page, base, "/");
        page.wait("document.querySelector('[data-test=hit]')");
        assert_accessible(&mut page, &format!("the list, {scheme}"));
        visit(&mut page, base, &format!("/?q={word}&c={id}"));
        wait_for_answer(&mut page, &word);
        page.wait("document.querySelector('[data-test=card] footer')");
        assert_accessible(&mut page, &format!("a card, {scheme}"));
        page.press("e");
        page.wait("document.activeElement.matches('[data-test=\"field-name\"] input')");
        assert_accessible(&mut page, &format!("editing, {scheme}"));
        page.press("Escape");
        page.wait("document.activeElement.matches('[data-test=\"field-name\"] button')");
        page.press("?");
        page.wait("document.querySelector('dialog[open]')");
        assert_accessible(&mut page, &format!("the keys, {scheme}"));
        visit(&mut page, base, &format!("/pop?number={other}"));
        page.wait("document.querySelector('[data-test=create-form]')");
        assert_accessible(&mut page, &format!("the form, {scheme}"));
        visit(&mut page, base, &format!("/pop?number={}", number.replace('+', "%2B")));
        page.wait("document.querySelector('[data-test=card] footer')");
        assert_accessible(&mut page, &format!("a caller, {scheme}"));
    }
    page.assert_clean(base);
}

#[test]
fn a_narrow_screen_needs_no_sideways_scrolling() {
    run_narrow(TestServer::demo(50).base_url());
}

pub(crate) fn run_narrow(base: &str) {
    let Some(mut page) = Page::open() else { return };
    page.resize(360, 720);
    visit(&mut page, base, "/");
    let (word, number) = unique();
    let long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    let id = create(
        &mut page,
        &json!({ "name": format!("Max {word}"), "phone": number, "company": long, "notes": long, "tags": [long] }),
    );
    for path in [
        "/".to_owned(),
        format!("/?q={word}"),
        format!("/?q={word}&c={id}"),
        "/?new=1".to_owned(),
        format!("/pop?number={}", number.replace('+', "%2B")),
        "/pop?number=%2B493012345678".to_owned(),
    ] {
        visit(&mut page, base, &path);
        page.wait("document.querySelector('[data-test=hit], [data-test=card] footer, [data-test=create-form]')");
        let wide = page.eval(
            "[document.documentElement, ...document.querySelectorAll('.card, .rows, .list-pane, .bar')]
                .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
                .map((one) => `${one.className || one.tagName} ${one.scrollWidth} > ${one.clientWidth}`)",
        );
        assert_eq!(wide, json!([]), "{path} scrolls sideways");
    }

    // The card lies over the list and goes away again.
    visit(&mut page, base, &format!("/?q={word}"));
    wait_for_answer(&mut page, &word);
    page.press("Enter");
    page.wait("document.activeElement.id === 'card-name'");
    page.wait("getComputedStyle(document.querySelector('.list-pane')).visibility === 'hidden'");
    page.click(".back");
    page.wait("getComputedStyle(document.querySelector('.list-pane')).visibility === 'visible' && !document.querySelector('[data-test=card]:not(.preview)')");
    page.assert_clean(base);
}

#[test]
fn the_api_reference_asks_no_other_host() {
    run_api_reference(TestServer::demo(50).base_url());
}

pub(crate) fn run_api_reference(base: &str) {
    let Some(mut page) = Page::open() else { return };
    page.go(&format!("{base}/docs"));
    page.wait_for_text("contacts");
    page.wait("document.querySelector('h1')?.innerText.includes('Ringdex')");
    page.assert_clean(base);
}

#[test]
fn little_is_loaded_and_the_page_is_there_at_once() {
    run_weight(TestServer::demo(50).base_url());
}

pub(crate) fn run_weight(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    page.wait("document.querySelector('[data-test=hit]')");
    // What goes over the wire, compressed, the page itself included.
    let loaded = page.eval(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .filter((one) => one.entryType === 'navigation' || new URL(one.name).pathname.startsWith('/ui/'))
            .map((one) => one.encodedBodySize)",
    );
    let sizes: Vec<u64> =
        loaded.as_array().unwrap().iter().filter_map(serde_json::Value::as_u64).collect();
    let bytes: u64 = sizes.iter().sum();
    assert!((10_000..58_000).contains(&bytes), "{bytes} bytes: {sizes:?}");
    assert!(sizes.len() <= 5, "{} requests for one page", sizes.len());
    page.assert_clean(base);
}
