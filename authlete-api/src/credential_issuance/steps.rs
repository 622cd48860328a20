//! How parsed credential requests end other than with a credential.

use std::time::Duration;

use crate::generated::actions::{PendingRequest, VciDeferredParseOk, VciSingleParseOk};
use crate::generated::types::{CredentialIssuanceOrder, VciDeferredIssueRequest, VciSingleIssueRequest};

/// The `interval` for a wallet: at least a second, since OpenID4VCI 1.0 section 8.3 wants a positive number.
fn seconds(wait: Duration) -> i32 {
    i32::try_from(wait.as_secs().max(1)).unwrap_or(i32::MAX)
}

fn later() -> CredentialIssuanceOrder {
    CredentialIssuanceOrder::default().issuance_deferred(true)
}

impl VciSingleParseOk {
    /// Defers the credential: the wallet gets a transaction id, and comes to the deferred credential endpoint after the wait, in
    /// whole seconds. The transaction id is `identifier` of [`info`](Self::info).
    pub fn defer(self, access_token: impl Into<String>, wait: Duration) -> PendingRequest<VciSingleIssueRequest> {
        self.issue(access_token, later()).interval(seconds(wait))
    }

    /// Denies the user the credential, with `credential_request_denied` (OpenID4VCI 1.0 section 8.3.1.2): the wallet does not
    /// ask again.
    pub fn deny(self, access_token: impl Into<String>) -> PendingRequest<VciSingleIssueRequest> {
        self.issue(access_token, CredentialIssuanceOrder::default()).denied(true)
    }
}

impl VciDeferredParseOk {
    /// Defers the credential once more: the wallet keeps its transaction id, and comes again after the wait, in whole seconds.
    pub fn defer(self, wait: Duration) -> PendingRequest<VciDeferredIssueRequest> {
        self.issue(later()).interval(seconds(wait))
    }

    /// Denies the user the credential, with `credential_request_denied` (OpenID4VCI 1.0 section 9.3), and ends the transaction.
    pub fn deny(self) -> PendingRequest<VciDeferredIssueRequest> {
        self.issue(CredentialIssuanceOrder::default()).denied(true)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::actions::{IntoAction, VciDeferredParseAction, VciSingleParseAction};
    use crate::decode;
    use crate::generated::types::{VciDeferredParseResponse, VciSingleParseResponse};

    fn body() -> Vec<u8> {
        json!({"action": "OK", "info": {"identifier": "i1"}}).to_string().into_bytes()
    }

    fn single() -> VciSingleParseOk {
        match decode::<VciSingleParseResponse>(&body()).unwrap().into_action() {
            VciSingleParseAction::Ok(step) => step,
            other => panic!("{other:?}"),
        }
    }

    fn deferred() -> VciDeferredParseOk {
        match decode::<VciDeferredParseResponse>(&body()).unwrap().into_action() {
            VciDeferredParseAction::Ok(step) => step,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn deferring_and_denying_keep_the_request() {
        let deferred_order = json!({"requestIdentifier": "i1", "issuanceDeferred": true});
        let deferred_once = serde_json::to_value(&*single().defer("t", Duration::from_millis(90_500))).unwrap();
        assert_eq!(deferred_once, json!({"accessToken": "t", "order": deferred_order, "interval": 90}));
        let again = serde_json::to_value(&*deferred().defer(Duration::ZERO)).unwrap();
        assert_eq!(again, json!({"order": deferred_order, "interval": 1}));
        let order = json!({"requestIdentifier": "i1"});
        let denied = serde_json::to_value(&*single().deny("t")).unwrap();
        assert_eq!(denied, json!({"accessToken": "t", "order": order, "denied": true}));
        let ended = serde_json::to_value(&*deferred().deny()).unwrap();
        assert_eq!(ended, json!({"order": order, "denied": true}));
    }
}
