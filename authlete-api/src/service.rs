//! The handle of one service.

use std::fmt;

use authlete_core::codegen as rt;
use authlete_core::error::Error;
use rt::{Client, ServiceId};

use crate::authlete::Authlete;
use crate::environment::Environment;

/// One service. Its operations stand in groups, by what they serve, and need not be told which service it is.
///
/// Cheap to clone, to be shared between tasks, and to be kept as the state of a web server.
///
/// ```no_run
/// # async fn example(service: authlete_api::AuthleteService) -> Result<(), authlete_api::Error> {
/// let configuration = service.configuration().await?;
/// println!("{:?}", configuration.get("issuer"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AuthleteService {
    client: Client,
    id: ServiceId,
}

impl AuthleteService {
    /// As the environment says; see [`Environment`]. The service's token takes precedence over the organization's.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming the variables that are missing or cannot be used, or the two that disagree.
    pub fn from_env() -> Result<Self, Error> {
        Environment::read()?.service()
    }

    /// Works through the given client.
    pub fn new(client: Client, id: impl Into<ServiceId>) -> Self {
        Self { client, id: id.into() }
    }

    /// A service whose calls a [`Mock`](crate::mock::Mock) responds to: for unit tests of what calls it.
    #[cfg(feature = "test-util")]
    pub fn mocked(mock: &crate::mock::Mock) -> Self {
        let mut settings = rt::ClientSettings::new("authlete-api", "https://authlete.invalid");
        settings.base_url = Some("https://authlete.invalid".to_owned());
        settings.transport = Some(Box::new(mock.clone()));
        match settings.build() {
            Ok(client) => Self::new(client, 1),
            Err(error) => unreachable!("these settings are complete: {error}"),
        }
    }

    /// The id of the service.
    pub fn id(&self) -> &ServiceId {
        &self.id
    }

    /// The client beneath, which also calls operations that the description does not have.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The organization's handle, with the same connections. What it may do depends on the credentials.
    pub fn authlete(&self) -> Authlete {
        Authlete::with_service(self.client.clone(), Some(self.id.clone()))
    }
}

impl fmt::Debug for AuthleteService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthleteService")
            .field("base_url", &self.client.base_url())
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
