//! Other transports than the default one: another HTTP client, tower's layers, canned and recorded responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authlete_api::actions::AuthorizationNext;
use authlete_api::mock::{Mock, record_to};
use authlete_api::types::{
    AuthorizationResponse, GrantType, IntrospectionResponse, IntrospectionResponseAction, OAuthClient, ResponseType,
    Service, TokenResponseAction,
};
use authlete_api::{
    Authlete, AuthleteService, Error, HttpTransport, Reply, TowerTransport, TransportErrorKind, TransportService,
    operations,
};
use authlete_emulator::Emulator;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

const REDIRECT_URI: &str = "https://client.example.org/cb";

/// A transport over hyper-util's client, without reqwest.
fn hyper() -> TowerTransport {
    TowerTransport::over_http(Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>())
}

/// The authorization code flow, up to what introspection says of the access token.
async fn flow(authlete: &Authlete, service_of: impl Fn(&Authlete, i64) -> AuthleteService) -> Result<String, Error> {
    let settings = Service::default().issuer("https://as.example.com");
    let id = authlete.services().create(&settings).await?.api_key.expect("a service has an id");
    let service = service_of(authlete, id);
    let client = OAuthClient::default()
        .grant_types([GrantType::AuthorizationCode])
        .response_types([ResponseType::Code])
        .redirect_uris([REDIRECT_URI]);
    let client = service.clients().create(&client).await?.into_inner();
    let (client, secret) = (client.client_id.expect("a client has an id"), client.client_secret);
    let request = format!("response_type=code&client_id={client}&redirect_uri=https%3A%2F%2Fclient.example.org%2Fcb");
    let action = service.authorization().process(request).await?;
    let Ok(AuthorizationNext::Interaction(step)) = action.proceed() else { panic!("a login is due") };
    let reply = step.issue("ada").send(&service).await?.into_reply();
    let location = reply.headers()["location"].to_str().expect("it is ASCII");
    let code = location.split("code=").nth(1).expect("it has a code").split('&').next().unwrap_or_default();
    let parameters = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}");
    let request = authlete_api::types::TokenRequest::new(parameters)
        .client_id(client.to_string())
        .client_secret(secret.unwrap_or_default());
    let token = service.token().process(&request).raw().await?;
    assert_eq!(token.action, Some(TokenResponseAction::Ok));
    let introspection = service.introspection().process(token.access_token.clone().unwrap_or_default()).raw().await?;
    assert_eq!(introspection.action, Some(IntrospectionResponseAction::Ok));
    Ok(introspection.subject.clone().unwrap_or_default())
}

#[tokio::test]
async fn the_flow_runs_over_hyper_util_alone() {
    let emulator = Emulator::start().await.unwrap();
    let builder = Authlete::builder().base_url(emulator.base_url()).organization_token(emulator.organization_token());
    let authlete = builder.idp_url(emulator.base_url()).transport(hyper()).build().unwrap();
    assert_eq!(flow(&authlete, Authlete::service).await.unwrap(), "ada");
}

#[tokio::test]
async fn an_error_of_another_client_says_how_far_the_call_came() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let builder = Authlete::builder().base_url(format!("http://{closed}")).service_token(1, "t").transport(hyper());
    let error = builder.build_service().unwrap().get().await.unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::Connect), "{error:?}");

    let emulator = Emulator::start().await.unwrap();
    let builder = Authlete::builder().base_url(emulator.base_url()).organization_token(emulator.organization_token());
    let authlete = builder.transport(hyper().body_limit(10)).build().unwrap();
    let error = authlete.utilities().info().await.unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::TooLarge), "{error:?}");
}

