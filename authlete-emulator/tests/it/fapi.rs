//! What each FAPI mode demands, one by one: without it a request passes, with it the request is refused, and a request
//! that meets the demand passes again.

use serde_json::{Value, json};

use crate::keys::{Key, claims};
use crate::world::{CHALLENGE, REDIRECT_URI, World, content, parameter};

/// A service and a client with keys, in these modes.
async fn world(modes: Value, key: &Key, more: Value) -> World {
    let mut service = json!({
        "supportedTokenAuthMethods": ["CLIENT_SECRET_BASIC", "PRIVATE_KEY_JWT"], "supportedResponseTypes": ["CODE", "CODE_ID_TOKEN"],
        "supportedGrantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN", "CLIENT_CREDENTIALS", "IMPLICIT"],
        "tokenEndpoint": "https://as.example.com/token", "fapiModes": modes,
    });
    service.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let client = json!({
        "tokenAuthMethod": "PRIVATE_KEY_JWT", "jwks": key.set(), "responseTypes": ["CODE", "CODE_ID_TOKEN"],
        "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN", "CLIENT_CREDENTIALS", "IMPLICIT"], "authorizationSignAlg": "ES256",
    });
    World::new(service, client).await
}

/// What a demand is met or not met with.
#[derive(Clone, Copy)]
struct Request {
    pushed: bool,
    object: bool,
    /// Whether the request object says from when it is good.
    nbf: bool,
    challenge: bool,
    nonce: bool,
    response_type: &'static str,
    response_mode: Option<&'static str>,
}

const GOOD: Request = Request {
    pushed: true,
    object: true,
    nbf: true,
    challenge: true,
    nonce: true,
    response_type: "code",
    response_mode: Some("jwt"),
};

/// The error of an authorization request; none where it waits for the user.
async fn error_of(world: &World, key: &Key, request: Request) -> Option<String> {
    let id = world.client_id();
    let now = world.now();
    let mut parameters = json!({
        "client_id": id, "redirect_uri": REDIRECT_URI, "response_type": request.response_type, "scope": "openid read",
        "state": "s",
    });
    if request.challenge {
        parameters["code_challenge"] = json!(CHALLENGE);
        parameters["code_challenge_method"] = json!("S256");
    }
    if request.nonce {
        parameters["nonce"] = json!("n");
    }
    if let Some(mode) = request.response_mode {
        parameters["response_mode"] = json!(mode);
    }
    let mut text = String::new();
    if request.object {
        let mut object = parameters.clone();
        for (name, value) in [
            ("iss", json!(id)),
            ("aud", json!("https://as.example.com")),
            ("nbf", json!(now)),
            ("exp", json!(now + 300)),
        ] {
            object[name] = value;
        }
        if !request.nbf {
            object.as_object_mut().expect("an object").remove("nbf");
        }
        text = format!("client_id={id}&request={}", key.sign(&object));
    } else {
        for (name, value) in parameters.as_object().expect("an object") {
            let value = value.as_str().expect("a string").replace(' ', "+");
            text += &format!("&{name}={value}");
        }
    }
    let response = if request.pushed {
        let assertion = key.sign(&json!({
            "iss": id, "sub": id, "aud": "https://as.example.com", "exp": now + 60, "jti": format!("{:?}", std::time::Instant::now()),
        }));
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let body = json!({"parameters": format!("{text}&client_assertion={assertion}&client_assertion_type={kind}")});
        let pushed = world.act("/pushed_auth_req", body).await;
        if pushed["action"] != "CREATED" {
            return content(&pushed)["error"].as_str().map(str::to_owned);
        }
        let uri = pushed["requestUri"].as_str().expect("a URI");
        world.act("/auth/authorization", json!({"parameters": format!("client_id={id}&request_uri={uri}")})).await
    } else {
        world.act("/auth/authorization", json!({"parameters": text})).await
    };
    match response["action"].as_str() {
        Some("INTERACTION") => None,
        Some("LOCATION") => {
            let location = response["responseContent"].as_str().expect("a URI").replace('#', "?");
            let mut response = response.clone();
            response["responseContent"] = json!(location);
            let in_jwt = parameter(&response, "response").map(|jwt| claims(&jwt)["error"].as_str().map(str::to_owned));
            in_jwt.unwrap_or_else(|| parameter(&response, "error"))
        }
        _ => content(&response)["error"].as_str().map(str::to_owned),
    }
}

