//! Mutated requests to every operation of the emulator.
//!
//! A case is a service of its own, and a few hundred calls. What responses hold under a name, such as a ticket or a token, is
//! what later calls send under that name, so that calls come past the first checks and meet each other's state.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use authlete_emulator::Emulator;
use fastrand::Rng;
use http::Method;
use serde_json::{Map, Value, json};

use super::{Case, cases, mutate};
use crate::sample::Description;

/// Calls of a case. Each operation has about four of them.
const CALLS: usize = 400;

/// No response takes this long on a machine that works, nor is it this large.
const LONGEST: Duration = Duration::from_secs(60);
const LARGEST: usize = 16 << 20;

/// Requests as clients send them; a name in braces stands for a value of an earlier response.
const PARAMETERS: [&str; 16] = [
    "response_type=code&client_id={clientId}&redirect_uri=https://client.example/cb&scope=openid+read&state=x&nonce=y",
    "response_type=code+id_token+token&client_id={clientId}&redirect_uri=https://client.example/cb&scope=openid&nonce=n",
    "response_type=code&client_id={clientId}&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    "client_id={clientId}&request_uri={requestUri}&request={accessToken}",
    "response_type=code&client_id={clientId}&claims={\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"a\"]}}}&max_age=0",
    "response_type=code&client_id={clientId}&authorization_details=[{\"type\":\"pay\",\"actions\":[\"a\"]}]&prompt=none",
    "grant_type=authorization_code&code={authorizationCode}&redirect_uri=https://client.example/cb",
    "grant_type=refresh_token&refresh_token={refreshToken}&scope=read",
    "grant_type=client_credentials&scope=read&resource=https://api.example",
    "grant_type=password&username=john&password=x",
    "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={deviceCode}",
    "grant_type=urn:openid:params:grant-type:ciba&auth_req_id={authReqId}",
    "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={accessToken}&subject_token_type=urn:ietf:params:oauth:token-type:access_token",
    "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion={idToken}&client_assertion={idToken}",
    "scope=openid+read&login_hint=john&id_token_hint={idToken}&binding_message=m&user_code=1",
    "token={accessToken}&token_type_hint=refresh_token&client_id={clientId}&client_secret={clientSecret}",
];

/// An operation of the description.
struct Operation<'a> {
    id: &'a str,
    method: Method,
    path: &'a str,
    declared: &'a Value,
}

fn operations(description: &Description) -> Vec<Operation<'_>> {
    let paths = description.0["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, methods)| methods.as_object().into_iter().flatten().map(move |one| (path, one)));
    let all = all.filter_map(|(path, (method, declared))| {
        let id = declared["operationId"].as_str()?;
        Some(Operation { id, method: method.to_uppercase().parse().unwrap(), path, declared })
    });
    all.collect()
}

/// A service, and what its responses have held so far.
struct Session<'a> {
    description: &'a Description,
    emulator: Emulator,
    http: reqwest::Client,
    seen: BTreeMap<String, Vec<Value>>,
}

