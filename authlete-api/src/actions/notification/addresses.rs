//! Where requests to URLs that others chose may go.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use authlete_core::codegen as rt;

/// Which addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addresses {
    /// Those of the public Internet, over https.
    Public,
    /// All of them; those of this machine without TLS too.
    Any,
}

/// Why an address is not connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forbidden {
    NotHttps,
    NotPublic,
}

impl Addresses {
    /// Looks at what the URL itself says; what its name resolves to is the [`Resolver`]'s part.
    pub(super) fn check(self, url: &Url) -> Result<(), Forbidden> {
        match (url.scheme(), self) {
            ("https", _) => {}
            ("http", Self::Any) if rt::is_loopback(url.host_str().unwrap_or_default()) => {}
            _ => return Err(Forbidden::NotHttps),
        }
        match rt::address(url.host_str().unwrap_or_default()) {
            Some(address) if !self.allow(address) => Err(Forbidden::NotPublic),
            _ => Ok(()),
        }
    }

    fn allow(self, address: IpAddr) -> bool {
        self == Self::Any || is_public(address)
    }
}

/// Resolves names to those of their addresses that may be connected to.
pub(super) struct Resolver(pub(super) Addresses);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let nothing_found = found.is_empty();
            let allowed: Vec<_> = found.into_iter().filter(|address| addresses.allow(address.ip())).collect();
            match allowed.is_empty() && !nothing_found {
                true => Err(Box::from(Forbidden::NotPublic)),
                false => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

impl Forbidden {
    /// Itself, when it is among the causes of an error.
    pub(super) fn cause_of(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref().copied())
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttps => "the endpoint is not https",
            Self::NotPublic => "the endpoint's address is not of the public Internet",
        })
    }
}

impl std::error::Error for Forbidden {}

/// Whether an address is of the public Internet, by IANA's registries of special addresses.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a >= 224 // multicast, reserved, broadcast
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b)) // shared by providers' customers
        || (a == 192 && b == 0 && c == 0) // protocol assignments
        || (a == 192 && b == 88 && c == 99) // 6to4 relays
        || (a == 198 && (18..20).contains(&b))) // benchmarks
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        // An IPv4 address in another form: mapped, by NAT64, by 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            is_public_v4(embedded(high, low))
        }
        // Teredo, benchmarks, ORCHID and the like; documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Global unicast is 2000::/3.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2001:1ff:ffff::1",
            "2002:7f00:1::1",
            "3fff::1",
            "3fff:fff:ffff::1",
            "::ffff:255.0.0.1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.1.0.1",
            "192.88.98.1",
            "192.89.99.1",
            "193.0.0.1",
            "101.64.0.1",
            "199.18.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::1",
            "3fff:1000::1",
            "2002:101:101::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn urls_are_checked_as_they_stand() {
        use Forbidden::{NotHttps, NotPublic};
        for (url, public, any) in [
            ("https://client.example/cb", Ok(()), Ok(())),
            ("http://client.example/cb", Err(NotHttps), Err(NotHttps)),
            ("https://10.0.0.1/cb", Err(NotPublic), Ok(())),
            ("https://0x7f.1/cb", Err(NotPublic), Ok(())),
            ("https://[::1]/cb", Err(NotPublic), Ok(())),
            ("http://127.0.0.1/cb", Err(NotHttps), Ok(())),
            ("http://localhost/cb", Err(NotHttps), Ok(())),
            ("http://10.0.0.1/cb", Err(NotHttps), Err(NotHttps)),
            ("ftp://client.example", Err(NotHttps), Err(NotHttps)),
        ] {
            let url: Url = url.parse().unwrap();
            assert_eq!(Addresses::Public.check(&url), public, "{url}");
            assert_eq!(Addresses::Any.check(&url), any, "{url}");
        }
    }

    #[tokio::test]
    async fn names_resolve_to_what_is_allowed() {
        let resolve = async |addresses| Resolver(addresses).resolve("localhost".parse().unwrap()).await;
        let error = resolve(Addresses::Public).await.err().unwrap();
        assert_eq!(Forbidden::cause_of(&*error), Some(Forbidden::NotPublic));
        assert!(resolve(Addresses::Any).await.unwrap().all(|address| address.ip().is_loopback()));
    }
}
