//! A value of each type that can hold a secret, holding one.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::IntoFuture as _;
use std::time::SystemTime;

use authlete_api::actions::{IntoAction as _, Login, NotificationSender, TokenNext};
use authlete_api::credential_issuance::{IssuableCredentials, Mdoc, MdocValue, OfferLink, SdJwtVc};
use authlete_api::layers::{RateLimiter, ResponseCache, ResponseCacheLayer};
use authlete_api::mock::{Mock, Recorder};
use authlete_api::{
    Authlete, AuthleteService, Credentials, DpopKey, Environment, HttpTransport, JsonString, Reply, Ticket,
    TowerTransport, http_inputs, operations, types,
};
use authlete_core::codegen;
use authlete_resource_server::shared::redis::RedisStore;
use authlete_resource_server::{JwtVerifier, KeySet, Principal, Refusal, ResourceServer, Revocation, Revocations};
use authlete_test::{TestAuthlete, TestKey};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response};
use serde_json::{Map, Value, json};
use tower::{Layer as _, ServiceExt as _};

use crate::server::{Server, TOKEN, full};

/// The types whose text is nobody's secret, and why.
pub(super) const PUBLIC: &[(&str, &str)] = &[
    ("Binding", "a hash of a public key or of a certificate"),
    ("Challenge", "it is what a client gets to see"),
    ("CircuitBreakerLayer", "counters, times and names of operations, and the transport, which prints itself"),
    ("ClientIdentifier", "clients put their id into URLs"),
    ("ConfigurationError", "its maker keeps secrets out, as the tests of the builder and of the environment show"),
    ("ConsentPage", "its client and scopes, as the user is shown them, and nothing else of it"),
    ("CredentialError", "it is what a wallet gets to see"),
    ("Cursor", "a place in a list"),
    ("Found", "a value of an enumeration, which is a word of a specification"),
    ("Identified", "the step, which prints itself, and nothing else of it"),
    ("Login", "a subject, a time and an authentication context class"),
    ("LoginPage", "a login hint, and authentication context classes"),
    ("Modified", "names of fields, and the value, which prints itself"),
    ("NotificationError", "a status, or a failure of reqwest without its URL"),
    ("PageClaim", "a claim's name, as the user is shown it"),
    ("PageClient", "what a client says of itself"),
    ("PageScope", "a scope's name and description"),
    ("PushedRequests", "a count"),
    ("RedisOptions", "a prefix and a time"),
    ("Redacted", "what is printed in the place of a secret"),
    ("ResourceMetadata", "it is published"),
    ("ServiceId", "it stands in URLs"),
    ("StoreError", "its cause is told to hold no secrets"),
    ("TestClient", "an id and a URI"),
    ("TokenBatchId", "it names a batch, and opens nothing"),
    ("TransportError", "its cause is the transport's own, which tells no URL"),
    ("UserHint", "the kind of hint, without the hint"),
    ("VerdictCache", "times, numbers, and a hash"),
    ("VerifiedClaims", "numbers of entries"),
    ("open_enum_impls!", "values of enumerations are words of specifications"),
];

