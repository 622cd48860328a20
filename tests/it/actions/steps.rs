//! The calls that follow others: what they take along, and how a session keeps what is between them.

use authlete_api::actions::{
    AuthorizationInteraction, AuthorizationNext, AuthorizationNoInteraction, BackchannelAuthenticationCompleteNext,
    BackchannelAuthenticationIssued, Challenge, DeviceCompleteAction, IntoAction, TokenNext, TokenPassword,
};
use authlete_api::types;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::SECRET;

fn response<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the response has its type")
}

fn token(value: Value) -> TokenNext {
    response::<types::TokenResponse>(value).into_action().proceed().expect("there is work to do")
}

fn no_interaction(value: &Value) -> AuthorizationNoInteraction {
    let mut all = json!({"action": "NO_INTERACTION", "ticket": SECRET});
    for (name, value) in value.as_object().expect("an object") {
        all[name] = value.clone();
    }
    match response::<types::AuthorizationResponse>(all).into_action().proceed() {
        Ok(AuthorizationNext::NoInteraction(step)) => step,
        other => panic!("{other:?}"),
    }
}

fn encoded(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("it is JSON")
}

#[test]
fn a_step_takes_the_ticket_along_and_what_the_answer_has_to_carry() {
    let first = json!({"action": "PASSWORD", "ticket": SECRET, "username": "ada", "dpopNonce": "n", "attestationChallenge": "c"});
    let TokenNext::Password(step) = token(first) else { panic!("another step") };
    assert_eq!((step.ticket().as_str(), step.username()), (SECRET, Some("ada")));
    let mut issue = step.issue("ada");
    issue.access_token_duration = Some(60);
    assert_eq!(encoded(&*issue), json!({"ticket": SECRET, "subject": "ada", "accessTokenDuration": 60}));
    assert!(!format!("{issue:?}").contains(SECRET));
    let reply = issue.finish(response(json!({"action": "OK", "responseContent": "{}"}))).into_reply();
    assert_eq!(reply.headers()["dpop-nonce"], "n");
    assert_eq!(reply.headers()["oauth-client-attestation-challenge"], "c");
}

