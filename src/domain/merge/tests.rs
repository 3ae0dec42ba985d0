//! Merging and undoing, by example and by properties.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Rule, Undo, Whose, check_choices, plan, unasked, undo};
use crate::domain::access::OrgSettings;
use crate::domain::contact::Contact;
use crate::domain::draft::Stamp;
use crate::domain::draft_json;
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::text::fold;
use crate::domain::time::Timestamp;

fn none() -> BTreeMap<String, ContactId> {
    BTreeMap::new()
}

fn contact(at: u32, body: &Value) -> Contact {
    let settings = OrgSettings { default_country: Some("US".to_owned()), ..OrgSettings::default() };
    let now = Timestamp(1_700_000_000_000 + i64::from(at) * 1_000);
    let stamp = Stamp { now, actor: "test", settings: &settings };
    let draft = draft_json::parse(body, &settings).unwrap();
    draft.create(ContactId::generate(), ContactNumber(at), stamp).unwrap()
}

fn two(one: &Value, other: &Value) -> (Contact, Contact) {
    (contact(1, one), contact(2, other))
}

fn change(contact: &Contact, patch: &Value) -> Contact {
    let settings = OrgSettings { default_country: Some("US".to_owned()), ..OrgSettings::default() };
    let stamp = Stamp { now: Timestamp(1_800_000_000_000), actor: "later", settings: &settings };
    draft_json::parse(patch, &settings).unwrap().apply(contact, stamp).unwrap().unwrap()
}

fn undone(one: &Contact, other: &Contact, patch: &Value, answers: &[(&str, Whose)]) -> Undo {
    let merged = plan(one, std::slice::from_ref(other), &none(), &Rule::Primary).merged;
    let now = if patch.is_null() { merged.clone() } else { change(&merged, patch) };
    let answers = answers.iter().map(|(field, whose)| ((*field).to_owned(), *whose)).collect();
    undo(one, &merged, &now, std::slice::from_ref(other), &answers)
}

#[test]
fn the_primary_wins_and_gaps_are_filled() {
    let (one, other) = two(
        &json!({"name": "John Doe", "phone": "+12025550123", "title": "CEO"}),
        &json!({"name": "Johnny Doe", "phones": ["(202) 555-0123", "+12025550199"], "title": "Boss",
            "company": "Acme", "custom_fields": {"tier": "gold"}}),
    );
    let done = plan(&one, std::slice::from_ref(&other), &none(), &Rule::Primary);
    let merged = &done.merged;
    assert_eq!((merged.id, merged.display_name.as_str()), (one.id, "John Doe"));
    let numbers: Vec<&str> = merged.phones.iter().map(|p| p.number.as_str()).collect();
    assert_eq!(numbers, ["+12025550123", "+12025550199"]);
    assert!(merged.phones[0].primary && !merged.phones[1].primary);
    assert_eq!(merged.company.as_deref(), Some("Acme"));
    assert_eq!(merged.custom_fields["tier"], "gold");
    let fields: Vec<(&str, &str)> =
        done.conflicts.iter().map(|c| (c.field.as_str(), c.reason.as_str())).collect();
    assert_eq!(
        fields,
        [("display_name", "primary"), ("first_name", "primary"), ("title", "primary")]
    );
    assert!(done.lost.iter().any(|left| left.field == "title" && left.value == "Boss"));
    assert!(done.taken.iter().any(|taken| taken.field == "company" && taken.id == other.id));
}

#[test]
fn fields_can_be_chosen_and_rules_named() {
    let (one, other) = two(
        &json!({"name": "J. Doe", "title": "CEO", "source": "import"}),
        &json!({"name": "John Doe", "title": "Boss", "company": "Acme", "source": "web"}),
    );
    let others = std::slice::from_ref(&other);
    let choices = BTreeMap::from([("name".to_owned(), other.id)]);
    let chosen = plan(&one, others, &choices, &Rule::Primary);
    assert_eq!(chosen.merged.display_name, "John Doe");
    assert_eq!(chosen.merged.first_name.as_deref(), Some("John"));
    assert_eq!(chosen.merged.title.as_deref(), Some("CEO"));
    assert_eq!(chosen.conflicts[0].reason, "chosen");
    let part = BTreeMap::from([("first_name".to_owned(), other.id)]);
    assert_eq!(plan(&one, others, &part, &Rule::Primary).merged.display_name, "John Doe");
    for (rule, title) in [
        (Rule::Newest, "Boss"),
        (Rule::Oldest, "CEO"),
        (Rule::MostComplete, "Boss"),
        (Rule::SourceOrder(vec!["Web".to_owned()]), "Boss"),
        (Rule::SourceOrder(vec!["import".to_owned()]), "CEO"),
    ] {
        let done = plan(&one, others, &none(), &rule);
        assert_eq!(done.merged.title.as_deref(), Some(title), "{rule:?}");
    }
    let sees = |key: &str| key != "secret";
    let all = [&one, &other];
    let wrong = |field: &str, id: ContactId| {
        let choices = BTreeMap::from([(field.to_owned(), id)]);
        check_choices(&all, &choices, &sees).first().map(|issue| issue.code)
    };
    assert_eq!(wrong("title", other.id), None);
    assert_eq!(wrong("titel", other.id), Some("unknown_field"));
    assert_eq!(wrong("phones", other.id), Some("not_chosen"));
    assert_eq!(wrong("title", ContactId::generate()), Some("unknown_contact"));
    assert_eq!(wrong("cf.secret", other.id), Some("unknown_field"));
}

