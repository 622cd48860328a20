//! Access tokens with their refresh tokens, found by either.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::names::{self, Name};
use super::{Authorized, CNonce, Expiring};

/// An expired token stays known this long (an hour), so that introspection can tell it from one that never was.
const REMEMBERED_MILLIS: u64 = 3_600_000;

/// An access token, and what belongs to it. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) access: String,
    pub(crate) expires_at: u64,
    pub(crate) refresh: Option<String>,
    pub(crate) refresh_expires_at: u64,
    pub(crate) client_id: u64,
    pub(crate) alias_used: bool,
    /// Whether the client was named by its entity ID, or by the URL of its metadata document, where the call that made the
    /// token says so; otherwise it is known by the client.
    pub(crate) entity_id_used: Option<bool>,
    pub(crate) metadata_document_used: Option<bool>,
    #[serde(deserialize_with = "names::grant_type")]
    pub(crate) grant_type: Name,
    /// What the tokens stand for; its scopes are those of the access token.
    pub(crate) authorized: Authorized,
    /// What the refresh token covers, which a narrower access token does not change.
    pub(crate) refresh_scopes: Vec<String>,
    pub(crate) created_at: u64,
    /// When the refresh token was used last.
    pub(crate) refreshed_at: Option<u64>,
    /// The login session that the token belongs to, for Native SSO.
    pub(crate) session: Option<Session>,
    /// The refresh token before this one, and when (milliseconds since 1970) it was used.
    pub(crate) previous_refresh: Option<(String, u64)>,
    /// What the next proof of a key has to show, under OpenID4VCI before 1.0.
    pub(crate) c_nonce: Option<CNonce>,
}

/// A login session as OpenID Connect Native SSO shares it between apps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    /// Of the authorization request, for the ID token that `native_sso_api` makes.
    pub(crate) nonce: Option<String>,
}

impl Token {
    pub(crate) fn is_alive(&self, now: u64) -> bool {
        now < self.expires_at
    }

    pub(crate) fn is_refreshable(&self, now: u64) -> bool {
        self.refresh.is_some() && now < self.refresh_expires_at
    }

    /// What the client holds: the token itself, or its form as a JWT.
    pub(crate) fn presented(&self) -> &str {
        self.authorized.details.jwt.as_deref().unwrap_or(&self.access)
    }

    /// When nothing can be done with it any more, and it has been dead for a while.
    fn ends_at(&self) -> u64 {
        let refresh = if self.refresh.is_some() { self.refresh_expires_at } else { 0 };
        self.expires_at.max(refresh).saturating_add(REMEMBERED_MILLIS)
    }
}

/// What a refresh token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refresh {
    /// The current one of this token.
    Current(u64),
    /// One that this token had before: somebody uses it twice.
    Spent(u64),
}

/// The tokens of a service.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub(crate) struct Tokens {
    records: Expiring<u64, Token>,
    #[serde(skip)]
    access: HashMap<String, u64>,
    #[serde(skip)]
    refresh: HashMap<String, u64>,
    spent: Expiring<String, u64>,
    next: u64,
}

/// What is saved of the tokens: what the rest follows from.
#[derive(Deserialize)]
struct Saved {
    records: Expiring<u64, Token>,
    spent: Expiring<String, u64>,
    next: u64,
}

impl From<Saved> for Tokens {
    fn from(saved: Saved) -> Self {
        let mut tokens = Self { spent: saved.spent, next: saved.next, ..Self::new() };
        for (number, token) in saved.records.iter() {
            tokens.put(*number, token.clone());
        }
        tokens
    }
}

impl Tokens {
    pub(crate) fn new() -> Self {
        Self {
            records: Expiring::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            spent: Expiring::new(),
            next: 0,
        }
    }

    /// Puts a new token in and returns its number.
    pub(crate) fn insert(&mut self, token: Token) -> u64 {
        self.next += 1;
        self.put(self.next, token);
        self.next
    }

    /// Puts another token in the place of one: its old access token is dead and its old refresh token spent.
    pub(crate) fn replace(&mut self, number: u64, token: Token) {
        if let Some(old) = self.remove(number)
            && let Some(refresh) = old.refresh
            && token.refresh.as_ref() != Some(&refresh)
        {
            self.spent.insert(refresh, old.refresh_expires_at, number);
        }
        self.put(number, token);
    }

    fn put(&mut self, number: u64, token: Token) {
        self.access.insert(token.access.clone(), number);
        if let Some(jwt) = &token.authorized.details.jwt {
            self.access.insert(jwt.clone(), number);
        }
        if let Some(refresh) = &token.refresh {
            self.refresh.insert(refresh.clone(), number);
        }
        if let Some(pushed_out) = self.records.insert(number, token.ends_at(), token) {
            self.forget(&pushed_out);
        }
    }

    /// Removes a token, and with it its refresh token.
    pub(crate) fn remove(&mut self, number: u64) -> Option<Token> {
        let token = self.records.remove(&number)?;
        self.forget(&token);
        Some(token)
    }

    fn forget(&mut self, token: &Token) {
        self.access.remove(&token.access);
        if let Some(jwt) = &token.authorized.details.jwt {
            self.access.remove(jwt);
        }
        if let Some(refresh) = &token.refresh {
            self.refresh.remove(refresh);
        }
    }

