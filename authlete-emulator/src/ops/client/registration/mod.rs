//! Dynamic client registration (RFC 7591) and its management (RFC 7592).

mod metadata;

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::fetch::{Kind, Wanted};
use crate::jose::{self, Jwt};
use crate::oauth::{OAuthError, OperationError, jwt, redirect_uri};
use crate::random;
use crate::registry::clients::{self, Fixed};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Client, Settings, Tenant};

const CREATED: Code = "A202001";
const FOUND: Code = "A217001";
const UPDATED: Code = "A213001";
const DELETED: Code = "A216001";
const NO_JSON: Code = "A212201";
const NOT_SUPPORTED: Code = "A212301";
const NOT_JSON: Code = "A212302";
const METADATA: Code = "A212303";
const REDIRECT_URIS: Code = "A212304";
const SOFTWARE_ID: Code = "A212305";
const TOKEN: Code = "A212306";
const STATEMENT: Code = "A212307";

/// Members that are the server's to say (RFC 7592, section 2.2).
const SERVERS: &[&str] = &["registration_access_token", "client_secret_expires_at", "client_id_issued_at"];

/// `client_registration_api`.
pub(crate) fn register(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let result = create(tenant, request);
    result.or_else(|error| error.reply(&tenant.settings, "BAD_REQUEST"))
}

/// `client_registration_get_api`.
pub(crate) fn get(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    managed(tenant, request, |tenant, request, id, token| {
        let client = tenant.known_client(id)?.clone();
        Ok(respond("OK", FOUND, tenant, &client, token, request))
    })
}

/// `client_registration_update_api`.
pub(crate) fn update(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    managed(tenant, request, |tenant, request, id, token| {
        let given = document(request)?;
        let client = tenant.known_client(id)?.clone();
        check_update(tenant, &client, &given)?;
        let given = with_statement(tenant, given, request.now)?;
        let mut settings = client.settings;
        fill(tenant, &given, &mut settings)?;
        let client = clients::replace(tenant, id, settings, request.now).map_err(as_metadata)?.clone();
        Ok(respond("UPDATED", UPDATED, tenant, &client, token, request))
    })
}

/// `client_registration_delete_api`.
pub(crate) fn delete(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    managed(tenant, request, |tenant, _, id, _| {
        clients::remove(tenant, id);
        Ok(reply::action("DELETED", DELETED, "The client is deleted.", json!({})))
    })
}

fn refused(code: Code, message: impl Into<String>) -> OAuthError {
    OAuthError::new("invalid_client_metadata", code, message)
}

/// What a setting cannot be is the registering client's mistake here.
fn as_metadata(error: ApiError) -> OperationError {
    if error.status == 400 { refused(METADATA, error.message).into() } else { error.into() }
}

fn supported(tenant: &Tenant) -> Result<(), OAuthError> {
    if tenant.settings.flag("dynamicRegistrationSupported") {
        return Ok(());
    }
    let message = "The service does not support dynamic client registration.";
    Err(OAuthError::new("invalid_request", NOT_SUPPORTED, message))
}

/// The client metadata of the call.
fn document(request: &Request) -> Result<Map<String, Value>, OperationError> {
    let Some(text) = request.body.string("json")? else {
        return Err(OperationError::server(NO_JSON, "The call has no json member."));
    };
    let document = serde_json::from_str(&text).map_err(|_| refused(NOT_JSON, "The metadata is not a JSON object."))?;
    Ok(document)
}

fn create(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    supported(tenant)?;
    let given = document(request)?;
    let given = with_statement(tenant, given, request.now)?;
    let mut settings = Settings(Map::new());
    fill(tenant, &given, &mut settings)?;
    let token = random::token::<32>()?;
    let developer = format!("authlete_{}", tenant.id);
    let id = clients::add(tenant, settings, Fixed::default(), request.now).map_err(as_metadata)?.id;
    let client = tenant.known_client(id)?;
    client.settings.set("dynamicallyRegistered", json!(true));
    client.settings.set("clientSource", json!("DYNAMIC_REGISTRATION"));
    client.settings.set("developer", json!(developer));
    client.settings.set("registrationAccessTokenHash", json!(jose::sha256(&token)));
    let client = client.clone();
    Ok(respond("CREATED", CREATED, tenant, &client, &token, request))
}

/// Finds the client that a registration access token is for, and acts on it.
fn managed(
    tenant: &mut Tenant,
    request: &Request,
    act: impl FnOnce(&mut Tenant, &Request, u64, &str) -> Result<Reply, OperationError>,
) -> Result<Reply, ApiError> {
    let token = request.body.string("token")?.unwrap_or_default();
    let identifier = request.body.string("clientId")?.unwrap_or_default();
    let result = supported(tenant).map_err(OperationError::from).and_then(|()| {
        let found = tenant.client(&identifier).map(|(client, _)| client).filter(|client| {
            let known = client.settings.string("registrationAccessTokenHash");
            known.is_some_and(|known| random::same(known, &jose::sha256(&token)))
        });
        match found.map(|client| client.id) {
            Some(id) => act(tenant, request, id, &token),
            None => {
                let message = "The registration access token is not this client's, or there is no such client.";
                Err(OAuthError::new("invalid_token", TOKEN, message).into())
            }
        }
    });
    result.or_else(|error| {
        let by_token = matches!(&error, OperationError::Client(error) if error.error == "invalid_token");
        let unauthorized = by_token && tenant.settings.flag("unauthorizedOnClientConfigSupported");
        error.reply(&tenant.settings, if unauthorized { "UNAUTHORIZED" } else { "BAD_REQUEST" })
    })
}

