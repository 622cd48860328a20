//! `auth_authorization_api`: looks at an authorization request and opens a ticket for it.

use serde_json::{Value, json};

use super::token::native_sso;
use crate::error::ApiError;
use crate::oauth::parameters::Parameters;
use crate::oauth::pkce::{self, Challenge, Method};
use crate::oauth::redirect::{self, Destination, ResponseMode};
use crate::oauth::{OAuthError, Stop, scope, support};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::schema::TICKET_SECONDS;
use crate::state::{Client, Settings, Tenant, Ticket};
use crate::{random, views};

const INTERACTION: Code = "A004001";
const NO_INTERACTION: Code = "A004002";
const NO_PARAMETERS: Code = "A004201";
const NO_CLIENT: Code = "A004301";
const UNKNOWN_CLIENT: Code = "A004302";
const REDIRECT_URI: Code = "A004303";
const REPEATED: Code = "A004304";
const RESPONSE_MODE: Code = "A004305";
const RESPONSE_TYPE: Code = "A004306";
const SCOPE: Code = "A004307";
const CHALLENGE: Code = "A004308";
const PROMPT: Code = "A004309";
const MAX_AGE: Code = "A004310";
const DISPLAY: Code = "A004311";

/// Parameters whose meaning the emulator does not know yet.
const NOT_IMPLEMENTED: &[&str] = &[
    "request",
    "request_uri",
    "claims",
    "id_token_hint",
    "authorization_details",
    "resource",
    "grant_management_action",
    "grant_id",
    "dpop_jkt",
    "issuer_state",
];

/// From the least that the user notices to the most.
const PROMPTS: &[&str] = &["NONE", "LOGIN", "CONSENT", "SELECT_ACCOUNT", "CREATE"];
const DISPLAYS: &[&str] = &["PAGE", "POPUP", "TOUCH", "WAP"];

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    request.refuse(&["cimdOptions"])?;
    let Some(text) = request.body.text("parameters")? else {
        return Stop::server(NO_PARAMETERS, "The call has no parameters member.").reply(&tenant.settings, "");
    };
    let parameters = Parameters::parse(&text);
    // Until it is known where to send the browser, it is the browser that gets to see an error.
    let origin = match origin(tenant, &parameters) {
        Ok(origin) => origin,
        Err(stop) => return stop.reply(&tenant.settings, "BAD_REQUEST"),
    };
    match open(tenant, request, &parameters, &origin) {
        Err(Stop::Client(error)) => Ok(origin.destination.error(&tenant.settings, &error)),
        result => result.or_else(|stop| stop.reply(&tenant.settings, "BAD_REQUEST")),
    }
}

/// Who asks, for which scopes, and where the answer goes.
struct Origin {
    client: Client,
    alias_used: bool,
    scopes: Vec<String>,
    destination: Destination,
}

fn origin(tenant: &Tenant, parameters: &Parameters) -> Result<Origin, Stop> {
    let refused = |code, message: &str| OAuthError::new("invalid_request", code, message);
    let identifier = parameters.get("client_id");
    let identifier = identifier.ok_or_else(|| refused(NO_CLIENT, "The request has no client_id, or more than one."))?;
    let found = tenant.client(identifier);
    let (client, alias_used) = found.ok_or_else(|| refused(UNKNOWN_CLIENT, "There is no such client."))?;
    if client.settings.flag("locked") {
        return Err(ApiError::locked(client.id).into());
    }
    let service = &tenant.settings;
    let requested = parameters.has("scope").then(|| parameters.words("scope"));
    let scopes = scope::grantable(service, client, requested.as_deref());
    let openid = scopes.iter().any(|scope| scope == "openid");
    let redirect_uri = redirect_uri(service, &client.settings, parameters, openid);
    let redirect_uri = redirect_uri.map_err(|message| refused(REDIRECT_URI, message))?;
    let destination = Destination {
        redirect_uri: redirect_uri.to_owned(),
        // An error about the mode itself goes by the one that all clients know.
        mode: response_mode(parameters).unwrap_or(ResponseMode::Query),
        state: parameters.get("state").map(str::to_owned),
        iss: service.text("issuer").filter(|_| !service.flag("issSuppressed")).map(str::to_owned),
    };
    Ok(Origin { client: client.clone(), alias_used, scopes, destination })
}