    pub(crate) fn by_access(&self, access: &str) -> Option<&Token> {
        self.access.get(access).and_then(|number| self.records.get(number))
    }

    /// What a refresh token stands for.
    pub(crate) fn by_refresh(&self, refresh: &str) -> Option<Refresh> {
        let current = self.refresh.get(refresh).map(|number| Refresh::Current(*number));
        current.or_else(|| self.spent.get(refresh).map(|number| Refresh::Spent(*number)))
    }

    /// The token whose refresh token this is, or was.
    pub(crate) fn of_refresh(&self, refresh: &str) -> Option<&Token> {
        match self.by_refresh(refresh)? {
            Refresh::Current(number) | Refresh::Spent(number) => self.get(number),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Token> {
        self.records.get(&number)
    }

    /// Removes the tokens that a client holds for a subject.
    pub(crate) fn remove_of(&mut self, client_id: u64, subject: &str) {
        self.remove_where(|token| token.client_id == client_id && token.authorized.subject.as_deref() == Some(subject));
    }

    /// Removes every token that fits, and returns how many there were.
    pub(crate) fn remove_where(&mut self, fits: impl Fn(&Token) -> bool) -> usize {
        let removed = self.records.remove_where(|_, token| fits(token));
        for token in &removed {
            self.forget(token);
        }
        removed.len()
    }

    /// Changes every token that fits. A new access or refresh token takes the place of the old one.
    pub(crate) fn change_where(&mut self, fits: impl Fn(&Token) -> bool, change: impl Fn(&mut Token)) {
        let fitting = self.records.iter().filter(|(_, token)| fits(token)).map(|(number, _)| *number);
        for number in fitting.collect::<Vec<_>>() {
            self.change(number, &change);
        }
    }

    /// Changes one token.
    pub(crate) fn change(&mut self, number: u64, change: impl FnOnce(&mut Token)) {
        if let Some(mut token) = self.remove(number) {
            change(&mut token);
            self.put(number, token);
        }
    }

    /// The tokens of a client.
    pub(crate) fn of_client(&self, client_id: u64) -> impl Iterator<Item = &Token> {
        self.records.values().filter(move |token| token.client_id == client_id)
    }

    /// All tokens with their numbers, oldest first.
    pub(crate) fn in_order(&self) -> Vec<(u64, &Token)> {
        let mut tokens: Vec<(u64, &Token)> = self.records.iter().map(|(number, token)| (*number, token)).collect();
        tokens.sort_by_key(|(number, _)| *number);
        tokens
    }

    /// The number of the first token that fits.
    pub(crate) fn number_where(&self, fits: impl Fn(&Token) -> bool) -> Option<u64> {
        self.records.iter().find(|(_, token)| fits(token)).map(|(number, _)| *number)
    }

    /// The number of an access token.
    pub(crate) fn number_by_access(&self, access: &str) -> Option<u64> {
        self.access.get(access).copied()
    }

    /// Removes the tokens of a login session, and says how many there were.
    pub(crate) fn remove_session(&mut self, id: &str) -> usize {
        let belongs = |token: &&Token| token.session.as_ref().is_some_and(|session| session.id == id);
        let found: Vec<String> = self.records.values().filter(belongs).map(|token| token.access.clone()).collect();
        let numbers: Vec<u64> = found.iter().filter_map(|access| self.access.get(access).copied()).collect();
        numbers.into_iter().filter_map(|number| self.remove(number)).count()
    }

    /// A token of a login session, if it still has one that can be used or renewed.
    pub(crate) fn of_session(&self, id: &str, now: u64) -> Option<&Token> {
        let belongs = |token: &&Token| token.session.as_ref().is_some_and(|session| session.id == id);
        self.records.values().filter(belongs).find(|token| token.is_alive(now) || token.is_refreshable(now))
    }

    pub(crate) fn purge(&mut self, now: u64) {
        for token in self.records.purge(now) {
            self.forget(&token);
        }
        self.spent.purge(now);
    }
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED_MILLIS, Refresh, Token, Tokens};

    fn token(access: &str, refresh: Option<&str>) -> Token {
        Token {
            access: access.to_owned(),
            expires_at: 10,
            refresh: refresh.map(str::to_owned),
            refresh_expires_at: 20,
            client_id: 1,
            ..Token::default()
        }
    }

    #[test]
    fn nothing_is_left_of_a_token_that_ended() {
        let mut tokens = Tokens::new();
        let number = tokens.insert(token("a1", Some("r1")));
        tokens.replace(number, token("a2", Some("r2")));
        assert!(tokens.by_access("a1").is_none());
        assert_eq!(tokens.by_refresh("r1"), Some(Refresh::Spent(number)));
        assert_eq!(tokens.by_refresh("r2"), Some(Refresh::Current(number)));
        tokens.purge(20 + REMEMBERED_MILLIS);
        assert_eq!((tokens.access.len(), tokens.refresh.len()), (0, 0));
        assert_eq!((tokens.records.len(), tokens.spent.len()), (0, 0));
    }

    #[test]
    fn a_kept_refresh_token_is_not_spent() {
        let mut tokens = Tokens::new();
        let number = tokens.insert(token("a1", Some("r1")));
        tokens.replace(number, token("a2", Some("r1")));
        assert_eq!(tokens.by_refresh("r1"), Some(Refresh::Current(number)));
        assert_eq!(tokens.spent.len(), 0);
    }
}
