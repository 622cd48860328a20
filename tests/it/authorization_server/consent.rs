//! What users are asked, what is remembered of their answers, and how others look on the page.

use authlete_api::types::{ApplicationType, ClientAuthMethod, ClientType, OAuthClient};
use serde_json::{Value, json};

use super::attacks::{CALLBACK, client, form};
use super::browser::{Browser, Shown};
use super::endpoints::{basic, text};
use super::{URL, World, query_of};

/// The error that a client is told, or nothing.
fn error(page: &Shown) -> String {
    query_of(&page.url).get("error").cloned().unwrap_or_default()
}

fn has_code(page: &Shown) -> bool {
    query_of(&page.url).contains_key("code")
}

/// Agrees to a request of Ada's, and holds that this is remembered.
async fn agree(world: &World, ada: &mut Browser, client: &OAuthClient, changes: &[(&str, &str)]) {
    let page = ada.open(&world.wish(client, changes)).await;
    assert!(page.says("Do you agree?"), "{page:?}");
    assert!(has_code(&ada.decide(&page, "allow").await));
    assert!(has_code(&ada.open(&world.wish(client, changes)).await), "{changes:?}");
    let none: Vec<_> = changes.iter().copied().chain([("prompt", "none")]).collect();
    assert!(has_code(&ada.open(&world.wish(client, &none)).await), "{changes:?}");
}

/// Holds that a request is asked about, and not granted without a page.
async fn is_asked(world: &World, ada: &mut Browser, client: &OAuthClient, changes: &[(&str, &str)]) -> Shown {
    let none: Vec<_> = changes.iter().copied().chain([("prompt", "none")]).collect();
    assert_eq!(error(&ada.open(&world.wish(client, &none)).await), "consent_required", "{changes:?}");
    let page = ada.open(&world.wish(client, changes)).await;
    assert!(page.says("Do you agree?"), "{changes:?}: {page:?}");
    page
}

impl World {
    async fn change(&self, client: &OAuthClient, change: impl FnOnce(&mut OAuthClient)) {
        let id = client.client_id.unwrap();
        let mut client = self.demo.service.clients().get(id).await.unwrap().into_inner();
        change(&mut client);
        self.demo.service.clients().update(id, client).await.unwrap();
    }
}

#[tokio::test]
async fn claims_are_shown_and_agreed_to() {
    let world = World::start().await;
    let mut ada = world.ada().await;
    for part in ["id_token", "userinfo"] {
        let web = world.register(client("Web")).await;
        agree(&world, &mut ada, &web, &[("scope", "openid")]).await;
        let claims = json!({part: {"email": null, "name": {"essential": true}}}).to_string();
        let asked = [("scope", "openid"), ("claims", &*claims)];
        let page = is_asked(&world, &mut ada, &web, &asked).await;
        assert!(page.says("Your email address") && page.says("Your name"), "{page:?}");
        // Nothing of it is given out before, and only what was shown after.
        let code = query_of(&ada.decide(&page, "allow").await.url).remove("code").unwrap();
        let (_, tokens) = world.exchange(&web, &code, &[]).await;
        let bearer = format!("Bearer {}", text(&tokens, "access_token"));
        let (_, told) = world.call(http::Method::GET, "/userinfo", &bearer, "").await;
        assert_eq!(told.get("email").is_some(), part == "userinfo", "{told}");
        agree_again(&world, &mut ada, &web).await;
    }
}

/// What a scope stands for is not asked again as a claim.
async fn agree_again(world: &World, ada: &mut Browser, web: &OAuthClient) {
    let claims = json!({"userinfo": {"email": null}}).to_string();
    let page =
        ada.open(&world.wish(web, &[("scope", "openid email"), ("claims", &claims), ("prompt", "consent")])).await;
    assert!(page.says("Read your email address") && !page.says("It learns of you"), "{page:?}");
}

