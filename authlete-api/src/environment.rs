//! Settings from environment variables: the one table of their names.

use std::fmt;

use authlete_core::codegen as rt;
use authlete_core::credentials::Credentials;
use authlete_core::error::Error;
use rt::optional;

use crate::authlete::Authlete;
use crate::builder::AuthleteBuilder;
use crate::region::Region;
use crate::service::AuthleteService;

/// The region: `us`, `jp`, `eu` or `br`.
pub const REGION: &str = "AUTHLETE_REGION";
/// The base URL, in place of a region.
pub const BASE_URL: &str = "AUTHLETE_BASE_URL";
/// The id of the service.
pub const SERVICE_ID: &str = "AUTHLETE_SERVICE_ID";
/// An access token of the service.
pub const SERVICE_ACCESSTOKEN: &str = "AUTHLETE_SERVICE_ACCESSTOKEN";
/// An access token of the organization.
pub const ORGANIZATION_ACCESSTOKEN: &str = "AUTHLETE_ORGANIZATION_ACCESSTOKEN";
/// A private key that the access token is bound to, as a JWK in JSON.
pub const DPOP_KEY: &str = "AUTHLETE_DPOP_KEY";
/// A client certificate for the connection, with its private key.
pub const CLIENT_CERTIFICATE: &str = "AUTHLETE_CLIENT_CERTIFICATE";
/// The URL of the identity provider.
pub const IDP_URL: &str = "AUTHLETE_IDP_URL";

/// Each variable with the other names it goes by.
const NAMES: [(&str, &[&str]); 8] = [
    (REGION, &[]),
    (BASE_URL, &[]),
    (SERVICE_ID, &["AUTHLETE_SERVICE_APIKEY"]),
    (SERVICE_ACCESSTOKEN, &["AUTHLETE_BEARER"]),
    (ORGANIZATION_ACCESSTOKEN, &["AUTHLETE_SERVICEOWNER_ACCESSTOKEN"]),
    (DPOP_KEY, &[]),
    (CLIENT_CERTIFICATE, &[]),
    (IDP_URL, &[]),
];

/// What the environment says about Authlete.
///
/// | variable | also read | meaning |
/// |---|---|---|
/// | `AUTHLETE_REGION` | | `us`, `jp`, `eu` or `br` |
/// | `AUTHLETE_BASE_URL` | | another server, in place of a region |
/// | `AUTHLETE_SERVICE_ID` | `AUTHLETE_SERVICE_APIKEY` | the id of the service |
/// | `AUTHLETE_SERVICE_ACCESSTOKEN` | `AUTHLETE_BEARER` | an access token of the service |
/// | `AUTHLETE_ORGANIZATION_ACCESSTOKEN` | `AUTHLETE_SERVICEOWNER_ACCESSTOKEN` | an access token of the organization |
/// | `AUTHLETE_DPOP_KEY` | | a JWK that the access token is bound to (with the feature `dpop`) |
/// | `AUTHLETE_IDP_URL` | | the identity provider, where it is not `https://login.authlete.com` |
/// | `AUTHLETE_CLIENT_CERTIFICATE` | | a certificate and its private key in PEM, or the path of a file with both |
///
/// A variable that is set to nothing counts as not set.
///
/// ```no_run
/// # async fn example() -> Result<(), authlete_api::Error> {
/// let environment = authlete_api::Environment::read()?;
/// let service = environment.service()?;
/// println!("{:?}", service.configuration().await?.get("issuer"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    base_url: Option<String>,
    service_id: Option<String>,
    service_token: Option<String>,
    organization_token: Option<String>,
    dpop_key: Option<String>,
    client_certificate: Option<String>,
    idp_url: Option<String>,
}