#[test]
fn what_protects_a_person_wins_and_calls_add_up() {
    let (mut one, mut other) =
        two(&json!({"name": "A", "opt_in": true}), &json!({"name": "A", "opt_in": false}));
    one.total_calls = 3;
    other.total_calls = 4;
    other.fields.status.blocked = true;
    other.fields.status.do_not_contact = true;
    one.last_called_at = Some(Timestamp(5));
    other.last_called_at = Some(Timestamp(9));
    other.last_call_outcome = Some("busy".to_owned());
    let done = plan(&one, std::slice::from_ref(&other), &none(), &Rule::Primary);
    let merged = &done.merged;
    assert!(merged.fields.status.blocked && merged.fields.status.do_not_contact);
    assert_eq!((merged.opt_in, merged.total_calls), (Some(false), 7));
    assert_eq!(merged.last_call_outcome.as_deref(), Some("busy"));
    assert!(done.lost.iter().any(|left| left.field == "opt_in"));
}

#[test]
fn sight_is_not_widened_by_filling_gaps() {
    let (one, other) = two(
        &json!({"name": "A", "visibility": "owner"}),
        &json!({"name": "A", "visibility": "all", "assigned_to": "u2", "assigned_queue": "q"}),
    );
    let done = plan(&one, std::slice::from_ref(&other), &none(), &Rule::Newest);
    assert_eq!(done.merged.visibility.as_str(), "owner");
    assert_eq!(done.merged.assigned_to, None);
    assert_eq!(done.merged.assigned_queue.as_deref(), Some("q"));
    assert!(done.conflicts.iter().any(|conflict| conflict.field == "visibility"));
}

#[test]
fn near_twins_are_one_and_notes_are_all_kept() {
    let (one, other) = two(
        &json!({"name": "A", "addresses": [{"city": "Berlin"}], "tags": ["VIP"], "notes": "first",
            "emails": ["Ann@Example.com"]}),
        &json!({"name": "A", "addresses": [{"city": "berlin", "street": "Weg 1"}],
            "tags": ["vip", "new"], "notes": "second", "emails": ["ann@example.com"]}),
    );
    let merged = plan(&one, std::slice::from_ref(&other), &none(), &Rule::Primary).merged;
    assert_eq!(merged.addresses.len(), 1);
    assert_eq!(merged.addresses[0].street.as_deref(), Some("Weg 1"));
    assert_eq!(merged.tags, ["VIP", "new"]);
    assert_eq!(merged.emails.len(), 1);
    let notes = merged.notes.as_deref().unwrap();
    assert_eq!(notes, format!("first\n\n--- from contact {} ---\nsecond", other.id));
}

#[test]
fn what_was_added_since_stays_and_the_rest_goes_back() {
    let (one, other) = two(
        &json!({"name": "A", "phone": "+12025550101", "notes": "first"}),
        &json!({"name": "A", "phone": "+12025550102", "title": "CEO", "notes": "second",
            "tags": ["vip"]}),
    );
    let merged = plan(&one, std::slice::from_ref(&other), &none(), &Rule::Primary).merged;
    let notes = format!("{}\nthird", merged.notes.as_deref().unwrap());
    let patch = json!({"company": "New", "notes": notes, "tags": ["vip", "later"],
        "phones": ["+12025550101", "+12025550102", "+12025550103"]});
    let back = undone(&one, &other, &patch, &[]);
    assert_eq!(back.conflicts, []);
    let survivor = &back.survivor;
    let numbers: Vec<&str> = survivor.phones.iter().map(|p| p.number.as_str()).collect();
    assert_eq!(numbers, ["+12025550101", "+12025550103"]);
    assert_eq!(survivor.notes.as_deref(), Some("first\nthird"));
    assert_eq!(
        (survivor.tags.as_slice(), survivor.title.as_ref()),
        (&["later".to_owned()][..], None)
    );
    assert_eq!(survivor.company.as_deref(), Some("New"));
    let kept: Vec<&str> = back.kept.iter().map(|kept| kept.field.as_str()).collect();
    assert_eq!(kept, ["company", "phones", "tags", "notes"]);
    assert_eq!(back.others, [other]);
}

