//! The endpoints that clients and resource servers call, where Authlete's answer is all there is to send.

use authlete_api::actions::{StandardIntrospectionAction, TokenNext};
use authlete_api::http_inputs::{ClientRequest, client_credentials};
use authlete_api::types::{
    GrantManagementAction, GrantManagementRequest, StandardIntrospectionRequest, TokenFailReason, UserInfoRequest,
};
use axum::extract::{Path, State};
use http::{HeaderMap, Method, StatusCode};
use subtle::ConstantTimeEq;

use crate::inputs::{Introspected, access_token, proof, refused, unauthorized};
use crate::users::Attempt;
use crate::{Answer, App, ready};

pub(crate) async fn par(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let form = app.resources.known(form)?;
    let request = ClientRequest::read(&headers, form)?.url(format!("{}/par", app.url));
    ready(app.service.pushed_authorization().process(request).await?)
}

pub(crate) async fn token(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let form = app.resources.known(form)?;
    let request = ClientRequest::read(&headers, form)?.url(format!("{}/token", app.url));
    match app.service.token().process(request).await?.proceed()? {
        TokenNext::Password(step) => {
            let user = app.users.log_in(step.username().unwrap_or_default(), step.password().unwrap_or_default());
            match user {
                Attempt::Subject(subject) => ready(step.issue(subject).send(&app.service).await?),
                Attempt::Wrong | Attempt::TooMany(_) => {
                    let reason = TokenFailReason::InvalidResourceOwnerCredentials;
                    ready(step.fail(reason).send(&app.service).await?)
                }
            }
        }
        TokenNext::IdTokenReissuable(step) => ready(step.reissue().send(&app.service).await?),
        // What is left to the server by the others: whom to trust, and for what. This one trusts nobody.
        next => ready(next.decline()),
    }
}

pub(crate) async fn revoke(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    ready(app.service.revocation().process(ClientRequest::read(&headers, form)?).await?)
}

/// RFC 7662, for resource servers that are elsewhere. To know them is our part, and so is in which form they want it.
pub(crate) async fn introspect(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let given = client_credentials(&headers)?.map(|given| format!("{}:{}", given.id, given.secret));
    if !given.is_some_and(|given| given.as_bytes().ct_eq(app.resource_server.as_bytes()).into()) {
        return Ok(unauthorized());
    }
    let mut forms = vec![Introspected::Json, Introspected::Jwt];
    while let Some(wanted) = Introspected::wanted(&headers, &forms) {
        let is_jwt = wanted == Introspected::Jwt;
        let mut request = StandardIntrospectionRequest::new(form.as_str()).http_accept_header(if is_jwt {
            Introspected::JWT
        } else {
            "application/json"
        });
        // For whom the JWT is.
        request.rs_uri = app.resource_server.split_once(':').map(|(id, _)| id.to_owned());
        match app.service.introspection().process_standard(request).await {
            // Services that are not set up for it make no JWTs.
            Ok(StandardIntrospectionAction::InternalServerError(reply)) if is_jwt => eprintln!("{reply}"),
            Err(error) if is_jwt && error.status() == Some(StatusCode::NOT_IMPLEMENTED) => eprintln!("{error}"),
            action => return ready(action?),
        }
        forms.retain(|form| *form != wanted);
    }
    Ok(refused(StatusCode::NOT_ACCEPTABLE, "invalid_request"))
}

pub(crate) async fn configuration(State(app): State<App>) -> Answer {
    ready(app.service.configuration().reply().await)
}

pub(crate) async fn jwks(State(app): State<App>) -> Answer {
    ready(app.service.jwks().reply().await)
}

/// The userinfo endpoint (OpenID Connect Core 1.0, 5.3): Authlete checks the token, the claims are ours. A token may be in
/// a form that is posted (RFC 6750 2.2).
pub(crate) async fn userinfo(State(app): State<App>, method: Method, headers: HeaderMap, form: String) -> Answer {
    let token = access_token(&headers, if method == Method::POST { &form } else { "" })?;
    let dpop = proof(&headers, &token)?;
    let mut request = UserInfoRequest::new(token.token).htm(method.to_string()).htu(format!("{}/userinfo", app.url));
    request.dpop = dpop;
    let step = app.service.userinfo().process(request).await?.proceed()?;
    let subject = step.subject().unwrap_or_default();
    let claims = step.collect_claims(|name, language| app.users.claim(subject, name, language));
    ready(step.issue().claims(&claims)?.send(&app.service).await?)
}

/// Grant Management for OAuth 2.0: a client looks at a grant, or gives it back.
pub(crate) async fn grant(
    State(app): State<App>,
    method: Method,
    Path(grant_id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let token = access_token(&headers, "")?;
    let action = if method == Method::DELETE { GrantManagementAction::Revoke } else { GrantManagementAction::Query };
    let mut request = GrantManagementRequest::new(token.token.clone(), action, grant_id.clone());
    request.dpop = proof(&headers, &token)?;
    request.htm = Some(method.to_string());
    request.htu = Some(format!("{}/grants/{grant_id}", app.url));
    ready(app.service.grant_management().process(request).await?)
}
