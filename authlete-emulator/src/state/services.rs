//! The services, found by id and by access token.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::Tenant;
use crate::jose;

/// All services.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "BTreeMap<u64, Tenant>")]
pub(crate) struct Services {
    #[serde(flatten)]
    by_id: BTreeMap<u64, Tenant>,
    /// By the hash of the service's access token: how long a look-up takes says nothing about the token.
    #[serde(skip)]
    by_token: HashMap<String, u64>,
}

impl From<BTreeMap<u64, Tenant>> for Services {
    fn from(by_id: BTreeMap<u64, Tenant>) -> Self {
        let by_token = by_id.values().map(|tenant| (jose::sha256(&tenant.access_token), tenant.id)).collect();
        Self { by_id, by_token }
    }
}

impl Services {
    pub(crate) fn get(&self, id: u64) -> Option<&Tenant> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Tenant> {
        self.by_id.get_mut(&id)
    }

    /// The id of the service that has this access token.
    pub(crate) fn by_token(&self, token: &str) -> Option<u64> {
        self.by_token.get(&jose::sha256(token)).copied()
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        self.by_id.contains_key(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.by_id.keys().copied()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Tenant> {
        self.by_id.values()
    }

    /// Puts a service in that is not there yet.
    pub(crate) fn insert(&mut self, tenant: Tenant) -> &mut Tenant {
        self.by_token.insert(jose::sha256(&tenant.access_token), tenant.id);
        self.by_id.entry(tenant.id).or_insert(tenant)
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Tenant> {
        let removed = self.by_id.remove(&id)?;
        self.by_token.remove(&jose::sha256(&removed.access_token));
        Some(removed)
    }
}
