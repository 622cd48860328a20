//! What users meet, and what must not work.

use super::browser::Browser;
use super::{URL, World, credentials, query_of};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

impl World {
    fn request(&self, more: &str) -> String {
        let (client_id, _) = credentials(&self.demo.web);
        format!(
            "{URL}/authorize?response_type=code&client_id={client_id}&scope=openid+profile&state=s1&code_challenge={CHALLENGE}\
             &code_challenge_method=S256&redirect_uri=https%3A%2F%2Fas.example.com%2Fclient%2Fcallback{more}"
        )
    }
}

fn error(url: &str) -> String {
    let query = query_of(url);
    assert_eq!(query["state"], "s1", "{url}");
    assert_eq!(query["iss"], URL, "{url}");
    query.get("error").cloned().unwrap_or_default()
}

#[tokio::test]
async fn pages_are_safe_to_show() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.open(&world.request("&login_hint=%22%3E%3Cscript%3E")).await;
    assert!(page.says("value=\"&quot;&gt;&lt;script&gt;\"") && !page.says("<script"), "{page:?}");
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!((header("x-frame-options"), header("cache-control")), ("DENY".to_owned(), "no-store".to_owned()));
}

#[tokio::test]
async fn who_agreed_before_is_not_asked_again() {
    let world = World::start().await;
    let mut browser = world.browser();
    assert_eq!(error(&browser.agree(&world.request("")).await), "");
    let again = browser.open(&world.request("")).await;
    assert!(query_of(&again.url).contains_key("code"), "{again:?}");
    // What was not agreed to, is.
    let more = browser.open(&world.request("").replace("profile", "email")).await;
    assert!(more.says("Do you agree?") && more.says("Read your email address"), "{more:?}");
    let asked = browser.open(&world.request("&prompt=consent")).await;
    assert!(asked.says("Do you agree?"), "{asked:?}");
    let anew = browser.open(&world.request("&prompt=login")).await;
    assert!(anew.says("<h1>Log in</h1>"), "{anew:?}");
    let anew = browser.open(&world.request("&max_age=0")).await;
    assert!(anew.says("<h1>Log in</h1>"), "{anew:?}");
    let back = browser.log_in(&anew, "ada", "lovelace").await;
    assert!(query_of(&back.url).contains_key("code"), "{back:?}");
}

#[tokio::test]
async fn without_pages_it_works_for_who_agreed_alone() {
    let world = World::start().await;
    let mut browser = world.browser();
    let none = world.request("&prompt=none");
    assert_eq!(error(&browser.open(&none).await.url), "login_required");
    let login = browser.open(&format!("{URL}/login?next=/")).await;
    browser.log_in(&login, "ada", "lovelace").await;
    assert_eq!(error(&browser.open(&none).await.url), "consent_required");
    let page = browser.open(&world.request("")).await;
    browser.decide(&page, "allow").await;
    assert_eq!(error(&browser.open(&none).await.url), "");
}

#[tokio::test]
async fn users_can_refuse() {
    let world = World::start().await;
    let mut browser = world.browser();
    let login = browser.open(&world.request("")).await;
    let path = login.field("next");
    let cancelled = browser.submit(&path, &[("csrf", &login.field("csrf")), ("decision", "deny")]).await;
    assert_eq!(error(&cancelled.url), "access_denied");
    let login = browser.open(&world.request("")).await;
    let page = browser.log_in(&login, "ada", "lovelace").await;
    assert_eq!(error(&browser.decide(&page, "deny").await.url), "access_denied");
    // A request is decided on once.
    assert!(browser.decide(&page, "allow").await.says("This request is over"));
}

#[tokio::test]
async fn passwords_are_checked_and_sessions_change_with_the_login() {
    let world = World::start().await;
    let mut browser = world.browser();
    let login = browser.open(&world.request("")).await;
    let before = browser.session().cloned().unwrap();
    for (username, password) in [("ada", "turing"), ("nobody", "lovelace"), ("ada", "")] {
        let page = browser.log_in(&login, username, password).await;
        assert_eq!(page.status, 401);
        assert!(page.says("do not match"), "{page:?}");
    }
    assert_eq!(browser.session(), Some(&before));
    let page = browser.log_in(&login, "ada", "lovelace").await;
    assert!(page.says("Do you agree?"), "{page:?}");
    assert_ne!(browser.session(), Some(&before));
}

#[tokio::test]
async fn forms_of_others_and_requests_of_others_are_refused() {
    let world = World::start().await;
    let mut browser = world.browser();
    let login = browser.open(&world.request("")).await;
    let page = browser.log_in(&login, "ada", "lovelace").await;
    let path = page.url.strip_prefix(URL).unwrap();
    for csrf in ["", "guess"] {
        let refused = browser.submit(path, &[("csrf", csrf), ("decision", "allow")]).await;
        assert_eq!(refused.status, 403);
        let refused = browser.submit("/login", &[("csrf", csrf), ("username", "alan"), ("password", "turing")]).await;
        assert_eq!(refused.status, 403);
    }
    let mut other: Browser = world.browser();
    let login = other.open(&format!("{URL}/login?next={path}")).await;
    let page_of_other = other.log_in(&login, "alan", "turing").await;
    assert!(page_of_other.says("This request is over"), "{page_of_other:?}");
    let stays = browser.open(&format!("{URL}/login?next=//evil.example/")).await;
    assert!(browser.log_in(&stays, "ada", "lovelace").await.url.starts_with(URL));
}

#[tokio::test]
async fn requests_that_cannot_go_back_are_answered_here() {
    let world = World::start().await;
    let mut browser = world.browser();
    let wrong = world.request("").replace("%2Fclient%2Fcallback", "%2Fevil");
    let answer = browser.open(&wrong).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    // Without PKCE nothing works here.
    let bare = world.request("").replace("code_challenge=", "x=").replace("code_challenge_method=", "y=");
    assert_eq!(error(&browser.open(&bare).await.url), "invalid_request");
}
