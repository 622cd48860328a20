//! The endpoints that the client libraries do not know, by their bare requests.

use authlete_api::types::OAuthClient;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use super::{URL, World, credentials, query_of};

impl World {
    /// What an endpoint answers to a form, or to JSON.
    pub(crate) async fn call(&self, method: Method, path: &str, authorization: &str, body: &str) -> (u16, Value) {
        let url = if path.starts_with(URL) { path.to_owned() } else { format!("{URL}{path}") };
        let media = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
        let request = http::Request::builder().method(method).uri(url).header("content-type", media);
        let request = match authorization {
            "" => request,
            authorization => request.header("authorization", authorization),
        };
        let answer = self.carry(request.body(body.as_bytes().to_vec()).unwrap()).await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    pub(crate) async fn post(&self, path: &str, authorization: &str, body: &str) -> (u16, Value) {
        self.call(Method::POST, path, authorization, body).await
    }
}

pub(crate) fn basic(client: &OAuthClient) -> String {
    let (id, secret) = credentials(client);
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

pub(crate) fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("{name} in {answer}"))
}

#[tokio::test]
async fn a_request_can_be_pushed_before() {
    let world = World::start().await;
    let basic = basic(&world.demo.web);
    let (id, _) = credentials(&world.demo.web);
    let request = format!(
        "response_type=code&client_id={id}&scope=openid&redirect_uri={URL}/client/callback&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    let (status, pushed) = world.post("/par", &basic, &request).await;
    assert_eq!(status, 201, "{pushed}");
    let query = [("client_id", id.as_str()), ("request_uri", text(&pushed, "request_uri"))];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let arrived = query_of(&world.browser().agree(&format!("{URL}/authorize?{query}")).await);
    let exchange = format!(
        "grant_type=authorization_code&code={}&redirect_uri={URL}/client/callback\
         &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        arrived["code"]
    );
    let (status, tokens) = world.post("/token", &basic, &exchange).await;
    assert_eq!((status, text(&tokens, "token_type")), (200, "Bearer"));
    let guess = world.demo.web.clone().client_secret("guess");
    assert_eq!(world.post("/par", &self::basic(&guess), &request).await.0, 401);
}

#[tokio::test]
async fn the_token_endpoint_says_what_is_wrong() {
    let world = World::start().await;
    let basic = basic(&world.demo.backend);
    for (authorization, body, status, error) in [
        ("Basic eDp5", "grant_type=client_credentials", 401, "invalid_client"),
        ("Basic !", "grant_type=client_credentials", 401, "invalid_client"),
        (&*basic, "grant_type=authorization_code&code=x", 400, ""),
        (&*basic, "grant_type=nonsense", 400, "unsupported_grant_type"),
    ] {
        let (got, answer) = world.post("/token", authorization, body).await;
        assert_eq!(got, status, "{body}: {answer}");
        assert!(text(&answer, "error").starts_with(error), "{body}: {answer}");
    }
}

#[tokio::test]
async fn clients_register_themselves_and_manage_that() {
    let world = World::start().await;
    let metadata = json!({"client_name": "New", "redirect_uris": ["https://client.example/cb"]});
    let (status, client) = world.post("/register", "", &metadata.to_string()).await;
    assert_eq!(status, 201, "{client}");
    let at = text(&client, "registration_client_uri");
    let bearer = format!("Bearer {}", text(&client, "registration_access_token"));
    let (status, read) = world.call(Method::GET, at, &bearer, "").await;
    assert_eq!((status, text(&read, "client_name")), (200, "New"));
    let mut changed = metadata;
    changed["client_id"] = client["client_id"].clone();
    changed["client_name"] = json!("Newer");
    let (status, read) = world.call(Method::PUT, at, &bearer, &changed.to_string()).await;
    assert_eq!((status, text(&read, "client_name")), (200, "Newer"));
    assert_eq!(world.call(Method::GET, at, "", "").await.0, 401);
    assert_eq!(world.call(Method::GET, at, "Bearer wrong", "").await.0, 401);
    assert_eq!(world.call(Method::DELETE, at, &bearer, "").await.0, 204);
    assert_eq!(world.call(Method::GET, at, &bearer, "").await.0, 401);
}

#[tokio::test]
async fn a_client_asks_and_the_user_agrees_elsewhere() {
    let world = World::start().await;
    let basic = basic(&world.demo.backend);
    let (status, unknown) = world.post("/backchannel", &basic, "scope=openid&login_hint=nobody").await;
    assert_eq!((status, text(&unknown, "error")), (400, "unknown_user_id"));
    for (decision, status) in [("allow", 200), ("deny", 400)] {
        let asked = "scope=openid+profile&login_hint=ada&binding_message=AB-12";
        let (accepted, asked) = world.post("/backchannel", &basic, asked).await;
        assert_eq!(accepted, 200, "{asked}");
        let poll = format!("grant_type=urn:openid:params:grant-type:ciba&auth_req_id={}", text(&asked, "auth_req_id"));
        let (_, pending) = world.post("/token", &basic, &poll).await;
        assert_eq!(text(&pending, "error"), "authorization_pending");

        let mut browser = world.browser();
        let login = browser.open(&format!("{URL}/approvals")).await;
        let page = browser.log_in(&login, "ada", "lovelace").await;
        assert!(page.says("A call centre") && page.says("AB-12"), "{page:?}");
        let fields = [("csrf", &*page.field("csrf")), ("id", &page.field("id")), ("decision", decision)];
        let done = browser.submit("/approvals", &fields).await;
        assert!(done.says("There are none"), "{done:?}");

        world.emulator.clock().advance(std::time::Duration::from_secs(10));
        let (got, tokens) = world.post("/token", &basic, &poll).await;
        assert_eq!(got, status, "{tokens}");
        match status {
            200 => assert!(!text(&tokens, "id_token").is_empty()),
            _ => assert_eq!(text(&tokens, "error"), "access_denied"),
        }
    }
    // Alan sees nothing of what waits for Ada.
    let (_, asked) = world.post("/backchannel", &basic, "scope=openid&login_hint=ada").await;
    text(&asked, "auth_req_id");
    let mut browser = world.browser();
    let login = browser.open(&format!("{URL}/approvals")).await;
    assert!(browser.log_in(&login, "alan", "turing").await.says("There are none"));
}

#[tokio::test]
async fn tokens_are_asked_for() {
    let world = World::start().await;
    for (method, path) in [(Method::GET, "/userinfo"), (Method::GET, "/grants/g"), (Method::DELETE, "/grants/g")] {
        assert_eq!(world.call(method, path, "", "").await.0, 401, "{path}");
    }
    for (method, path) in [(Method::GET, "/userinfo"), (Method::GET, "/grants/g"), (Method::GET, "/api/me")] {
        assert_eq!(world.call(method, path, "Bearer wrong", "").await.0, 401, "{path}");
    }
}
