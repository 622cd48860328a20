//! The key set: rotation without a refused token, an issuer that is away, and floods of unknown keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authlete_resource_server::{JwtError, JwtVerifier, KeySet, KeySource, KeySourceError};
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

#[tokio::test(start_paused = true)]
async fn keys_are_used_up_to_a_moment_and_their_age_is_known() {
    let (key, second) = (Key::new("k"), Duration::from_secs(1));
    let keys = Keys::new([&key]);
    let set = keys.set().ttl(60 * second).stale_if_error(600 * second);
    assert_eq!(set.age(), None);
    let verifier = verifier(set);
    assert!(verifier.claims(&good(&key)).await.is_ok());
    advance(7 * second).await;
    assert_eq!(verifier.keys().age(), Some(7 * second));
    keys.go_away();
    advance(653 * second).await;
    assert_eq!(verifier.claims(&good(&key)).await, Err(JwtError::KeysUnavailable), "the moment is over");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_was_away_is_asked_again_in_the_background_after_a_second() {
    let (key, second) = (Key::new("k"), Duration::from_secs(1));
    let keys = Keys::new([&key]);
    let verifier = verifier(keys.set().ttl(60 * second));
    let used = async || {
        assert!(verifier.claims(&good(&key)).await.is_ok());
        tokio::time::sleep(Duration::from_millis(10)).await;
        keys.fetches()
    };
    assert_eq!(used().await, 1);
    keys.go_away();
    advance(61 * second).await;
    assert_eq!((used().await, used().await, used().await), (2, 2, 2), "once");
    advance(2 * second).await;
    assert_eq!((used().await, used().await), (3, 3), "once more");
    keys.publish([&key]);
    advance(2 * second).await;
    assert_eq!((used().await, used().await), (4, 4), "and then the keys are fresh");
}

#[tokio::test(start_paused = true)]
async fn a_key_set_has_64_kib_at_most() {
    let key = Key::new("k");
    let of_size = |size: usize| {
        let set = serde_json::json!({"keys": [key.public]}).to_string();
        let padded = format!("{}{}", set, " ".repeat(size - set.len()));
        KeySet::new(Fixed(padded.into_bytes(), Duration::ZERO, Arc::default()))
    };
    assert!(of_size(64 * 1024).refresh().await.is_ok());
    for size in [64 * 1024 + 1, 128 * 1024] {
        let error = of_size(size).refresh().await.unwrap_err().to_string();
        assert!(error.contains("65536 are allowed"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_keys_that_are_slow_and_not_for_ever() {
    let key = Key::new("k");
    let set = serde_json::json!({"keys": [key.public]}).to_string().into_bytes();
    for (takes, outcome) in [(1800, Ok(())), (2100, Err(JwtError::KeysUnavailable))] {
        let fetches = Arc::<AtomicUsize>::default();
        let verifier = verifier(KeySet::new(Fixed(set.clone(), Duration::from_millis(takes), Arc::clone(&fetches))));
        // The second one waits for the turn of the first as well.
        let (token, other) = (good(&key), good(&key));
        let (first, second) = tokio::join!(verifier.claims(&token), verifier.claims(&other));
        assert_eq!((first.map(|_| ()), second.map(|_| ())), (outcome, outcome), "{takes}");
        assert_eq!(fetches.load(Ordering::SeqCst), 1, "they share it");
    }
}

/// Gives the same after the same time, and counts.
struct Fixed(Vec<u8>, Duration, Arc<AtomicUsize>);

impl KeySource for Fixed {
    fn fetch(&self) -> authlete_api::BoxFuture<'_, Result<Vec<u8>, KeySourceError>> {
        self.2.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            tokio::time::sleep(self.1).await;
            Ok(self.0.clone())
        })
    }
}
