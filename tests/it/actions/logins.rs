//! Logins: whether they satisfy a request, what a login page has to do, and `max_age=0` in every form of a request.

use std::time::{Duration, SystemTime};

use authlete_api::actions::{
    AuthorizationInteraction, AuthorizationNext, AuthorizationNoInteraction, IntoAction, Login, LoginCheck,
    LoginProblem, PushedAuthorizationAction,
};
use authlete_api::mock::Mock;
use authlete_api::types::{self, AuthorizationFailReason as Reason};
use authlete_api::{AuthleteService, JsonString};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::SECRET;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// 1000 seconds after 1970, and a bit.
fn now() -> SystemTime {
    at(1000) + Duration::from_millis(900)
}

fn step(action: &str, value: &Value) -> AuthorizationNext {
    let mut all = json!({"action": action, "ticket": SECRET});
    all.as_object_mut().expect("an object").extend(value.as_object().cloned().expect("an object"));
    let response: types::AuthorizationResponse = serde_json::from_value(all).expect("the response has its type");
    response.into_action().proceed().expect("there is work to do")
}

fn no_interaction(value: &Value) -> AuthorizationNoInteraction {
    let AuthorizationNext::NoInteraction(step) = step("NO_INTERACTION", value) else { panic!("another step") };
    step
}

fn interaction(value: &Value) -> AuthorizationInteraction {
    let AuthorizationNext::Interaction(step) = step("INTERACTION", value) else { panic!("another step") };
    step
}

fn encoded(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("it is JSON")
}

