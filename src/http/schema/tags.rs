//! The shapes of tags.

use utoipa::ToSchema;

#[derive(ToSchema)]
pub(in crate::http) struct Tag {
    #[schema(example = "VIP")]
    pub tag: String,
    /// How many contacts that the caller sees have it, without archived ones.
    pub count: u64,
    /// How many archived contacts have it beside those.
    pub archived: u64,
    /// All spellings of it, also those with other dots and dashes.
    #[schema(example = json!(["V.I.P.", "VIP", "vip"]))]
    pub variants: Vec<String>,
    #[schema(example = "#ff8800")]
    pub color: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct TagList {
    pub total: usize,
    /// False while writes of the caller are not visible yet.
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<Tag>,
}

#[derive(ToSchema)]
pub(in crate::http) struct TagPatch {
    /// The new name; changes contacts in the background.
    #[schema(example = "Very important")]
    pub tag: Option<String>,
    /// `#rrggbb`, `#rgb` or a name such as red; null for none.
    #[schema(example = "#ff8800")]
    pub color: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct TagMergeInput {
    /// The tags that become the other.
    #[schema(example = json!(["vip", "V.I.P."]))]
    pub from: Vec<String>,
    #[schema(example = "VIP")]
    pub into: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct AutoCountryInput {
    /// Only count the contacts that have a number.
    pub dry_run: Option<bool>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SpellingCount {
    #[schema(example = "V.I.P.")]
    pub tag: String,
    /// How many contacts have it so, archived ones included.
    pub count: u64,
}

#[derive(ToSchema)]
pub(in crate::http) struct TagProposal {
    /// The spelling that most contacts have.
    #[schema(example = "VIP")]
    pub into: String,
    /// The others.
    #[schema(example = json!(["vip", "V.I.P."]))]
    pub from: Vec<String>,
    /// How many contacts would be changed.
    pub count: u64,
    pub tags: Vec<SpellingCount>,
}

#[derive(ToSchema)]
pub(in crate::http) struct TagProposalList {
    pub total: usize,
    /// False while writes of the caller are not visible yet.
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<TagProposal>,
}
