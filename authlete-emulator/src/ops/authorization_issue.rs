//! `auth_authorization_issue_api`: ends an authorization request with a code or tokens for the client.

use serde_json::{Map, Value, json};

use super::approval;
use super::token::native_sso;
use crate::error::ApiError;
use crate::oauth::fapi::Profiles;
use crate::oauth::id_token::IdToken;
use crate::oauth::transformed_claims::{self, ForTx};
use crate::oauth::{OAuthError, OperationError, access_token, grant as grants, lifetime, rar, redirect, scope};
use crate::random;
use crate::reply::{Code as ResultCode, Reply};
use crate::request::Request;
use crate::schema::CODE_SECONDS;
use crate::state::{Authorized, Binding, Client, Code, Details, Settings, Tenant, Ticket, Token};

const ISSUED: ResultCode = "A040001";
const NO_TICKET: ResultCode = "A040201";
const SUBJECT: ResultCode = "A040202";
const CLAIMS: ResultCode = "A040203";
const NO_SESSION: ResultCode = "A040204";
const DEAD_TICKET: ResultCode = "A040301";
const OTHER_SUBJECT: ResultCode = "A040302";
const ACR: ResultCode = "A040303";
const AUTH_TIME: ResultCode = "A040304";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    issue(tenant, request).or_else(|error| error.reply(&tenant.settings, "BAD_REQUEST"))
}

fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let Some(key) = request.body.non_empty("ticket")? else {
        return Err(OperationError::server(NO_TICKET, "The call has no ticket."));
    };
    let given = Given::read(request)?;
    let shared = |ticket: &Ticket| ticket.response_type.code && native_sso::applies(&tenant.settings, &ticket.scopes);
    if given.authorized.details.session_id.is_none() && tenant.tickets.get(&key).is_some_and(shared) {
        return Err(OperationError::server(NO_SESSION, "A request for Native SSO is answered with a sessionId."));
    }
    let Some(ticket) = tenant.tickets.remove(&key) else {
        let message = "The ticket is unknown, used or expired.";
        return Err(OAuthError::new("invalid_request", DEAD_TICKET, message).into());
    };
    let destination = ticket.destination.clone();
    if let Err(error) = check(tenant, &ticket, &given, request.now) {
        return redirect::error(&destination, tenant, request.now, &error);
    }
    let issued = grant(tenant, request, ticket, given)?;
    redirect::respond(
        &destination,
        tenant,
        request.now,
        (ISSUED, "The client gets what it asked for."),
        &issued.parameters(),
        issued.members(request.now),
    )
}

/// What the authorization server says about the grant.
struct Given {
    subject: String,
    /// The login and what is added to tokens; what the request asked for is not in it yet.
    authorized: Authorized,
    /// The scopes and authorization details, where they are not to be those of the request.
    scopes: Option<Vec<String>>,
    authorization_details: Option<Vec<Value>>,
    /// Seconds, where the call sets them.
    access_duration: Option<u64>,
    for_tx: ForTx,
    /// The access token, where the call chooses it.
    access_token: Option<String>,
}

impl Given {
    fn read(request: &Request) -> Result<Self, OperationError> {
        let body = &request.body;
        let object = |name| body.object(name, |message| OperationError::server(CLAIMS, &message));
        let subject = body.string("subject")?.unwrap_or_default();
        if subject.is_empty() || subject.len() > 100 || !subject.is_ascii() {
            return Err(OperationError::server(SUBJECT, "The subject has to have 1 to 100 ASCII characters."));
        }
        let details = Details {
            claims: object("claims")?,
            session_id: body.non_empty("sessionId")?,
            audience_form: body.non_empty("idTokenAudType")?,
            id_token_header: object("idtHeaderParams")?,
            jwt_claims: object("jwtAtClaims")?,
            ..Details::default()
        };
        Ok(Self {
            authorized: Authorized { subject: Some(subject.clone()), details, ..approval::authorized(body)? },
            subject,
            scopes: body.strings("scopes")?,
            authorization_details: rar::from_api(body.members.get("authorizationDetails"))?,
            access_duration: body.lifetimes()?.access,
            for_tx: ForTx::read(body, |message| OperationError::server(CLAIMS, &message))?,
            access_token: body.non_empty("accessToken")?,
        })
    }
}