#[test]
fn whose_change_it_was_is_asked_and_not_guessed() {
    let (one, other) = two(
        &json!({"name": "A", "phone": "+12025550101"}),
        &json!({"name": "A", "title": "CEO", "phone": "+12025550102", "tags": ["vip"]}),
    );
    let patch = json!({"title": "Chair", "phones": ["+12025550101"], "tags": []});
    let open = undone(&one, &other, &patch, &[]);
    let fields: Vec<&str> = open.conflicts.iter().map(|c| c.field.as_str()).collect();
    assert_eq!(fields, ["title", "phones/+12025550102", "tags/vip"]);
    assert_eq!(open.conflicts[0].choices, [other.id.to_string(), "survivor".to_owned()]);
    let theirs = Whose::Contact(other.id);
    let answers =
        [("title", theirs), ("phones/+12025550102", Whose::Survivor), ("tags/vip", theirs)];
    let back = undone(&one, &other, &patch, &answers);
    assert_eq!((back.conflicts.len(), back.problems.len()), (0, 0));
    assert_eq!(back.survivor.title, None);
    assert_eq!(back.others[0].title.as_deref(), Some("Chair"));
    assert_eq!(back.others[0].phones, other.phones);
    assert!(back.others[0].tags.is_empty());
    let wrong =
        undone(&one, &other, &patch, &[("title", Whose::Contact(one.id)), ("company", theirs)]);
    assert_eq!(wrong.problems[0].code, "unknown_contact");
    let answers = BTreeMap::from([("title".to_owned(), theirs), ("company".to_owned(), theirs)]);
    let pointers: Vec<String> =
        unasked(&answers, &wrong.asked).into_iter().map(|issue| issue.pointer).collect();
    assert_eq!(pointers, ["/resolve/company"]);
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["Ann", "Bob", "Doe", "Müller", "x", "CEO", "vip", "Acme"])
        .prop_map(str::to_owned)
}

fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(word(), 0..4)
}

fn body() -> impl Strategy<Value = Value> {
    let phone = (0..6u8, 0..3u8).prop_map(|(n, form)| match form {
        0 => json!({"number": format!("+1202555010{n}"), "label": "work"}),
        1 => json!({"number": format!("(202) 555-010{n}")}),
        _ => json!({"number": format!("+1202555010{n}"), "label": "home", "extension": "7"}),
    });
    let email = (0..4u8, any::<bool>()).prop_map(|(n, upper)| {
        let address = format!("a{n}@example.com");
        json!(if upper { address.to_uppercase() } else { address })
    });
    let address = (prop::option::of(word()), prop::option::of(word()))
        .prop_map(|(street, city)| json!({"street": street, "city": city, "country": "DE"}));
    let texts = prop::collection::vec(prop::option::of(word()), 10);
    (
        word(),
        prop::collection::vec(phone, 0..4),
        prop::collection::vec(email, 0..3),
        prop::collection::vec(address, 0..3),
        (words(), words(), words()),
        texts,
        prop::option::of(any::<bool>()),
    )
        .prop_map(|(name, phones, emails, addresses, (tags, options, notes), texts, opt_in)| {
            json!({
                "name": name, "phones": phones, "emails": emails, "addresses": addresses,
                "tags": tags, "notes": notes.join(" "), "opt_in": opt_in,
                "company": texts[0], "title": texts[1], "department": texts[2],
                "source": texts[3], "language": texts[4], "external_crm_id": texts[5],
                "first_name": texts[6], "external_crm_provider": texts[7],
                "custom_fields": {"a": texts[8], "b": texts[9], "options": options},
                "social_profiles": {"linkedin": texts[3]},
                "channels": [{"channel": "whatsapp", "identifier": texts[4].clone().unwrap_or_default() + "1"}],
            })
        })
}

fn rule() -> impl Strategy<Value = Rule> {
    prop::sample::select(vec![
        Rule::Primary,
        Rule::Newest,
        Rule::Oldest,
        Rule::MostComplete,
        Rule::SourceOrder(vec!["CEO".to_owned()]),
    ])
}

