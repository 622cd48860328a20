//! The client library `openidconnect`, which checks what it gets.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};

use super::{URL, World, credentials, query_of};

#[tokio::test]
async fn the_code_flow_from_discovery_to_refresh() {
    let world = World::start().await;
    let http = |request| world.carry(request);
    let metadata = CoreProviderMetadata::discover_async(IssuerUrl::new(URL.to_owned()).unwrap(), &http).await.unwrap();
    assert!(!metadata.jwks().keys().is_empty());
    let (id, secret) = credentials(&world.demo.web);
    let redirect = RedirectUrl::new(format!("{URL}/client/callback")).unwrap();
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(id), Some(ClientSecret::new(secret)))
        .set_redirect_uri(redirect);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "email", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let arrived = query_of(&world.browser().agree(url.as_str()).await);
    assert_eq!((&arrived["state"], arrived["iss"].as_str()), (state.secret(), URL));

    let code = || AuthorizationCode::new(arrived["code"].clone());
    let secret = verifier.secret().clone();
    let tokens = client.exchange_code(code()).unwrap().set_pkce_verifier(verifier).request_async(&http).await.unwrap();
    let id_token = tokens.id_token().unwrap();
    let checker = client.id_token_verifier();
    let claims = id_token.claims(&checker, &nonce).unwrap();
    assert_eq!(claims.subject().as_str(), "1001");
    let key = id_token.signing_key(&checker).unwrap();
    let hash = AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg().unwrap(), key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&hash));
    assert!(id_token.claims(&checker, &Nonce::new("another".to_owned())).is_err());

    let subject = Some(claims.subject().clone());
    let userinfo = client.user_info(tokens.access_token().clone(), subject).unwrap();
    let userinfo: CoreUserInfoClaims = userinfo.request_async(&http).await.unwrap();
    assert_eq!(userinfo.email().map(|email| email.as_str()), Some("ada@example.com"));

    let refresh = tokens.refresh_token().unwrap();
    let fresh = client.exchange_refresh_token(refresh).unwrap().request_async(&http).await.unwrap();
    assert_ne!(fresh.access_token().secret(), tokens.access_token().secret());

    // The code again, even with its verifier, ends what came of it.
    let again = PkceCodeVerifier::new(secret);
    assert!(client.exchange_code(code()).unwrap().set_pkce_verifier(again).request_async(&http).await.is_err());
    let ended = client.user_info(fresh.access_token().clone(), None).unwrap();
    let ended: Result<CoreUserInfoClaims, _> = ended.request_async(&http).await;
    assert!(ended.is_err());
}

#[tokio::test]
async fn a_code_is_worth_nothing_to_others() {
    let world = World::start().await;
    let http = |request| world.carry(request);
    let metadata = CoreProviderMetadata::discover_async(IssuerUrl::new(URL.to_owned()).unwrap(), &http).await.unwrap();
    let (id, secret) = credentials(&world.demo.web);
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(id), Some(ClientSecret::new(secret)))
        .set_redirect_uri(RedirectUrl::new(format!("{URL}/client/callback")).unwrap());
    for verifier in [None, Some("x".repeat(43))] {
        let (challenge, _) = PkceCodeChallenge::new_random_sha256();
        let request =
            client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
        let (url, ..) = request.set_pkce_challenge(challenge).url();
        let arrived = query_of(&world.browser().agree(url.as_str()).await);
        let mut exchange = client.exchange_code(AuthorizationCode::new(arrived["code"].clone())).unwrap();
        if let Some(verifier) = verifier {
            exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(verifier));
        }
        let error = exchange.request_async(&http).await.unwrap_err();
        assert!(format!("{error:?}").contains("invalid_grant"), "{error:?}");
    }
}
