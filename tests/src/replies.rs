//! The request examples of an upstream document, sent to the emulator: whether each gets the kind of response that the document
//! shows for it.
//!
//! Examples name clients, tickets and tokens that are upstream's own. `World` makes those that they stand for, and puts them
//! in; everything else is sent as it is.

use std::fmt;

use authlete_codegen::Document;
use authlete_emulator::Emulator;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// An example that gets another kind of response than the document shows, and why that is right.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The path of the operation.
    pub path: String,
    /// The kind of response that it gets.
    pub gets: String,
    /// Why.
    pub why: String,
}

/// Reads the list of exceptions.
///
/// # Errors
/// When it is not one, or an entry has no reason.
pub fn parse(yaml: &str) -> Result<Vec<Exception>, String> {
    let exceptions: Vec<Exception> = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
    match exceptions.iter().find(|exception| exception.why.trim().is_empty()) {
        Some(exception) => Err(format!("the entry {} has no reason", exception.path)),
        None => Ok(exceptions),
    }
}

/// What became of the examples.
#[derive(Debug, Default)]
pub struct Report {
    sent: usize,
    explained: usize,
    /// What is neither as shown nor explained.
    pub problems: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, explained, problems } = self;
        writeln!(
            f,
            "\n{sent} requests sent to the emulator, {explained} with another response for a reason, {} without",
            problems.len()
        )?;
        problems.iter().try_for_each(|problem| writeln!(f, "- {problem}"))
    }
}

/// Sends every example of a request in JSON.
///
/// # Errors
/// When the emulator cannot be used.
pub async fn check(document: &Document, exceptions: &[Exception]) -> Result<Report, String> {
    let mut report = Report::default();
    let mut used = vec![false; exceptions.len()];
    for (path, method, operation) in document.operations() {
        let operation = Value::Object(operation.clone());
        for example in examples(&operation["requestBody"]) {
            // One for each: examples change what they are about.
            let world = World::start().await?;
            let (status, got) = world.send(method, path, example.clone()).await?;
            let shown = shown(&operation["responses"]);
            report.sent += 1;
            // Where no response is shown, any that has the status will do.
            if shown.contains(&got) || shown.contains(&status) {
                continue;
            }
            match exceptions.iter().position(|exception| exception.path == path && exception.gets == got) {
                Some(index) => {
                    used[index] = true;
                    report.explained += 1;
                }
                None => report.problems.push(format!("{method} {path}: {got}, not {}", shown.join(" or "))),
            }
        }
    }
    for (exception, _) in exceptions.iter().zip(used).filter(|(_, used)| !used) {
        report.problems.push(format!("{}: {} is explained, and does not happen", exception.path, exception.gets));
    }
    Ok(report)
}

/// The examples of a body in JSON.
fn examples(body: &Value) -> Vec<&Value> {
    let content = &body["content"]["application/json"];
    let named = content["examples"].as_object().into_iter().flatten().filter_map(|(_, example)| example.get("value"));
    content.get("example").into_iter().chain(named).collect()
}

/// The kinds of responses that are shown: the action where there is one, else the status.
fn shown(responses: &Value) -> Vec<String> {
    let successes = responses.as_object().into_iter().flatten().filter(|(status, _)| status.starts_with('2'));
    let of_response = |(status, response): (&String, &Value)| match examples(response).as_slice() {
        [] => vec![status.clone()],
        examples => examples.iter().map(|example| kind(status, example)).collect(),
    };
    successes.flat_map(of_response).collect()
}

fn kind(status: &str, body: &Value) -> String {
    body["action"].as_str().unwrap_or(status).to_owned()
}

/// An emulator with a service and a client that fit the examples.
struct World {
    emulator: Emulator,
    http: reqwest::Client,
    service: Value,
    client: Value,
}

/// The redirect URIs in the examples.
const REDIRECT_URIS: [&str; 2] = ["https://my-client.example.com/cb1", "https://server.example.com/cb"];

/// The challenge of RFC 7636, appendix B, whose verifier the example of the token request has.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

