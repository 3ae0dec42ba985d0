//! Organisations and their settings.

use serde::Serialize;
use uuid::Uuid;

use super::access::Presented;
use super::error::Error;
use super::secret::random_token;
use super::{App, authorize};
use crate::domain::access::{
    Caller, OrgSettings, Organization, Permission, Quotas, Role, TokenRecord,
};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::deal_stage;
use crate::domain::draft::Patch;
use crate::domain::facts;
use crate::domain::ids::OrgNumber;
use crate::domain::issue::FieldIssue;
use crate::domain::lead_score;
use crate::domain::members::ObjectReader;
use crate::domain::merge;
use crate::domain::phone::READER_VERSION;
use crate::domain::retention;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, Tx};
use crate::engine::{codec, keys};
use crate::import::match_existing::{MatchKey, OnDuplicate};

/// An organisation as it is shown.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the members are those of `Organization`")]
pub struct OrganizationView {
    pub id: Uuid,
    pub name: String,
    pub settings: OrgSettings,
    pub quotas: Quotas,
    pub created_at: Timestamp,
}

fn view(organization: &Organization) -> OrganizationView {
    OrganizationView {
        id: organization.id,
        name: organization.name.clone(),
        settings: organization.settings.clone(),
        quotas: organization.quotas,
        created_at: organization.created_at,
    }
}

/// The first token of a data directory: an admin's who also runs the server.
fn first_token(organization: &Organization, now: Timestamp) -> TokenRecord {
    TokenRecord {
        id: Uuid::now_v7(),
        organization: organization.number,
        role: Role::Admin,
        name: Some("admin".to_owned()),
        operator: true,
        scopes: Vec::new(),
        user_id: None,
        department_id: None,
        addresses: Vec::new(),
        in_url: false,
        expires_at: None,
        created_by: None,
        created_at: now,
    }
}

impl App {
    /// Makes the organisation `default` and an admin token on the first start; the token, if one
    /// was made and not given.
    ///
    /// A token that is given (`--admin-token`) is made valid on every start.
    ///
    /// # Errors
    /// If the engine cannot write.
    pub fn bootstrap(&self, admin_token: Option<&str>) -> Result<Option<String>, Error> {
        let is_first = self.access().organizations().is_empty();
        let operator = super::Access::operator_of(OrgNumber(0));
        if is_first {
            self.create_organization(&operator, "default", None)?;
        }
        let Some(organization) = self.access().organizations().into_iter().next() else {
            return Ok(None);
        };
        match admin_token {
            Some(token) if self.is_known(token) => Ok(None),
            Some(token) => {
                let record = first_token(&organization, self.partition.now());
                self.store_token(&operator, &organization, record, token, None)?;
                Ok(None)
            }
            // Also where a crash came between the organisation and its token.
            None if !self.access().has_operator() => {
                let token = random_token("rdx");
                let record = first_token(&organization, self.partition.now());
                self.store_token(&operator, &organization, record, &token, None)?;
                Ok(Some(token))
            }
            None => Ok(None),
        }
    }

    fn is_known(&self, token: &str) -> bool {
        let now = self.partition.now();
        self.access().authenticate(token, Presented::InHeader, None, now).is_ok()
    }