proptest! {
    #[test]
    fn no_merge_loses_anything(bodies in prop::collection::vec(body(), 2..5), rule in rule()) {
        let contacts: Vec<Contact> = bodies.iter().zip(1..).map(|(b, at)| contact(at, b)).collect();
        let done = plan(&contacts[0], &contacts[1..], &none(), &rule);
        let merged = &done.merged;
        let lost = |id: ContactId, field: &str, value: &Value| {
            done.lost.iter().any(|left| left.id == id && left.field == field && left.value == *value)
        };
        for one in &contacts {
            for phone in &one.phones {
                let is_there = merged.phones.iter().any(|p| p.number == phone.number && p.extension == phone.extension);
                let says_label = merged.phones.iter().any(|p| p.number == phone.number && p.extension == phone.extension
                    && (phone.label.is_none() || p.label == phone.label));
                prop_assert!(is_there && says_label || lost(one.id, "phones", &json!(phone)), "{phone:?}");
            }
            for email in &one.emails {
                prop_assert!(merged.emails.iter().any(|e| e.address.to_lowercase() == email.address.to_lowercase()));
            }
            for address in &one.addresses {
                let is_in = |part: &Option<String>, whole: &Option<String>| {
                    part.as_deref().is_none_or(|part| whole.as_deref().map(fold) == Some(fold(part)))
                };
                prop_assert!(merged.addresses.iter().any(|a| is_in(&address.street, &a.street) && is_in(&address.city, &a.city)));
            }
            for channel in &one.channels {
                prop_assert!(merged.channels.contains(channel));
            }
            for tag in &one.tags {
                prop_assert!(merged.tags.iter().any(|t| fold(t) == fold(tag)));
            }
            if let Some(notes) = &one.notes {
                prop_assert!(merged.notes.as_deref().unwrap_or("").contains(notes.trim()));
            }
            for (key, value) in &one.custom_fields {
                let field = format!("custom_fields.{key}");
                let is_there = match (merged.custom_fields.get(key), value) {
                    (Some(Value::Array(all)), Value::Array(own)) => own.iter().all(|v| all.contains(v)),
                    (found, value) => found == Some(value),
                };
                prop_assert!(is_there || lost(one.id, &field, value), "{field}");
            }
            for (field, own, of) in [
                ("display_name", Some(&one.display_name), Some(&merged.display_name)),
                ("first_name", one.first_name.as_ref(), merged.first_name.as_ref()),
                ("company", one.company.as_ref(), merged.company.as_ref()),
                ("title", one.title.as_ref(), merged.title.as_ref()),
                ("source", one.source.as_ref(), merged.source.as_ref()),
                ("external_crm_id", one.external_crm_id.as_ref(), merged.external_crm_id.as_ref()),
            ] {
                prop_assert!(own.is_none() || own == of || lost(one.id, field, &json!(own)), "{field}");
            }
            prop_assert!(one.opt_in != Some(false) || merged.opt_in == Some(false));
        }
        prop_assert_eq!(merged.phones.iter().filter(|p| p.primary).count(), usize::from(!merged.phones.is_empty()));
    }

    #[test]
    fn merging_and_undoing_changes_nothing(bodies in prop::collection::vec(body(), 2..5), rule in rule()) {
        let contacts: Vec<Contact> = bodies.iter().zip(1..).map(|(b, at)| contact(at, b)).collect();
        let done = plan(&contacts[0], &contacts[1..], &none(), &rule);
        let back = undo(&contacts[0], &done.merged, &done.merged, &contacts[1..], &BTreeMap::new());
        prop_assert_eq!(&back.survivor, &contacts[0]);
        prop_assert_eq!(&back.others[..], &contacts[1..]);
        prop_assert!(back.kept.is_empty() && back.conflicts.is_empty());
    }

    #[test]
    fn what_is_added_is_there_after_undoing(one in body(), other in body(), patch in body()) {
        let (one, other) = two(&one, &other);
        let merged = plan(&one, std::slice::from_ref(&other), &none(), &Rule::Primary).merged;
        let settings = OrgSettings { default_country: Some("US".to_owned()), ..OrgSettings::default() };
        let stamp = Stamp { now: Timestamp(1_800_000_000_000), actor: "later", settings: &settings };
        let Some(now) = draft_json::parse(&patch, &settings).unwrap().apply(&merged, stamp).unwrap() else {
            return Ok(());
        };
        let asked = undo(&one, &merged, &now, std::slice::from_ref(&other), &BTreeMap::new());
        for whose in [Whose::Survivor, Whose::Contact(other.id)] {
            let answers = asked.conflicts.iter().map(|c| (c.field.clone(), whose)).collect();
            let back = undo(&one, &merged, &now, std::slice::from_ref(&other), &answers);
            prop_assert!(back.conflicts.is_empty() && back.problems.is_empty());
            for phone in &now.phones {
                let has = |c: &Contact| c.phones.iter().any(|p| p.number == phone.number && p.extension == phone.extension);
                prop_assert!(has(&back.survivor) || has(&back.others[0]), "{phone:?}");
            }
            for tag in &now.tags {
                prop_assert!(back.survivor.tags.contains(tag) || back.others[0].tags.iter().any(|t| fold(t) == fold(tag)));
            }
            for (own, survivor, theirs) in [
                (&now.title, &back.survivor.title, &back.others[0].title),
                (&now.company, &back.survivor.company, &back.others[0].company),
            ] {
                prop_assert!(own.is_none() || own == survivor || own == theirs);
            }
        }
    }
}
