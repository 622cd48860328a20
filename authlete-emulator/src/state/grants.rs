//! Grants (Grant Management for OAuth 2.0): what a user lets a client do, under an id that outlives the tokens.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Expiring;
use crate::error::ApiError;
use crate::random;

/// A grant goes this long (about ten years) after its last change, or earlier when there are too many.
const KEPT_MILLIS: u64 = 315_360_000_000;

/// What is granted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Granted {
    pub(crate) scopes: Vec<GrantedScopes>,
    /// The names of claims.
    pub(crate) claims: Vec<String>,
    /// The elements of `authorization_details` (RFC 9396).
    pub(crate) authorization_details: Vec<Value>,
}

/// Scopes, and the resources (RFC 8707) that they are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GrantedScopes {
    /// With spaces between them.
    pub(crate) scope: String,
    pub(crate) resource: Vec<String>,
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) client_id: u64,
    pub(crate) subject: String,
    pub(crate) granted: Granted,
}

/// The grants of a service, by id.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Grants(Expiring<String, Grant>);

impl Granted {
    /// Scopes without resources.
    pub(crate) fn scopes(scopes: &[String]) -> Self {
        let scopes = if scopes.is_empty() {
            Vec::new()
        } else {
            vec![GrantedScopes { scope: scopes.join(" "), resource: Vec::new() }]
        };
        Self { scopes, ..Self::default() }
    }

    /// Adds what is not there yet.
    fn merge(&mut self, more: Self) {
        for scopes in more.scopes {
            match self.scopes.iter_mut().find(|known| known.resource == scopes.resource) {
                None => self.scopes.push(scopes),
                Some(known) => {
                    let mut words: Vec<&str> = known.scope.split(' ').collect();
                    words
                        .extend(scopes.scope.split(' ').filter(|word| !known.scope.split(' ').any(|one| one == *word)));
                    known.scope = words.join(" ");
                }
            }
        }
        add(&mut self.claims, more.claims);
        add(&mut self.authorization_details, more.authorization_details);
    }
}

fn add<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

impl Grants {
    pub(crate) fn new() -> Self {
        Self(Expiring::new())
    }

    /// Makes a grant and returns its id: `grant_management_action=create`.
    pub(crate) fn create(
        &mut self,
        client_id: u64,
        subject: &str,
        granted: Granted,
        now: u64,
    ) -> Result<String, ApiError> {
        let id = random::token::<32>()?;
        let grant = Grant { client_id, subject: subject.to_owned(), granted };
        self.0.insert(id.clone(), now + KEPT_MILLIS, grant);
        Ok(id)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Grant> {
        self.0.get(id)
    }

    /// Adds to a grant: `grant_management_action=merge`. Whether there is such a grant.
    pub(crate) fn merge(&mut self, id: &str, granted: Granted, now: u64) -> bool {
        self.change(id, now, |grant| grant.granted.merge(granted))
    }

    /// Puts this in the place of all that was granted: `grant_management_action=replace`. Whether there is such a grant.
    pub(crate) fn replace(&mut self, id: &str, granted: Granted, now: u64) -> bool {
        self.change(id, now, |grant| grant.granted = granted)
    }

    fn change(&mut self, id: &str, now: u64, change: impl FnOnce(&mut Grant)) -> bool {
        let Some(mut grant) = self.0.remove(id) else { return false };
        change(&mut grant);
        self.0.insert(id.to_owned(), now + KEPT_MILLIS, grant);
        true
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// Removes what was granted to a client.
    pub(crate) fn remove_of(&mut self, client_id: u64) {
        self.0.remove_where(|_, grant| grant.client_id == client_id);
    }
}

#[cfg(test)]
mod tests {
    use super::{Granted, Grants};

    fn scopes(words: &str) -> Granted {
        Granted::scopes(&words.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_grant_grows_and_is_replaced() {
        let mut grants = Grants::new();
        let id = grants.create(1, "john", scopes("a b"), 0).expect("randomness");
        assert!(grants.merge(&id, scopes("b c"), 1));
        assert_eq!(grants.get(&id).map(|grant| grant.granted.clone()), Some(scopes("a b c")));
        assert!(grants.replace(&id, scopes("d"), 2));
        assert_eq!(grants.get(&id).map(|grant| grant.granted.clone()), Some(scopes("d")));
        grants.remove(&id);
        assert!(!grants.merge(&id, scopes("a"), 3));
    }
}
