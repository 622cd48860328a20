//! Pages that decide: about what they show, in any number of tabs, and when Authlete is away.

use authlete_api::types::OAuthClient;
use authlete_emulator::Fault;
use serde_json::Value;

use super::attacks::{client, header};
use super::browser::Shown;
use super::endpoints::{basic, text};
use super::{URL, World};

impl World {
    /// A device that waits, of a client.
    async fn device(&self, client: &OAuthClient) -> Value {
        self.post("/device_authorization", &basic(client), "scope=profile").await.1
    }

    async fn poll_device(&self, client: &OAuthClient, device: &Value) -> (u16, Value) {
        self.emulator.clock().advance(std::time::Duration::from_secs(6));
        let grant = "grant_type=urn:ietf:params:oauth:grant-type:device_code";
        self.post("/token", &basic(client), &format!("{grant}&device_code={}", text(device, "device_code"))).await
    }

    async fn backchannel(&self, client: &OAuthClient, message: &str) -> (u16, Value) {
        let asked = format!("scope=openid&login_hint=ada&binding_message={message}");
        self.post("/backchannel", &basic(client), &asked).await
    }

    async fn poll(&self, client: &OAuthClient, asked: &Value) -> (u16, Value) {
        self.emulator.clock().advance(std::time::Duration::from_secs(6));
        let grant = "grant_type=urn:openid:params:grant-type:ciba";
        self.post("/token", &basic(client), &format!("{grant}&auth_req_id={}", text(asked, "auth_req_id"))).await
    }
}

/// The fields of a form that tries a decision again.
fn again(page: &Shown) -> [(&'static str, String); 3] {
    assert_eq!(page.status, 503, "{page:?}");
    assert!(page.says("It is not lost"), "{page:?}");
    ["csrf", "decision", "id"].map(|name| (name, page.field(name)))
}

#[tokio::test]
async fn a_page_decides_about_the_device_that_it_shows() {
    let world = World::start().await;
    let (mine, theirs) = (world.register(client("My television")).await, world.register(client("Theirs")).await);
    let (a, b) = (world.device(&mine).await, world.device(&theirs).await);
    let mut ada = world.ada().await;
    let shown = ada.open(text(&a, "verification_uri_complete")).await;
    assert!(shown.says("My television"), "{shown:?}");
    // Another site opens this in another tab.
    let other = ada.open(text(&b, "verification_uri_complete")).await;
    assert!(other.says("Theirs") && other.url != shown.url, "{other:?}");
    assert!(ada.decide(&shown, "allow").await.says("Go on with your device"));
    assert_eq!(world.poll_device(&mine, &a).await.0, 200);
    assert_eq!(text(&world.poll_device(&theirs, &b).await.1, "error"), "authorization_pending");
    // The other way round, each for itself.
    assert!(ada.decide(&other, "deny").await.says("The device was refused"));
    assert_eq!(text(&world.poll_device(&theirs, &b).await.1, "error"), "access_denied");
}

#[tokio::test]
async fn a_page_is_for_who_it_was_shown_to() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let device = world.device(&web).await;
    let mut browser = world.ada().await;
    let consent = browser.open(&world.wish(&web, &[])).await;
    let device = browser.open(text(&device, "verification_uri_complete")).await;
    // In another tab, Alan logs in.
    let login = browser.open(&format!("{URL}/login?next=/device")).await;
    browser.log_in(&login, "alan", "turing").await;
    for page in [&consent, &device] {
        assert_eq!(browser.decide(page, "allow").await.status, 403);
    }
    assert!(browser.open(&device.url).await.says("This request is over"));
    // The request is for whoever logs in, who is asked.
    let asked = browser.open(&consent.url).await;
    assert!(asked.says("Alan Turing") && browser.decide(&asked, "allow").await.url.contains("code="), "{asked:?}");
}

