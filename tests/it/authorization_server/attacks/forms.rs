//! Forms that other sites make, and sessions that others know (RFC 9700 4.7; RFC 8628 5.4).

use super::{Browser, MARKUP, URL, World, basic, client, form, header};
use crate::authorization_server::browser::Shown;
use crate::authorization_server::endpoints::text;

/// The four forms with which a user lets something happen, each ready to be sent: where to, and what it says besides the
/// token. A request of the kind waits for each.
async fn shown(world: &World, browser: &mut Browser, kind: &str) -> (Shown, String, Vec<(&'static str, String)>) {
    let web = world.register(client("Web")).await;
    let allow = ("decision", "allow".to_owned());
    match kind {
        "consent" => {
            let page = browser.open(&world.wish(&web, &[("prompt", "consent")])).await;
            let path = page.url.strip_prefix(URL).unwrap().to_owned();
            (page, path, vec![allow])
        }
        "device" => {
            let (_, device) = world.post("/device_authorization", &basic(&web), "scope=profile").await;
            let page = browser.open(text(&device, "verification_uri_complete")).await;
            let path = page.url.strip_prefix(URL).unwrap().to_owned();
            (page, path, vec![allow])
        }
        "approval" => {
            world.post("/backchannel", &basic(&web), "scope=openid&login_hint=ada").await;
            let page = browser.open(&format!("{URL}/approvals")).await;
            let id = page.field("id");
            (page, "/approvals".to_owned(), vec![allow, ("id", id)])
        }
        _ => {
            let page = browser.open(&format!("{URL}/login?next=/device")).await;
            let fields = [("next", "/device"), ("username", "alan"), ("password", "turing")];
            (page, "/login".to_owned(), fields.map(|(name, value)| (name, value.to_owned())).to_vec())
        }
    }
}

/// What is shown after a form did what it is for.
fn succeeded(page: &Shown, kind: &str) -> bool {
    match kind {
        "consent" => page.url.contains("code="),
        "device" => page.says("Go on with your device"),
        "approval" => page.says("There are none"),
        _ => page.says("Connect a device"),
    }
}

#[tokio::test]
async fn forms_need_the_token_of_their_session() {
    let world = World::start().await;
    let mut other = world.browser();
    let others = other.open(&format!("{URL}/login")).await.field("csrf");
    for kind in ["consent", "device", "approval", "login"] {
        let mut browser = world.ada().await;
        let before = browser.open(&format!("{URL}/approvals")).await;
        let (page, path, fields) = shown(&world, &mut browser, kind).await;
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let csrf = page.field("csrf");
        let cut = &csrf[..csrf.len() - 1];
        for token in [None, Some(""), Some(&*others), Some(cut), Some("guess"), Some(MARKUP)] {
            let token = token.map(|token| ("csrf", token));
            let sent: Vec<_> = fields.iter().copied().chain(token).collect();
            let refused = browser.submit(&path, &sent).await;
            assert_eq!(refused.status, 403, "{kind} {token:?}: {refused:?}");
        }
        let twice: Vec<_> = [("csrf", &*csrf), ("csrf", &*others)].into_iter().chain(fields.iter().copied()).collect();
        assert_eq!(browser.submit(&path, &twice).await.status, 422, "{kind}");
        // Another browser does not send it, though it knows the token.
        let whole: Vec<_> = [("csrf", &*csrf)].into_iter().chain(fields.iter().copied()).collect();
        assert_eq!(world.browser().submit(&path, &whole).await.status, 403, "{kind}");
        assert_eq!(other.submit(&path, &whole).await.status, 403, "{kind}");
        // In the URL it is no form.
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&whole).finish();
        let got = browser.open(&format!("{URL}{path}?{query}")).await;
        assert!(!succeeded(&got, kind) || kind == "approval", "{kind}: {got:?}");
        // The session and what waits in it are as they were.
        assert_eq!(browser.open(&format!("{URL}/approvals")).await.field("csrf"), before.field("csrf"), "{kind}");
        let done = browser.submit(&path, &whole).await;
        assert!(succeeded(&done, kind), "{kind}: {done:?}");
    }
}

/// Else the browser would send the form on to where it is redirected, the password with it (RFC 9700 4.12).
#[tokio::test]
async fn forms_are_not_sent_on() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut browser = world.browser();
    let login = browser.open(&world.wish(&web, &[])).await;
    let cookie = |browser: &Browser| format!("__Host-session={}", browser.session().unwrap());
    let media = ("content-type", "application/x-www-form-urlencoded");
    let (csrf, next) = (login.field("csrf"), login.field("next"));
    let body = form(&[("csrf", &*csrf), ("next", &next), ("username", "ada"), ("password", "lovelace")], &[]);
    let answer = world.send("POST", "/login", &[("cookie", &*cookie(&browser)), media], &body).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, &*next));
    let set = header(&answer, "set-cookie").split(';').next().unwrap();
    let page = world.send("GET", &next, &[("cookie", set)], "").await.into_body();
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    let body = form(&[("csrf", rest.split('"').next().unwrap()), ("decision", "allow")], &[]);
    let answer = world.send("POST", &next, &[("cookie", set), media], &body).await;
    assert!([302, 303].contains(&answer.status().as_u16()), "{answer:?}");
    assert!(header(&answer, "location").contains("code="), "{answer:?}");
}

