//! `auth_token_create_api` and its form for many tokens at a time.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::generated::GRANT_TYPE;
use crate::oauth::lifetime;
use crate::oauth::{OperationError, access_token, rar};
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::{Body, Request};
use crate::schema;
use crate::state::{Authorized, Batch, Binding, Client, Details, Tenant, Token};
use crate::views;

const CREATED: Code = "A109001";
const REFUSED: Code = "A095201";
const NO_CLIENT: Code = "A095302";
const BATCH: Code = "A442001";
const BATCH_STATUS: Code = "A443001";

/// What became of a batch is known for a day.
const BATCH_MILLIS: u64 = 86_400_000;

/// Why a token is not made.
enum Refusal {
    Api(ApiError),
    /// The action, and what is wrong.
    Call(&'static str, Code, String),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// Why a token cannot have the form that the service gives it.
fn refused(error: OperationError) -> Refusal {
    match error {
        OperationError::Api(error) => Refusal::Api(error),
        OperationError::Client(error) | OperationError::Server(error) => {
            Refusal::Call("INTERNAL_SERVER_ERROR", error.code, error.message)
        }
    }
}

fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::Call("BAD_REQUEST", REFUSED, message.into())
}

/// `auth_token_create_api`.
pub(crate) fn one(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    match token(tenant, &request.body, request.now) {
        Ok(token) => {
            let members = members(tenant, &token, request.now);
            tenant.tokens.insert(token);
            Ok(reply::action("OK", CREATED, "The access token is created.", members))
        }
        Err(Refusal::Call(action, code, message)) => Ok(reply::action(action, code, &message, json!({}))),
        Err(Refusal::Api(error)) => Err(error),
    }
}

/// `auth_token_create_batch_api`: all of them or, when one is wrong, none. It is done when the call returns.
pub(crate) fn batch(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = random::token::<32>()?;
    let made = tokens(tenant, request);
    let token_count = made.as_ref().map_or(0, Vec::len);
    let error = match made {
        Ok(tokens) if request.query("dryRun") == Some("true") => {
            drop(tokens);
            None
        }
        Ok(tokens) => {
            for token in tokens {
                tenant.tokens.insert(token);
            }
            None
        }
        Err(Refusal::Call(_, _, message)) => Some(message),
        Err(Refusal::Api(error)) => return Err(error),
    };
    let record = Batch { created_at: request.now, token_count, error };
    tenant.batches.insert(id.clone(), request.now + BATCH_MILLIS, record);
    Ok(reply::result(BATCH, "The batch is accepted.", json!({"requestId": id})))
}

fn tokens(tenant: &mut Tenant, request: &Request) -> Result<Vec<Token>, Refusal> {
    let mut tokens: Vec<Token> = Vec::new();
    for (at, element) in request.body.elements.iter().enumerate() {
        let Value::Object(members) = element else {
            return Err(ApiError::malformed(format!("Element {at} of the body is not an object.")).into());
        };
        let body = Body { members: members.clone(), elements: Vec::new() };
        let token = token(tenant, &body, request.now).map_err(|refusal| match refusal {
            Refusal::Call(action, code, message) => Refusal::Call(action, code, format!("Element {at}: {message}")),
            other => other,
        })?;
        if tokens.iter().any(|other| clash(other, &token.access, token.refresh.as_deref())) {
            return Err(wrong(format!("Element {at}: Another element has the same token.")));
        }
        tokens.push(token);
    }
    Ok(tokens)
}

fn clash(token: &Token, access: &str, refresh: Option<&str>) -> bool {
    token.access == access || (refresh.is_some() && token.refresh.as_deref() == refresh)
}

/// `auth_token_create_batch_status_api`.
pub(crate) fn batch_status(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = request.path("tokenBatchRequestId");
    let batch = tenant.batches.get(id).ok_or_else(|| ApiError::not_found("There is no such batch."))?;
    let status = json!({
        "batchKind": "CREATE",
        "requestId": id,
        "result": if batch.error.is_some() { "FAILED" } else { "SUCCEEDED" },
        "errorCode": batch.error.as_ref().map(|_| REFUSED),
        "errorDescription": batch.error,
        "tokenCount": batch.token_count,
        "createdAt": batch.created_at,
        "modifiedAt": batch.created_at,
    });
    Ok(reply::result(BATCH_STATUS, "This is what became of the batch.", json!({"status": status})))
}

/// The token that the members ask for; it is not stored yet.
fn token(tenant: &mut Tenant, body: &Body, now: u64) -> Result<Token, Refusal> {
    let given = |name| body.non_empty(name);
    let client = client(tenant, body)?.clone();
    let grant_type = given("grantType")?.ok_or_else(|| wrong("The call has no grantType."))?;
    let grant_type = GRANT_TYPE.iter().copied().find(|known| *known == grant_type);
    let grant_type = grant_type.ok_or_else(|| wrong("There is no such grantType."))?;
    let subject = subject(given("subject")?, grant_type)?;
    let scopes = body.strings("scopes")?.unwrap_or_default();
    if let Some(unknown) = scopes.iter().find(|scope| !schema::has_scope(&tenant.settings, scope)) {
        return Err(wrong(format!("The service does not support the scope {unknown}.")));
    }
    let refreshable = !["IMPLICIT", "CLIENT_CREDENTIALS"].contains(&grant_type)
        && tenant.settings.has("supportedGrantTypes", "REFRESH_TOKEN");
    let access = given("accessToken")?.map_or_else(random::token::<32>, Ok)?;
    let refresh = match refreshable {
        true => Some(given("refreshToken")?.map_or_else(random::token::<32>, Ok)?),
        false => None,
    };
    if tenant.tokens.number_by_access(&access).is_some()
        || refresh.as_ref().is_some_and(|refresh| tenant.tokens.by_refresh(refresh).is_some())
    {
        return Err(wrong("There is a token with this value already."));
    }
    let ends = |name, kind: lifetime::Lifetime| {
        let seconds = body.number(name)?.filter(|seconds| *seconds > 0);
        let seconds = seconds.unwrap_or_else(|| kind.of(&tenant.settings, &client, &scopes));
        Ok::<_, ApiError>(now + 1000 * seconds.min(schema::LONGEST_SECONDS))
    };
    let refresh_expires_at = ends("refreshTokenDuration", lifetime::REFRESH_TOKEN)?;
    let expires_at = match body.flag("accessTokenPersistent")? {
        true => now + 1000 * schema::LONGEST_SECONDS,
        false => ends("accessTokenDuration", lifetime::ACCESS_TOKEN)?,
    };
    let token = Token {
        access,
        expires_at,
        refresh,
        refresh_expires_at,
        client_id: client.id,
        alias_used: body.flag("clientIdAliasUsed")?,
        entity_id_used: Some(named_by(body, "clientEntityIdUsed", &client, "entityId")?),
        metadata_document_used: Some(named_by(body, "metadataDocumentUsed", &client, "metadataDocumentLocation")?),
        grant_type,
        refresh_scopes: scopes.clone(),
        authorized: Authorized {
            subject,
            scopes,
            auth_time: body.number("authTime")?.filter(|seconds| *seconds > 0),
            acr: given("acr")?,
            properties: crate::ops::properties(body)?,
            details: details(body)?,
            ..Authorized::default()
        },
        created_at: now,
        ..Token::default()
    };
    access_token::in_its_form(tenant, &client, token, now).map_err(refused)
}

/// Whether the token is of a request that named the client by this identifier, which the client then has to have.
fn named_by(body: &Body, member: &str, client: &Client, setting: &str) -> Result<bool, Refusal> {
    let used = body.flag(member)?;
    match used && client.settings.string(setting).is_none() {
        true => Err(wrong(format!("{member} is true, but the client has no {setting}."))),
        false => Ok(used),
    }
}

/// What the token is for beyond its scopes, and what it is bound to.
fn details(body: &Body) -> Result<Details, ApiError> {
    let given = |name| body.non_empty(name);
    let resources = body.strings("resources")?.unwrap_or_default();
    let jwt_claims = body.object("jwtAtClaims", ApiError::invalid)?;
    Ok(Details {
        access_resources: resources.clone(),
        resources,
        authorization_details: rar::from_api(body.members.get("authorizationDetails"))?.unwrap_or_default(),
        session_id: given("sessionId")?,
        for_external_attachment: body.flag("forExternalAttachment")?,
        jwt_claims,
        binding: Binding { jkt: given("dpopKeyThumbprint")?, x5t: given("certificateThumbprint")? },
        ..Details::default()
    })
}

fn client<'a>(tenant: &'a Tenant, body: &Body) -> Result<&'a Client, Refusal> {
    let given = |name| Ok::<_, ApiError>(body.string(name)?.filter(|text| !text.is_empty() && text != "0"));
    let identifier = match given("clientId")? {
        Some(id) => Some(id),
        None => given("clientIdentifier")?,
    };
    let identifier = identifier.ok_or_else(|| wrong("The call has no clientId."))?;
    let client = tenant.client(&identifier).map(|(client, _)| client);
    client.ok_or_else(|| Refusal::Call("FORBIDDEN", NO_CLIENT, "The service has no such client.".to_owned()))
}

