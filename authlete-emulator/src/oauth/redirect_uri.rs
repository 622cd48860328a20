//! Redirect URIs, and which of them are the same.

use url::{Host, Url};

/// Whether two URIs are on the loopback interface and the same but for the port (RFC 8252, section 7.3).
pub(crate) fn differ_in_loopback_port(registered: &str, given: &str) -> bool {
    let without_port = |text| {
        let mut uri = Url::parse(text).ok()?;
        let is_loopback = match uri.host()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        uri.set_port(None).ok()?;
        (is_loopback && uri.scheme() == "http" && uri.fragment().is_none()).then_some(uri)
    };
    without_port(registered).is_some_and(|uri| without_port(given) == Some(uri))
}

#[cfg(test)]
mod tests {
    use super::differ_in_loopback_port;

    #[test]
    fn the_port_of_a_loopback_uri() {
        assert!(differ_in_loopback_port("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb"));
        assert!(differ_in_loopback_port("http://[::1]:1/cb", "http://[::1]:5000/cb"));
        for other in [
            "http://127.0.0.1:5000/other",
            "http://127.0.0.1.example/cb",
            "https://127.0.0.1:5000/cb",
            "http://user@127.0.0.1:5000/cb",
            "http://127.0.0.1:5000/cb#f",
        ] {
            assert!(!differ_in_loopback_port("http://127.0.0.1/cb", other), "{other}");
        }
        assert!(!differ_in_loopback_port("https://c.example/cb", "https://c.example:5000/cb"));
    }
}
