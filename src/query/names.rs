//! What the fields are called: their names, and the words of other systems for them.

use super::field::Field;
use super::language::{Language, custom_key};
use super::suggest::nearest;
use crate::domain::facts::Count;

/// What a name in front of a colon stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A field.
    Field(Field),
    /// `has:`, whether a field holds anything.
    Has,
    /// `no:`, whether a field holds nothing.
    Without,
    /// `t9:`, letters on the keys of a telephone.
    Keypad,
    /// `tag_contains:`, tags that hold a text anywhere.
    TagPart,
}

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// It is known.
    Known(Target),
    /// It will be known.
    NotYet,
    /// It is not known; perhaps this one was meant.
    Unknown(Option<String>),
}

/// Fields, their canonical names, and other names without underscores, in lower case.
const NAMES: &[(Field, &str, &[&str])] = &[
    (Field::Name, "name", &["displayname", "fullname", "contactname"]),
    (Field::FirstName, "first_name", &["firstname", "givenname", "forename"]),
    (Field::LastName, "last_name", &["lastname", "familyname", "surname"]),
    (Field::Phone, "phone", &["phones", "number", "mobile", "tel", "telephone", "cell", "sip"]),
    (Field::Email, "email", &["emails", "mail", "mailto", "emailaddress"]),
    (Field::Company, "company", &["account", "companyname", "accountname", "firm"]),
    (Field::CompanyId, "company_id", &["companyid"]),
    (Field::Title, "title", &["jobtitle", "position"]),
    (Field::Notes, "notes", &["note"]),
    (Field::Address, "address", &["addresses", "street", "location"]),
    (Field::Tag, "tag", &["tags", "label", "labels"]),
    (Field::List, "list", &["lists", "inlist", "segment"]),
    (Field::Status, "status", &["contactstatus"]),
    (Field::Source, "source", &["origin"]),
    (Field::Owner, "owner", &["assignee", "assignedto", "assigned", "agent"]),
    (Field::Queue, "queue", &["assignedqueue", "queues"]),
    (
        Field::OwningDepartment,
        "org_department",
        &["orgdepartmentid", "departmentid", "owningdepartment", "team"],
    ),
    (Field::Department, "department", &["dept"]),
    (Field::Role, "role", &["contactrole"]),
    (Field::Visibility, "visibility", &["visibleto"]),
    (Field::Country, "country", &["countrycode"]),
    (Field::City, "city", &["town"]),
    (Field::PostalCode, "postal_code", &["postalcode", "postcode", "zip", "zipcode", "plz"]),
    (Field::Language, "language", &["lang", "locale"]),
    (Field::Timezone, "timezone", &["tz"]),
    (Field::PreferredChannel, "preferred_channel", &["prefers"]),
    (Field::Channel, "channel", &["channels"]),
    (Field::FirstChannel, "first_channel", &["firstcontactchannel", "originchannel"]),
    (Field::ExternalId, "external_id", &["externalcrmid", "crmid"]),
    (Field::ExternalProvider, "external_provider", &["externalcrmprovider", "crm", "crmprovider"]),
    (Field::LastCallOutcome, "last_call_outcome", &["outcome", "calloutcome"]),
    (Field::OptIn, "opt_in", &["optedin"]),
    (Field::Consent, "consent", &["consentstatus", "marketingconsent"]),
    (Field::Birthday, "birthday", &["birthdate", "dateofbirth", "dob"]),
    (Field::CreatedAt, "created", &["createdat", "added", "addedat", "dateadded"]),
    (Field::UpdatedAt, "updated", &["updatedat", "modified", "modifiedat", "changed"]),
    (
        Field::LastContactedAt,
        "last_contact",
        &["lastcontacted", "lastcontactedat", "contacted", "lastcontactat"],
    ),
    (
        Field::LastInteractionAt,
        "last_activity",
        &["lastinteraction", "lastinteractionat", "lastactivityat", "lastseen"],
    ),
    (Field::LastCalledAt, "last_called", &["lastcall", "lastcalledat", "lastcallat", "called"]),
    (Field::LeadScore, "lead_score", &["score", "leadscoring"]),
    (Field::TotalCalls, "total_calls", &["calls", "callcount", "numberofcalls"]),
    (Field::Activities, "activities", &["activity", "history", "interactions"]),
    (Field::Count(Count::Deals), "deals", &["deal", "dealcount"]),
    (Field::Count(Count::OpenDeals), "open_deals", &["opendeal"]),
    (Field::Count(Count::OpenDealsValue), "open_deals_value", &["dealvalue", "pipeline"]),
    (Field::Count(Count::TasksOpen), "tasks_open", &["opentasks", "tasks", "task"]),
    (Field::Count(Count::Notes), "note_count", &["notecount", "notesadded"]),
    (Field::Count(Count::ActivityRecords), "activity_count", &["activitycount"]),
    (Field::Count(Count::Conversations), "conversations", &["conversation"]),
    (Field::Count(Count::ConversationsOpen), "conversations_open", &["openconversations"]),
    (Field::Count(Count::Messages), "messages", &["message"]),
];

