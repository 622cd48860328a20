//! Whether a login satisfies a request that allows no interaction.

use crate::generated::actions::{AuthorizationNoInteraction, PendingRequest};
use crate::generated::types::{AuthorizationFailReason, AuthorizationFailRequest};

/// Who is logged in, and how.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// The user; `None` when nobody is logged in.
    pub subject: Option<String>,
    /// When the user logged in, in seconds since the epoch.
    pub auth_time: Option<i64>,
    /// The authentication context class that the login satisfied.
    pub acr: Option<String>,
}

impl AuthorizationNoInteraction {
    /// Why the login does not do: nobody is logged in, too long ago, another user, or not well enough. Whether the user
    /// consented is for the server to see: [`scopes`](Self::scopes) and others say to what.
    ///
    /// `now` is in seconds since the epoch.
    pub fn refusal(&self, login: &Login, now: i64) -> Option<AuthorizationFailReason> {
        let Some(subject) = &login.subject else { return Some(AuthorizationFailReason::NotLoggedIn) };
        if let Some(age) = self.response.max_age.map(i64::from).filter(|age| *age > 0) {
            match login.auth_time {
                None => return Some(AuthorizationFailReason::MaxAgeNotSupported),
                Some(time) if time.saturating_add(age) < now => return Some(AuthorizationFailReason::ExceedsMaxAge),
                Some(_) => {}
            }
        }
        if self.subject().is_some_and(|wanted| wanted != subject) {
            return Some(AuthorizationFailReason::DifferentSubject);
        }
        let satisfied = |acrs: &[String]| login.acr.as_ref().is_some_and(|acr| acrs.contains(acr));
        if self.acr_essential() && !self.acrs().is_empty() && !satisfied(self.acrs()) {
            return Some(AuthorizationFailReason::AcrNotSatisfied);
        }
        None
    }

    /// Itself, when the login does.
    ///
    /// # Errors
    /// The call that refuses, when it does not.
    pub fn check(self, login: &Login, now: i64) -> Result<Self, Box<PendingRequest<AuthorizationFailRequest>>> {
        match self.refusal(login, now) {
            Some(reason) => Err(Box::new(self.fail(reason))),
            None => Ok(self),
        }
    }
}
