//! Noticing the calls of this process that end access tokens.

use std::sync::Arc;

use authlete_api::{BoxFuture, BoxTransport, Operation, Transport, TransportError, TransportLayer};
use bytes::Bytes;
use serde_json::Value;

use super::{Revocation, Revocations};

impl Revocations {
    /// A layer for the client of the service, which notices calls that may end access tokens: the revocation endpoint,
    /// revocation and deletion of tokens, changes of authorizations, grants, sessions, clients and the service, and
    /// whatever issues tokens. After each of them cached verdicts are void. Tokens that are verified locally are refused as
    /// well where the call revokes or deletes a token, a client or a grant; after others, such as a change of what a user
    /// allows a client or a lock of a client, they stay good until Authlete is asked or they expire.
    ///
    /// The token endpoint is among them because a refresh ends the access token before it, and a replayed code or refresh
    /// token ends what came of it (RFC 6749 4.1.2). A server that issues many tokens therefore gains little from a cache
    /// whose `Revocations` observe the same client.
    ///
    /// ```no_run
    /// use authlete_api::{Authlete, Region};
    /// use authlete_resource_server::{ResourceServer, Revocations};
    ///
    /// # fn main() -> Result<(), authlete_api::Error> {
    /// let revocations = Revocations::default();
    /// let service = Authlete::builder()
    ///     .region(Region::Eu)
    ///     .service_token(986126671, "token")
    ///     .transport_layer(revocations.layer())
    ///     .build_service()?;
    /// let server = ResourceServer::new(service).revocations(revocations);
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer(&self) -> impl TransportLayer + use<> {
        let revocations = self.clone();
        move |inner: BoxTransport| -> BoxTransport { Box::new(Observer { inner, revocations }) }
    }
}

struct Observer {
    inner: BoxTransport,
    revocations: Revocations,
}

impl Transport for Observer {
    fn send<'a>(
        &'a self,
        request: http::Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        if !operation.ends_tokens {
            return self.inner.send(request, operation);
        }
        Box::pin(async move {
            let ended = ended(operation.name, request.uri().path(), request.body());
            let dropped = Dropped(Some(&self.revocations));
            let outcome = self.inner.send(request, operation).await;
            // What is cached is void in any case: a call that failed may have been served. What the call names is refused
            // only when Authlete says that it ended, or any client could end another one's tokens here.
            let served = outcome.as_ref().is_ok_and(succeeded);
            self.revocations.end(if served { ended } else { Vec::new() }).await;
            dropped.not();
            outcome
        })
    }
}

/// A call that is dropped on the way may have been served: what is cached is void then too.
struct Dropped<'a>(Option<&'a Revocations>);

impl Dropped<'_> {
    fn not(mut self) {
        self.0 = None;
    }
}

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        let Some(revocations) = self.0 else { return };
        revocations.next_generation();
        if let (Some(store), Ok(runtime)) = (revocations.store(), tokio::runtime::Handle::try_current()) {
            let revocations = revocations.clone();
            runtime.spawn(async move { revocations.forget_all_in(&*store).await });
        }
    }
}

/// Whether Authlete did what the call asked for: operations that have an action say so there.
fn succeeded(response: &http::Response<Bytes>) -> bool {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let action = body["action"].as_str();
    response.status().is_success() && action.is_none_or(|action| ["OK", "NO_CONTENT", "DELETED"].contains(&action))
}

/// What a call says that it ends, as far as that can be told from the request.
fn ended(operation: &str, path: &str, body: &[u8]) -> Vec<Revocation> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let string = |name: &str| match &body[name] {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let last = || {
        let segment = path.rsplit('/').next().unwrap_or_default();
        percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
    };
    match operation {
        "auth_revocation" => {
            let parameters = string("parameters").unwrap_or_default();
            let token = form_urlencoded::parse(parameters.as_bytes()).find(|(name, _)| name == "token");
            token.map(|(_, token)| Revocation::token(&token)).into_iter().collect()
        }
        "auth_token_delete" => vec![Revocation::token(&last())],
        "auth_token_revoke" => match (string("accessTokenIdentifier"), string("subject"), string("clientIdentifier")) {
            (Some(token), _, _) => vec![Revocation::token(&token)],
            // Of a user and a client together, the user's other tokens are refused too: better than one that is revoked.
            (None, Some(subject), _) => vec![Revocation::subject(subject)],
            (None, None, Some(client)) => vec![Revocation::client(client)],
            (None, None, None) => Vec::new(),
        },
        "client_delete" => vec![Revocation::client(last())],
        "client_registration_delete" => string("clientId").map(Revocation::client).into_iter().collect(),
        // The same call tells what a grant holds.
        "grant_management" if body["gmAction"] == "REVOKE" => {
            string("grantId").map(Revocation::grant).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

impl Revocations {
    /// Voids what is cached, and refuses what ended, here and at the instances with the same store.
    async fn end(&self, ended: Vec<Revocation>) {
        self.next_generation();
        for revocation in &ended {
            self.add(revocation.clone());
        }
        let Some(store) = self.store() else { return };
        // An instance that cannot reach the store tells the others when it is back.
        let _ = self.forget_all_in(&*store).await;
        for revocation in &ended {
            let _ = store.revoke(revocation).await;
        }
    }

    pub(crate) fn share(&self, store: Arc<dyn super::SharedStore>) {
        *self.store_slot().write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(store);
    }

    fn store(&self) -> Option<Arc<dyn super::SharedStore>> {
        self.store_slot().read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}
