//! The order for an SD-JWT VC.

use std::fmt;
use std::time::Duration;

use authlete_core::error::Error;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::order_options::{OrderOptions, Validity};
use crate::generated::types::CredentialIssuanceOrder;

/// Claims that Authlete never hides: a verifier sees them whatever the holder discloses.
const ALWAYS_DISCLOSED: [&str; 8] = ["iss", "iat", "nbf", "exp", "cnf", "vct", "type", "status"];

/// Claims that are not the caller's to set: Authlete adds the issuer and the key, and `vct` is given once.
const NOT_CLAIMS: [&str; 3] = ["iss", "cnf", "vct"];

/// Names that SD-JWT itself uses, at every level (RFC 9901 section 4.1).
const OF_SD_JWT: [&str; 3] = ["_sd", "_sd_alg", "..."];

/// What a credential in the format `dc+sd-jwt` says, to order it from Authlete.
///
/// Authlete adds issuer, dates, and the key from the wallet's proof. Every claim becomes selectively disclosable: the holder
/// decides for each presentation whether a verifier sees it. Of a claim that is an object the members are hidden one by
/// one, and its name is not. What is always seen, whatever the holder decides, is told by
/// [`is_selectively_disclosable`](Self::is_selectively_disclosable).
///
/// ```
/// use std::time::Duration;
///
/// use authlete_api::actions::VciSingleParseOk;
/// use authlete_api::credential_issuance::SdJwtVc;
/// use authlete_api::{AuthleteService, Reply};
/// use serde_json::json;
///
/// async fn issue(service: &AuthleteService, wanted: VciSingleParseOk, token: String) -> Result<Reply, Reply> {
///     let order = SdJwtVc::new("https://issuer.example.com/identity")
///         .claim("given_name", "Ada")
///         .claim("address", json!({"locality": "London", "country": "GB"}))
///         .claim("nationalities", ["GB"].as_slice())
///         .valid_for(Duration::from_secs(90 * 24 * 3600))
///         .into_order()?;
///     Ok(wanted.issue(token, order).send(service).await?.into_reply())
/// }
/// ```
#[derive(Clone)]
#[must_use = "it becomes an order with `into_order`"]
pub struct SdJwtVc {
    vct: String,
    claims: Map<String, Value>,
    options: OrderOptions,
}

impl SdJwtVc {
    /// A credential of this type: the `vct` of the credential configuration.
    pub fn new(vct: impl Into<String>) -> Self {
        Self { vct: vct.into(), claims: Map::new(), options: OrderOptions::default() }
    }

    /// A claim with its value: a string, number, flag, array or object. A second value for a name takes the place of the
    /// first.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The members of a struct or map as claims.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the value cannot be written as a JSON object.
    pub fn claims(mut self, claims: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        // What the serializer says may show the value.
        match serde_json::to_value(claims) {
            Ok(Value::Object(claims)) => self.claims.extend(claims),
            _ => return Err(Error::configuration("the claims cannot be written as a JSON object")),
        }
        Ok(self)
    }

    /// Whom the credential is about, as `sub`. The holder may hide it, too.
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.claim("sub", subject.into())
    }

    /// Where a verifier looks up whether the credential was revoked: an entry of a Token Status List, as `status`. Authlete
    /// signs the reference; the list is the issuer's to publish.
    pub fn status_list(self, uri: impl Into<String>, index: u64) -> Self {
        self.claim("status", json!({"status_list": {"idx": index, "uri": uri.into()}}))
    }

    /// For how long the credential is valid, in whole seconds; the service's `credential_duration` unless set.
    pub fn valid_for(mut self, duration: Duration) -> Self {
        self.options.validity = Validity::For(duration);
        self
    }

    /// Makes a credential without `exp`, whatever the service's `credential_duration` is.
    pub fn without_expiry(mut self) -> Self {
        self.options.validity = Validity::Unlimited;
        self
    }

    /// The `kid` of the key in the service's `credential_jwks` that signs; Authlete chooses one unless set.
    pub fn signing_key(mut self, key_id: impl Into<String>) -> Self {
        self.options.signing_key = Some(key_id.into());
        self
    }

    /// Whether the holder of a credential can withhold the claim with this name. Authlete always discloses `iss`, `iat`, `nbf`,
    /// `exp`, `cnf`, `vct`, `type` and `status`.
    pub fn is_selectively_disclosable(claim: &str) -> bool {
        !ALWAYS_DISCLOSED.contains(&claim)
    }

    /// The order, for `issue` of a parsed request.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the type is empty; when a claim has a name that is not the caller's to set (`iss`, `cnf`,
    /// `vct`) or that SD-JWT uses itself (`_sd`, `_sd_alg`, `...`, RFC 9901 section 4.1); when the duration is below a second.
    pub fn into_order(self) -> Result<CredentialIssuanceOrder, Error> {
        if self.vct.is_empty() {
            return Err(Error::configuration("an SD-JWT VC needs a type (`vct`)"));
        }
        if let Some(name) = self.claims.keys().find(|name| NOT_CLAIMS.contains(&name.as_str())) {
            return Err(Error::configuration(format!(
                "`{name}` cannot be set as a claim: Authlete adds issuer and key, and the type is given to `SdJwtVc::new`"
            )));
        }
        let Self { vct, claims, options } = self;
        let mut payload = Value::Object(claims);
        if let Some(name) = used_by_sd_jwt(&payload) {
            return Err(Error::configuration(format!("no claim can be called `{name}`: SD-JWT uses that name itself")));
        }
        payload["vct"] = vct.into();
        options.order(payload)
    }
}

