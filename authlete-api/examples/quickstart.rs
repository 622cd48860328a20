//! The authorization code flow, as an authorization server and a resource server drive it with Authlete.
//!
//! With nothing set, the embedded emulator stands in for Authlete. With the environment set, it is the real service:
//! `AUTHLETE_REGION` or `AUTHLETE_BASE_URL`, `AUTHLETE_SERVICE_ID`, `AUTHLETE_SERVICE_ACCESSTOKEN`, and of a client that
//! is registered there `AUTHLETE_CLIENT_ID`, `AUTHLETE_CLIENT_SECRET`, `AUTHLETE_REDIRECT_URI`.

use std::error::Error;

use authlete_api::types::{
    AuthorizationFailReason, AuthorizationFailRequest, AuthorizationFailResponseAction, AuthorizationIssueRequest,
    AuthorizationIssueResponseAction, AuthorizationRequest, AuthorizationResponseAction, GrantType,
    IntrospectionRequest, IntrospectionResponseAction, OAuthClient, ResponseType, Service, TokenRequest, TokenResponse,
    TokenResponseAction,
};
use authlete_api::{Client, Environment};
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
    let code = server.authorize("testuser01").await?;
    let token = server.token(&code).await?;
    server.introspect(&token).await?;
    server.deny().await?;
    server.reuse(&code).await
}

/// An authorization server, with one client registered.
struct Server {
    authlete: Client,
    service_id: String,
    client_id: String,
    client_secret: String,
    redirect_uri: String,
    _emulator: Option<Emulator>,
}