/// The types that need a sample, each with one.
pub(super) async fn samples() -> Vec<(&'static str, Box<dyn Debug>)> {
    let nowhere = || Authlete::builder().base_url("http://127.0.0.1:1").service_token(1, TOKEN);
    let service = nowhere().build_service().unwrap();
    // Some samples borrow from it.
    let kept: &'static AuthleteService = Box::leak(Box::new(service.clone()));
    let headers = headers();
    let mut samples = http_inputs_and_credentials(&headers);
    samples.extend(calls(kept));
    samples.extend(responses(&service).await);
    samples.extend(steps(&service).await);
    samples.extend(resource_server(&service).await);
    samples.extend(test_kit().await);
    let offer = format!("{{\"x\":\"{TOKEN}\"}}");
    let credentials = JsonString::from(format!("[{{\"credential_configuration_id\":\"id\",\"x\":\"{TOKEN}\"}}]"));
    let http = HttpTransport::new(reqwest::Client::builder().default_headers(headers).build().unwrap());
    samples.extend([
        ("Authlete", Box::new(service.authlete()) as Box<dyn Debug>),
        ("AuthleteBuilder", Box::new(nowhere())),
        ("AuthleteService", Box::new(service.clone())),
        ("Environment", Box::new(Environment::read_from(environment))),
        ("IssuableCredential", Box::new(IssuableCredentials::read(Some(&credentials)).unwrap())),
        ("Mdoc", Box::new(Mdoc::new("org.example").element("ns", "name", TOKEN))),
        ("MdocValue", Box::new((MdocValue::from(TOKEN), MdocValue::bytes(TOKEN)))),
        ("SdJwtVc", Box::new(SdJwtVc::new("vct").claim("name", TOKEN).subject(TOKEN))),
        ("OfferLink", Box::new(OfferLink::by_value(&JsonString::from(offer)))),
        ("NotificationSender", Box::new(NotificationSender::new().unwrap())),
        ("RateLimiter", Box::new(RateLimiter::new(1, 1))),
        ("ResponseCacheLayer", Box::new(ResponseCacheLayer::new(http.clone(), ResponseCache::default()))),
        ("HttpTransport", Box::new(http)),
        ("TowerTransport", Box::new(tower_transport())),
    ]);
    samples
}

fn environment(name: &str) -> Option<String> {
    match name {
        "AUTHLETE_SERVICE_ID" => Some("1".to_owned()),
        // Other names for what is set.
        "AUTHLETE_SERVICE_APIKEY" => None,
        _ if name.ends_with("REGION") => None,
        _ if name.ends_with("URL") => Some(format!("https://user:{TOKEN}@api.example")),
        _ => Some(TOKEN.to_owned()),
    }
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {TOKEN}")).unwrap())])
}

fn tower_transport() -> TowerTransport {
    let token = TOKEN.to_owned();
    TowerTransport::new(tower::service_fn(move |_: Request<Bytes>| {
        let body = Bytes::from(token.clone());
        async { Ok::<_, Infallible>(Response::new(body)) }
    }))
}

fn http_inputs_and_credentials(headers: &HeaderMap) -> Vec<(&'static str, Box<dyn Debug>)> {
    let basic = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Basic YTpzM2NyZXQtdG9rZW4="))]);
    let name = |name: &'static str| http::HeaderName::from_static(name);
    let attested = [name("oauth-client-attestation"), name("oauth-client-attestation-pop")];
    let attested = HeaderMap::from_iter(attested.map(|name| (name, HeaderValue::from_static(TOKEN))));
    let request = http_inputs::ClientRequest::read(&attested, TOKEN).unwrap().certificates([TOKEN]);
    let jwk = r#"{"kty":"EC","crv":"P-256","d":"czNjcmV0czNjcmV0czNjcmV0czNjcmV0czNjcmV0czM"}"#;
    let mut settings = codegen::ClientSettings::new("test", "https://login.example");
    settings.base_url = Some(format!("https://user:{TOKEN}@api.example"));
    settings.credentials(Credentials::bearer(TOKEN));
    vec![
        ("AccessToken", Box::new(http_inputs::access_token(headers).unwrap().unwrap())),
        ("ClientCredentials", Box::new(http_inputs::client_credentials(&basic).unwrap().unwrap())),
        ("ClientAttestation", Box::new(http_inputs::client_attestation(&attested).unwrap())),
        ("ClientRequest", Box::new(request)),
        ("Credentials", Box::new([Credentials::bearer(TOKEN).unwrap(), Credentials::basic("key", TOKEN).unwrap()])),
        ("DpopKey", Box::new(DpopKey::from_jwk(jwk).unwrap())),
        ("ClientSettings", Box::new(settings)),
        ("secret!", Box::new(Ticket::from(TOKEN))),
        ("JsonString", Box::new(JsonString::from(TOKEN))),
        (
            "BodyError",
            Box::new(authlete_api::decode::<types::TokenRequest>(format!("{{\"parameters\":[\"{TOKEN}").as_bytes())),
        ),
        ("Extra", Box::new(extra())),
    ]
}

fn extra() -> codegen::Extra<'static> {
    let members: Map<String, Value> = Map::from_iter([("name".to_owned(), json!(TOKEN))]);
    codegen::Extra(Box::leak(Box::new(members)))
}

