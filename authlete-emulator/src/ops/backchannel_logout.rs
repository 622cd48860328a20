//! `backchannel_logout_token_api`: a token that tells a client of a logout (OpenID Connect Back-Channel Logout 1.0,
//! section 2.4).

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::oauth::encryption::{Content, Encryption};
use crate::oauth::{OperationError, sector};
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;

const ISSUED: Code = "A504001";
const WRONG: Code = "A504201";
const NO_ISSUER: Code = "A504202";

/// How long a logout token lasts, in seconds; section 4 advises two minutes.
const SECONDS: u64 = 120;

/// The only event of a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let error = |action: &str, code, message: &str| Ok(reply::action(action, code, message, json!({})));
    let Some(identifier) = request.body.non_empty("clientIdentifier")? else {
        return error("CALLER_ERROR", WRONG, "The call has no clientIdentifier.");
    };
    let (subject, session) = (request.body.non_empty("subject")?, request.body.non_empty("sessionId")?);
    if subject.is_none() && session.is_none() {
        return error("CALLER_ERROR", WRONG, "The call has neither subject nor sessionId.");
    }
    let Some(client) = tenant.client(&identifier).map(|(client, _)| client.clone()) else {
        return error("CALLER_ERROR", WRONG, "There is no such client.");
    };
    if session.is_none() && client.settings.flag("backchannelLogoutSessionRequired") {
        return error("CALLER_ERROR", WRONG, "The client requires a sessionId.");
    }
    match token(tenant, request, &client, subject.as_deref(), session.as_deref()) {
        Ok(token) => {
            let members = json!({
                "logoutToken": token,
                "backchannelLogoutUri": client.settings.string("backchannelLogoutUri"),
            });
            Ok(reply::action("OK", ISSUED, "The logout token is issued.", members))
        }
        Err(OperationError::Api(error)) => Err(error),
        Err(OperationError::Client(failed) | OperationError::Server(failed)) => {
            error("SERVER_ERROR", failed.code, &failed.message)
        }
    }
}

fn token(
    tenant: &mut Tenant,
    request: &Request,
    client: &crate::state::Client,
    subject: Option<&str>,
    session: Option<&str>,
) -> Result<String, OperationError> {
    let Some(issuer) = tenant.settings.string("issuer").map(str::to_owned) else {
        return Err(OperationError::server(NO_ISSUER, "The service has no issuer, which a logout token must name."));
    };
    let subject = match subject {
        Some(subject) => Some(sector::subject(tenant, client, subject)?),
        None => None,
    };
    let seconds = request.now / 1000;
    let claims = json!({
        "iss": issuer,
        "aud": client.identifier(),
        "sub": subject,
        "sid": session,
        "iat": seconds,
        "exp": seconds + SECONDS,
        "jti": random::token::<32>()?,
        "events": {EVENT: {}},
    });
    let settings = &client.settings;
    let algorithm = settings.string("idTokenSignAlg").filter(|name| *name != "NONE").unwrap_or("RS256");
    let key = tenant.keys.signer(&tenant.settings, client, algorithm, "idTokenSignatureKeyId")?;
    let jwt = key.sign("logout+jwt", &without_nulls(claims))?;
    match Encryption::wanted(settings, "idTokenEncryptionAlg", "idTokenEncryptionEnc")? {
        Some(encryption) => encryption.to_client(tenant, client, &Content::Jwt(&jwt)),
        None => Ok(jwt),
    }
}

/// The claims that there are; the empty event stays.
fn without_nulls(mut claims: Value) -> Value {
    if let Some(members) = claims.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    claims
}
