//! `auth_authorization_issue_api`: ends an authorization request with a code or tokens for the client.

use serde_json::{Map, Value, json};

use super::token::native_sso;
use crate::error::ApiError;
use crate::oauth::id_token::IdToken;
use crate::oauth::lifetime::{self, Kind};
use crate::oauth::{OAuthError, Stop, access_token, grant as grants, rar, scope};
use crate::random;
use crate::reply::{Code as ResultCode, Reply};
use crate::request::Request;
use crate::schema::CODE_SECONDS;
use crate::state::{Binding, Client, Code, Details, Tenant, Ticket, Token};

const ISSUED: ResultCode = "A040001";
const NO_TICKET: ResultCode = "A040201";
const SUBJECT: ResultCode = "A040202";
const CLAIMS: ResultCode = "A040203";
const NO_SESSION: ResultCode = "A040204";
const DEAD_TICKET: ResultCode = "A040301";
const OTHER_SUBJECT: ResultCode = "A040302";
const ACR: ResultCode = "A040303";

/// What the call may ask for and the emulator cannot do yet.
const NOT_IMPLEMENTED: &[&str] = &["claimsForTx", "verifiedClaimsForTx", "accessToken"];

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    request.refuse(NOT_IMPLEMENTED)?;
    issue(tenant, request).or_else(|stop| stop.reply(&tenant.settings, "BAD_REQUEST"))
}

fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, Stop> {
    let Some(key) = request.body.text("ticket")?.filter(|ticket| !ticket.is_empty()) else {
        return Err(Stop::server(NO_TICKET, "The call has no ticket."));
    };
    let given = Given::read(request)?;
    let shared = |ticket: &Ticket| ticket.response_type.code && native_sso::applies(&tenant.settings, &ticket.scopes);
    if given.session_id.is_none() && tenant.tickets.get(&key).is_some_and(shared) {
        return Err(Stop::server(NO_SESSION, "A request for Native SSO is answered with a sessionId."));
    }
    let Some(ticket) = tenant.tickets.remove(&key) else {
        let message = "The ticket is unknown, used or expired.";
        return Err(OAuthError::new("invalid_request", DEAD_TICKET, message).into());
    };
    let destination = ticket.destination.clone();
    if let Err(error) = check(tenant, &ticket, &given) {
        return destination.error(tenant, request.now, &error);
    }
    let issued = grant(tenant, request, ticket, given)?;
    destination.reply(
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
    sub: Option<String>,
    scopes: Option<Vec<String>>,
    auth_time: Option<u64>,
    acr: Option<String>,
    properties: Vec<Value>,
    consented_claims: Vec<String>,
    claims: Map<String, Value>,
    authorization_details: Option<Vec<Value>>,
    session_id: Option<String>,
    audience_form: Option<String>,
    id_token_header: Map<String, Value>,
    jwt_claims: Map<String, Value>,
    /// Seconds, where the call sets them.
    access_duration: Option<u64>,
}

impl Given {
    fn read(request: &Request) -> Result<Self, Stop> {
        let body = &request.body;
        let text = |name| Ok::<_, ApiError>(body.text(name)?.filter(|text| !text.is_empty()));
        let subject = body.text("subject")?.unwrap_or_default();
        if subject.is_empty() || subject.len() > 100 || !subject.is_ascii() {
            return Err(Stop::server(SUBJECT, "The subject has to have 1 to 100 ASCII characters."));
        }
        Ok(Self {
            subject,
            sub: text("sub")?,
            scopes: body.texts("scopes")?,
            auth_time: body.number("authTime")?.filter(|seconds| *seconds > 0),
            acr: text("acr")?,
            properties: super::properties(body)?,
            consented_claims: body.texts("consentedClaims")?.unwrap_or_default(),
            claims: object(request, "claims")?,
            authorization_details: rar::from_api(body.members.get("authorizationDetails"))?,
            session_id: text("sessionId")?,
            audience_form: text("idTokenAudType")?,
            id_token_header: object(request, "idtHeaderParams")?,
            jwt_claims: object(request, "jwtAtClaims")?,
            access_duration: body.number("accessTokenDuration")?.filter(|s| (1..=u64::from(u32::MAX)).contains(s)),
        })
    }
}

/// A member that is a JSON object as a text; absent is an empty one.
fn object(request: &Request, name: &str) -> Result<Map<String, Value>, Stop> {
    let Some(text) = request.body.text(name)?.filter(|text| !text.is_empty()) else { return Ok(Map::new()) };
    serde_json::from_str(&text)
        .map_err(|_| Stop::server(CLAIMS, &format!("The member {name} is not a JSON object as a text.")))
}

/// Whether the user is the one that the client expects, and has logged in as it demands.
fn check(tenant: &Tenant, ticket: &Ticket, given: &Given) -> Result<(), OAuthError> {
    if ticket.subject.as_ref().is_some_and(|expected| *expected != given.subject) {
        return Err(OAuthError::new("login_required", OTHER_SUBJECT, "The client expects another user."));
    }
    let grant = ticket.grant_request.as_ref().and_then(|asked| tenant.grants.get(asked.id.as_deref()?));
    if grant.is_some_and(|grant| grant.subject != given.subject) {
        return Err(OAuthError::new("access_denied", OTHER_SUBJECT, "The grant is another user's."));
    }
    let essential = &ticket.essential_acrs;
    if !essential.is_empty() && !given.acr.as_ref().is_some_and(|acr| essential.contains(acr)) {
        let message = "The user did not log in by an essential ACR.";
        return Err(OAuthError::new("unmet_authentication_requirements", ACR, message));
    }
    Ok(())
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
            "jwtAccessToken": self.token.as_ref().and_then(|token| token.details.jwt.as_ref()),
            "accessTokenExpiresAt": expires_at,
            "accessTokenDuration": expires_at.saturating_sub(now) / 1000,
            "idToken": self.id_token,
        })
    }
}