#[tokio::test]
async fn giving_up_a_login_posts_to_its_request_alone() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let login = world.browser().open(&world.wish(&web, &[])).await;
    assert!(login.says("Cancel"), "{login:?}");
    for next in ["/interaction/", "/interaction/../logout", "/interaction/..\\logout", "/interaction/%2e%2e/x", "/x"] {
        let login = world.browser().open(&format!("{URL}/login?{}", form(&[("next", next)], &[]))).await;
        assert!(login.says("<h1>Log in</h1>") && !login.says("Cancel"), "{login:?}");
    }
}

#[tokio::test]
async fn forms_come_as_forms() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.open(&format!("{URL}/login")).await;
    let cookie = format!("__Host-session={}", browser.session().unwrap());
    let csrf = page.field("csrf");
    let body = form(&[("csrf", &*csrf), ("username", "ada"), ("password", "lovelace")], &[]);
    for media in ["text/plain", "application/json", "multipart/form-data"] {
        let answer = world.send("POST", "/login", &[("cookie", &*cookie), ("content-type", media)], &body).await;
        assert_eq!(answer.status(), 415, "{media}");
    }
}

#[tokio::test]
async fn a_session_that_was_known_before_is_worth_nothing_after() {
    let world = World::start().await;
    let mut victim = world.browser();
    // The attacker knows the session in which the victim logs in.
    let login = victim.open(&format!("{URL}/login?next=/approvals")).await;
    let planted = format!("__Host-session={}", victim.session().unwrap());
    assert!(victim.log_in(&login, "ada", "lovelace").await.says("Requests that wait for you"));
    let logged_in = format!("__Host-session={}", victim.session().unwrap());
    assert_ne!(planted, logged_in);
    let with = async |cookie: &str| world.send("GET", "/approvals", &[("cookie", cookie)], "").await.status().as_u16();
    assert_eq!((with(&planted).await, with(&logged_in).await), (303, 200));
    // What nobody gave out is no session, nor is the name without its prefix.
    assert_eq!(with("__Host-session=chosen").await, 303);
    assert_eq!(with(&logged_in.replace("__Host-", "")).await, 303);

    let page = victim.open(&format!("{URL}/approvals")).await;
    victim.submit("/logout", &[("csrf", &page.field("csrf"))]).await;
    assert_eq!(with(&logged_in).await, 303);
}

#[tokio::test]
async fn a_form_of_another_site_leaves_the_session_alone() {
    let world = World::start().await;
    // Browsers send no cookie with it (SameSite): a new one in the answer would log the user out.
    for path in ["/login", "/logout", "/device/x", "/approvals", "/interaction/x"] {
        let media = [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://evil.example")];
        let answer = world.send("POST", path, &media, "decision=allow").await;
        assert_eq!((answer.status().as_u16(), answer.headers().get("set-cookie")), (403, None), "{path}");
    }
}

#[tokio::test]
async fn requests_of_one_browser_are_not_for_another() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut ada = world.ada().await;
    let page = ada.open(&world.wish(&web, &[("prompt", "consent")])).await;
    let path = page.url.strip_prefix(URL).unwrap().to_owned();
    let mut mallory = world.ada().await;
    let token = mallory.open(&format!("{URL}/approvals")).await.field("csrf");
    assert!(mallory.open(&page.url).await.says("This request is over"));
    assert_eq!(mallory.submit(&path, &[("csrf", &token), ("decision", "allow")]).await.status, 400);
    assert!(ada.decide(&page, "allow").await.url.contains("code="));
    // Alan does not decide on what waits for Ada, though he knows its id.
    world.post("/backchannel", &basic(&web), "scope=openid&login_hint=ada").await;
    let waiting = ada.open(&format!("{URL}/approvals")).await;
    let mut alan = world.browser();
    let login = alan.open(&format!("{URL}/login?next=/approvals")).await;
    let token = alan.log_in(&login, "alan", "turing").await.field("csrf");
    let fields = [("csrf", &*token), ("id", &waiting.field("id")), ("decision", "allow")];
    assert_eq!(alan.submit("/approvals", &fields).await.status, 400);
    assert!(ada.open(&format!("{URL}/approvals")).await.says("wants to act for you"));
}
