//! Where answers go, and from whom they say they are (RFC 9700 2.1, 4.1, 4.4 and 4.11).

use serde_json::json;

use super::{CALLBACK, URL, World, client, credentials, form, header, query_of};
use crate::authorization_server::endpoints::{basic, text};

/// Redirect URIs that are not the registered one, but look like it, or are worth a try.
const TRICKS: &[&str] = &[
    "https://as.example.com/client/callback/",
    "https://as.example.com/client/callback2",
    "https://as.example.com/client/callback/../../evil",
    "https://as.example.com/client/%2e%2e/evil",
    "https://as.example.com/client/callback%2f..%2fevil",
    "https://as.example.com/client%2Fcallback",
    "https://as.example.com//client/callback",
    "https://as.example.com/client/callback?next=https://evil.example",
    "https://as.example.com/client/callback#",
    "https://as.example.com/client/callback#fragment",
    "https://as.example.com/client/callback\r\nlocation: https://evil.example",
    "https://as.example.com/client/callback\0",
    "https://as.example.com/client/callback ",
    "https://as.example.com:443/client/callback",
    "https://as.example.com:8443/client/callback",
    "https://as.example.com@evil.example/client/callback",
    "https://user@as.example.com/client/callback",
    "https://evil.example\\@as.example.com/client/callback",
    "https://as.example.com.evil.example/client/callback",
    "https://evil.example/https://as.example.com/client/callback",
    "https://evil.example?https://as.example.com/client/callback",
    "https://evil.example#https://as.example.com/client/callback",
    "HTTPS://AS.EXAMPLE.COM/client/callback",
    "http://as.example.com/client/callback",
    "//as.example.com/client/callback",
    "/client/callback",
    "https://other.example/callback",
    "javascript:alert(1)//https://as.example.com/client/callback",
    "data:text/html,<script>alert(1)</script>",
];

#[tokio::test]
async fn no_other_redirect_uri_is_taken_nor_redirected_to() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    // Good for its own client, and for no other.
    let other = world.register(client("Other").redirect_uris(["https://other.example/callback"])).await;
    let own = world.browser().open(&world.wish(&other, &[("redirect_uri", "https://other.example/callback")])).await;
    assert!(own.says("<h1>Log in</h1>"), "{own:?}");
    for trick in TRICKS {
        // Neither to answer what is good, nor to report what is bad.
        for more in [("state", "s1"), ("response_type", "nonsense"), ("prompt", "none"), ("response_mode", "form_post")]
        {
            let request = world.wish(&web, &[("redirect_uri", trick), more]);
            let answer = world.send("GET", request.strip_prefix(URL).unwrap(), &[], "").await;
            assert_eq!((answer.status().as_u16(), header(&answer, "location")), (400, ""), "{trick:?} {more:?}");
            assert!(!header(&answer, "content-type").starts_with("text/html"), "{trick:?} {more:?}");
        }
        let (id, _) = credentials(&web);
        let pushed = form(&[("response_type", "code"), ("client_id", &id), ("redirect_uri", trick)], &[]);
        assert_eq!(world.post("/par", &basic(&web), &pushed).await.0, 400, "{trick:?}");
    }
}

#[tokio::test]
async fn with_two_redirect_uris_one_is_named() {
    let world = World::start().await;
    let web = world.register(client("Web").redirect_uris([CALLBACK, "https://other.example/callback"])).await;
    let request = world.wish(&web, &[("redirect_uri", "")]);
    assert_eq!(world.send("GET", request.strip_prefix(URL).unwrap(), &[], "").await.status(), 400);
    // Nor does a code go to the second that was asked for with the first.
    let code = world.code(&web, &[]).await;
    let (status, answer) = world.exchange(&web, &code, &[("redirect_uri", "https://other.example/callback")]).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_state_comes_back_as_it_was_and_is_nothing_else() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    for state in ["a\r\nset-cookie: session=evil\r\n\r\n<html>", "a&code=evil&iss=https://evil.example#b", "ä %00+"] {
        for mode in ["query", "fragment"] {
            let request = world.wish(&web, &[("state", state), ("prompt", "none"), ("response_mode", mode)]);
            let answer = world.send("GET", request.strip_prefix(URL).unwrap(), &[], "").await;
            assert_eq!((answer.headers().get("set-cookie"), &**answer.body()), (None, ""), "{answer:?}");
            let location = header(&answer, "location").replacen('#', "?", 1);
            let query = query_of(&location);
            assert_eq!((&*query["state"], &*query["iss"]), (state, URL), "{answer:?}");
            assert!(!query.contains_key("code") && location.starts_with(CALLBACK), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn clients_cannot_register_what_is_no_redirect_uri() {
    let world = World::start().await;
    for uri in ["javascript:alert(1)", "https://client.example/cb#fragment", "/cb", "http://", "nonsense"] {
        let (status, answer) = world.post("/register", "", &json!({"redirect_uris": [uri]}).to_string()).await;
        assert_eq!((status, text(&answer, "error")), (400, "invalid_redirect_uri"), "{uri}");
    }
}

#[tokio::test]
async fn every_response_says_whose_it_is() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let (status, metadata) = world.call(http::Method::GET, "/.well-known/openid-configuration", "", "").await;
    assert_eq!((status, text(&metadata, "issuer")), (200, URL));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);

    let mut browser = world.browser();
    let login = browser.open(&world.wish(&web, &[])).await;
    let page = browser.log_in(&login, "ada", "lovelace").await;
    let allowed = browser.decide(&page, "allow").await.url;
    let page = browser.open(&world.wish(&web, &[("prompt", "consent")])).await;
    let denied = browser.decide(&page, "deny").await.url;
    let wrong = browser.open(&world.wish(&web, &[("scope", "openid"), ("prompt", "none login")])).await.url;
    let nobody = world.browser().open(&world.wish(&web, &[("prompt", "none")])).await.url;
    for (url, error) in [
        (allowed, None),
        (denied, Some("access_denied")),
        (wrong, Some("invalid_request")),
        (nobody, Some("login_required")),
    ] {
        let query = query_of(&url);
        assert_eq!((&*query["iss"], &*query["state"]), (URL, "s1"), "{url}");
        assert_eq!(query.get("error").map(String::as_str), error, "{url}");
        assert_eq!(query.contains_key("code"), error.is_none(), "{url}");
        // Once, so that no client reads another.
        assert_eq!(url.matches("iss=").count(), 1, "{url}");
    }
}
