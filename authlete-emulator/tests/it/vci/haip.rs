//! What HAIP demands of issuance, one by one: without the profile a request passes, with it the request is refused, and one
//! that meets the demand passes again.

use serde_json::{Value, json};

use super::issuer::{Authority, Issuer, Key as SigningKey, configurations, extend, person};
use crate::dpop::proof;
use crate::keys::Key;
use crate::world::{CHALLENGE, REDIRECT_URI, VERIFIER, assert_error, content};

const TOKEN_ENDPOINT: &str = "https://as.example.com/token";

/// An issuer whose client authenticates by a key, with more settings.
async fn issuer(key: &Key, service: Value, metadata: Value) -> Issuer {
    issuer_and_client(key, service, metadata, json!({})).await
}

async fn issuer_and_client(key: &Key, service: Value, metadata: Value, client: Value) -> Issuer {
    let mut settings = json!({
        "supportedTokenAuthMethods": ["PRIVATE_KEY_JWT", "CLIENT_SECRET_BASIC"],
        "tokenEndpoint": TOKEN_ENDPOINT,
    });
    extend(&mut settings, &service);
    let mut members = json!({"tokenAuthMethod": "PRIVATE_KEY_JWT", "jwks": key.set()});
    extend(&mut members, &client);
    Issuer::with(settings, metadata, members).await
}

/// The members of a call by the client.
fn call(issuer: &Issuer, key: &Key, parameters: &str) -> Value {
    let (id, now) = (issuer.world.client_id(), issuer.world.now());
    let claims =
        json!({"iss": id, "sub": id, "aud": "https://as.example.com", "iat": now, "exp": now + 60, "jti": parameters});
    let assertion = key.sign(&claims);
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let parameters = format!("{parameters}&client_id={id}&client_assertion_type={kind}&client_assertion={assertion}");
    json!({"parameters": parameters})
}

const CHALLENGED: &str = "code_challenge_method=S256&code_challenge=";

/// An authorization request for a person's credential, but for `more`.
fn request(scope: &str, challenge: &str) -> String {
    format!("response_type=code&scope={scope}&redirect_uri={REDIRECT_URI}&{challenge}")
}

async fn push(issuer: &Issuer, key: &Key, parameters: &str) -> Value {
    issuer.world.act("/pushed_auth_req", call(issuer, key, parameters)).await
}

#[tokio::test]
async fn authorization_requests_are_pushed_for_a_credential_and_with_pkce() {
    let key = Key::ec();
    let challenge = format!("{CHALLENGED}{CHALLENGE}");
    let good = request("person", &challenge);
    let by_scope = json!({"supportedScopes": [
        {"name": "person", "attributes": [{"key": "haip", "value": "1.0"}]},
        {"name": "other", "attributes": [{"key": "haip", "value": "1.0"}]},
    ]});
    for (service, client) in
        [(json!({"haipVersion": "1.0"}), json!({})), (json!({}), json!({"haipVersion": "1.0"})), (by_scope, json!({}))]
    {
        let issuer = issuer_and_client(&key, service, json!({}), client).await;
        assert_eq!(push(&issuer, &key, &good).await["action"], "CREATED");
        for (parameters, error) in [
            (request("person", ""), "invalid_request"),
            (request("person", &format!("code_challenge_method=plain&code_challenge={CHALLENGE}")), "invalid_request"),
            (request("other", &challenge), "invalid_scope"),
        ] {
            assert_error(&push(&issuer, &key, &parameters).await, "BAD_REQUEST", error);
        }
        let in_front = issuer.world.authorize(&format!("scope=person&{challenge}")).await;
        assert_ne!(in_front["action"], "INTERACTION", "{in_front}");
    }
    let relaxed = issuer(&key, json!({}), json!({})).await;
    for parameters in [request("person", ""), request("other", &challenge)] {
        assert_eq!(push(&relaxed, &key, &parameters).await["action"], "CREATED", "{parameters}");
    }
}

