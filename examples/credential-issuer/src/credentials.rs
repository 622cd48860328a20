//! The endpoints that wallets come to with an access token: credential, deferred credential, notification.

use std::time::{Duration, Instant};

use authlete_api::actions::IntrospectionOk;
use authlete_api::credential_issuance::{CredentialError, CredentialErrorCode, IssuableCredentials};
use authlete_api::types::{
    CredentialRequestInfo, IntrospectionRequest, VciDeferredParseRequest, VciSingleParseRequest,
};
use authlete_api::{Error, Reply};
use authorization_server::reuse::{Answer, Stop, access_token, proof, random, ready};
use axum::extract::State;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::Issuer;
use crate::records::{self, Credential};

/// The access token of a request, and what introspection says of it.
struct Access {
    token: String,
    granted: IntrospectionOk,
}

impl Access {
    /// Introspection checks what the other calls do not: that who brings the token has its key (RFC 9449).
    async fn check(issuer: &Issuer, headers: &HeaderMap, path: &str) -> Result<Self, Stop> {
        let given = access_token(headers, "")?;
        let mut request = IntrospectionRequest::new(given.token.clone());
        request.dpop = proof(headers, &given)?;
        request.htm = Some("POST".to_owned());
        request.htu = Some(format!("{}{path}", issuer.url()));
        let granted = issuer.service().introspection().process(request).await?.proceed()?;
        Ok(Self { token: given.token, granted })
    }

    /// The user. Whose credential it is follows from the token alone.
    fn subject(&self) -> &str {
        self.granted.subject().unwrap_or_default()
    }

    /// Which credential the wallet asks for, if its token stands for that.
    fn credential(&self, info: Option<&CredentialRequestInfo>) -> Result<Credential, Reply> {
        let issuable = IssuableCredentials::read(self.granted.issuable_credentials())?;
        Ok(Credential::of(issuable.requested(info)?.configuration_id()).ok_or_else(unknown)?)
    }

    /// Sends a reply, with what introspection has to say in its headers: the next nonce for DPoP.
    fn answer(&self, reply: Result<Reply, Reply>) -> Answer {
        let (Ok(reply) | Err(reply)) = reply;
        ready(reply.with_extra_headers(&self.granted.extra_headers()))
    }
}

/// The credential endpoint (OpenID4VCI 1.0, 8).
pub(crate) async fn credential(State(issuer): State<Issuer>, headers: HeaderMap, body: Bytes) -> Answer {
    let access = Access::check(&issuer, &headers, "/credential").await?;
    access.answer(issue(&issuer, &access, &body).await)
}

async fn issue(issuer: &Issuer, access: &Access, body: &Bytes) -> Result<Reply, Reply> {
    let service = issuer.service();
    let request = VciSingleParseRequest::default().access_token(access.token.clone()).request_content(content(body)?);
    let wanted = service.credential_issuer().parse(request).await?.proceed()?;
    let credential = access.credential(wanted.info())?;
    let order = records::order(access.subject(), credential)?;
    let request = match order {
        None => wanted.deny(&access.token),
        Some(_) if !credential.takes().is_zero() => {
            // Its identifier becomes the transaction id.
            if let Some(id) = wanted.info().and_then(|info| info.identifier.clone()) {
                issuer.asked.insert(id, Instant::now());
            }
            wanted.defer(&access.token, credential.takes())
        }
        Some(order) => wanted.issue(&access.token, order),
    };
    issuer.with_notification_id(access, request.send(service).await?.into_reply())
}

/// The deferred credential endpoint (OpenID4VCI 1.0, 9).
pub(crate) async fn deferred(State(issuer): State<Issuer>, headers: HeaderMap, body: Bytes) -> Answer {
    let access = Access::check(&issuer, &headers, "/deferred-credential").await?;
    access.answer(issue_deferred(&issuer, &access, &body).await)
}

