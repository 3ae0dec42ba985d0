//! The members of a contact that name a user, a queue or a department: what they may name.

use super::access::{Access, Kind};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Patch};
use crate::domain::ids::OrgNumber;

/// A member of a contact that names a record of its organisation.
#[derive(Clone, Copy)]
pub(super) struct Reference {
    /// The member.
    pub(super) member: &'static str,
    /// What it names.
    pub(super) noun: &'static str,
    kind: Kind,
    is_known: fn(&Access, OrgNumber, &str) -> bool,
    /// What a contact names.
    pub(super) of: fn(&Contact) -> Option<&str>,
    of_draft: fn(&Draft) -> &Patch<String>,
    slot: fn(&mut Draft) -> &mut Patch<String>,
}

const REFERENCES: [Reference; 3] = [
    Reference {
        member: "assigned_to",
        noun: "user",
        kind: Kind::User,
        is_known: |access, org, text| access.find_user(org, text).is_some(),
        of: |contact| contact.assigned_to.as_deref(),
        of_draft: |draft| &draft.assigned_to,
        slot: |draft| &mut draft.assigned_to,
    },
    Reference {
        member: "assigned_queue",
        noun: "queue",
        kind: Kind::Queue,
        is_known: |access, org, text| access.find_queue(org, text).is_some(),
        of: |contact| contact.assigned_queue.as_deref(),
        of_draft: |draft| &draft.assigned_queue,
        slot: |draft| &mut draft.assigned_queue,
    },
    Reference {
        member: "org_department_id",
        noun: "department",
        kind: Kind::Department,
        is_known: |access, org, text| access.find_department(org, text).is_some(),
        of: |contact| contact.org_department_id.as_deref(),
        of_draft: |draft| &draft.org_department_id,
        slot: |draft| &mut draft.org_department_id,
    },
];

/// A reference of a draft that leads nowhere.
pub(super) struct UnknownReference {
    pub(super) reference: Reference,
    /// What the draft names.
    pub(super) text: String,
    /// Whether several records have the name.
    pub(super) is_ambiguous: bool,
}

impl UnknownReference {
    /// What is wrong.
    pub(super) fn detail(&self) -> String {
        let Self { reference, text, is_ambiguous } = self;
        let noun = reference.noun;
        if *is_ambiguous {
            format!("several {noun}s are named {text:?}")
        } else {
            format!("no {noun} of this organisation has the name or id {text:?}")
        }
    }

    /// Takes it out of its draft.
    pub(super) fn leave_out(&self, draft: &mut Draft) {
        *(self.reference.slot)(draft) = Patch::Keep;
    }
}

/// The references of a draft that lead nowhere.
pub(super) fn unknown_references(
    access: &Access,
    org: OrgNumber,
    draft: &Draft,
) -> Vec<UnknownReference> {
    let mut unknown = Vec::new();
    for reference in REFERENCES {
        let Patch::Set(text) = (reference.of_draft)(draft) else { continue };
        if !(reference.is_known)(access, org, text) {
            let is_ambiguous = access.is_name_of_several(org, reference.kind, text);
            unknown.push(UnknownReference { reference, text: text.clone(), is_ambiguous });
        }
    }
    unknown
}
