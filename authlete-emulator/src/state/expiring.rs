//! A table whose records end at a time of their own, and that cannot grow without limit.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A table keeps at most this many records; one more pushes out the one that would have ended first.
pub(crate) const CAPACITY: usize = 10_000;

/// Records by key, each with the time (milliseconds since 1970) at which it goes.
#[derive(Debug)]
pub(crate) struct Expiring<K, V> {
    records: HashMap<K, (u64, V)>,
    ends: BTreeSet<(u64, K)>,
    capacity: usize,
}

impl<K: Clone + Eq + Hash + Ord, V> Expiring<K, V> {
    pub(crate) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { records: HashMap::new(), ends: BTreeSet::new(), capacity }
    }

    /// Puts a record in, and returns what had to make room for it or stood under the same key.
    pub(crate) fn insert(&mut self, key: K, ends_at: u64, value: V) -> Option<V> {
        let mut removed = self.remove(&key);
        if self.records.len() >= self.capacity {
            removed = self.ends.first().cloned().and_then(|(_, first)| self.remove(&first));
        }
        self.ends.insert((ends_at, key.clone()));
        self.records.insert(key, (ends_at, value));
        removed
    }

    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.records.get(key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.records.get_mut(key).map(|(_, value)| value)
    }

    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (key, (ends_at, value)) = self.records.remove_entry(key)?;
        self.ends.remove(&(ends_at, key));
        Some(value)
    }

    /// Removes every record whose time has come, and returns them.
    pub(crate) fn purge(&mut self, now: u64) -> Vec<V> {
        let mut removed = Vec::new();
        while let Some((ends_at, key)) = self.ends.first().cloned() {
            if ends_at > now {
                break;
            }
            removed.extend(self.remove(&key));
        }
        removed
    }

    /// Removes every record that fits, and returns them.
    pub(crate) fn remove_where(&mut self, fits: impl Fn(&K, &V) -> bool) -> Vec<V> {
        let fitting = self.records.iter().filter(|(key, (_, value))| fits(key, value));
        let keys: Vec<K> = fitting.map(|(key, _)| key.clone()).collect();
        keys.iter().filter_map(|key| self.remove(key)).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.records.iter().map(|(key, (_, value))| (key, value))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.records.values().map(|(_, value)| value)
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }
}

/// A list of ends, keys and values, the first to end first.
impl<K: Clone + Eq + Hash + Ord + Serialize, V: Serialize> Serialize for Expiring<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let records = self.ends.iter().filter_map(|(ends_at, key)| Some((ends_at, key, &self.records.get(key)?.1)));
        serializer.collect_seq(records)
    }
}

impl<'de, K, V> Deserialize<'de> for Expiring<K, V>
where
    K: Clone + Eq + Hash + Ord + Deserialize<'de>,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Self::new();
        for (ends_at, key, value) in Vec::<(u64, K, V)>::deserialize(deserializer)? {
            table.insert(key, ends_at, value);
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::Expiring;

    #[test]
    fn a_record_goes_when_its_time_has_come() {
        let mut table = Expiring::new();
        table.insert("a", 10, 1);
        table.insert("b", 20, 2);
        assert_eq!(table.purge(9), Vec::<i32>::new());
        assert_eq!(table.purge(10), [1]);
        assert_eq!(table.get("a"), None);
        assert_eq!(table.get("b"), Some(&2));
    }

    #[test]
    fn a_full_table_gives_up_the_record_that_ends_first() {
        let mut table = Expiring::with_capacity(2);
        table.insert("late", 30, 1);
        table.insert("early", 10, 2);
        assert_eq!(table.insert("new", 20, 3), Some(2));
        assert_eq!(table.len(), 2);
        assert_eq!(table.ends.len(), 2);
    }

    #[test]
    fn a_key_stands_once() {
        let mut table = Expiring::new();
        table.insert("a", 10, 1);
        assert_eq!(table.insert("a", 20, 2), Some(1));
        assert_eq!((table.len(), table.ends.len()), (1, 1));
    }
}
