//! From an HTTP request to a handler and back: routing, tokens, bodies.

use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::extract::{Request as HttpRequest, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, header};
use percent_encoding::percent_decode_str;

use crate::audit;
use crate::clock::Clock;
use crate::control::{self, Control};
use crate::discovery;
use crate::error::ApiError;
use crate::faults::{self, Faults, Kind};
use crate::fetch::{Documents, FetchError, Fetcher, Wanted};
use crate::further_methods;
use crate::generated::OPERATIONS;
use crate::oauth::client_auth;
use crate::operation::Operation;
use crate::ops::{self, Caller, Handler};
use crate::preparation;
use crate::random;
use crate::record::{Call, Record};
use crate::reply::{self, ErrorForm, Reply};
use crate::request::{Body, Request};
use crate::start_error::StartError;
use crate::state::State;
use crate::views;

/// No call needs a body longer than this (1 MiB).
const LONGEST_BODY: usize = 1 << 20;

/// A body is read up to here, so that a client whose body is too long hears of it; beyond, the connection ends.
const LONGEST_READ: usize = 8 << 20;

/// So many documents may be fetched for one call.
const MOST_DOCUMENTS: usize = 40;

/// An operation, and the parameters of its path.
type Found = (&'static Operation, BTreeMap<String, String>);

/// What the server works with.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) state: Mutex<State>,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) record: Record,
    pub(crate) explicit_nulls: AtomicBool,
    pub(crate) control: Control,
    fetcher: Fetcher,
    routes: matchit::Router<BTreeMap<&'static str, &'static Operation>>,
}

impl Server {
    pub(crate) fn new(state: State, clock: Clock, control: Control, fetcher: Fetcher) -> Result<Self, StartError> {
        let routes = routes(OPERATIONS).map_err(StartError::Setup)?;
        Ok(Self {
            state: Mutex::new(state),
            clock,
            faults: Faults::default(),
            record: Record::default(),
            explicit_nulls: AtomicBool::new(false),
            control,
            fetcher,
            routes,
        })
    }

    /// The state, for one call at a time: what a call reads and changes, no other call sees in between.
    pub(crate) fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The service that handles every path.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(answer).with_state(self)
    }

    fn find(&self, method: &str, path: &str) -> Result<Found, ApiError> {
        // Frameworks and people add a slash at the end; nothing else could be meant by it.
        let path = path.strip_suffix('/').unwrap_or(path);
        let Ok(found) = self.routes.at(path) else {
            return Err(ApiError::not_found(format!("There is nothing at {path}.")));
        };
        let Some(operation) = found.value.get(method) else {
            let methods: Vec<&str> = found.value.keys().copied().collect();
            return Err(ApiError::method(path, method, &methods));
        };
        // Operations that share a path may name its parameters differently, so the names come from the operation.
        let names = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let values = found.params.iter().map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned());
        Ok((operation, names.map(str::to_owned).zip(values).collect()))
    }

    async fn dispatch(&self, caller: Result<Caller, ApiError>, request: &Request) -> Result<Reply, ApiError> {
        let handler = ops::handler(request.operation.id);
        if let Some(Handler::Open(handle)) = handler {
            return handle(request);
        }
        let caller = caller?;
        let mut documents = Documents::default();
        loop {
            // Nobody waits for a document while the state is locked.
            let wanted = match self.attempt(handler, caller, request, &mut documents) {
                Ok(result) => return result,
                Err(wanted) => wanted,
            };
            let fetched = match documents.len() {
                MOST_DOCUMENTS.. => Err(FetchError::TooMany(wanted.url.clone())),
                _ => self.fetcher.fetch(&wanted, request.now).await,
            };
            documents.insert(wanted, fetched);
        }
    }

    /// Serves the call, unless it needs a document that has not been fetched.
    fn attempt(
        &self,
        handler: Option<Handler>,
        caller: Caller,
        request: &Request,
        documents: &mut Documents,
    ) -> Result<Result<Reply, ApiError>, Wanted> {
        self.with_state(|state| {
            if let (Some(Handler::Service(_)), Some(id)) = (handler, request.path.get("serviceId"))
                && let Ok(tenant) = tenant(state, caller, id)
            {
                tenant.documents = mem::take(documents);
                let missing = discovery::resolve(tenant, request).err();
                if let Some(wanted) = missing.or_else(|| preparation::missing(tenant, request)) {
                    *documents = mem::take(&mut tenant.documents);
                    return Err(wanted);
                }
            }
            Ok(serve(state, handler, caller, request))
        })
    }

    /// Whose token it is.
    fn caller(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or_else(ApiError::no_token)?;
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Err(ApiError::no_token());
        }
        self.with_state(|state| {
            if random::same(token, &state.organization_token) {
                return Ok(Caller::Organization);
            }
            state.services.by_token(token).map(Caller::Service).ok_or_else(ApiError::wrong_token)
        })
    }
}