impl<'a> Session<'a> {
    async fn start(description: &'a Description) -> Self {
        let emulator = Emulator::start().await.unwrap();
        let http = reqwest::Client::builder().timeout(LONGEST).build().unwrap();
        let mut session = Self { description, emulator, http, seen: BTreeMap::new() };
        let grants = json!([
            "AUTHORIZATION_CODE",
            "IMPLICIT",
            "REFRESH_TOKEN",
            "CLIENT_CREDENTIALS",
            "PASSWORD",
            "DEVICE_CODE",
            "CIBA",
            "TOKEN_EXCHANGE",
            "JWT_BEARER",
            "PRE_AUTHORIZED_CODE",
        ]);
        let responses = json!(["CODE", "TOKEN", "ID_TOKEN", "CODE_ID_TOKEN_TOKEN"]);
        let service = json!({
            "issuer": "https://as.example", "supportedGrantTypes": grants, "supportedResponseTypes": responses,
            "deviceVerificationUri": "https://as.example/device", "supportedBackchannelTokenDeliveryModes": ["POLL"],
            "supportedAuthorizationDetailsTypes": ["pay"], "supportedClaims": ["name"], "supportedAcrs": ["a"],
            "supportedScopes": [{"name": "openid"}, {"name": "read"}, {"name": "write"}, {"name": "grants"}],
            "dynamicRegistrationSupported": true, "grantManagementActionRequired": false, "nativeSsoSupported": true,
            "verifiableCredentialsEnabled": true, "hsmEnabled": true, "accessTokenSignAlg": "ES256",
        });
        let client = json!({
            "clientType": "CONFIDENTIAL", "grantTypes": grants, "responseTypes": responses, "idTokenSignAlg": "ES256",
            "redirectUris": ["https://client.example/cb"], "bcDeliveryMode": "POLL", "authorizationDetailsTypes": ["pay"],
        });
        let created = session.create("/api/service/create", &service).await;
        session.seen.insert("serviceId".to_owned(), vec![created["apiKey"].clone()]);
        session.create(&format!("/api/{}/client/create", created["apiKey"]), &client).await;
        session
    }

