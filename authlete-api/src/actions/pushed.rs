//! Maximum ages of pushed authorization requests, for servers of several instances.

use std::time::Duration;

use crate::AuthleteService;
use crate::generated::actions::PushedAuthorizationCreated;

impl PushedAuthorizationCreated {
    /// Whether the request that was pushed names `max_age`, whose value of 0 Authlete's response to the authorization request
    /// does not tell from none. The client of this service remembers that for the lifetime of the request URI. A server with
    /// several instances tells the others, for [`AuthleteService::remember_max_age`].
    pub fn names_max_age(&self) -> bool {
        self.exchange.request.names_max_age
    }
}

impl AuthleteService {
    /// Remembers for so long that the authorization request behind a request URI names `max_age`. It is for servers of
    /// several instances, where another one answered the pushed request ([`PushedAuthorizationCreated::names_max_age`]): call
    /// it before the authorization request that refers to the URI. Without it `max_age=0` is taken for no maximum age there.
    pub fn remember_max_age(&self, request_uri: impl Into<String>, lifetime: Duration) {
        self.client().pushed_requests().remember(request_uri, lifetime);
    }
}
