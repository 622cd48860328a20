//! `auth_token_api`: answers a token request, one file per grant type.

mod binding;
mod ciba;
mod client_credentials;
mod code;
pub(crate) mod deferred;
mod device_code;
mod exchange;
pub(crate) mod grant;
pub(crate) mod id_token_reissue;
mod jwt_bearer;
pub(crate) mod native_sso;
pub(crate) mod password;
mod poll;
mod pre_authorized;
pub(crate) mod push;
mod refresh;

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::oauth::client_auth::{self, Authenticated, Codes};
use crate::oauth::fapi::Profiles;
use crate::oauth::haip;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError, dpop, names};
use crate::reply::{Code, Reply};
use crate::request::Request;
use crate::state::{Authorized, Binding, Client, Lifetimes, Tenant};

const NO_PARAMETERS: Code = "A050201";
const JWT_CLAIMS: Code = "A050205";
const REPEATED: Code = "A050301";
const NO_GRANT_TYPE: Code = "A050302";
const GRANT_TYPE: Code = "A050303";
const CLIENT: Codes = Codes { missing: "A050304", unknown: "A050305", method: "A050306", secret: "A050307" };

/// A token request from a client that is known, with what the authorization server adds to it.
pub(crate) struct TokenRequest<'a> {
    parameters: &'a Parameters,
    client: Authenticated,
    pub(crate) lifetimes: Lifetimes,
    /// The access token, where the call chooses it.
    pub(crate) chosen_token: Option<String>,
    properties: Vec<Value>,
    /// Claims for an access token that is a JWT.
    jwt_claims: Map<String, Value>,
    /// The keys that the client has proven.
    binding: Binding,
    now: u64,
}

impl<'a> TokenRequest<'a> {
    /// The same request for tokens with other lifetimes, where there are any.
    fn lasting(&self, lifetimes: Lifetimes, chosen_token: Option<String>) -> Self {
        Self {
            parameters: self.parameters,
            client: self.client.clone(),
            lifetimes: lifetimes.or(self.lifetimes),
            chosen_token: self.chosen_token.clone().or(chosen_token),
            properties: self.properties.clone(),
            jwt_claims: self.jwt_claims.clone(),
            binding: self.binding.clone(),
            now: self.now,
        }
    }

    /// A request of the authorization server's own, for tokens that a client asked for before.
    pub(crate) fn of_server(parameters: &'a Parameters, client: &Client, alias_used: bool, now: u64) -> Self {
        Self {
            parameters,
            client: Authenticated { client: client.clone(), alias_used, method: "NONE" },
            lifetimes: Lifetimes::default(),
            chosen_token: None,
            properties: Vec::new(),
            jwt_claims: Map::new(),
            binding: Binding::default(),
            now,
        }
    }

    /// What is authorized, with what this request adds to it.
    fn completed(&self, authorized: Authorized) -> Authorized {
        let mut details = authorized.details.bound_to(self.binding.clone());
        details.jwt_claims.extend(self.jwt_claims.clone());
        Authorized { details, ..authorized }
    }
}

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let reply = respond(tenant, request).or_else(|error| error.reply_to_client(&tenant.settings, "INVALID_CLIENT"))?;
    Ok(reply.with("dpopNonce", json!(dpop::nonce(tenant, request)?)))
}

fn respond(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let parameters = Parameters::forwarded(request, NO_PARAMETERS, REPEATED)?;
    let client = match exchange::is_anonymous(tenant, request, &parameters)?
        || pre_authorized::is_anonymous(tenant, request, &parameters)?
    {
        true => Authenticated { client: Client::unidentified(), alias_used: false, method: "NONE" },
        false => client_auth::authenticate(tenant, request, &parameters, CLIENT)?,
    };
    if client.client.is_unidentified() && haip::applies(&tenant.settings, &client.client.settings, &[]) {
        haip::check_method(client.method)?;
    }
    let grant_type = grant_type(tenant, &client, &parameters)?;
    let binding = binding::of(tenant, request, &client.client)?;
    if !client.client.is_unidentified() {
        Profiles::of(&tenant.settings, &client.client.settings).check_binding(&binding)?;
    }
    let token_request = TokenRequest {
        parameters: &parameters,
        client,
        lifetimes: request.body.lifetimes()?,
        chosen_token: request.body.non_empty("accessToken")?,
        properties: super::properties(&request.body)?,
        jwt_claims: jwt_claims(request)?,
        binding,
        now: request.now,
    };
    match grant_type {
        "AUTHORIZATION_CODE" => code::exchange(tenant, &token_request),
        "REFRESH_TOKEN" => refresh::refresh(tenant, &token_request),
        "CLIENT_CREDENTIALS" => client_credentials::issue(tenant, &token_request),
        "PASSWORD" => password::open(tenant, &token_request),
        "DEVICE_CODE" => device_code::exchange(tenant, &token_request),
        "CIBA" => ciba::exchange(tenant, &token_request),
        "TOKEN_EXCHANGE" => exchange::check(tenant, &token_request),
        "PRE_AUTHORIZED_CODE" => pre_authorized::exchange(tenant, &token_request),
        "JWT_BEARER" => jwt_bearer::check(tenant, &token_request),
        other => Err(ApiError::not_implemented(format!("the grant type {other}")).into()),
    }
}

fn grant_type(tenant: &Tenant, client: &Authenticated, parameters: &Parameters) -> Result<&'static str, OAuthError> {
    let Some(given) = parameters.get("grant_type") else {
        return Err(OAuthError::new("invalid_request", NO_GRANT_TYPE, "The request has no grant_type."));
    };
    let known = names::GRANT_TYPES.iter().find(|(value, _)| *value == given).map(|(_, name)| *name);
    // The implicit grant never comes to the token endpoint.
    let known = known.filter(|name| *name != "IMPLICIT");
    let Some(name) = known.filter(|name| tenant.settings.has("supportedGrantTypes", name)) else {
        let message = "The service does not support this grant_type.";
        return Err(OAuthError::new("unsupported_grant_type", GRANT_TYPE, message));
    };
    if !client.client.is_unidentified() && !client.client.settings.has("grantTypes", name) {
        return Err(OAuthError::new("unauthorized_client", GRANT_TYPE, "The client may not use this grant_type."));
    }
    Ok(name)
}

/// Claims for an access token that is a JWT.
pub(crate) fn jwt_claims(request: &Request) -> Result<Map<String, Value>, OperationError> {
    request.body.object("jwtAtClaims", |message| OperationError::server(JWT_CLAIMS, &message))
}
