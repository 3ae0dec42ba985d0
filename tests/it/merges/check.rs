//! What a check says of merges that do not fit together, what two at once do, and what is counted.

use ringdex::app::{Access, App, Error, Precondition};
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::{ContactId, OrgNumber};
use ringdex::engine::{Rejected, codec, keys};
use serde_json::json;

use crate::merges::{contact, merge, two};
use crate::support::server::TestServer;
use crate::support::{TestApp, operator};

const ORG: OrgNumber = OrgNumber(1);

fn troubles(app: &App) -> Vec<String> {
    let report = app.check(&Access::operator_of(ORG), &mut |_| {}).unwrap();
    report.troubles.into_iter().map(|trouble| trouble.detail).collect()
}

/// Writes a contact past everything that keeps merges sound.
fn tamper(app: &App, id: ContactId, change: impl Fn(&mut Contact) + Send + 'static) {
    let written = app.partition().write::<_, Error>(ORG, "test", false, move |tx| {
        let before = tx.contact(ORG, id)?.unwrap();
        let mut after = before.clone();
        change(&mut after);
        tx.replace_contact(ORG, before, after).map_err(Rejected::Engine)
    });
    written.unwrap();
}

#[test]
fn a_check_finds_merges_that_do_not_fit_together() {
    let test = TestApp::new();
    let app = test.app();
    let make = || test.create(1, &json!({"name": "Same", "phone": "+12025550123"})).id;
    let merged = |primary: ContactId, other: ContactId| {
        let body = json!({"primary": primary, "others": [other]});
        let done = app.merge_contacts(&operator(1), &body, Precondition::None, None).unwrap();
        done.merge_id.unwrap()
    };
    let (one, other, third) = (make(), make(), make());
    merged(one, other);
    let second = merged(third, one);
    assert_eq!(troubles(app), Vec::<String>::new());

    tamper(app, other, |contact| contact.merged_into = None);
    assert!(troubles(app)[0].contains("record of its merge disagree"));
    tamper(app, other, move |contact| contact.merged_into = Some(third));
    assert!(troubles(app)[0].contains("record of its merge disagree"));
    tamper(app, other, move |contact| {
        contact.merged_into = Some(one);
        contact.deleted_at = None;
    });
    assert!(troubles(app)[0].contains("was merged and is still there"));
    tamper(app, other, |contact| {
        contact.deleted_at = contact.deleted_at.or(Some(contact.updated_at));
    });
    assert_eq!(troubles(app), Vec::<String>::new());

    tamper(app, third, |contact| contact.merges.clear());
    assert!(troubles(app)[0].contains("does not know of it"));
    tamper(app, third, move |contact| contact.merges = vec![second]);
    // A circle, as no merge can make it.
    tamper(app, third, move |contact| {
        contact.merged_into = Some(other);
        contact.deleted_at = Some(contact.updated_at);
    });
    assert!(troubles(app).iter().any(|trouble| trouble.contains("in a circle")));
    tamper(app, third, |contact| {
        contact.merged_into = None;
        contact.deleted_at = None;
    });
    assert_eq!(troubles(app), Vec::<String>::new());

    let key = keys::merge(ORG, second);
    let record = app.partition().merge(ORG, second).unwrap().unwrap();
    app.partition()
        .write::<(), Error>(ORG, "test", false, move |tx| {
            tx.delete(&key);
            Ok(())
        })
        .unwrap();
    assert_eq!(troubles(app).len(), 2, "{:?}", troubles(app));
    let bytes = codec::encode(&record).unwrap();
    app.partition()
        .write::<(), Error>(ORG, "test", false, move |tx| {
            tx.put(&key, bytes.clone());
            Ok(())
        })
        .unwrap();
    assert_eq!(troubles(app), Vec::<String>::new());
}

#[test]
fn of_merges_at_once_one_is_done() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let senders: Vec<_> = (0..8)
        .map(|at| {
            let (client, one, other) = ((*server).clone(), one.clone(), other.clone());
            std::thread::spawn(move || {
                let (to, from) = if at % 2 == 0 { (&one, &other) } else { (&other, &one) };
                merge(&client, to, &[from]).status
            })
        })
        .collect();
    let statuses: Vec<u16> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    assert_eq!(server.search("doe", "&refresh=wait").json["total"], 1);
}

#[test]
fn what_a_merge_takes_is_counted_the_same_after_a_restart() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let usage = |server: &TestServer| {
        let read = server.app().partition().write::<_, Error>(ORG, "test", false, |tx| {
            let usage = tx.usage(ORG);
            Ok((usage.contacts, usage.bytes))
        });
        read.unwrap().value
    };
    let before = usage(&server);
    let done = merge(&server, &one, &[&other]).expect(200).json;
    let merged = usage(&server);
    assert_eq!(merged.0, before.0, "who is merged can come back and counts");
    assert!(merged.1 > before.1);
    let server = server.restart();
    assert_eq!(usage(&server), merged);
    super::undo(&server, done["merge_id"].as_str().unwrap(), &json!({})).expect(200);
    let undone = usage(&server);
    assert!(undone.1 < merged.1);
    let server = server.restart();
    assert_eq!(usage(&server), undone);
    server.delete(&format!("/api/v1/contacts/{one}?permanent=true")).expect(204);
    contact(&server, &other).expect(200);
}