/// Hands the call to its handler.
fn serve(state: &mut State, handler: Option<Handler>, caller: Caller, request: &Request) -> Result<Reply, ApiError> {
    let tenant = match request.path.get("serviceId") {
        Some(id) => Some(tenant(state, caller, id)?),
        None => None,
    };
    match (handler, tenant) {
        (Some(Handler::Service(handle)), Some(tenant)) => {
            tenant.purge(request.now);
            let result = handle(tenant, request).map(|reply| views::with_client_urls(tenant, request, reply));
            let result = result.and_then(|reply| client_auth::with_challenge(tenant, request, reply));
            tenant.documents = Documents::default();
            result
        }
        (Some(Handler::ServiceById(handle)), Some(tenant)) => {
            let id = tenant.id;
            handle(state, id, request)
        }
        (Some(Handler::IdentityProvider(handle)), _) => match caller {
            Caller::Organization => handle(state, request),
            Caller::Service(_) => Err(ApiError::forbidden("The call needs the organization token.")),
        },
        (Some(Handler::Global(handle)), _) => handle(state, &caller, request),
        _ => Err(ApiError::not_implemented(format!("the operation {}", request.operation.id))),
    }
}

/// The service of the path, if the caller's token reaches it.
fn tenant<'a>(state: &'a mut State, caller: Caller, id: &str) -> Result<&'a mut crate::state::Tenant, ApiError> {
    let number = id.parse::<u64>().ok();
    if let Caller::Service(own) = caller
        && number != Some(own)
    {
        return Err(ApiError::forbidden(format!("The token is for another service than {id}.")));
    }
    let found = number.and_then(|number| state.services.get_mut(number));
    found.ok_or_else(|| ApiError::not_found(format!("There is no service {id}.")))
}

