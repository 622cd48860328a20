//! Claims that a client asks for: one by one (OpenID Connect Core 1.0, section 5.5) or by scopes (section 5.4).

use serde_json::{Map, Value};

use super::CLAIMS;
use crate::error::ApiError;
use crate::oauth::parameters::Parameters;
use crate::oauth::response_type::ResponseType;
use crate::oauth::transformed_claims::{self, DefinitionError};
use crate::oauth::{OAuthError, OperationError};
use crate::state::{Details, Settings};

/// Scopes that stand for claims.
const SCOPES: &[(&str, &[&str])] = &[
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

/// Claims that are answered for in other ways, so nobody has to look up their values.
const OWN: &[&str] = &["sub", "acr", "auth_time"];

/// The value of the parameter `claims`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Requested {
    pub(crate) id_token: Option<Map<String, Value>>,
    pub(crate) userinfo: Option<Map<String, Value>>,
    /// Definitions of transformed claims, by name.
    pub(crate) transformed: Map<String, Value>,
}

impl Requested {
    pub(super) fn parse(parameters: &Parameters) -> Result<Self, OperationError> {
        let refused = |message: &str| OperationError::Client(OAuthError::new("invalid_request", CLAIMS, message));
        let Some(text) = parameters.get("claims") else { return Ok(Self::default()) };
        let mut given: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| refused("The parameter claims is not a JSON object."))?;
        let transformed = match given.remove("transformed_claims") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(definitions)) => definitions,
            Some(_) => return Err(refused("The member transformed_claims of the parameter claims is not an object.")),
        };
        transformed_claims::check(&transformed).map_err(|error| match error {
            DefinitionError::Form => refused(&format!("In the parameter claims, {error}.")),
            DefinitionError::Function(name) => {
                ApiError::not_implemented(format!("the function {name} of transformed claims")).into()
            }
        })?;
        let mut part = |name: &str| match given.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) if members.get("verified_claims").is_some_and(|one| !is_verified(one)) => {
                Err(refused("In the parameter claims, verified_claims has to have verification and claims."))
            }
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(refused("The parameter claims has a member that is not an object.")),
        };
        Ok(Self { id_token: part("id_token")?, userinfo: part("userinfo")?, transformed })
    }

    /// The user that the client expects.
    pub(super) fn subject(&self) -> Option<&str> {
        self.id_token.as_ref()?.get("sub")?.get("value")?.as_str()
    }

    /// The ACRs that are asked for, and whether one of them is essential (section 5.5.1.1).
    pub(super) fn acr(&self) -> (Vec<String>, bool) {
        let Some(acr) = self.id_token.as_ref().and_then(|claims| claims.get("acr")) else { return (Vec::new(), false) };
        let one = acr["value"].as_str();
        let all = acr["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
        (one.into_iter().chain(all).map(str::to_owned).collect(), acr["essential"] == true)
    }

    /// The names of the claims for the ID token, with those that scopes stand for.
    pub(super) fn for_id_token(
        &self,
        service: &Settings,
        scopes: &[String],
        response_type: ResponseType,
    ) -> Vec<String> {
        // Where an access token comes too, strict services leave what scopes ask for to the UserInfo endpoint.
        let elsewhere = service.flag("claimShortcutRestrictive") && (response_type.code || response_type.token);
        names(service, self.id_token.as_ref(), if elsewhere { &[] } else { scopes })
    }

    /// The names of the claims for the UserInfo endpoint, with those that scopes stand for.
    pub(super) fn for_userinfo(&self, service: &Settings, scopes: &[String]) -> Vec<String> {
        names(service, self.userinfo.as_ref(), scopes)
    }
}

/// Whether this is a request for verified claims (OpenID Connect for Identity Assurance 1.0): an object with an object
/// `verification` and an object `claims` that is not empty, or a list of such.
fn is_verified(value: &Value) -> bool {
    let entry = |entry: &Value| {
        entry.get("verification").is_some_and(Value::is_object)
            && entry.get("claims").and_then(Value::as_object).is_some_and(|claims| !claims.is_empty())
    };
    match value {
        Value::Array(entries) => !entries.is_empty() && entries.iter().all(entry),
        value => entry(value),
    }
}

/// What a request that comes without a browser asks for by the parameter `claims` and by scopes, with the rest of it.
pub(crate) fn requested(
    service: &Settings,
    parameters: &Parameters,
    scopes: &[String],
    rest: Details,
) -> Result<Details, OperationError> {
    let requested = Requested::parse(parameters)?;
    let response_type = ResponseType { code: true, ..ResponseType::default() };
    Ok(Details {
        id_token_claims: requested.for_id_token(service, scopes, response_type),
        userinfo_claims: requested.for_userinfo(service, scopes),
        userinfo_request: requested.userinfo,
        id_token_request: requested.id_token,
        transformed_claims: requested.transformed,
        ..rest
    })
}

/// The names of the claims that scopes stand for.
pub(crate) fn of_scopes(service: &Settings, scopes: &[String]) -> Vec<String> {
    names(service, None, scopes)
}

fn names(service: &Settings, asked: Option<&Map<String, Value>>, scopes: &[String]) -> Vec<String> {
    if !scopes.iter().any(|scope| scope == "openid") && asked.is_none() {
        return Vec::new();
    }
    let by_scope = SCOPES.iter().filter(|(scope, _)| scopes.iter().any(|one| one == scope));
    let by_scope = by_scope.flat_map(|(_, claims)| claims.iter().map(|claim| (*claim).to_owned()));
    let mut names: Vec<String> = asked.into_iter().flat_map(|claims| claims.keys().cloned()).collect();
    names.extend(by_scope.filter(|name| asked.is_none_or(|claims| !claims.contains_key(name))));
    let restricted = service.strings("supportedClaims").next().is_some();
    let supported = |name: &str| {
        let plain = name.split('#').next().unwrap_or_default();
        !restricted || service.has("supportedClaims", plain)
    };
    // Transformed claims are computed, and verified ones have a request of their own.
    let special = |name: &str| name.starts_with(':') || name == "verified_claims";
    names.retain(|name| !OWN.contains(&name.as_str()) && !special(name) && supported(name));
    names
}