/// Whether the user is the one that the client expects, and has logged in as it demands.
fn check(tenant: &Tenant, ticket: &Ticket, given: &Given, now: u64) -> Result<(), OAuthError> {
    if ticket.subject.as_ref().is_some_and(|expected| *expected != given.subject) {
        return Err(OAuthError::new("login_required", OTHER_SUBJECT, "The client expects another user."));
    }
    let grant = ticket.grant_request.as_ref().and_then(|asked| tenant.grants.get(asked.id.as_deref()?));
    if grant.is_some_and(|grant| grant.subject != given.subject) {
        return Err(OAuthError::new("access_denied", OTHER_SUBJECT, "The grant is another user's."));
    }
    if !is_recent_enough(ticket, given.authorized.auth_time, now, tenant.settings.number("allowableClockSkew")) {
        let message =
            "The user has to log in again, since the login is older than max_age allows, or authTime is missing.";
        return Err(OAuthError::new("login_required", AUTH_TIME, message));
    }
    let essential = &ticket.essential_acrs;
    if !essential.is_empty() && !given.authorized.acr.as_ref().is_some_and(|acr| essential.contains(acr)) {
        let message = "The user did not log in by an essential ACR.";
        return Err(OAuthError::new("unmet_authentication_requirements", ACR, message));
    }
    Ok(())
}

/// Whether the login meets `max_age` (OpenID Connect Core 1.0, section 3.1.2.1). With 0, only a login after the request
/// does; without a time it is not known of any login.
fn is_recent_enough(ticket: &Ticket, auth_time: Option<u64>, now: u64, skew: u64) -> bool {
    match (ticket.max_age, auth_time) {
        (None, _) => true,
        (Some(0), None) => false,
        (Some(0), Some(time)) => time.saturating_add(skew) >= ticket.opened_at / 1000,
        (Some(_), None) => true,
        (Some(seconds), Some(time)) => time.saturating_add(seconds).saturating_add(skew) >= now / 1000,
    }
}

/// What the client gets.
#[derive(Default)]
struct Issued {
    code: Option<String>,
    token: Option<Token>,
    token_type: String,
    expires_in: String,
    scope: String,
    id_token: Option<String>,
}

impl Issued {
    fn parameters(&self) -> Vec<(&str, &str)> {
        let mut parameters = Vec::new();
        parameters.extend(self.code.as_deref().map(|code| ("code", code)));
        if let Some(token) = &self.token {
            parameters.push(("access_token", token.presented()));
            parameters.push(("token_type", &self.token_type));
            parameters.push(("expires_in", &self.expires_in));
            if !self.scope.is_empty() {
                parameters.push(("scope", &self.scope));
            }
        }
        parameters.extend(self.id_token.as_deref().map(|token| ("id_token", token)));
        parameters
    }

    fn members(&self, now: u64) -> Value {
        let expires_at = self.token.as_ref().map_or(0, |token| token.expires_at);
        json!({
            "authorizationCode": self.code,
            "accessToken": self.token.as_ref().map(|token| &token.access),
            "jwtAccessToken": self.token.as_ref().and_then(|token| token.authorized.details.jwt.as_ref()),
            "accessTokenExpiresAt": expires_at,
            "accessTokenDuration": expires_at.saturating_sub(now) / 1000,
            "idToken": self.id_token,
        })
    }
}

