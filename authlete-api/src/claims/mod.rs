//! The values of a user's claims, collected as a request asks for them.
//!
//! Steps name the claims that the client wants and the languages that the user prefers. Their `collect_claims` asks a closure
//! for each value, and returns what the calls that issue take as `claims`:
//!
//! ```no_run
//! use authlete_api::actions::AuthorizationInteraction;
//! use authlete_api::{AuthleteService, Reply};
//! use serde_json::{Value, json};
//!
//! struct User {
//!     subject: String,
//!     name: String,
//!     name_in_japanese: Option<String>,
//! }
//!
//! impl User {
//!     fn claim(&self, name: &str, language: Option<&str>) -> Option<Value> {
//!         match (name, language) {
//!             ("name", Some("ja")) => self.name_in_japanese.as_deref().map(Value::from),
//!             ("name", None) => Some(json!(self.name)),
//!             _ => None,
//!         }
//!     }
//! }
//!
//! async fn issue(service: &AuthleteService, step: AuthorizationInteraction, user: &User) -> Result<Reply, Reply> {
//!     let claims = step.collect_claims(|name, language| user.claim(name, language));
//!     Ok(step.issue(&user.subject).claims(&claims)?.send(service).await?.into_reply())
//! }
//! ```
//!
//! Claims with proof of how they were verified (OpenID Connect for Identity Assurance) are [`VerifiedClaims`].

mod verified;

use serde_json::{Map, Value};

use crate::generated::actions::{
    AuthorizationInteraction, AuthorizationNoInteraction, BackchannelAuthenticationUserIdentification,
    DeviceVerificationValid, TokenIdTokenReissuable, TokenNativeSso, UserInfoOk,
};
use crate::language;

pub use verified::VerifiedClaims;

/// The claims that a scope of OpenID Connect stands for (OpenID Connect Core 1.0, 5.4); none for other scopes.
///
/// Authlete names them in responses itself. A consent page shows the scope in their place, and a server that narrows the scopes
/// leaves them out.
///
/// ```
/// use authlete_api::claims;
///
/// assert_eq!(claims::of_scope("email"), ["email", "email_verified"]);
/// assert_eq!(claims::scope_of("birthdate#ja"), Some("profile"));
/// ```
pub fn of_scope(scope: &str) -> &'static [&'static str] {
    SCOPES.iter().find(|(name, _)| *name == scope).map(|(_, claims)| *claims).unwrap_or_default()
}

/// The scope of OpenID Connect that stands for a claim, whose name may have a language tag: the counterpart of [`of_scope`].
pub fn scope_of(claim: &str) -> Option<&'static str> {
    let name = claim.split('#').next().unwrap_or_default();
    SCOPES.iter().find(|(_, claims)| claims.contains(&name)).map(|(scope, _)| *scope)
}

