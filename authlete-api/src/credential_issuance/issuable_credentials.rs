//! Which credentials an access token stands for.

use std::fmt;

use authlete_core::JsonString;
use authlete_core::wire::BodyError;
use serde_json::{Map, Value};

use super::credential_error::{CredentialError, CredentialErrorCode};
use crate::generated::types::CredentialRequestInfo;

/// The credentials that an access token, or an authorization request, stands for: `issuable_credentials` of introspection and
/// authorization responses, read.
///
/// Authlete leaves it to the issuer to compare what a wallet asks for with what its token was issued for;
/// [`requested`](Self::requested) does that.
///
/// ```
/// use authlete_api::Reply;
/// use authlete_api::actions::{IntrospectionOk, VciSingleParseOk};
/// use authlete_api::credential_issuance::IssuableCredentials;
///
/// /// The id of the configuration of the credential that a wallet asks for and may have.
/// fn configuration(access: &IntrospectionOk, wanted: &VciSingleParseOk) -> Result<String, Reply> {
///     let issuable = IssuableCredentials::read(access.issuable_credentials())?;
///     Ok(issuable.requested(wanted.info())?.configuration_id().to_owned())
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct IssuableCredentials(Vec<IssuableCredential>);

impl IssuableCredentials {
    /// Reads them from a response; absence is none at all.
    ///
    /// # Errors
    /// When it is not an array of objects, which becomes a reply with status 500.
    pub fn read(issuable_credentials: Option<&JsonString>) -> Result<Self, BodyError> {
        let elements: Vec<Map<String, Value>> = issuable_credentials.map_or(Ok(Vec::new()), JsonString::parse)?;
        Ok(Self(elements.into_iter().map(IssuableCredential).collect()))
    }

    /// All of them: for a page that says what the wallet is going to get.
    pub fn iter(&self) -> impl Iterator<Item = &IssuableCredential> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that a parsed request asks for, by `credential_identifier` or `credential_configuration_id`; in the first
    /// implementer's draft, by format and type.
    ///
    /// # Errors
    /// `invalid_credential_request` when the access token does not stand for such a credential.
    pub fn requested(&self, info: Option<&CredentialRequestInfo>) -> Result<&IssuableCredential, CredentialError> {
        let found = info.and_then(|info| self.0.iter().find(|credential| credential.is_requested(info)));
        found.ok_or_else(|| {
            CredentialError::new(CredentialErrorCode::InvalidCredentialRequest)
                .description("The access token was not issued for this credential.")
        })
    }
}

/// Credentials of one configuration that a token stands for: what the issuer's metadata says of the configuration, and what the
/// request or offer said beside.
#[derive(Clone)]
pub struct IssuableCredential(Map<String, Value>);

impl fmt::Debug for IssuableCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The other members are the issuer's own, and may be about the user.
        f.debug_struct("IssuableCredential")
            .field("configuration_id", &self.configuration_id())
            .field("format", &self.format())
            .finish_non_exhaustive()
    }
}

impl IssuableCredential {
    /// The key of the configuration in `credential_configurations_supported`; empty where the draft named none.
    pub fn configuration_id(&self) -> &str {
        self.string("credential_configuration_id").unwrap_or_default()
    }

    /// The names by which the wallet may ask for one of them (OpenID4VCI 1.0 section 6.2); none unless the token response had
    /// some.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        let all = self.0.get("credential_identifiers").and_then(Value::as_array);
        all.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The format, such as `dc+sd-jwt` or `mso_mdoc`.
    pub fn format(&self) -> Option<&str> {
        self.string("format")
    }

    /// The type of an SD-JWT VC.
    pub fn vct(&self) -> Option<&str> {
        self.string("vct")
    }

    /// The type of an mdoc.
    pub fn doctype(&self) -> Option<&str> {
        self.string("doctype")
    }

    /// Any member: of the configuration, or of the element of `authorization_details` that asked for it.
    pub fn get(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }

    fn string(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str()
    }