    async fn create(&mut self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.emulator.base_url())).json(body);
        let response = request.bearer_auth(self.emulator.organization_token()).send().await.unwrap();
        assert_eq!(response.status(), 201);
        let created = response.json().await.unwrap();
        self.keep(&created);
        created
    }

    /// Keeps every value of a response, by its name.
    fn keep(&mut self, response: &Value) {
        let Some(members) = response.as_object() else {
            return response.as_array().into_iter().flatten().for_each(|element| self.keep(element));
        };
        for (name, value) in members {
            self.keep(value);
            let known = self.seen.entry(name.clone()).or_default();
            if known.len() < 20 && !value.is_null() && !known.contains(value) {
                known.push(value.clone());
            }
        }
    }

    /// A value that a response had under this name, or under another one that means the same.
    fn known(&self, rng: &mut Rng, name: &str) -> Option<Value> {
        let same = match name {
            "token" if rng.bool() => "refreshToken",
            "token" | "subjectToken" => "accessToken",
            "accessTokenIdentifier" => "accessTokenHash",
            "clientIdentifier" => "clientId",
            "subject" => return Some(json!("john")),
            "parameters" => return Some(json!(self.parameters(rng))),
            other => other,
        };
        rng.choice(self.seen.get(same)?).cloned()
    }

    fn parameters(&self, rng: &mut Rng) -> String {
        let form = PARAMETERS[rng.usize(..PARAMETERS.len())];
        let mut text = form.to_owned();
        for (name, _) in form.match_indices('{').filter_map(|(at, _)| form.get(at + 1..)?.split_once('}')) {
            if let Some(value) = self.known(rng, name) {
                text = text.replace(&format!("{{{name}}}"), &plain(&value));
            }
        }
        text
    }

    /// A value for a place of the description.
    fn value(&self, rng: &mut Rng, name: &str, schema: &Value, depth: usize) -> Value {
        if rng.u8(..8) > 0
            && let Some(known) = self.known(rng, name)
        {
            return known;
        }
        let reference = schema.get("$ref").or_else(|| schema["allOf"][0].get("$ref")).and_then(Value::as_str);
        if let Some(target) = reference.and_then(|reference| reference.strip_prefix("#/components/schemas/")) {
            return self.value(rng, name, &self.description.0["components"]["schemas"][target], depth);
        }
        if let Some(values) = schema["enum"].as_array() {
            return rng.choice(values).cloned().unwrap_or_default();
        }
        match schema["type"].as_str() {
            Some("integer" | "number") => json!(rng.i64(0..100)),
            Some("boolean") => json!(rng.bool()),
            Some("array") => {
                let items = (0..rng.usize(..3)).map(|_| self.value(rng, name, &schema["items"], depth + 1));
                Value::Array(items.collect())
            }
            Some("string") => json!("text"),
            _ if depth > 4 => json!({}),
            _ => {
                let is_required =
                    |name: &String| schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
                let mut members = Map::new();
                for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    // Few of the many members, since any of them may be the reason to refuse a request.
                    if is_required(name) || rng.u8(..8) == 0 || depth == 0 && self.seen.contains_key(name) {
                        members.insert(name.clone(), self.value(rng, name, property, depth + 1));
                    }
                }
                Value::Object(members)
            }
        }
    }

    /// Makes one call, and judges the response.
    async fn call(&mut self, rng: &mut Rng, operation: &Operation<'_>) -> u16 {
        let mutates = rng.bool();
        let mut path = operation.path.to_owned();
        let mut query = Vec::new();
        for parameter in operation.declared["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let mut value = self.value(rng, name, &parameter["schema"], 1);
            if mutates && rng.u8(..10) == 0 {
                mutate::value(rng, &mut value);
            }
            match parameter["in"].as_str() {
                Some("path") => path = path.replace(&format!("{{{name}}}"), &escaped(&plain(&value))),
                _ if rng.bool() => query.push((name, plain(&value))),
                _ => {}
            }
        }
        let mut request = self.http.request(operation.method.clone(), format!("{}{path}", self.emulator.base_url()));
        request = request.query(&query);
        request = match (rng.u8(..20), self.known(rng, "accessToken")) {
            (0, _) => request,
            (1, Some(token)) => request.bearer_auth(plain(&token)),
            _ => request.bearer_auth(self.emulator.organization_token()),
        };
        let content =
            operation.declared["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
        let mut body = Vec::new();
        if let Some((media_type, content)) = content {
            let mut value = self.value(rng, "", &content["schema"], 0);
            for _ in 0..if mutates { rng.usize(1..4) } else { 0 } {
                if rng.u8(..4) == 0 { mutate::splice(rng, &mut value) } else { mutate::value(rng, &mut value) }
            }
            body = if mutates { mutate::written(rng, &value) } else { value.to_string().into_bytes() };
            let other = ["application/x-www-form-urlencoded", "text/plain", "", "application/json; charset=utf-16"];
            let media_type = if mutates && rng.u8(..20) == 0 { other[rng.usize(..4)] } else { media_type };
            request = request.header("Content-Type", media_type).body(body.clone());
        }
        let sent = || format!("{} {path} {query:?}\n{}", operation.id, body.escape_ascii());
        let mut response = request.send().await.unwrap_or_else(|error| panic!("{error:?}: {}", sent()));
        let status = response.status().as_u16();
        let mut received = Vec::new();
        while let Some(chunk) = response.chunk().await.unwrap_or_else(|error| panic!("{error:?}: {}", sent())) {
            received.extend(chunk);
            assert!(received.len() < LARGEST, "the response does not end: {}", sent());
        }
        let text = String::from_utf8_lossy(&received);
        assert!(status < 500 || status == 501, "{status}: {text}\n{}", sent());
        if let Ok(value) = serde_json::from_slice(&received) {
            self.keep(&value);
        }
        status
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// As one segment of a path.
fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20").replace('.', "%2E")
}

#[tokio::test]
async fn to_every_operation() {
    let description = Description::read();
    let operations = operations(&description);
    let mut succeeded = BTreeSet::new();
    let mut statuses = BTreeMap::<u16, usize>::new();
    for mut case in cases(3) {
        let mut session = Session::start(&description).await;
        let Case { rng, .. } = &mut case;
        for _ in 0..CALLS {
            let operation = &operations[rng.usize(..operations.len())];
            // Nothing is left to call when the service is gone.
            if operation.id == "service_delete" && rng.u8(..20) > 0 {
                continue;
            }
            let status = session.call(rng, operation).await;
            *statuses.entry(status).or_default() += 1;
            if status < 300 {
                succeeded.insert(operation.id);
            }
        }
    }
    println!("{} of {} operations succeeded; {statuses:?}", succeeded.len(), operations.len());
    assert!(2 * succeeded.len() > operations.len(), "most calls do not come past the first checks: {succeeded:?}");
}