/// Asserts that the demand is one of the mode's, and not one of the emulator's at any rate.
async fn demands(mode: &str, good: Request, bad: Request, what: &str) {
    let key = Key::ec();
    let with = world(json!([mode]), &key, json!({})).await;
    assert_eq!(error_of(&with, &key, good).await, None, "{mode}: a good request");
    assert_eq!(error_of(&with, &key, bad).await.as_deref(), Some("invalid_request"), "{mode}: {what}");
    let without = world(json!([]), &key, json!({})).await;
    assert_eq!(error_of(&without, &key, bad).await, None, "without {mode}: {what}");
}

#[tokio::test]
async fn fapi2_security() {
    for (bad, what) in [
        (Request { pushed: false, ..GOOD }, "no PAR"),
        (Request { challenge: false, ..GOOD }, "no PKCE"),
        (Request { response_type: "code id_token", ..GOOD }, "tokens through the browser"),
    ] {
        demands("FAPI2_SECURITY", GOOD, bad, what).await;
    }
    demands(
        "FAPI2_SECURITY",
        Request { object: false, response_mode: None, ..GOOD },
        Request { pushed: false, ..GOOD },
        "PAR",
    )
    .await;
}

#[tokio::test]
async fn fapi2_message_signing() {
    demands("FAPI2_MESSAGE_SIGNING_AUTH_REQ", GOOD, Request { object: false, ..GOOD }, "no request object").await;
    demands("FAPI2_MESSAGE_SIGNING_AUTH_RES", GOOD, Request { response_mode: None, ..GOOD }, "a plain response").await;
    let key = Key::ec();
    for (modes, action) in [(json!(["FAPI2_MESSAGE_SIGNING_INTROSPECTION_RES"]), "JWT"), (json!([]), "OK")] {
        let world = world(modes, &key, json!({})).await;
        let body = json!({"parameters": "token=x", "rsUri": "https://rs.example.com"});
        assert_eq!(world.act("/auth/introspection/standard", body).await["action"], action);
    }
}

#[tokio::test]
async fn fapi1_baseline_and_advanced() {
    let front = Request { pushed: false, object: false, response_mode: None, ..GOOD };
    demands("FAPI1_BASELINE", front, Request { challenge: false, ..front }, "no PKCE").await;
    demands("FAPI1_BASELINE", front, Request { nonce: false, ..front }, "no nonce").await;
    let detached = Request { pushed: false, response_type: "code id_token", response_mode: None, ..GOOD };
    demands("FAPI1_ADVANCED", detached, Request { object: false, ..detached }, "no request object").await;
    let plain = Request { response_type: "code", ..detached };
    demands("FAPI1_ADVANCED", detached, plain, "a code without a signature").await;
    demands("FAPI1_ADVANCED", GOOD, Request { challenge: false, ..GOOD }, "no PKCE in a pushed request").await;
}

#[tokio::test]
async fn a_request_object_may_do_without_nbf_in_fapi1_alone() {
    let key = Key::ec();
    for (mode, optional, error) in [
        ("FAPI1_ADVANCED", false, Some("invalid_request")),
        ("FAPI1_ADVANCED", true, None),
        ("FAPI2_MESSAGE_SIGNING_AUTH_REQ", true, Some("invalid_request")),
    ] {
        let world = world(json!([mode]), &key, json!({"nbfOptional": optional})).await;
        let request = Request { nbf: false, ..GOOD };
        assert_eq!(error_of(&world, &key, request).await.as_deref(), error, "{mode}, {optional}");
        assert_eq!(error_of(&world, &key, GOOD).await, None, "{mode}, {optional}");
    }
}

