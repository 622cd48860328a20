//! The steps of a backchannel authentication request (CIBA Core 1.0), in their order.
//!
//! When Authlete has checked the request, four things are left to the server: who the user is, whether a login hint token is
//! still good, whether the user code is right, and whether the binding message can be shown. [`Identified`] is a request of
//! which some of it is known; each check gives the next one, or the call that refuses the request with the error that the
//! standard has for it (CIBA Core 1.0, 13). Only the last one issues.
//!
//! ```no_run
//! use std::time::SystemTime;
//!
//! use authlete_api::actions::{
//!     BackchannelAuthenticationIssueAction, BackchannelAuthenticationIssued, BackchannelAuthenticationUserIdentification,
//! };
//! use authlete_api::ciba::{Accepted, Refusal, UserHint};
//! use authlete_api::{AuthleteService, Reply};
//!
//! # struct User { subject: String, code: String }
//! # async fn find(_: UserHint<'_>) -> Option<User> { None }
//! # fn ask(_: String, _: BackchannelAuthenticationIssued) {}
//! async fn check(step: BackchannelAuthenticationUserIdentification) -> Result<Accepted, Refusal> {
//!     // With your own users.
//!     let user = find(step.user_hint()).await;
//!     let code = user.as_ref().map(|user| user.code.clone()).unwrap_or_default();
//!     step.identify(user.map(|user| user.subject))?
//!         .hint_token_expires(None, SystemTime::now())?
//!         .user_code(|given| given == code)?
//!         .binding_message(|message| message.chars().count() <= 20)
//! }
//!
//! async fn authentication(service: &AuthleteService, form: &str) -> Result<Reply, Reply> {
//!     match check(service.ciba().process(form).await?.proceed()?).await {
//!         Err(refusal) => Ok(refusal.send(service).await?.into_reply()),
//!         Ok(accepted) => {
//!             let subject = accepted.subject().to_owned();
//!             let (issue, pending) = accepted.issue();
//!             let issued = issue.send(service).await?;
//!             if let BackchannelAuthenticationIssueAction::Ok(_) = &issued {
//!                 // On the user's other device, while the client waits.
//!                 ask(subject, pending);
//!             }
//!             Ok(issued.into_reply())
//!         }
//!     }
//! }
//! ```

use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use crate::generated::actions::{
    BackchannelAuthenticationIssued, BackchannelAuthenticationUserIdentification, PendingRequest,
};
use crate::generated::types::{
    BackchannelAuthenticationFailReason, BackchannelAuthenticationFailRequest, BackchannelAuthenticationIssueRequest,
    HintType,
};

/// The call that refuses a request, with its reason.
pub type Refusal = Box<PendingRequest<BackchannelAuthenticationFailRequest>>;

/// A request that has passed all checks.
pub type Accepted = Identified<Issue>;

/// How the client names the user (CIBA Core 1.0, 7.1). What is in it is known to the client, and may be personal.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserHint<'a> {
    /// `login_hint`: an email address, a telephone number, a user name, whatever the server agreed on with its clients.
    LoginHint(&'a str),
    /// `login_hint_token`, in a format that the server agreed on with its clients. It is the server's to verify.
    LoginHintToken(&'a str),
    /// `id_token_hint`: the subject of an ID token that this server issued to the client. Authlete has verified it; it may have
    /// expired, which is no reason to refuse it.
    IdTokenHint(&'a str),
    /// None that this version knows.
    Unknown,
}

/// Without the hint.
impl fmt::Debug for UserHint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoginHint(_) => "LoginHint",
            Self::LoginHintToken(_) => "LoginHintToken",
            Self::IdTokenHint(_) => "IdTokenHint",
            Self::Unknown => "Unknown",
        })
    }
}

/// Next is [`Identified::hint_token_expires`].
#[derive(Debug)]
pub enum CheckHintToken {}

/// Next is [`Identified::user_code`].
#[derive(Debug)]
pub enum CheckUserCode {}

/// Next is [`Identified::binding_message`].
#[derive(Debug)]
pub enum CheckBindingMessage {}

/// No check is left: next is [`Identified::issue`].
#[derive(Debug)]
pub enum Issue {}

/// A request whose user is known, with the check that is next.
#[must_use]
pub struct Identified<Next> {
    step: BackchannelAuthenticationUserIdentification,
    subject: String,
    next: PhantomData<fn() -> Next>,
}

