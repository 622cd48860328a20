//! The three ways to call.

use std::time::Duration;

use authlete_api::{AuthleteService, types};
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{SERVICE, TOKEN};

const ACCESS_TOKEN: &str = "yOVrWlEjKqTj9nGQ5rX0q3nGxhd0Nd2R7Jc0pUDaH8k";
const PARAMETERS: &str = "response_type=code&client_id=26478243745571&redirect_uri=https%3A%2F%2Fapp.example%2Fcb\
    &scope=history.read+timeline.read&state=f83b1c&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
    &code_challenge_method=S256";

/// A way to make the three calls of [`CALLS`](crate::CALLS).
pub type Contestant = Box<dyn Fn(&Runtime, &str)>;

/// Through this project's layer, with its defaults: retries on, and a limit of time for the whole call.
pub fn by_us(base_url: &str) -> Contestant {
    let service = authlete_api::Authlete::builder().base_url(base_url).service_token(SERVICE, TOKEN);
    let service: AuthleteService = service.build_service().expect("the settings are right");
    let introspection = types::IntrospectionRequest::new(ACCESS_TOKEN);
    let authorization = types::AuthorizationRequest::new(PARAMETERS);
    Box::new(move |runtime, call| {
        runtime.block_on(async {
            match call {
                "introspection" => {
                    let answer = service.introspection().process(&introspection).raw().await;
                    assert!(answer.expect("an answer").subject.is_some());
                }
                "authorization" => {
                    let answer = service.authorization().process(&authorization).raw().await;
                    assert!(answer.expect("an answer").ticket.is_some());
                }
                _ => {
                    let answer = service.get().await;
                    assert!(answer.expect("an answer").issuer.is_some());
                }
            }
        });
    })
}

/// Through what progenitor makes of the same description by itself.
pub fn by_progenitor(base_url: &str) -> Contestant {
    let client = plain::Client::new_with_client(base_url, http(bearer()));
    // It makes no constructors.
    let introspection: plain::types::IntrospectionRequest = request(json!({"token": ACCESS_TOKEN}));
    let authorization: plain::types::AuthorizationRequest = request(json!({"parameters": PARAMETERS}));
    Box::new(move |runtime, call| {
        runtime.block_on(async {
            match call {
                "introspection" => {
                    let answer = client.auth_introspection(SERVICE, &introspection).await;
                    assert!(answer.expect("an answer").subject.is_some());
                }
                "authorization" => {
                    let answer = client.auth_authorization(SERVICE, &authorization).await;
                    assert!(answer.expect("an answer").ticket.is_some());
                }
                _ => {
                    let answer = client.service_get(SERVICE).await;
                    assert!(answer.expect("an answer").issuer.is_some());
                }
            }
        });
    })
}

/// By hand: `reqwest`, and `serde_json` into this project's types.
pub fn by_reqwest(base_url: &str) -> Contestant {
    let base = format!("{base_url}/api/{SERVICE}");
    let client = http(HeaderMap::new());
    let introspection = types::IntrospectionRequest::new(ACCESS_TOKEN);
    let authorization = types::AuthorizationRequest::new(PARAMETERS);
    Box::new(move |runtime, call| {
        runtime.block_on(async {
            match call {
                "introspection" => {
                    let url = format!("{base}/auth/introspection");
                    let answer: types::IntrospectionResponse = post(&client, url, &introspection).await.expect("an answer");
                    assert!(answer.subject.is_some());
                }
                "authorization" => {
                    let url = format!("{base}/auth/authorization");
                    let answer: types::AuthorizationResponse = post(&client, url, &authorization).await.expect("an answer");
                    assert!(answer.ticket.is_some());
                }
                _ => {
                    let request = client.get(format!("{base}/service/get")).bearer_auth(TOKEN);
                    let answer: types::Service = receive(request).await.expect("an answer");
                    assert!(answer.issuer.is_some());
                }
            }
        });
    })
}

fn request<T: DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("a request")
}

type Anything = Box<dyn std::error::Error>;

async fn post<T: DeserializeOwned>(client: &Client, url: String, body: &impl Serialize) -> Result<T, Anything> {
    receive(client.post(url).bearer_auth(TOKEN).json(body)).await
}

async fn receive<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Anything> {
    let body = request.send().await?.error_for_status()?.bytes().await?;
    Ok(serde_json::from_slice(&body)?)
}

/// With the timeouts and the redirect policy of this project's own client, so that all three do the same.
fn http(headers: HeaderMap) -> Client {
    Client::builder()
        .default_headers(headers)
        .user_agent("benchmark")
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

fn bearer() -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {TOKEN}")).expect("a header value");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}