    /// Makes an organisation.
    ///
    /// # Errors
    /// If the name is taken or empty, or the caller does not run the server.
    pub fn create_organization(
        &self,
        caller: &Caller,
        name: &str,
        default_country: Option<&str>,
    ) -> Result<OrganizationView, Error> {
        authorize(caller, Permission::Operate)?;
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Error::invalid("/name", "name", "must have 1 to 100 printable characters"));
        }
        let mut settings = OrgSettings::default();
        if let Some(country) = default_country {
            settings.default_country = Some(check_country(country)?);
        }
        let now = self.partition.now();
        let id = Uuid::now_v7();
        let written = self.partition.write(OrgNumber(0), caller, false, move |tx| {
            let taken = tx
                .scan(&[keys::ORGANIZATIONS])?
                .values()
                .filter_map(|value| codec::decode::<Organization>(value).ok())
                .any(|o| o.name == name);
            if taken {
                return Err(Rejected::By(Error::OrganizationExists(name.clone())));
            }
            let next = match tx.get(keys::NEXT_ORG_NUMBER)? {
                Some(bytes) => bytes.try_into().map_or(1, u32::from_be_bytes),
                None => 1,
            };
            let organization = Organization {
                id,
                number: OrgNumber(next),
                name: name.clone(),
                settings: settings.clone(),
                quotas: Quotas::default(),
                numbers_read_by: READER_VERSION,
                facts_rules: facts::RULES,
                scored_at: None,
                is_scoring_due: false,
                retained_at: None,
                created_at: now,
            };
            let bytes = codec::encode(&organization).map_err(EngineError::from)?;
            tx.put(&keys::organization(organization.number), bytes);
            tx.put(keys::NEXT_ORG_NUMBER, (next + 1).to_be_bytes().to_vec());
            let named = FieldChange::of("name", &None, &Some(&organization.name));
            tx.note(AuditAction::OrganizationCreated, organization.id, vec![named]);
            Ok(view(&organization))
        })?;
        Ok(written.value)
    }

    /// Lists the organisations: all for who runs the server, else the own one.
    ///
    /// # Errors
    /// If the caller may not change settings, which stand in the answer.
    pub fn list_organizations(&self, caller: &Caller) -> Result<Vec<OrganizationView>, Error> {
        if !caller.operator {
            authorize(caller, Permission::ManageSettings)?;
        }
        let all = self.access().organizations();
        let own = all.iter().filter(|o| caller.operator || o.number == caller.organization);
        Ok(own.map(|o| view(o)).collect())
    }

    /// Changes the settings of the own organisation; members that are absent stay.
    ///
    /// # Errors
    /// If a value does not fit or the caller may not.
    pub fn update_settings(
        self: &std::sync::Arc<Self>,
        caller: &Caller,
        patch: &serde_json::Value,
    ) -> Result<OrganizationView, Error> {
        authorize(caller, Permission::ManageSettings)?;
        let serde_json::Value::Object(members) = patch else {
            return Err(Error::invalid("", "type", "settings must be a JSON object"));
        };
        let (members, number) = (with_plain_names(members), caller.organization);
        if let Some(rules) = members.get("lead_score") {
            self.check_lead_rules(caller, rules)?;
        }
        if let Some(rules) = members.get("retention") {
            self.check_retention(caller, rules)?;
        }
        let written = self
            .partition
            .write(number, caller, false, move |tx| change_settings(tx, number, &members))?;
        let (view, searches_otherwise) = written.value;
        if searches_otherwise {
            self.duplicates.forget(number);
        }
        self.start_stage_renaming(self.organization_of(caller)?.as_ref())?;
        self.read_lead_rules();
        self.tend_scores();
        Ok(view)
    }

    /// The organisation of the caller with its settings; quotas and rules are for those who may
    /// change them.
    ///
    /// # Errors
    /// If the caller may not.
    pub fn read_settings(&self, caller: &Caller) -> Result<OrganizationView, Error> {
        authorize(caller, Permission::ManageSettings)?;
        Ok(view(self.organization_of(caller)?.as_ref()))
    }

    /// Any organisation by name or id.
    ///
    /// # Errors
    /// If there is none, or the caller does not run the server.
    pub fn read_organization(
        &self,
        caller: &Caller,
        name_or_id: &str,
    ) -> Result<OrganizationView, Error> {
        authorize(caller, Permission::Operate)?;
        let found = self.access().find_organization(name_or_id);
        let found = found.ok_or_else(|| Error::OrganizationNotFound(name_or_id.to_owned()))?;
        Ok(view(&found))
    }

    /// Changes name or quotas of any organisation.
    ///
    /// # Errors
    /// If there is none, something does not fit, or the caller does not run the server.
    pub fn update_organization(
        &self,
        caller: &Caller,
        name_or_id: &str,
        body: &serde_json::Value,
    ) -> Result<OrganizationView, Error> {
        authorize(caller, Permission::Operate)?;
        let number = self
            .access()
            .find_organization(name_or_id)
            .ok_or_else(|| Error::OrganizationNotFound(name_or_id.to_owned()))?
            .number;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let name = members.text("name", 100);
        let contacts = members.number("quota_contacts");
        let storage = members.number("quota_storage_bytes");
        if name == Patch::Clear {
            members.issue("name", "required", "an organisation needs a name");
        }
        members.finish().map_err(Error::Invalid)?;
        let quota = |patch: &Patch<u64>, slot: &mut Option<u64>| match patch {
            Patch::Keep => {}
            Patch::Clear => *slot = None,
            Patch::Set(value) => *slot = Some(*value),
        };
        let written = self.partition.write(number, caller, false, move |tx| {
            let key = keys::organization(number);
            let Some(bytes) = tx.get(&key)? else {
                return Err(Rejected::By(Error::OrganizationNotFound(number.0.to_string())));
            };
            let before: Organization = codec::decode(&bytes).map_err(EngineError::from)?;
            let mut after = before.clone();
            if let Patch::Set(name) = &name {
                let taken = tx
                    .scan(&[keys::ORGANIZATIONS])?
                    .values()
                    .filter_map(|value| codec::decode::<Organization>(value).ok())
                    .any(|o| o.number != number && o.name == *name);
                if taken {
                    return Err(Rejected::By(Error::OrganizationExists(name.clone())));
                }
                after.name.clone_from(name);
            }
            quota(&contacts, &mut after.quotas.contacts);
            quota(&storage, &mut after.quotas.storage_bytes);
            if after != before {
                tx.put(&key, codec::encode(&after).map_err(EngineError::from)?);
                let mut changed = Vec::new();
                if after.name != before.name {
                    changed.push(FieldChange::of("name", &before.name, &after.name));
                }
                if after.quotas != before.quotas {
                    changed.push(FieldChange::of("quotas", &before.quotas, &after.quotas));
                }
                tx.note(AuditAction::OrganizationUpdated, after.id, changed);
            }
            Ok(view(&after))
        })?;
        Ok(written.value)
    }

    pub(super) fn organization_of(
        &self,
        caller: &Caller,
    ) -> Result<std::sync::Arc<Organization>, Error> {
        self.access()
            .organization(caller.organization)
            .ok_or_else(|| Error::OrganizationNotFound(caller.organization.0.to_string()))
    }
}

