//! Sends every request example of an upstream document to the emulator, and holds the response against the one that the
//! document shows: the status class, `action`, and the result code of a success.
//!
//! ```console
//! $ cargo run -p authlete-emulator --example upstream -- openapi.yaml
//! ```
//!
//! Identifiers in the examples (tickets, tokens, codes) were somebody's, so each is replaced by one that a call just
//! before made. What differs for a reason is listed in `REASONS`; anything else that differs is printed and counted.

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

use authlete_emulator::{Config, Emulator};
use serde_json::{Map, Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The service of the examples.
const SERVICE: u64 = 21_653_835_348_762;

/// Clients of the examples: id, secret and what they are for.
const CODE_CLIENT: (u64, &str) =
    (26_478_243_745_571, "gXz97ISgLs4HuXwOZWch8GEmgL4YMvUJwu3er_kDVVGcA0UOhA9avLPbEmoeZdagi9yC_-tEiT2BdRyH9dbrQQ");
const CIBA_CLIENT: (u64, &str) =
    (26_862_190_133_482, "8J9pAEX6IQw7lYtYGsc_s9N4jlEz_DfkoCHIswJjFjfgKZX-nC4EvKtaHXcP9mHBfS7IU4jytjSZZpaK9UJ77A");
const DEVICE_CLIENT: (u64, &str) =
    (26_888_344_961_664, "SfnYOLkJdofrb_66mTd6q03_SDoDEUnpXtvqFaE4k6L6UcpZzbdVJi2GpBj48AvGeDDllwsTruC62WYqQ_LGog");
const PAR_CLIENT: (u64, &str) =
    (5_921_531_358_155_430, "P_FouxWlI7zcOep_9vBwR9qMAVJQiCiUiK1HrAP4GziOyezHQpqY0f5dHXK4JT4tnvI51OkbWVoEM9GnOyJViA");
const SIGNING_CLIENT: (u64, &str) = (57_297_408_867, "secret");
const OTHER_CLIENT: (u64, &str) = (1_140_735_077, "secret");

/// Differences that some documents have and others have not, by the end of the path, with the reason.
const OF_SOME: &[(&str, &str, &str)] =
    &[("/auth/token/revoke", "action is null", "older documents show an action, which the newest has taken out")];

/// Examples whose response differs, by the end of the path, with the reason.
const REASONS: &[(&str, &str)] = &[
    ("/auth/authorization/fail", "the example's response is that of a call without a valid ticket"),
    ("/auth/revocation", "the example's parameters lack `token=`, so it names no token"),
    ("/jose/verify", "the example's signature is not one of the key that its client has"),
];

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("upstream: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<usize> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        return Err("usage: upstream DOCUMENT..., each an OpenAPI document in YAML or JSON".into());
    }
    let mut different = 0;
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let document: Value = match path.ends_with(".json") {
            true => serde_json::from_str(&text)?,
            false => serde_saphyr::from_str(&text)?,
        };
        let (mut sent, mut reasons, mut wrong) = (0, 0, 0);
        for example in examples(&document) {
            sent += 1;
            let reason = REASONS.iter().find(|(end, _)| example.path.ends_with(end)).map(|(_, reason)| *reason);
            let difference = example.check().await?;
            let of_some = difference.as_ref().is_some_and(|difference| {
                OF_SOME.iter().any(|(end, start, _)| example.path.ends_with(end) && difference.starts_with(start))
            });
            match (difference, reason) {
                (Some(_), None) if of_some => reasons += 1,
                (None, None) => {}
                (None, Some(_)) => {
                    wrong += 1;
                    println!("{}: as upstream shows it, though there is a reason listed why it is not", example.path);
                }
                (Some(_), Some(_)) => reasons += 1,
                (Some(difference), None) => {
                    wrong += 1;
                    println!("{} {}: {difference}", example.method, example.path);
                }
            }
        }
        println!(
            "{path}: {sent} request examples, {reasons} different for a listed reason, {wrong} otherwise different"
        );
        if sent == 0 {
            return Err(format!("{path} has no request examples").into());
        }
        different += wrong;
    }
    Ok(different)
}

struct Example {
    method: String,
    path: String,
    form: bool,
    body: Value,
    /// The response of a success, if the document shows it.
    expected: Option<Value>,
}

fn examples(document: &Value) -> Vec<Example> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let contents = operation["requestBody"]["content"].as_object();
            for (media_type, content) in contents.into_iter().flatten() {
                let Some(body) = content.get("example").filter(|body| body.is_object()) else { continue };
                let mut responses = operation["responses"].as_object().into_iter().flatten();
                let success = responses.rfind(|(status, _)| status.starts_with('2')).map(|(_, one)| one);
                found.push(Example {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    form: media_type.contains("form"),
                    body: body.clone(),
                    expected: success.map(|one| one["content"]["application/json"]["example"].clone()),
                });
            }
        }
    }
    found
}

