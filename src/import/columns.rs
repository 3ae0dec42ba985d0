//! What becomes of every column of a file, for people to look at: no column vanishes unnamed.

use serde::{Deserialize, Serialize};

use super::issue::shortened;
use super::map::{Origin, RowMap};
use super::read::RawRow;
use super::target::Target;
use crate::domain::custom_field::CustomType;
use crate::domain::date::{self, Order};

/// Values of a column that are shown.
const MOST_SAMPLES: usize = 3;

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnReport {
    /// The place of the column; the first is 0.
    pub index: usize,
    /// Its header.
    pub name: String,
    /// The beginnings of some of its cells.
    pub samples: Vec<String>,
    /// The field that its cells go to, as it is written in a mapping.
    pub target: Option<String>,
    /// Why it goes there, or why it goes nowhere.
    pub why: String,
    /// Whether nothing of it is imported.
    pub not_imported: bool,
    /// The type of a custom field that its first cells look like, where it could become or fill one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested_type: Option<String>,
}

impl RowMap {
    /// Looks at the first rows of the file: for samples, for the order of day and month in dates,
    /// and whether a column `id` holds ids of ours.
    pub fn observe(&mut self, rows: &[RawRow]) {
        for (at, plan) in self.columns.iter_mut().enumerate() {
            let cells =
                || rows.iter().map(|row| row.cell(at).trim()).filter(|cell| !cell.is_empty());
            let mut samples: Vec<String> = Vec::new();
            for cell in cells().take(100) {
                if samples.len() == MOST_SAMPLES {
                    break;
                }
                let sample = shortened(cell);
                if !samples.contains(&sample) {
                    samples.push(sample);
                }
            }
            plan.samples = samples;
            plan.says_refusals = cells().any(super::refusal::is_said);
            let may_be_own = matches!(plan.target, Target::Custom(_))
                || plan.target == Target::Ignore && plan.origin == Origin::Unknown;
            plan.guess = may_be_own.then(|| CustomType::guess(cells())).flatten();
            if plan.target == Target::Id
                && plan.origin == Origin::Header
                && cells().any(|cell| cell.parse::<uuid::Uuid>().is_err())
            {
                (plan.target, plan.origin) = (Target::Ignore, Origin::ForeignId);
            }
            if matches!(plan.target, Target::Birthday | Target::Custom(_)) {
                let count =
                    |order| cells().filter(|cell| date::order_of(cell) == Some(order)).count();
                plan.date_order = match (count(Order::DayFirst), count(Order::MonthFirst)) {
                    (0, 0) => None,
                    (days, months) if days >= months => Some(Order::DayFirst),
                    _ => Some(Order::MonthFirst),
                };
            }
        }
    }

    /// What becomes of every column.
    pub fn report(&self) -> Vec<ColumnReport> {
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(index, plan)| {
                let labelled = self.columns.iter().find(|other| other.label_column == Some(index));
                let not_imported = plan.target == Target::Ignore && labelled.is_none();
                let why = match (plan.origin, labelled) {
                    (Origin::Asked, _) if plan.target == Target::Ignore => {
                        "the mapping says so".to_owned()
                    }
                    (_, Some(other)) => format!("labels of the column {:?}", other.header),
                    (Origin::Asked, None) => format!("the mapping says so{}", self.behind(index)),
                    (Origin::Header, None) => format!("its header{}", self.behind(index)),
                    (Origin::Layout, None) => {
                        format!("a column of {}{}", self.layout(), self.behind(index))
                    }
                    (Origin::Useless, None) => {
                        format!("no field holds this column of {}", self.layout())
                    }
                    (Origin::ForeignId, None) => {
                        "these are not ids of contacts here; map it to external_crm_id to find them by it"
                            .to_owned()
                    }
                    (Origin::NoList, None) => {
                        "list_mode per_row would put contacts on the lists that it names".to_owned()
                    }
                    (Origin::ReadOnly, None) => "only the server fills it".to_owned(),
                    (Origin::Declared, None) => {
                        format!("the custom field of this name{}", self.behind(index))
                    }
                    (Origin::Unknown, None) => {
                        "its header is unknown; map it to a field, for example to cf.KEY".to_owned()
                    }
                };
                let target = (plan.target != Target::Ignore).then(|| plan.target.to_string());
                ColumnReport {
                    index,
                    name: plan.header.clone(),
                    samples: plan.samples.clone(),
                    target,
                    why,
                    not_imported,
                    suggested_type: plan.guess.map(|kind| kind.as_str().to_owned()),
                }
            })
            .collect()
    }

    /// The headers of columns that look or read like refusals and go nowhere, though nobody said that they
    /// should.
    pub fn unread_refusals(&self) -> impl Iterator<Item = &str> {
        let is_unread = |plan: &&super::map::ColumnPlan| {
            plan.target == Target::Ignore
                && matches!(plan.origin, Origin::Unknown | Origin::Useless)
                && (plan.says_refusals || super::refusal::is_likely(&plan.header))
        };
        self.columns.iter().filter(is_unread).map(|plan| plan.header.as_str())
    }

    /// What a column does behind others of its field.
    fn behind(&self, index: usize) -> String {
        let plan = &self.columns[index];
        let target = &plan.target;
        let place = self.order.iter().position(|at| *at == index).unwrap_or(index);
        let before = self.order[..place].iter().find(|at| {
            let other = &self.columns[**at];
            // A second address has parts of its own.
            let is_of_one = other.group == plan.group || !matches!(target, Target::Address(..));
            other.target == *target && is_of_one
        });
        let Some(before) = before.map(|at| &self.columns[*at].header) else { return String::new() };
        let is_joined = matches!(target, Target::Address(part, _) if part.is_joined());
        if *target == Target::Notes || is_joined {
            format!("; joined with the column {before:?}")
        } else if target.is_single() || matches!(target, Target::Address(..)) {
            format!("; counts where the column {before:?} is empty")
        } else {
            String::new()
        }
    }
}
