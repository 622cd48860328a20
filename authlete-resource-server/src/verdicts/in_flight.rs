//! Single flight: many requests with the same question at the same time ask it once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::Key;

/// A question, and the generation of verdicts that its answer belongs to: who asks after everything was forgotten must not
/// get the answer to a question from before.
pub(crate) type Question = (Key, u64);

/// The questions that are being asked.
pub(crate) struct InFlight<T>(Mutex<HashMap<Question, watch::Receiver<Option<T>>>>);

/// What a request with a question has to do.
pub(crate) enum Turn<'a, T: Clone> {
    /// Ask, and tell the others by [`Leader::finish`].
    Lead(Leader<'a, T>),
    /// Wait for the one who asks.
    Follow(Follower<T>),
}

impl<T> Default for InFlight<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> InFlight<T> {
    pub(crate) fn turn(&self, question: Question) -> Turn<'_, T> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = asked.get(&question) {
            return Turn::Follow(Follower(outcome.clone()));
        }
        let (tell, outcome) = watch::channel(None);
        asked.insert(question, outcome);
        Turn::Lead(Leader { all: self, question, tell })
    }
}

/// The one who asks. When it is dropped without an outcome, one of the followers asks.
pub(crate) struct Leader<'a, T: Clone> {
    all: &'a InFlight<T>,
    question: Question,
    tell: watch::Sender<Option<T>>,
}

impl<T: Clone> Leader<'_, T> {
    pub(crate) fn finish(self, outcome: T) {
        self.tell.send_replace(Some(outcome));
    }
}

impl<T: Clone> Drop for Leader<'_, T> {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.question);
    }
}

/// One who waits.
pub(crate) struct Follower<T>(watch::Receiver<Option<T>>);

impl<T: Clone> Follower<T> {
    /// What the leader found; `None` when it gave up.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}
