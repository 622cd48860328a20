//! The users: who they are, what their password is, and what may be said of them. A product has a database here, and
//! passwords in a form that cannot be read back (Argon2id).

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;

use crate::consent::in_words;
use crate::throttle::Throttle;

/// The users.
pub struct Users {
    users: Vec<User>,
    throttle: Throttle,
}

struct User {
    subject: &'static str,
    username: &'static str,
    password: &'static str,
    claims: Map<String, Value>,
}

/// What becomes of a user name and a password.
pub(crate) enum Attempt {
    /// They are the user's with this subject.
    Subject(String),
    /// They do not match.
    Wrong,
    /// There were too many attempts: so long it is not looked at any other.
    TooMany(Duration),
}

impl Users {
    /// Two users to try things with.
    pub fn demo() -> Self {
        let user = |subject, username, password, name: &str| User {
            subject,
            username,
            password,
            claims: [
                ("name".to_owned(), json!(name)),
                ("preferred_username".to_owned(), json!(username)),
                ("email".to_owned(), json!(format!("{username}@example.com"))),
                ("email_verified".to_owned(), json!(true)),
            ]
            .into_iter()
            .collect(),
        };
        let users =
            vec![user("1001", "ada", "lovelace", "Ada Lovelace"), user("1002", "alan", "turing", "Alan Turing")];
        Self { users, throttle: Throttle::new() }
    }

    /// Checks a password.
    pub(crate) fn log_in(&self, username: &str, password: &str) -> Attempt {
        // Names that nobody has are counted too: it must not show that nobody has them.
        if let Some(wait) = self.throttle.wait(username) {
            return Attempt::TooMany(wait);
        }
        let user = self.users.iter().find(|user| user.username == username);
        match user.filter(|user| user.password.as_bytes().ct_eq(password.as_bytes()).into()) {
            Some(user) => Attempt::Subject(user.subject.to_owned()),
            None => {
                self.throttle.failed(username);
                Attempt::Wrong
            }
        }
    }

    /// The subject whom a hint of a client's names: a user name, an email address or a subject.
    pub(crate) fn find(&self, hint: &str) -> Option<&str> {
        let named = |user: &&User| {
            user.subject == hint || user.username == hint || user.claims.get("email").is_some_and(|email| email == hint)
        };
        self.users.iter().find(named).map(|user| user.subject)
    }

    /// What the subject is called.
    pub(crate) fn name(&self, subject: &str) -> String {
        self.claim(subject, "name", None).and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The value of a claim. Nothing here is in a particular language.
    pub(crate) fn claim(&self, subject: &str, name: &str, language: Option<&str>) -> Option<Value> {
        let user = self.users.iter().find(|user| user.subject == subject).filter(|_| language.is_none())?;
        user.claims.get(name).cloned()
    }

    /// User names and passwords, for those who try.
    pub(crate) fn list(&self) -> impl Iterator<Item = (&str, &str)> {
        self.users.iter().map(|user| (user.username, user.password))
    }
}

impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, password)) in self.list().enumerate() {
            write!(f, "{}{name} ({password})", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// Whether one of the scopes stands for the claim (OpenID Connect Core 1.0, 5.4), so that agreeing to the scope is
/// agreeing to it.
pub(crate) fn comes_with(claim: &str, scopes: &[&str]) -> bool {
    let scope = match without_tag(claim) {
        "sub" => "openid",
        "name" | "preferred_username" => "profile",
        "email" | "email_verified" => "email",
        _ => return false,
    };
    scopes.contains(&scope)
}

/// What a client learns by a claim.
pub(crate) fn claim_in_words(claim: &str) -> String {
    match without_tag(claim) {
        "name" => "Your name".to_owned(),
        "preferred_username" => "Your user name".to_owned(),
        "email" => "Your email address".to_owned(),
        "email_verified" => "Whether your email address was checked".to_owned(),
        other => in_words(other),
    }
}

/// The name of a claim without its language (OpenID Connect Core 1.0, 5.2).
fn without_tag(claim: &str) -> &str {
    claim.split_once('#').map_or(claim, |(name, _)| name)
}