// OpenID Connect Core 3.1.2.1 (max_age, acr_values), 3.1.2.6 (login_required) and 5.5.1.1 (essential acr).
#[test]
fn a_request_without_interaction_is_held_against_the_login() {
    let refusal = |request: Value, login: &Login| no_interaction(&request).refusal(login, now());
    let ada = Login::new("ada").auth_time(at(900)).acr("silver");
    assert_eq!(refusal(json!({}), &Login::default()), Some(Reason::NotLoggedIn));
    assert_eq!(refusal(json!({}), &ada), None);
    assert_eq!(refusal(json!({"maxAge": 100}), &ada), None, "this second still counts");
    assert_eq!(refusal(json!({"maxAge": 99}), &ada), Some(Reason::ExceedsMaxAge));
    assert_eq!(refusal(json!({"maxAge": 0}), &ada), None, "zero is how no age is sent");
    let zero = json!({"maxAge": 0, "requestObjectPayload": r#"{"max_age":0}"#});
    assert_eq!(refusal(zero.clone(), &ada), Some(Reason::ExceedsMaxAge));
    assert_eq!(refusal(zero, &ada.clone().is_new(true)), Some(Reason::ExceedsMaxAge), "there is no page to log in on");
    assert_eq!(refusal(json!({"maxAge": 9}), &Login::new("ada")), Some(Reason::MaxAgeNotSupported));
    let late = Login::new("ada").auth_time(now() + Duration::from_secs(1 << 40));
    assert_eq!(refusal(json!({"maxAge": i32::MAX}), &late), None);
    assert_eq!(refusal(json!({"subject": "ada"}), &ada), None);
    assert_eq!(refusal(json!({"subject": "bob"}), &ada), Some(Reason::DifferentSubject));
    assert_eq!(refusal(json!({"grantSubject": "bob"}), &ada), Some(Reason::DifferentSubject));
    let gold = |essential| json!({"acrs": ["gold"], "acrEssential": essential});
    assert_eq!(refusal(gold(false), &ada), None);
    assert_eq!(refusal(gold(true), &ada), Some(Reason::AcrNotSatisfied));
    assert_eq!(refusal(gold(true), &Login::new("ada").acr("gold")), None);
    assert_eq!(refusal(json!({"acrEssential": true}), &ada), None);
}

#[test]
fn what_is_issued_for_a_login_has_its_time_and_class() {
    let ada = Login::new("ada").auth_time(at(900) + Duration::from_millis(999)).acr("silver");
    let denied = no_interaction(&json!({"subject": "bob"})).check(&ada, now()).expect_err("another user");
    assert_eq!(encoded(&**denied), json!({"ticket": SECRET, "reason": "DIFFERENT_SUBJECT"}));
    let expected = json!({"ticket": SECRET, "subject": "ada", "authTime": 900, "acr": "silver"});
    let granted = no_interaction(&json!({"maxAge": 600})).check(&ada, now()).expect("the same user");
    assert_eq!(encoded(&*granted.issue()), expected);
    let granted = interaction(&json!({"maxAge": 600})).check(&ada, now()).expect("the same user");
    assert_eq!((granted.login(), granted.ticket().as_str()), (&ada, SECRET));
    assert_eq!(encoded(&*granted.issue()), expected);
    let unknown = interaction(&json!({})).check(&Login::new("ada"), now()).expect("any login will do");
    assert_eq!(encoded(&*unknown.issue()), json!({"ticket": SECRET, "subject": "ada"}));
    let back = interaction(&json!({"subject": "bob"})).check(&ada, now()).expect_err("another user");
    assert_eq!(encoded(&*back.fail("DENIED")), json!({"ticket": SECRET, "reason": "DENIED"}));

    let verified: types::DeviceVerificationResponse =
        serde_json::from_value(json!({"action": "VALID"})).expect("a response");
    let Ok(authlete_api::actions::DeviceVerificationNext::Valid(device)) = verified.into_action().proceed() else {
        panic!("another action")
    };
    let expected = json!({"userCode": "C", "result": "AUTHORIZED", "subject": "ada", "authTime": 900, "acr": "silver"});
    assert_eq!(encoded(&*device.approve("ada", "C").login(&ada)), expected);
}

#[test]
fn a_login_page_is_told_what_to_do() {
    let ada = Login::new("ada").auth_time(at(900));
    let problem = |request: Value, login: &Login| match interaction(&request).login_check(login, now()) {
        LoginCheck::Satisfied => None,
        LoginCheck::LogIn(page) => Some((page.problem, true)),
        LoginCheck::Unsatisfied(problem) => Some((problem, false)),
    };
    use LoginProblem::{AcrNotSatisfied, AgeUnknown, NewLoginWanted, NobodyLoggedIn, OtherUser, TooOld};
    let new = ada.clone().is_new(true);
    let gold = json!({"acrs": ["gold"], "acrEssential": true});
    let zero = json!({"maxAge": 0, "requestObjectPayload": r#"{"max_age":"00"}"#});
    for (request, login, expected) in [
        (json!({}), &Login::default(), Some((NobodyLoggedIn, true))),
        (json!({}), &ada, None),
        (json!({"prompts": ["CONSENT"]}), &ada, None),
        (json!({"prompts": ["LOGIN"]}), &ada, Some((NewLoginWanted, true))),
        (json!({"prompts": ["SELECT_ACCOUNT"]}), &ada, Some((NewLoginWanted, true))),
        (json!({"prompts": ["CREATE"]}), &ada, Some((NewLoginWanted, true))),
        (json!({"prompts": ["LOGIN"]}), &new, None),
        (zero.clone(), &ada, Some((NewLoginWanted, true))),
        (zero, &new, None),
        (json!({"maxAge": 100}), &ada, None),
        (json!({"maxAge": 99}), &ada, Some((TooOld, true))),
        // The user stayed on a page for longer.
        (json!({"maxAge": 99}), &new, Some((TooOld, true))),
        (json!({"maxAge": 99}), &Login::new("ada"), Some((AgeUnknown, true))),
        (json!({"maxAge": 99}), &Login::new("ada").is_new(true), Some((AgeUnknown, false))),
        (json!({"subject": "bob"}), &ada, Some((OtherUser, true))),
        (json!({"subject": "bob"}), &new, Some((OtherUser, false))),
        (json!({"grantSubject": "bob"}), &ada, Some((OtherUser, true))),
        (gold.clone(), &ada, Some((AcrNotSatisfied, true))),
        (gold, &new, Some((AcrNotSatisfied, false))),
        (json!({"acrs": ["gold"]}), &ada, None),
    ] {
        assert_eq!(problem(request.clone(), login), expected, "{request} {login:?}");
    }

    let request = json!({
        "prompts": ["SELECT_ACCOUNT"], "loginHint": "ada@example.com", "acrs": ["gold", "silver"], "maxAge": 60,
        "uiLocales": ["ja"], "subject": "1001",
    });
    let step = interaction(&request);
    let LoginCheck::LogIn(page) = step.login_check(&ada, now()) else { panic!("a login is wanted") };
    assert_eq!((page.subject, page.login_hint), (Some("1001"), Some("ada@example.com")));
    assert_eq!((page.selects_account, page.creates_account, page.acr_essential), (true, false, false));
    assert_eq!((page.acrs, page.ui_locales), (&["gold".to_owned(), "silver".to_owned()][..], &["ja".to_owned()][..]));
    assert_eq!(page.max_age, Some(Duration::from_secs(60)));
}

fn jwt(payload: &str) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode("{\"alg\":\"ES256\"}"), URL_SAFE_NO_PAD.encode(payload))
}

/// A service whose authorization requests have this action, and a maximum age of 0, as Authlete says for none too.
fn service(action: &str, payload: Option<&str>, request_uri: &str) -> AuthleteService {
    let mut response = types::AuthorizationResponse::default().action(action).ticket(SECRET).max_age(0);
    response.request_object_payload = payload.map(|payload| JsonString::from(payload.to_owned()));
    let pushed = types::PushedAuthorizationResponse::default()
        .action("CREATED")
        .request_uri(request_uri)
        .response_content("{\"expires_in\":600}");
    AuthleteService::mocked(&Mock::new().respond(response).respond(pushed))
}

/// The maximum age that the step has, before and after a session kept it.
async fn max_age(service: &AuthleteService, parameters: &str) -> Option<Duration> {
    let next = service.authorization().process(parameters).await.expect("an answer").proceed();
    let Ok(AuthorizationNext::Interaction(step)) = next else { panic!("another action") };
    let kept = serde_json::to_string(&step).expect("it serialises");
    let back: AuthorizationInteraction = serde_json::from_str(&kept).expect("it comes back");
    assert_eq!(back.max_age(), step.max_age(), "{parameters}");
    step.max_age()
}

/// Whether a login of this second is refused without pages.
async fn is_refused(service: &AuthleteService, parameters: &str) -> bool {
    let next = service.authorization().process(parameters).await.expect("an answer").proceed();
    let Ok(AuthorizationNext::NoInteraction(step)) = next else { panic!("another action") };
    step.refusal(&Login::new("ada").auth_time(now()), now()).is_some()
}

// OpenID Connect Core 1.0, 3.1.2.1; RFC 9101; RFC 9126
#[tokio::test]
async fn a_maximum_age_of_zero_is_told_from_none() {
    for (parameters, payload, zero) in [
        ("max_age=0", None, true),
        ("scope=openid&max_age=00", None, true),
        ("max_age=%30", None, true),
        ("max_age=+0", None, true),
        ("max_age=-0", None, true),
        ("max_age=%D9%A0", None, true),
        ("max%5Fage=0", None, true),
        ("max_age=", None, false),
        ("max_age", None, false),
        ("scope=max_age=0", None, false),
        ("", None, false),
        ("request=x", Some(r#"{"max_age":0}"#), true),
        ("request=x", Some(r#"{"max_age":0.0}"#), true),
        ("request=x", Some(r#"{"max_age":"0"}"#), true),
        ("request=x", Some(r#"{"max_age":null}"#), false),
        ("request=x", Some("{}"), false),
        ("request=x", Some("not JSON"), false),
        (&format!("request={}", jwt(r#"{"max_age":0}"#)), None, true),
        (&format!("request={}", jwt("{}")), None, false),
        ("request=a.b.c", None, false),
        ("request_uri=urn%3Aunknown", None, false),
    ] {
        let found = max_age(&service("INTERACTION", payload, ""), parameters).await;
        assert_eq!(found, zero.then_some(Duration::ZERO), "{parameters} {payload:?}");
        assert_eq!(
            is_refused(&service("NO_INTERACTION", payload, ""), parameters).await,
            zero,
            "{parameters} {payload:?}"
        );
    }
}

#[tokio::test]
async fn a_pushed_maximum_age_of_zero_is_remembered() {
    let uri = "urn:ietf:params:oauth:request_uri:1";
    let refers = "client_id=1&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A1";
    for (parameters, zero) in [
        ("max_age=0", true),
        ("max_age=00&scope=openid", true),
        (&*format!("request={}", jwt(r#"{"max_age":0}"#)), true),
        ("scope=openid", false),
    ] {
        let expected = zero.then_some(Duration::ZERO);
        for action in ["INTERACTION", "NO_INTERACTION"] {
            let service = service(action, None, uri);
            match service.pushed_authorization().process(parameters).await.expect("an answer") {
                PushedAuthorizationAction::Created(created) => {
                    assert_eq!(created.names_max_age(), zero, "{parameters}");
                }
                other => panic!("{other:?}"),
            }
            match action {
                "INTERACTION" => assert_eq!(max_age(&service, refers).await, expected, "{parameters}"),
                _ => assert_eq!(is_refused(&service, refers).await, zero, "{parameters}"),
            }
        }
    }
    // Another instance of the server knows when it is told.
    let other = service("INTERACTION", None, uri);
    assert_eq!(max_age(&other, refers).await, None);
    other.remember_max_age(uri, Duration::from_secs(600));
    assert_eq!(max_age(&other, refers).await, Some(Duration::ZERO));
}
