//! One process of the API.

use std::time::Duration;

use authlete_api::Authlete;
use authlete_resource_server::shared::redis::{RedisOptions, RedisStore};
use authlete_resource_server::{JwtVerifier, KeySet, Principal, ResourceServer, Revocation, Revocations, VerdictCache};
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};

use crate::{AUDIENCE, ISSUER};

#[derive(Clone)]
struct App {
    server: ResourceServer,
    store: RedisStore,
}

/// Serves until the process is killed, and prints where.
pub(crate) async fn serve() {
    let setting = |name: &str| std::env::var(name).unwrap();
    let service_id = setting("FLEET_SERVICE");
    let revocations = Revocations::default();
    let service = Authlete::builder()
        .base_url(setting("FLEET_AUTHLETE"))
        .organization_token(setting("FLEET_TOKEN"))
        .service_id(&*service_id)
        .transport_layer(revocations.layer())
        .build_service()
        .unwrap();
    // Four processes, a Redis server and an emulator on a machine that may be busy: patience keeps the count of calls exact.
    let options = RedisOptions::default().command_timeout(Duration::from_secs(2));
    let store = RedisStore::connect_with(&setting("FLEET_REDIS"), service_id.parse().unwrap(), &options).unwrap();
    let server = match setting("FLEET_POLICY").as_str() {
        "local" => {
            let second = Duration::from_secs(1);
            let keys = KeySet::new(service).ttl(second).miss_cool_down(Duration::from_millis(200));
            ResourceServer::local(JwtVerifier::new(ISSUER, AUDIENCE, keys))
        }
        _ => ResourceServer::new(service).cache(VerdictCache::default().ttl(Duration::from_secs(600))),
    };
    let server = server.revocations(revocations).shared(store.clone());
    let app = App { server: server.clone(), store };

    let orders = get(|principal: Principal| async move { principal.client_id().unwrap_or("-").to_owned() });
    let router = Router::new()
        .route("/orders", orders.layer(server.protect().scopes(["orders:read"])))
        .route("/revoke", post(revoke))
        .route("/connected", get(|State(app): State<App>| async move { app.store.is_connected().to_string() }))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    axum::serve(listener, router).await.unwrap();
}

async fn revoke(State(app): State<App>, token: String) {
    // Without Redis this process refuses the token, and tells the others later.
    let _ = app.server.revoke(Revocation::token(&token)).await;
}
