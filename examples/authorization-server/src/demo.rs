//! An emulated Authlete with a service and a few clients, to try the server with. The settings of the service are those
//! that a real one needs too.

use std::error::Error;
use std::fmt;

use authlete_api::types::{
    self, ApplicationType, ClientAuthMethod, ClientType, DeliveryMode, GrantType, OAuthClient, ResponseType, Scope,
};
use authlete_api::{Authlete, AuthleteService};
use authlete_emulator::Emulator;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::session::random;
use crate::{App, origin};

/// How to set the service up.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Access tokens are JWTs (RFC 9068), which resource servers can check by themselves.
    pub jwt_access_tokens: bool,
    /// Scopes of resource servers, beside those of OpenID Connect: the name of each, and what it lets a client do.
    pub scopes: Vec<(String, String)>,
}

/// Where an emulator is, and the token that manages its services.
#[derive(Clone)]
pub struct Emulated {
    /// Its base URL.
    pub base_url: String,
    /// Its organization token.
    pub organization_token: String,
}

impl From<&Emulator> for Emulated {
    fn from(emulator: &Emulator) -> Self {
        Self { base_url: emulator.base_url(), organization_token: emulator.organization_token().to_owned() }
    }
}

/// What was set up.
pub struct Demo {
    /// The emulator that it is in.
    pub emulator: Emulated,
    /// The same, where it was started for this: it ends when it is dropped.
    #[expect(dead_code, reason = "it is held until this is dropped")]
    own: Option<Emulator>,
    /// The service of the server.
    pub service: AuthleteService,
    /// A confidential client with a redirect URI.
    pub web: OAuthClient,
    /// A public client without one, for the device flow.
    pub device: OAuthClient,
    /// A confidential client without a browser: client credentials, and CIBA.
    pub backend: OAuthClient,
    url: String,
}

impl Demo {
    /// Starts an emulator, and makes a service in it for a server of this issuer, and clients.
    ///
    /// # Errors
    /// When the emulator does not start, or refuses something.
    pub async fn set_up(issuer: &str, options: &Options) -> Result<Self, Box<dyn Error>> {
        Self::set_up_with(issuer, settings(issuer, options)).await
    }

    /// The same with other settings of the service.
    ///
    /// # Errors
    /// When the emulator does not start, or refuses something.
    pub async fn set_up_with(issuer: &str, settings: types::Service) -> Result<Self, Box<dyn Error>> {
        let emulator = Emulator::start().await?;
        let demo = Self::set_up_in(&emulator, issuer, settings).await?;
        Ok(Self { own: Some(emulator), ..demo })
    }

    /// Makes the service and the clients in an emulator that runs already.
    ///
    /// # Errors
    /// When the emulator cannot be reached, or refuses something.
    pub async fn set_up_in(
        emulator: impl Into<Emulated>,
        issuer: &str,
        settings: types::Service,
    ) -> Result<Self, Box<dyn Error>> {
        let url = origin(issuer);
        let emulator = emulator.into();
        let authlete = Authlete::builder()
            .base_url(&emulator.base_url)
            .organization_token(&emulator.organization_token)
            .build()?;
        let id = authlete.services().create(settings).await?.api_key.ok_or("the service has no id")?;
        let service = authlete.service(id);
        let web = client(&[GrantType::AuthorizationCode, GrantType::RefreshToken], ClientAuthMethod::ClientSecretBasic)
            .client_name("A web shop")
            .application_type(ApplicationType::Web)
            .redirect_uris([format!("{url}/client/callback")])
            .response_types([ResponseType::Code]);
        let device = client(&[GrantType::DeviceCode, GrantType::RefreshToken], ClientAuthMethod::None)
            .client_name("A television");
        let backend = client(&[GrantType::ClientCredentials, GrantType::Ciba], ClientAuthMethod::ClientSecretBasic)
            .client_name("A call centre")
            .bc_delivery_mode(DeliveryMode::Poll);
        let web = service.clients().create(web).await?.into_inner();
        let device = service.clients().create(device).await?.into_inner();
        let backend = service.clients().create(backend).await?.into_inner();
        Ok(Self { emulator, own: None, service, web, device, backend, url: url.to_owned() })
    }
}