impl World {
    async fn start() -> Result<Self, String> {
        let emulator = Emulator::start().await.map_err(|error| error.to_string())?;
        let mut world = Self { emulator, http: reqwest::Client::new(), service: Value::Null, client: Value::Null };
        let scopes = ["openid", "device_sso", "history.read", "timeline.read", "grant_management_revoke"];
        let grants =
            json!(["AUTHORIZATION_CODE", "REFRESH_TOKEN", "CLIENT_CREDENTIALS", "PASSWORD", "CIBA", "DEVICE_CODE",]);
        let service = json!({
            "serviceName": "Examples", "issuer": "https://my-service.example.com",
            "supportedScopes": scopes.map(|name| json!({"name": name})), "supportedGrantTypes": grants,
            "supportedResponseTypes": ["CODE", "CODE_ID_TOKEN"], "dynamicRegistrationSupported": true,
            "registrationManagementEndpoint": "https://my-service.example.com/dcr/register",
            "deviceVerificationUri": "https://my-service.example.com/device", "nativeSsoSupported": true,
            "supportedBackchannelTokenDeliveryModes": ["POLL"], "backchannelUserCodeParameterSupported": true,
            "grantManagementEndpoint": "https://my-service.example.com/gm", "backchannelLogoutSupported": true,
            "backchannelLogoutSessionSupported": true,
        });
        world.service = world.call("POST", "/api/service/create", &service).await?.1;
        let client = json!({
            "clientName": "Examples", "clientType": "CONFIDENTIAL", "grantTypes": grants,
            "responseTypes": ["CODE", "CODE_ID_TOKEN"], "redirectUris": REDIRECT_URIS, "idTokenSignAlg": "ES256",
            "bcDeliveryMode": "POLL", "bcUserCodeRequired": true,
            "backchannelLogoutUri": "https://my-client.example.com/logout",
        });
        world.client = world.act("/client/create", client).await?;
        Ok(world)
    }

    /// The status and the body of the response.
    async fn call(&self, method: &str, path: &str, body: &Value) -> Result<(u16, Value), String> {
        let failed = |error: reqwest::Error| format!("{method} {path}: {error}");
        let method: reqwest::Method = method.to_uppercase().parse().map_err(|_| format!("{method} is no method"))?;
        let request = self.http.request(method, format!("{}{path}", self.emulator.base_url()));
        let request = request.bearer_auth(self.emulator.organization_token()).json(body);
        let response = request.send().await.map_err(|error| format!("{path}: {error}"))?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(failed)?;
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    }

    /// The response of one of the service's operations.
    async fn act(&self, path: &str, body: Value) -> Result<Value, String> {
        Ok(self.call("POST", &format!("/api/{}{path}", self.service["apiKey"]), &body).await?.1)
    }

    fn client_id(&self) -> String {
        self.client["clientId"].to_string()
    }

    /// The status and the kind of the response that an example gets.
    async fn send(&self, method: &str, path: &str, example: Value) -> Result<(String, String), String> {
        let (id, service) = (self.client_id(), self.service["apiKey"].to_string());
        let target =
            path.replace("{serviceId}", &service).replace("{clientId}", &id).replace("{clientIdentifier}", &id);
        let body = self.prepared(path, example).await?;
        let (status, body) = self.call(method, &target, &body).await?;
        let status = status.to_string();
        let kind = kind(&status, &body);
        Ok((status, kind))
    }