#[tokio::test]
async fn a_login_in_one_tab_leaves_the_others_good() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut browser = world.browser();
    let first = browser.open(&world.wish(&web, &[("state", "1")])).await;
    let second = browser.open(&world.wish(&web, &[("state", "2")])).await;
    let third = browser.open(&world.wish(&web, &[("state", "3")])).await;
    let asked = browser.log_in(&second, "ada", "lovelace").await;
    assert!(asked.says("Do you agree?"), "{asked:?}");
    // The login page of the first tab leads on, and that of the third can be left.
    let also = browser.log_in(&first, "ada", "lovelace").await;
    assert!(also.says("Do you agree?"), "{also:?}");
    let left = browser.submit(&third.field("next"), &[("csrf", &third.field("csrf")), ("decision", "deny")]).await;
    assert!(left.url.contains("error=access_denied") && left.url.contains("state=3"), "{left:?}");
    // What was shown before the other login is decided on as it was.
    let arrived = browser.decide(&asked, "allow").await;
    assert!(arrived.url.contains("code=") && arrived.url.contains("state=2"), "{arrived:?}");
    // The token of the login page lets nothing happen.
    let forged = [("csrf", &*first.field("csrf")), ("decision", "allow")];
    assert_eq!(browser.submit(also.url.strip_prefix(URL).unwrap(), &forged).await.status, 403);
    assert_eq!(browser.submit("/logout", &forged[..1]).await.status, 403);
}

#[tokio::test]
async fn other_cookies_do_not_hide_the_session() {
    let world = World::start().await;
    let ada = world.ada().await;
    let ours = format!("__Host-session={}", ada.session().unwrap());
    for cookies in [
        format!("__Host-session=stale; {ours}"),
        format!("{ours}; __Host-session=stale"),
        format!("__Host-session=; {ours}"),
        format!("a=b;{ours};c"),
        format!("name=größe; {ours}"),
    ] {
        let answer = world.send("GET", "/approvals", &[("cookie", &cookies)], "").await;
        assert_eq!(answer.status(), 200, "{cookies}");
        assert!(answer.headers().get("set-cookie").is_none(), "{cookies}");
    }
}

#[tokio::test]
async fn more_requests_do_not_push_out_what_a_user_was_doing() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut ada = world.ada().await;
    let consent = ada.open(&world.wish(&web, &[])).await;
    let device = world.device(&web).await;
    let device = ada.open(text(&device, "verification_uri_complete")).await;
    for number in 0..25 {
        ada.open(&world.wish(&web, &[("state", &format!("{number}"))])).await;
        let other = world.device(&web).await;
        ada.open(text(&other, "verification_uri_complete")).await;
    }
    assert!(ada.decide(&consent, "allow").await.url.contains("code="));
    assert!(ada.decide(&device, "allow").await.says("Go on with your device"));
}

#[tokio::test]
async fn requests_of_one_client_do_not_push_out_those_of_another() {
    let world = World::start().await;
    let (mine, flood) = (world.register(client("Mine")).await, world.register(client("Flood")).await);
    let (_, asked) = world.backchannel(&mine, "mine").await;
    let mut refused = 0;
    for _ in 0..25 {
        let (status, answer) = world.backchannel(&flood, "flood").await;
        if status != 200 {
            assert_eq!(text(&answer, "error"), "access_denied", "{answer}");
            refused += 1;
        }
    }
    assert_eq!(refused, 20);
    let mut ada = world.ada().await;
    let page = ada.open(&format!("{URL}/approvals")).await;
    assert!(page.says("mine") && page.html.matches("<article>").count() == 6, "{page:?}");
    // The oldest is the first.
    let fields = [("csrf", &*page.field("csrf")), ("id", &page.field("id")), ("decision", "allow")];
    ada.submit("/approvals", &fields).await;
    assert_eq!(world.poll(&mine, &asked).await.0, 200);
}

