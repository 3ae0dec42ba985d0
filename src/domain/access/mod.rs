//! Who is asking and what that allows: organisations, people, roles, permissions, sight.

mod caller;
mod field_rights;
mod organization;
mod people;
mod permission;
mod redact;
mod role;
mod sight;
mod table;
mod token;

pub use caller::{Caller, Identity, TokenLimits};
pub use field_rights::{FieldKey, FieldRight, FieldRights, FieldRules};
pub use organization::{OrgSettings, Organization, PhoneUniqueness, Quotas};
pub use people::{Department, Queue, User};
pub use permission::{Permission, Permissions};
pub use redact::{redact, redacted_identifier, redacted_number};
pub use role::{Role, Scope};
pub use sight::{Sight, SightKey, SightRules};
pub use table::{Changes, PermissionTable, Preset};
pub use token::TokenRecord;