fn open(tenant: &mut Tenant, request: &Request, parameters: &Parameters, origin: &Origin) -> Result<Reply, Stop> {
    let service = &tenant.settings;
    support::refuse_settings(service, &origin.client)?;
    if let Some(name) = parameters.first_of(NOT_IMPLEMENTED) {
        return Err(ApiError::not_implemented(format!("the authorization request parameter {name}")).into());
    }
    let checked = check(service, &origin.client.settings, parameters, &origin.scopes)?;
    let ticket = random::token::<32>()?;
    let reply = answer(service, origin, parameters, &checked, &ticket);
    let record = Ticket {
        client_id: origin.client.id,
        alias_used: origin.alias_used,
        destination: origin.destination.clone(),
        redirect_uri_given: parameters.has("redirect_uri"),
        scopes: origin.scopes.clone(),
        nonce: parameters.get("nonce").map(str::to_owned),
        challenge: checked.challenge,
    };
    tenant.tickets.insert(ticket, request.now + TICKET_SECONDS * 1000, record);
    Ok(reply)
}

/// The redirect URI: one that is registered, letter by letter, or the only one there is.
fn redirect_uri<'a>(
    service: &Settings,
    client: &'a Settings,
    parameters: &'a Parameters,
    openid: bool,
) -> Result<&'a str, &'static str> {
    let mut registered = client.texts("redirectUris");
    if let Some(given) = parameters.get("redirect_uri") {
        let loopback = service.flag("loopbackRedirectionUriVariable");
        let matches = |uri: &str| uri == given || (loopback && redirect::differ_in_loopback_port(uri, given));
        let found = registered.any(matches).then_some(given);
        return found.ok_or("The redirect_uri is not one that the client has registered.");
    }
    if parameters.has("redirect_uri") {
        return Err("redirect_uri is given more than once.");
    }
    if openid {
        return Err("A request with the scope openid needs a redirect_uri.");
    }
    match (registered.next(), registered.next()) {
        (Some(only), None) => Ok(only),
        _ => Err("The request has no redirect_uri, and the client has not registered exactly one."),
    }
}

/// The response mode that the request names, or the one that a code travels by.
fn response_mode(parameters: &Parameters) -> Option<ResponseMode> {
    ResponseMode::parse(parameters.get("response_mode").unwrap_or("query"))
}

/// What the parameters say, once they are known to be right.
struct Checked {
    challenge: Option<Challenge>,
    prompts: Vec<&'static str>,
    max_age: u64,
    display: &'static str,
}

fn check(service: &Settings, client: &Settings, parameters: &Parameters, scopes: &[String]) -> Result<Checked, Stop> {
    let invalid = |code, message: &str| OAuthError::new("invalid_request", code, message);
    parameters.refuse_repeated(REPEATED)?;
    check_response_mode(client, parameters)?;
    check_response_type(service, client, parameters)?;
    if scopes.is_empty() && !parameters.has("scope") && service.flag("scopeRequired") {
        return Err(OAuthError::new("invalid_scope", SCOPE, "The service requires a scope.").into());
    }
    let prompts = prompts(service, parameters).map_err(|message| invalid(PROMPT, message))?;
    let max_age = match parameters.get("max_age") {
        None => client.number("defaultMaxAge"),
        Some(text) => text
            .parse()
            .ok()
            .filter(|age| i32::try_from(*age).is_ok())
            .ok_or_else(|| invalid(MAX_AGE, "max_age is not a number of seconds."))?,
    };
    let display = parameters.get("display").unwrap_or("page").to_uppercase();
    let display = DISPLAYS.iter().find(|known| **known == display).copied();
    Ok(Checked {
        challenge: challenge(service, client, parameters).map_err(|message| invalid(CHALLENGE, message))?,
        prompts,
        max_age,
        display: display.ok_or_else(|| invalid(DISPLAY, "There is no such display."))?,
    })
}

fn check_response_mode(client: &Settings, parameters: &Parameters) -> Result<(), Stop> {
    if let Some(jwt @ ("jwt" | "query.jwt" | "fragment.jwt" | "form_post.jwt")) = parameters.get("response_mode") {
        return Err(ApiError::not_implemented(format!("the response mode {jwt}")).into());
    }
    let message = match response_mode(parameters) {
        None => "There is no such response_mode.",
        Some(_) if !parameters.has("response_mode") => return Ok(()),
        Some(mode) if client.has("responseModes", mode.name()) => return Ok(()),
        Some(_) if client.texts("responseModes").next().is_none() => return Ok(()),
        Some(_) => "The client may not use this response_mode.",
    };
    Err(OAuthError::new("invalid_request", RESPONSE_MODE, message).into())
}

