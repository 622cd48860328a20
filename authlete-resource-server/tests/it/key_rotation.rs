//! The key set: rotation without a refused token, an issuer that is away, and floods of unknown keys.

use std::time::Duration;

use authlete_resource_server::{JwtError, JwtVerifier, KeySet};
use tokio::time::advance;

use crate::issuer::{AUDIENCE, ISSUER, Key, Keys, good};

fn verifier(keys: KeySet) -> JwtVerifier {
    JwtVerifier::new(ISSUER, AUDIENCE, keys)
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_fetched_when_its_first_token_arrives() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let keys = Keys::new([&old]);
    let verifier = verifier(keys.set());
    assert!(verifier.claims(&good(&old)).await.is_ok());
    assert_eq!(keys.fetches(), 1);
    advance(Duration::from_secs(31)).await;
    keys.publish([&old, &new]);
    assert!(verifier.claims(&good(&new)).await.is_ok());
    assert!(verifier.claims(&good(&old)).await.is_ok());
    assert_eq!(keys.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn many_tokens_of_a_new_key_share_one_fetch() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let keys = Keys::new([&old]);
    let verifier = verifier(keys.set());
    verifier.keys().refresh().await.unwrap();
    advance(Duration::from_secs(31)).await;
    keys.publish([&old, &new]);
    let token = good(&new);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (verifier, token) = (verifier.clone(), token.clone());
            tokio::spawn(async move { verifier.claims(&token).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(keys.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_keys_makes_no_flood_of_fetches_and_hinders_nobody() {
    let key = Key::new("known");
    let keys = Keys::new([&key]);
    let verifier = verifier(keys.set());
    for second in 0..120 {
        for n in 0..10 {
            let foreign = good(&Key {
                public: {
                    let mut p = key.public.clone();
                    p.common.key_id = Some(format!("made-up-{second}-{n}"));
                    p
                },
                ..key.clone()
            });
            assert_eq!(verifier.claims(&foreign).await, Err(JwtError::UnknownKey));
        }
        assert!(verifier.claims(&good(&key)).await.is_ok());
        advance(Duration::from_secs(1)).await;
    }
    assert!(keys.fetches() <= 5, "{} fetches in two minutes", keys.fetches());
}

#[tokio::test(start_paused = true)]
async fn keys_are_used_for_a_while_when_the_issuer_is_away_and_then_no_more() {
    let key = Key::new("k");
    let keys = Keys::new([&key]);
    let verifier = verifier(keys.set().ttl(Duration::from_secs(60)).stale_if_error(Duration::from_secs(600)));
    let token = good(&key);
    assert!(verifier.claims(&token).await.is_ok());
    keys.go_away();
    advance(Duration::from_secs(300)).await;
    assert!(verifier.claims(&token).await.is_ok(), "stale keys are used");
    advance(Duration::from_secs(361)).await;
    assert_eq!(verifier.claims(&token).await, Err(JwtError::KeysUnavailable));
    keys.publish([&key]);
    advance(Duration::from_secs(2)).await;
    assert!(verifier.claims(&token).await.is_ok(), "the issuer is back");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_removed_works_no_longer_than_the_time_for_keys() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let keys = Keys::new([&old, &new]);
    let verifier = verifier(keys.set().ttl(Duration::from_secs(60)));
    assert!(verifier.claims(&good(&old)).await.is_ok());
    keys.publish([&new]);
    advance(Duration::from_secs(61)).await;
    // This one starts the refresh, in the background.
    assert!(verifier.claims(&good(&new)).await.is_ok());
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(verifier.claims(&good(&old)).await, Err(JwtError::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn a_key_of_the_same_id_replaces_the_old_one() {
    let (old, new) = (Key::new("same"), Key::new("same"));
    let keys = Keys::new([&old]);
    let verifier = verifier(keys.set());
    assert!(verifier.claims(&good(&old)).await.is_ok());
    keys.publish([&new]);
    verifier.keys().refresh().await.unwrap();
    assert_eq!(verifier.claims(&good(&old)).await, Err(JwtError::Signature));
    assert!(verifier.claims(&good(&new)).await.is_ok());
}