/// `sub` comes with `openid` (OpenID Connect Core 1.0, 2 and 5.3.2).
const SCOPES: [(&str, &[&str]); 5] = [
    ("openid", &["sub"]),
    (
        "profile",
        &[
            "birthdate",
            "family_name",
            "gender",
            "given_name",
            "locale",
            "middle_name",
            "name",
            "nickname",
            "picture",
            "preferred_username",
            "profile",
            "updated_at",
            "website",
            "zoneinfo",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// The values of the named claims, by name, as far as there are any.
///
/// The closure gets the name of a claim and a language tag (RFC 5646), and returns the value in that language, or `None` to be
/// asked in another way. Tags come as the client wrote them; compare them without regard to case.
///
/// - `name#ja` asks for one language: the closure gets `name` and `ja`, and the value keeps the name `name#ja`.
/// - `name` asks for the best one: the closure gets `name` with each of the preferred languages in turn, in their shorter
///   forms too (`ja` after `ja-JP`, RFC 4647 3.4), and at last without a language. The value is under `name`, as OpenID
///   Connect Core 1.0, 5.2 recommends.
///
/// A value of `null` or of an empty string counts as none (OpenID Connect Core 1.0, 5.3.2).
///
/// ```
/// use authlete_api::claims;
/// use serde_json::json;
///
/// let names = ["name", "family_name#en", "email"];
/// let claims = claims::collect(names, &["ja-JP".to_owned()], |name, language| match (name, language) {
///     ("name", Some("ja")) => Some(json!("エイダ")),
///     ("family_name", Some("en")) => Some(json!("Lovelace")),
///     ("email", None) => Some(json!("ada@example.com")),
///     _ => None,
/// });
/// let expected = json!({"name": "エイダ", "family_name#en": "Lovelace", "email": "ada@example.com"});
/// assert_eq!(serde_json::Value::Object(claims), expected);
/// ```
pub fn collect<N: AsRef<str>>(
    names: impl IntoIterator<Item = N>,
    locales: &[String],
    mut value: impl FnMut(&str, Option<&str>) -> Option<Value>,
) -> Map<String, Value> {
    let mut value = |name: &str, language: Option<&str>| {
        value(name, language).filter(|value| !value.is_null() && value.as_str() != Some(""))
    };
    let mut claims = Map::new();
    for claim in names {
        let claim = claim.as_ref();
        let (name, tag) = claim.split_once('#').map_or((claim, ""), |(name, tag)| (name, tag));
        let found = match tag {
            "" => {
                let mut languages = locales.iter().flat_map(|locale| language::shortened(locale));
                languages.find_map(|language| value(name, Some(language))).or_else(|| value(name, None))
            }
            tag => value(name, Some(tag)),
        };
        if let Some(found) = found {
            let key = if tag.is_empty() { name } else { claim };
            claims.insert(key.to_owned(), found);
        }
    }
    claims
}

macro_rules! collecting {
    ($($step:ident: $names:ident, $locales:ident;)*) => {
        $(
            impl $step {
                #[doc = concat!("The values of the claims that [`", stringify!($names), "`](Self::", stringify!($names), ") names,")]
                /// for what the step issues: [`claims::collect`](crate::claims::collect) with the languages that the user
                /// prefers, as far as the step knows them. Leave out what the user did not agree to.
                pub fn collect_claims(&self, value: impl FnMut(&str, Option<&str>) -> Option<Value>) -> Map<String, Value> {
                    collect(self.$names(), locales!(self, $locales), value)
                }
            }
        )*
    };
}

macro_rules! locales {
    ($step:expr, none) => {
        &[]
    };
    ($step:expr, $locales:ident) => {
        $step.$locales()
    };
}

collecting! {
    AuthorizationInteraction: claims, claims_locales;
    AuthorizationNoInteraction: claims, claims_locales;
    DeviceVerificationValid: claim_names, none;
    BackchannelAuthenticationUserIdentification: claim_names, none;
    TokenIdTokenReissuable: requested_id_token_claims, none;
    TokenNativeSso: requested_id_token_claims, none;
}

impl UserInfoOk {
    /// The values of the claims for the userinfo response: [`claims::collect`](crate::claims::collect) of those that
    /// [`claims`](Self::claims) names and that the user consented to, where [`consented_claims`](Self::consented_claims)
    /// says so. Where it names none, nothing is known of the consent, and all are collected.
    pub fn collect_claims(&self, value: impl FnMut(&str, Option<&str>) -> Option<Value>) -> Map<String, Value> {
        let consented = self.consented_claims();
        let names = self.claims().iter().filter(|name| consented.is_empty() || consented.contains(name));
        collect(names, &[], value)
    }
}

macro_rules! transforming {
    ($($step:ident: $requested:ident, $locales:ident;)*) => {
        $(
            impl $step {
                /// The values that transformed claims are computed from, for `claims_for_tx` of what the step issues:
                /// [`claims::collect`](crate::claims::collect) of
                /// [`requested_claims_for_tx`](Self::requested_claims_for_tx).
                pub fn collect_claims_for_tx(
                    &self,
                    value: impl FnMut(&str, Option<&str>) -> Option<Value>,
                ) -> Map<String, Value> {
                    collect(self.requested_claims_for_tx(), locales!(self, $locales), value)
                }

                #[doc = concat!("The verified claims that [`", stringify!($requested), "`](Self::", stringify!($requested), ")")]
                /// asks for, from those that the server has of the user: see
                /// [`VerifiedClaims::select`](crate::claims::VerifiedClaims::select).
                pub fn select_verified_claims(&self, known: &[Value], now: std::time::SystemTime) -> VerifiedClaims {
                    let for_tx = self.requested_verified_claims_for_tx();
                    match self.$requested() {
                        Some(requested) => VerifiedClaims::select(requested, for_tx, known, now),
                        None => VerifiedClaims::default(),
                    }
                }
            }
        )*
    };
}

transforming! {
    AuthorizationInteraction: id_token_claims, claims_locales;
    AuthorizationNoInteraction: id_token_claims, claims_locales;
    UserInfoOk: user_info_claims, none;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_stand_for_claims_and_claims_come_with_scopes() {
        assert_eq!(of_scope("email"), ["email", "email_verified"]);
        assert_eq!(of_scope("openid"), ["sub"]);
        assert!(of_scope("payments").is_empty());
        assert_eq!(
            (scope_of("birthdate#ja"), scope_of("sub"), scope_of("iban")),
            (Some("profile"), Some("openid"), None)
        );
    }
}
