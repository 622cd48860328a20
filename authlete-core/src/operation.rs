//! What is known of an operation before it is called.

/// One operation of the API, as the description has it. `authlete_api::operations::ALL` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The operation's id in the upstream description, `auth_token_api` for example.
    pub id: &'static str,
    /// The operation's name in this crate, `auth_token` for example.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with its parameters in braces: `/api/{serviceId}/auth/token`.
    pub path: &'static str,
    /// The part of the API it belongs to, in the description's words.
    pub tag: &'static str,
    /// When it may be sent again after a failure. A single request may be stricter: see [`Idempotency`].
    pub idempotency: Idempotency,
    /// Whether its response can be kept.
    pub cache: CacheClass,
    /// Whether it may end access tokens, or change what introspection says of them.
    pub ends_tokens: bool,
    /// The version of Authlete that brought it, `3.0.32` for example, where it is newer than version 3.0 itself.
    pub since: Option<&'static str>,
    /// The server that it is called on.
    pub host: Host,
}

/// The members of an [`Operation`], to make one of.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "as of `Operation`")]
pub struct OperationParts {
    pub id: &'static str,
    pub name: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub tag: &'static str,
    pub idempotency: Idempotency,
    pub cache: CacheClass,
    pub ends_tokens: bool,
    pub since: Option<&'static str>,
    pub host: Host,
}

impl Operation {
    /// For generated code.
    #[doc(hidden)]
    pub const fn new(parts: OperationParts) -> Self {
        let OperationParts { id, name, method, path, tag, idempotency, cache, ends_tokens, since, host } = parts;
        Self { id, name, method, path, tag, idempotency, cache, ends_tokens, since, host }
    }
}

/// A server of Authlete's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// The API server of the region or base URL.
    Api,
    /// The identity provider, which creates and removes services and has the audit log.
    Idp,
}

/// Whether the response of an operation can be kept for some time, as [`ResponseCache`](crate::layers) does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheClass {
    /// No.
    None,
    /// As what belongs to a service.
    Service,
    /// As a client.
    Client,
    /// No, and it may change what is kept.
    Clears,
}

/// When a request may be sent again after a failure. An operation has one ([`Operation::idempotency`]); a request that holds
/// what can be used once alone, such as a DPoP proof, is [`NotIdempotent`](Self::NotIdempotent) whatever the operation. The
/// request's own is among its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Idempotency {
    /// After any failure that may pass: it changes nothing.
    Safe,
    /// After any failure that may pass: however often it arrives, it leaves the same behind. The response may differ
    /// where the first attempt did arrive, as when there is nothing left to delete.
    Idempotent,
    /// Only when it surely was not processed: it uses up a ticket or a code, or makes something new every time.
    NotIdempotent,
}

/// What [`Client::request`](crate::call::Client::request) calls: an operation that is not in the description, so that nothing is
/// known of it.
pub(crate) static OTHER: Operation = Operation {
    id: "",
    name: "request",
    method: "",
    path: "",
    tag: "",
    idempotency: Idempotency::NotIdempotent,
    cache: CacheClass::None,
    ends_tokens: false,
    since: None,
    host: Host::Api,
};

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path {
            "" => f.write_str(self.name),
            path => write!(f, "{} ({} {path})", self.name, self.method),
        }
    }
}
