//! Merging contacts that are one person, and taking a merge back: what becomes of every member.
//!
//! Pure: [`plan`] makes one contact of several and says what was decided and what was left out,
//! [`undo`] compares three states and gives back what belongs to whom. Reading, writing and rights
//! are the business of `app`. A member of [`Fields`] that is added later does not compile until it
//! is said here what becomes of it.

mod combine;
mod list;
mod notes;
mod plan;
mod record;
mod rule;
mod slot;
#[cfg(test)]
mod tests;
mod undo;
mod undo_list;

pub use plan::{Conflict, Held, Left, Plan, Taken, check_choices, plan};
pub use record::{MergeOrigin, MergeRecord, MergeValues};
pub use rule::Rule;
pub use slot::is_single;
pub use undo::{KeptChange, Undo, UndoConflict, Whose, unasked, undo};

use super::contact::Fields;

/// Names every member of a contact, so that none is forgotten when one is added.
///
/// - united: phones, emails, addresses, channels, tags, notes (`list`, `notes`);
/// - of one value each: `slot`;
/// - worked out: status, calls, times, score, consent, protection (`combine`);
/// - about the record itself: who wrote it when, whether it is deleted or merged.
fn every_member_is_known(fields: &Fields) {
    let Fields {
        first_name: _,
        last_name: _,
        suffix: _,
        phones: _,
        emails: _,
        company: _,
        company_id: _,
        title: _,
        department: _,
        role: _,
        addresses: _,
        birthday: _,
        social_profiles: _,
        channels: _,
        country: _,
        language: _,
        timezone: _,
        preferred_channel: _,
        notes: _,
        status: _,
        source: _,
        first_channel: _,
        assigned_to: _,
        visibility: _,
        assigned_queue: _,
        org_department_id: _,
        tags: _,
        custom_fields: _,
        external_crm_id: _,
        external_crm_provider: _,
        opt_in: _,
        lead_score: _,
        created_by: _,
        updated_by: _,
        deleted_at: _,
        last_contacted_at: _,
        last_interaction_at: _,
        last_called_at: _,
        last_call_outcome: _,
        total_calls: _,
        system_critical: _,
        in_active_campaign: _,
        merged_into: _,
        merge_id: _,
        merges: _,
        merged_external_ids: _,
    } = fields;
}
