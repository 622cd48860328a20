//! What is kept for the issuance of credentials: offers, and requests that wait for their credentials.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Expiring;
use crate::jose::Jwk;
use crate::vci::encryption::Parameters;

/// A nonce for key proofs that belongs to an access token, as OpenID4VCI had it before 1.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CNonce {
    pub(crate) value: String,
    /// Milliseconds since 1970.
    pub(crate) expires_at: u64,
}

/// An offer of credentials to a user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Offer {
    /// The credential configurations that it is about.
    pub(crate) configuration_ids: Vec<String>,
    pub(crate) subject: String,
    /// What the wallet hands on in an authorization request.
    pub(crate) issuer_state: Option<String>,
    pub(crate) pre_authorized_code: Option<String>,
    /// What the user has to type in, if anything.
    pub(crate) tx_code: Option<String>,
    /// How many wrong values of it there have been.
    pub(crate) failures: u32,
    /// What the response said of the offer.
    pub(crate) info: Map<String, Value>,
    /// For the access token.
    pub(crate) properties: Vec<Value>,
    pub(crate) jwt_claims: Map<String, Value>,
    pub(crate) auth_time: Option<u64>,
    pub(crate) acr: Option<String>,
    /// Milliseconds since 1970.
    pub(crate) expires_at: u64,
}

/// Offers, found by their identifiers and by the codes in them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub(crate) struct Offers {
    records: Expiring<String, Offer>,
    #[serde(skip)]
    by_issuer_state: HashMap<String, String>,
    #[serde(skip)]
    by_code: HashMap<String, String>,
}

/// What is saved of the offers: what the rest follows from.
#[derive(Deserialize)]
struct Saved {
    records: Expiring<String, Offer>,
}

impl From<Saved> for Offers {
    fn from(saved: Saved) -> Self {
        let mut offers = Self::new();
        for (identifier, offer) in saved.records.iter() {
            offers.insert(identifier.clone(), offer.clone());
        }
        offers
    }
}

impl Offers {
    pub(crate) fn new() -> Self {
        Self { records: Expiring::new(), by_issuer_state: HashMap::new(), by_code: HashMap::new() }
    }

    pub(crate) fn insert(&mut self, identifier: String, offer: Offer) {
        if let Some(state) = &offer.issuer_state {
            self.by_issuer_state.insert(state.clone(), identifier.clone());
        }
        if let Some(code) = &offer.pre_authorized_code {
            self.by_code.insert(code.clone(), identifier.clone());
        }
        if let Some(pushed_out) = self.records.insert(identifier, offer.expires_at, offer) {
            self.forget(&pushed_out);
        }
    }

    fn forget(&mut self, offer: &Offer) {
        if let Some(state) = &offer.issuer_state {
            self.by_issuer_state.remove(state);
        }
        if let Some(code) = &offer.pre_authorized_code {
            self.by_code.remove(code);
        }
    }

    pub(crate) fn get(&self, identifier: &str) -> Option<&Offer> {
        self.records.get(identifier)
    }

    /// The offer whose `issuer_state` this is.
    pub(crate) fn of_issuer_state(&self, state: &str) -> Option<&Offer> {
        self.by_issuer_state.get(state).and_then(|identifier| self.records.get(identifier))
    }

    /// The offer whose pre-authorized code this is, as long as the code is good.
    pub(crate) fn of_code(&mut self, code: &str) -> Option<&mut Offer> {
        self.by_code.get(code).and_then(|identifier| self.records.get_mut(identifier))
    }

    /// Ends a pre-authorized code. The rest of the offer stays.
    pub(crate) fn end_code(&mut self, code: &str) {
        let identifier = self.by_code.remove(code);
        if let Some(offer) = identifier.and_then(|identifier| self.records.get_mut(&identifier)) {
            offer.pre_authorized_code = None;
        }
    }

    pub(crate) fn purge(&mut self, now: u64) {
        for offer in self.records.purge(now) {
            self.forget(&offer);
        }
    }
}

/// A credential request that has been parsed and waits for its credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CredentialRequest {
    /// The number of the access token.
    pub(crate) token: u64,
    pub(crate) client_id: u64,
    pub(crate) subject: Option<String>,
    pub(crate) configuration_id: String,
    pub(crate) credential_identifier: Option<String>,
    /// As the wallet wrote it, which it does under the draft alone.
    pub(crate) format: Option<String>,
    /// The keys that the wallet has proven, one for each credential.
    pub(crate) keys: Vec<Jwk>,
    pub(crate) encryption: Option<Parameters>,
    /// What else the request says.
    pub(crate) details: Map<String, Value>,
    /// Whether the wallet has a transaction ID, and comes again for the credential.
    pub(crate) deferred: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::{Offer, Offers};

    fn offer(expires_at: u64) -> Offer {
        Offer {
            configuration_ids: Vec::new(),
            subject: "john".to_owned(),
            issuer_state: Some(format!("state {expires_at}")),
            pre_authorized_code: Some(format!("code {expires_at}")),
            tx_code: None,
            failures: 0,
            info: Map::new(),
            properties: Vec::new(),
            jwt_claims: Map::new(),
            auth_time: None,
            acr: None,
            expires_at,
        }
    }

    #[test]
    fn nothing_is_left_of_an_offer_that_ended() {
        let mut offers = Offers::new();
        offers.insert("a".to_owned(), offer(10));
        offers.insert("b".to_owned(), offer(20));
        assert!(offers.of_code("code 10").is_some() && offers.of_issuer_state("state 20").is_some());
        offers.end_code("code 10");
        assert!(offers.of_code("code 10").is_none() && offers.get("a").is_some());
        offers.purge(20);
        assert_eq!((offers.records.len(), offers.by_code.len(), offers.by_issuer_state.len()), (0, 0, 0));
    }
}
