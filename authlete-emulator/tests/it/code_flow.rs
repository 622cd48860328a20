//! The authorization code flow, from the request to the introspection.

use serde_json::json;

use crate::world::{CHALLENGE, REDIRECT_URI, VERIFIER, World, assert_error, content, parameter};

#[tokio::test]
async fn the_whole_flow() {
    let world = World::plain().await;
    let answer = world.authorize("scope=read+unknown&state=a%26b").await;
    assert_eq!(answer["action"], "INTERACTION");
    assert_eq!(answer["resultCode"], "A004001");
    assert_eq!(answer["client"]["clientId"], world.client["clientId"]);
    assert!(answer["client"].get("clientSecret").is_none());
    assert_eq!(answer["service"]["apiKey"], world.service["apiKey"]);
    assert!(answer["service"].get("apiSecret").is_none());
    assert_eq!(answer["scopes"], json!([{"name": "read", "description": "Reading"}]));
    assert!(answer.get("responseContent").is_none());

    let body = json!({"ticket": answer["ticket"], "subject": "john"});
    let answer = world.act("/auth/authorization/issue", body.clone()).await;
    assert_eq!(answer["resultCode"], "A040001");
    let code = parameter(&answer, "code").expect("a code");
    assert_eq!(answer["authorizationCode"], code);
    assert_eq!(parameter(&answer, "state").as_deref(), Some("a&b"));
    assert_eq!(parameter(&answer, "iss").as_deref(), Some("https://as.example.com"));
    assert!(answer["responseContent"].as_str().expect("a URI").starts_with(&format!("{REDIRECT_URI}?code={code}")));
    let again = world.act("/auth/authorization/issue", body).await;
    assert_error(&again, "BAD_REQUEST", "invalid_request");

    let answer = world.exchange(&code).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    assert_eq!(answer["resultCode"], "A050001");
    assert_eq!(answer["grantType"], "AUTHORIZATION_CODE");
    assert_eq!(answer["subject"], "john");
    assert_eq!(answer["clientId"], world.client["clientId"]);
    assert_eq!(answer["accessTokenDuration"], 86_400);
    assert_eq!(answer["clientAuthMethod"], "CLIENT_SECRET_BASIC");
    let response = content(&answer);
    assert_eq!(response["access_token"], answer["accessToken"]);
    assert_eq!(response["refresh_token"], answer["refreshToken"]);
    assert_eq!(response["token_type"], "Bearer");
    assert_eq!(response["expires_in"], 86_400);
    assert_eq!(response["scope"], "read");

    let answer = world.introspect(&answer["accessToken"]).await;
    assert_eq!(answer["action"], "OK");
    assert_eq!(answer["resultCode"], "A056001");
    assert_eq!(answer["subject"], "john");
    assert_eq!(answer["responseContent"], "Bearer error=\"invalid_request\"");
    for flag in ["existent", "usable", "sufficient", "refreshable"] {
        assert_eq!(answer[flag], true, "{flag}");
    }
}

#[tokio::test]
async fn a_code_that_is_used_again_revokes_its_tokens() {
    let world = World::plain().await;
    let code = world.code("scope=read").await;
    let first = world.exchange(&code).await;
    let refreshed =
        world.token(&format!("grant_type=refresh_token&refresh_token={}", text(&first["refreshToken"]))).await;
    assert_eq!(world.introspect(&refreshed["accessToken"]).await["action"], "OK");
    assert_error(&world.exchange(&code).await, "BAD_REQUEST", "invalid_grant");
    assert_eq!(world.introspect(&refreshed["accessToken"]).await["action"], "UNAUTHORIZED");
    let answer =
        world.token(&format!("grant_type=refresh_token&refresh_token={}", text(&refreshed["refreshToken"]))).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn of_many_uses_of_a_code_at_once_one_succeeds() {
    let world = std::sync::Arc::new(World::plain().await);
    let code = world.code("").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (world, code) = (world.clone(), code.clone());
        tasks.spawn(async move { world.exchange(&code).await["action"].as_str().map(str::to_owned) });
    }
    let actions: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(actions.iter().filter(|action| *action == "OK").count(), 1, "{actions:?}");
    assert_eq!(actions.iter().filter(|action| *action == "BAD_REQUEST").count(), 15, "{actions:?}");
}

