//! The authorization code flow, as an authorization server and a resource server drive it with Authlete.
//!
//! With nothing set, the embedded emulator stands in for Authlete. With the environment set, it is the real service:
//! `AUTHLETE_REGION` or `AUTHLETE_BASE_URL`, `AUTHLETE_SERVICE_ID`, `AUTHLETE_SERVICE_ACCESSTOKEN`, and of a client that
//! is registered there `AUTHLETE_CLIENT_ID`, `AUTHLETE_CLIENT_SECRET`, `AUTHLETE_REDIRECT_URI`.

use std::error::Error;

use authlete_api::actions::{AuthorizationAction, AuthorizationInteraction, IntrospectionAction, TokenAction};
use authlete_api::types::{self, GrantType, OAuthClient, ResponseType, TokenRequest};
use authlete_api::{Authlete, AuthleteService, Environment, Reply};
use authlete_emulator::Emulator;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<()> {
    let server = Server::set_up().await?;

    let pending = server.authorization_request("The browser arrives at the authorization endpoint").await?;
    println!("\nThe user logs in and agrees: authorization().issue");
    let redirect = pending.issue("testuser01").send(&server.service).await?.into_reply();
    let code = code_of(&redirect).ok_or("the redirect has no code")?;
    respond(302, redirect)?;

    let access_token = match server.token_request("The client exchanges the code", &code).await? {
        TokenAction::Ok(granted) => {
            let access_token = granted.access_token().ok_or("there is no access token")?.to_owned();
            respond(200, granted.into_reply())?;
            access_token
        }
        other => return unexpected(&other),
    };
    server.introspect(&access_token).await?;

    let pending = server.authorization_request("The browser arrives again").await?;
    println!("\nThis time the user refuses: authorization().fail");
    respond(302, pending.fail("DENIED").send(&server.service).await?.into_reply())?;

    match server.token_request("Somebody uses the first code again", &code).await? {
        TokenAction::BadRequest(refusal) => respond(400, refusal),
        other => unexpected(&other),
    }
}

/// An authorization server, with one client registered.
struct Server {
    service: AuthleteService,
    client_id: String,
    client_secret: String,
    redirect_uri: String,
    _emulator: Option<Emulator>,
}

impl Server {
    async fn set_up() -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let of_client = ["AUTHLETE_CLIENT_ID", "AUTHLETE_CLIENT_SECRET", "AUTHLETE_REDIRECT_URI"];
        let environment = Environment::read()?;
        if environment.is_empty() && of_client.iter().all(|name| variable(name).is_none()) {
            return Self::with_emulator().await;
        }
        let required = |name: &str| variable(name).ok_or_else(|| format!("{name} is not set"));
        let server = Self {
            service: environment.service()?,
            client_id: required(of_client[0])?,
            client_secret: required(of_client[1])?,
            redirect_uri: required(of_client[2])?,
            _emulator: None,
        };
        println!("Authlete at {}, service {}", server.service.client().base_url(), server.service.id());
        Ok(server)
    }

    /// Starts an emulator, and registers a service and a client in it.
    async fn with_emulator() -> Result<Self> {
        let emulator = Emulator::start().await?;
        let authlete = Authlete::builder()
            .base_url(emulator.base_url())
            .organization_token(emulator.organization_token())
            .build()?;
        let settings = types::Service::default().issuer("https://as.example.com");
        let created = authlete.services().create(settings).await?;
        let service = authlete.service(created.api_key.ok_or("the new service has no id")?);
        let redirect_uri = "https://client.example.org/cb/example.com".to_owned();
        let client = OAuthClient::default()
            .client_name("A client")
            .grant_types([GrantType::AuthorizationCode])
            .response_types([ResponseType::Code])
            .redirect_uris([redirect_uri.clone()]);
        let client = service.clients().create(client).await?.into_inner();
        println!("an emulated Authlete at {}, service {}", emulator.base_url(), service.id());
        Ok(Self {
            service,
            client_id: client.client_id.ok_or("the new client has no id")?.to_string(),
            client_secret: client.client_secret.ok_or("the new client has no secret")?,
            redirect_uri,
            _emulator: Some(emulator),
        })
    }

    /// Forwards an authorization request, and expects to be told to show a login page.
    async fn authorization_request(&self, title: &str) -> Result<AuthorizationInteraction> {
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("state", "af0ifjsldkj"),
        ]);
        println!("\n{title}: authorization().process");
        match self.service.authorization().process(query).await? {
            AuthorizationAction::Interaction(pending) => {
                let name = pending.client().and_then(|client| client.client_name.as_deref());
                println!("  auth_authorization; INTERACTION; the ticket stays in the session");
                println!("    HTTP/1.1 200 OK\n    content-type: text/html\n");
                println!("    <h1>Log in to continue to {}</h1>", name.unwrap_or("the client"));
                Ok(pending)
            }
            other => unexpected(&other),
        }
    }

    /// The token endpoint.
    async fn token_request(&self, title: &str, code: &str) -> Result<TokenAction> {
        let parameters =
            form(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &self.redirect_uri)]);
        let request =
            TokenRequest::new(parameters).client_id(self.client_id.clone()).client_secret(self.client_secret.clone());
        println!("\n{title}: token().process");
        Ok(self.service.token().process(request).await?)
    }

    /// A resource server that was called with the access token.
    async fn introspect(&self, token: &str) -> Result<()> {
        println!("\nThe client calls an API: introspection().process");
        match self.service.introspection().process(token).await? {
            IntrospectionAction::Ok(access) => {
                println!("  auth_introspection; OK; the token is good");
                println!("    HTTP/1.1 200 OK\n    content-type: application/json\n");
                println!("    {{\"hello\":{:?}}}", access.subject().unwrap_or("the client itself"));
                Ok(())
            }
            other => unexpected(&other),
        }
    }
}

/// Prints the HTTP response that a server sends now, when it is the expected one.
fn respond(expected: u16, reply: Reply) -> Result<()> {
    let details = reply.details().to_string();
    let response: http::Response<String> = reply.into();
    println!("  {details}\n    HTTP/1.1 {}", response.status());
    for (name, value) in response.headers() {
        println!("    {name}: {}", shortened(value.to_str()?));
    }
    if !response.body().is_empty() {
        println!("\n    {}", shortened(response.body()));
    }
    match response.status().as_u16() {
        status if status == expected => Ok(()),
        status => Err(format!("this flow expects {expected}, not {status}").into()),
    }
}

fn form(parameters: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("form:", parameters);
    url.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}

fn code_of(redirect: &Reply) -> Option<String> {
    let location = reqwest::Url::parse(redirect.headers().get("location")?.to_str().ok()?).ok()?;
    location.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
}

fn unexpected<T>(outcome: &impl std::fmt::Debug) -> Result<T> {
    Err(format!("this flow does not expect {outcome:?}").into())
}

/// The text with codes and tokens cut short: even an example does not print secrets.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    let mut run = 0;
    for character in text.chars() {
        run = if character.is_ascii_alphanumeric() || "-_".contains(character) { run + 1 } else { 0 };
        match run {
            0..=24 => short.push(character),
            25 => short.push('…'),
            _ => {}
        }
    }
    short
}
