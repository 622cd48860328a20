//! The clients of a service, found by id, by alias and by the URL that identifies them.

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
    #[serde(skip)]
    by_url: HashMap<String, u64>,
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

    /// A client to change. Its alias and its URL are changed by [`Self::replace`] alone.
    pub(crate) fn get_mut(&mut self, id: &u64) -> Option<&mut Client> {
        self.by_id.get_mut(id)
    }

    /// The client that has this alias, whether it may be used or not.
    pub(crate) fn by_alias(&self, alias: &str) -> Option<&Client> {
        self.by_alias.get(alias).and_then(|id| self.by_id.get(id))
    }

    /// The client that publishes at this URL who it is.
    pub(crate) fn by_url(&self, url: &str) -> Option<&Client> {
        self.by_url.get(url).and_then(|id| self.by_id.get(id))
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
        self.forget_names(id);
        if let Some(alias) = client.settings.string("clientIdAlias") {
            self.by_alias.insert(alias.to_owned(), id);
        }
        if let Some(url) = client.url() {
            self.by_url.insert(url.to_owned(), id);
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
        self.forget_names(id);
        self.by_id.remove(&id);
    }

    fn forget_names(&mut self, id: u64) {
        let Some(client) = self.by_id.get(&id) else { return };
        if let Some(alias) = client.settings.string("clientIdAlias") {
            self.by_alias.remove(alias);
        }
        if let Some(url) = client.url() {
            self.by_url.remove(url);
        }
    }
}
