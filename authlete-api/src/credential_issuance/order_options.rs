//! What orders of all formats have: how long the credential is valid, and which key signs it.

use std::time::Duration;

use authlete_core::error::Error;
use serde_json::Value;

use crate::generated::types::CredentialIssuanceOrder;

/// How an order leaves the duration to the service: not at all, for so long, or without an end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Validity {
    #[default]
    OfService,
    For(Duration),
    Unlimited,
}

#[derive(Debug, Clone, Default)]
pub(super) struct OrderOptions {
    pub(super) validity: Validity,
    pub(super) signing_key: Option<String>,
}

impl OrderOptions {
    /// The order for a credential with this payload.
    pub(super) fn order(self, payload: Value) -> Result<CredentialIssuanceOrder, Error> {
        let mut order = CredentialIssuanceOrder::default().credential_payload(payload.into());
        order.signing_key_id = self.signing_key;
        order.credential_duration = match self.validity {
            Validity::OfService => None,
            // Zero would be the service's duration.
            Validity::Unlimited => Some(-1),
            Validity::For(duration) => {
                let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
                if seconds == 0 {
                    return Err(Error::configuration("a credential has to be valid for a second at least"));
                }
                Some(seconds)
            }
        };
        Ok(order)
    }
}
