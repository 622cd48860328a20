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

/// What an authorization request does to a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum GrantAction {
    /// Makes one.
    Create,
    /// Adds to one.
    Merge,
    /// Puts what is granted now in the place of all of it.
    Replace,
}

/// The parameters of an authorization request about grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GrantRequest {
    pub(crate) action: GrantAction,
    /// There is one for the actions other than the first.
    pub(crate) id: Option<String>,
}

/// The grants of a service, by id.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Grants(Expiring<String, Grant>);

impl Granted {
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

    /// Does what a request asks for, and returns the grant's id. A grant that has gone in the meantime is made anew.
    pub(crate) fn apply(&mut self, request: &GrantRequest, grant: Grant, now: u64) -> Result<String, ApiError> {
        let known = request.id.as_deref().and_then(|id| self.0.remove(id));
        let id = request.id.clone().map_or_else(random::token::<32>, Ok)?;
        let grant = match known {
            Some(mut known) if request.action == GrantAction::Merge => {
                known.granted.merge(grant.granted);
                known
            }
            _ => grant,
        };
        self.0.insert(id.clone(), now + KEPT_MILLIS, grant);
        Ok(id)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Grant> {
        self.0.get(id)
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
    use super::{Grant, GrantAction, GrantRequest, Granted, GrantedScopes, Grants};

    fn scopes(words: &str) -> Granted {
        let scopes = vec![GrantedScopes { scope: words.to_owned(), resource: Vec::new() }];
        Granted { scopes, ..Granted::default() }
    }

    #[test]
    fn a_grant_grows_and_is_replaced() {
        let mut grants = Grants::new();
        let mut apply = |action, id: Option<&String>, words: &str| {
            let request = GrantRequest { action, id: id.cloned() };
            let grant = Grant { client_id: 1, subject: "john".to_owned(), granted: scopes(words) };
            let id = grants.apply(&request, grant, 0).expect("randomness");
            let granted = grants.get(&id).map(|grant| grant.granted.clone());
            (id, granted)
        };
        let (id, _) = apply(GrantAction::Create, None, "a b");
        assert_eq!(apply(GrantAction::Merge, Some(&id), "b c"), (id.clone(), Some(scopes("a b c"))));
        assert_eq!(apply(GrantAction::Replace, Some(&id), "d"), (id, Some(scopes("d"))));
    }
}