#[tokio::test]
async fn pkce() {
    let world = World::plain().await;
    let uri = REDIRECT_URI;
    for (challenge, verifier, result) in [
        (format!("code_challenge={CHALLENGE}&code_challenge_method=S256"), Some(VERIFIER), "OK"),
        (format!("code_challenge={CHALLENGE}&code_challenge_method=S256"), Some(CHALLENGE), "BAD_REQUEST"),
        (format!("code_challenge={CHALLENGE}&code_challenge_method=S256"), None, "BAD_REQUEST"),
        (format!("code_challenge={VERIFIER}&code_challenge_method=plain"), Some(VERIFIER), "OK"),
        (format!("code_challenge={VERIFIER}"), Some(VERIFIER), "OK"),
        (format!("code_challenge={VERIFIER}"), Some(CHALLENGE), "BAD_REQUEST"),
        (String::new(), Some(VERIFIER), "BAD_REQUEST"),
    ] {
        let code = world.code(&challenge).await;
        let verifier = verifier.map(|verifier| format!("&code_verifier={verifier}")).unwrap_or_default();
        let request = format!("grant_type=authorization_code&code={code}&redirect_uri={uri}{verifier}");
        let answer = world.token(&request).await;
        assert_eq!(answer["action"], result, "{challenge} {verifier} {answer}");
        if result != "OK" {
            assert_error(&answer, result, "invalid_grant");
        }
    }
}

#[tokio::test]
async fn pkce_that_the_service_or_the_client_requires() {
    let on = json!({"pkceRequired": true, "pkceS256Required": true});
    for (service, client) in [(on.clone(), json!({})), (json!({}), on)] {
        let world = World::new(service, client).await;
        for refused in [
            String::new(),
            format!("code_challenge={VERIFIER}"),
            format!("code_challenge={VERIFIER}&code_challenge_method=plain"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
            "code_challenge=short&code_challenge_method=S256".to_owned(),
        ] {
            let answer = world.authorize(&refused).await;
            assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"), "{refused}");
        }
        world.code(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256")).await;
    }
}

#[tokio::test]
async fn the_redirect_uri_of_the_token_request() {
    let world = World::plain().await;
    let code = world.code("").await;
    for (uri, error) in [("", "invalid_request"), ("&redirect_uri=https://client.example.org/cb/", "invalid_grant")] {
        let answer = world.token(&format!("grant_type=authorization_code&code={code}{uri}")).await;
        assert_error(&answer, "BAD_REQUEST", error);
    }
    assert_eq!(world.exchange(&code).await["action"], "OK");
}

#[tokio::test]
async fn a_redirect_uri_left_out_of_both_requests() {
    let world = World::plain().await;
    let parameters = format!("response_type=code&client_id={}", world.client_id());
    let answer = world.act("/auth/authorization", json!({"parameters": parameters})).await;
    let body = json!({"ticket": answer["ticket"], "subject": "john"});
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let answer = world.token(&format!("grant_type=authorization_code&code={}", text(&code))).await;
    assert_eq!(answer["action"], "OK", "{answer}");
}

#[tokio::test]
async fn a_code_is_for_the_client_it_was_issued_to() {
    let mut world = World::plain().await;
    let code = world.code("").await;
    let owner = std::mem::take(&mut world.client);
    world.client = world.add_client(json!({})).await;
    assert_error(&world.exchange(&code).await, "BAD_REQUEST", "invalid_grant");
    world.client = owner;
    assert_eq!(world.exchange(&code).await["action"], "OK");
}

#[tokio::test]
async fn two_services_share_nothing() {
    let mut world = World::plain().await;
    let code = world.code("").await;
    let token = world.exchange(&world.code("").await).await["accessToken"].clone();
    let ticket = world.authorize("").await["ticket"].clone();
    let first_client = world.client.clone();
    world.service = world.add_service(json!({})).await;
    world.client = world.add_client(json!({})).await;
    assert_error(&world.exchange(&code).await, "BAD_REQUEST", "invalid_grant");
    assert_eq!(world.introspect(&token).await["action"], "UNAUTHORIZED");
    let answer = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_request");
    world.client = first_client;
    assert_error(&world.exchange(&code).await, "INVALID_CLIENT", "invalid_client");
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().expect("a string")
}
