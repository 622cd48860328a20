//! Response modes (OAuth 2.0 Multiple Response Type Encoding Practices; JARM).

use serde::{Deserialize, Serialize};

use super::response_type::ResponseType;
use crate::state::names::{self, Name};

/// What carries the response parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Carrier {
    Query,
    Fragment,
    FormPost,
}

impl Carrier {
    /// What carries the parameters of this response type unless the request says otherwise.
    fn of(response_type: ResponseType) -> Self {
        if response_type.is_in_front() { Self::Fragment } else { Self::Query }
    }
}

/// Where the response parameters travel, and whether inside a JWT (JARM).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResponseMode {
    pub(crate) carrier: Carrier,
    pub(crate) jwt: bool,
    /// The name in a client's `responseModes`.
    #[serde(deserialize_with = "names::response_mode")]
    pub(crate) name: Name,
}

impl ResponseMode {
    /// The mode of a `response_mode` parameter.
    pub(crate) fn parse(text: &str, response_type: ResponseType) -> Option<Self> {
        let (carrier, jwt, name) = match text {
            "query" => (Carrier::Query, false, "QUERY"),
            "fragment" => (Carrier::Fragment, false, "FRAGMENT"),
            "form_post" => (Carrier::FormPost, false, "FORM_POST"),
            "query.jwt" => (Carrier::Query, true, "QUERY_JWT"),
            "fragment.jwt" => (Carrier::Fragment, true, "FRAGMENT_JWT"),
            "form_post.jwt" => (Carrier::FormPost, true, "FORM_POST_JWT"),
            "jwt" => (Carrier::of(response_type), true, "JWT"),
            _ => return None,
        };
        Some(Self { carrier, jwt, name })
    }

    /// The mode where the request names none.
    pub(crate) fn default_of(response_type: ResponseType) -> Self {
        let carrier = Carrier::of(response_type);
        Self { carrier, jwt: false, name: if carrier == Carrier::Query { "QUERY" } else { "FRAGMENT" } }
    }
}
