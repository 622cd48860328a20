//! Guessing is slow: passwords, wherever they are checked, and user codes (RFC 8628 5.1). Codes are read as people write
//! them (RFC 8628 6.1).

use super::attacks::{client, header};
use super::endpoints::{basic, text};
use super::{URL, World};

#[tokio::test]
async fn guessing_a_password_takes_time() {
    let world = World::start().await;
    let mut browser = world.browser();
    let login = browser.open(&format!("{URL}/login?next=/approvals")).await;
    let mut statuses = Vec::new();
    for guess in 0..15 {
        statuses.push(browser.log_in(&login, "ada", &format!("{guess}")).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 11, "{statuses:?}");
    let page = browser.log_in(&login, "ada", "lovelace").await;
    assert!(page.status == 429 && page.says("too many attempts"), "{page:?}");
    let wait: u64 = page.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=31).contains(&wait), "{wait}");
    // It is the same for names that nobody has, and others are not held up.
    for guess in 0..11 {
        browser.log_in(&login, "nobody", &format!("{guess}")).await;
    }
    assert_eq!(browser.log_in(&login, "nobody", "x").await.status, 429);
    assert!(browser.log_in(&login, "alan", "turing").await.says("Requests that wait for you"));
}

#[tokio::test]
async fn the_password_grant_is_slow_too() {
    let world = World::start().await;
    let allow = |service: &mut authlete_api::types::Service| {
        service.supported_grant_types.get_or_insert_default().push(authlete_api::types::GrantType::Password);
    };
    world.demo.service.modify(allow).await.unwrap();
    let mut web = client("Web");
    web.grant_types.get_or_insert_default().push(authlete_api::types::GrantType::Password);
    let web = world.register(web).await;
    let ask = async |password: &str| {
        let form = format!("grant_type=password&username=ada&password={password}");
        world.post("/token", &basic(&web), &form).await
    };
    assert_eq!(ask("lovelace").await.0, 200);
    for _ in 0..12 {
        assert_eq!(ask("x").await.0, 400);
    }
    assert_eq!(ask("lovelace").await.0, 400);
}

#[tokio::test]
async fn guessing_a_user_code_takes_time() {
    let world = World::start().await;
    let mut ada = world.ada().await;
    let web = world.register(client("Web")).await;
    let (_, device) = world.post("/device_authorization", &basic(&web), "scope=profile").await;
    for guess in 0..11 {
        let page = ada.open(&format!("{URL}/device?user_code=GUESS{guess}")).await;
        assert!(page.says("There is no such code"), "{page:?}");
    }
    let complete = text(&device, "verification_uri_complete");
    let page = ada.open(complete).await;
    assert!(page.status == 429 && page.says("too many attempts"), "{page:?}");
    let mut alan = world.browser();
    let login = alan.open(complete).await;
    assert!(alan.log_in(&login, "alan", "turing").await.says("Do you agree?"));
}

#[tokio::test]
async fn user_codes_are_read_as_people_write_them() {
    let world = World::start().await;
    let mut ada = world.ada().await;
    let web = world.register(client("Web")).await;
    let (_, device) = world.post("/device_authorization", &basic(&web), "scope=profile").await;
    let code = text(&device, "user_code");
    let (start, end) = code.split_at(4);
    let lower = code.to_lowercase();
    for written in [
        format!("{start}-{end}"),
        format!("{start} {end}"),
        format!(" {lower} "),
        format!("{start}–{end}."),
        format!("{start}\u{a0}{end}"),
    ] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("user_code", &written).finish();
        let page = ada.open(&format!("{URL}/device?{query}")).await;
        assert!(page.says("Do you agree?") && page.says(code), "{written}: {page:?}");
        // It lasts through the login.
        let answer = world.send("GET", &format!("/device?{query}"), &[], "").await;
        let location = header(&answer, "location");
        assert!(location.starts_with("/login?") && location.contains(code), "{written}: {location}");
    }
    for nothing in ["", "-", "%20"] {
        let page = ada.open(&format!("{URL}/device?user_code={nothing}")).await;
        assert!(page.says("Connect a device") && page.status == 200, "{nothing}: {page:?}");
    }
}