#[tokio::test]
async fn authorization_details_are_shown_and_agreed_to_each_time() {
    let world = World::start().await;
    let kinds = vec!["payment_initiation".to_owned()];
    let supported = kinds.clone();
    let set =
        |service: &mut authlete_api::types::Service| service.supported_authorization_details_types = Some(supported);
    world.demo.service.modify(set).await.unwrap();
    let web = client("Web").authorization_details_types(kinds);
    let web = world.register(web).await;
    let mut ada = world.ada().await;
    let payment = |amount: &str| {
        json!([{
            "type": "payment_initiation",
            "actions": ["initiate"],
            "instructedAmount": {"currency": "EUR", "amount": amount},
            "creditorName": "Garden centre",
            "recurring": false,
        }])
        .to_string()
    };
    for amount in ["12.50", "9000.00", "12.50"] {
        let details = payment(amount);
        let page = is_asked(&world, &mut ada, &web, &[("authorization_details", &details)]).await;
        for part in
            [amount, "Garden centre", "Creditor name", "Instructed amount", "EUR", "initiate", "Payment initiation"]
        {
            assert!(page.says(part), "{part}: {page:?}");
        }
        let code = query_of(&ada.decide(&page, "allow").await.url).remove("code").unwrap();
        let (_, tokens) = world.exchange(&web, &code, &[]).await;
        assert_eq!(tokens["authorization_details"][0]["instructedAmount"]["amount"], json!(amount), "{tokens}");
    }
    // The same at the other pages that decide.
    let details = payment("77.00");
    let (_, device) =
        world.post("/device_authorization", &basic(&web), &form(&[("authorization_details", &details)], &[])).await;
    let page = ada.open(text(&device, "verification_uri_complete")).await;
    assert!(page.says("77.00") && page.says("Garden centre"), "{page:?}");
    let asked = form(&[("scope", "openid"), ("login_hint", "ada"), ("authorization_details", &details)], &[]);
    assert_eq!(world.post("/backchannel", &basic(&web), &asked).await.0, 200);
    let page = ada.open(&format!("{URL}/approvals")).await;
    assert!(page.says("77.00") && page.says("Garden centre"), "{page:?}");
}

#[tokio::test]
async fn resources_are_shown_and_agreed_to() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut ada = world.ada().await;
    agree(&world, &mut ada, &web, &[]).await;
    let bank = [("resource", "https://bank.example/accounts")];
    let page = is_asked(&world, &mut ada, &web, &bank).await;
    assert!(page.says("https://bank.example/accounts"), "{page:?}");
    ada.decide(&page, "allow").await;
    agree_silently(&world, &mut ada, &web, &bank).await;
    is_asked(&world, &mut ada, &web, &[("resource", "https://shop.example/")]).await;
    // What was agreed to for one place is not agreed to for another.
    is_asked(&world, &mut ada, &web, &[("resource", "https://bank.example/accounts"), ("scope", "openid email")]).await;
}

async fn agree_silently(world: &World, ada: &mut Browser, client: &OAuthClient, changes: &[(&str, &str)]) {
    assert!(has_code(&ada.open(&world.wish(client, changes)).await), "{changes:?}");
}

#[tokio::test]
async fn consent_ends_when_the_client_changes() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut ada = world.ada().await;
    agree(&world, &mut ada, &web, &[]).await;
    world.change(&web, |client| client.client_name = Some("Not the web".to_owned())).await;
    let page = is_asked(&world, &mut ada, &web, &[]).await;
    assert!(page.says("Not the web"), "{page:?}");
    ada.decide(&page, "allow").await;
    agree_silently(&world, &mut ada, &web, &[]).await;
    let other = "https://other.example/cb";
    world.change(&web, |client| client.redirect_uris = Some(vec![other.to_owned()])).await;
    let page = is_asked_at(&world, &mut ada, &web, other).await;
    assert!(page.says("other.example"), "{page:?}");
    // What a scope lets the client do is part of what was agreed to.
    let web = world.register(client("Another")).await;
    agree(&world, &mut ada, &web, &[]).await;
    let describe = |service: &mut authlete_api::types::Service| {
        for scope in service.supported_scopes.iter_mut().flatten() {
            scope.description = scope.description.as_ref().map(|words| format!("{words}, and write it"));
        }
    };
    world.demo.service.modify(describe).await.unwrap();
    is_asked(&world, &mut ada, &web, &[]).await;
}

