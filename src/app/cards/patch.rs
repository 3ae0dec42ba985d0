//! The change of a contact that a card asks for.

use serde_json::{Map, Value};

use crate::domain::access::{FieldRight, FieldRights};

/// Members that a card has no property for where they are absent: what is not said of them stays,
/// since not every program gives back what it does not show.
const STAY: [&str; 5] = ["tags", "channels", "social_profiles", "language", "timezone"];
/// Members that are no business of a card.
const NOT_OURS: [&str; 4] = ["id", "custom_fields", "external_crm_id", "external_crm_provider"];

/// The body that creates a contact.
pub(super) fn whole(mut members: Map<String, Value>) -> Value {
    members.retain(|name, _| !NOT_OURS.contains(&name.as_str()));
    Value::Object(members)
}

/// The body that makes of what was shown what was sent.
pub(super) fn changes(
    shown: &Map<String, Value>,
    sent: &Map<String, Value>,
    rights: &FieldRights,
) -> Value {
    let may_change = |name: &str| match name {
        // Whoever does not see numbers in full gives back what is not theirs.
        "phones" => rights.phones == FieldRight::Full,
        "emails" => rights.emails == FieldRight::Full,
        name => !NOT_OURS.contains(&name),
    };
    let mut body = Map::new();
    for (name, value) in sent.iter().filter(|(name, _)| may_change(name)) {
        if shown.get(name) != Some(value) {
            body.insert(name.clone(), value.clone());
        }
    }
    for name in shown.keys().filter(|name| may_change(name)) {
        if !sent.contains_key(name) && !STAY.contains(&name.as_str()) {
            body.insert(name.clone(), Value::Null);
        }
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_changed() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let shown = map(json!({"first_name": "Jane", "title": "CFO", "tags": ["vip"],
            "phones": [{"number": "+1"}], "id": "x"}));
        let sent = map(json!({"first_name": "Janet", "phones": [{"number": "+2"}], "id": "y"}));
        let full = FieldRights::default();
        assert_eq!(
            changes(&shown, &sent, &full),
            json!({"first_name": "Janet", "phones": [{"number": "+2"}], "title": null})
        );
        let masked = FieldRights { phones: FieldRight::Masked, ..full.clone() };
        assert_eq!(changes(&shown, &sent, &masked), json!({"first_name": "Janet", "title": null}));
        assert_eq!(changes(&shown, &shown, &full), json!({}));
    }
}
