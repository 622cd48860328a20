//! What consent pages show, the checks of backchannel requests, and documents without an action.

use std::time::{Duration, SystemTime};

use authlete_api::actions::{
    AuthorizationInteraction, AuthorizationNext, BackchannelAuthenticationUserIdentification, DeviceVerificationNext,
    DeviceVerificationValid, IntoAction, IntrospectionAction,
};
use authlete_api::ciba::{Accepted, Refusal, UserHint};
use authlete_api::mock::Mock;
use authlete_api::pages::{ConsentPage, PageScope};
use authlete_api::types::{self, OAuthClient, Scope};
use authlete_api::{AuthleteService, BoxFuture, Operation, Reply, Transport, TransportError, TransportErrorKind};
use bytes::Bytes;
use serde_json::{Value, json};

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(value), Value::Object(more)) = (value, more) {
        value.extend(more);
    }
}

fn request(more: Value) -> Value {
    let mut all = json!({
        "action": "INTERACTION", "ticket": "t", "service": {"serviceName": "Accounts"},
        "client": {
            "clientId": 7, "clientName": "Shop", "clientNames": [{"tag": "ja", "value": "店"}, {"tag": "en-GB", "value": "The shop"}],
            "logoUri": "https://shop.example/logo.png", "policyUri": "javascript:alert(1)",
            "tosUri": "https://shop.example/tos", "tosUris": [{"tag": "ja", "value": "https://shop.example/tos/ja"}],
        },
        "scopes": [
            {"name": "email", "description": "Your address", "descriptions": [{"tag": "ja", "value": "メール"}]},
            {"name": "plain"},
        ],
        "dynamicScopes": [{"name": "pay", "value": "pay:10"}],
        "claims": ["name", "birthdate"], "claimsAtUserInfo": ["birthdate", "phone_number"],
        "idTokenClaims": r#"{"name":{"essential":true},"verified_claims":{"claims":{"given_name":{"purpose":"a contract"}}}}"#,
        "userInfoClaims": r#"{"birthdate":{"purpose":"a present"},"verified_claims":[{"claims":{"given_name":{"essential":true}}}]}"#,
        "authorizationDetails": {"elements": [{"type": "payment", "otherFields": r#"{"amount":10}"#}, {"type": "odd", "otherFields": "no JSON"}]},
        "resources": ["https://api.example"], "gmAction": "MERGE", "purpose": "to deliver",
    });
    extend(&mut all, more);
    all
}

fn interaction(more: Value) -> AuthorizationInteraction {
    match read::<types::AuthorizationResponse>(request(more)).into_action().proceed().unwrap() {
        AuthorizationNext::Interaction(step) => step,
        AuthorizationNext::NoInteraction(_) => panic!("there is no prompt=none"),
    }
}

#[test]
fn a_page_has_what_the_user_decides_on() {
    let page = interaction(json!({})).consent_page(&["en"]);
    assert_eq!(page.service_name.as_deref(), Some("Accounts"));
    let client = &page.client;
    assert_eq!((client.id, client.name.as_deref()), (Some(7), Some("The shop")));
    assert_eq!(client.logo_uri.as_deref(), Some("https://shop.example/logo.png"));
    assert_eq!(client.policy_uri, None, "a script is no link");
    let words: Vec<_> = page.scopes.iter().map(PageScope::words).collect();
    assert_eq!(
        (words, page.dynamic_scopes.as_slice()),
        (vec!["Your address", "plain"], ["pay:10".to_owned()].as_slice())
    );
    let claims: Vec<_> = page
        .claims
        .iter()
        .map(|claim| (claim.name.as_str(), claim.is_verified, claim.is_essential, claim.purpose.as_deref()))
        .collect();
    let expected = [
        ("name", false, true, None),
        ("birthdate", false, false, Some("a present")),
        ("phone_number", false, false, None),
        ("given_name", true, true, Some("a contract")),
    ];
    assert_eq!(claims, expected);
    let details = [json!({"type": "payment", "amount": 10}), json!({"type": "odd", "otherFields": "no JSON"})];
    assert_eq!(page.authorization_details, details, "nothing is hidden");
    assert_eq!(
        (page.resources.as_slice(), page.purpose.as_deref()),
        (["https://api.example".to_owned()].as_slice(), Some("to deliver"))
    );
    assert_eq!(page.grant_action, Some(types::GrantManagementAction::Merge));
    let debug = format!("{page:?}");
    assert!(!debug.contains("pay:10") && !debug.contains("amount"), "{debug}");
    // It can be kept, and compared later.
    assert!(read::<ConsentPage>(serde_json::to_value(&page).unwrap()) == page);
    assert!(format!("{page:?}").starts_with("ConsentPage { client: PageClient {"), "{page:?}");
    assert!(interaction(json!({"resources": ["https://other.example"]})).consent_page(&["en"]) != page);
}

#[test]
fn a_page_is_in_the_language_that_the_client_asks_for() {
    let step = interaction(json!({"uiLocales": ["fr", "ja-JP"]}));
    let page = step.consent_page(&["en"]);
    assert_eq!(page.languages, ["fr", "ja-JP", "en"]);
    assert_eq!(page.client.name.as_deref(), Some("店"));
    assert_eq!(page.client.tos_uri.as_deref(), Some("https://shop.example/tos/ja"));
    assert_eq!(page.scopes[0].words(), "メール");
    let page = interaction(json!({"uiLocales": ["fr"]})).consent_page::<&str>(&[]);
    assert_eq!((page.client.name.as_deref(), page.scopes[0].words()), (Some("Shop"), "Your address"));
    let silent =
        read::<types::AuthorizationResponse>(request(json!({"action": "NO_INTERACTION", "uiLocales": ["ja"]})));
    let AuthorizationNext::NoInteraction(silent) = silent.into_action().proceed().unwrap() else {
        panic!("another step")
    };
    let shown = interaction(json!({"uiLocales": ["ja"]})).consent_page(&["en"]);
    let silent = silent.consent_page(&["en"]);
    assert_eq!((silent.client, silent.scopes, silent.claims), (shown.client, shown.scopes, shown.claims));
}

fn device(value: Value) -> DeviceVerificationValid {
    match read::<types::DeviceVerificationResponse>(value).into_action().proceed().unwrap() {
        DeviceVerificationNext::Valid(step) => step,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_device_page_has_what_is_registered_too() {
    let step = device(json!({
        "action": "VALID", "clientId": 7, "clientName": "Television", "scopes": [{"name": "profile"}, {"name": "x"}],
        "claimNames": ["name"],
    }));
    let mut page = step.consent_page(&["ja"]);
    assert_eq!((page.client.id, page.client.name.as_deref()), (Some(7), Some("Television")));
    assert_eq!((page.scopes[0].words(), page.claims[0].name.as_str()), ("profile", "name"));
    let client: OAuthClient = read(json!({
        "clientId": 7, "clientName": "Television", "clientNames": [{"tag": "JA", "value": "テレビ"}],
        "clientUri": "https://tv.example", "clientUris": [{"tag": "ja", "value": "HTTPS://tv.example/ja"}],
    }));
    page.describe_client(&client);
    assert_eq!(page.client.name.as_deref(), Some("テレビ"));
    assert_eq!(page.client.client_uri.as_deref(), Some("HTTPS://tv.example/ja"));
    page.describe_scopes(&[Scope::default().name("profile").description("Your name")]);
    assert_eq!((page.scopes[0].words(), page.scopes[1].words()), ("Your name", "x"));
}

fn backchannel(more: Value) -> BackchannelAuthenticationUserIdentification {
    let mut all = json!({
        "action": "USER_IDENTIFICATION", "ticket": "t", "clientId": 7, "hintType": "LOGIN_HINT", "hint": "ada",
        "userCodeRequired": true, "userCode": "1815", "bindingMessage": "AB-12",
    });
    extend(&mut all, more);
    read::<types::BackchannelAuthenticationResponse>(all).into_action().proceed().unwrap()
}

/// All checks, of a user whose code is 1815.
fn check(step: BackchannelAuthenticationUserIdentification, expires_at: Option<u64>) -> Result<Accepted, Refusal> {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let subject = match step.user_hint() {
        UserHint::LoginHint("ada") | UserHint::LoginHintToken("token") | UserHint::IdTokenHint("ada") => Some("ada"),
        _ => None,
    };
    step.identify(subject)?
        .hint_token_expires(expires_at.map(at), at(1000))?
        .user_code(|code| code == "1815")?
        .binding_message(|message| message == "AB-12")
}

// CIBA Core 1.0, 7.1 and 13; of several faults it is the first that is told.
#[test]
fn backchannel_requests_are_checked_in_order() {
    let reason = |more: Value, expires_at: Option<u64>| {
        check(backchannel(more), expires_at).err().map(|refusal| refusal.reason.clone())
    };
    let told = |more: Value| reason(more, None).map(|reason| reason.to_string());
    assert_eq!(told(json!({})), None);
    let wrong = json!({"hint": "eve", "userCode": "1", "bindingMessage": "x"});
    assert_eq!(told(wrong).as_deref(), Some("UNKNOWN_USER_ID"));
    assert_eq!(told(json!({"hintType": "NEW_HINT"})).as_deref(), Some("UNKNOWN_USER_ID"));
    assert_eq!(told(json!({"userCode": "1", "bindingMessage": "x"})).as_deref(), Some("INVALID_USER_CODE"));
    assert_eq!(told(json!({"userCode": null, "bindingMessage": "x"})).as_deref(), Some("MISSING_USER_CODE"));
    assert_eq!(told(json!({"userCode": ""})).as_deref(), Some("MISSING_USER_CODE"));
    assert_eq!(told(json!({"userCode": "1", "userCodeRequired": false})), None);
    assert_eq!(told(json!({"bindingMessage": "x"})).as_deref(), Some("INVALID_BINDING_MESSAGE"));
    assert_eq!(told(json!({"bindingMessage": null})), None);
    let token = json!({"hintType": "LOGIN_HINT_TOKEN", "hint": "token", "userCode": "1"});
    let expired = |at| reason(token.clone(), at).map(|reason| reason.to_string());
    assert_eq!(expired(Some(1000)).as_deref(), Some("EXPIRED_LOGIN_HINT_TOKEN"));
    assert_eq!(expired(Some(1001)).as_deref(), Some("INVALID_USER_CODE"));
    assert_eq!(expired(None).as_deref(), Some("INVALID_USER_CODE"));
    // An ID token that has expired still says who the user is.
    let id_token = json!({"hintType": "ID_TOKEN_HINT", "hint": "eyJ", "sub": "ada"});
    assert_eq!(reason(id_token, Some(1)), None);
}

#[test]
fn a_request_that_passed_is_issued_and_any_can_be_refused() {
    let accepted = check(backchannel(json!({"resources": ["https://api.example"]})), None).unwrap();
    assert_eq!((accepted.subject(), accepted.request().resources().len()), ("ada", 1));
    let debug = format!("{:?} {accepted:?}", accepted.request().user_hint());
    assert!(debug.contains("Hint Identified { step: "), "{debug}");
    assert!(!debug.contains("\"ada\"") && !debug.contains("1815"), "{debug}");
    let (issue, issued) = accepted.issue();
    assert_eq!((issue.ticket.as_str(), issued.consent_page(&["en"]).binding_message.as_deref()), ("t", Some("AB-12")));
    let refusal = check(backchannel(json!({})), None).unwrap().refuse("INVALID_TARGET");
    assert_eq!(serde_json::to_value(&**refusal).unwrap(), json!({"ticket": "t", "reason": "INVALID_TARGET"}));
}

/// Responds to every call with the same.
struct Same(u16, &'static [(&'static str, &'static str)], &'static str);

impl Transport for Same {
    fn send<'a>(
        &'a self,
        request: http::Request<Bytes>,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let query = request.uri().query().unwrap_or_default();
            if query.contains("includePrivateKeys=true") {
                return Err(TransportError::new(TransportErrorKind::Connect, "private keys are asked for"));
            }
            let mut response = http::Response::builder().status(self.0);
            for (name, value) in self.1 {
                response = response.header(*name, *value);
            }
            Ok(response.body(Bytes::from_static(self.2.as_bytes())).unwrap())
        })
    }
}

fn service(same: Same) -> AuthleteService {
    let builder = authlete_api::Authlete::builder().base_url("http://127.0.0.1").service_token(1, "t");
    builder.transport(same).build_service().unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");

fn parts(reply: &Reply) -> (u16, Option<&str>, Option<&str>, &[u8]) {
    let header = |name| reply.headers().get(name).map(|value| value.to_str().unwrap());
    (reply.status().as_u16(), header("content-type"), header("cache-control"), reply.body())
}

#[tokio::test]
async fn documents_are_passed_on_and_failures_are_not_stored() {
    let keys = r#"{"keys":[{"kid":"1","kty":"EC","x-new":true}]}"#;
    let reply = service(Same(200, &[JSON], keys)).jwks().include_private_keys(true).reply().await;
    assert_eq!(parts(&reply), (200, Some("application/jwk-set+json"), None, keys.as_bytes()));
    let reply = service(Same(204, &[], "")).jwks().reply().await;
    assert_eq!(parts(&reply), (204, None, None, &b""[..]));
    let reply = service(Same(302, &[("location", "https://keys.example/")], "")).jwks().reply().await;
    assert_eq!(
        (reply.status().as_u16(), &reply.headers()["location"]),
        (302, &"https://keys.example/".parse().unwrap())
    );
    let reply =
        service(Same(200, &[JSON], r#"{"issuer":"https://as.example"}"#)).configuration().patch("[]").reply().await;
    assert_eq!(parts(&reply), (200, Some("application/json"), None, br#"{"issuer":"https://as.example"}"#.as_slice()));
    let error = r#"{"resultCode":"A001","resultMessage":"secret matter"}"#;
    for status in [302, 404, 500] {
        let service = service(Same(status, &[JSON], error));
        for reply in [service.configuration().reply().await, service.jwks().reply().await] {
            let body = br#"{"error":"server_error"}"#.as_slice();
            assert_eq!(parts(&reply), (500, Some("application/json"), Some("no-store"), body));
        }
    }
}

#[tokio::test]
async fn scopes_of_a_token_have_their_settings() {
    let payments = json!({"name": "payments", "attributes": [
        {"key": "access_token.duration", "value": "300"}, {"key": "refresh_token.duration", "value": "0"},
        {"key": "id_token.duration", "value": "soon"}, {"key": "fapi", "value": "rw"},
    ]});
    let response = json!({"action": "OK", "subject": "ada", "scopes": ["payments"], "scopeDetails": [payments]});
    let service = AuthleteService::mocked(&Mock::new().respond(read::<types::IntrospectionResponse>(response)));
    let IntrospectionAction::Ok(token) = service.introspection().process("token").await.unwrap() else {
        panic!("refused")
    };
    let scope = token.scope("payments").unwrap();
    assert_eq!((scope.attribute("fapi"), scope.attribute("other")), (Some("rw"), None));
    assert_eq!(scope.access_token_duration(), Some(Duration::from_secs(300)));
    assert_eq!((scope.refresh_token_duration(), scope.id_token_duration()), (None, None));
    let lasting = json!({"attributes": [
        {"key": "refresh_token.duration", "value": "60"}, {"key": "id_token.duration", "value": " 1 "},
    ]});
    let lasting: types::Scope = read(lasting);
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!((lasting.refresh_token_duration(), lasting.id_token_duration()), (seconds(60), seconds(1)));
    assert_eq!(token.scope("profile"), None);
}