/// A service and clients as the examples suppose them.
fn config() -> Result<Config> {
    let scopes = ["openid", "device_sso", "timeline.read", "history.read", "grant_management_revoke"];
    let scopes: Vec<Value> = scopes.iter().map(|name| json!({"name": name})).collect();
    let methods = json!(["CLIENT_SECRET_BASIC"]);
    let grants = json!(["AUTHORIZATION_CODE", "IMPLICIT", "REFRESH_TOKEN", "PASSWORD", "CIBA", "DEVICE_CODE"]);
    let types = json!(["CODE", "TOKEN", "CODE_ID_TOKEN"]);
    let client = |(id, secret): (u64, &str), redirect: &str| {
        json!({"clientId": id, "clientSecret": secret, "settings": {
            "redirectUris": [redirect], "grantTypes": grants, "responseTypes": types, "bcDeliveryMode": "POLL",
            "idTokenSignAlg": "ES256",
        }})
    };
    let cb = "https://my-client.example.com/cb1";
    let config = json!({"services": [{
        "serviceId": SERVICE,
        "accessToken": "service",
        "settings": {
            "issuer": "https://my-service.example.com", "supportedScopes": scopes, "supportedGrantTypes": grants,
            "supportedResponseTypes": types, "supportedTokenAuthMethods": methods,
            "supportedBackchannelTokenDeliveryModes": ["POLL"], "dynamicRegistrationSupported": true,
            "registrationEndpoint": "https://my-service.example.com/dcr/register", "nativeSsoSupported": true,
            "deviceVerificationUri": "https://my-service.example.com/device", "clientIdAliasEnabled": true,
            "grantManagementActionRequired": false,
        },
        "clients": [
            client(CODE_CLIENT, cb), client(CIBA_CLIENT, cb), client(DEVICE_CLIENT, cb), client(SIGNING_CLIENT, cb),
            client(PAR_CLIENT, "https://server.example.com/cb"), client(OTHER_CLIENT, cb),
        ],
    }]});
    Ok(Config::parse(&config.to_string())?)
}

impl Example {
    /// What is different from upstream's response, if anything.
    async fn check(&self) -> Result<Option<String>> {
        let emulator = Emulator::builder().config(config()?).start().await?;
        let api = Api { http: reqwest::Client::new(), emulator: &emulator };
        let mut body = self.body.clone();
        let mut path = self.path.replace("{serviceId}", &SERVICE.to_string());
        for parameter in ["{clientId}", "{clientIdentifier}"] {
            path = path.replace(parameter, &CODE_CLIENT.0.to_string());
        }
        if let Some(members) = body.as_object_mut() {
            self.prepare(&api, members).await?;
        }
        let (status, response) = api.send(&self.method, &path, &body, self.form).await?;
        if status / 100 != 2 {
            return Ok(Some(format!("status {status}: {}", response["resultMessage"].as_str().unwrap_or_default())));
        }
        let Some(expected) = &self.expected else { return Ok(None) };
        for name in ["action", "resultCode"] {
            if expected[name].is_string() && expected[name] != response[name] {
                let message = response["resultMessage"].as_str().unwrap_or_default();
                return Ok(Some(format!("{name} is {}, not {}: {message}", response[name], expected[name])));
            }
        }
        Ok(None)
    }