#[tokio::test]
async fn layers_of_tower_go_around_a_transport() {
    let emulator = Emulator::start().await.unwrap();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let stack = tower::ServiceBuilder::new()
        .map_request(move |request: http::Request<Bytes>| {
            let operation = request.extensions().get::<&'static authlete_api::Operation>();
            assert_eq!(operation.map(|operation| operation.name), Some("info"));
            counter.fetch_add(1, Ordering::SeqCst);
            request
        })
        .service(TransportService::new(HttpTransport::new(http)));
    let builder = Authlete::builder().base_url(emulator.base_url()).organization_token(emulator.organization_token());
    let authlete = builder.transport(TowerTransport::new(stack)).build().unwrap();
    assert!(authlete.utilities().info().await.unwrap().version.is_some());
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

/// A handler such as a server has.
async fn handler(service: &AuthleteService, query: &str) -> Result<Reply, Reply> {
    match service.authorization().process(query).await?.proceed()? {
        AuthorizationNext::Interaction(step) => {
            Ok(step.fail(authlete_api::types::AuthorizationFailReason::Denied).send(service).await?.into_reply())
        }
        AuthorizationNext::NoInteraction(_) => panic!("no login is needed"),
    }
}

#[tokio::test]
async fn a_handler_is_tested_without_a_server() {
    let refused = r#"{"action":"BAD_REQUEST","responseContent":"{\"error\":\"invalid_request\"}"}"#;
    let refused: AuthorizationResponse = authlete_api::decode(refused.as_bytes()).unwrap();
    let mock = Mock::new().respond(refused);
    let reply = handler(&AuthleteService::mocked(&mock), "response_type=code").await.unwrap_err();
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (400, &br#"{"error":"invalid_request"}"#[..]));
    assert_eq!(mock.calls()[0].body["parameters"], "response_type=code");
}

#[tokio::test]
async fn a_mock_responds_in_order_and_names_what_it_lacks() {
    let with = |subject: &str| IntrospectionResponse::default().subject(subject);
    let mock = Mock::new()
        .respond(with("ada"))
        .respond(with("bob"))
        .fail(&operations::AUTH_TOKEN, TransportErrorKind::Interrupted)
        .respond_with(&operations::CLIENT_GET, http::StatusCode::NOT_FOUND, serde_json::json!({"resultCode": "A1"}));
    let service = AuthleteService::mocked(&mock);
    for subject in ["ada", "bob", "bob"] {
        assert_eq!(service.introspection().process("s3cret").raw().await.unwrap().subject.as_deref(), Some(subject));
    }
    let error = service.token().process("s3cret").await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    let error = service.clients().get(1).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 404);
    let error = service.get().await.unwrap_err();
    assert!(error.to_string().contains("the mock has no response for `service_get`"), "{error}");
    assert_eq!(mock.calls().len(), 6);
    assert_eq!(mock.calls_of(&operations::AUTH_INTROSPECTION).len(), 3);
    assert_eq!(mock.calls_of(&operations::AUTH_TOKEN).len(), 1);
    assert!(!format!("{mock:?}").contains("s3cret"));
}

#[tokio::test]
async fn what_was_recorded_is_replayed_and_holds_no_secret() {
    let path = std::env::temp_dir().join(format!("authlete-exchanges-{}.json", std::process::id()));
    let emulator = Emulator::start().await.unwrap();
    let builder = Authlete::builder().base_url(emulator.base_url()).organization_token(emulator.organization_token());
    let builder = builder.idp_url(emulator.base_url());
    let authlete = builder.transport_layer(record_to(&path)).build().unwrap();
    assert_eq!(flow(&authlete, Authlete::service).await.unwrap(), "ada");

    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("auth_authorization_issue") && text.contains("secret-1"), "{text}");
    assert!(!text.contains(emulator.organization_token()) && !text.contains("code="), "{text}");
    // One number for each value.
    let numbers = |text: &str| -> std::collections::BTreeSet<usize> {
        let rest = text.split("\"secret-").skip(1);
        rest.map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
    };
    let numbers = numbers(&text);
    assert_eq!(numbers, (1..=numbers.len()).collect(), "{text}");
    let tickets: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with("\"ticket\"")).collect();
    let value = |line: &str| line.split(": ").nth(1).map(|value| value.trim_end_matches(',').to_owned());
    assert!(tickets.len() > 1 && tickets.iter().all(|line| value(line) == value(tickets[0])), "{tickets:?}");

    let mock = Mock::replay(&path).unwrap();
    let service = AuthleteService::mocked(&mock);
    assert_eq!(service.introspection().process("any").raw().await.unwrap().subject.as_deref(), Some("ada"));
    std::fs::write(&path, "[]]").unwrap();
    assert!(Mock::replay(&path).unwrap_err().to_string().contains("is not what a recorder writes"));
    std::fs::remove_file(&path).unwrap();
}