/// Changes settings inside a write; whether duplicates are looked for otherwise from now on.
pub(super) fn change_settings(
    tx: &mut Tx<'_>,
    number: OrgNumber,
    members: &serde_json::Map<String, serde_json::Value>,
) -> Result<(OrganizationView, bool), Rejected<Error>> {
    let key = keys::organization(number);
    let Some(bytes) = tx.get(&key)? else {
        return Err(Rejected::By(Error::OrganizationNotFound(number.0.to_string())));
    };
    let mut organization: Organization = codec::decode(&bytes).map_err(EngineError::from)?;
    let settings = merge_settings(&organization.settings, members).map_err(Rejected::By)?;
    let changed = changed_settings(&organization.settings, &settings);
    organization.is_scoring_due |= organization.settings.lead_score != settings.lead_score;
    let searches_otherwise = !organization.settings.duplicates.finds_as(&settings.duplicates);
    organization.settings = settings;
    if !changed.is_empty() {
        tx.put(&key, codec::encode(&organization).map_err(EngineError::from)?);
        tx.note(AuditAction::SettingsUpdated, organization.id, changed);
    }
    Ok((view(&organization), searches_otherwise))
}

fn changed_settings(before: &OrgSettings, after: &OrgSettings) -> Vec<FieldChange> {
    let value = |settings| serde_json::to_value(settings).unwrap_or(serde_json::Value::Null);
    FieldChange::between(&value(before), &value(after))
}

