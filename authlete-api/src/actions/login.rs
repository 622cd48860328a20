//! Whether a login satisfies an authorization request, and what a login page has to do where it does not.

use std::fmt;
use std::ops::Deref;
use std::time::{Duration, SystemTime};

use crate::generated::actions::{AuthorizationInteraction, AuthorizationNoInteraction, PendingRequest};
use crate::generated::types::{
    AuthorizationFailReason, AuthorizationFailRequest, AuthorizationIssueRequest,
    BackchannelAuthenticationCompleteRequest, DeviceCompleteRequest, Prompt,
};

/// Who is logged in, and how. The default is nobody.
///
/// ```
/// use std::time::SystemTime;
///
/// use authlete_api::actions::Login;
///
/// let login = Login::new("ada").auth_time(SystemTime::now()).acr("urn:mace:incommon:iap:silver");
/// assert_eq!(login.subject.as_deref(), Some("ada"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Login {
    /// The user; `None` when nobody is logged in.
    pub subject: Option<String>,
    /// When the user was authenticated, to the second; `None` when that is not known.
    pub auth_time: Option<SystemTime>,
    /// The authentication context class that the login satisfied.
    pub acr: Option<String>,
    /// Whether the user logged in after the request came, on the login page that it led to. Nothing else satisfies
    /// `prompt=login`, `prompt=select_account`, `prompt=create` and `max_age=0`.
    pub is_new: bool,
}

impl Login {
    /// A user who is logged in.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..Self::default() }
    }

    /// With the time of the authentication.
    pub fn auth_time(mut self, time: SystemTime) -> Self {
        self.auth_time = Some(time);
        self
    }

    /// With the authentication context class that the login satisfied.
    pub fn acr(mut self, acr: impl Into<String>) -> Self {
        self.acr = Some(acr.into());
        self
    }

    /// With whether the user logged in for the request in question.
    pub fn is_new(mut self, is_new: bool) -> Self {
        self.is_new = is_new;
        self
    }

    /// The time of the authentication in seconds since 1970, as Authlete has it; earlier times are left out.
    fn epoch_seconds(&self) -> Option<i64> {
        let since = self.auth_time?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    }
}

/// What is wrong with a login for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginProblem {
    /// Nobody is logged in.
    NobodyLoggedIn,
    /// The client asks for a login made for its request: by `prompt`, or by a maximum age of 0.
    NewLoginWanted,
    /// The login is older than the maximum age.
    TooOld,
    /// The client sets a maximum age, and it is not known how old the login is.
    AgeUnknown,
    /// The request, or the grant that it is to change, is about another user.
    OtherUser,
    /// An authentication context class is essential, and the login satisfies none of those that would do.
    AcrNotSatisfied,
}

impl LoginProblem {
    /// The reason with which the request is refused where nothing can be done about it.
    pub fn reason(self) -> AuthorizationFailReason {
        match self {
            Self::NobodyLoggedIn => AuthorizationFailReason::NotLoggedIn,
            Self::NewLoginWanted | Self::TooOld => AuthorizationFailReason::ExceedsMaxAge,
            Self::AgeUnknown => AuthorizationFailReason::MaxAgeNotSupported,
            Self::OtherUser => AuthorizationFailReason::DifferentSubject,
            Self::AcrNotSatisfied => AuthorizationFailReason::AcrNotSatisfied,
        }
    }
}

/// What a login is for a request that allows pages: the result of [`AuthorizationInteraction::login_check`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum LoginCheck<'a> {
    /// The login satisfies the request. Consent is next.
    Satisfied,
    /// The user has to log in: show a login page, and check the login that it leads to.
    LogIn(LoginPage<'a>),
    /// The user logged in for this request, and still does not satisfy it: end it with [`LoginProblem::reason`], or let the
    /// user try again.
    Unsatisfied(LoginProblem),
}