impl<Next> Identified<Next> {
    /// The user.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The request.
    pub fn request(&self) -> &BackchannelAuthenticationUserIdentification {
        &self.step
    }

    /// Refuses the request for a reason of the server's own, such as `INVALID_TARGET` for a resource that it does not know, or
    /// `ACCESS_DENIED`.
    pub fn refuse(self, reason: impl Into<BackchannelAuthenticationFailReason>) -> Refusal {
        Box::new(self.step.fail(reason))
    }

    /// The next one when there is no reason to refuse.
    fn unless<Then>(self, reason: Option<BackchannelAuthenticationFailReason>) -> Result<Identified<Then>, Refusal> {
        match reason {
            Some(reason) => Err(self.refuse(reason)),
            None => Ok(Identified { step: self.step, subject: self.subject, next: PhantomData }),
        }
    }
}

impl BackchannelAuthenticationUserIdentification {
    /// How the client names the user.
    pub fn user_hint(&self) -> UserHint<'_> {
        let hint = self.hint().unwrap_or_default();
        match self.hint_type() {
            Some(HintType::LoginHint) => UserHint::LoginHint(hint),
            Some(HintType::LoginHintToken) => UserHint::LoginHintToken(hint),
            Some(HintType::IdTokenHint) => UserHint::IdTokenHint(self.sub().unwrap_or_default()),
            _ => UserHint::Unknown,
        }
    }

    /// The request of the user whom the hint names.
    ///
    /// # Errors
    /// The refusal with `unknown_user_id` where it names none.
    pub fn identify(self, subject: Option<impl Into<String>>) -> Result<Identified<CheckHintToken>, Refusal> {
        match subject {
            Some(subject) => Ok(Identified { step: self, subject: subject.into(), next: PhantomData }),
            None => Err(Box::new(self.fail(BackchannelAuthenticationFailReason::UnknownUserId))),
        }
    }
}

impl Identified<CheckHintToken> {
    /// Checks when the login hint token expires: `None` for one that does not, and where the hint is another.
    ///
    /// # Errors
    /// The refusal with `expired_login_hint_token`.
    pub fn hint_token_expires(
        self,
        at: Option<SystemTime>,
        now: SystemTime,
    ) -> Result<Identified<CheckUserCode>, Refusal> {
        let is_expired = matches!(self.step.user_hint(), UserHint::LoginHintToken(_)) && at.is_some_and(|at| at <= now);
        self.unless(is_expired.then_some(BackchannelAuthenticationFailReason::ExpiredLoginHintToken))
    }
}

impl Identified<CheckUserCode> {
    /// Checks the user code, where the client has to send one: the closure says whether it is the user's. Compare it in
    /// constant time, and limit the attempts. Where none is required, the closure is not called.
    ///
    /// # Errors
    /// The refusal with `missing_user_code` or `invalid_user_code`.
    pub fn user_code(self, is_right: impl FnOnce(&str) -> bool) -> Result<Identified<CheckBindingMessage>, Refusal> {
        let reason = match self.step.user_code().filter(|code| !code.is_empty()) {
            _ if !self.step.user_code_required() => None,
            None => Some(BackchannelAuthenticationFailReason::MissingUserCode),
            Some(code) if is_right(code) => None,
            Some(_) => Some(BackchannelAuthenticationFailReason::InvalidUserCode),
        };
        self.unless(reason)
    }
}

impl Identified<CheckBindingMessage> {
    /// Checks the binding message, where there is one: the closure says whether it can be shown. It should be short and of
    /// characters that the device has, since the user compares it with what the client shows.
    ///
    /// # Errors
    /// The refusal with `invalid_binding_message`.
    pub fn binding_message(self, can_be_shown: impl FnOnce(&str) -> bool) -> Result<Accepted, Refusal> {
        let is_bad = self.step.binding_message().is_some_and(|message| !can_be_shown(message));
        self.unless(is_bad.then_some(BackchannelAuthenticationFailReason::InvalidBindingMessage))
    }
}

impl Accepted {
    /// As [`issue`](BackchannelAuthenticationUserIdentification::issue) of the step: the call that gives the client its
    /// `auth_req_id`, and what waits for the user. Send the call first, and ask the user when its action is `OK`.
    pub fn issue(self) -> (PendingRequest<BackchannelAuthenticationIssueRequest>, BackchannelAuthenticationIssued) {
        self.step.issue()
    }
}

impl<Next> fmt::Debug for Identified<Next> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identified").field("step", &self.step).finish_non_exhaustive()
    }
}