/// What a value is that does not fit, and what would, without the names of our types.
fn in_words(error: &serde_json::Error) -> String {
    const KINDS: [(&str, &str); 10] = [
        ("u8", "a whole number from 0 to 255"),
        ("u16", "a whole number from 0 to 65535"),
        ("u32", "a whole number that is not negative"),
        ("u64", "a whole number that is not negative"),
        ("usize", "a whole number that is not negative"),
        ("i64", "a whole number"),
        ("f32", "a number"),
        ("f64", "a number"),
        ("a boolean", "true or false"),
        ("a sequence", "a list"),
    ];
    let text = error.to_string();
    let Some((found, expected)) = text.split_once(", expected ") else { return text };
    let found = ["invalid type: ", "invalid value: ", "unknown variant ", "unknown field "]
        .iter()
        .find_map(|prefix| found.strip_prefix(prefix))
        .unwrap_or(found);
    let expected = if expected.starts_with("struct ") || expected == "a map" {
        "a JSON object"
    } else {
        KINDS.iter().find(|(kind, _)| *kind == expected).map_or(expected, |(_, words)| words)
    };
    format!("{found} is not allowed here; use {expected}")
}

/// Settings with some members changed; every member that does not fit is named.
pub(super) fn merge_settings(
    current: &OrgSettings,
    changes: &serde_json::Map<String, serde_json::Value>,
) -> Result<OrgSettings, Error> {
    let mut settings = current.clone();
    let mut issues = Vec::new();
    for (key, value) in changes {
        let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        let mut merged = serde_json::to_value(&settings)
            .map_err(|e| Error::invalid("", "type", e.to_string()))?;
        let Some(slot) = merged.get_mut(key) else {
            issues.push(FieldIssue::new(pointer, "unknown_member", "is not a setting"));
            continue;
        };
        if slot.is_object() && !value.is_object() {
            issues.push(FieldIssue::new(pointer, "type", "must be a JSON object"));
            continue;
        }
        match read_setting(key, value, current) {
            Ok(value) => *slot = value,
            Err(found) => {
                issues.extend(found.into_iter().map(|mut issue| {
                    issue.pointer.insert_str(0, &pointer);
                    issue
                }));
                continue;
            }
        }
        match serde_json::from_value(merged) {
            Ok(merged) => settings = merged,
            Err(error) => issues.push(FieldIssue::new(pointer, "type", in_words(&error))),
        }
    }
    check_settings(&mut settings, &mut issues)?;
    if issues.is_empty() { Ok(settings) } else { Err(Error::Invalid(issues)) }
}

/// Settings as they are kept: a part that is named with a dot stands in its setting.
fn with_plain_names(
    members: &serde_json::Map<String, serde_json::Value>,
) -> serde_json::Map<String, serde_json::Value> {
    let mut plain = serde_json::Map::new();
    for (name, value) in members {
        match name.split_once('.') {
            Some((setting @ ("lead_score" | "retention"), part)) => {
                let whole = plain.entry(setting).or_insert_with(|| serde_json::json!({}));
                if let Some(whole) = whole.as_object_mut() {
                    whole.insert(part.to_owned(), value.clone());
                }
            }
            _ => {
                plain.insert(name.clone(), value.clone());
            }
        }
    }
    plain
}

/// The value of a setting, brought into its form where it can be said in several.
fn read_setting(
    key: &str,
    value: &serde_json::Value,
    current: &OrgSettings,
) -> Result<serde_json::Value, Vec<FieldIssue>> {
    match key {
        "deal_stages" => deal_stage::read(value, &current.deal_stages),
        "lead_score" => lead_score::read(value, &current.lead_score),
        "retention" => retention::read(value, &current.retention),
        _ => Ok(value.clone()),
    }
}

/// What an import does with rows that belong to a contact, and what tells that they do, as shipped.
pub(super) const IMPORT_DEFAULTS: (&str, [&str; 3]) =
    ("update", ["external_crm_id", "email", "phone"]);
/// Rows and MiB that a setting allows at most.
const MOST_IMPORTED: (u64, u64) = (100_000_000, 65_536);

