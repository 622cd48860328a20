//! Each framework's token endpoint gives a client its token, and refuses a wrong secret with the status and challenge that
//! Authlete's action asks for.

use authlete_api::prelude::*;
use authlete_api::types::{self, ClientAuthMethod, ClientType, GrantType};
use authlete_emulator::Emulator;
use base64::Engine;

const FORM: &str = "grant_type=client_credentials";
const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

struct Setting {
    service: AuthleteService,
    good: String,
    _emulator: Emulator,
}

const BAD: &str = "Basic bm9ib2R5OndhaXQ=";

async fn setting() -> Setting {
    let emulator = Emulator::start().await.unwrap();
    let authlete = Authlete::builder()
        .base_url(emulator.base_url())
        .organization_token(emulator.organization_token())
        .build()
        .unwrap();
    let settings = types::Service::default()
        .issuer("https://as.example.com")
        .supported_grant_types([GrantType::ClientCredentials])
        .supported_token_auth_methods([ClientAuthMethod::ClientSecretBasic]);
    let created = authlete.services().create(settings).await.unwrap();
    let service = authlete.service(created.api_key.unwrap());
    let client = types::OAuthClient::default()
        .client_type(ClientType::Confidential)
        .grant_types([GrantType::ClientCredentials])
        .token_auth_method(ClientAuthMethod::ClientSecretBasic);
    let client = service.clients().create(client).await.unwrap();
    let credentials = format!("{}:{}", client.client_id.unwrap(), client.client_secret.as_deref().unwrap());
    let good = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
    Setting { service, good, _emulator: emulator }
}

fn check(good: (u16, &str), bad: (u16, Option<&str>)) {
    assert_eq!(good.0, 200, "{}", good.1);
    let body: serde_json::Value = serde_json::from_str(good.1).unwrap();
    assert!(body["access_token"].is_string(), "{body}");
    assert_eq!(bad.0, 401);
    assert!(bad.1.is_some_and(|challenge| challenge.starts_with("Basic")), "{:?}", bad.1);
}

#[actix_web::test]
async fn actix_web() {
    use actix_web::{App, test, web};

    let setting = setting().await;
    let data = web::Data::new(setting.service.clone());
    let app = App::new().app_data(data).route("/token", web::post().to(authlete_frameworks::on_actix_web::token));
    let app = test::init_service(app).await;
    let request = |authorization: &str| {
        test::TestRequest::post()
            .uri("/token")
            .insert_header(("content-type", MEDIA_TYPE))
            .insert_header(("authorization", authorization))
            .set_payload(FORM)
            .to_request()
    };
    let good = test::call_service(&app, request(&setting.good)).await;
    let bad = test::call_service(&app, request(BAD)).await;
    let bad = (bad.status().as_u16(), bad.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned()));
    let status = good.status().as_u16();
    let body = String::from_utf8(test::read_body(good).await.to_vec()).unwrap();
    check((status, &body), (bad.0, bad.1.as_deref()));
}

#[tokio::test]
async fn poem() {
    use poem::{EndpointExt, Route, post, test::TestClient};

    let setting = setting().await;
    let app = Route::new().at("/token", post(authlete_frameworks::on_poem::token).data(setting.service.clone()));
    let client = TestClient::new(app);
    let send = |authorization: String| {
        client.post("/token").content_type(MEDIA_TYPE).header("authorization", authorization).body(FORM).send()
    };
    let good = send(setting.good.clone()).await.0;
    let bad = send(BAD.to_owned()).await.0;
    let challenge = bad.headers().get("www-authenticate").map(|value| value.to_str().unwrap());
    let status = good.status().as_u16();
    let body = good.into_body().into_string().await.unwrap();
    check((status, &body), (bad.status().as_u16(), challenge));
}

#[tokio::test]
async fn hyper() {
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let setting = setting().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = setting.service.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| authlete_frameworks::on_hyper::token(service.clone(), request)),
            );
            tokio::spawn(connection);
        }
    });
    let send = async |authorization: &str| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!(
            "POST /token HTTP/1.1\r\nhost: as\r\nconnection: close\r\nauthorization: {authorization}\r\n\
             content-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n\r\n{FORM}",
            FORM.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse::<u16>().unwrap(), head.to_lowercase(), body.to_owned())
    };
    let good = send(&setting.good).await;
    let bad = send(BAD).await;
    let challenge = bad.1.contains("\r\nwww-authenticate: basic").then_some("Basic");
    check((good.0, &good.2), (bad.0, challenge));
}