fn subject(given: Option<String>, grant_type: &str) -> Result<Option<String>, Refusal> {
    match given {
        None if grant_type == "CLIENT_CREDENTIALS" => Ok(None),
        Some(_) if grant_type == "CLIENT_CREDENTIALS" => Err(wrong("A token by client credentials has no subject.")),
        Some(subject) if subject.len() <= 100 && subject.is_ascii() => Ok(Some(subject)),
        _ => Err(wrong("The subject has to have 1 to 100 ASCII characters.")),
    }
}

fn members(tenant: &Tenant, token: &Token, now: u64) -> Value {
    let client = tenant.clients.get(&token.client_id);
    let identifier = match client.and_then(Client::alias) {
        Some(alias) if token.alias_used => Some(alias.to_owned()),
        _ => client.map(Client::identifier),
    };
    json!({
        "accessToken": token.access,
        "refreshToken": token.refresh,
        "jwtAccessToken": token.authorized.details.jwt,
        "tokenType": access_token::kind(tenant, token),
        "expiresIn": token.expires_at.saturating_sub(now) / 1000,
        "expiresAt": token.expires_at,
        "clientId": token.client_id,
        "clientIdentifier": identifier,
        "subject": token.authorized.subject,
        "grantType": token.grant_type,
        "scopes": views::listed(&token.authorized.scopes),
        "refreshTokenScopes": token.refresh.as_ref().map(|_| views::listed(&token.refresh_scopes)),
        "properties": views::listed(&token.authorized.properties),
        "authorizationDetails": rar::to_api(&token.authorized.details.authorization_details),
        "sessionId": token.authorized.details.session_id,
    })
}
