//! Writes that the engine refuses or that fail: nothing of them is kept, and the next one works.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ringdex::app::SearchRequest;
use ringdex::domain::ids::OrgNumber;
use ringdex::engine::{Error, Rejected, keys};
use serde_json::json;

use crate::support::{TestApp, operator};

#[test]
fn a_write_larger_than_a_journal_entry_is_refused_and_the_next_one_works() {
    let test = TestApp::new();
    let partition = test.app().partition();
    let before = partition.applied_seq();
    let refused = partition.write::<(), ()>(OrgNumber(1), "test", false, |tx| {
        for key in 0..9_u8 {
            tx.put(&[keys::META, b'x', key], vec![7; 8 << 20]);
        }
        Ok(())
    });
    assert!(matches!(refused, Err(Rejected::Engine(Error::TooLarge { .. }))), "{refused:?}");
    assert_eq!(partition.applied_seq(), before);
    assert!(partition.get(&[keys::META, b'x', 0]).unwrap().is_none());
    test.create(1, &json!({"name": "Next One"}));
}

#[test]
fn a_closure_that_panics_fails_alone() {
    let test = TestApp::new();
    let partition = test.app().partition();
    let failed = partition.write::<(), ()>(OrgNumber(1), "test", false, |tx| {
        tx.put(&[keys::META, b'x'], vec![1]);
        panic!("on purpose");
    });
    assert!(matches!(failed, Err(Rejected::Engine(Error::Defect(_)))), "{failed:?}");
    assert!(partition.get(&[keys::META, b'x']).unwrap().is_none());
    test.create(1, &json!({"name": "Next One"}));
}

#[test]
fn a_reindex_ends_although_others_write_without_end() {
    let test = TestApp::new();
    let is_done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let one = json!({"name": "Somebody Else", "phone": "+12025550123"});
                let bodies = vec![one; 100];
                while !is_done.load(Ordering::Relaxed) {
                    test.app().create_contacts(&operator(1), &bodies).unwrap();
                }
            });
        }
        let partition = test.app().partition();
        while partition.applied_seq().0 < partition.visible_seq().0 + 30 {
            std::thread::yield_now();
        }
        let (sender, ended) = std::sync::mpsc::channel();
        let app = test.app();
        scope.spawn(move || sender.send(app.reindex(&operator(1), &mut |_| {})));
        let ended = ended.recv_timeout(Duration::from_secs(60));
        is_done.store(true, Ordering::Relaxed);
        ended.expect("it ends while they write").unwrap();
    });
    let report = test.app().check(&operator(1), &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn a_cursor_walks_through_matches_by_prefix_only() {
    let test = TestApp::new();
    for at in 0..10 {
        test.create(1, &json!({"name": format!("Johannes{at} Smithson")}));
    }
    // No word "johann" or "smith" stands there as a whole, so both are taken as prefixes.
    let mut found = std::collections::BTreeSet::new();
    let mut cursor = None;
    loop {
        let q = "smith johann".to_owned();
        let request = SearchRequest {
            query: q.into(),
            per_page: Some(3),
            cursor,
            ..SearchRequest::default()
        };
        let answer = test.search(1, request);
        assert_eq!(answer.total, 10);
        found.extend(answer.contacts.iter().map(|(contact, _)| contact.id));
        cursor = answer.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 10);
}

#[test]
fn a_search_walks_on_where_all_contacts_of_a_page_have_vanished() {
    let test = TestApp::new();
    let ids: Vec<_> =
        (0..6).map(|at| test.create(1, &json!({"name": format!("Person {at}")})).id).collect();
    let request = SearchRequest { per_page: Some(2), ..SearchRequest::default() };
    // Counts only: contacts that a page has shown are remembered.
    let counting = SearchRequest { per_page: Some(0), ..SearchRequest::default() };
    assert_eq!(test.search(1, counting).total, 6);
    let partition = test.app().partition();
    for id in &ids[4..] {
        let key = keys::contact(OrgNumber(1), *id);
        // Takes the record away under the index, as a deletion does a moment before the commit.
        partition
            .write::<(), ()>(OrgNumber(1), "test", false, move |tx| {
                tx.delete(&key);
                Ok(())
            })
            .unwrap();
    }
    let answer = test.app().search_contacts(&operator(1), &request).unwrap();
    assert_eq!(answer.contacts.len(), 0);
    let request = SearchRequest { cursor: answer.next_cursor, ..request };
    let answer = test.app().search_contacts(&operator(1), &request).unwrap();
    let rest: Vec<_> = answer.contacts.iter().map(|(contact, _)| contact.id).collect();
    assert_eq!(rest, [ids[3], ids[2]]);
}
