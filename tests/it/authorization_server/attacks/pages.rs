//! Pages: markup in what others choose, and frames around them (RFC 9700 4.16).

use super::{MARKUP, URL, World, basic, client, form, header};
use crate::authorization_server::browser::Shown;
use crate::authorization_server::endpoints::text;

/// The page shows the text, and no markup comes of it.
fn shows(page: &Shown, times: usize) {
    assert!(!page.html.contains("<script") && !page.html.contains("\"'"), "{page:?}");
    assert_eq!(page.html.matches("&lt;script&gt;alert(1)&lt;/script&gt;&quot;").count(), times, "{page:?}");
}

#[tokio::test]
async fn markup_in_names_scopes_and_messages_stays_text() {
    let world = World::start().await;
    let describe = |service: &mut authlete_api::types::Service| {
        for scope in service.supported_scopes.iter_mut().flatten() {
            scope.description = Some(MARKUP.to_owned());
        }
    };
    world.demo.service.modify(describe).await.unwrap();
    let web = world.register(client(MARKUP)).await;

    let mut browser = world.browser();
    let changes = [("login_hint", MARKUP), ("state", MARKUP), ("prompt", "consent"), ("scope", "openid profile")];
    let login = browser.open(&world.wish(&web, &changes)).await;
    shows(&login, 1);
    let consent = browser.log_in(&login, "ada", "lovelace").await;
    shows(&consent, 3);
    // A wrong user name comes back.
    let login = browser.open(&format!("{URL}/login?{}", form(&[("next", MARKUP), ("username", MARKUP)], &[]))).await;
    shows(&login, 2);
    shows(&browser.log_in(&login, MARKUP, "wrong").await, 2);

    let (_, device) = world.post("/device_authorization", &basic(&web), "scope=profile").await;
    shows(&browser.open(text(&device, "verification_uri_complete")).await, 2);
    shows(&browser.open(&format!("{URL}/device?{}", form(&[("user_code", MARKUP)], &[]))).await, 0);

    let asked = form(&[("scope", "openid"), ("login_hint", "ada"), ("binding_message", MARKUP)], &[]);
    assert_eq!(world.post("/backchannel", &basic(&web), &asked).await.0, 200);
    shows(&browser.open(&format!("{URL}/approvals")).await, 3);

    let brought = form(&[("error", "x"), ("error_description", MARKUP), (MARKUP, "x")], &[]);
    for (method, path) in [("GET", format!("/client/callback?{brought}")), ("POST", "/client/callback".to_owned())] {
        let media = [("content-type", "application/x-www-form-urlencoded")];
        let html = world.send(method, &path, &media, &brought).await.into_body();
        assert!(!html.contains("<script") && html.matches("&lt;script&gt;").count() == 2, "{html}");
    }
}

#[tokio::test]
async fn markup_in_an_answer_that_posts_itself_stays_text() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let changes = [("response_mode", "form_post"), ("state", MARKUP), ("prompt", "none")];
    let request = world.wish(&web, &changes);
    let answer = world.send("GET", request.strip_prefix(URL).unwrap(), &[], "").await;
    assert!(header(&answer, "content-type").starts_with("text/html"), "{answer:?}");
    let html = answer.body();
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;"), "{html}");
    assert_eq!(html.matches("action=\"https://as.example.com/client/callback\"").count(), 1, "{html}");
}

#[tokio::test]
async fn error_answers_are_no_pages() {
    let world = World::start().await;
    let markup = form(&[("client_id", MARKUP), ("response_type", MARKUP), ("redirect_uri", MARKUP)], &[]);
    let media = [("content-type", "application/x-www-form-urlencoded")];
    for (method, path, body) in [
        ("GET", format!("/authorize?{markup}"), ""),
        ("POST", "/authorize".to_owned(), &*markup),
        ("POST", "/token".to_owned(), &markup),
        ("POST", "/par".to_owned(), &markup),
        ("GET", "/interaction/%3Cscript%3E".to_owned(), ""),
        ("GET", "/%3Cscript%3E".to_owned(), ""),
    ] {
        let answer = world.send(method, &path, &media, body).await;
        assert!(answer.status().is_client_error() && !answer.body().contains("<script"), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn nothing_can_be_framed_and_pages_run_nothing() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut browser = world.ada().await;
    let (_, device) = world.post("/device_authorization", &basic(&web), "scope=profile").await;
    let mut pages = Vec::new();
    for url in [
        format!("{URL}/"),
        format!("{URL}/login"),
        format!("{URL}/approvals"),
        format!("{URL}/device"),
        format!("{URL}/device?user_code=NONE"),
        format!("{URL}/interaction/none"),
        world.wish(&web, &[("prompt", "login")]),
        world.wish(&web, &[("prompt", "consent")]),
        text(&device, "verification_uri_complete").to_owned(),
    ] {
        pages.push(browser.open(&url).await);
    }
    let consent = pages.last().unwrap();
    pages.push(browser.decide(consent, "deny").await);
    assert!(pages.last().unwrap().says("The device was refused"), "{pages:?}");
    pages.push(browser.submit("/approvals", &[]).await);
    for page in &pages {
        let header = |name: &str| page.headers.get(name).map_or("", |value| value.to_str().unwrap());
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{page:?}");
        assert!(!policy.contains("unsafe") && !page.says("<script") && !page.says("style="), "{page:?}");
        assert_eq!(header("x-frame-options"), "DENY", "{page:?}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{page:?}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{page:?}");
        assert!(header("cache-control").contains("no-store"), "{page:?}");
    }
    // What is no page of ours has as much of it as it can bear.
    let posting = world.wish(&web, &[("response_mode", "form_post"), ("prompt", "none")]);
    for path in [posting.strip_prefix(URL).unwrap(), "/token", "/jwks", "/style.css", "/nowhere"] {
        let answer = world.send("GET", path, &[], "").await;
        assert_eq!(header(&answer, "x-frame-options"), "DENY", "{path}");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&answer, "content-security-policy"), "frame-ancestors 'none'", "{path}");
    }
}
