//! The two ends that users hold: the organization, and one service of it.

use std::fmt;

use crate::{AuthleteBuilder, Client, Environment, Error, ServiceId};

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
///     println!("{:?}", service.configuration(None, None).await?.get("issuer"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Authlete {
    client: Client,
    service: Option<ServiceId>,
}

/// One service. Its operations stand in groups, by what they serve, and need not be told which service it is.
///
/// Cheap to clone, to be shared between tasks, and to be kept as the state of a web server.
///
/// ```no_run
/// # async fn example(service: authlete_api::Service) -> Result<(), authlete_api::Error> {
/// let answer = service.introspection().process("an access token").await?;
/// println!("{:?} {:?}", answer.action, answer.subject);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Service {
    client: Client,
    id: ServiceId,
}

impl Authlete {
    /// Starts making one.
    pub fn builder() -> AuthleteBuilder {
        AuthleteBuilder::default()
    }

    /// As the environment says; see [`Environment`]. The organization's token goes before the service's.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming the variable that is missing or cannot be used, or the two that disagree.
    pub fn from_env() -> Result<Self, Error> {
        let environment = Environment::read()?;
        Ok(Self { service: environment.service_id().ok().map(ServiceId::from), client: environment.organization()? })
    }

    /// The service that the builder or the environment named.
    ///
    /// # Errors
    /// [`Error::Configuration`] when they named none.
    pub fn default_service(&self) -> Result<Service, Error> {
        let id = self.service.clone().ok_or_else(|| {
            Error::configuration("no service is named; call `.service_token(…)` or `.service_id(…)` on the builder")
        })?;
        Ok(Service::new(self.client.clone(), id))
    }

    pub(crate) fn with_service(client: Client, service: Option<ServiceId>) -> Self {
        Self { client, service }
    }

    /// Works through the given client.
    pub fn new(client: Client) -> Self {
        Self { client, service: None }
    }

    /// One of the organization's services.
    pub fn service(&self, id: impl Into<ServiceId>) -> Service {
        Service::new(self.client.clone(), id)
    }

    /// The client beneath, which has every operation as the description has it.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl Service {
    /// As the environment says; see [`Environment`]. The service's token goes before the organization's.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming the variable that is missing or cannot be used, or the two that disagree.
    pub fn from_env() -> Result<Self, Error> {
        Environment::read()?.service()
    }

    /// Works through the given client.
    pub fn new(client: Client, id: impl Into<ServiceId>) -> Self {
        Self { client, id: id.into() }
    }

    /// The id of the service.
    pub fn id(&self) -> &ServiceId {
        &self.id
    }

    /// The client beneath, which has every operation as the description has it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The organization's end of the same connections. What it may do depends on the credentials.
    pub fn authlete(&self) -> Authlete {
        Authlete { client: self.client.clone(), service: Some(self.id.clone()) }
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

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("base_url", &self.client.base_url())
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