/// What a login page has to do for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginPage<'a> {
    /// Why there has to be one.
    pub problem: LoginProblem,
    /// The user who has to log in; any other is refused afterwards.
    pub subject: Option<&'a str>,
    /// What the client thinks that the user enters as user name (`login_hint`); to be filled in, and not to be trusted.
    pub login_hint: Option<&'a str>,
    /// Whether the user is to choose among accounts (`prompt=select_account`).
    pub selects_account: bool,
    /// Whether the user is to create an account (`prompt=create`, OpenID Connect Prompt Create 1.0).
    pub creates_account: bool,
    /// The authentication context classes that the client prefers, the best first.
    pub acrs: &'a [String],
    /// Whether one of them has to be satisfied.
    pub acr_essential: bool,
    /// How old the login may be at most by the time when the request ends.
    pub max_age: Option<Duration>,
    /// Languages that the user prefers, the best first (`ui_locales`).
    pub ui_locales: &'a [String],
}

/// What a request demands of a login.
struct Demands<'a> {
    is_new: bool,
    max_age: Option<Duration>,
    subjects: [Option<&'a str>; 2],
    acrs: &'a [String],
    acr_essential: bool,
}

macro_rules! demands {
    ($step:expr, $prompts:expr) => {
        Demands {
            is_new: $prompts || $step.max_age().is_some_and(|age| age.is_zero()),
            max_age: $step.max_age().filter(|age| !age.is_zero()),
            subjects: [$step.subject(), $step.grant_subject()],
            acrs: $step.acrs(),
            acr_essential: $step.acr_essential(),
        }
    };
}

impl Demands<'_> {
    /// The first of them that the login does not meet.
    fn unmet(&self, login: &Login, now: SystemTime) -> Option<LoginProblem> {
        let Some(subject) = &login.subject else { return Some(LoginProblem::NobodyLoggedIn) };
        if self.is_new && !login.is_new {
            return Some(LoginProblem::NewLoginWanted);
        }
        if let Some(problem) = self.max_age.and_then(|age| of_age(login, age, now)) {
            return Some(problem);
        }
        if self.subjects.iter().flatten().any(|wanted| wanted != subject) {
            return Some(LoginProblem::OtherUser);
        }
        let satisfied = || login.acr.as_ref().is_some_and(|acr| self.acrs.contains(acr));
        (self.acr_essential && !self.acrs.is_empty() && !satisfied()).then_some(LoginProblem::AcrNotSatisfied)
    }
}

/// What is wrong with the age of a login. Seconds are compared, as tokens have them: one that ends this second still counts.
fn of_age(login: &Login, age: Duration, now: SystemTime) -> Option<LoginProblem> {
    let Some(time) = login.epoch_seconds() else { return Some(LoginProblem::AgeUnknown) };
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let until = u64::try_from(time).unwrap_or_default().saturating_add(age.as_secs());
    (until < now).then_some(LoginProblem::TooOld)
}

impl AuthorizationNoInteraction {
    /// Why the login does not do: nobody is logged in, too long ago, another user, or not well enough. Whether the user
    /// consented is for the server to see: [`scopes`](Self::scopes) and others say to what.
    ///
    /// A request with `max_age=0` is refused, since no login can be made for a request without pages.
    pub fn refusal(&self, login: &Login, now: SystemTime) -> Option<AuthorizationFailReason> {
        let demands = demands!(self, false);
        // Without pages there is no new login, whatever the server believes.
        let login = Login { is_new: false, ..login.clone() };
        demands.unmet(&login, now).map(LoginProblem::reason)
    }

    /// The step for this login, when it satisfies the request: what it issues has the time and class of the authentication.
    ///
    /// # Errors
    /// The call that refuses, when it does not.
    pub fn check(
        self,
        login: &Login,
        now: SystemTime,
    ) -> Result<CheckedLogin<Self>, Box<PendingRequest<AuthorizationFailRequest>>> {
        match self.refusal(login, now) {
            Some(reason) => Err(Box::new(self.fail(reason))),
            None => Ok(CheckedLogin { step: self, login: login.clone() }),
        }
    }
}

