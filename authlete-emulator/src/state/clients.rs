//! The clients of a service, found by id and by alias.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{Client, Settings};

/// The clients of a service.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "BTreeMap<u64, Client>")]
pub(crate) struct Clients {
    #[serde(flatten)]
    by_id: BTreeMap<u64, Client>,
    #[serde(skip)]
    by_alias: HashMap<String, u64>,
}

impl From<BTreeMap<u64, Client>> for Clients {
    fn from(by_id: BTreeMap<u64, Client>) -> Self {
        let mut clients = Self::default();
        for client in by_id.into_values() {
            clients.insert(client);
        }
        clients
    }
}

impl Clients {
    pub(crate) fn get(&self, id: &u64) -> Option<&Client> {
        self.by_id.get(id)
    }

    /// A client to change. Its alias is changed by [`Self::replace`] alone.
    pub(crate) fn get_mut(&mut self, id: &u64) -> Option<&mut Client> {
        self.by_id.get_mut(id)
    }

    /// The client that has this alias, whether it may be used or not.
    pub(crate) fn by_alias(&self, alias: &str) -> Option<&Client> {
        self.by_alias.get(alias).and_then(|id| self.by_id.get(id))
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        self.by_id.contains_key(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Client> {
        self.by_id.values()
    }

    /// Puts a client in, or in the place of the one with its id.
    pub(crate) fn insert(&mut self, client: Client) -> &Client {
        let id = client.id;
        self.forget_alias(id);
        if let Some(alias) = client.settings.string("clientIdAlias") {
            self.by_alias.insert(alias.to_owned(), id);
        }
        match self.by_id.entry(id) {
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(client),
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                entry.insert(client);
                entry.into_mut()
            }
        }
    }

    /// Gives a client other settings.
    pub(crate) fn replace(&mut self, id: u64, settings: Settings) -> &Client {
        self.insert(Client { id, settings })
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.forget_alias(id);
        self.by_id.remove(&id);
    }

    fn forget_alias(&mut self, id: u64) {
        let alias = self.by_id.get(&id).and_then(|client| client.settings.string("clientIdAlias"));
        if let Some(alias) = alias {
            self.by_alias.remove(alias);
        }
    }
}
