//! What the device code grant and the CIBA grant have in common: asking whether the user has decided.

use super::TokenRequest;
use super::grant::{self, Grant};
use crate::oauth::OAuthError;
use crate::reply::Code;
use crate::state::{Approval, Authorized, Decision, Details, ErrorInfo, Pending, Poll, Tenant};

/// The codes for what can be said before there are tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codes {
    pub(super) pending: Code,
    pub(super) too_soon: Code,
    pub(super) expired: Code,
    pub(super) denied: Code,
    pub(super) failed: Code,
}

/// The approval, or what the client gets to hear instead (RFC 8628, section 3.5; CIBA, section 11).
pub(super) fn approval(pending: &mut Pending, now: u64, codes: Codes) -> Result<Approval, OAuthError> {
    match pending.poll(now) {
        Poll::Pending => Err(OAuthError::new(
            "authorization_pending",
            codes.pending,
            "The user has not decided yet; ask again later.",
        )),
        Poll::TooSoon => {
            let message = "The client asks too often; the interval is longer by five seconds from now on.";
            Err(OAuthError::new("slow_down", codes.too_soon, message))
        }
        Poll::Expired => Err(OAuthError::new("expired_token", codes.expired, "The time for a decision is over.")),
        Poll::Decided(Decision::Denied(info)) => Err(refused("access_denied", codes.denied, info)),
        Poll::Decided(Decision::Failed(info)) => Err(refused("expired_token", codes.failed, info)),
        Poll::Decided(Decision::Approved(approval)) => Ok(*approval),
    }
}

/// An error, in the words that the authorization server chose.
fn refused(error: &'static str, code: Code, info: ErrorInfo) -> OAuthError {
    let message = match error {
        "access_denied" => "The user denied the request.",
        _ => "The user's decision could not be had.",
    };
    OAuthError { info, ..OAuthError::new(error, code, message) }
}

/// What the client is granted by an approval.
pub(super) fn grant(
    tenant: &Tenant,
    request: &TokenRequest<'_>,
    grant_type: &'static str,
    alias_used: bool,
    details: Details,
    approval: Approval,
) -> Grant {
    let Approval { authorized, .. } = approval;
    let added = authorized.details;
    let mut details = Details {
        session_id: added.session_id,
        audience_form: added.audience_form,
        id_token_header: added.id_token_header,
        jwt_claims: added.jwt_claims,
        grant_id: added.grant_id,
        ..details
    };
    details.add_claims(added.claims);
    let properties = grant::with_properties(authorized.properties, &request.properties);
    Grant {
        grant_type,
        authorized: Authorized { properties, details, ..authorized },
        refreshable: grant::refreshable(&tenant.settings, &request.client.client),
        alias_used,
        ..Grant::default()
    }
}
