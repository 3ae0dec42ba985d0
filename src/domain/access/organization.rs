//! Organisations and their settings.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::field_rights::FieldRules;
use super::role::Role;
use super::table::PermissionTable;
use crate::domain::deal_stage::DealStage;
use crate::domain::duplicates::DuplicateSettings;
use crate::domain::ids::OrgNumber;
use crate::domain::lead_score::LeadScoring;
use crate::domain::phone::ValidationLevel;
use crate::domain::required::RequiredFields;
use crate::domain::retention::Retention;
use crate::domain::time::Timestamp;

/// An organisation: the tenant to which contacts, people, tokens and settings belong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// The public identifier.
    pub id: Uuid,
    /// The dense number inside the partition.
    pub number: OrgNumber,
    /// The name, unique in the partition.
    pub name: String,
    /// The settings.
    #[serde(default)]
    pub settings: OrgSettings,
    /// How much it may keep; set by who runs the server.
    #[serde(default)]
    pub quotas: Quotas,
    /// With which reader its phone numbers were read, see [`crate::domain::phone::READER_VERSION`].
    #[serde(default)]
    pub numbers_read_by: u32,
    /// By which rules the facts of its contacts are kept up, see [`crate::domain::facts::RULES`]; those
    /// of earlier versions are worked out once.
    #[serde(default)]
    pub facts_rules: u32,
    /// When all of its contacts were scored last.
    #[serde(default)]
    pub scored_at: Option<Timestamp>,
    /// Whether the rules have changed since.
    #[serde(default)]
    pub is_scoring_due: bool,
    /// When its rules of retention were applied last.
    #[serde(default)]
    pub retained_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How much an organisation may keep; `None` is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Contacts, deleted ones that can be restored included.
    pub contacts: Option<u64>,
    /// Bytes of their records.
    pub storage_bytes: Option<u64>,
}

/// What happens when a contact with a number that somebody already has is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneUniqueness {
    /// Nothing.
    Allow,
    /// The contact is created and the answer names the others.
    #[default]
    Warn,
    /// The contact is refused with 409.
    Reject,
}

/// How many contacts a role may delete at once; `None` is without limit. Machines count as agents,
/// admins have no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BulkDeleteLimits {
    /// Of agents and machines.
    pub agent: Option<u64>,
    /// Of managers.
    pub manager: Option<u64>,
}

impl Default for BulkDeleteLimits {
    fn default() -> Self {
        Self { agent: Some(100), manager: None }
    }
}

impl BulkDeleteLimits {
    /// Most contacts that a role may delete at once.
    pub fn of(self, role: Role) -> Option<u64> {
        match role {
            Role::Lookup | Role::Machine | Role::Agent => self.agent,
            Role::Manager => self.manager,
            Role::Admin => None,
        }
    }
}

/// The settings of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each switches something of its own")]
pub struct OrgSettings {
    /// ISO 3166 country whose national numbers are understood without a country code.
    pub default_country: Option<String>,
    /// IANA timezone in which days begin; UTC if not given.
    pub timezone: Option<String>,
    /// BCP 47 language in which the page writes dates, numbers and the names of countries; that of
    /// the browser if not given.
    pub language: Option<String>,
    /// How strictly phone numbers are checked.
    pub phone_validation: ValidationLevel,
    /// What happens when a number is already known.
    pub phone_uniqueness: PhoneUniqueness,
    /// The tag that means do not contact (compared without case).
    pub do_not_contact_tag: String,
    /// Whether a contact is tagged with the country of its number when it gets its first one.
    pub auto_tag_country: bool,
    /// Which role may do what.
    pub permissions: PermissionTable,
    /// Which role sees which field.
    pub field_visibility: FieldRules,
    /// Whether reads of whole contacts and exports go into the audit log.
    pub audit_reads: bool,
    /// Whether a custom field that nobody has defined is defined by using it.
    pub adhoc_custom_fields: bool,
    /// Whether a country, language or time zone that is none is refused.
    pub strict_places: bool,
    /// What every contact must have.
    pub required_fields: RequiredFields,
    /// How many contacts a role may delete at once.
    pub bulk_delete_limits: BulkDeleteLimits,
    /// Rows that a list has at most which is uploaded.
    pub import_max_rows: u64,
    /// MiB that a list has at most which is uploaded.
    pub import_max_mib: u64,
    /// What an import does with rows that belong to a contact, unless it is told.
    pub import_on_duplicate: String,
    /// What tells an import that a row belongs to a contact, unless it is told.
    pub import_match_keys: Vec<String>,
    /// Whether an import takes all rows or none, unless it is told.
    pub import_strict: bool,
    /// The stages of deals in their order; while there are none any text is a stage.
    pub deal_stages: Vec<DealStage>,
    /// How promising contacts are.
    pub lead_score: LeadScoring,
    /// How long contacts are kept with which nothing happens.
    pub retention: Retention,
    /// How duplicates are looked for.
    pub duplicates: DuplicateSettings,
}

impl Default for OrgSettings {
    fn default() -> Self {
        Self {
            default_country: Some("US".to_owned()),
            timezone: None,
            language: None,
            phone_validation: ValidationLevel::default(),
            phone_uniqueness: PhoneUniqueness::default(),
            do_not_contact_tag: "DNC".to_owned(),
            auto_tag_country: false,
            permissions: PermissionTable::default(),
            field_visibility: FieldRules::default(),
            audit_reads: false,
            adhoc_custom_fields: true,
            strict_places: false,
            required_fields: RequiredFields::default(),
            bulk_delete_limits: BulkDeleteLimits::default(),
            import_max_rows: 10_000,
            import_max_mib: 50,
            import_on_duplicate: "update".to_owned(),
            import_match_keys: ["external_crm_id", "email", "phone"].map(str::to_owned).to_vec(),
            import_strict: false,
            deal_stages: Vec::new(),
            lead_score: LeadScoring::default(),
            retention: Retention::default(),
            duplicates: DuplicateSettings::default(),
        }
    }
}