fn calls(service: &'static AuthleteService) -> Vec<(&'static str, Box<dyn Debug>)> {
    let request = || codegen::request(service.client(), &operations::SERVICE_CREATE).path(format!("/api/{TOKEN}"));
    let request = move || request().query("q", TOKEN).header("x", TOKEN).body(TOKEN);
    let mut optional = request().optional(codegen::raw);
    optional.set("q", TOKEN);
    optional.set_header("x", TOKEN);
    let introspection = types::IntrospectionRequest::new(TOKEN);
    let pages = || codegen::Pages::new(|_| Box::pin(async { Ok(codegen::ListPage::new(0..1, vec![TOKEN], 1)) }));
    vec![
        ("Client", Box::new(service.client().clone())),
        ("PathSegment", Box::new(codegen::path_segment(TOKEN))),
        ("RequestBuilder", Box::new(request())),
        ("OptionalCall", Box::new(optional)),
        ("Call", Box::new(request().call(codegen::raw))),
        ("CallFuture", Box::new(request().call(codegen::raw).into_future())),
        ("ActionCall", Box::new(service.introspection().process(&introspection))),
        ("ActionFuture", Box::new(service.introspection().process(&introspection).into_future())),
        ("Pages", Box::new(pages())),
        ("Items", Box::new(pages().into_stream())),
        ("Modification", Box::new(codegen::Modification::of(introspection).unwrap())),
    ]
}