/// Words in front of a colon that are no fields.
const VERBS: &[(Target, &str, &[&str])] = &[
    (Target::Has, "has", &["have", "with", "exists"]),
    (Target::Without, "no", &["without", "missing"]),
    (Target::Keypad, "t9", &["keypad", "keys"]),
    (Target::TagPart, "tag_contains", &[]),
];

/// Fields of the contract that do not exist yet.
const NOT_YET: &[&str] = &["campaign", "campaigns", "sequence", "dealstage"];

/// What custom fields begin with when they are printed.
pub(super) const CUSTOM_DOT: &str = "cf.";
/// What custom fields may begin with.
const CUSTOM: &[&str] =
    &[CUSTOM_DOT, "custom.", "custom_fields.", "customfields.", "custom_field."];

/// The name of a field in printed queries and in JSON, without quotes.
pub fn name_of(field: &Field) -> String {
    if let Field::Custom(key) = field {
        return format!("cf.{key}");
    }
    let known = NAMES.iter().find(|(known, _, _)| known == field);
    known.map_or_else(String::new, |(_, name, _)| (*name).to_owned())
}

/// All names of fields as they are printed, without custom fields.
pub fn field_names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(_, name, _)| *name)
}

/// The part of a name behind `cf.`, if it begins so.
pub(super) fn custom_part(name: &str) -> Option<&str> {
    CUSTOM.iter().find_map(|start| {
        let head = name.get(..start.len())?;
        head.eq_ignore_ascii_case(start).then(|| &name[start.len()..])
    })
}

fn squash(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '_' | '-' | '.'));
    kept.flat_map(char::to_lowercase).collect()
}

/// Looks a name up. The second value is a warning for a custom field that is not declared.
pub(super) fn find(name: &str, language: &Language<'_>) -> (Named, Option<String>) {
    if let Some(key) = custom_part(name) {
        let Some(key) = custom_key(key) else { return (Named::Unknown(None), None) };
        let near = undeclared(&key, language);
        return (Named::Known(Target::Field(Field::Custom(key))), near);
    }
    let plain = squash(name);
    for (field, canonical, others) in NAMES {
        if squash(canonical) == plain || others.contains(&plain.as_str()) {
            return (Named::Known(Target::Field(field.clone())), None);
        }
    }
    for (target, canonical, others) in VERBS {
        if squash(canonical) == plain || others.contains(&plain.as_str()) {
            return (Named::Known(target.clone()), None);
        }
    }
    if NOT_YET.contains(&plain.as_str()) {
        return (Named::NotYet, None);
    }
    // A custom field may be named without "cf." where nothing else has its name.
    if let (Some(key), Some(keys)) = (custom_key(name), language.custom_keys)
        && keys.contains(&key)
    {
        return (Named::Known(Target::Field(Field::Custom(key))), None);
    }
    (Named::Unknown(suggest(name, &plain, language)), None)
}

fn suggest(name: &str, plain: &str, language: &Language<'_>) -> Option<String> {
    let fields = NAMES.iter().flat_map(|(_, canonical, others)| {
        std::iter::once((*canonical, *canonical)).chain(others.iter().map(|o| (*o, *canonical)))
    });
    let verbs = VERBS.iter().map(|(_, canonical, _)| (*canonical, *canonical));
    let all: Vec<(String, &str)> =
        fields.chain(verbs).map(|(typed, shown)| (squash(typed), shown)).collect();
    let near = nearest(plain, all.iter().map(|(typed, _)| typed.as_str()));
    if let Some(near) = near {
        return all.iter().find(|(typed, _)| typed == near).map(|(_, shown)| (*shown).to_owned());
    }
    let keys = language.custom_keys?;
    let folded = custom_key(name)?;
    nearest(&folded, keys.iter().map(String::as_str)).map(|key| format!("cf.{}", quoted_key(key)))
}

/// The suggestion for a key that is none of the declared ones; `Some("")` if there is none.
fn undeclared(key: &str, language: &Language<'_>) -> Option<String> {
    let keys = language.custom_keys?;
    if keys.iter().any(|known| known == key) || (language.custom)(key).is_some() {
        return None;
    }
    let near = nearest(key, keys.iter().map(String::as_str));
    Some(near.map_or_else(String::new, |near| format!("cf.{}", quoted_key(near))))
}

/// A key as it is written behind `cf.`: in quotes if it has other characters than names have.
pub(super) fn quoted_key(key: &str) -> String {
    if !key.is_empty() && key.chars().all(is_name_char) {
        key.to_owned()
    } else {
        format!("\"{}\"", key.replace('"', "\"\""))
    }
}

/// Whether a character may stand in the name of a field.
pub(super) fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_two_fields() {
        let mut seen = std::collections::BTreeSet::new();
        for (_, canonical, others) in NAMES {
            let own = squash(canonical);
            assert!(seen.insert(own.clone()), "{canonical}");
            for other in *others {
                assert!(*other == own || seen.insert((*other).to_owned()), "{other}");
            }
        }
        for name in NOT_YET {
            assert!(seen.insert((*name).to_owned()), "{name}");
        }
    }
}