/// Names settings of imports that cannot be.
fn check_import_settings(settings: &OrgSettings, issues: &mut Vec<FieldIssue>) {
    for (pointer, given, most) in [
        ("/import_max_rows", settings.import_max_rows, MOST_IMPORTED.0),
        ("/import_max_mib", settings.import_max_mib, MOST_IMPORTED.1),
    ] {
        if !(1..=most).contains(&given) {
            let detail = format!("must be a whole number from 1 to {most}");
            issues.push(FieldIssue::new(pointer, "value", detail));
        }
    }
    if OnDuplicate::parse(&settings.import_on_duplicate).is_none() {
        let detail = "use update, skip, create or ask";
        issues.push(FieldIssue::new("/import_on_duplicate", "value", detail));
    }
    for (at, key) in settings.import_match_keys.iter().enumerate() {
        if MatchKey::parse(key).is_none() {
            let pointer = format!("/import_match_keys/{at}");
            let detail = "use external_crm_id, email, phone";
            issues.push(FieldIssue::new(pointer, "value", detail));
        }
    }
}

/// Names settings that cannot be, and writes some in their common form.
fn check_settings(settings: &mut OrgSettings, issues: &mut Vec<FieldIssue>) -> Result<(), Error> {
    check_import_settings(settings, issues);
    let tag = &settings.do_not_contact_tag;
    if tag.chars().count() > 100 || tag.chars().any(char::is_control) {
        let detail = "must have at most 100 printable characters";
        issues.push(FieldIssue::new("/do_not_contact_tag", "tag", detail));
    }
    if let Some((role, permission)) = settings.permissions.forbidden_change() {
        let detail =
            format!("{} cannot be given to the role {}", permission.as_str(), role.as_str());
        issues.push(FieldIssue::new("/permissions", "permission", detail));
    }
    if let Some((field, problem)) = settings.field_visibility.problem() {
        let detail = format!("{field:?} {problem}");
        issues.push(FieldIssue::new("/field_visibility", "field", detail));
    }
    if let Some(name) = &settings.timezone
        && jiff::tz::TimeZone::get(name).is_err()
    {
        let detail = format!("{name:?} is not a timezone such as Europe/Berlin");
        issues.push(FieldIssue::new("/timezone", "timezone", detail));
    }
    if let Some(name) = &settings.language {
        match icu_locale_core::Locale::try_from_str(name) {
            Ok(locale) => settings.language = Some(locale.to_string()),
            Err(_not_a_language) => {
                let detail = format!("{name:?} is not a language such as en or de-AT (BCP 47)");
                issues.push(FieldIssue::new("/language", "language", detail));
            }
        }
    }
    if settings.duplicates.name_similarity.is_some_and(|percent| percent > 100) {
        let detail = "must be a percentage, 0 to 100";
        issues.push(FieldIssue::new("/duplicates/name_similarity", "value", detail));
    }
    let agree = &settings.duplicates.auto_merge.agree;
    for (at, name) in agree.iter().enumerate().filter(|(_, name)| !merge::is_single(name)) {
        let detail = format!(
            "{name:?} is not a field in which contacts can differ: use birthday, company, …, custom_fields.KEY"
        );
        let pointer = format!("/duplicates/auto_merge/agree/{at}");
        issues.push(FieldIssue::new(pointer, "unknown_field", detail));
    }
    let rule = settings.duplicates.auto_merge.rule.as_str();
    if !["primary", "newest", "oldest", "most_complete"].contains(&rule) {
        let detail = "must be primary, newest, oldest or most_complete";
        issues.push(FieldIssue::new("/duplicates/auto_merge/rule", "value", detail));
    }
    match settings.default_country.as_deref().map(check_country).transpose() {
        Ok(country) => settings.default_country = country,
        Err(Error::Invalid(mut more)) => issues.append(&mut more),
        Err(error) => return Err(error),
    }
    Ok(())
}

pub(super) fn check_country(text: &str) -> Result<String, Error> {
    let country = text.trim().to_uppercase();
    if country.parse::<phonenumber::country::Id>().is_ok() {
        Ok(country)
    } else {
        Err(Error::invalid(
            "/default_country",
            "country",
            format!("{text:?} is not an ISO 3166 country code such as US or DE"),
        ))
    }
}