impl AuthorizationInteraction {
    /// Whether the login satisfies the request, and what a login page has to do where it does not: prompts, maximum age,
    /// subject and authentication context classes are looked at. Consent is the server's to ask for afterwards;
    /// [`prompts`](Self::prompts) with `consent` asks for it in any case.
    ///
    /// Tell logins made for this request from older ones by [`Login::is_new`], or the user has to log in for ever.
    #[doc(alias = "login page")]
    pub fn login_check(&self, login: &Login, now: SystemTime) -> LoginCheck<'_> {
        let prompts = |prompt: Prompt| self.prompts().contains(&prompt);
        let (selects_account, creates_account) = (prompts(Prompt::SelectAccount), prompts(Prompt::Create));
        let demands = demands!(self, selects_account || creates_account || prompts(Prompt::Login));
        match demands.unmet(login, now) {
            None => LoginCheck::Satisfied,
            Some(problem)
                if login.is_new && !matches!(problem, LoginProblem::NobodyLoggedIn | LoginProblem::TooOld) =>
            {
                LoginCheck::Unsatisfied(problem)
            }
            Some(problem) => LoginCheck::LogIn(LoginPage {
                problem,
                subject: self.subject().or(self.grant_subject()),
                login_hint: self.login_hint(),
                selects_account,
                creates_account,
                acrs: self.acrs(),
                acr_essential: self.acr_essential(),
                max_age: self.max_age(),
                ui_locales: self.ui_locales(),
            }),
        }
    }

    /// The step for this login, when it satisfies the request: what it issues has the time and class of the authentication.
    ///
    /// # Errors
    /// The step as it was, when it does not: [`login_check`](Self::login_check) says why.
    pub fn check(self, login: &Login, now: SystemTime) -> Result<CheckedLogin<Self>, Box<Self>> {
        match self.login_check(login, now) {
            LoginCheck::Satisfied => Ok(CheckedLogin { step: self, login: login.clone() }),
            LoginCheck::LogIn(_) | LoginCheck::Unsatisfied(_) => Err(Box::new(self)),
        }
    }
}

/// An authorization request with a login that satisfies it. It dereferences to the step.
#[must_use]
pub struct CheckedLogin<S> {
    step: S,
    login: Login,
}

impl<S> CheckedLogin<S> {
    /// The login.
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// The step alone.
    pub fn into_step(self) -> S {
        self.step
    }
}

impl<S> Deref for CheckedLogin<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.step
    }
}

impl<S: fmt::Debug> fmt::Debug for CheckedLogin<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedLogin").field("step", &self.step).field("login", &self.login).finish()
    }
}

macro_rules! checked {
    ($($step:ident)*) => {
        $(
            impl CheckedLogin<$step> {
                #[doc = concat!("As [`issue`](", stringify!($step), "::issue) of the step, for the user who is logged in.")]
                ///
                /// It holds the user's subject, and the time and class of the authentication where they are known: an ID token
                /// has to have `auth_time` where the client sets a maximum age (OpenID Connect Core 1.0, 2).
                pub fn issue(self) -> PendingRequest<AuthorizationIssueRequest> {
                    let subject = self.login.subject.clone().unwrap_or_default();
                    self.step.issue(subject).login(&self.login)
                }

                #[doc = concat!("As [`fail`](", stringify!($step), "::fail) of the step.")]
                pub fn fail(self, reason: impl Into<AuthorizationFailReason>) -> PendingRequest<AuthorizationFailRequest> {
                    self.step.fail(reason)
                }
            }
        )*
    };
}

checked!(AuthorizationNoInteraction AuthorizationInteraction);

macro_rules! with_login {
    ($($request:ident)*) => {
        $(
            impl PendingRequest<$request> {
                /// With the time and the class of the user's authentication, where they are known: `authTime`, in seconds, and
                /// `acr`. The subject stays as it is.
                pub fn login(mut self, login: &Login) -> Self {
                    self.auth_time = login.epoch_seconds().or(self.auth_time);
                    if let Some(acr) = &login.acr {
                        self.acr = Some(acr.clone());
                    }
                    self
                }
            }
        )*
    };
}

with_login!(AuthorizationIssueRequest BackchannelAuthenticationCompleteRequest DeviceCompleteRequest);
