//! Requests that no client sends: parameters twice, other methods, credentials in the wrong place, names of other hosts.

use super::{CALLBACK, URL, World, basic, client, credentials, form, header, query_of};
use crate::authorization_server::endpoints::text;
use crate::authorization_server::possession::Key;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn parameters_of_an_authorization_request_come_once() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let good = world.wish(&web, &[]);
    for (name, value) in form_urlencoded::parse(good.split_once('?').unwrap().1.as_bytes()) {
        for other in [&*value, "https://evil.example/"] {
            for (first, second) in [(&*value, other), (other, &*value)] {
                let twice = form(&[(&name, second)], &[]);
                let request = format!("{}&{twice}", world.wish(&web, &[(&name, first)]));
                let answer = world.send("GET", request.strip_prefix(URL).unwrap(), &[], "").await;
                let location = header(&answer, "location");
                // To the client, when it is certain which one that is and where; otherwise here.
                let told = location.starts_with(CALLBACK) && query_of(location)["error"] == "invalid_request";
                let here = answer.status() == 400 && location.is_empty();
                assert!(told || here, "{name}: {answer:?}");
                assert!(here || !["client_id", "redirect_uri"].contains(&&*name), "{name}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn parameters_of_other_requests_come_once() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let code = world.code(&web, &[]).await;
    let basic = basic(&web);
    let exchange = form(
        &[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)],
        &[("code_verifier", super::VERIFIER)],
    );
    let wish = world.wish(&web, &[]);
    let wish = wish.split_once('?').unwrap().1;
    for (path, body) in [
        ("/token", &*exchange),
        ("/par", wish),
        ("/revoke", "token=x&token_type_hint=access_token"),
        ("/device_authorization", "scope=profile"),
        ("/backchannel", "scope=openid&login_hint=ada"),
    ] {
        for (name, value) in form_urlencoded::parse(body.as_bytes()) {
            let twice = format!("{body}&{}", form(&[(&name, &value)], &[]));
            let (status, answer) = world.post(path, &basic, &twice).await;
            assert_eq!((status, text(&answer, "error")), (400, "invalid_request"), "{path} {name}");
        }
    }
    // Nothing of it used up the code.
    assert_eq!(world.post("/token", &basic, &exchange).await.0, 200);
}

#[tokio::test]
async fn a_client_shows_who_it_is_in_one_way() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let other = world.register(client("Other")).await;
    let (id, secret) = credentials(&web);
    let (other_id, _) = credentials(&other);
    let basic = basic(&web);
    let refresh = |more: &[(&str, &str)]| form(&[("grant_type", "refresh_token"), ("refresh_token", "x")], more);
    for (why, authorization, body, error) in [
        ("two ways", &*basic, refresh(&[("client_id", &id), ("client_secret", &secret)]), "invalid_request"),
        ("two clients", &basic, refresh(&[("client_id", &other_id)]), "invalid_request"),
        ("not the registered way", "", refresh(&[("client_id", &id), ("client_secret", &secret)]), "invalid_client"),
        ("no secret", "", refresh(&[("client_id", &id)]), "invalid_client"),
        ("nobody", "", refresh(&[]), "invalid_client"),
        ("right", &basic, refresh(&[]), "invalid_grant"),
    ] {
        let (status, answer) = world.post("/token", authorization, &body).await;
        assert!([400, 401].contains(&status), "{why}");
        assert_eq!(text(&answer, "error"), error, "{why}");
    }
    let twice = [("authorization", &*basic), ("authorization", &*basic), FORM];
    for path in ["/token", "/par", "/revoke", "/introspect", "/device_authorization", "/backchannel"] {
        assert_eq!(world.send("POST", path, &twice, "token=x").await.status(), 400, "{path}");
    }
    // Credentials in the URL are none (RFC 6749 2.3.1), nor are parameters.
    let query = refresh(&[("client_id", &id), ("client_secret", &secret)]);
    for body in [String::new(), refresh(&[])] {
        assert_eq!(world.send("POST", &format!("/token?{query}"), &[FORM], &body).await.status(), 401, "{body}");
    }
}

#[tokio::test]
async fn a_proof_comes_once() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let code = world.code(&web, &[]).await;
    let (key, basic) = (Key::new(), basic(&web));
    let exchange = form(
        &[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)],
        &[("code_verifier", super::VERIFIER)],
    );
    let wish = world.wish(&web, &[]);
    let mut token = String::new();
    for (path, body, good) in [("/par", wish.split_once('?').unwrap().1, 201), ("/token", &*exchange, 200)] {
        let proof = key.proof("POST", &format!("{URL}{path}"), None);
        let once = [("authorization", &*basic), ("dpop", &*proof), FORM];
        let twice = [once[0], once[1], once[1], FORM];
        assert_eq!(world.send("POST", path, &twice, body).await.status(), 400, "{path}");
        let answer = world.send("POST", path, &once, body).await;
        assert_eq!(answer.status(), good, "{path}");
        let answer: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
        token = answer["access_token"].as_str().unwrap_or_default().to_owned();
    }
    let authorization = format!("DPoP {token}");
    for (path, bad) in [("/userinfo", 400), ("/api/me", 401)] {
        let proof = key.proof("GET", &format!("{URL}{path}"), Some(&token));
        let once = [("authorization", &*authorization), ("dpop", &*proof)];
        assert_eq!(world.send("GET", path, &[once[0], once[1], once[1]], "").await.status(), bad, "{path}");
        assert_eq!(world.send("GET", path, &once, "").await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn methods_are_the_ones_that_are_meant() {
    let world = World::start().await;
    let posted = ["/token", "/par", "/introspect", "/revoke", "/register", "/device_authorization", "/backchannel"];
    for path in posted {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"] {
            let answer = world.send(method, path, &[], "").await;
            // Where browsers' clients may call, this is what they ask first.
            let status =
                if method == "OPTIONS" && !["/introspect", "/backchannel"].contains(&path) { 200 } else { 405 };
            assert_eq!((answer.status().as_u16(), header(&answer, "allow")), (status, "POST"), "{method} {path}");
        }
    }
    for path in ["/authorize", "/userinfo", "/api/me", "/jwks", "/.well-known/openid-configuration", "/style.css"] {
        for method in ["PUT", "DELETE", "PATCH", "TRACE"] {
            let status = world.send(method, path, &[], "").await.status().as_u16();
            assert!(status == 405 || (status == 401 && path == "/api/me"), "{method} {path}: {status}");
        }
    }
    // A password in the URL logs nobody in.
    let mut browser = world.browser();
    browser.open(&format!("{URL}/login?username=ada&password=lovelace&next=/approvals")).await;
    assert!(browser.open(&format!("{URL}/approvals")).await.says("<h1>Log in</h1>"));
}

#[tokio::test]
async fn the_host_of_a_request_decides_nothing() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let basic = basic(&web);
    let evil = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.example"),
        ("x-original-url", "/evil.example"),
        ("authorization", &*basic),
        FORM,
    ];
    let wish = world.wish(&web, &[]);
    let (path, query) = wish.strip_prefix(URL).unwrap().split_once('?').unwrap();
    let none = format!("{path}?{query}&prompt=none");
    let shown = format!("{path}?{query}");
    for (method, path, body) in [
        ("GET", "/.well-known/openid-configuration", ""),
        ("GET", "/.well-known/oauth-authorization-server", ""),
        ("POST", "/device_authorization", "scope=profile"),
        ("POST", "/par", query),
        ("POST", "/register", "{\"redirect_uris\":[\"https://client.example/cb\"]}"),
        ("GET", &none, ""),
        ("GET", &shown, ""),
        ("GET", "/approvals", ""),
        ("GET", "/login", ""),
        ("GET", "/api/me", ""),
    ] {
        let answer = world.send(method, path, &evil, body).await;
        assert!(!answer.status().is_server_error(), "{path}: {answer:?}");
        assert!(!format!("{answer:?}").contains("evil"), "{path}: {answer:?}");
    }
    let (_, metadata) = world.call(http::Method::GET, "/.well-known/openid-configuration", "", "").await;
    assert_eq!(text(&metadata, "issuer"), URL);
}

#[tokio::test]
async fn a_login_ends_on_this_site() {
    let world = World::start().await;
    for next in
        ["//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\0"]
    {
        let mut browser = world.browser();
        let login = browser.open(&format!("{URL}/login?{}", form(&[("next", next)], &[]))).await;
        let fields = [("csrf", &*login.field("csrf")), ("next", next), ("username", "ada"), ("password", "lovelace")];
        let page = browser.submit("/login", &fields).await;
        assert_eq!(page.url, format!("{URL}/"), "{next:?}");
    }
}