async fn is_asked_at(world: &World, ada: &mut Browser, client: &OAuthClient, redirect_uri: &str) -> Shown {
    let page = ada.open(&world.wish(client, &[("redirect_uri", redirect_uri)])).await;
    assert!(page.says("Do you agree?"), "{page:?}");
    page
}

#[tokio::test]
async fn what_changes_while_it_is_shown_is_not_granted() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut ada = world.ada().await;
    let page = ada.open(&world.wish(&web, &[])).await;
    let (_, device) = world.post("/device_authorization", &basic(&web), "scope=profile").await;
    let device_page = ada.open(text(&device, "verification_uri_complete")).await;
    world.post("/backchannel", &basic(&web), "scope=openid&login_hint=ada").await;
    let approvals = ada.open(&format!("{URL}/approvals")).await;
    world.change(&web, |client| client.client_name = Some("Your bank".to_owned())).await;
    assert!(ada.decide(&page, "allow").await.says("Something changed"));
    assert!(ada.open(&page.url).await.says("Something changed"));
    assert!(ada.decide(&device_page, "allow").await.says("Something changed"));
    let fields = [("csrf", &*approvals.field("csrf")), ("id", &approvals.field("id")), ("decision", "allow")];
    assert!(ada.submit("/approvals", &fields).await.says("Something changed"));
}

#[tokio::test]
async fn public_native_clients_get_no_code_without_a_page() {
    let world = World::start().await;
    let mut ada = world.ada().await;
    for (redirect_uri, kind, remembered) in [
        ("http://127.0.0.1/cb", ApplicationType::Native, false),
        ("http://localhost/cb", ApplicationType::Native, false),
        ("com.example.app:/cb", ApplicationType::Native, false),
        ("https://app.example/cb", ApplicationType::Web, true),
    ] {
        let native = client("Native")
            .client_type(ClientType::Public)
            .application_type(kind)
            .token_auth_method(ClientAuthMethod::None)
            .redirect_uris([redirect_uri.to_owned()]);
        let native = world.register(native).await;
        let changes = [("redirect_uri", redirect_uri), ("scope", "openid")];
        let page = ada.open(&world.wish(&native, &changes)).await;
        assert!(page.says("Do you agree?"), "{page:?}");
        let says = match redirect_uri {
            uri if uri.starts_with("http:") => "this computer",
            uri if uri.starts_with("com.") => "com.example.app:",
            _ => "app.example",
        };
        assert!(page.says(says), "{says}: {page:?}");
        assert!(ada.decide(&page, "allow").await.url.contains("code="));
        let again = ada.open(&world.wish(&native, &changes)).await;
        assert_eq!(again.says("Do you agree?"), !remembered, "{redirect_uri}: {again:?}");
    }
}

#[tokio::test]
async fn loopback_redirects_may_have_any_port() {
    let world = World::start().await;
    let native = client("Agent")
        .client_type(ClientType::Public)
        .application_type(ApplicationType::Native)
        .token_auth_method(ClientAuthMethod::None)
        .redirect_uris(["http://127.0.0.1/cb".to_owned()]);
    let native = world.register(native).await;
    let mut ada = world.ada().await;
    let changes = [("redirect_uri", "http://127.0.0.1:49152/cb"), ("scope", "openid")];
    let page = ada.open(&world.wish(&native, &changes)).await;
    let arrived = ada.decide(&page, "allow").await.url;
    assert!(arrived.starts_with("http://127.0.0.1:49152/cb?") && query_of(&arrived)["iss"] == URL, "{arrived}");
}

