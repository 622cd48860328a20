//! Telling a client of the end of a backchannel authentication: the request, and sending it.

mod addresses;

use std::fmt;
use std::time::Duration;

use authlete_core::codegen::build_client;
use authlete_core::error::Error;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use reqwest::redirect::Policy;

use crate::generated::actions::BackchannelAuthenticationCompleteNotification;
use addresses::{Addresses, Forbidden, Resolver};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);

impl BackchannelAuthenticationCompleteNotification {
    /// The request to send to the client, for ping and push alike; [`NotificationSender`] sends it. Follow no redirects
    /// with it; 200 and 204 mean that it arrived, and nothing else depends on the response.
    ///
    /// # Errors
    /// When the endpoint is not a URI, or the token does not fit into a header.
    pub fn request(&self) -> Result<Request<Bytes>, http::Error> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", self.client_notification_token()))?;
        bearer.set_sensitive(true);
        let body = self.response.response_content.clone().unwrap_or_default();
        Request::builder()
            .method(Method::POST)
            .uri(self.client_notification_endpoint())
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Bytes::from(body))
    }
}

/// Sends notifications to clients' notification endpoints (CIBA Core 1.0, 10.2 and 10.3). Cheap to clone.
///
/// A client says itself where that endpoint is, and could name something inside of your network. So, unless told
/// otherwise, this sends over `https` alone, and only to addresses of the public Internet: what a name resolves to is
/// looked at when the connection is made, and no other address is connected to. It follows no redirects, uses no proxy,
/// and reads nothing of the response but its status. Where requests leave your network through a gateway that decides
/// where they may go, prefer that.
///
/// ```no_run
/// use authlete_api::actions::BackchannelAuthenticationCompleteNext as Next;
/// use authlete_api::actions::{BackchannelAuthenticationIssued, NotificationSender};
/// use authlete_api::{AuthleteService, Reply};
///
/// async fn approved(
///     service: &AuthleteService,
///     sender: &NotificationSender,
///     pending: BackchannelAuthenticationIssued,
/// ) -> Result<(), Reply> {
///     match pending.approve("ada").send(service).await?.proceed()? {
///         Next::NoAction(_) => {}
///         // What becomes of it changes nothing.
///         Next::Notification(notification) => {
///             if let Err(error) = sender.send(&notification).await {
///                 eprintln!("{error}");
///             }
///         }
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct NotificationSender {
    http: reqwest::Client,
    /// Which addresses are connected to; none when another's client sees to that.
    addresses: Option<Addresses>,
}

impl NotificationSender {
    /// Sends over https to the public Internet, for up to 10 s.
    ///
    /// # Errors
    /// [`Error::Configuration`] when no TLS library could be set up.
    pub fn new() -> Result<Self, Error> {
        Self::with_addresses(Addresses::Public)
    }

    /// Sends to any address, and to those of this machine without TLS too: for development, and where all clients are
    /// your own.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn to_any_address() -> Result<Self, Error> {
        Self::with_addresses(Addresses::Any)
    }

    /// Sends with the given client, which then decides about addresses, proxies and certificates. It must be set to
    /// follow no redirects ([`reqwest::redirect::Policy::none`]), to give up after some time, and to use https alone
    /// ([`reqwest::ClientBuilder::https_only`]).
    pub fn with_client(client: reqwest::Client) -> Self {
        Self { http: client, addresses: None }
    }

    fn with_addresses(addresses: Addresses) -> Result<Self, Error> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
                .dns_resolver(Resolver(addresses))
        };
        let http = build_client(builder, addresses == Addresses::Any)?;
        Ok(Self { http, addresses: Some(addresses) })
    }

    /// Sends a notification, once.
    ///
    /// # Errors
    /// Why it did not arrive, for the log: the outcome of the authentication stands, and nothing is to be undone.
    pub async fn send(
        &self,
        notification: &BackchannelAuthenticationCompleteNotification,
    ) -> Result<(), NotificationError> {
        let request = notification.request().map_err(|_| NotificationError::new(Why::Malformed))?;
        // Neither error is shown: they may quote the endpoint, in which a client can have put anything.
        let request = reqwest::Request::try_from(request).map_err(|_| NotificationError::new(Why::Malformed))?;
        if let Some(addresses) = self.addresses {
            addresses.check(request.url()).map_err(|forbidden| NotificationError::new(Why::Forbidden(forbidden)))?;
        }
        let answer = self.http.execute(request).await.map_err(|error| NotificationError::from(error.without_url()))?;
        match answer.status() {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
            status => Err(NotificationError::new(Why::Status(status))),
        }
    }
}

impl fmt::Debug for NotificationSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotificationSender").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// Why a notification did not arrive. It holds neither the token nor the endpoint.
#[derive(Debug)]
pub struct NotificationError(Why);

#[derive(Debug)]
enum Why {
    Malformed,
    Forbidden(Forbidden),
    Failed(reqwest::Error),
    Status(StatusCode),
}

impl NotificationError {
    fn new(why: Why) -> Self {
        Self(why)
    }

    /// The status that the client answered, when it did.
    pub fn status(&self) -> Option<StatusCode> {
        match self.0 {
            Why::Status(status) => Some(status),
            _ => None,
        }
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(&self.0, Why::Failed(error) if error.is_timeout())
    }

    /// Whether it was not sent because of where the endpoint is.
    pub fn is_forbidden(&self) -> bool {
        matches!(self.0, Why::Forbidden(_))
    }
}

impl From<reqwest::Error> for NotificationError {
    fn from(error: reqwest::Error) -> Self {
        match Forbidden::cause_of(&error) {
            Some(forbidden) => Self(Why::Forbidden(forbidden)),
            None => Self(Why::Failed(error)),
        }
    }
}

impl fmt::Display for NotificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client was not notified: ")?;
        match &self.0 {
            Why::Malformed => {
                f.write_str("its notification endpoint is not a URL, or its notification token is not a token")
            }
            Why::Forbidden(forbidden) => forbidden.fmt(f),
            Why::Failed(error) if error.is_timeout() => f.write_str("time ran out"),
            Why::Failed(error) if error.is_connect() => f.write_str("no connection could be made"),
            Why::Failed(_) => f.write_str("the connection broke"),
            Why::Status(status) if status.is_redirection() => {
                write!(f, "its notification endpoint redirects ({status}), which is not followed")
            }
            Why::Status(status) => write!(f, "its notification endpoint answered {status}"),
        }
    }
}

impl std::error::Error for NotificationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Why::Failed(error) => Some(error),
            _ => None,
        }
    }
}
