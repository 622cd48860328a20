//! The example, from the page with the offer to the credential, as browsers and wallets use it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod browser;
mod wallet;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authorization_server::{App, Resources};
use credential_issuer::Issuer;
use credential_issuer::demo::{Demo, ready_line};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use browser::Browser;
use wallet::{Wallet, disclosed};

/// The example in this process.
struct World {
    url: String,
    demo: Demo,
    ready_line: Value,
}

impl World {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let demo = Demo::set_up(&url).await.unwrap();
        let app = App::new(demo.authorization_server.service.clone(), url.as_str(), Resources::default()).unwrap();
        let ready_line = ready_line(&app, Some(&demo));
        tokio::spawn(Issuer::new(app).run(listener));
        Self { url, demo, ready_line }
    }

    /// What the page shows to a user who chose a credential: the links by reference and by value, and the transaction code.
    async fn offer(
        &self,
        (name, password): (&str, &str),
        credential: &str,
        flow: &str,
    ) -> (String, String, Option<String>) {
        let mut browser = Browser::new(&self.url);
        browser.log_in("/offer", name, password).await;
        let page = browser.open("/offer").await;
        let page = browser
            .submit("/offer", &[("csrf", &page.field("csrf")), ("credential", credential), ("flow", flow)])
            .await;
        assert!(page.html.contains("<svg"), "{page:?}");
        (page.link("by-reference"), page.link("by-value"), page.element("transaction-code"))
    }

    /// A wallet that has redeemed the pre-authorized code of an offer to this user.
    async fn wallet(&self, user: (&str, &str), credential: &str) -> Wallet {
        let (by_reference, by_value, code) = self.offer(user, credential, "pre-authorized").await;
        let mut wallet = Wallet::new(&self.url);
        let offer = wallet.open(&by_reference).await;
        assert_eq!(offer, wallet.open(&by_value).await);
        assert_eq!(offer["credential_issuer"], self.url);
        wallet.redeem(&offer, code.as_deref()).await;
        wallet
    }
}

const ADA: (&str, &str) = ("ada", "lovelace");
const ALAN: (&str, &str) = ("alan", "turing");

#[tokio::test]
async fn an_identity_is_issued_at_once_and_told_about() {
    let world = World::start().await;
    let wallet = world.wallet(ADA, "person").await;
    let response = wallet.request("/credential", &wallet.asking_for("person").await).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.headers["cache-control"], "no-store");
    let (claims, in_the_open) = disclosed(response.body["credentials"][0]["credential"].as_str().unwrap());
    assert_eq!((&claims["given_name"], &claims["address"]["locality"]), (&json!("Ada"), &json!("London")));
    assert_eq!((&in_the_open["vct"], &in_the_open["iss"]), (&json!("urn:example:person:1"), &json!(world.url)));
    assert_eq!(in_the_open.get("given_name"), None);
    assert_eq!(in_the_open["cnf"]["jwk"]["x"], wallet.public_key()["x"]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(in_the_open["exp"].as_u64().unwrap().abs_diff(now + 90 * 24 * 3600) < 60);

    let id = &response.body["notification_id"];
    let accepted = json!({"notification_id": id, "event": "credential_accepted"});
    assert_eq!(wallet.request("/notification", &accepted).await.status, 204);
    for (wrong, error) in [
        (json!({"notification_id": "x", "event": "credential_accepted"}), "invalid_notification_id"),
        (json!({"notification_id": id, "event": "credential_lost"}), "invalid_notification_request"),
        (json!({"event": "credential_accepted"}), "invalid_notification_request"),
    ] {
        let refused = wallet.request("/notification", &wrong).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!(error)));
    }
    // It is nobody else's to tell about.
    let other = world.wallet(ALAN, "person").await;
    assert_eq!(other.request("/notification", &accepted).await.body["error"], "invalid_notification_id");
}

#[tokio::test]
async fn an_mdoc_has_dates_and_bytes() {
    let world = World::start().await;
    let wallet = world.wallet(ADA, "person_mdoc").await;
    let response = wallet.request("/credential", &wallet.asking_for("person_mdoc").await).await;
    let elements = wallet::elements(response.body["credentials"][0]["credential"].as_str().unwrap());
    use ciborium::Value::{Bytes, Tag, Text};
    assert_eq!(elements["given_name"], Text("Ada".into()));
    assert_eq!(elements["birth_date"], Tag(1004, Box::new(Text("1815-12-10".into()))));
    assert!(matches!(&elements["portrait"], Bytes(bytes) if bytes.starts_with(&[0xff, 0xd8])));
}

