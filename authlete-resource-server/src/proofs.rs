//! DPoP proofs that were used, so that none is used twice (RFC 9449 section 11.1).

use std::time::SystemTime;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::jwt::dpop;
use crate::shared::SharedStore;

/// How many proofs are remembered. Within the time in which a proof is good, one that was pushed out could be used again.
const CAPACITY: u64 = 200_000;

/// How many tokens are remembered as bound to a key.
const BOUND: u64 = 10_000;

/// The proofs that this process has seen, and the tokens that are known to be bound to a key.
pub(crate) struct Proofs {
    used: Cache<[u8; 32], ()>,
    bound: Cache<[u8; 32], ()>,
}

impl Default for Proofs {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Proofs {
    fn with_capacity(capacity: u64) -> Self {
        // The oldest go first. The default policy would rather keep what is seen often, and turn away the newest.
        let used = Cache::builder().max_capacity(capacity).time_to_live(dpop::WINDOW * 2);
        let used = used.eviction_policy(EvictionPolicy::lru()).build();
        Self { used, bound: Cache::new(BOUND) }
    }

    /// Whether the proof is used for the first time, here and as far as the store knows. When the store does not answer,
    /// this process's memory decides.
    pub(crate) async fn use_once(&self, proof: &dpop::Proof, store: Option<&dyn SharedStore>) -> bool {
        let entry = self.used.entry(proof.id).or_insert(());
        if !entry.is_fresh() {
            return false;
        }
        let Some(store) = store else { return true };
        let ttl = proof.expires_at.duration_since(SystemTime::now()).unwrap_or_default() + dpop::WINDOW;
        store.use_once(&proof.id, ttl).await.unwrap_or(true)
    }

    /// Whether a token is known to be bound to a key. That never changes while a token lives.
    pub(crate) fn is_bound(&self, token: &[u8; 32]) -> bool {
        self.bound.contains_key(token)
    }

    pub(crate) fn remember_bound(&self, token: [u8; 32]) {
        self.bound.insert(token, ());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn however_many_proofs_there_were_the_newest_is_good_once() {
        let proofs = Proofs::with_capacity(100);
        for n in 0..5_000u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&n.to_be_bytes());
            let proof = dpop::Proof { thumbprint: String::new(), id, expires_at: SystemTime::now() };
            assert!(proofs.use_once(&proof, None).await, "proof {n} is new");
            assert!(!proofs.use_once(&proof, None).await, "proof {n} was used");
        }
    }

    #[test]
    fn a_proof_is_remembered_for_as_long_as_it_may_be_good() {
        // From a minute before the time that it names until a minute after it.
        let remembered = Proofs::default().used.policy().time_to_live();
        assert_eq!(remembered, Some(std::time::Duration::from_secs(120)));
    }
}