#[tokio::test]
async fn a_client_that_registered_itself_calls_itself_what_it_likes() {
    let world = World::start().await;
    let metadata = json!({"client_name": "Your bank", "redirect_uris": [CALLBACK]}).to_string();
    let (_, registered) = world.post("/register", "", &metadata).await;
    let id = text(&registered, "client_id");
    let known = world.register(client("A shop")).await;
    let mut ada = world.ada().await;
    let page = ada.open(&world.wish(&known, &[("client_id", id), ("scope", "openid")])).await;
    assert!(page.says("An application that calls itself") && page.says("as.example.com"), "{page:?}");
    let page = ada.open(&world.wish(&known, &[("scope", "openid")])).await;
    assert!(page.says("A shop") && !page.says("calls itself"), "{page:?}");
}

/// A name that a client chose for itself is told after what is certain: where its metadata is.
#[tokio::test]
async fn an_agent_is_told_by_the_host_of_its_document() {
    let world = World::start().await;
    let permit = |service: &mut authlete_api::types::Service| service.cimd_http_permitted = Some(true);
    world.demo.service.modify(permit).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/agent.json", listener.local_addr().unwrap().port());
    let document = json!({
        "client_id": url,
        "client_name": "Your bank, at bank.example",
        "redirect_uris": ["http://127.0.0.1/callback", CALLBACK],
        "token_endpoint_auth_method": "none",
    });
    let show = axum::routing::get(async || axum::Json(document));
    tokio::spawn(axum::serve(listener, axum::Router::new().route("/agent.json", show)).into_future());
    let known = world.register(client("A shop")).await;
    let mut ada = world.ada().await;
    let changes =
        [("client_id", &*url), ("redirect_uri", "http://127.0.0.1:49152/callback"), ("scope", "openid email")];
    for _ in 0..2 {
        let page = ada.open(&world.wish(&known, &changes)).await;
        assert!(page.says("<strong><bdi>localhost</bdi></strong>, which calls itself"), "{page:?}");
        assert!(page.says("Your bank, at bank.example") && page.says("Read your email address"), "{page:?}");
        assert!(page.says("this computer"), "{page:?}");
        let arrived = ada.decide(&page, "allow").await.url;
        assert!(arrived.contains("code=") && query_of(&arrived)["iss"] == URL, "{arrived}");
    }
}

