//! The users: who they are, what their password is, what may be said of them, and what they have agreed to. A product has
//! a database here, and passwords in a form that cannot be read back (Argon2id).

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;

/// The users.
pub struct Users {
    users: Vec<User>,
    /// The scopes that a user let a client have.
    consents: Mutex<HashMap<(String, i64), BTreeSet<String>>>,
}

struct User {
    subject: &'static str,
    username: &'static str,
    password: &'static str,
    claims: Map<String, Value>,
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
        Self { users, consents: Mutex::default() }
    }

    /// The subject, when the password is the user's.
    pub(crate) fn log_in(&self, username: &str, password: &str) -> Option<String> {
        let user = self.users.iter().find(|user| user.username == username)?;
        let same: bool = user.password.as_bytes().ct_eq(password.as_bytes()).into();
        same.then(|| user.subject.to_owned())
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
        self.claim(subject, "name").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }

    fn claim(&self, subject: &str, name: &str) -> Option<Value> {
        self.users.iter().find(|user| user.subject == subject)?.claims.get(name).cloned()
    }

    /// Those of the claims that there is a value for. The names may have language tags, which nothing here has.
    pub(crate) fn claims(&self, subject: &str, names: &[String]) -> Map<String, Value> {
        names.iter().filter_map(|name| Some((name.clone(), self.claim(subject, name)?))).collect()
    }

    /// Whether the user agreed before that the client has these scopes.
    pub(crate) fn agreed<'a>(&self, subject: &str, client: i64, mut scopes: impl Iterator<Item = &'a str>) -> bool {
        let consents = self.consents.lock().unwrap_or_else(PoisonError::into_inner);
        let agreed = consents.get(&(subject.to_owned(), client));
        agreed.is_some_and(|agreed| scopes.all(|scope| agreed.contains(scope)))
    }

    /// Remembers that the user agreed.
    pub(crate) fn agree<'a>(&self, subject: &str, client: i64, scopes: impl Iterator<Item = &'a str>) {
        let mut consents = self.consents.lock().unwrap_or_else(PoisonError::into_inner);
        consents.entry((subject.to_owned(), client)).or_default().extend(scopes.map(str::to_owned));
    }
}

/// User names and passwords, for those who try.
impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, user) in self.users.iter().enumerate() {
            write!(f, "{}{} ({})", if index > 0 { ", " } else { "" }, user.username, user.password)?;
        }
        Ok(())
    }
}