    fn is_requested(&self, info: &CredentialRequestInfo) -> bool {
        if let Some(identifier) = &info.credential_identifier {
            return self.identifiers().any(|one| one == identifier);
        }
        if let Some(id) = &info.credential_configuration_id {
            return self.configuration_id() == id;
        }
        // The draft: the format and the type, in the details of the request.
        let details: Map<String, Value> =
            info.details.as_ref().and_then(|details| details.parse().ok()).unwrap_or_default();
        let same = |member: &str| details.contains_key(member) && details.get(member) == self.0.get(member);
        let types = ["vct", "doctype", "credential_definition"];
        info.format.is_some() && info.format.as_deref() == self.format() && types.into_iter().any(same)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn issuable() -> IssuableCredentials {
        let json = JsonString::from(json!([
            {"credential_configuration_id": "person", "format": "dc+sd-jwt", "vct": "https://a.example/person"},
            {"credential_configuration_id": "degree", "format": "mso_mdoc", "doctype": "degree",
             "credential_identifiers": ["degree/1", "degree/2"]},
        ]));
        IssuableCredentials::read(Some(&json)).unwrap()
    }

    #[allow(clippy::needless_pass_by_value, reason = "tests write the value in place")]
    fn found(info: CredentialRequestInfo) -> Result<String, CredentialErrorCode> {
        let issuable = issuable();
        let requested = issuable.requested(Some(&info)).map_err(|error| error.code())?;
        Ok(requested.configuration_id().to_owned())
    }

    #[test]
    fn what_is_requested_is_found() {
        let info = CredentialRequestInfo::default;
        let person = CredentialRequestInfo { credential_configuration_id: Some("person".into()), ..info() };
        assert_eq!(found(person), Ok("person".into()));
        let degree = CredentialRequestInfo { credential_identifier: Some("degree/2".into()), ..info() };
        assert_eq!(found(degree), Ok("degree".into()));
        let draft = CredentialRequestInfo {
            format: Some("mso_mdoc".into()),
            details: Some(json!({"doctype": "degree"}).into()),
            ..info()
        };
        assert_eq!(found(draft), Ok("degree".into()));
    }

    #[test]
    fn what_the_token_is_not_for_is_refused() {
        let info = CredentialRequestInfo::default;
        let refused = Err(CredentialErrorCode::InvalidCredentialRequest);
        for request in [
            CredentialRequestInfo { credential_configuration_id: Some("license".into()), ..info() },
            CredentialRequestInfo { credential_identifier: Some("person".into()), ..info() },
            CredentialRequestInfo { format: Some("mso_mdoc".into()), ..info() },
            CredentialRequestInfo {
                format: Some("dc+sd-jwt".into()),
                details: Some(json!({"vct": "other"}).into()),
                ..info()
            },
            CredentialRequestInfo { details: Some(json!({"doctype": "degree"}).into()), ..info() },
            CredentialRequestInfo {
                format: Some("dc+sd-jwt".into()),
                details: Some(json!({"doctype": "degree"}).into()),
                ..info()
            },
            info(),
        ] {
            assert_eq!(found(request), refused);
        }
        let issuable = issuable();
        let [person, degree] = issuable.iter().collect::<Vec<_>>()[..] else { panic!("{issuable:?}") };
        assert!(!issuable.is_empty());
        assert_eq!((person.vct(), person.doctype()), (Some("https://a.example/person"), None));
        assert_eq!((degree.vct(), degree.doctype(), degree.format()), (None, Some("degree"), Some("mso_mdoc")));
        assert_eq!((person.get("format"), person.get("other")), (Some(&json!("dc+sd-jwt")), None));
        assert_eq!(degree.identifiers().collect::<Vec<_>>(), ["degree/1", "degree/2"]);
        assert!(issuable.requested(None).is_err());
        let none = IssuableCredentials::read(None).unwrap();
        assert!(none.is_empty() && none.requested(Some(&info())).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let error = IssuableCredentials::read(Some(&JsonString::from("[1]"))).unwrap_err();
        assert_eq!(authlete_core::actions::Reply::from(error).status(), 500);
    }
}