/// A name of SD-JWT's in a value, if there is one.
fn used_by_sd_jwt(value: &Value) -> Option<&'static str> {
    match value {
        Value::Object(members) => OF_SD_JWT
            .into_iter()
            .find(|name| members.contains_key(*name))
            .or_else(|| members.values().find_map(used_by_sd_jwt)),
        Value::Array(elements) => elements.iter().find_map(used_by_sd_jwt),
        _ => None,
    }
}

/// The names of the claims; their values are personal.
impl fmt::Debug for SdJwtVc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdJwtVc")
            .field("vct", &self.vct)
            .field("claims", &self.claims.keys().collect::<Vec<_>>())
            .field("options", &self.options)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "https://issuer.example.com/identity";

    fn payload(order: &CredentialIssuanceOrder) -> Value {
        order.credential_payload.as_ref().expect("a payload").parse().expect("JSON")
    }

    #[test]
    fn claims_stand_beside_the_type() {
        let order = SdJwtVc::new(TYPE)
            .subject("1001")
            .claim("given_name", "A")
            .claim("given_name", "Ada")
            .claims(&json!({"age": 36, "address": {"country": "GB"}}))
            .unwrap()
            .status_list("https://issuer.example.com/status/1", 7)
            .into_order()
            .unwrap();
        assert_eq!(
            payload(&order),
            json!({
                "vct": TYPE,
                "sub": "1001",
                "given_name": "Ada",
                "age": 36,
                "address": {"country": "GB"},
                "status": {"status_list": {"idx": 7, "uri": "https://issuer.example.com/status/1"}},
            })
        );
        assert_eq!((order.credential_duration, order.signing_key_id, order.issuance_deferred), (None, None, None));
    }

    #[test]
    fn durations_and_keys_are_part_of_the_order() {
        let order =
            SdJwtVc::new(TYPE).valid_for(Duration::from_millis(3_600_900)).signing_key("k1").into_order().unwrap();
        assert_eq!((order.credential_duration, order.signing_key_id.as_deref()), (Some(3600), Some("k1")));
        assert_eq!(SdJwtVc::new(TYPE).without_expiry().into_order().unwrap().credential_duration, Some(-1));
        let error = SdJwtVc::new(TYPE).valid_for(Duration::from_millis(900)).into_order().unwrap_err();
        assert!(error.to_string().contains("a second at least"), "{error}");
    }

    #[test]
    fn names_that_others_use_are_refused() {
        for name in ["iss", "cnf", "vct", "_sd", "_sd_alg", "..."] {
            let error = SdJwtVc::new(TYPE).claim(name, "s3cret").into_order().unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}`")) && !error.contains("s3cret"), "{error}");
        }
        let nested = SdJwtVc::new(TYPE).claim("a", json!([{"b": {"...": "x"}}])).into_order().unwrap_err();
        assert!(nested.to_string().contains("`...`"), "{nested}");
        assert!(SdJwtVc::new("").into_order().is_err());
        assert!(SdJwtVc::new(TYPE).claims(&["no object"]).is_err());
    }

    #[test]
    fn what_is_always_seen_is_known() {
        assert!(SdJwtVc::is_selectively_disclosable("given_name") && SdJwtVc::is_selectively_disclosable("sub"));
        assert!(!SdJwtVc::is_selectively_disclosable("status") && !SdJwtVc::is_selectively_disclosable("vct"));
    }

    #[test]
    fn nothing_shows_what_the_claims_say() {
        let shown = format!("{:?}", SdJwtVc::new(TYPE).claim("given_name", "s3cret"));
        assert!(shown.contains("given_name") && !shown.contains("s3cret"), "{shown}");
    }
}
