//! A running emulator with a service and a client, and short ways to call it.

use std::time::Duration;

use authlete_emulator::{Clock, Emulator};
use serde_json::{Value, json};

use crate::{description, omission};

/// The redirect URI of the client.
pub(crate) const REDIRECT_URI: &str = "https://client.example.org/cb/example.com";

/// The code verifier of RFC 7636, appendix B, and its challenge.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    http: reqwest::Client,
    pub(crate) service: Value,
    pub(crate) client: Value,
}

impl World {
    /// A service and a confidential client, each with these members on top of the usual ones.
    pub(crate) async fn new(service: Value, client: Value) -> Self {
        let mut world = Self::of(Emulator::start().await.expect("the emulator starts"));
        world.service = world.add_service(service).await;
        world.client = world.add_client(client).await;
        world
    }

    /// The same with a clock that stands still, for tests that compare moments.
    pub(crate) async fn standing(service: Value, client: Value) -> Self {
        let clock = Clock::fixed(std::time::SystemTime::now());
        let mut world = Self::of(Emulator::builder().clock(clock).start().await.expect("the emulator starts"));
        world.service = world.add_service(service).await;
        world.client = world.add_client(client).await;
        world
    }

    /// An emulator whose services are there already, or come later.
    pub(crate) fn of(emulator: Emulator) -> Self {
        Self { emulator, http: reqwest::Client::new(), service: Value::Null, client: Value::Null }
    }

    pub(crate) async fn plain() -> Self {
        Self::new(json!({}), json!({})).await
    }

    pub(crate) async fn add_service(&self, members: Value) -> Value {
        let service = json!({
            "serviceName": "Test",
            "issuer": "https://as.example.com",
            "supportedGrantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN", "CLIENT_CREDENTIALS"],
            "supportedScopes": [{"name": "openid"}, {"name": "read", "description": "Reading"}, {"name": "write"}],
        });
        let (status, body) = self.call("POST", "/api/service/create", Some(&merged(service, &members))).await;
        assert_eq!(status, 201, "{body}");
        body
    }

    pub(crate) async fn add_client(&self, members: Value) -> Value {
        let client = json!({
            "clientName": "Test client",
            "clientType": "CONFIDENTIAL",
            "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN", "CLIENT_CREDENTIALS"],
            "redirectUris": [REDIRECT_URI],
            // An RSA key, which the default needs, takes its time to make.
            "idTokenSignAlg": "ES256",
        });
        let path = format!("/api/{}/client/create", self.service_id());
        let (status, body) = self.call("POST", &path, Some(&merged(client, &members))).await;
        assert_eq!(status, 201, "{body}");
        body
    }

    pub(crate) fn service_id(&self) -> String {
        self.service["apiKey"].to_string()
    }

    pub(crate) fn client_id(&self) -> String {
        self.client["clientId"].to_string()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.emulator.clock().advance(Duration::from_secs(seconds));
    }

    /// Seconds since 1970 by the emulator's clock.
    pub(crate) fn now(&self) -> u64 {
        self.emulator.clock().now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("{}{path}", self.emulator.base_url()))
    }

    /// Any call, with the organization token.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = self.request(method, path).bearer_auth(self.emulator.organization_token());
        if let Some(body) = body {
            request = request.json(body);
        }
        send(request).await
    }

    /// An operation of the service that answers with an action.
    pub(crate) async fn act(&self, path: &str, body: Value) -> Value {
        let token = self.emulator.service_token(&self.service_id()).expect("the service has a token");
        let request = self.request("POST", &format!("/api/{}{path}", self.service_id())).bearer_auth(token);
        let (status, body) = send(request.json(&body)).await;
        assert_eq!(status, 200, "{body}");
        let code = body["resultCode"].as_str().expect("a result code").to_owned();
        assert!(code.len() == 7 && code.starts_with('A'), "{body}");
        assert!(body["resultMessage"].as_str().expect("a message").starts_with(&format!("[{code}] ")), "{body}");
        body
    }

    /// The HTTP status of an operation of the service.
    pub(crate) async fn status(&self, path: &str, body: &Value) -> u16 {
        self.call("POST", &format!("/api/{}{path}", self.service_id()), Some(body)).await.0
    }

    /// An authorization request of the client, with further parameters.
    pub(crate) async fn authorize(&self, more: &str) -> Value {
        let id = self.client_id();
        let parameters = format!("response_type=code&client_id={id}&redirect_uri={REDIRECT_URI}&{more}");
        self.act("/auth/authorization", json!({"parameters": parameters})).await
    }

    /// A code for the user `john`.
    pub(crate) async fn code(&self, more: &str) -> String {
        let answer = self.authorize(more).await;
        assert_eq!(answer["action"], "INTERACTION", "{answer}");
        let body = json!({"ticket": answer["ticket"], "subject": "john"});
        let answer = self.act("/auth/authorization/issue", body).await;
        assert_eq!(answer["action"], "LOCATION", "{answer}");
        answer["authorizationCode"].as_str().expect("a code").to_owned()
    }

    /// A token request with the client's credentials, as a server takes them from the Authorization header.
    pub(crate) async fn token(&self, parameters: &str) -> Value {
        self.act("/auth/token", self.token_body(parameters)).await
    }

    pub(crate) fn token_body(&self, parameters: &str) -> Value {
        json!({
            "parameters": parameters,
            "clientId": self.client_id(),
            "clientSecret": self.client["clientSecret"],
        })
    }

    /// A token request for a code, without PKCE.
    pub(crate) async fn exchange(&self, code: &str) -> Value {
        self.token(&format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}")).await
    }

    /// The claims of a JWT that a published key of the service has signed by this algorithm.
    pub(crate) async fn verified(&self, jwt: &str, algorithm: jsonwebtoken::Algorithm) -> Value {
        let path = format!("/api/{}/service/jwks/get", self.service_id());
        let (_, keys) = self.call("GET", &path, None).await;
        let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys).expect("a key set");
        let kid = jsonwebtoken::decode_header(jwt).expect("a JWT").kid.expect("a key id");
        let key = keys.find(&kid).unwrap_or_else(|| panic!("{kid} is not published"));
        let named = key.common.key_algorithm.map(|named| named.to_string());
        assert!(named.is_none_or(|named| named == format!("{algorithm:?}")), "clients do not find the key");
        let key = jsonwebtoken::DecodingKey::from_jwk(key).expect("a key");
        let mut validation = jsonwebtoken::Validation::new(algorithm);
        // Who it is for is up to the test, and so is the time, since the emulator has its own.
        validation.validate_aud = false;
        validation.validate_exp = false;
        jsonwebtoken::decode(jwt, &key, &validation).expect("a good signature").claims
    }

    pub(crate) async fn introspect(&self, token: &Value) -> Value {
        self.act("/auth/introspection", json!({"token": token})).await
    }
}