#[tokio::test]
async fn a_client_may_be_held_to_a_mode_by_itself() {
    let world = World::new(json!({}), json!({"fapiModes": ["FAPI2_SECURITY"]})).await;
    let asked = world.authorize("scope=read&state=s").await;
    assert_ne!(asked["action"], "INTERACTION", "{asked}");
}

#[tokio::test]
async fn fapi2_signatures_of_resources() {
    let key = Key::ec();
    for (mode, request, response) in [
        (json!([]), false, false),
        (json!(["FAPI2_MESSAGE_SIGNING_RESOURCE_REQ"]), true, false),
        (json!(["FAPI2_MESSAGE_SIGNING_RESOURCE_RES"]), false, true),
    ] {
        let world = world(mode.clone(), &key, json!({})).await;
        let body = json!({
            "grantType": "AUTHORIZATION_CODE", "clientId": world.client["clientId"], "subject": "john",
            "scopes": ["openid"],
        });
        let token = world.act("/auth/token/create", body).await["accessToken"].clone();
        let unsigned = world.introspect(&token).await;
        assert_eq!(unsigned["action"] == "BAD_REQUEST", request, "{mode}: {unsigned}");
        if !request {
            assert_eq!(unsigned["responseSigningRequired"], json!(response), "{mode}");
        }
        let issued = world.act("/auth/userinfo/issue", json!({"token": token})).await;
        assert_eq!(issued["signatureInput"].is_string(), response, "{mode}: {issued}");
    }
}

#[tokio::test]
async fn clients_authenticate_by_keys_and_tokens_are_bound() {
    for mode in ["FAPI1_ADVANCED", "FAPI2_SECURITY", "FAPI1_BASELINE"] {
        let service = json!({"fapiModes": [mode]});
        let world = World::new(service, json!({})).await;
        let response = world.token("grant_type=client_credentials").await;
        assert_eq!(
            (&response["action"], &content(&response)["error"]),
            (&json!("INVALID_CLIENT"), &json!("invalid_client")),
            "{mode}"
        );
    }
    let key = Key::ec();
    for (mode, expected) in
        [("FAPI2_SECURITY", "BAD_REQUEST"), ("FAPI1_ADVANCED", "BAD_REQUEST"), ("FAPI1_BASELINE", "OK")]
    {
        let world = world(json!([mode]), &key, json!({})).await;
        let id = world.client_id();
        let assertion = key.sign(&json!({
            "iss": id, "sub": id, "aud": "https://as.example.com", "exp": world.now() + 60, "jti": "1",
        }));
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let parameters =
            format!("grant_type=client_credentials&client_assertion={assertion}&client_assertion_type={kind}");
        let response = world.act("/auth/token", json!({"parameters": parameters})).await;
        assert_eq!(response["action"], expected, "{mode}: {response}");
    }
}

#[tokio::test]
async fn a_profile_goes_by_the_scopes() {
    let key = Key::ec();
    let scopes = |value: &str| {
        json!({"fapiModes": null, "supportedServiceProfiles": ["FAPI"], "supportedScopes": [
            {"name": "openid"}, {"name": "read", "attributes": [{"key": "fapi", "value": value}]},
        ]})
    };
    let plain = Request { pushed: false, object: false, challenge: false, response_mode: None, ..GOOD };
    for (value, expected) in [("r", Some("invalid_request")), ("rw", Some("invalid_request")), ("none", None)] {
        let world = world(json!(null), &key, scopes(value)).await;
        assert_eq!(error_of(&world, &key, plain).await.as_deref(), expected, "{value}");
    }
    let world = world(json!(null), &key, scopes("r")).await;
    assert_eq!(error_of(&world, &key, Request { challenge: true, ..plain }).await, None);
}
