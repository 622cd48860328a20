//! Codes that are stolen, injected, or used again, and PKCE taken out (RFC 9700 2.1.1, 4.5 and 4.8).

use super::{CALLBACK, CHALLENGE, VERIFIER, World, client, query_of};
use crate::authorization_server::endpoints::text;

#[tokio::test]
async fn a_code_is_for_its_client_alone() {
    let world = World::start().await;
    let owner = world.register(client("Owner")).await;
    let thief = world.register(client("Thief")).await;
    let code = world.code(&owner, &[]).await;
    // The thief has everything but the owner's credentials, and the same redirect URI.
    let (status, answer) = world.exchange(&thief, &code, &[]).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
    let guess = client("Owner");
    let mut guess = guess.client_secret("guess");
    guess.client_id = owner.client_id;
    let (status, answer) = world.exchange(&guess, &code, &[]).await;
    assert_eq!((status, text(&answer, "error")), (401, "invalid_client"));
}

#[tokio::test]
async fn a_code_of_another_session_does_not_fit_the_verifier() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    // The attacker's own code, brought to the victim's session of the same client, whose verifier is another.
    let others = "a".repeat(43);
    let code = world.code(&web, &[]).await;
    for (changes, error) in [
        (vec![("code_verifier", &*others)], "invalid_grant"),
        (vec![("code_verifier", "")], "invalid_grant"),
        (vec![("code_verifier", CHALLENGE)], "invalid_grant"),
        (vec![("redirect_uri", "https://as.example.com/client/callback/")], "invalid_grant"),
        (vec![("redirect_uri", "")], "invalid_request"),
        (vec![("code", "guess")], "invalid_grant"),
    ] {
        let code = if changes[0].0 == "code" { code.clone() } else { world.code(&web, &[]).await };
        let (status, answer) = world.exchange(&web, &code, &changes).await;
        assert_eq!((status, text(&answer, "error")), (400, error), "{changes:?}");
    }
    assert_eq!(world.exchange(&web, &code, &[]).await.0, 200, "the code is good");
}

#[tokio::test]
async fn pkce_cannot_be_taken_out() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    for changes in [
        &[("code_challenge", ""), ("code_challenge_method", "")][..],
        &[("code_challenge", "")],
        &[("code_challenge_method", "plain"), ("code_challenge", VERIFIER)],
        // The default is plain (RFC 7636 4.3).
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "s256")],
        &[("code_challenge", "short")],
    ] {
        let page = world.browser().open(&world.wish(&web, changes)).await;
        assert!(page.url.starts_with(CALLBACK), "{changes:?}: {page:?}");
        assert_eq!(query_of(&page.url)["error"], "invalid_request", "{changes:?}");
    }
}

#[tokio::test]
async fn a_verifier_without_a_challenge_shows_that_the_challenge_was_removed() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    // A service that leaves PKCE to the clients.
    let optional = |service: &mut authlete_api::types::Service| {
        (service.pkce_required, service.pkce_s256_required) = (Some(false), Some(false));
    };
    world.demo.service.modify(optional).await.unwrap();
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = world.code(&web, &bare).await;
    let (status, answer) = world.exchange(&web, &code, &[]).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
    let code = world.code(&web, &bare).await;
    assert_eq!(world.exchange(&web, &code, &[("code_verifier", "")]).await.0, 200);
}

#[tokio::test]
async fn a_code_used_again_ends_what_came_of_it() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let code = world.code(&web, &[]).await;
    let (_, tokens) = world.exchange(&web, &code, &[]).await;
    let access = text(&tokens, "access_token");
    assert_eq!(world.api(access).await, 200);
    let (status, answer) = world.exchange(&web, &code, &[]).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
    assert_eq!(world.api(access).await, 401);
    let (status, answer) = world.refresh(&web, text(&tokens, "refresh_token")).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_lives_shortly() {
    let world = World::start().await;
    let web = world.register(client("Web")).await;
    let code = world.code(&web, &[]).await;
    world.emulator.clock().advance(std::time::Duration::from_secs(601));
    let (status, answer) = world.exchange(&web, &code, &[]).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
}