#[test]
fn a_step_is_kept_in_a_session_and_comes_back() {
    let first = json!({"action": "PASSWORD", "ticket": SECRET, "scopes": ["a"], "dpopNonce": "n", "newField": 1});
    let TokenNext::Password(step) = token(first) else { panic!("another step") };
    let kept = serde_json::to_string(&step).expect("it serialises");
    let step: TokenPassword = serde_json::from_str(&kept).expect("it comes back");
    assert_eq!((step.ticket().as_str(), step.scopes()), (SECRET, &["a".to_owned()][..]));
    assert_eq!(step.decline().headers()["dpop-nonce"], "n");
    assert!(serde_json::from_str::<AuthorizationInteraction>(&kept).is_err(), "it is no other step");
    for wrong in ["\"\"", "\"{}\\n{}\"", "\"[]\\n{}\"", "1"] {
        assert!(serde_json::from_str::<TokenPassword>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn grants_that_the_server_decides_build_the_token_and_its_response() {
    let details = json!({"elements": [{"type": "pay"}]});
    let first = json!({
        "action": "TOKEN_EXCHANGE", "clientId": 7, "clientIdAliasUsed": true, "clientEntityIdUsed": false, "scopes": ["a"],
        "authorizationDetails": details, "subjectToken": "st", "dpopNonce": "n",
    });
    let TokenNext::TokenExchange(step) = token(first) else { panic!("another step") };
    let create = step.create("ada");
    let expected = json!({
        "grantType": "TOKEN_EXCHANGE", "clientId": 7, "clientIdAliasUsed": true, "clientEntityIdUsed": false,
        "scopes": ["a"], "authorizationDetails": details, "subject": "ada",
    });
    assert_eq!(encoded(&*create), expected);
    let created = json!({
        "action": "OK", "accessToken": "at", "tokenType": "DPoP", "expiresIn": 60, "scopes": ["a", "b"],
        "authorizationDetails": {"elements": [{"type": "pay", "locations": ["https://a"], "otherFields": r#"{"to":"bob","type":"x"}"#}]},
    });
    let created = create.finish(response(created)).proceed().expect("it is created");
    // RFC 8693 2.2.1 and RFC 9396 7
    let reply = created.token_response(Some("urn:ietf:params:oauth:token-type:access_token"));
    let body: Value = serde_json::from_slice(reply.body()).expect("the body is JSON");
    let expected = json!({
        "access_token": "at", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "DPoP", "expires_in": 60, "scope": "a b",
        "authorization_details": [{"type": "pay", "locations": ["https://a"], "to": "bob"}],
    });
    assert_eq!(body, expected);
    assert_eq!((reply.status().as_u16(), &reply.headers()["dpop-nonce"]), (200, &"n".parse().expect("a value")));
}

#[test]
fn a_client_that_did_not_identify_itself_is_no_client() {
    for client in [json!({"clientId": 0}), json!({})] {
        let mut exchange = json!({"action": "TOKEN_EXCHANGE", "subjectToken": "st"});
        let mut bearer = json!({"action": "JWT_BEARER", "assertion": "a"});
        for first in [&mut exchange, &mut bearer] {
            first.as_object_mut().expect("an object").extend(client.as_object().cloned().expect("an object"));
        }
        let TokenNext::TokenExchange(step) = token(exchange) else { panic!("another step") };
        assert_eq!(step.client_id(), None);
        assert_eq!(encoded(&*step.create("ada")), json!({"grantType": "TOKEN_EXCHANGE", "subject": "ada"}));
        let TokenNext::JwtBearer(step) = token(bearer) else { panic!("another step") };
        assert_eq!(step.client_id(), None);
        assert_eq!(encoded(&*step.create("ada")), json!({"grantType": "JWT_BEARER", "subject": "ada"}));
    }
}

#[test]
fn scopes_of_a_request_are_compared_with_those_of_a_token() {
    let info = json!({"scopes": [{"name": "a", "description": "A"}, {"name": "b"}, {}]});
    let exchange = json!({"action": "TOKEN_EXCHANGE", "subjectToken": "st", "scopes": ["b"], "subjectTokenInfo": info});
    let TokenNext::TokenExchange(step) = token(exchange) else { panic!("another step") };
    let had = step.subject_token_info().expect("a token");
    assert_eq!(had.scope_names().collect::<Vec<_>>(), ["a", "b"]);
    assert!(had.has_scopes(step.scopes()) && had.has_scopes([""; 0]) && !had.has_scopes(["a", "c"]));
}

#[test]
fn what_authlete_found_good_can_be_refused() {
    // OpenID Connect Core 1.0, 5.3.3, and RFC 9449 8
    let userinfo = json!({"action": "OK", "token": SECRET, "dpopNonce": "n"});
    let step = response::<types::UserInfoResponse>(userinfo).into_action().proceed().expect("a step");
    let reply = step.refuse(Challenge::invalid_token().description("the user is gone"));
    assert_eq!((reply.status().as_u16(), &reply.headers()["dpop-nonce"]), (401, &"n".parse().expect("a value")));
    let challenge = r#"Bearer error="invalid_token", error_description="the user is gone""#;
    assert_eq!(reply.headers()["www-authenticate"], challenge);
}

#[test]
fn what_a_server_does_not_do_is_declined() {
    for action in ["TOKEN_EXCHANGE", "JWT_BEARER", "PASSWORD"] {
        let reply =
            match token(json!({"action": action, "ticket": SECRET, "subjectToken": SECRET, "assertion": SECRET})) {
                TokenNext::TokenExchange(step) => step.decline(),
                TokenNext::JwtBearer(step) => step.decline(),
                TokenNext::Password(step) => step.decline(),
                other => panic!("{other:?}"),
            };
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (400, &br#"{"error":"unsupported_grant_type"}"#[..]));
    }
    // RFC 6749 5.2
    let exchange = json!({"action": "NATIVE_SSO", "sessionId": SECRET, "accessToken": SECRET, "dpopNonce": "n"});
    let TokenNext::NativeSso(step) = token(exchange) else { panic!("another step") };
    let reply = step.refuse("invalid_grant", Some("the \"session\" has ended: \u{e9}\\"));
    assert_eq!((reply.status().as_u16(), &reply.headers()["dpop-nonce"]), (400, &"n".parse().expect("a value")));
    assert_eq!(reply.headers()["cache-control"], "no-store");
    let body: Value = serde_json::from_slice(reply.body()).expect("the body is JSON");
    assert_eq!(body, json!({"error": "invalid_grant", "error_description": "the 'session' has ended: ??"}));
    let reissuable =
        json!({"action": "ID_TOKEN_REISSUABLE", "accessToken": "a", "responseContent": "{\"access_token\":\"a\"}"});
    let TokenNext::IdTokenReissuable(step) = token(reissuable) else { panic!("another step") };
    let reply = step.decline();
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (200, &br#"{"access_token":"a"}"#[..]));
}

#[test]
fn native_sso_and_reissue_prefer_the_jwt_that_the_client_has() {
    let both = json!({"action": "NATIVE_SSO", "accessToken": "opaque", "jwtAccessToken": "jwt", "refreshToken": "rt"});
    let TokenNext::NativeSso(step) = token(both) else { panic!("another step") };
    let expected = json!({"accessToken": "jwt", "refreshToken": "rt", "deviceSecret": "ds"});
    assert_eq!(encoded(&*step.issue("ds")), expected);
    let mut one = json!({"action": "ID_TOKEN_REISSUABLE", "accessToken": "opaque", "refreshToken": "rt"});
    one["responseContent"] = json!("{}");
    let TokenNext::IdTokenReissuable(step) = token(one) else { panic!("another step") };
    assert_eq!(encoded(&*step.reissue()), json!({"accessToken": "opaque", "refreshToken": "rt"}));
}

#[test]
fn a_backchannel_authentication_goes_from_issue_to_notification() {
    let first = json!({"action": "USER_IDENTIFICATION", "ticket": SECRET, "attestationChallenge": "c"});
    let step = response::<types::BackchannelAuthenticationResponse>(first).into_action().proceed().expect("a step");
    let (issue, pending) = step.issue();
    assert_eq!(encoded(&*issue), json!({"ticket": SECRET}));
    let issued = issue.finish(response(json!({"action": "OK", "responseContent": "{}"}))).into_reply();
    assert_eq!(issued.headers()["oauth-client-attestation-challenge"], "c");
    // What is left is done in the background, and what is asked for can be seen there.
    let kept = serde_json::to_string(&pending).expect("it serialises");
    let pending: BackchannelAuthenticationIssued = serde_json::from_str(&kept).expect("it comes back");
    assert_eq!((pending.ticket().as_str(), format!("{pending:?}").contains(SECRET)), (SECRET, false));
    let complete = pending.approve("ada");
    assert_eq!(encoded(&*complete), json!({"ticket": SECRET, "result": "AUTHORIZED", "subject": "ada"}));
    let completed = json!({
        "action": "NOTIFICATION", "clientNotificationEndpoint": "https://client.example/n",
        "clientNotificationToken": SECRET, "responseContent": "{\"auth_req_id\":\"1\"}",
    });
    // OpenID CIBA Core 10.2
    match complete.finish(response(completed)).proceed() {
        Ok(BackchannelAuthenticationCompleteNext::Notification(notification)) => {
            let request = notification.request().expect("a request");
            assert_eq!(
                (request.method().as_str(), request.uri()),
                ("POST", &"https://client.example/n".parse().expect("a URI"))
            );
            assert_eq!(request.headers()["authorization"], format!("Bearer {SECRET}"));
            assert_eq!(request.headers()["content-type"], "application/json");
            assert_eq!(request.body(), "{\"auth_req_id\":\"1\"}");
            assert!(!format!("{:?} {notification:?}", request.headers()).contains(SECRET));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn credential_orders_name_their_request() {
    let first = json!({"action": "OK", "info": {"identifier": SECRET}});
    let step = response::<types::VciSingleParseResponse>(first).into_action().proceed().expect("a step");
    let order = response(json!({"credentialPayload": "{}"}));
    let expected = json!({"accessToken": "at", "order": {"requestIdentifier": SECRET, "credentialPayload": "{}"}});
    assert_eq!(encoded(&*step.issue("at", order)), expected);
}

// RFC 9449 8.2: the nonce goes with whatever answers the client's request.
#[test]
fn what_is_carried_survives_what_nobody_foresaw() {
    let mut first =
        json!({"action": "ID_TOKEN_REISSUABLE", "accessToken": "at", "refreshToken": "rt", "dpopNonce": "n"});
    first["responseContent"] = json!("{}");
    for then in [json!({"action": "ASK_THE_ORACLE", "resultCode": "A1"}), json!({"action": "CALLER_ERROR"}), json!({})]
    {
        let TokenNext::IdTokenReissuable(step) = token(first.clone()) else { panic!("another step") };
        let reply = step.reissue().finish(response(then)).into_reply();
        assert_eq!((reply.status().as_u16(), &reply.headers()["dpop-nonce"]), (500, &"n".parse().expect("a value")));
        assert_eq!(reply.body(), r#"{"error":"server_error"}"#);
    }
}

#[test]
fn what_is_json_in_a_text_is_written_by_the_step() -> Result<(), authlete_api::Error> {
    #[derive(serde::Serialize)]
    struct Claims {
        given_name: &'static str,
    }
    let ada = Claims { given_name: "Ada" };
    let issue = no_interaction(&json!({})).issue("ada").claims(&ada)?.verified_claims_for_tx([&ada, &ada])?;
    let text = r#"{"given_name":"Ada"}"#;
    let expected = json!({"ticket": SECRET, "subject": "ada", "claims": text, "verifiedClaimsForTx": [text, text]});
    assert_eq!(encoded(&*issue), expected);
    assert!(!format!("{issue:?}").contains("Ada"));
    Ok(())
}

#[test]
fn a_page_of_the_servers_own_has_the_status_that_fits() {
    for (action, status) in [("SUCCESS", 200), ("USER_CODE_EXPIRED", 400), ("SERVER_ERROR", 500)] {
        let complete = response::<types::DeviceCompleteResponse>(json!({"action": action})).into_action();
        let (DeviceCompleteAction::Success(page)
        | DeviceCompleteAction::UserCodeExpired(page)
        | DeviceCompleteAction::ServerError(page)) = complete
        else {
            panic!("{complete:?}")
        };
        assert_eq!((page.status().as_u16(), page.html("<p>").status().as_u16()), (status, status), "{action}");
    }
}
