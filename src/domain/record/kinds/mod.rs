//! All kinds of records. A new one is a file here, and a line in [`KINDS`].

mod activity;
mod call;
mod company;
mod conversation;
mod deal;
mod import_template;
mod list;
mod message;
mod note;
mod task;
mod webhook;

use super::kind::{AnyKind, Of};

/// Every kind.
pub static KINDS: &[&dyn AnyKind] = &[
    &Of::<activity::Activity>::NEW,
    &Of::<call::Call>::NEW,
    &Of::<company::Company>::NEW,
    &Of::<conversation::Conversation>::NEW,
    &Of::<deal::Deal>::NEW,
    &Of::<import_template::ImportTemplate>::NEW,
    &Of::<list::List>::NEW,
    &Of::<message::Message>::NEW,
    &Of::<note::Note>::NEW,
    &Of::<task::Task>::NEW,
    &Of::<webhook::Webhook>::NEW,
];

/// The kind of a plural, as in a path, or of a name.
pub fn kind_by_name(name: &str) -> Option<&'static dyn AnyKind> {
    KINDS.iter().copied().find(|kind| kind.info().plural == name || kind.info().name == name)
}

/// The kind of a number in the store.
pub fn kind_by_number(number: u8) -> Option<&'static dyn AnyKind> {
    KINDS.iter().copied().find(|kind| kind.info().number == number)
}

/// The names that follow from those of a kind.
macro_rules! names {
    ($name:literal, $plural:literal) => {
        KindInfo {
            number: 0,
            name: $name,
            plural: $plural,
            about: "",
            actions: [
                concat!($name, ".created"),
                concat!($name, ".updated"),
                concat!($name, ".deleted"),
                concat!($name, ".restored"),
                concat!($name, ".erased"),
            ],
            paths: [
                concat!("/api/v1/", $plural),
                concat!("/api/v1/", $plural, "/{id}"),
                concat!("/api/v1/", $plural, "/{id}/restore"),
            ],
            view: Permission::View,
            edit: Permission::Edit,
            on_contact_erased: OnErased::Erase,
            sort: "-created_at",
            unique: None,
            unique_within: None,
            on_same: crate::domain::record::OnSame::Refuse,
            owner: None,
            derived: &[],
            tells: &[$name],
            tells_earlier: false,
        }
    };
}
use names;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::record::{HEAD_MEMBERS, Writing, read};

    /// The body that the examples of a kind make.
    fn example(kind: &dyn AnyKind) -> serde_json::Value {
        let fields = kind.fields().iter();
        let written = fields.filter(|one| one.writable == crate::domain::record::Writable::Always);
        let pairs = written.map(|one| (one.name, serde_json::from_str(one.example).unwrap()));
        serde_json::Value::Object(
            pairs.map(|(name, value): (_, serde_json::Value)| (name.to_owned(), value)).collect(),
        )
    }

    #[test]
    fn the_table_of_fields_is_the_struct() {
        for kind in KINDS {
            let name = kind.info().name;
            let mut values = read(kind.fields(), &example(*kind), None).unwrap();
            // Behind everything that the examples say.
            let now = crate::domain::time::Timestamp(4_000_000_000_000);
            kind.settle(None, &mut values, Writing { now, actor: "user:1", is_news: false })
                .unwrap();
            let stored = kind.fields().iter().filter(|field| field.is_stored());
            let fields: BTreeSet<&str> = stored.map(|field| field.name).collect();
            let members: Vec<String> = kind.members(&values);
            assert_eq!(
                members.iter().map(String::as_str).collect::<BTreeSet<_>>(),
                fields,
                "{name}"
            );
            assert!(fields.iter().all(|field| !HEAD_MEMBERS.contains(field)), "{name}");
            // What is answered may be sent back.
            let again =
                read(kind.fields(), &serde_json::Value::Object(values.clone()), Some(&values));
            assert_eq!(again.unwrap(), values, "{name}");
        }
    }

    #[test]
    fn numbers_and_names_are_those_of_one_kind() {
        let numbers: BTreeSet<u8> = KINDS.iter().map(|kind| kind.info().number).collect();
        let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.info().plural).collect();
        assert_eq!((numbers.len(), names.len()), (KINDS.len(), KINDS.len()));
        assert!(!numbers.contains(&0));
        for kind in KINDS {
            assert!(
                kind.fields()
                    .iter()
                    .any(|field| kind.info().sort.trim_start_matches('-') == field.name)
                    || ["created_at", "updated_at"]
                        .contains(&kind.info().sort.trim_start_matches('-'))
            );
        }
    }
}
