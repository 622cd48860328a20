#![doc = include_str!("../README.md")]

mod key;

use std::fmt;

pub use key::{DpopProof, KeyError, TestKey};

pub use authlete_emulator as emulator;

use authlete_api::{Authlete, AuthleteService};
use authlete_emulator::{Config, Emulator};
use serde_json::{Map, Value, json};

/// The issuer identifier of the service.
pub const ISSUER: &str = "https://as.example.com";

const SERVICE_ID: u64 = 1001;
const CLIENT_ID: u64 = 2001;
const CLIENT_SECRET: &str = "test-client-secret";
const REDIRECT_URI: &str = "https://client.example.org/cb";

/// Why an emulated Authlete does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings are not such as a service or a client can have.
    #[error("the settings cannot be used")]
    Settings(#[from] authlete_emulator::ConfigError),
    /// The emulator did not start.
    #[error("the emulator did not start")]
    Start(#[from] authlete_emulator::StartError),
    /// There is no client for it.
    #[error("there is no client for the emulator")]
    Api(#[from] authlete_api::Error),
}

/// An emulator with a service and a client, and typed handles to both. It ends when it is dropped.
#[derive(Debug)]
pub struct TestAuthlete {
    emulator: Emulator,
    authlete: Authlete,
    service: AuthleteService,
    client: TestClient,
}

/// What a client of the service needs.
#[derive(Debug, Clone)]
pub struct TestClient {
    id: String,
    redirect_uri: String,
}

/// Other settings for the service and the client.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let authlete = authlete_test::TestAuthlete::builder()
///     .service("pkceRequired", true)
///     .client("clientName", "A shop")
///     .start()
///     .await?;
/// assert_eq!(authlete.service().get().await?.pkce_required, Some(true));
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct TestAuthleteBuilder {
    service: Map<String, Value>,
    client: Map<String, Value>,
}

impl fmt::Debug for TestAuthleteBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some settings are secrets.
        f.debug_struct("TestAuthleteBuilder")
            .field("service", &self.service.keys().collect::<Vec<_>>())
            .field("client", &self.client.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl TestAuthlete {
    /// Starts one with a service that supports the usual grants, and a confidential client that may use them.
    ///
    /// # Errors
    /// When no port of this machine can be opened.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Settings for one that is about to start.
    pub fn builder() -> TestAuthleteBuilder {
        let grants = json!(["AUTHORIZATION_CODE", "REFRESH_TOKEN", "CLIENT_CREDENTIALS"]);
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        TestAuthleteBuilder {
            service: object(json!({
                "serviceName": "Test",
                "issuer": ISSUER,
                "supportedGrantTypes": grants,
                "supportedTokenAuthMethods":
                    ["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST", "CLIENT_SECRET_JWT", "PRIVATE_KEY_JWT"],
                "supportedScopes": [{"name": "openid"}, {"name": "profile"}, {"name": "email"}, {"name": "read"}],
            })),
            client: object(json!({
                "clientName": "Test client",
                "grantTypes": grants,
                "redirectUris": [REDIRECT_URI],
                // An RSA key, which the default needs, takes its time to make.
                "idTokenSignAlg": "ES256",
            })),
        }
    }

    /// The emulator: its clock, faults, and calls.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// The organization's handle, which creates services.
    pub fn authlete(&self) -> &Authlete {
        &self.authlete
    }

    /// The handle of the service.
    pub fn service(&self) -> &AuthleteService {
        &self.service
    }

    /// The client of the service.
    pub fn client(&self) -> &TestClient {
        &self.client
    }
}

impl TestClient {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its secret, which is the same for every client here.
    pub fn secret(&self) -> &str {
        CLIENT_SECRET
    }

    /// The first of its redirect URIs; empty where it has none.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }
}

impl TestAuthleteBuilder {
    /// A setting of the service, by its name in Authlete's API.
    pub fn service(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.service.insert(name.into(), value.into());
        self
    }

    /// A setting of the client, by its name in Authlete's API.
    pub fn client(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.client.insert(name.into(), value.into());
        self
    }

    /// Starts it. When this returns, it accepts calls.
    ///
    /// # Errors
    /// When a setting is unknown or cannot have this value, or no port of this machine can be opened.
    pub async fn start(self) -> Result<TestAuthlete, Error> {
        let redirect_uri = self.client.get("redirectUris").and_then(|uris| uris[0].as_str()).unwrap_or_default();
        let client = TestClient { id: CLIENT_ID.to_string(), redirect_uri: redirect_uri.to_owned() };
        let config = json!({"services": [{
            "serviceId": SERVICE_ID,
            "settings": self.service,
            "clients": [{"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, "settings": self.client}],
        }]});
        let emulator = Emulator::builder().config(Config::parse(&config.to_string())?).start().await?;
        let authlete = Authlete::builder()
            .base_url(emulator.base_url())
            .idp_url(emulator.base_url())
            .organization_token(emulator.organization_token())
            .build()?;
        let service = authlete.service(SERVICE_ID.to_string());
        Ok(TestAuthlete { emulator, authlete, service, client })
    }
}
