//! What each action of each operation asks of a server: our own table, checked against the description.

mod check;
mod model;

pub use check::{Actions, Answering, check};
pub use model::{
    Action, Answer, Cache, Decision, Defaults, Kind, Operation, RequestFacts, RequestForm, Rest, Sources, Step, Table,
};

/// The name of the table, which problems are reported under.
pub const FILE: &str = "actions.yaml";
