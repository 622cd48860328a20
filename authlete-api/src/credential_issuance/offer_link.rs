//! The link that opens a credential offer in a wallet.

use std::fmt;

use authlete_core::JsonString;
use authlete_core::wire::CredentialOfferId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::generated::actions::VciOfferCreateCreated;

/// What may stand in the value of a query parameter as it is (RFC 3986 section 2.3); a plus sign, for one, means a space to
/// some wallets.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where wallets of all makes listen (OpenID4VCI 1.0 section 4.1).
const ANY_WALLET: &str = "openid-credential-offer://";

/// The link with which a wallet opens a credential offer, to be clicked on or shown as a QR code (OpenID4VCI 1.0 section 4.1):
/// `openid-credential-offer://?credential_offer=…`.
///
/// By value, the link has the whole offer, which makes large QR codes. By reference, it has the URL at which the wallet fetches
/// the offer. Either way it is a secret while the offer has a pre-authorized code: who has the link can have the credential,
/// unless a transaction code protects it. `Debug` therefore does not show it; `Display` is the link.
///
/// ```
/// use authlete_api::credential_issuance::OfferLink;
///
/// let link = OfferLink::by_reference("https://issuer.example.com/offers/GkurKxf5T0Y-mnPFCHqWOMiZi4VS138c");
/// assert_eq!(
///     link.to_string(),
///     "openid-credential-offer://?credential_offer_uri=\
///      https%3A%2F%2Fissuer.example.com%2Foffers%2FGkurKxf5T0Y-mnPFCHqWOMiZi4VS138c",
/// );
/// assert!(link.to("haip-vci://").to_string().starts_with("haip-vci://?credential_offer_uri="));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct OfferLink {
    endpoint: String,
    parameter: &'static str,
    value: String,
}

impl OfferLink {
    /// A link with the offer itself: `credential_offer` of what was created.
    pub fn by_value(offer: &JsonString) -> Self {
        Self::with("credential_offer", offer.as_str())
    }

    /// A link with the URL at which the issuer serves the offer, as `application/json` to whoever asks.
    pub fn by_reference(offer_uri: impl AsRef<str>) -> Self {
        Self::with("credential_offer_uri", offer_uri.as_ref())
    }

    fn with(parameter: &'static str, value: &str) -> Self {
        Self { endpoint: ANY_WALLET.to_owned(), parameter, value: utf8_percent_encode(value, UNRESERVED).to_string() }
    }

    /// The same for a particular wallet: its `credential_offer_endpoint`, which is a URL or a scheme with `://`, such as
    /// `haip-vci://`. Unless set, it is `openid-credential-offer://`, where the wallet of the user's choice listens.
    pub fn to(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }
}

impl fmt::Display for OfferLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (endpoint, fragment) = match self.endpoint.split_once('#') {
            Some((endpoint, fragment)) => (endpoint, Some(fragment)),
            None => (self.endpoint.as_str(), None),
        };
        let join = match endpoint.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        write!(f, "{endpoint}{join}{}={}", self.parameter, self.value)?;
        fragment.map_or(Ok(()), |fragment| write!(f, "#{fragment}"))
    }
}

/// Where it leads to; the offer may have a code that is as good as the credential.
impl fmt::Debug for OfferLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfferLink")
            .field("endpoint", &self.endpoint)
            .field("parameter", &self.parameter)
            .finish_non_exhaustive()
    }
}

impl VciOfferCreateCreated {
    /// The link to the offer, with the offer itself in it.
    pub fn link(&self) -> Option<OfferLink> {
        self.info()?.credential_offer.as_ref().map(OfferLink::by_value)
    }

    /// The link to the offer, with the URL at which the issuer serves it: the given one with the offer's `identifier` as its
    /// last segment. There, [`offer_info`](crate::groups::CredentialIssuerApi::offer_info) gives the response.
    pub fn link_by_reference(&self, offers_url: impl AsRef<str>) -> Option<OfferLink> {
        let identifier: &CredentialOfferId = self.info()?.identifier.as_ref()?;
        let offers_url = offers_url.as_ref().trim_end_matches('/');
        Some(OfferLink::by_reference(format!("{offers_url}/{}", identifier.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_by_value_is_escaped() {
        let offer = JsonString::from(r#"{"credential_issuer":"https://a.example","x":"é +&"}"#);
        let link = OfferLink::by_value(&offer);
        let expected = "openid-credential-offer://?credential_offer=%7B%22credential_issuer%22%3A%22https%3A%2F%2Fa.example\
                        %22%2C%22x%22%3A%22%C3%A9%20%2B%26%22%7D";
        assert_eq!(link.to_string(), expected);
        assert!(!format!("{link:?}").contains("a.example"));
    }

    #[test]
    fn links_lead_to_any_endpoint() {
        let link = OfferLink::by_reference("https://a.example/1");
        for (endpoint, expected) in [
            ("haip-vci://", "haip-vci://?credential_offer_uri=https%3A%2F%2Fa.example%2F1"),
            ("https://w.example/o", "https://w.example/o?credential_offer_uri=https%3A%2F%2Fa.example%2F1"),
            ("https://w.example/o?a=b", "https://w.example/o?a=b&credential_offer_uri=https%3A%2F%2Fa.example%2F1"),
            ("https://w.example/o?", "https://w.example/o?credential_offer_uri=https%3A%2F%2Fa.example%2F1"),
            ("https://w.example/#/o", "https://w.example/?credential_offer_uri=https%3A%2F%2Fa.example%2F1#/o"),
        ] {
            assert_eq!(link.clone().to(endpoint).to_string(), expected);
        }
    }
}