#[tokio::test]
async fn names_of_others_do_no_harm_to_a_page() {
    let world = World::start().await;
    let mut ada = world.ada().await;
    let bidi = "\u{202e}knab ruoY\u{2066}\u{200b}\u{e0041} \u{7}";
    let long = "W".repeat(100_000);
    for (name, shown) in [(bidi, "knab ruoY"), (&*long, "WWWW"), ("\u{202e}\u{200b}", "An application without a name")]
    {
        let web = world.register(client(name)).await;
        let page = ada.open(&world.wish(&web, &[])).await;
        assert!(page.says("Do you agree?") && page.says(shown), "{}", page.html.len());
        assert!(page.html.len() < 10_000, "{}", page.html.len());
        assert!(!page.html.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{e0041}', '\u{7}']), "{page:?}");
        let (_, device) = world.post("/device_authorization", &basic(&web), "scope=profile").await;
        let page = ada.open(text(&device, "verification_uri_complete")).await;
        assert!(page.says("Read your name"), "{page:?}");
        assert!(page.says(shown) && page.html.len() < 10_000 && !page.html.contains('\u{202e}'), "{page:?}");
        let asked = form(&[("scope", "openid"), ("login_hint", "ada")], &[]);
        assert_eq!(world.post("/backchannel", &basic(&web), &asked).await.0, 200);
    }
    let page = ada.open(&format!("{URL}/approvals")).await;
    assert!(page.says("knab ruoY") && page.html.len() < 20_000 && !page.html.contains('\u{202e}'), "{page:?}");
    let long = ada.open(&format!("{URL}/login?{}", form(&[("username", &"x".repeat(5_000))], &[]))).await;
    assert!(long.html.len() < 10_000, "{}", long.html.len());
}

#[tokio::test]
async fn a_login_of_now_is_asked_for_in_every_way() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let mut ada = world.ada().await;
    agree(&world, &mut ada, &web, &[]).await;
    let pushed = async |age: &str| {
        let request = world.wish(&web, &[("max_age", age)]);
        let (status, pushed) = world.post("/par", &basic(&web), request.split_once('?').unwrap().1).await;
        assert_eq!(status, 201, "{pushed}");
        let id = web.client_id.unwrap().to_string();
        form(&[("client_id", &*id), ("request_uri", text(&pushed, "request_uri"))], &[])
    };
    for age in ["0", "00"] {
        let query = world.wish(&web, &[("max_age", age)]);
        let page = ada.open(&query).await;
        assert!(page.says("<h1>Log in</h1>"), "{age}: {page:?}");
        let posted = query.split_once('?').unwrap().1;
        let media = [("content-type", "application/x-www-form-urlencoded")];
        let answer = world.send("POST", "/authorize", &media, posted).await;
        let page = ada.open(answer.headers()["location"].to_str().unwrap()).await;
        assert!(page.says("<h1>Log in</h1>"), "{age}: {page:?}");
        let page = ada.open(&format!("{URL}/authorize?{}", pushed(age).await)).await;
        assert!(page.says("<h1>Log in</h1>"), "{age}: {page:?}");
        // One login is enough.
        assert!(has_code(&ada.log_in(&page, "ada", "lovelace").await));
        let none = ada.open(&world.wish(&web, &[("max_age", age), ("prompt", "none")])).await;
        assert_eq!(error(&none), "login_required", "{age}");
    }
    let page = ada.open(&format!("{URL}/authorize?{}", pushed("1000").await)).await;
    assert!(has_code(&page), "{page:?}");
}

#[tokio::test]
async fn a_login_of_now_is_asked_for_in_a_request_object() {
    let world = World::start().await;
    let web = client("Web").request_sign_alg(authlete_api::types::JwsAlg::Hs256);
    let web = world.register(web).await;
    let mut ada = world.ada().await;
    let object = |age: Value, prompt: &str| {
        let query = world.wish(&web, &[]);
        let mut claims: serde_json::Map<String, Value> =
            query_of(&query).into_iter().map(|(name, value)| (name, json!(value))).collect();
        claims.insert("iss".to_owned(), claims["client_id"].clone());
        claims.insert("aud".to_owned(), json!(URL));
        claims.insert("exp".to_owned(), json!(jsonwebtoken::get_current_timestamp() + 300));
        claims.insert("max_age".to_owned(), age);
        if !prompt.is_empty() {
            claims.insert("prompt".to_owned(), json!(prompt));
        }
        let key = jsonwebtoken::EncodingKey::from_secret(web.client_secret.as_ref().unwrap().as_bytes());
        let object = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
        let id = web.client_id.unwrap().to_string();
        form(&[("client_id", &*id), ("request", &object), ("response_type", "code"), ("scope", "openid")], &[])
    };
    let page = ada.open(&format!("{URL}/authorize?{}", object(json!(1000), ""))).await;
    assert!(page.says("Do you agree?"), "{page:?}");
    assert!(has_code(&ada.decide(&page, "allow").await));
    let page = ada.open(&format!("{URL}/authorize?{}", object(json!(0), ""))).await;
    assert!(page.says("<h1>Log in</h1>"), "{page:?}");
    let none = ada.open(&format!("{URL}/authorize?{}", object(json!(0), "none"))).await;
    assert_eq!(error(&none), "login_required");
    let (_, pushed) = world.post("/par", &basic(&web), &object(json!(0), "")).await;
    let id = web.client_id.unwrap().to_string();
    let query = form(&[("client_id", &*id), ("request_uri", text(&pushed, "request_uri"))], &[]);
    let page = ada.open(&format!("{URL}/authorize?{query}")).await;
    assert!(page.says("<h1>Log in</h1>"), "{page:?}");
}