/// A template without the names of its parameters.
fn parts_of(template: &str) -> String {
    let parts = template.split('/').enumerate();
    let parts = parts.map(|(at, part)| if part.starts_with('{') { format!("{{p{at}}}") } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("/")
}

/// The table as a router. Two templates of one form are one path with several methods.
fn routes(
    operations: &'static [Operation],
) -> Result<matchit::Router<BTreeMap<&'static str, &'static Operation>>, String> {
    let mut paths: BTreeMap<String, BTreeMap<&'static str, &'static Operation>> = BTreeMap::new();
    let mut further = Vec::new();
    for operation in operations {
        let path = parts_of(operation.path);
        let methods = paths.entry(path).or_default();
        if methods.insert(operation.method, operation).is_some() {
            return Err(format!("{} has the path of another operation", operation.id));
        }
        if let Some(method) = further_methods::of(operation.id) {
            further.push((parts_of(operation.path), method, operation));
        }
    }
    // What the description says takes precedence.
    for (path, method, operation) in further {
        paths.entry(path).or_default().entry(method).or_insert(operation);
    }
    let mut router = matchit::Router::new();
    for (path, methods) in paths {
        router.insert(path.clone(), methods).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(router)
}

async fn answer(Shared(server): Shared<Arc<Server>>, request: HttpRequest) -> Response<HttpBody> {
    let (head, body) = request.into_parts();
    if control::owns(&server, head.uri.path()) {
        return control::respond(&server, &head, body).await;
    }
    let found = server.find(head.method.as_str(), head.uri.path());
    let operation = found.as_ref().ok().map(|(operation, _)| *operation);
    let record = |body| server.record.add(Call::new(operation, head.method.as_str(), &head.uri, &head.headers, body));
    let mut ending = None;
    for fault in server.faults.take(operation.map(|operation| operation.id)) {
        match fault.kind() {
            Kind::Delay(by) => tokio::time::sleep(by).await,
            kind => ending = Some((kind, fault)),
        }
    }
    if let Some((Kind::Disconnect { served: false }, _)) = ending {
        record(Bytes::new());
        return faults::nothing();
    }
    // The body comes first even where nobody looks at it: a client may not read a response before it has sent all.
    let bytes = to_bytes(body, LONGEST_READ).await;
    let call = record(bytes.as_ref().cloned().unwrap_or_default());
    if let Some((Kind::Status(status), fault)) = ending {
        return recorded(&server, &call, fault.answer(status)).await;
    }
    let nulls = operation.filter(|_| server.explicit_nulls.load(Ordering::Relaxed)).map(|operation| operation.response);
    let result = match (bytes, found) {
        (Ok(bytes), Ok(found)) => run(&server, &head, found, &bytes).await,
        (Err(_), _) => Err(ApiError::too_large()),
        (_, Err(error)) => Err(error),
    };
    let of_idp = operation.is_some_and(|found| matches!(ops::handler(found.id), Some(Handler::IdentityProvider(_))));
    let errors = if of_idp { ErrorForm::IdentityProvider } else { ErrorForm::Regional };
    let response = recorded(&server, &call, reply::to_http(result, nulls, errors)).await;
    match ending.map(|(kind, _)| kind) {
        Some(Kind::Disconnect { .. }) => faults::nothing(),
        Some(Kind::Truncate) => faults::half(response).await,
        _ => response,
    }
}

/// The response, after it has been put into the record of calls.
async fn recorded(server: &Server, call: &Arc<Call>, response: Response<HttpBody>) -> Response<HttpBody> {
    let (head, body) = response.into_parts();
    // The body is one that was made here, as a whole.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    server.record.answered(call, head.status.as_u16(), body.clone());
    Response::from_parts(head, HttpBody::from(body))
}

async fn run(server: &Server, head: &Parts, (operation, path): Found, bytes: &[u8]) -> Result<Reply, ApiError> {
    let caller = server.caller(&head.headers);
    if let (false, Err(error)) = (matches!(ops::handler(operation.id), Some(Handler::Open(_))), &caller) {
        return Err(error.clone());
    }
    if bytes.len() > LONGEST_BODY {
        return Err(ApiError::too_large());
    }
    let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let body = if head.method == Method::POST || head.method == Method::PUT {
        read(operation, &head.headers, bytes)?
    } else {
        Body::default()
    };
    let request = Request { operation, path, query, body, now: server.clock.now_millis() };
    let known = caller.as_ref().ok().copied();
    let result = server.dispatch(caller, &request).await;
    if let Some(entry) = known.and_then(|caller| audit::entry(caller, &request, &result, head)) {
        server.with_state(|state| state.audit.add(entry));
    }
    result
}

/// Reads a body by its media type.
fn read(operation: &Operation, headers: &HeaderMap, bytes: &[u8]) -> Result<Body, ApiError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/json" => Body::from_json(bytes, operation.takes_list),
        "application/x-www-form-urlencoded" => Ok(Body::from_form(bytes)),
        "" if bytes.is_empty() => Ok(Body::default()),
        "" => Err(ApiError::media_type("The body has no Content-Type.")),
        _ => Err(ApiError::media_type(
            "The Content-Type has to be application/json or application/x-www-form-urlencoded.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::routes;
    use crate::generated::OPERATIONS;

    #[test]
    fn every_operation_of_the_table_is_found_by_its_own_path() {
        let routes = routes(OPERATIONS).expect("the table has no conflicts");
        for operation in OPERATIONS {
            let path = operation.path.replace('{', "").replace('}', "-value");
            let found = routes.at(&path).unwrap_or_else(|_| panic!("{path} is not routed"));
            assert_eq!(found.value.get(operation.method).map(|found| found.id), Some(operation.id), "{path}");
        }
    }
}
