//! Definitions of custom fields: what a key means, which values it takes, and who sees it.
//!
//! Values are read in `value`, dates and numbers as people write them in `spelling`, all the fields
//! of one change in `fit`. Storing definitions and changing contacts to fit them is not done here.

mod definitions;
mod fit;
mod guess;
mod spelling;
mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use definitions::Definitions;
pub use fit::{FieldPatch, Fitting, pointer};
pub use spelling::{boolean, date};
pub use value::{Misfit, convert, recast};

use super::access::Role;
use super::ids::OrgNumber;
use super::time::Timestamp;

/// Most definitions of an organisation, undeclared and archived ones included.
pub const MAX_FIELDS: usize = 1_000;
/// Most options of a field.
pub const MAX_OPTIONS: usize = 1_000;
/// Most characters of a key, a label or an option.
pub const MAX_NAME: usize = 100;

/// The type of a custom field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomType {
    /// One line of text.
    #[default]
    ShortText,
    /// Text of several lines.
    LongText,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// `true` or `false`.
    Boolean,
    /// One of the options.
    Dropdown,
    /// Some of the options.
    MultiSelect,
}

impl CustomType {
    /// All types.
    pub const ALL: [Self; 8] = [
        Self::ShortText,
        Self::LongText,
        Self::Integer,
        Self::Decimal,
        Self::Date,
        Self::Boolean,
        Self::Dropdown,
        Self::MultiSelect,
    ];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ShortText => "short_text",
            Self::LongText => "long_text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::Boolean => "boolean",
            Self::Dropdown => "dropdown",
            Self::MultiSelect => "multi_select",
        }
    }

    /// Reads a type by its name or by one that other systems use.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase().replace([' ', '-'], "_");
        Some(match text.as_str() {
            "text" | "short" | "string" => Self::ShortText,
            "long" | "textarea" | "text_area" => Self::LongText,
            "number" | "numeric" | "float" => Self::Decimal,
            "int" => Self::Integer,
            "bool" | "checkbox" | "yes_no" => Self::Boolean,
            "select" | "enum" | "picklist" => Self::Dropdown,
            "multiselect" | "multi" => Self::MultiSelect,
            other => return Self::ALL.into_iter().find(|kind| kind.as_str() == other),
        })
    }

    /// Whether its values are options.
    pub fn has_options(self) -> bool {
        matches!(self, Self::Dropdown | Self::MultiSelect)
    }

    /// The type that fits a value of a field that nobody has declared.
    pub fn of_value(value: &Value) -> Self {
        match value {
            Value::Number(number) if number.is_i64() || number.is_u64() => Self::Integer,
            Value::Number(_) => Self::Decimal,
            Value::Bool(_) => Self::Boolean,
            Value::Array(_) => Self::MultiSelect,
            Value::String(_) | Value::Object(_) | Value::Null => Self::ShortText,
        }
    }
}

/// What happens to values that a new type cannot take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMisfit {
    /// The type stays as it is.
    #[default]
    Refuse,
    /// They are removed.
    Clear,
    /// They stay as they are until somebody changes them.
    Keep,
}

impl OnMisfit {
    /// Reads it by its name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "refuse" => Some(Self::Refuse),
            "clear" => Some(Self::Clear),
            "keep" => Some(Self::Keep),
            _ => None,
        }
    }
}

/// What is being done to the values of a field in all contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldMigration {
    /// They are removed, and the definition after them.
    Delete,
    /// They are made to fit the definition.
    Convert {
        /// Options that are gone, folded, and what takes their place; nothing if they are cleared.
        replace: BTreeMap<String, Option<String>>,
        /// What happens to values that do not fit.
        on_misfit: OnMisfit,
    },
}

/// Work on the values of a field that goes on in the background, also after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldWork {
    /// The job that tells how far it is.
    pub job: Uuid,
    /// Who asked for it.
    pub actor: String,
    /// When.
    pub since: Timestamp,
    /// What is done.
    pub task: FieldMigration,
}

/// The definition of a custom field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDefinition {
    /// The public identifier.
    pub id: Uuid,
    /// The organisation.
    pub organization: OrgNumber,
    /// The internal identifier, unique in the organisation in its folded form; never changes.
    pub key: String,
    /// The name for people.
    pub label: String,
    /// Which values it takes.
    pub kind: CustomType,
    /// Whether somebody has defined it; one that was only used takes any value.
    pub declared: bool,
    /// Whether every new contact needs a value.
    #[serde(default)]
    pub required: bool,
    /// The options of a dropdown or multi-select, in order.
    #[serde(default)]
    pub options: Vec<String>,
    /// The roles that see it besides admins; none for everybody.
    #[serde(default)]
    pub visible_to: Option<Vec<Role>>,
    /// Its place among the definitions, from 1.
    pub position: u32,
    /// Whether it is put away: its values are kept and shown to nobody.
    #[serde(default)]
    pub archived: bool,
    /// What is being done to its values.
    #[serde(default)]
    pub work: Option<FieldWork>,
    /// Grows with every change, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who made it, as the audit log calls them; not known of what is older than this member.
    #[serde(default)]
    pub created_by: Option<String>,
}

impl FieldDefinition {
    /// Whether it is being deleted.
    pub fn is_deleting(&self) -> bool {
        self.work.as_ref().is_some_and(|work| work.task == FieldMigration::Delete)
    }

    /// Whether nobody sees its values: it is archived or being deleted.
    pub fn is_withdrawn(&self) -> bool {
        self.archived || self.is_deleting()
    }

    /// Whether a role may see it.
    pub fn is_for(&self, role: Role) -> bool {
        role == Role::Admin || self.visible_to.as_ref().is_none_or(|roles| roles.contains(&role))
    }

    /// An option in the spelling of the definition.
    pub fn option(&self, text: &str) -> Option<&String> {
        let folded = super::text::fold(text.trim());
        self.options.iter().find(|option| super::text::fold(option) == folded)
    }
}

#[cfg(test)]
fn sample(kind: CustomType) -> FieldDefinition {
    FieldDefinition {
        id: Uuid::now_v7(),
        organization: OrgNumber(1),
        key: "key".to_owned(),
        label: "Key".to_owned(),
        kind,
        declared: true,
        required: false,
        options: Vec::new(),
        visible_to: None,
        position: 1,
        archived: false,
        work: None,
        version: 1,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        created_by: None,
    }
}