    /// Puts identifiers that are good now in the place of the example's.
    async fn prepare(&self, api: &Api<'_>, members: &mut Map<String, Value>) -> Result<()> {
        let end = self.path.trim_start_matches("/api").trim_start_matches("/{serviceId}");
        let mut set = |name: &str, value: Value| {
            members.insert(name.to_owned(), value);
        };
        match end {
            "/auth/authorization/issue" | "/auth/authorization/fail" => {
                set("ticket", api.open("timeline.read", "").await?);
            }
            "/auth/token" => {
                let code = api.code("timeline.read history.read", "").await?;
                let parameters = self.body["parameters"].as_str().unwrap_or_default();
                let parameters = parameters.replace("Xv_su944auuBgc5mfUnxXayiiQU9Z4-T_Yae_UfExmo", &code);
                set("parameters", json!(parameters));
            }
            "/auth/token/issue" | "/auth/token/fail" => {
                let request = "grant_type=password&username=john&password=p&scope=timeline.read";
                set("ticket", api.act("/auth/token", authenticated(request, CODE_CLIENT)).await?["ticket"].clone());
            }
            "/auth/introspection" => {
                set("token", api.token("timeline.read history.read").await?["accessToken"].clone());
            }
            "/auth/userinfo" | "/auth/userinfo/issue" => {
                set("token", api.token("openid").await?["accessToken"].clone());
            }
            "/auth/token/update" => set("accessToken", api.token("timeline.read").await?["accessToken"].clone()),
            "/auth/token/revoke" => {
                set("accessTokenIdentifier", api.token("timeline.read").await?["accessToken"].clone());
            }
            "/gm" => {
                let code = api.code("openid grant_management_revoke", "&grant_management_action=create").await?;
                let token = api.exchange(&code).await?;
                set("accessToken", token["accessToken"].clone());
                set("grantId", token["grantId"].clone());
                set("subject", json!("john"));
            }
            "/client/registration/get" | "/client/registration/update" | "/client/registration/delete" => {
                let body = json!({"json": "{\"client_name\":\"My Dynamic Client\"}"});
                let registered = api.act("/client/registration", body).await?;
                let content: Value = serde_json::from_str(registered["responseContent"].as_str().unwrap_or_default())?;
                set("clientId", content["client_id"].clone());
                set("token", content["registration_access_token"].clone());
                if let Some(text) = self.body["json"].as_str() {
                    let mut metadata: Value = serde_json::from_str(text)?;
                    for name in ["client_id", "client_secret", "registration_client_uri"] {
                        metadata[name] = content[name].clone();
                    }
                    set("json", json!(metadata.to_string()));
                }
            }
            "/backchannel/authentication/issue" | "/backchannel/authentication/complete" => {
                let body = authenticated("login_hint=john&scope=openid", CIBA_CLIENT);
                let ticket = api.act("/backchannel/authentication", body).await?["ticket"].clone();
                if end.ends_with("complete") {
                    api.act("/backchannel/authentication/issue", json!({"ticket": ticket})).await?;
                }
                set("ticket", ticket);
            }
            "/device/verification" | "/device/complete" => {
                let request = authenticated("scope=history.read", DEVICE_CLIENT);
                set("userCode", api.act("/device/authorization", request).await?["userCode"].clone());
            }
            "/nativesso" => {
                let code = api.code("openid device_sso", "").await?;
                let token = api.exchange(&code).await?;
                set("accessToken", token["accessToken"].clone());
                set("refreshToken", token["refreshToken"].clone());
            }
            _ => {}
        }
        Ok(())
    }
}

/// The members of a call with a client's request and its credentials.
fn authenticated(parameters: &str, client: (u64, &str)) -> Value {
    json!({"parameters": parameters, "clientId": client.0.to_string(), "clientSecret": client.1})
}

struct Api<'a> {
    http: reqwest::Client,
    emulator: &'a Emulator,
}

impl Api<'_> {
    async fn send(&self, method: &str, path: &str, body: &Value, form: bool) -> Result<(u16, Value)> {
        let url = format!("{}{path}", self.emulator.base_url());
        let request = self.http.request(method.parse()?, url).bearer_auth(self.emulator.organization_token());
        let request = match form {
            false => request.json(body),
            true => {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let members: BTreeMap<&str, String> =
                    body.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), text(value))).collect();
                request.form(&members)
            }
        };
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.json().await.unwrap_or_default()))
    }

    async fn act(&self, path: &str, body: Value) -> Result<Value> {
        let (status, response) = self.send("POST", &format!("/api/{SERVICE}{path}"), &body, false).await?;
        match status {
            200 => Ok(response),
            _ => Err(format!("{path}: {status}: {response}").into()),
        }
    }

    async fn open(&self, scope: &str, more: &str) -> Result<Value> {
        // The challenge of the example, whose verifier is the one of the token request's.
        let parameters = format!(
            "response_type=code&client_id={}&redirect_uri=https%3A%2F%2Fmy-client.example.com%2Fcb1&scope={}\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256{more}",
            CODE_CLIENT.0,
            scope.replace(' ', "+")
        );
        Ok(self.act("/auth/authorization", json!({"parameters": parameters})).await?["ticket"].clone())
    }

    async fn code(&self, scope: &str, more: &str) -> Result<String> {
        let body = json!({"ticket": self.open(scope, more).await?, "subject": "john", "sessionId": "my-sid"});
        let issued = self.act("/auth/authorization/issue", body).await?;
        Ok(issued["authorizationCode"].as_str().ok_or_else(|| format!("no code: {issued}"))?.to_owned())
    }

    async fn exchange(&self, code: &str) -> Result<Value> {
        let parameters = format!(
            "grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Fmy-client.example.com%2Fcb1\
             &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        self.act("/auth/token", authenticated(&parameters, CODE_CLIENT)).await
    }

    async fn token(&self, scope: &str) -> Result<Value> {
        let code = self.code(scope, "").await?;
        self.exchange(&code).await
    }
}
