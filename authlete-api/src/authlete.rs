//! The two ends that users hold: the organization, and one service of it.

use std::fmt;

use crate::{Client, ServiceId};

/// Authlete, as an organization uses it: its services, and the server itself. Cheap to clone; clones, and the services
/// they give, share their connections.
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