/// RFC 7592, section 2.2: the client says which one it is, and does not say what the server decides.
fn check_update(tenant: &Tenant, client: &Client, given: &Map<String, Value>) -> Result<(), OAuthError> {
    if let Some(name) = SERVERS.iter().find(|name| given.contains_key(**name)) {
        return Err(refused(METADATA, format!("{name} cannot be updated.")));
    }
    // A client should leave this one out too, but what it repeats does no harm; upstream's own example repeats it.
    let uri = given.get("registration_client_uri");
    if uri.is_some() && uri.and_then(Value::as_str) != client_uri(tenant, client).as_deref() {
        return Err(refused(METADATA, "registration_client_uri cannot be updated."));
    }
    let id = given.get("client_id").and_then(Value::as_str);
    if id != Some(client.id.to_string().as_str()) && (id.is_none() || id != client.alias()) {
        return Err(refused(METADATA, "The client_id is missing, or another client's."));
    }
    match given.get("client_secret") {
        Some(secret) if Some(secret) != client.settings.0.get("clientSecret") => {
            Err(refused(METADATA, "The client_secret is not the client's."))
        }
        _ => Ok(()),
    }
}

/// The metadata with that of its software statement, which takes precedence (RFC 7591, section 2.3). Only statements that
/// the service itself has signed are approved: whom else it trusts, none of its settings says.
fn with_statement(
    tenant: &mut Tenant,
    mut given: Map<String, Value>,
    now: u64,
) -> Result<Map<String, Value>, OperationError> {
    let Some(statement) = given.get("software_statement").filter(|value| !value.is_null()).cloned() else {
        return Ok(given);
    };
    let invalid = || OAuthError::new("invalid_software_statement", STATEMENT, "The software_statement is not a JWT.");
    let text = statement.as_str().ok_or_else(invalid)?;
    let jwt = Jwt::read(text).map_err(|_| invalid())?;
    let signed = !jwt::is_symmetric(&jwt) && jwt::is_signed_by_service(tenant, None, &jwt)?;
    if !signed || jwt::wrong_time(&jwt, now, tenant.settings.number("allowableClockSkew"), &[]).is_some() {
        let message = "The software_statement is not signed by a key of the service, or has expired.";
        return Err(OAuthError::new("unapproved_software_statement", STATEMENT, message).into());
    }
    let of_jwt = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti"];
    given.extend(
        jwt.claims.iter().filter(|(name, _)| !of_jwt.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())),
    );
    Ok(given)
}

/// Turns metadata into settings, and checks what they must be together.
pub(crate) fn fill(tenant: &Tenant, given: &Map<String, Value>, settings: &mut Settings) -> Result<(), OperationError> {
    let service = &tenant.settings;
    metadata::apply(given, service, settings).map_err(|message| refused(METADATA, message))?;
    settings.default("tokenAuthMethod", json!("CLIENT_SECRET_BASIC"));
    let public = settings.string("tokenAuthMethod") == Some("NONE");
    settings.set("clientType", json!(if public { "PUBLIC" } else { "CONFIDENTIAL" }));
    settings.default("grantTypes", json!(["AUTHORIZATION_CODE"]));
    let by_code = settings.has("grantTypes", "AUTHORIZATION_CODE");
    settings.default("responseTypes", if by_code { json!(["CODE"]) } else { json!([]) });
    check_supported(service, settings)?;
    check_redirect_uris(settings, given)?;
    check_sector(tenant, settings)?;
    if settings.string("jwks").is_some() && settings.string("jwksUri").is_some() {
        return Err(refused(METADATA, "A client has jwks or jwks_uri, not both.").into());
    }
    if let Some(software) = settings.string("softwareId").filter(|_| service.flag("dcrDuplicateSoftwareIdBlocked")) {
        let own = settings.number("clientId");
        let mut others = tenant.clients.values().filter(|client| client.id != own);
        if others.any(|client| client.settings.string("softwareId") == Some(software)) {
            return Err(refused(SOFTWARE_ID, "Another client has this software_id.").into());
        }
    }
    if let Some(scope) = given.get("scope").and_then(Value::as_str)
        && service.flag("dcrScopeUsedAsRequestable")
    {
        let scopes: Vec<&str> = scope.split(' ').filter(|name| crate::schema::has_scope(service, name)).collect();
        settings.set("extension", json!({"requestableScopes": scopes, "requestableScopesEnabled": true}));
    }
    Ok(())
}