/// What a service has to be set to for this server, as the issuer of the given URL.
pub fn settings(issuer: &str, options: &Options) -> types::Service {
    let url = origin(issuer);
    let at = |path: &str| format!("{url}{path}");
    let auth = vec![
        ClientAuthMethod::ClientSecretBasic,
        ClientAuthMethod::ClientSecretPost,
        ClientAuthMethod::ClientSecretJwt,
        ClientAuthMethod::PrivateKeyJwt,
        ClientAuthMethod::None,
    ];
    let scopes = [
        scope("openid", "Know who you are"),
        scope("profile", "Read your name"),
        scope("email", "Read your email address"),
        scope("offline_access", "Go on while you are away"),
    ];
    let of_resources = options.scopes.iter().map(|(name, description)| scope(name, description));
    let mut settings = types::Service::default()
        .service_name("Example")
        .issuer(issuer)
        .authorization_endpoint(at("/authorize"))
        .pushed_auth_req_endpoint(at("/par"))
        .token_endpoint(at("/token"))
        .introspection_endpoint(at("/introspect"))
        .revocation_endpoint(at("/revoke"))
        .user_info_endpoint(at("/userinfo"))
        .jwks_uri(at("/jwks"))
        .registration_endpoint(at("/register"))
        .registration_management_endpoint(at("/register"))
        .device_authorization_endpoint(at("/device_authorization"))
        .device_verification_uri(at("/device"))
        .device_verification_uri_complete(at("/device?user_code=USER_CODE"))
        .backchannel_authentication_endpoint(at("/backchannel"))
        .grant_management_endpoint(at("/grants"))
        .dynamic_registration_supported(true)
        .supported_response_types([ResponseType::Code])
        .supported_grant_types([
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
            GrantType::DeviceCode,
            GrantType::Ciba,
        ])
        .supported_token_auth_methods(auth.clone())
        .supported_revocation_auth_methods(auth)
        .supported_backchannel_token_delivery_modes([DeliveryMode::Poll, DeliveryMode::Ping])
        .supported_scopes(scopes.into_iter().chain(of_resources))
        .supported_claims(["sub", "name", "preferred_username", "email", "email_verified"])
        // Programs listen on any port that is free (RFC 8252 7.3).
        .loopback_redirection_uri_variable(true)
        // Agents are known by the documents that their ids lead to, which may be on this machine while developing.
        .client_id_metadata_document_supported(true)
        .cimd_http_permitted(url.starts_with("http:"))
        // RFC 7592 2.1.
        .unauthorized_on_client_config_supported(true)
        .pkce_required(true)
        .pkce_s256_required(true)
        .access_token_duration(600)
        .refresh_token_duration(30 * 24 * 3600)
        .id_token_duration(600)
        .device_flow_code_duration(600)
        .device_flow_polling_interval(5)
        .backchannel_auth_req_id_duration(300)
        .backchannel_polling_interval(5);
    settings.access_token_sign_alg = options.jwt_access_tokens.then_some(types::JwsAlg::Es256);
    settings
}

fn scope(name: &str, description: &str) -> Scope {
    Scope::default().name(name).description(description)
}

fn client(grants: &[GrantType], method: ClientAuthMethod) -> OAuthClient {
    let public = method == ClientAuthMethod::None;
    OAuthClient::default()
        .client_type(if public { ClientType::Public } else { ClientType::Confidential })
        .grant_types(grants.to_vec())
        .token_auth_method(method)
}

/// What people are told when the server is ready.
pub fn instructions(app: &App, demo: Option<&Demo>) -> String {
    let (issuer, url, service) = (&app.issuer, &app.url, app.service.id());
    let begin = match demo {
        Some(demo) => format!("An authorization server at {url}, with an emulated Authlete\n\n{demo}"),
        None => format!(
            "An authorization server at {url}, with the service {service} of Authlete\nIts issuer has to be set to {issuer}, \
             and its endpoints to those at {url}: see src/demo.rs\n"
        ),
    };
    let (users, resource_server) = (app.users(), app.resource_server());
    format!("{begin}\nUsers: {users}\nA resource server may introspect with {resource_server}")
}

/// What programs are told when the server is ready, in one line.
pub fn ready_line(app: &App, demo: Option<&Demo>) -> Value {
    let (id, secret) = app.resource_server().split_once(':').unwrap_or_default();
    let client = |client: &OAuthClient| {
        let mut members = json!({"id": client.client_id.unwrap_or_default().to_string()});
        if client.client_type == Some(ClientType::Confidential) {
            members["secret"] = json!(client.client_secret);
        }
        if let Some([uri, ..]) = client.redirect_uris.as_deref() {
            members["redirect_uri"] = json!(uri);
        }
        members
    };
    let mut clients = json!({"resource_server": {"id": id, "secret": secret}});
    if let Some(demo) = demo {
        for (name, registered) in [("web", &demo.web), ("backchannel", &demo.backend), ("device", &demo.device)] {
            clients[name] = client(registered);
        }
    }
    json!({
        "issuer": app.issuer,
        "emulator": demo.map(|demo| json!({
            "base_url": demo.emulator.base_url,
            "organization_token": demo.emulator.organization_token,
            "service_id": demo.service.id().to_string(),
        })),
        "clients": clients,
        "instructions": instructions(app, demo),
        "users": app.users().list().map(|(name, password)| json!({"name": name, "password": password})).collect::<Vec<_>>(),
    })
}

/// Where to click, and what to type.
impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = |client: &OAuthClient| client.client_id.unwrap_or_default();
        let secret = |client: &OAuthClient| client.client_secret.clone().unwrap_or_default();
        let (url, verifier) = (&self.url, random());
        let callback = format!("{url}/client/callback");
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &id(&self.web).to_string())
            .append_pair("redirect_uri", &callback)
            .append_pair("scope", "openid profile email")
            .append_pair("state", &random())
            .append_pair("code_challenge_method", "S256")
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)))
            .finish();
        writeln!(f, "Log in and agree: {url}/authorize?{query}")?;
        writeln!(
            f,
            "Then: curl {url}/token -u {}:{} -d grant_type=authorization_code \\",
            id(&self.web),
            secret(&self.web)
        )?;
        writeln!(f, "  -d redirect_uri={callback} -d code_verifier={verifier} -d code=…")?;
        writeln!(f, "Then: curl {url}/api/me -H 'Authorization: Bearer …', and the same with {url}/userinfo\n")?;
        writeln!(f, "A device: curl {url}/device_authorization -d client_id={} -d scope=profile", id(&self.device))?;
        let backend = format!("-u {}:{}", id(&self.backend), secret(&self.backend));
        writeln!(f, "Nobody: curl {url}/token {backend} -d grant_type=client_credentials -d scope=profile")?;
        writeln!(
            f,
            "By phone: curl {url}/backchannel {backend} -d scope=openid -d login_hint=ada, and {url}/approvals"
        )?;
        let api = format!("{}/api/{}", self.emulator.base_url, self.service.id());
        writeln!(
            f,
            "Its settings: curl {api}/service/get -H 'Authorization: Bearer {}'",
            self.emulator.organization_token
        )
    }
}
