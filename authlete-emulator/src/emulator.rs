//! The emulator as a user holds it: start, addresses and tokens, stop.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::config::Config;
use crate::control::{self, Control};
use crate::error::ApiError;
use crate::fetch::{FetchScope, Fetcher, FetcherSettings};
use crate::random;
use crate::server::Server;
use crate::snapshot;
use crate::start_error::StartError;
use crate::state::State;

/// How long a stop waits for calls that are still under way.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A running emulator. It listens on a loopback port, with a thread of its own, until it is stopped or dropped.
///
/// ```
/// # async fn example() -> Result<(), authlete_emulator::StartError> {
/// use authlete_emulator::Emulator;
///
/// let emulator = Emulator::start().await?;
/// println!("{} {}", emulator.base_url(), emulator.organization_token());
/// emulator.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Emulator {
    pub(crate) server: Arc<Server>,
    address: SocketAddr,
    organization_token: String,
    stop: Option<oneshot::Sender<()>>,
    stopped: Option<oneshot::Receiver<()>>,
}

/// Settings for an emulator that is about to start.
///
/// ```
/// # async fn example() -> Result<(), authlete_emulator::StartError> {
/// use authlete_emulator::{Clock, Emulator};
///
/// let emulator = Emulator::builder().port(8080).organization_token("secret").clock(Clock::system()).start().await?;
/// assert_eq!(emulator.base_url(), "http://127.0.0.1:8080");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Builder {
    port: u16,
    clock: Clock,
    organization_token: Option<String>,
    config: Option<Config>,
    snapshot: Option<PathBuf>,
    listen: Option<IpAddr>,
    control_token: Option<String>,
    without_control: bool,
    fetching: FetcherSettings,
}

impl Builder {
    /// The port to listen on; 0, which is the default, takes any that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The address to listen on; the default is that of the loopback interface, 127.0.0.1. Whoever reaches another one
    /// can read every secret that the emulator has, so it is for a container or a network of one's own.
    pub fn listen(mut self, address: IpAddr) -> Self {
        self.listen = Some(address);
        self
    }