impl Server {
    async fn set_up() -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let client_variables = ["AUTHLETE_CLIENT_ID", "AUTHLETE_CLIENT_SECRET", "AUTHLETE_REDIRECT_URI"];
        let environment = Environment::read()?;
        if environment.is_empty() && client_variables.iter().all(|name| variable(name).is_none()) {
            return Self::with_emulator().await;
        }
        let required = |name: &str| variable(name).ok_or_else(|| format!("{name} is not set"));
        let [client_id, client_secret, redirect_uri] = client_variables;
        let server = Self {
            authlete: environment.client()?,
            service_id: environment.service_id()?.to_owned(),
            client_id: required(client_id)?,
            client_secret: required(client_secret)?,
            redirect_uri: required(redirect_uri)?,
            _emulator: None,
        };
        println!("Authlete at {}, service {}", server.authlete.base_url(), server.service_id);
        Ok(server)
    }

    /// Starts an emulator, and registers a service and a client in it.
    async fn with_emulator() -> Result<Self> {
        let emulator = Emulator::start().await?;
        let authlete = Client::builder().base_url(emulator.base_url()).token(emulator.organization_token()).build()?;
        let service = Service {
            service_name: Some("Quickstart".to_owned()),
            issuer: Some("https://as.example.com".to_owned()),
            ..Service::default()
        };
        let service = authlete.service_create(&service).await?;
        let service_id = service.api_key.ok_or("the new service has no id")?.to_string();
        let redirect_uri = "https://client.example.org/cb/example.com".to_owned();
        let client = OAuthClient {
            client_name: Some("A client".to_owned()),
            grant_types: Some(vec![GrantType::AuthorizationCode]),
            response_types: Some(vec![ResponseType::Code]),
            redirect_uris: Some(vec![redirect_uri.clone()]),
            ..OAuthClient::default()
        };
        let client = authlete.client_create(&service_id, &client).await?.into_inner();
        println!("an emulated Authlete at {}, service {service_id}", authlete.base_url());
        Ok(Self {
            authlete,
            service_id,
            client_id: client.client_id.ok_or("the new client has no id")?.to_string(),
            client_secret: client.client_secret.ok_or("the new client has no secret")?,
            redirect_uri,
            _emulator: Some(emulator),
        })
    }

    /// The authorization endpoint, the user being logged in and willing: yields the code.
    async fn authorize(&self, subject: &str) -> Result<String> {
        let ticket = self.authorization_request("The browser arrives at the authorization endpoint").await?;
        let request = AuthorizationIssueRequest::new(subject, ticket);
        let issued = self.authlete.auth_authorization_issue(&self.service_id, &request).await?;
        report("The user logs in and agrees", "auth_authorization_issue", &issued.action, &issued.result_message);
        let location = issued.response_content.clone().unwrap_or_default();
        match issued.action {
            Some(AuthorizationIssueResponseAction::Location) => respond(302, &[("Location", &location)], ""),
            _ => return unexpected("auth_authorization_issue", &issued.action),
        }
        Ok(issued.authorization_code.clone().ok_or("Authlete issued no code")?)
    }

    /// Forwards an authorization request, and expects to be told to show a login page.
    async fn authorization_request(&self, title: &str) -> Result<String> {
        let parameters = form(&[
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("state", "af0ifjsldkj"),
        ]);
        let request = AuthorizationRequest::new(parameters);
        let response = self.authlete.auth_authorization(&self.service_id, &request).await?;
        report(title, "auth_authorization", &response.action, &response.result_message);
        match response.action {
            Some(AuthorizationResponseAction::Interaction) => {
                let client = response.client.as_ref().and_then(|client| client.client_name.as_deref());
                let page = format!("<h1>Log in to continue to {}</h1>", client.unwrap_or("the client"));
                respond(200, &[("Content-Type", "text/html")], &page);
            }
            _ => return unexpected("auth_authorization", &response.action),
        }
        Ok(response.ticket.clone().ok_or("Authlete gave no ticket")?)
    }

    /// The token endpoint: yields the access token.
    async fn token(&self, code: &str) -> Result<String> {
        let response = self.token_request("The client exchanges the code", code).await?;
        match response.action {
            Some(TokenResponseAction::Ok) => {
                respond(200, JSON, response.response_content.as_deref().unwrap_or_default());
            }
            _ => return unexpected("auth_token", &response.action),
        }
        Ok(response.access_token.ok_or("Authlete issued no access token")?)
    }

    async fn token_request(&self, title: &str, code: &str) -> Result<TokenResponse> {
        let parameters =
            form(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &self.redirect_uri)]);
        let request = TokenRequest {
            client_id: Some(self.client_id.clone()),
            client_secret: Some(self.client_secret.clone()),
            ..TokenRequest::new(parameters)
        };
        let response = self.authlete.auth_token(&self.service_id, &request).await?.into_inner();
        report(title, "auth_token", &response.action, &response.result_message);
        Ok(response)
    }

    /// A resource server that was called with the access token.
    async fn introspect(&self, token: &str) -> Result<()> {
        let request = IntrospectionRequest::new(token);
        let response = self.authlete.auth_introspection(&self.service_id, &request).await?;
        report("The client calls an API", "auth_introspection", &response.action, &response.result_message);
        match response.action {
            Some(IntrospectionResponseAction::Ok) => {
                let body = format!("{{\"hello\":{:?}}}", response.subject.as_deref().unwrap_or_default());
                respond(200, JSON, &body);
                Ok(())
            }
            _ => unexpected("auth_introspection", &response.action),
        }
    }

    /// A user who does not agree.
    async fn deny(&self) -> Result<()> {
        let ticket = self.authorization_request("The browser arrives again").await?;
        let request = AuthorizationFailRequest::new(AuthorizationFailReason::Denied, ticket);
        let failed = self.authlete.auth_authorization_fail(&self.service_id, &request).await?;
        report("This time the user refuses", "auth_authorization_fail", &failed.action, &failed.result_message);
        let location = failed.response_content.clone().unwrap_or_default();
        match failed.action {
            Some(AuthorizationFailResponseAction::Location) if location.contains("error=access_denied") => {
                respond(302, &[("Location", &location)], "");
                Ok(())
            }
            _ => unexpected("auth_authorization_fail", &failed.action),
        }
    }

    /// A code that is used a second time.
    async fn reuse(&self, code: &str) -> Result<()> {
        let response = self.token_request("Somebody uses the first code again", code).await?;
        match response.action {
            Some(TokenResponseAction::BadRequest) => {
                respond(400, JSON, response.response_content.as_deref().unwrap_or_default());
                Ok(())
            }
            _ => unexpected("auth_token", &response.action),
        }
    }
}

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];

fn report(title: &str, operation: &str, action: &Option<impl AsRef<str>>, message: &Option<String>) {
    let action = action.as_ref().map_or("none", AsRef::as_ref);
    println!("\n{title}\n  {operation} → {action}\n  {}", message.as_deref().unwrap_or_default());
}

/// Prints the HTTP response that a server sends now.
fn respond(status: u16, headers: &[(&str, &str)], body: &str) {
    println!("  the server answers\n    HTTP/1.1 {status}");
    for (name, value) in headers {
        println!("    {name}: {}", shortened(value));
    }
    if status != 302 {
        println!("    Cache-Control: no-store\n\n    {}", shortened(body));
    }
}

fn unexpected<T>(operation: &str, action: &Option<impl AsRef<str>>) -> Result<T> {
    let action = action.as_ref().map_or("none", AsRef::as_ref);
    Err(format!("{operation} answered with the action {action}, which this flow does not expect").into())
}

fn form(parameters: &[(&str, &str)]) -> String {
    reqwest::Url::parse_with_params("form:", parameters)
        .ok()
        .and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
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
