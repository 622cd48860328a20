//! Tokens that are stolen, used again, or in the wrong place (RFC 9700 2.2, 4.3 and 4.14).

use authlete_api::types::OAuthClient;
use http::Method;
use serde_json::Value;

use super::{World, client, form, header};
use crate::authorization_server::endpoints::{basic, text};

async fn tokens(world: &World, client: &OAuthClient) -> Value {
    let code = world.code(client, &[]).await;
    let (status, tokens) = world.exchange(client, &code, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

#[tokio::test]
async fn a_refresh_token_used_again_ends_the_whole_family() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let first = tokens(&world, &web).await;
    let (status, second) = world.refresh(&web, text(&first, "refresh_token")).await;
    assert_eq!(status, 200);
    let (status, third) = world.refresh(&web, text(&second, "refresh_token")).await;
    assert_eq!((status, world.api(text(&third, "access_token")).await), (200, 200));
    // A thief, or the client after a thief: nobody can tell, so neither goes on.
    let (status, answer) = world.refresh(&web, text(&first, "refresh_token")).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
    let (status, answer) = world.refresh(&web, text(&third, "refresh_token")).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
    for one in [&first, &second, &third] {
        assert_eq!(world.api(text(one, "access_token")).await, 401);
    }
    // What the user let the client have at another time is another family.
    let other = tokens(&world, &web).await;
    let (status, _) = world.refresh(&web, text(&first, "refresh_token")).await;
    assert_eq!((status, world.api(text(&other, "access_token")).await), (400, 200));
}

#[tokio::test]
async fn a_refresh_token_is_for_its_client_and_its_scope() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let thief = world.register(client("Thief")).await;
    let tokens = tokens(&world, &web).await;
    let refresh = text(&tokens, "refresh_token");
    let (status, answer) = world.refresh(&thief, refresh).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
    let wider = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", "profile email")];
    let (status, answer) = world.post("/token", &basic(&web), &form(&wider, &[])).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_scope"));
    // Neither try took the token from its owner.
    assert_eq!(world.refresh(&web, refresh).await.0, 200);
    // One kind of token is not taken for the other.
    assert_eq!(world.api(refresh).await, 401);
    assert_eq!(world.refresh(&web, text(&tokens, "access_token")).await.0, 400);
}

#[tokio::test]
async fn others_cannot_revoke_a_token() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let thief = world.register(client("Thief")).await;
    let tokens = tokens(&world, &web).await;
    let access = text(&tokens, "access_token");
    world.post("/revoke", &basic(&thief), &form(&[("token", access)], &[])).await;
    assert_eq!(world.api(access).await, 200);
    world.post("/revoke", &basic(&web), &form(&[("token", access)], &[])).await;
    assert_eq!(world.api(access).await, 401);
}

#[tokio::test]
async fn tokens_in_urls_are_refused() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let tokens = tokens(&world, &web).await;
    let access = text(&tokens, "access_token");
    let bearer = format!("Bearer {access}");
    for (method, path) in
        [(Method::GET, "/api/me"), (Method::GET, "/userinfo"), (Method::POST, "/userinfo"), (Method::GET, "/grants/g")]
    {
        let url = format!("{path}?access_token={access}");
        let answer = world.send(method.as_str(), &url, &[], "").await;
        assert!([400, 401].contains(&answer.status().as_u16()), "{method} {path}: {answer:?}");
        assert!(header(&answer, "www-authenticate").starts_with("Bearer"), "{method} {path}: {answer:?}");
    }
    // Nor beside the same token where it may be.
    assert_eq!(world.call(Method::GET, &format!("/api/me?access_token={access}"), &bearer, "").await.0, 400);
    assert_eq!(world.call(Method::GET, "/api/me", &bearer, "").await.0, 200);
}

#[tokio::test]
async fn a_token_comes_once() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let tokens = tokens(&world, &web).await;
    let access = text(&tokens, "access_token");
    let (bearer, in_form) = (format!("Bearer {access}"), format!("access_token={access}"));
    assert_eq!(world.post("/userinfo", &bearer, "").await.0, 200);
    assert_eq!(world.post("/userinfo", "", &in_form).await.0, 200);
    assert_eq!(world.post("/userinfo", &bearer, &in_form).await.0, 400);
    assert_eq!(world.post("/userinfo", "", &format!("{in_form}&{in_form}")).await.0, 400);
    for path in ["/api/me", "/userinfo", "/grants/g"] {
        let twice = [("authorization", &*bearer), ("authorization", &*bearer)];
        assert_eq!(world.send("GET", path, &twice, "").await.status(), 400, "{path}");
    }
}

#[tokio::test]
async fn answers_with_tokens_and_codes_are_not_stored() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let code = world.code(&web, &[]).await;
    let exchange = form(&[("grant_type", "authorization_code"), ("code", &code)], &[]);
    let basic = basic(&web);
    let sent = [("authorization", &*basic), ("content-type", "application/x-www-form-urlencoded")];
    let wish = world.wish(&web, &[]).replace("https://as.example.com", "");
    let none = world.wish(&web, &[("prompt", "none")]).replace("https://as.example.com", "");
    for (method, path, body) in [
        ("POST", "/token", &*exchange),
        ("POST", "/token", "grant_type=nonsense"),
        ("POST", "/par", wish.split_once('?').unwrap().1),
        ("POST", "/device_authorization", "scope=profile"),
        ("POST", "/backchannel", "scope=openid&login_hint=ada"),
        ("GET", &none, ""),
        ("GET", &wish, ""),
        ("GET", "/api/me", ""),
    ] {
        let answer = world.send(method, path, &sent, body).await;
        assert!(header(&answer, "cache-control").contains("no-store"), "{method} {path}: {answer:?}");
    }
}