async fn responses(nowhere: &AuthleteService) -> Vec<(&'static str, Box<dyn Debug>)> {
    let body = format!(r#"{{"resultCode":"A001","ticket":"{TOKEN}","client":{{"clientId":"{TOKEN}"}}}}"#);
    let cookie = format!("Set-Cookie: {TOKEN}");
    let server = Server::start(vec![
        full("500 Internal Server Error", &[&cookie], &body),
        full("200 OK", &[&cookie], &body),
        full("200 OK", &[&cookie], &format!("{{\"ticket\":\"{TOKEN}\"}}")),
    ]);
    let service = server.client();
    let request = types::AuthorizationRequest::new(format!("request={TOKEN}"));
    let error = async || service.authorization().process(&request).await.expect_err("no such response");
    let (api, decode) = (error().await, error().await);
    let response = service.authorization().process(&request).raw().await.unwrap();
    vec![
        ("ApiError", Box::new(api)),
        ("DecodeError", Box::new(decode)),
        ("ApiResponse", Box::new(response)),
        ("CallError", Box::new(nowhere.access_tokens().delete(TOKEN).await.expect_err("nobody listens"))),
        ("Error", Box::new(nowhere.access_tokens().delete("..").await.expect_err("no path"))),
        (
            "RequestError",
            Box::new(nowhere.authlete().service(TOKEN).access_tokens().delete("..").await.expect_err("no path")),
        ),
    ]
}

async fn steps(service: &AuthleteService) -> Vec<(&'static str, Box<dyn Debug>)> {
    let exchange = json!({"action": "PASSWORD", "ticket": TOKEN, "password": TOKEN, "dpopNonce": TOKEN});
    let exchange = || serde_json::from_value::<types::TokenResponse>(exchange.clone()).unwrap().into_action();
    let step = || match exchange().proceed() {
        Ok(TokenNext::Password(step)) => step,
        other => panic!("another step: {other:?}"),
    };
    let unknown =
        serde_json::from_value::<types::TokenResponse>(json!({"action": "NEW", "ticket": TOKEN, "password": TOKEN}));
    let reply = Reply::from(Response::builder().header("location", TOKEN).body(TOKEN).unwrap());
    let parts = codegen::ResponseParts {
        content: Some(TOKEN.to_owned()),
        headers: vec![("DPoP-Nonce", Some(TOKEN.to_owned()))],
        ..codegen::ResponseParts::default()
    };
    let interaction = json!({"action": "INTERACTION", "ticket": TOKEN});
    let interaction = serde_json::from_value::<types::AuthorizationResponse>(interaction).unwrap().into_action();
    let authlete_api::actions::AuthorizationNext::Interaction(interaction) = interaction.proceed().unwrap() else {
        panic!("another step")
    };
    let checked = interaction.check(&Login::new("ada"), SystemTime::now());
    vec![
        ("step!", Box::new((exchange(), step()))),
        (
            "pending_request!",
            Box::new((step().issue("ada"), step().issue("ada").send(service).await.expect_err("nobody"))),
        ),
        ("ExtraHeaders", Box::new(step().extra_headers())),
        ("UnknownAction", Box::new(unknown.unwrap().into_action())),
        ("Details", Box::new(reply.details().clone())),
        ("Reply", Box::new(reply)),
        ("ResponseParts", Box::new(parts)),
        ("CheckedLogin", Box::new(checked)),
    ]
}

async fn resource_server(service: &AuthleteService) -> Vec<(&'static str, Box<dyn Debug>)> {
    let ok = json!({"action": "OK", "subject": "ada", "clientId": 1, "properties": [{"key": "k", "value": TOKEN}]});
    let refused =
        json!({"action": "UNAUTHORIZED", "responseContent": "DPoP error=\"use_dpop_nonce\"", "dpopNonce": TOKEN});
    let mock = Mock::new().respond_to(&operations::AUTH_INTROSPECTION, ok);
    let mock = mock.respond_to(&operations::AUTH_INTROSPECTION, refused);
    let protect = ResourceServer::new(AuthleteService::mocked(&mock)).protect().layer(tower::service_fn(
        |request: Request<Bytes>| async move {
            let mut response = Response::new(Bytes::new());
            response.extensions_mut().extend(request.extensions().clone());
            Ok::<_, Infallible>(response)
        },
    ));
    let mut responses = Vec::new();
    for token in [TOKEN, "another"] {
        let request = Request::get("https://api.example").header(AUTHORIZATION, format!("Bearer {token}"));
        responses.push(protect.clone().oneshot(request.body(Bytes::new()).unwrap()).await.unwrap());
    }
    let principal = responses[0].extensions().get::<Principal>().expect("a good token").clone();
    let refusal = responses[1].extensions().get::<Refusal>().expect("a refusal").clone();
    let keys = || KeySet::new(service.clone());
    let verifier = JwtVerifier::new("https://as.example", "https://api.example", keys());
    let store = RedisStore::connect(&format!("redis://:{TOKEN}@127.0.0.1:1"), 1).unwrap();
    let revocations = Revocations::default();
    revocations.add(Revocation::token(TOKEN));
    let server = ResourceServer::new(service.clone()).shared(store.clone());
    vec![
        ("Principal", Box::new(principal)),
        ("Refusal", Box::new(refusal)),
        ("Protect", Box::new(server.protect().layer(()))),
        ("ProtectLayer", Box::new(server.protect())),
        ("ResourceServer", Box::new(server)),
        ("JwtVerifier", Box::new(verifier)),
        ("KeySet", Box::new(keys())),
        ("RedisRateLimiter", Box::new(store.rate_limiter(1))),
        ("RedisStore", Box::new(store)),
        ("Revocation", Box::new(Revocation::token(TOKEN))),
        ("Revocations", Box::new(revocations)),
    ]
}

async fn test_kit() -> Vec<(&'static str, Box<dyn Debug>)> {
    let key: &'static TestKey = Box::leak(Box::new(TestKey::generate().unwrap()));
    let mock = Mock::new().respond_to(&operations::AUTH_INTROSPECTION, json!({"responseContent": TOKEN}));
    let service = AuthleteService::mocked(&mock);
    service.introspection().process(types::IntrospectionRequest::new(TOKEN)).raw().await.unwrap();
    let authlete = TestAuthlete::builder().service("apiSecret", TOKEN).start().await.unwrap();
    vec![
        ("Mock", Box::new(mock.clone())),
        ("MockCall", Box::new(mock.calls())),
        ("Recorder", Box::new(Recorder::new("file", &[]))),
        ("TestKey", Box::new(TestKey::generate().unwrap())),
        ("DpopProof", Box::new(key.dpop_proof("GET", "https://api.example", SystemTime::now()).nonce(TOKEN))),
        ("TestAuthleteBuilder", Box::new(TestAuthlete::builder().service("apiSecret", TOKEN))),
        ("TestAuthlete", Box::new(authlete)),
    ]
}