impl Environment {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming the variable whose value cannot be used, or the two that disagree.
    pub fn read() -> Result<Self, Error> {
        Self::read_from(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads variables from somewhere else.
    ///
    /// # Errors
    /// As [`Environment::read`].
    pub fn read_from(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let mut values = Vec::new();
        for (name, others) in NAMES {
            values.push(value_of(name, others, &lookup)?);
        }
        let [region, base_url, service_id, service_token, organization_token, dpop_key, client_certificate, idp_url] =
            values.try_into().unwrap_or_default();
        let region = region.map(|region| region.parse::<Region>()).transpose();
        let region = region.map_err(|error| Error::configuration(format!("{REGION}: {error}")))?;
        if region.is_some() && base_url.is_some() {
            return Err(Error::configuration(format!("{REGION} and {BASE_URL} are both set; keep one of them")));
        }
        let base_url = base_url.or_else(|| region.map(|region| region.base_url().to_owned()));
        Ok(Self { base_url, service_id, service_token, organization_token, dpop_key, client_certificate, idp_url })
    }

    /// Whether nothing is set at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The base URL, the region's when a region is given.
    ///
    /// # Errors
    /// [`Error::Configuration`] when neither is set.
    pub fn base_url(&self) -> Result<&str, Error> {
        self.base_url.as_deref().ok_or_else(|| Error::configuration(format!("neither {REGION} nor {BASE_URL} is set")))
    }

    /// The id of the service.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not set.
    pub fn service_id(&self) -> Result<&str, Error> {
        self.service_id.as_deref().ok_or_else(|| Error::configuration(format!("{SERVICE_ID} is not set")))
    }

    /// The service, with its access token, or the organization's where it has none.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming everything that is not set, or what cannot be used.
    pub fn service(&self) -> Result<AuthleteService, Error> {
        let mut missing = Vec::new();
        if self.service_id.is_none() {
            missing.push(SERVICE_ID.to_owned());
        }
        let builder = self.builder(self.service_token.as_deref().or(self.organization_token.as_deref()), missing)?;
        builder.service_id(self.service_id()?).build_service()
    }

    /// The organization, with its access token, or the service's where it has none.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming everything that is not set, or what cannot be used.
    pub fn authlete(&self) -> Result<Authlete, Error> {
        let builder = self.builder(self.organization_token.as_deref().or(self.service_token.as_deref()), Vec::new())?;
        match &self.service_id {
            Some(id) => builder.service_id(id.as_str()).build(),
            None => builder.build(),
        }
    }

    /// A client with the service's access token, or the organization's where the service has none, for operations that the
    /// description does not have.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming everything that is not set, or what cannot be used.
    pub fn client(&self) -> Result<rt::Client, Error> {
        let token = self.service_token.as_deref().or(self.organization_token.as_deref());
        Ok(self.builder(token, Vec::new())?.build()?.client().clone())
    }

    /// A builder with what the environment says; what else is missing is named with the rest.
    fn builder(&self, token: Option<&str>, mut missing: Vec<String>) -> Result<AuthleteBuilder, Error> {
        if self.base_url.is_none() {
            missing.insert(0, format!("{REGION} or {BASE_URL}"));
        }
        let (Some(token), Some(base_url), true) = (token, &self.base_url, missing.is_empty()) else {
            if token.is_none() {
                missing.push(format!("{SERVICE_ACCESSTOKEN} or {ORGANIZATION_ACCESSTOKEN}"));
            }
            return Err(Error::configuration(format!("not set in the environment: {}", missing.join("; "))));
        };
        let credentials = match &self.dpop_key {
            Some(key) => dpop(token, key)?,
            None => Credentials::bearer(token)?,
        };
        let mut builder = Authlete::builder().base_url(base_url).credentials(credentials);
        if let Some(token) = &self.organization_token {
            builder = builder.idp_credentials(Credentials::bearer(token)?);
        }
        if let Some(idp_url) = &self.idp_url {
            builder = builder.idp_url(idp_url);
        }
        match &self.client_certificate {
            Some(certificate) => with_certificate(builder, certificate),
            None => Ok(builder),
        }
    }
}

#[cfg(feature = "dpop")]
fn dpop(token: &str, key: &str) -> Result<Credentials, Error> {
    let key = authlete_core::credentials::DpopKey::from_jwk(key)
        .map_err(|error| Error::configuration(format!("{DPOP_KEY}: {error}")))?;
    Credentials::dpop(token, &key)
}

#[cfg(not(feature = "dpop"))]
fn dpop(_: &str, _: &str) -> Result<Credentials, Error> {
    Err(Error::configuration(format!("{DPOP_KEY} is set, and the crate is built without the feature `dpop`")))
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn with_certificate(builder: AuthleteBuilder, certificate: &str) -> Result<AuthleteBuilder, Error> {
    let refuse = |why: String| Error::configuration(format!("{CLIENT_CERTIFICATE} {why}"));
    let pem = match certificate.starts_with("-----BEGIN") {
        true => certificate.as_bytes().to_vec(),
        false => std::fs::read(certificate).map_err(|error| refuse(format!("cannot be read as a file: {error}")))?,
    };
    let identity = identity(&pem)
        .ok_or_else(|| refuse("does not hold a certificate and its private key in PEM (PKCS #8)".to_owned()))?;
    Ok(builder.client_certificate(identity))
}

#[cfg(feature = "rustls")]
fn identity(pem: &[u8]) -> Option<reqwest::Identity> {
    reqwest::Identity::from_pem(pem).ok()
}

/// The platform's library wants the key apart from the certificates.
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
fn identity(pem: &[u8]) -> Option<reqwest::Identity> {
    const END: &str = "-----END PRIVATE KEY-----";
    let pem = std::str::from_utf8(pem).ok()?;
    let (before, rest) = pem.split_at(pem.find("-----BEGIN PRIVATE KEY-----")?);
    let (key, after) = rest.split_at(rest.find(END)? + END.len());
    reqwest::Identity::from_pkcs8_pem(format!("{before}{after}").as_bytes(), key.as_bytes()).ok()
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn with_certificate(_: AuthleteBuilder, _: &str) -> Result<AuthleteBuilder, Error> {
    Err(Error::configuration(format!("{CLIENT_CERTIFICATE} is set, and the crate is built without TLS")))
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("base_url", &self.base_url.as_deref().map(rt::printable))
            .field("idp_url", &self.idp_url.as_deref().map(rt::printable))
            .field("service_id", &self.service_id)
            .field("service_token", &optional(&self.service_token))
            .field("organization_token", &optional(&self.organization_token))
            .field("dpop_key", &optional(&self.dpop_key))
            .field("client_certificate", &optional(&self.client_certificate))
            .finish()
    }
}

/// The value of a variable, whichever of its names it stands under.
fn value_of(name: &str, others: &[&str], lookup: &impl Fn(&str) -> Option<String>) -> Result<Option<String>, Error> {
    let mut found: Option<(&str, String)> = None;
    for name in std::iter::once(&name).chain(others) {
        let Some(value) = lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()) else {
            continue;
        };
        match &found {
            Some((first, known)) if *known != value => {
                let message = format!("{first} and {name} mean the same and are set to different values; keep one");
                return Err(Error::configuration(message));
            }
            Some(_) => {}
            None => found = Some((name, value)),
        }
    }
    Ok(found.map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, String> {
        let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Environment::read_from(lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_set_is_empty() {
        assert!(read(&[("AUTHLETE_BEARER", " ")]).unwrap().is_empty());
        assert!(!read(&[("AUTHLETE_BEARER", "t")]).unwrap().is_empty());
    }

    #[test]
    fn other_names_are_read() {
        let environment = read(&[
            ("AUTHLETE_REGION", "EU"),
            ("AUTHLETE_SERVICE_APIKEY", "1"),
            ("AUTHLETE_SERVICEOWNER_ACCESSTOKEN", "s3cret"),
        ]);
        let environment = environment.unwrap();
        assert_eq!(environment.service_id().unwrap(), "1");
        // Under both names, if it is the same.
        let both = read(&[("AUTHLETE_SERVICE_APIKEY", "1"), ("AUTHLETE_SERVICE_ID", "1")]).unwrap();
        assert_eq!(both.service_id().unwrap(), "1");
        assert_eq!(environment.client().unwrap().base_url(), "https://eu.authlete.com");
        let shown = format!("{environment:?}");
        assert!(!shown.contains("s3cret"));
        assert!(
            shown.contains("service_id: Some(\"1\"), service_token: None, organization_token: Some([redacted])"),
            "{shown}"
        );
    }

    #[test]
    fn keys_are_checked_and_never_printed() {
        let base = [("AUTHLETE_REGION", "eu"), ("AUTHLETE_BEARER", "t")];
        for (name, value) in [(DPOP_KEY, r#"{"d":"s3cret"}"#), (CLIENT_CERTIFICATE, "-----BEGIN s3cret")] {
            let environment = read(&[base[0], base[1], (name, value)]).unwrap();
            assert!(!format!("{environment:?}").contains("s3cret"));
            let error = environment.client().unwrap_err().to_string();
            assert!(error.starts_with(name) && !error.contains("s3cret"), "{error}");
        }
        let missing = read(&[base[0], base[1], (CLIENT_CERTIFICATE, "/no/such/file")]).unwrap();
        assert!(missing.client().unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn errors_name_the_variable() {
        let missing = read(&[("AUTHLETE_REGION", "eu")]).unwrap();
        assert_eq!(missing.service_id().unwrap_err().to_string(), "AUTHLETE_SERVICE_ID is not set");
        assert!(missing.client().unwrap_err().to_string().contains("AUTHLETE_SERVICE_ACCESSTOKEN"));
        assert!(Environment::default().base_url().unwrap_err().to_string().contains("AUTHLETE_BASE_URL"));
        assert!(read(&[("AUTHLETE_REGION", "mars")]).unwrap_err().starts_with("AUTHLETE_REGION: "));
        let both = read(&[("AUTHLETE_REGION", "eu"), ("AUTHLETE_BASE_URL", "https://x")]).unwrap_err();
        assert!(both.contains("AUTHLETE_REGION") && both.contains("AUTHLETE_BASE_URL"), "{both}");
        let conflict = read(&[("AUTHLETE_BEARER", "s3cret"), ("AUTHLETE_SERVICE_ACCESSTOKEN", "other")]).unwrap_err();
        assert!(conflict.contains("AUTHLETE_BEARER") && !conflict.contains("s3cret"), "{conflict}");
    }
}
