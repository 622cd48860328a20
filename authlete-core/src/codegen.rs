//! What generated code, and the handles around it, reach of this crate. It is no public API: any version may change it.

pub use bytes::Bytes;
pub use http;
pub use serde_json;

pub use crate::actions::action_call::{ActionCall, ActionFuture};
pub use crate::actions::exchange::{Exchange, RequestFacts, asked_max_age};
pub use crate::actions::pending_request::was_not_sent;
pub use crate::actions::rendering::{Content, HeaderSource, Rendering, ResponseParts, TakeParts, render};
pub use crate::actions::reply::{Details, Reply};
pub use crate::actions::sealed::Sealed;
pub use crate::actions::step::{from_text, to_text};
pub use crate::actions::{
    Action, ExtraHeaders, FollowUp, IntoAction, UnknownAction, UserPage, exchange, extra_headers, refused, reply,
    unknown,
};
pub use crate::call::client::{Client, ClientSettings, address, is_loopback, printable};
pub use crate::call::into_request::IntoRequest;
pub use crate::call::into_request::sealed::Sealed as SealedRequest;
pub use crate::call::modify::{Modification, Modified};
pub use crate::call::optional::OptionalCall;
pub use crate::call::paging::{Cursor, ListPage, PageRange, Pages};
pub use crate::call::request::{BuildError, PathSegment, RequestBuilder, has_parameter, path, path_segment, request};
pub use crate::call::response::ApiResponse;
pub use crate::call::{Call, CallFuture, call};
pub use crate::error::Error;
pub use crate::json_string::JsonString;
pub use crate::operation::{CacheClass, Host, Idempotency, Operation, OperationParts};
pub use crate::transport::BoxFuture;
#[cfg(feature = "reqwest")]
pub use crate::transport::tls_and_proxy::build_client;
pub use crate::wire::ids::{
    AccessTokenIdentifier, ClientId, ClientIdentifier, CredentialOfferId, CredentialRequestId, GrantId,
    HardwareKeyHandle, RefreshTokenIdentifier, ServiceId, SessionId, Ticket, TokenBatchId, UserCode,
};
pub use crate::wire::lenient::{acknowledgement, empty, json, raw};
pub use crate::wire::object::{Object, deserialize};
#[cfg(feature = "schemars")]
pub use crate::wire::open_enum::json_schema;
pub use crate::wire::open_enum::{Found, OpenEnum, TextVisitor, from_text as enum_from_text};
pub use crate::wire::positional::{Positional, PositionalLists};
pub use crate::wire::redact::{Extra, Redacted, optional};
pub use crate::wire::time::{epoch_milliseconds, epoch_seconds, milliseconds, nanoseconds, seconds};
pub use crate::{
    __made_of_string as made_of_string, __open_enum as open_enum, __open_enum_impls as open_enum_impls,
    __optional_call as optional_call, __pending_request as pending_request, __step as step,
    __stored_step as stored_step,
};
