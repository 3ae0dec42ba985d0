//! The shapes of users, departments and queues, and of who is signed in.

use std::collections::HashMap;

use utoipa::ToSchema;

#[derive(ToSchema)]
pub(in crate::http) struct DepartmentInput {
    pub name: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Department {
    pub id: uuid::Uuid,
    pub name: String,
    pub version: u64,
    pub created_at: String,
    pub updated_at: String,
    /// Who made it.
    pub created_by: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct DepartmentList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<Department>,
    /// The same as `items`.
    pub departments: Vec<Department>,
}

#[derive(ToSchema)]
pub(in crate::http) struct QueueInput {
    pub name: Option<String>,
    /// Ids of users.
    pub members: Option<Vec<uuid::Uuid>>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Queue {
    pub id: uuid::Uuid,
    pub name: String,
    pub members: Vec<uuid::Uuid>,
    pub version: u64,
    pub created_at: String,
    pub updated_at: String,
    /// Who made it.
    pub created_by: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct QueueList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<Queue>,
    /// The same as `items`.
    pub queues: Vec<Queue>,
}

#[derive(ToSchema)]
pub(in crate::http) struct UserInput {
    /// To sign in with.
    pub email: Option<String>,
    pub name: Option<String>,
    /// agent, manager, admin.
    pub role: Option<String>,
    pub department_id: Option<uuid::Uuid>,
    pub disabled: Option<bool>,
    /// At least 10 characters; never shown again.
    pub password: Option<String>,
    /// Issuer and subject at the provider of single sign-on, separated by a space.
    pub subject: Option<String>,
}

/// Those who do not manage people see id, name and department.
#[derive(ToSchema)]
pub(in crate::http) struct User {
    pub id: uuid::Uuid,
    pub name: String,
    pub department_id: Option<uuid::Uuid>,
    pub email: Option<String>,
    pub role: Option<String>,
    pub disabled: Option<bool>,
    pub has_password: Option<bool>,
    pub subject: Option<String>,
    pub version: Option<u64>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Who made it.
    pub created_by: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct UserList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<User>,
    /// The same as `items`.
    pub users: Vec<User>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SignInInput {
    pub email: String,
    pub password: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct Setup {
    /// Whether there is no user yet.
    pub needed: bool,
    /// Whether people can sign in at a provider of single sign-on.
    pub single_sign_on: bool,
}

#[derive(ToSchema)]
pub(in crate::http) struct SetupInput {
    pub name: String,
    pub email: String,
    /// At least 10 characters.
    pub password: String,
    /// ISO 3166 country whose national numbers are understood without a country code.
    pub default_country: Option<String>,
    /// IANA timezone in which days begin.
    pub timezone: Option<String>,
    /// BCP 47 language in which the page writes dates and numbers.
    pub language: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct PasswordInput {
    /// The present one.
    pub password: String,
    /// At least 10 characters.
    pub new_password: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct Session {
    pub user_id: uuid::Uuid,
    /// Goes into the header `X-CSRF-Token` of requests that change something.
    pub csrf_token: String,
    pub expires_at: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct Sight {
    pub everything: bool,
    pub own_department_only: bool,
    pub whole_department: bool,
    pub queues: Vec<uuid::Uuid>,
}

#[derive(ToSchema)]
pub(in crate::http) struct PermissionsView {
    pub role: String,
    pub user_id: Option<uuid::Uuid>,
    pub user_name: Option<String>,
    pub organization: String,
    /// BCP 47 language of the organisation, if one is set.
    pub language: Option<String>,
    pub department_id: Option<uuid::Uuid>,
    pub preset: String,
    /// Every right: whether the caller has it.
    pub permissions: HashMap<String, bool>,
    /// Every right: the roles of people that have it.
    pub table: HashMap<String, Vec<String>>,
    pub sees: Sight,
    /// Fields that the caller does not see in full.
    pub fields: HashMap<String, String>,
    /// The session of the caller; none if a token says who asks.
    pub session: Option<Session>,
    pub operator: bool,
}
