//! What nobody says of the real service, and the emulator therefore decides. The README lists it.

/// How long an offer is good, in seconds, where neither the call nor the service says.
pub(crate) const OFFER_SECONDS: u64 = 86_400;

/// How long a transaction ID is good, in seconds, where the service does not say.
pub(crate) const TRANSACTION_SECONDS: u64 = 86_400;

/// How long a `c_nonce` is good, in seconds, where the service does not say. In OpenID4VCI 1.0 it is the length of a time
/// window, and the nonce of the window before is good, too.
pub(crate) const NONCE_SECONDS: u64 = 600;

/// How long a credential request can be answered after it has been parsed, in seconds.
pub(crate) const REQUEST_SECONDS: u64 = 600;

/// How many wrong values of `tx_code` an offer bears. One more ends it.
pub(crate) const TX_CODE_ATTEMPTS: u32 = 5;

/// How long a wallet is to wait before it asks for a deferred credential again, in seconds, where the call does not say.
pub(crate) const INTERVAL_SECONDS: u64 = 5;

/// How far from the present a key proof may have been made, in seconds, apart from the service's `allowableClockSkew`.
pub(crate) const PROOF_SECONDS: u64 = 300;

/// How long an mdoc is valid whose duration is not limited, in seconds: ISO/IEC 18013-5 wants an end.
pub(crate) const MDOC_SECONDS: u64 = 3_155_760_000;
