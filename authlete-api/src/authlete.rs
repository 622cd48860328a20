//! The handle of an organization.

use std::fmt;

use authlete_core::codegen as rt;
use authlete_core::error::Error;
use rt::{Client, ServiceId};

use crate::builder::AuthleteBuilder;
use crate::environment::Environment;
use crate::service::AuthleteService;

/// Authlete, as an organization uses it: its services, and the server itself. Cheap to clone; clones, and the services
/// they give, share their connections.
///
/// ```no_run
/// use authlete_api::{Authlete, Region, types};
///
/// # async fn example() -> Result<(), authlete_api::Error> {
/// let authlete = Authlete::builder().region(Region::Eu).organization_token("token").build()?;
/// let created = authlete.services().create(types::Service::default()).await?;
/// if let Some(id) = created.api_key {
///     let service = authlete.service(id);
///     println!("{:?}", service.configuration().await?.get("issuer"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Authlete {
    client: Client,
    service: Option<ServiceId>,
}

impl Authlete {
    /// Starts making one.
    pub fn builder() -> AuthleteBuilder {
        AuthleteBuilder::default()
    }

    /// As the environment says; see [`Environment`]. The organization's token takes precedence over the service's.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming the variables that are missing or cannot be used, or the two that disagree.
    pub fn from_env() -> Result<Self, Error> {
        Environment::read()?.authlete()
    }

    /// The service that the builder or the environment named.
    ///
    /// # Errors
    /// [`Error::Configuration`] when they named none.
    pub fn default_service(&self) -> Result<AuthleteService, Error> {
        let id = self.service.clone().ok_or_else(|| {
            Error::configuration("no service is named; call `.service_token(…)` or `.service_id(…)` on the builder")
        })?;
        Ok(AuthleteService::new(self.client.clone(), id))
    }

    pub(crate) fn with_service(client: Client, service: Option<ServiceId>) -> Self {
        Self { client, service }
    }

    /// Works through the given client.
    pub fn new(client: Client) -> Self {
        Self { client, service: None }
    }

    /// One of the organization's services.
    pub fn service(&self, id: impl Into<ServiceId>) -> AuthleteService {
        AuthleteService::new(self.client.clone(), id)
    }

    /// The client beneath, which also calls operations that the description does not have.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl fmt::Debug for Authlete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authlete")
            .field("base_url", &self.client.base_url())
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