#[tokio::test]
async fn head_uses_nothing_up() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut ada = world.ada().await;
    let page = ada.open(&world.wish(&web, &[])).await;
    ada.decide(&page, "allow").await;
    let cookie = format!("__Host-session={}", ada.session().unwrap());
    let head = async |path: &str| {
        let answer = world.send("HEAD", path, &[("cookie", &cookie)], "").await;
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (200, ""), "{path}");
        assert!(header(&answer, "cache-control").contains("no-store"), "{path}: {answer:?}");
    };
    // A pushed request is good for once, a request without a page issues a code, and one with a page belongs to the
    // first browser.
    let query = world.wish(&web, &[]);
    let (_, pushed) = world.post("/par", &basic(&web), query.split_once('?').unwrap().1).await;
    let id = web.client_id.unwrap();
    let path = format!("/authorize?client_id={id}&request_uri={}", text(&pushed, "request_uri"));
    head(&path).await;
    head(world.wish(&web, &[("prompt", "none")]).strip_prefix(URL).unwrap()).await;
    let answer = world.send("GET", &path, &[], "").await;
    let interaction = header(&answer, "location").to_owned();
    assert!(interaction.starts_with("/interaction/"), "{answer:?}");
    world.send("HEAD", &interaction, &[], "").await;
    head(&interaction).await;
    assert!(ada.open(&interaction).await.url.contains("code="));
    let device = world.device(&web).await;
    let path = text(&device, "verification_uri_complete").strip_prefix(URL).unwrap();
    head(path).await;
    let page = ada.open(path).await;
    head(page.url.strip_prefix(URL).unwrap()).await;
    assert!(ada.decide(&page, "allow").await.says("Go on with your device"));
}

#[tokio::test]
async fn a_decision_is_kept_while_authlete_is_away() {
    let faults: [fn() -> Fault; 3] = [|| Fault::status(503), Fault::disconnect_before_serving, || Fault::status(500)];
    for fault in faults {
        let world = World::start().await;
        let web = world.register(client("Web")).await;
        let mut ada = world.ada().await;

        let page = ada.open(&world.wish(&web, &[])).await;
        let (_, asked) = world.backchannel(&web, "here").await;
        let device = world.device(&web).await;
        let device_page = ada.open(text(&device, "verification_uri_complete")).await;
        let approvals = ada.open(&format!("{URL}/approvals")).await;

        // More often than anything tries again.
        world.emulator.inject(fault().on("auth_authorization_issue_api").times(10)).unwrap();
        let late = ada.decide(&page, "allow").await;
        let late = again(&late);
        world.emulator.inject(fault().on("device_complete_api").times(10)).unwrap();
        let late_device = again(&ada.decide(&device_page, "allow").await);
        world.emulator.inject(fault().on("backchannel_authentication_complete_api").times(10)).unwrap();
        let fields = [("csrf", &*approvals.field("csrf")), ("id", &approvals.field("id")), ("decision", "allow")];
        let late_approval = again(&ada.submit("/approvals", &fields).await);

        // Everything is away, that which the page is made from too.
        world.emulator.inject(fault().times(10)).unwrap();
        let fields = late.each_ref().map(|(name, value)| (*name, value.as_str()));
        again(&ada.submit(page.url.strip_prefix(URL).unwrap(), &fields).await);

        world.emulator.clear_faults();
        let done = ada.submit(page.url.strip_prefix(URL).unwrap(), &fields).await;
        assert!(done.url.contains("code="), "{done:?}");
        let fields = late_device.each_ref().map(|(name, value)| (*name, value.as_str()));
        let done = ada.submit(device_page.url.strip_prefix(URL).unwrap(), &fields).await;
        assert!(done.says("Go on with your device"), "{done:?}");
        assert_eq!(world.poll_device(&web, &device).await.0, 200);
        let fields = late_approval.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert!(ada.submit("/approvals", &fields).await.says("There are none"));
        assert_eq!(world.poll(&web, &asked).await.0, 200);
    }
}

#[tokio::test]
async fn a_refusal_is_kept_too_and_pages_say_what_goes_wrong() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut ada = world.ada().await;
    let page = ada.open(&world.wish(&web, &[])).await;
    world.emulator.inject(Fault::status(503).times(100)).unwrap();
    let late = again(&ada.decide(&page, "deny").await);
    for path in ["/device?user_code=ABCD", page.url.strip_prefix(URL).unwrap()] {
        let failed = ada.open(&format!("{URL}{path}")).await;
        assert!(failed.status >= 500 && failed.says("Something went wrong"), "{failed:?}");
    }
    world.emulator.clear_faults();
    let fields = late.each_ref().map(|(name, value)| (*name, value.as_str()));
    let done = ada.submit(page.url.strip_prefix(URL).unwrap(), &fields).await;
    assert!(done.url.contains("error=access_denied"), "{done:?}");
}