fn grant(tenant: &mut Tenant, request: &Request, ticket: Ticket, given: Given) -> Result<Issued, OperationError> {
    let Some(client) = tenant.clients.get(&ticket.client_id).cloned() else {
        return Err(ApiError::not_found("The ticket's client no longer exists.").into());
    };
    let response_type = ticket.response_type;
    let access_duration = given.access_duration;
    let chosen = given.access_token.clone();
    let subject = given.subject.clone();
    let mut record = record(tenant, &client, ticket, given, request.now);
    let authorized = &mut record.authorized;
    tenant.consents.record(client.id, &subject, &authorized.scopes, request.now);
    if let Some(asked) = &record.ticket.grant_request {
        let owner = (client.id, subject.as_str());
        let id = grants::apply(tenant, asked, owner, &authorized.scopes, &authorized.details, request.now)?;
        authorized.details.grant_id = Some(id);
    }
    let mut issued = Issued::default();
    if response_type.code {
        let code = random::token::<32>()?;
        tenant.codes.insert(code.clone(), record.expires_at, record.clone());
        issued.code = Some(code);
    }
    if response_type.token {
        let token = token(tenant, &client, &record, (access_duration, chosen), request.now)?;
        issued.token_type = tenant.settings.string("accessTokenType").unwrap_or("Bearer").to_owned();
        issued.expires_in = (token.expires_at.saturating_sub(request.now) / 1000).to_string();
        issued.scope = token.authorized.scopes.join(" ");
        issued.token = Some(token);
    }
    let without_openid = !record.authorized.scopes.iter().any(|scope| scope == "openid");
    let dropped = without_openid && tenant.settings.flag("idTokenDroppedOnIssueWithoutOpenid");
    if response_type.id_token && !dropped {
        let id_token = IdToken {
            client: &client,
            authorized: &record.authorized,
            nonce: record.ticket.nonce.as_deref(),
            access_token: issued.token.as_ref().map(Token::presented),
            code: issued.code.as_deref(),
            state: record.ticket.destination.state.as_deref(),
            refresh_token: None,
        };
        issued.id_token = Some(id_token.sign(tenant, request.now)?);
    }
    if let Some(token) = &issued.token {
        access_token::insert(tenant, &client, token.clone());
    }
    Ok(issued)
}

/// The grant as a code stands for it.
fn record(tenant: &Tenant, client: &Client, ticket: Ticket, given: Given, now: u64) -> Code {
    let scopes = match given.scopes {
        None => ticket.scopes.clone(),
        Some(replacing) => {
            let had_openid = ticket.scopes.iter().any(|scope| scope == "openid");
            let mut scopes = scope::grantable(&tenant.settings, client, Some(&replacing));
            scopes.retain(|scope| scope != "openid" || had_openid);
            scopes
        }
    };
    let added = given.authorized.details;
    let mut details = Details {
        claims: added.claims,
        session_id: added.session_id,
        audience_form: added.audience_form,
        id_token_header: added.id_token_header,
        jwt_claims: added.jwt_claims,
        ..ticket.details.clone()
    };
    details.computed_claims = computed(&tenant.settings, &details, &given.for_tx, now);
    if let Some(elements) = given.authorization_details {
        details.authorization_details = elements;
    }
    let seconds = tenant.duration("authorizationCodeDuration", CODE_SECONDS);
    let seconds = Profiles::of(&tenant.settings, &client.settings).code_seconds(seconds);
    Code {
        ticket,
        authorized: Authorized { scopes, details, ..given.authorized },
        expires_at: now + 1000 * seconds,
        token: None,
    }
}

/// The verified and transformed claims of the ID token.
fn computed(service: &Settings, details: &Details, for_tx: &ForTx, now: u64) -> Map<String, Value> {
    let Some(asked) = &details.id_token_request else { return Map::new() };
    let mut claims = Map::new();
    if let Some(verified) = details.claims.get("verified_claims").filter(|_| asked.contains_key("verified_claims")) {
        claims.insert("verified_claims".to_owned(), verified.clone());
    }
    transformed_claims::add(service, details, Some(asked), for_tx, &mut claims, now);
    claims
}

/// The access token that goes through the browser. Nothing refreshes it (RFC 6749, section 4.2.2).
fn token(
    tenant: &mut Tenant,
    client: &Client,
    record: &Code,
    (duration, chosen): (Option<u64>, Option<String>),
    now: u64,
) -> Result<Token, OperationError> {
    let seconds =
        duration.unwrap_or_else(|| lifetime::ACCESS_TOKEN.of(&tenant.settings, client, &record.authorized.scopes));
    let token = Token {
        access: access_token::value(tenant, chosen)?,
        expires_at: now + 1000 * seconds,
        refresh: None,
        refresh_expires_at: 0,
        client_id: client.id,
        alias_used: record.ticket.alias_used,
        grant_type: "IMPLICIT",
        authorized: Authorized {
            details: record.authorized.details.clone().bound_to(Binding::default()),
            ..record.authorized.clone()
        },
        refresh_scopes: Vec::new(),
        created_at: now,
        ..Token::default()
    };
    access_token::in_its_form(tenant, client, token, now)
}