#[tokio::test]
async fn tokens_are_bound_by_dpop_to_clients_that_authenticate() {
    let (key, holder) = (Key::ec(), Key::ec());
    for (haip, bound) in [(Value::Null, false), (json!("1.0"), true)] {
        let issuer = issuer(&key, json!({"haipVersion": haip}), json!({})).await;
        let pushed = push(&issuer, &key, &request("person", &format!("{CHALLENGED}{CHALLENGE}"))).await;
        let id = issuer.world.client_id();
        let uri = pushed["requestUri"].as_str().expect("a request URI");
        let body = json!({"parameters": format!("client_id={id}&request_uri={uri}")});
        let asked = issuer.world.act("/auth/authorization", body).await;
        assert_eq!(asked["action"], "INTERACTION", "{asked}");
        let body = json!({"ticket": asked["ticket"], "subject": "john"});
        let issued = issuer.world.act("/auth/authorization/issue", body).await;
        let code = issued["authorizationCode"].as_str().unwrap_or_else(|| panic!("no code: {issued}"));
        let parameters =
            format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}&code_verifier={VERIFIER}");
        if bound {
            let refused = issuer.world.act("/auth/token", call(&issuer, &key, &parameters)).await;
            assert_error(&refused, "BAD_REQUEST", "invalid_request");
        }
        let mut body = call(&issuer, &key, &format!("{parameters}&again=1"));
        body["dpop"] = json!(proof(&issuer.world, &holder, "1", &json!({})));
        let answer = issuer.world.act("/auth/token", body).await;
        assert_eq!(content(&answer)["token_type"], "DPoP", "{answer}");

        // A wallet that does not say who it is.
        let offer = issuer.offer(&["person"], &json!({})).await;
        let anonymous = issuer.redeem(&offer["preAuthorizedCode"], "").await;
        match bound {
            true => assert_error(&anonymous, "INVALID_CLIENT", "invalid_client"),
            false => assert_eq!(anonymous["action"], "OK", "{anonymous}"),
        }
    }
}

#[tokio::test]
async fn clients_do_not_authenticate_by_secrets() {
    let service = json!({"haipVersion": "1.0", "supportedTokenAuthMethods": ["CLIENT_SECRET_BASIC"]});
    let issuer = Issuer::with(service, json!({}), json!({"tokenAuthMethod": "CLIENT_SECRET_BASIC"})).await;
    let body = issuer.world.token_body(&request("person", &format!("{CHALLENGED}{CHALLENGE}")));
    assert_error(&issuer.world.act("/pushed_auth_req", body).await, "UNAUTHORIZED", "invalid_client");
}

async fn metadata(issuer: &Issuer) -> Value {
    issuer.world.act("/vci/metadata", json!({"pretty": false})).await
}

#[tokio::test]
async fn issuers_have_scopes_nonces_and_certificates() {
    let key = Key::ec();
    let haip = json!({"haipVersion": "1.0"});
    assert_eq!(metadata(&issuer(&key, haip.clone(), json!({})).await).await["action"], "OK");
    let mut without_scope = configurations();
    without_scope["license"].as_object_mut().expect("an object").remove("scope");
    for wrong in [json!({"nonceEndpoint": null}), json!({"credentialsSupported": without_scope.to_string()})] {
        let refused = metadata(&issuer(&key, haip.clone(), wrong.clone()).await).await;
        assert_eq!(refused["action"], "INTERNAL_SERVER_ERROR", "{refused}");
        assert_eq!(metadata(&issuer(&key, json!({}), wrong).await).await["action"], "OK");
    }

    // A chain that goes up to its root, and no chain at all; the scope has no attribute, so that tokens need no key.
    let (authority, signer) = (Authority::new("Test root"), SigningKey::new());
    let leaf = signer.certified("issuer.example.com", &authority);
    for (chain, fits) in [(json!([leaf]), true), (json!([leaf, authority.der()]), false), (Value::Null, false)] {
        let jwks = json!({"keys": [signer.private(&json!({"x5c": chain}))]}).to_string();
        let settings = json!({"credentialJwks": jwks});
        let issuer = Issuer::with(settings, json!({}), json!({})).await;
        let token = issuer.token(&["person"]).await;
        let holder = SigningKey::new();
        for haip in [false, true] {
            let identifier = issuer.parsed(&token, &issuer.request("person", &[&holder]).await).await;
            if haip {
                let (_, mut service) = issuer.world.call("GET", &service_path(&issuer, "get"), None).await;
                service["haipVersion"] = json!("1.0");
                let path = service_path(&issuer, "update");
                let (status, _) = issuer.world.call("POST", &path, Some(&service)).await;
                assert_eq!(status, 200);
            }
            let order = json!({"credentialPayload": person().to_string()});
            let answer = issuer.issue(&token, &identifier, &order).await;
            let expected = if !haip || fits { "OK" } else { "INTERNAL_SERVER_ERROR" };
            assert_eq!(answer["action"], expected, "{chain} {haip}: {answer}");
        }
    }
}

fn service_path(issuer: &Issuer, what: &str) -> String {
    format!("/api/{}/service/{what}", issuer.world.service_id())
}

#[tokio::test]
async fn other_versions_are_refused_by_name() {
    let issuer = Issuer::new().await;
    let (_, mut service) = issuer.world.call("GET", &service_path(&issuer, "get"), None).await;
    service["haipVersion"] = json!("2.0");
    let (status, body) = issuer.world.call("POST", &service_path(&issuer, "update"), Some(&service)).await;
    assert_eq!(status, 501);
    assert!(body["resultMessage"].as_str().is_some_and(|message| message.contains("haipVersion")), "{body}");
}
