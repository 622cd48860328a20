//! What an attacker tries (RFC 9700), and what has to come of it.

use serde_json::{Value, json};

use crate::world::{CHALLENGE, REDIRECT_URI, VERIFIER, World, assert_error, parameter};

#[tokio::test]
async fn an_injected_code_needs_the_verifier_of_its_own_request() {
    let world = World::plain().await;
    let victims = world.code(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256")).await;
    let attackers = "x".repeat(43);
    for verifier in [format!("&code_verifier={attackers}"), String::new()] {
        let request = format!("grant_type=authorization_code&code={victims}&redirect_uri={REDIRECT_URI}{verifier}");
        assert_error(&world.token(&request).await, "BAD_REQUEST", "invalid_grant");
    }
    let request =
        format!("grant_type=authorization_code&code={victims}&redirect_uri={REDIRECT_URI}&code_verifier={VERIFIER}");
    assert_eq!(world.token(&request).await["action"], "OK");
}

#[tokio::test]
async fn a_challenge_that_was_taken_out_is_noticed() {
    // Section 4.8: the client sends its verifier, and the server knows of no challenge.
    let world = World::plain().await;
    let code = world.code("").await;
    let request =
        format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}&code_verifier={VERIFIER}");
    assert_error(&world.token(&request).await, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn a_redirect_uri_has_to_be_the_registered_one_to_the_letter() {
    let world = World::plain().await;
    let id = world.client_id();
    for uri in [
        "https://client.example.org/cb/example.com/",
        "https://client.example.org/cb/example.com/../evil",
        "https://client.example.org/cb/%65xample.com",
        "https://client.example.org.evil.example/cb/example.com",
        "https://client.example.org@evil.example/cb/example.com",
        "https://evil.example/cb/example.com",
        "http://client.example.org/cb/example.com",
        "https://client.example.org:443/cb/example.com",
        "https://CLIENT.example.org/cb/example.com",
        "https://client.example.org/cb/example.com#fragment",
        "https://client.example.org/cb/example.com?a=b",
        "https://client.example.org/cb/example.com\r\nX: y",
        "javascript:alert(1)",
        "//evil.example/cb",
    ] {
        let encoded: String = form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let parameters = format!("response_type=code&client_id={id}&redirect_uri={encoded}");
        let answer = world.act("/auth/authorization", json!({"parameters": parameters})).await;
        // The browser must not be sent there, not even with an error.
        assert_error(&answer, "BAD_REQUEST", "invalid_request");
    }
}

#[tokio::test]
async fn every_answer_names_who_it_is_from() {
    // Section 4.4: a client that talks to several servers tells their answers apart by `iss`.
    let world = World::plain().await;
    let good = world.authorize("state=s1").await;
    let body = json!({"ticket": good["ticket"], "subject": "john"});
    let good = world.act("/auth/authorization/issue", body).await;
    let bad = world.authorize("prompt=dance").await;
    for answer in [good, bad] {
        assert_eq!(parameter(&answer, "iss").as_deref(), Some("https://as.example.com"));
    }
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_with_the_first_of_two_uses() {
    let world = World::plain().await;
    let first = world.exchange(&world.code("").await).await;
    let refresh = |answer: &Value| {
        format!("grant_type=refresh_token&refresh_token={}", answer["refreshToken"].as_str().expect("a token"))
    };
    let attackers = world.token(&refresh(&first)).await;
    assert_eq!(attackers["action"], "OK");
    assert_error(&world.token(&refresh(&first)).await, "BAD_REQUEST", "invalid_grant");
    assert_error(&world.token(&refresh(&attackers)).await, "BAD_REQUEST", "invalid_grant");
    assert_eq!(world.introspect(&attackers["accessToken"]).await["action"], "UNAUTHORIZED");
}

#[tokio::test]
async fn a_token_in_the_place_of_another_kind() {
    let world = World::plain().await;
    let code = world.code("scope=openid").await;
    let other_code = world.code("").await;
    let token = world.exchange(&code).await;
    let text = |name: &str| token[name].as_str().expect("a token");
    for wrong in [text("accessToken"), text("idToken"), &other_code] {
        let answer = world.token(&format!("grant_type=refresh_token&refresh_token={wrong}")).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_grant");
    }
    for wrong in [text("refreshToken"), text("idToken"), &other_code] {
        assert_eq!(world.introspect(&json!(wrong)).await["action"], "UNAUTHORIZED");
    }
    assert_error(&world.exchange(text("refreshToken")).await, "BAD_REQUEST", "invalid_grant");
    let ticket = world.authorize("").await["ticket"].clone();
    assert_error(&world.exchange(ticket.as_str().expect("a ticket")).await, "BAD_REQUEST", "invalid_grant");
}