fn check_response_type(service: &Settings, client: &Settings, parameters: &Parameters) -> Result<(), Stop> {
    let refused = |error, message: &str| Err(OAuthError::new(error, RESPONSE_TYPE, message).into());
    let mut words = parameters.words("response_type");
    words.sort_unstable();
    if words.is_empty() {
        return refused("invalid_request", "The request has no response_type.");
    }
    let name = words.join("_").to_uppercase();
    let grants = |settings: &Settings, list| name != "CODE" || settings.has(list, "AUTHORIZATION_CODE");
    if !service.has("supportedResponseTypes", &name) || !grants(service, "supportedGrantTypes") {
        return refused("unsupported_response_type", "The service does not support this response_type.");
    }
    if !client.has("responseTypes", &name) || !grants(client, "grantTypes") {
        return refused("unauthorized_client", "The client may not use this response_type.");
    }
    if name != "CODE" {
        return Err(ApiError::not_implemented(format!("the response type {}", words.join(" "))).into());
    }
    Ok(())
}

fn prompts(service: &Settings, parameters: &Parameters) -> Result<Vec<&'static str>, &'static str> {
    let mut prompts = Vec::new();
    for word in parameters.words("prompt") {
        let known = PROMPTS.iter().find(|known| known.eq_ignore_ascii_case(&word) && word == word.to_lowercase());
        prompts.push(*known.ok_or("There is no such prompt.")?);
    }
    if prompts.contains(&"NONE") && prompts.len() > 1 {
        return Err("The prompt none stands alone.");
    }
    let restricted = service.texts("supportedPromptValues").next().is_some();
    if restricted && !prompts.iter().all(|prompt| service.has("supportedPromptValues", prompt)) {
        return Err("The service does not support this prompt.");
    }
    Ok(prompts)
}

fn challenge(
    service: &Settings,
    client: &Settings,
    parameters: &Parameters,
) -> Result<Option<Challenge>, &'static str> {
    let required = |flag| service.flag(flag) || client.flag(flag);
    let Some(value) = parameters.get("code_challenge") else {
        return match parameters.has("code_challenge_method") {
            true => Err("There is a code_challenge_method, but no code_challenge."),
            false if required("pkceRequired") => Err("A code_challenge is required."),
            false => Ok(None),
        };
    };
    let method = match parameters.get("code_challenge_method") {
        None | Some("plain") => Method::Plain,
        Some("S256") => Method::S256,
        Some(_) => return Err("There is no such code_challenge_method."),
    };
    if method == Method::Plain && required("pkceS256Required") {
        return Err("The code_challenge_method has to be S256.");
    }
    // A SHA-256 hash in base64url has 43 letters.
    if !pkce::is_well_formed(value) || (method == Method::S256 && value.len() != 43) {
        return Err("The code_challenge does not have the form that RFC 7636 gives it.");
    }
    Ok(Some(Challenge { value: value.to_owned(), method }))
}

fn answer(service: &Settings, origin: &Origin, parameters: &Parameters, checked: &Checked, ticket: &str) -> Reply {
    let client = &origin.client;
    let acrs: Vec<String> = match parameters.words("acr_values") {
        none if none.is_empty() => client.settings.texts("defaultAcrs").map(str::to_owned).collect(),
        given => given,
    };
    let acrs: Vec<String> = acrs.into_iter().filter(|acr| service.has("supportedAcrs", acr)).collect();
    let lowest = PROMPTS.iter().find(|prompt| checked.prompts.contains(prompt));
    let members = json!({
        "ticket": ticket,
        "client": views::client(client),
        "service": views::service(service),
        "clientIdAliasUsed": origin.alias_used,
        "scopes": views::listed(&scope::details(service, &origin.scopes)),
        "display": checked.display,
        "maxAge": checked.max_age,
        "acrs": views::listed(&acrs),
        "acrEssential": false,
        "nativeSsoRequested": native_sso::applies(service, &origin.scopes),
        "uiLocales": views::listed(&parameters.words("ui_locales")),
        "claimsLocales": views::listed(&parameters.words("claims_locales")),
        "loginHint": parameters.get("login_hint"),
        "purpose": parameters.get("purpose"),
        "prompts": views::listed(&checked.prompts),
        "lowestPrompt": lowest.copied().map_or(Value::Null, |prompt| json!(prompt)),
    });
    let (action, code, message) = match checked.prompts.as_slice() {
        ["NONE"] => ("NO_INTERACTION", NO_INTERACTION, "The request is valid and must be answered without the user."),
        _ => ("INTERACTION", INTERACTION, "The request is valid and waits for the user."),
    };
    reply::action(action, code, message, members)
}
