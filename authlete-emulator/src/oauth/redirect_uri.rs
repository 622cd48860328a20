//! Redirect URIs: which may be registered, and which of them are the same.

use url::Url;

/// What a list of redirect URIs has to be.
pub(crate) const EXPECTED: &str = "a list of absolute URIs without a fragment, user information, white space, control \
                                   characters or *, and of a scheme that leads to a client";

/// Schemes of what a browser runs or shows by itself: a page that posts itself to a `javascript:` URI would run it as one
/// of the authorization server's.
const OF_BROWSERS: &[&str] = &["about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"];

/// Schemes of other protocols, by which no client is redirected to.
const OF_OTHER_PROTOCOLS: &[&str] = &["ftp", "mailto", "ws", "wss"];

/// Hosts of the loopback interface, as they are written in URIs (RFC 8252, section 7.3).
const LOOPBACK: &[&str] = &["127.0.0.1", "[::1]", "localhost"];

/// Whether a client may register this URI (RFC 6749, section 3.1.2; RFC 9700, section 4.1.3).
pub(crate) fn is_acceptable(uri: &str) -> bool {
    if uri.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '*' | '\\' | '"' | '<' | '>')) {
        return false;
    }
    let Ok(url) = Url::parse(uri) else { return false };
    let scheme = url.scheme();
    url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        // The parser drops an empty user.
        && !uri.split(['/', '?']).nth(2).is_some_and(|authority| uri.contains("://") && authority.contains('@'))
        && !OF_BROWSERS.contains(&scheme)
        && !OF_OTHER_PROTOCOLS.contains(&scheme)
}

/// Whether two URIs are on the loopback interface and the same but for the port (RFC 8252, section 7.3). They are
/// compared as strings: what a parser makes of another spelling is not what was registered.
pub(crate) fn differ_in_loopback_port(registered: &str, given: &str) -> bool {
    parts(registered).is_some_and(|registered| parts(given) == Some(registered))
}

/// The host of a loopback URI, and what follows its port.
fn parts(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = *LOOPBACK.iter().find(|host| authority.starts_with(**host))?;
    let port = authority.strip_prefix(host)?;
    let is_port =
        |port: &str| !port.is_empty() && port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        .then_some((host, rest))
        .filter(|_| !rest.contains('#'))
}

#[cfg(test)]
mod tests {
    use super::{differ_in_loopback_port, is_acceptable};

    #[test]
    fn the_port_of_a_loopback_uri() {
        assert!(differ_in_loopback_port("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb"));
        assert!(differ_in_loopback_port("http://[::1]:1/cb", "http://[::1]:5000/cb"));
        assert!(differ_in_loopback_port("http://localhost?a=b", "http://localhost:80?a=b"));
        for other in [
            "http://127.0.0.1:5000/other",
            "http://127.0.0.1.example/cb",
            "https://127.0.0.1:5000/cb",
            "http://user@127.0.0.1:5000/cb",
            "http://127.0.0.1:5000@host.example/cb",
            "http://127.0.0.1:5000/cb#f",
            "http://127.0.0.1:5000/x/../cb",
            "http://127.0.0.1:5000/%63b",
            "http://127.0.0.1:+50/cb",
            "http://127.0.0.1:70000/cb",
            "http://127.0.0.1:/cb",
            "HTTP://127.0.0.1:5000/cb",
            "http://127.1:5000/cb",
            "http://2130706433:5000/cb",
            "http://0x7f.0.0.1/cb",
            "http://127.0.0.2:5000/cb",
            "http://[0:0:0:0:0:0:0:1]/cb",
            " http://127.0.0.1/cb",
        ] {
            assert!(!differ_in_loopback_port("http://127.0.0.1/cb", other), "{other}");
        }
        assert!(!differ_in_loopback_port("https://c.example/cb", "https://c.example:5000/cb"));
    }

    #[test]
    fn what_a_client_may_register() {
        for uri in [
            "https://c.example/cb?x=1",
            "http://127.0.0.1/cb",
            "com.example.app:/cb",
            "myapp://cb",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert!(is_acceptable(uri), "{uri}");
        }
        for uri in [
            "/cb",
            "https://c.example/cb#f",
            "https://c.example/cb\r\nX: y",
            "https://c.example/a b",
            "https://*.example/cb",
            "https://user@c.example/cb",
            "https://:secret@c.example/cb",
            "https://@c.example/cb",
            "about:blank",
            "ws://c.example/cb",
            "wss://c.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "JavaScript:alert(1)",
        ] {
            assert!(!is_acceptable(uri), "{uri}");
        }
    }
}
