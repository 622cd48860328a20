//! From where the emulator may fetch.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// From where the emulator may fetch documents, such as a client's key set.
///
/// Clients and their metadata name the URLs, so whoever may write those decides what the emulator connects to
/// (server-side request forgery). The default therefore is this machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchScope {
    /// From the loopback interface: from programs on this machine. No name but `localhost` is looked up.
    #[default]
    Loopback,
    /// From the loopback interface, and from public addresses.
    Public,
    /// From anywhere, private networks included.
    Any,
}

impl FetchScope {
    /// The scope that has this name on the command line: `loopback`, `public` or `any`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "loopback" => Some(Self::Loopback),
            "public" => Some(Self::Public),
            "any" => Some(Self::Any),
            _ => None,
        }
    }

    /// Whether this address may be connected to.
    pub(super) fn allows(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            Self::Loopback => address.is_loopback(),
            Self::Public => address.is_loopback() || is_public(address),
            Self::Any => !address.is_unspecified() && !address.is_multicast(),
        }
    }

    /// Whether a host name may be looked up.
    pub(super) fn looks_up(self, name: &str) -> bool {
        self != Self::Loopback || is_local_name(name)
    }
}

/// Whether a name stands for this machine (RFC 6761, section 6.3).
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether an address is not among those that RFC 6890 sets apart.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Global unicast (RFC 4291) without documentation, benchmarking and the forms that carry an IPv4 address.
    let [a, b, ..] = address.segments();
    let special = matches!((a, b), (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0x0000..=0x0fff));
    (0x2000..=0x3fff).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use super::FetchScope;

    #[test]
    fn addresses_and_scopes() {
        for (address, expected) in [
            ("127.0.0.1", [true, true, true]),
            ("127.255.255.254", [true, true, true]),
            ("::1", [true, true, true]),
            ("::ffff:127.0.0.1", [true, true, true]),
            ("8.8.8.8", [false, true, true]),
            ("2606:4700::1111", [false, true, true]),
            ("10.0.0.1", [false, false, true]),
            ("172.16.0.1", [false, false, true]),
            ("192.168.1.1", [false, false, true]),
            ("100.64.0.1", [false, false, true]),
            ("169.254.169.254", [false, false, true]),
            ("::ffff:10.0.0.1", [false, false, true]),
            ("fd00::1", [false, false, true]),
            ("fe80::1", [false, false, true]),
            ("2001:db8::1", [false, false, true]),
            ("2002:a00:1::1", [false, false, true]),
            ("64:ff9b::a00:1", [false, false, true]),
            ("0.0.0.0", [false, false, false]),
            ("::", [false, false, false]),
            ("224.0.0.1", [false, false, false]),
        ] {
            let parsed = address.parse().expect("an address");
            let scopes = [FetchScope::Loopback, FetchScope::Public, FetchScope::Any];
            assert_eq!(scopes.map(|scope| scope.allows(parsed)), expected, "{address}");
        }
    }

    #[test]
    fn only_local_names_are_looked_up_by_default() {
        for (name, expected) in [
            ("localhost", true),
            ("LOCALHOST.", true),
            ("a.localhost", true),
            ("client.example", false),
            ("localhost.example", false),
        ] {
            assert_eq!(FetchScope::Loopback.looks_up(name), expected, "{name}");
        }
        assert!(FetchScope::Public.looks_up("client.example"));
    }
}
