//! Shapes of what telephone systems ask for and tell.

use utoipa::ToSchema;

#[derive(ToSchema)]
pub(in crate::http) struct ThreeCxContact {
    pub id: uuid::Uuid,
    pub first_name: String,
    pub last_name: String,
    pub company: String,
    pub email: String,
    pub phone_business: String,
    pub phone_mobile: String,
    pub phone_home: String,
    pub phone_other: String,
    pub url: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct ThreeCxContacts {
    pub contacts: Vec<ThreeCxContact>,
}

#[derive(ToSchema)]
pub(in crate::http) struct ThreeCxContactInput {
    #[serde(rename = "FirstName")]
    pub first_name: Option<String>,
    #[serde(rename = "LastName")]
    pub last_name: Option<String>,
    #[serde(rename = "CompanyName")]
    pub company: Option<String>,
    #[serde(rename = "Email")]
    pub email: Option<String>,
    #[serde(rename = "Number")]
    pub number: Option<String>,
}

/// A call as 3CX tells of it at its end; members are named as its variables.
#[derive(ToSchema)]
pub(in crate::http) struct ThreeCxJournal {
    /// Inbound, Outbound, Missed or Notanswered.
    #[serde(rename = "CallType")]
    pub call_type: String,
    #[serde(rename = "Number")]
    pub number: String,
    #[serde(rename = "Agent")]
    pub agent: Option<String>,
    #[serde(rename = "AgentFirstName")]
    pub agent_first_name: Option<String>,
    #[serde(rename = "AgentLastName")]
    pub agent_last_name: Option<String>,
    #[serde(rename = "AgentEmail")]
    pub agent_email: Option<String>,
    /// HH:MM:SS, or seconds.
    #[serde(rename = "Duration")]
    pub duration: Option<String>,
    #[serde(rename = "CallStartTimeUTC")]
    pub started: Option<String>,
    #[serde(rename = "CallEstablishedTimeUTC")]
    pub established: Option<String>,
    #[serde(rename = "CallEndTimeUTC")]
    pub ended: Option<String>,
    #[serde(rename = "QueueExtension")]
    pub queue: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CallTaken {
    pub ok: bool,
    pub call_id: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct CallEvent {
    /// newCall, answer or hangup.
    pub event: String,
    /// The number that calls, or anonymous.
    pub from: Option<String>,
    /// The number that is called.
    pub to: Option<String>,
    /// in or out.
    pub direction: Option<String>,
    /// What the telephone system calls this call in all of its events.
    #[serde(rename = "callId")]
    pub call_id: String,
    /// Who takes or makes it.
    pub user: Option<String>,
    pub queue: Option<String>,
    /// Who has answered.
    #[serde(rename = "answeringNumber")]
    pub answering_number: Option<String>,
    /// Why it has ended: normalClearing, busy, cancel, noAnswer and so on.
    pub cause: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CallEventTaken {
    pub ok: bool,
    pub call_id: String,
    /// False if it came too late to say anything new.
    pub taken: bool,
    /// reject: the caller is blocked.
    pub action: Option<String>,
    pub reason: Option<String>,
}