/// Status and body of the response, which has to be one that the description allows.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> (u16, Value) {
    let (http, request) = request.build_split();
    let mut request = request.expect("a request");
    omission::apply(&mut request);
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = http.execute(request).await.expect("the emulator answers");
    let status = response.status().as_u16();
    let media_type = response.headers().get("Content-Type").map(|value| value.to_str().expect("a string").to_owned());
    let text = response.text().await.expect("a string");
    description::assert_allowed(method.as_str(), &path, status, media_type.as_deref(), &text);
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The JSON inside `responseContent`.
pub(crate) fn content(answer: &Value) -> Value {
    let text = answer["responseContent"].as_str().unwrap_or_else(|| panic!("no content in {answer}"));
    serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

/// A response parameter in the query of the redirect URI inside `responseContent`.
pub(crate) fn parameter(answer: &Value, name: &str) -> Option<String> {
    assert_eq!(answer["action"], "LOCATION", "{answer}");
    let uri = url::Url::parse(answer["responseContent"].as_str().expect("a URI")).expect("a URI");
    uri.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A response parameter in the fragment of the redirect URI inside `responseContent`.
pub(crate) fn fragment(answer: &Value, name: &str) -> Option<String> {
    assert_eq!(answer["action"], "LOCATION", "{answer}");
    let (_, fragment) = answer["responseContent"].as_str().expect("a URI").split_once('#')?;
    let mut pairs = form_urlencoded::parse(fragment.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Asserts an error that is shown rather than sent to the client.
pub(crate) fn assert_error(answer: &Value, action: &str, error: &str) {
    assert_eq!(answer["action"], action, "{answer}");
    assert_eq!(content(answer)["error"], error, "{answer}");
}

fn merged(mut base: Value, more: &Value) -> Value {
    let more = more.as_object().expect("an object");
    base.as_object_mut().expect("an object").extend(more.clone());
    base
}
