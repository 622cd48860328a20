//! What is known of an operation before it is called.

/// One operation of the API, as the description has it. The generated table is [`crate::operations::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The operation's id in the upstream description, `auth_token_api` for example.
    pub id: &'static str,
    /// The name of the method on [`Client`](crate::Client) that calls it.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with its parameters in braces: `/api/{serviceId}/auth/token`.
    pub path: &'static str,
    /// The part of the API it belongs to, in the description's words.
    pub tag: &'static str,
    /// When it may be tried again.
    pub retry: RetryClass,
    /// Whether its answer can be kept.
    pub cache: CacheClass,
}

/// Whether the answer of an operation can be kept for some time, as the layer `Cache` does.
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

/// When a call that failed may be tried again. The description's overlay has the reason for each operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryClass {
    /// After any failure that may pass: nothing changes by it.
    Safe,
    /// After any failure that may pass: however often it arrives, it leaves the same behind. The answer may differ
    /// where the first try did arrive, as when there is nothing left to delete.
    Idempotent,
    /// Only when it surely did not arrive: it uses up a ticket or a code, or makes something new every time.
    Unsent,
}

impl Operation {
    /// For the generated table.
    pub(crate) const fn new(
        id: &'static str,
        name: &'static str,
        method: &'static str,
        path: &'static str,
        tag: &'static str,
        retry: RetryClass,
        cache: CacheClass,
    ) -> Self {
        Self { id, name, method, path, tag, retry, cache }
    }
}

/// What [`Client::request`](crate::Client::request) calls: not of the description, and so nothing is known of it.
pub(crate) static OTHER: Operation = Operation::new("", "request", "", "", "", RetryClass::Unsent, CacheClass::None);

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path {
            "" => f.write_str(self.name),
            path => write!(f, "{} ({} {path})", self.name, self.method),
        }
    }
}