#[tokio::test]
async fn a_diploma_takes_a_while() {
    let world = World::start().await;
    let wallet = world.wallet(ADA, "diploma").await;
    let deferred = wallet.request("/credential", &wallet.asking_for("diploma").await).await;
    assert_eq!(deferred.status, 202, "{deferred:?}");
    let ask = json!({"transaction_id": deferred.body["transaction_id"]});
    let again = wallet.request("/deferred-credential", &ask).await;
    assert_eq!((again.status, &again.body["transaction_id"]), (202, &ask["transaction_id"]), "{again:?}");
    tokio::time::sleep(Duration::from_secs(again.body["interval"].as_u64().unwrap())).await;
    let issued = wallet.request("/deferred-credential", &ask).await;
    assert_eq!(issued.status, 200, "{issued:?}");
    let (claims, _) = disclosed(issued.body["credentials"][0]["credential"].as_str().unwrap());
    assert_eq!(claims["title"], "Analytical Engineer");
    let over = wallet.request("/deferred-credential", &ask).await;
    assert_eq!((over.status, &over.body["error"]), (400, &json!("invalid_transaction_id")));
}

#[tokio::test]
async fn who_has_no_diploma_is_denied_one() {
    let world = World::start().await;
    let wallet = world.wallet(ALAN, "all").await;
    let denied = wallet.request("/credential", &wallet.asking_for("diploma").await).await;
    assert_eq!((denied.status, &denied.body["error"]), (400, &json!("credential_request_denied")));
    assert_eq!(wallet.request("/credential", &wallet.asking_for("person").await).await.status, 200);
}

#[tokio::test]
async fn a_token_is_good_for_what_was_offered_alone() {
    let world = World::start().await;
    let wallet = world.wallet(ADA, "person").await;
    let refused = wallet.request("/credential", &wallet.asking_for("diploma").await).await;
    assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_credential_request")));
    let unknown = wallet.request("/credential", &wallet.asking_for("license").await).await;
    assert_eq!(unknown.body["error"], "unknown_credential_configuration");
    let stranger = Wallet::new(&world.url);
    let challenged = stranger.request("/credential", &wallet.asking_for("person").await).await;
    assert_eq!(challenged.status, 401);
    assert!(challenged.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
}

#[tokio::test]
async fn an_offer_can_leave_the_login_to_the_wallet() {
    let world = World::start().await;
    let (by_reference, _, code) = world.offer(ADA, "all", "code").await;
    assert_eq!(code, None);
    let offer = Wallet::new(&world.url).open(&by_reference).await;
    assert!(offer["grants"]["authorization_code"]["issuer_state"].is_string(), "{offer}");
    assert_eq!(offer["credential_configuration_ids"].as_array().unwrap().len(), 4);
    let missing = Wallet::new(&world.url).get(&format!("{}/offers/nothing", world.url)).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn documents_are_where_wallets_look() {
    let world = World::start().await;
    let wallet = Wallet::new(&world.url);
    let metadata = wallet.get(&format!("{}/.well-known/openid-credential-issuer", world.url)).await.body;
    assert_eq!(
        (&metadata["credential_issuer"], &metadata["nonce_endpoint"]),
        (&json!(world.url), &json!(format!("{}/nonce", world.url)))
    );
    assert_eq!(metadata["batch_credential_issuance"]["batch_size"], 10);
    let issuer = wallet.get(&format!("{}/.well-known/jwt-vc-issuer", world.url)).await.body;
    let keys = wallet.get(issuer["jwks_uri"].as_str().unwrap()).await.body;
    assert_eq!((keys["keys"][0]["kid"].as_str(), keys["keys"][0].get("d")), (Some("credentials"), None));
    let ready = &world.ready_line;
    assert_eq!(ready["clients"]["wallet"]["id"], world.demo.wallet.client_id.unwrap().to_string());
    assert_eq!(ready["offer_page"], format!("{}/offer", world.url));
    assert!(ready["root_certificate"].as_str().unwrap().contains("BEGIN CERTIFICATE"));
}