async fn issue_deferred(issuer: &Issuer, access: &Access, body: &Bytes) -> Result<Reply, Reply> {
    let service = issuer.service();
    let request = VciDeferredParseRequest::default().access_token(access.token.clone()).request_content(content(body)?);
    let wanted = service.credential_issuer().parse_deferred(request).await?.proceed()?;
    let credential = access.credential(wanted.info())?;
    let asked = wanted.info().and_then(|info| info.identifier.as_ref()).and_then(|id| issuer.asked.get(id));
    let left = credential.takes().saturating_sub(asked.map_or(Duration::MAX, |asked| asked.elapsed()));
    let order = records::order(access.subject(), credential)?;
    let request = match order {
        None => wanted.deny(),
        Some(_) if !left.is_zero() => wanted.defer(left + Duration::from_secs(1)),
        Some(order) => wanted.issue(order),
    };
    // A `notification_id` would be allowed here, too, but wallets on @openid4vc/openid4vci 0.4 refuse such a response.
    Ok(request.send(service).await?.into_reply())
}

/// What a wallet tells of credentials that it got.
#[derive(Deserialize)]
struct Notification {
    notification_id: String,
    event: Event,
    event_description: Option<String>,
}

#[derive(Debug, Deserialize)]
enum Event {
    #[serde(rename = "credential_accepted")]
    Accepted,
    #[serde(rename = "credential_failure")]
    Failure,
    #[serde(rename = "credential_deleted")]
    Deleted,
}

/// The notification endpoint (OpenID4VCI 1.0, 11), which is ours alone.
pub(crate) async fn notification(State(issuer): State<Issuer>, headers: HeaderMap, body: Bytes) -> Answer {
    let access = Access::check(&issuer, &headers, "/notification").await?;
    let refuse = |code| access.answer(Err(CredentialError::new(code).into()));
    let Ok(told) = serde_json::from_slice::<Notification>(&body) else {
        return refuse(CredentialErrorCode::InvalidNotificationRequest);
    };
    if issuer.notifications.get(&told.notification_id).is_none_or(|subject| subject != access.subject()) {
        return refuse(CredentialErrorCode::InvalidNotificationId);
    }
    // Notifications may be repeated. The description is the wallet's, and goes to the log as a quoted string.
    eprintln!("a wallet says {:?} {:?}", told.event, told.event_description.unwrap_or_default());
    let mut response = StatusCode::NO_CONTENT.into_response();
    access.granted.extra_headers().add_to(response.headers_mut());
    Ok(response)
}

impl Issuer {
    /// Gives a credential response the name by which the wallet can tell what became of its credentials. Encrypted ones
    /// cannot be added to.
    fn with_notification_id(&self, access: &Access, reply: Reply) -> Result<Reply, Reply> {
        let is_json =
            reply.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if reply.status() != StatusCode::OK || !is_json {
            return Ok(reply);
        }
        let mut response = Response::<Bytes>::from(reply);
        if let Ok(Value::Object(mut members)) = serde_json::from_slice(response.body()) {
            let id = random();
            self.notifications.insert(id.clone(), access.subject().to_owned());
            members.insert("notification_id".to_owned(), id.into());
            *response.body_mut() = Value::Object(members).to_string().into();
        }
        Ok(response.into())
    }
}

/// The body as a string: JSON, or a JWE where it is encrypted. A call without one would be a mistake of ours.
fn content(body: &Bytes) -> Result<String, CredentialError> {
    let text = str::from_utf8(body).ok().filter(|text| !text.is_empty()).map(str::to_owned);
    let refused = CredentialError::new(CredentialErrorCode::InvalidCredentialRequest);
    text.ok_or_else(|| refused.description("The request has no content that is text."))
}

/// A credential that the service is set up for, and this server not.
fn unknown() -> Error {
    authlete_api::ConfigurationError::new("the service has a credential configuration that this server does not know")
        .into()
}