fn grant(tenant: &mut Tenant, request: &Request, ticket: Ticket, given: Given) -> Result<Issued, Stop> {
    let Some(client) = tenant.clients.get(&ticket.client_id).cloned() else {
        return Err(ApiError::not_found("The ticket's client no longer exists.").into());
    };
    let response_type = ticket.response_type;
    let access_duration = given.access_duration;
    let mut record = record(tenant, &client, ticket, given, request.now);
    tenant.consents.record(client.id, &record.subject, &record.scopes, request.now);
    if let Some(asked) = &record.ticket.grant_request {
        let owner = (client.id, record.subject.as_str());
        let id = grants::apply(tenant, asked, owner, &record.scopes, &record.details, request.now)?;
        record.details.grant_id = Some(id);
    }
    let mut issued = Issued::default();
    if response_type.code {
        let code = random::token::<32>()?;
        tenant.codes.insert(code.clone(), record.expires_at, record.clone());
        issued.code = Some(code);
    }
    if response_type.token {
        let token = token(tenant, &client, &record, access_duration, request.now)?;
        issued.token_type = tenant.settings.text("accessTokenType").unwrap_or("Bearer").to_owned();
        issued.expires_in = (token.expires_at.saturating_sub(request.now) / 1000).to_string();
        issued.scope = token.scopes.join(" ");
        issued.token = Some(token);
    }
    if response_type.id_token {
        let id_token = IdToken {
            client: &client,
            subject: Some(record.sub.as_deref().unwrap_or(&record.subject)),
            auth_time: record.auth_time,
            acr: record.acr.as_deref(),
            nonce: record.ticket.nonce.as_deref(),
            access_token: issued.token.as_ref().map(Token::presented),
            code: issued.code.as_deref(),
            state: record.ticket.destination.state.as_deref(),
            refresh_token: None,
            scopes: &record.scopes,
            details: &record.details,
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
    let mut details = Details {
        claims: given.claims,
        session_id: given.session_id,
        audience_form: given.audience_form,
        id_token_header: given.id_token_header,
        jwt_claims: given.jwt_claims,
        ..ticket.details.clone()
    };
    if let Some(elements) = given.authorization_details {
        details.authorization_details = elements;
    }
    Code {
        ticket,
        subject: given.subject,
        sub: given.sub,
        scopes,
        auth_time: given.auth_time,
        acr: given.acr,
        properties: given.properties,
        consented_claims: given.consented_claims,
        details,
        expires_at: now + 1000 * tenant.duration("authorizationCodeDuration", CODE_SECONDS),
        token: None,
    }
}

/// The access token that goes through the browser. Nothing refreshes it (RFC 6749, section 4.2.2).
fn token(tenant: &mut Tenant, client: &Client, record: &Code, duration: Option<u64>, now: u64) -> Result<Token, Stop> {
    let seconds = duration.unwrap_or_else(|| lifetime::seconds(Kind::Access, &tenant.settings, client, &record.scopes));
    let token = Token {
        access: random::token::<32>()?,
        expires_at: now + 1000 * seconds,
        refresh: None,
        refresh_expires_at: 0,
        client_id: client.id,
        alias_used: record.ticket.alias_used,
        subject: Some(record.subject.clone()),
        sub: record.sub.clone(),
        grant_type: "IMPLICIT",
        scopes: record.scopes.clone(),
        refresh_scopes: Vec::new(),
        properties: record.properties.clone(),
        consented_claims: record.consented_claims.clone(),
        acr: record.acr.clone(),
        auth_time: record.auth_time,
        details: record.details.clone().bound_to(Binding::default()),
        created_at: now,
        ..Token::default()
    };
    access_token::in_its_form(tenant, client, token, now)
}
