//! Protected resource metadata (RFC 9728): where clients learn which authorization server to ask for a token.

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode, Uri};
use serde_json::{Map, Value, json};

/// The path that RFC 9728 section 3 puts before the path of the resource.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The metadata document of a protected resource (RFC 9728 section 2).
///
/// [`ResourceServer`](crate::ResourceServer) makes one of its own settings; this type is for those who serve it
/// themselves.
///
/// ```
/// use authlete_resource_server::ResourceMetadata;
///
/// let metadata = ResourceMetadata::new("https://api.example.com/orders")
///     .authorization_server("https://as.example.com")
///     .scopes_supported(["orders:read", "orders:write"]);
/// assert_eq!(metadata.url(), "https://api.example.com/.well-known/oauth-protected-resource/orders");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceMetadata {
    resource: String,
    members: Map<String, Value>,
}

impl ResourceMetadata {
    /// The metadata of the resource with this identifier: an https URL without a fragment.
    pub fn new(resource: impl Into<String>) -> Self {
        let resource = resource.into();
        let mut members = Map::new();
        members.insert("resource".to_owned(), json!(resource));
        members.insert("bearer_methods_supported".to_owned(), json!(["header"]));
        Self { resource, members }
    }

    /// The identifier of the resource.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Scheme, host and port of the identifier.
    pub(crate) fn origin(&self) -> &str {
        split(&self.resource).0
    }

    /// The issuer identifier of an authorization server that gives tokens for this resource.
    #[must_use]
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        let list = self.members.entry("authorization_servers").or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(json!(issuer.into()));
        }
        self
    }

    /// The scopes that clients may ask for.
    #[must_use]
    pub fn scopes_supported<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        self.member("scopes_supported", scopes)
    }

    /// Any other member, such as `resource_name`, `resource_documentation` or `tls_client_certificate_bound_access_tokens`.
    #[must_use]
    pub fn member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }

    /// The document.
    pub fn to_json(&self) -> Value {
        Value::Object(self.members.clone())
    }

    /// Where the document is found: the well-known path stands between the host and the path of the resource (RFC 9728
    /// section 3.1). This is what the `resource_metadata` parameter of challenges says.
    pub fn url(&self) -> String {
        let (origin, path) = split(&self.resource);
        format!("{origin}{WELL_KNOWN}{}", path.trim_end_matches('/'))
    }

    /// The paths to serve the document at: the one of [`url`](Self::url), and the one without the resource's path, where
    /// clients look as well.
    pub fn paths(&self) -> Vec<String> {
        let (_, path) = split(&self.resource);
        let own = format!("{WELL_KNOWN}{}", path.trim_end_matches('/'));
        if own == WELL_KNOWN { vec![own] } else { vec![own, WELL_KNOWN.to_owned()] }
    }

    /// The response to a request for the document, or `None` when the request is for another path. Any web page may read
    /// it, since clients that run in browsers need it.
    pub fn respond(&self, method: &Method, uri: &Uri) -> Option<Response<Bytes>> {
        let asked = uri.path();
        if !self.paths().iter().any(|path| path == asked) {
            return None;
        }
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        match *method {
            Method::GET | Method::HEAD => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
                if method == Method::GET {
                    *response.body_mut() = self.to_json().to_string().into();
                }
            }
            Method::OPTIONS => {
                headers.insert("access-control-allow-methods", HeaderValue::from_static("GET, HEAD"));
                headers.insert("access-control-allow-headers", HeaderValue::from_static("*"));
                *response.status_mut() = StatusCode::NO_CONTENT;
            }
            _ => {
                headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            }
        }
        Some(response)
    }
}

/// Whether two identifiers mean the same resource: byte for byte, but that an empty path is `/` (RFC 3986 section 6.2.3).
pub(crate) fn same_resource(one: &str, other: &str) -> bool {
    let canonical = |url: &str| match split(url) {
        (origin, "/") if origin.contains("://") && origin.len() + 1 == url.len() => origin.to_owned(),
        _ => url.to_owned(),
    };
    canonical(one) == canonical(other)
}

/// Origin and path of a URL; the path of `https://host` is empty, and a query belongs to neither.
fn split(url: &str) -> (&str, &str) {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let host = url.find("://").map_or(0, |at| at + 3);
    match url[host..].find('/') {
        Some(at) => url.split_at(host + at),
        None => (url, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_path_stands_before_the_path_of_the_resource() {
        for (resource, url, paths) in [
            ("https://a.example", "https://a.example/.well-known/oauth-protected-resource", 1),
            ("https://a.example/", "https://a.example/.well-known/oauth-protected-resource", 1),
            ("https://a.example:8443/mcp", "https://a.example:8443/.well-known/oauth-protected-resource/mcp", 2),
            ("https://a.example/a/b/?x=y", "https://a.example/.well-known/oauth-protected-resource/a/b", 2),
        ] {
            let metadata = ResourceMetadata::new(resource);
            assert_eq!(metadata.url(), url);
            assert_eq!(metadata.paths().len(), paths, "{resource}");
        }
    }

    #[test]
    fn the_document_is_for_everybody_to_read() {
        let metadata = ResourceMetadata::new("https://a.example/mcp").authorization_server("https://as.example");
        for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
            let response = metadata.respond(&Method::GET, &path.parse().unwrap()).unwrap();
            assert_eq!(response.headers()["access-control-allow-origin"], "*");
            let document: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(document["resource"], "https://a.example/mcp");
            assert_eq!(document["authorization_servers"], json!(["https://as.example"]));
        }
        assert!(metadata.respond(&Method::GET, &"/mcp".parse().unwrap()).is_none());
        let post = metadata.respond(&Method::POST, &"/.well-known/oauth-protected-resource".parse().unwrap()).unwrap();
        assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn an_empty_path_is_a_slash_and_nothing_else_is_the_same() {
        for (one, other, same) in [
            ("https://a.example", "https://a.example/", true),
            ("https://a.example/a", "https://a.example/a", true),
            ("https://a.example/a", "https://a.example/a/", false),
            ("https://a.example/?x", "https://a.example", false),
            ("https://a.example/#x", "https://a.example/", false),
            ("https://a.example//", "https://a.example/", false),
            ("urn:a", "urn:a/", false),
        ] {
            assert_eq!((same_resource(one, other), same_resource(other, one)), (same, same), "{one} {other}");
        }
        assert_eq!(split("https://a.example:1/b/c?d"), ("https://a.example:1", "/b/c"));
        assert_eq!(split("a://b/c"), ("a://b", "/c"));
        assert_eq!(split("/d"), ("", "/d"));
    }
}