    /// The example with the world's own client, tickets and tokens.
    async fn prepared(&self, path: &str, mut example: Value) -> Result<Value, String> {
        let Some(members) = example.as_object_mut() else { return Ok(example) };
        for (name, value) in members.iter_mut() {
            match (name.as_str(), &value) {
                ("clientId", Value::Number(_)) => *value = self.client["clientId"].clone(),
                ("clientId" | "clientIdentifier", _) => *value = self.client_id().into(),
                ("clientSecret", _) if path.ends_with("/secret/update/{clientIdentifier}") => {}
                ("clientSecret", _) => *value = self.client["clientSecret"].clone(),
                ("serviceId", _) => *value = self.service["apiKey"].clone(),
                _ => {}
            }
        }
        self.with_parameters(members, "client_id", &self.client_id());
        match path.trim_start_matches("/api/{serviceId}") {
            "/auth/authorization/issue" => set(members, "ticket", &self.authorize("").await?["ticket"]),
            "/auth/token" => {
                let code = self.code(&format!("&code_challenge={CHALLENGE}&code_challenge_method=S256")).await?;
                self.with_parameters(members, "code", code.as_str().unwrap_or_default());
            }
            "/auth/token/issue" | "/auth/token/fail" => {
                let asked = self.token("grant_type=password&username=john&password=secret").await?;
                set(members, "ticket", &asked["ticket"]);
            }
            "/auth/introspection" | "/auth/userinfo" | "/auth/userinfo/issue" => {
                set(members, "token", &self.tokens("").await?["accessToken"]);
            }
            "/auth/introspection/standard" => {
                let token = self.tokens("").await?["accessToken"].clone();
                self.with_parameters(members, "token", token.as_str().unwrap_or_default());
            }
            "/auth/token/update" => set(members, "accessToken", &self.tokens("").await?["accessToken"]),
            "/auth/token/revoke" => set(members, "accessTokenIdentifier", &self.tokens("").await?["accessToken"]),
            "/client/authorization/update/{clientId}" => drop(self.tokens("").await?),
            "/gm" => {
                let granted = self.tokens("&grant_management_action=create").await?;
                let manager = self.token("grant_type=client_credentials&scope=grant_management_revoke").await?;
                set(members, "grantId", &granted["grantId"]);
                set(members, "accessToken", &manager["accessToken"]);
            }
            "/client/registration/get" | "/client/registration/update" | "/client/registration/delete" => {
                let registered = self.act("/client/registration", json!({"json": "{}"})).await?;
                let content: Value = read(&registered["responseContent"]);
                set(members, "clientId", &registered["client"]["clientId"].to_string().into());
                set(members, "token", &content["registration_access_token"]);
                if let Some(Value::Object(mut metadata)) = members.get("json").map(read) {
                    for name in ["client_id", "client_secret", "registration_client_uri", "registration_access_token"] {
                        if metadata.contains_key(name) {
                            set(&mut metadata, name, &content[name]);
                        }
                    }
                    set(members, "json", &Value::Object(metadata).to_string().into());
                }
            }
            "/backchannel/authentication/issue" | "/backchannel/authentication/complete" => {
                let mut request = json!({"parameters": "login_hint=john&scope=openid&user_code=1"});
                self.authenticate(&mut request);
                let ticket = self.act("/backchannel/authentication", request).await?["ticket"].clone();
                if path.ends_with("/complete") {
                    self.act("/backchannel/authentication/issue", json!({"ticket": ticket})).await?;
                }
                set(members, "ticket", &ticket);
            }
            "/device/verification" | "/device/complete" => {
                let mut request = json!({"parameters": "scope=history.read"});
                self.authenticate(&mut request);
                let code = self.act("/device/authorization", request).await?["userCode"].clone();
                if path.ends_with("/complete") {
                    self.act("/device/verification", json!({"userCode": code})).await?;
                }
                set(members, "userCode", &code);
            }
            "/nativesso" | "/nativesso/logout" => {
                let asked = self.authorize("&scope=openid+device_sso&nonce=n").await?;
                let issue = json!({"ticket": asked["ticket"], "subject": "john", "sessionId": "my-sid"});
                let code = self.act("/auth/authorization/issue", issue).await?["authorizationCode"].clone();
                let tokens = self.exchange(&code).await?;
                if path.ends_with("/nativesso") {
                    set(members, "accessToken", &tokens["accessToken"]);
                    set(members, "refreshToken", &tokens["refreshToken"]);
                }
            }
            _ => {}
        }
        Ok(example)
    }

    /// Puts a value in for one that the parameters of an example have already.
    fn with_parameters(&self, members: &mut Map<String, Value>, name: &str, value: &str) {
        if let Some(Value::String(parameters)) = members.get_mut("parameters") {
            let changed = parameters.split('&').map(|pair| match pair.split_once('=') {
                Some((known, _)) if known == name => format!("{name}={value}"),
                _ => pair.to_owned(),
            });
            *parameters = changed.collect::<Vec<_>>().join("&");
        }
    }

    fn authenticate(&self, request: &mut Value) {
        request["clientId"] = self.client_id().into();
        request["clientSecret"] = self.client["clientSecret"].clone();
    }

    async fn authorize(&self, more: &str) -> Result<Value, String> {
        let scope = if more.contains("&scope=") { "" } else { "&scope=openid+history.read+timeline.read" };
        let [redirect_uri, _] = REDIRECT_URIS;
        let id = self.client_id();
        let parameters = format!("response_type=code&client_id={id}&redirect_uri={redirect_uri}{scope}{more}");
        self.act("/auth/authorization", json!({"parameters": parameters})).await
    }

    async fn code(&self, more: &str) -> Result<Value, String> {
        let ticket = self.authorize(more).await?["ticket"].clone();
        let issued = self.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await?;
        Ok(issued["authorizationCode"].clone())
    }

    async fn tokens(&self, more: &str) -> Result<Value, String> {
        let code = self.code(more).await?;
        self.exchange(&code).await
    }

    async fn exchange(&self, code: &Value) -> Result<Value, String> {
        let [redirect_uri, _] = REDIRECT_URIS;
        let code = code.as_str().unwrap_or_default();
        self.token(&format!("grant_type=authorization_code&code={code}&redirect_uri={redirect_uri}")).await
    }

    async fn token(&self, parameters: &str) -> Result<Value, String> {
        let mut request = json!({"parameters": parameters});
        self.authenticate(&mut request);
        self.act("/auth/token", request).await
    }
}

fn set(members: &mut Map<String, Value>, name: &str, value: &Value) {
    members.insert(name.to_owned(), value.clone());
}

/// JSON in a string.
fn read(text: &Value) -> Value {
    text.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