    /// The bearer token of the control API under `/emulator/`; the default is a random one.
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.control_token = Some(token.into());
        self
    }

    /// Whether there is a control API under `/emulator/` and a page at `/`. There is, unless this says otherwise.
    pub fn control(mut self, on: bool) -> Self {
        self.without_control = !on;
        self
    }

    /// The clock that everything expires by; the default follows the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The organization token; the default is that of the snapshot or the start-up file, or else a random one.
    pub fn organization_token(mut self, token: impl Into<String>) -> Self {
        self.organization_token = Some(token.into());
        self
    }

    /// What to start with: services, their clients, and their tokens, ids and secrets. Together with a snapshot, only
    /// services that it does not have are added.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use authlete_emulator::{Config, Emulator};
    ///
    /// let config = Config::parse(r#"{"services": [{"serviceId": 1001, "accessToken": "secret"}]}"#)?;
    /// let emulator = Emulator::builder().config(config).start().await?;
    /// assert_eq!(emulator.service_token("1001").as_deref(), Some("secret"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Starts with the state in this file, which [`Emulator::save`] wrote. A clock that is behind the time at which it
    /// was saved moves there, so that nothing is from the future.
    pub fn snapshot(mut self, path: impl Into<PathBuf>) -> Self {
        self.snapshot = Some(path.into());
        self
    }

    /// From where documents may be fetched, such as the key sets at clients' `jwksUri`; the default is this machine.
    pub fn fetch_scope(mut self, scope: FetchScope) -> Self {
        self.fetching.scope = scope;
        self
    }

    /// Sends what is fetched from a host to this address, so that a test can serve the documents of
    /// `https://client.example.org` itself. The scope does not matter for such a host.
    pub fn fetch_host(mut self, host: impl Into<String>, address: SocketAddr) -> Self {
        self.fetching.hosts.insert(host.into().to_ascii_lowercase(), address);
        self
    }

    /// Certificates of authorities, in PEM, that servers of documents may have theirs from. Servers on this machine
    /// need one of these; elsewhere the authorities that the system trusts are good as well.
    pub fn fetch_authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.fetching.authorities = pem.into();
        self
    }

    /// The state to start with.
    fn state(&mut self) -> Result<State, StartError> {
        let loaded = self.snapshot.take().map(|path| snapshot::load(&path)).transpose()?;
        let configured = self.config.as_ref().and_then(|config| config.organization_token.clone());
        let mut state = match loaded {
            Some((state, saved_at)) => {
                self.clock.advance(Duration::from_millis(saved_at.saturating_sub(self.clock.now_millis())));
                state
            }
            None => State::new(match configured {
                Some(token) => token,
                None => random::token::<32>().map_err(|error| StartError::Setup(error.message))?,
            }),
        };
        if let Some(token) = self.organization_token.take() {
            state.organization_token = token;
        }
        if let Some(config) = self.config.take() {
            config.apply(&mut state, self.clock.now_millis()).map_err(StartError::Config)?;
        }
        Ok(state)
    }

    /// Starts the emulator. When this returns, it accepts calls.
    pub async fn start(mut self) -> Result<Emulator, StartError> {
        let port = self.port;
        let listen = |source| StartError::Listen { port, source };
        let state = self.state()?;
        let organization_token = state.organization_token.clone();
        let address = self.listen.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let setup = |error: ApiError| StartError::Setup(error.message);
        let control = Control::new(!self.without_control, self.control_token, !address.is_loopback()).map_err(setup)?;
        let server = Arc::new(Server::new(state, self.clock, control, Fetcher::new(self.fetching))?);
        control::keep_start(&server).map_err(setup)?;
        let listener = TcpListener::bind((address, port)).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (stop, stop_asked) = oneshot::channel();
        let (has_stopped, stopped) = oneshot::channel();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        let router = Arc::clone(&server).router();
        // A thread of its own: it serves a test that blocks, and outlives the runtime of the test that started it.
        thread::Builder::new()
            .name("authlete-emulator".to_owned())
            .spawn(move || {
                runtime.block_on(serve(listener, router, stop_asked));
                let _ = has_stopped.send(());
            })
            .map_err(StartError::Thread)?;
        Ok(Emulator { server, address, organization_token, stop: Some(stop), stopped: Some(stopped) })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("port", &self.port).field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl Emulator {
    /// Starts an emulator on any free loopback port.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Settings for an emulator that is about to start.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens, such as `http://127.0.0.1:49152`: what a client takes in place of Authlete's own address. Of one
    /// that listens on all addresses it is the loopback one.
    pub fn base_url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bearer token of the control API, which `control-api.json` describes: `<base URL>/emulator/…`. `None` where it is
    /// switched off.
    pub fn control_token(&self) -> Option<&str> {
        self.server.control.is_enabled().then(|| self.server.control.token())
    }

    /// The bearer token that creates services and may act on every one of them.
    pub fn organization_token(&self) -> &str {
        &self.organization_token
    }

    /// The bearer token of one service, which Authlete's console would issue. The id is the service's `apiKey`.
    pub fn service_token(&self, service_id: &str) -> Option<String> {
        let id: u64 = service_id.parse().ok()?;
        self.server.with_state(|state| state.services.get(id).map(|tenant| tenant.access_token.clone()))
    }

    /// The clock that everything expires by; advance it to see things expire.
    pub fn clock(&self) -> &Clock {
        &self.server.clock
    }

    /// Stops: no new calls, and those under way get a few seconds to end.
    pub async fn stop(mut self) {
        self.ask_to_stop();
        if let Some(stopped) = self.stopped.take() {
            let _ = stopped.await;
        }
    }

    fn ask_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn serve(listener: TcpListener, router: axum::Router, stop_asked: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let (stopping, is_stopping) = oneshot::channel();
    let shutdown = async {
        let _ = stop_asked.await;
        let _ = stopping.send(());
    };
    let timeout = async {
        let _ = is_stopping.await;
        tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
    };
    tokio::select! {
        _ = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(shutdown) => {}
        () = timeout => {}
    }
}