fn check_supported(service: &Settings, client: &Settings) -> Result<(), OAuthError> {
    let method = client.string("tokenAuthMethod").unwrap_or_default();
    if !service.has("supportedTokenAuthMethods", method) {
        return Err(refused(METADATA, "The service does not support this token_endpoint_auth_method."));
    }
    if !client.strings("grantTypes").all(|one| service.has("supportedGrantTypes", one)) {
        return Err(refused(METADATA, "The service does not support one of the grant_types."));
    }
    if !client.strings("responseTypes").all(|one| service.has("supportedResponseTypes", one)) {
        return Err(refused(METADATA, "The service does not support one of the response_types."));
    }
    // RFC 7591, section 2.1.
    let needs = |response_type: &str| match response_type {
        "NONE" => None,
        "CODE" => Some("AUTHORIZATION_CODE"),
        _ => Some("IMPLICIT"),
    };
    if client.strings("responseTypes").filter_map(needs).any(|grant_type| !client.has("grantTypes", grant_type)) {
        return Err(refused(METADATA, "One of the response_types needs a grant type that is not among grant_types."));
    }
    Ok(())
}

/// RFC 7591, section 2: a client that says that the browser comes back to it says where. One that leaves all to the
/// defaults may say it later, in an update: upstream's own example does so.
fn check_redirect_uris(client: &Settings, given: &Map<String, Value>) -> Result<(), OAuthError> {
    let invalid = |message: &str| Err(OAuthError::new("invalid_redirect_uri", REDIRECT_URIS, message));
    let redirects = client.has("grantTypes", "AUTHORIZATION_CODE") || client.has("grantTypes", "IMPLICIT");
    let said = given.contains_key("grant_types") || given.contains_key("response_types");
    if redirects && said && client.strings("redirectUris").next().is_none() {
        return invalid("The client's grant_types need redirect_uris.");
    }
    if client.strings("redirectUris").all(redirect_uri::is_acceptable) {
        return Ok(());
    }
    invalid(&format!("Each of redirect_uris has to be one of {}.", redirect_uri::EXPECTED))
}

/// OpenID Connect Dynamic Client Registration 1.0, section 5: the document at `sector_identifier_uri` names all of the
/// client's redirect URIs. It has been fetched where a client registers itself.
fn check_sector(tenant: &Tenant, client: &Settings) -> Result<(), OAuthError> {
    let Some(wanted) = sector_document(client) else { return Ok(()) };
    let document = match tenant.documents.get(wanted) {
        Ok(Ok(document)) => document,
        Ok(Err(error)) => {
            return Err(refused(METADATA, format!("The document at sector_identifier_uri is not there: {error}.")));
        }
        Err(_) => return Ok(()),
    };
    let uris: Vec<String> = serde_json::from_slice(document.bytes()).unwrap_or_default();
    if client.strings("redirectUris").all(|uri| uris.iter().any(|one| one == uri)) {
        return Ok(());
    }
    Err(refused(METADATA, "The document at sector_identifier_uri does not name all of redirect_uris."))
}

fn sector_document(client: &Settings) -> Option<Wanted> {
    client.string("sectorIdentifierUri").map(|uri| Wanted::new(Kind::SectorIdentifier, uri))
}

/// The document that the registration of a client needs.
pub(crate) fn wanted(request: &Request) -> Option<Wanted> {
    let metadata: Value = serde_json::from_str(&request.body.string("json").ok()??).ok()?;
    Some(Wanted::new(Kind::SectorIdentifier, metadata.get("sector_identifier_uri")?.as_str()?))
}

/// Where the client manages its registration.
fn client_uri(tenant: &Tenant, client: &Client) -> Option<String> {
    let base = tenant.settings.string("registrationManagementEndpoint");
    let base = base.or_else(|| tenant.settings.string("registrationEndpoint"))?;
    Some(format!("{}/{}", base.trim_end_matches('/'), client.id))
}

/// The client information response (RFC 7591, section 3.2.1).
fn respond(action: &str, code: Code, tenant: &Tenant, client: &Client, token: &str, request: &Request) -> Reply {
    let settings = &client.settings;
    let mut content = metadata::read(settings);
    let issued_at = settings.0.get("createdAt").and_then(Value::as_u64).unwrap_or(request.now);
    content.insert("client_id".to_owned(), json!(client.id.to_string()));
    content.insert("client_id_issued_at".to_owned(), json!(issued_at / 1000));
    if settings.string("tokenAuthMethod").is_some_and(|method| method.starts_with("CLIENT_SECRET_")) {
        content.insert("client_secret".to_owned(), json!(settings.string("clientSecret")));
        content.insert("client_secret_expires_at".to_owned(), json!(0));
    }
    content.insert("registration_access_token".to_owned(), json!(token));
    if let Some(uri) = client_uri(tenant, client) {
        content.insert("registration_client_uri".to_owned(), json!(uri));
    }
    let scopes = settings.0.get("extension").and_then(|extension| extension["requestableScopes"].as_array());
    if let Some(scopes) = scopes {
        let scopes: Vec<&str> = scopes.iter().filter_map(Value::as_str).collect();
        content.insert("scope".to_owned(), json!(scopes.join(" ")));
    }
    let members = json!({"responseContent": Value::Object(content).to_string(), "client": settings.to_value()});
    reply::action(action, code, "The client is registered.", members)
}
