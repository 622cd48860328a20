//! What pages show on which users decide: who asks, and for what, in the user's language.
//!
//! Steps make a [`ConsentPage`] of what their response says; a template renders it. It serialises, so that a server can keep
//! what it showed beside the step, and compare it with what is asked for when the user has decided.
//!
//! ```
//! use authlete_api::actions::AuthorizationInteraction;
//! use authlete_api::pages::ConsentPage;
//!
//! /// A page in HTML. `escape` makes text of what others wrote.
//! fn html(step: &AuthorizationInteraction, escape: impl Fn(&str) -> String) -> String {
//!     let page: ConsentPage = step.consent_page(&["en"]);
//!     let name = page.client.name.as_deref().unwrap_or("An application");
//!     let mut html = format!("<h1>{} asks for</h1><ul>", escape(name));
//!     for scope in &page.scopes {
//!         html += &format!("<li>{}</li>", escape(scope.words()));
//!     }
//!     html + "</ul>"
//! }
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::generated::actions::{
    AuthorizationInteraction, AuthorizationNoInteraction, BackchannelAuthenticationUserIdentification,
    DeviceVerificationValid,
};
use crate::generated::types::{
    AuthorizationClient, AuthorizationDetails, DynamicScope, GrantManagementAction, OAuthClient, Scope, TaggedValue,
};
use crate::{JsonString, language};

/// What the registration and the response to an authorization request say of a client alike.
macro_rules! client_of {
    ($client:expr, $languages:expr) => {{
        let (client, languages) = ($client, $languages);
        PageClient {
            id: client.client_id,
            name: text(client.client_names.as_deref(), client.client_name.as_deref(), languages),
            description: text(client.descriptions.as_deref(), client.description.as_deref(), languages),
            logo_uri: link(client.logo_uris.as_deref(), client.logo_uri.as_deref(), languages),
            client_uri: None,
            policy_uri: link(client.policy_uris.as_deref(), client.policy_uri.as_deref(), languages),
            tos_uri: link(client.tos_uris.as_deref(), client.tos_uri.as_deref(), languages),
            metadata_document: client.metadata_document_location.clone(),
        }
    }};
}

/// What a page shows on which a user decides on an authorization request, on that of a device, or on one of the backchannel
/// (CIBA).
///
/// All strings were written by others, the client's among them: a page escapes them. Links lead to `https` or `http`; others
/// are left out, since a `javascript:` link would run in the page.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[doc(alias = "login page")]
pub struct ConsentPage {
    /// The languages for the page, the best first: those that the client names (`ui_locales`), then those that the page was
    /// made with.
    pub languages: Vec<String>,
    /// What the service is called, where the response says so.
    pub service_name: Option<String>,
    /// Who asks.
    pub client: PageClient,
    /// What the client wants the data for (OpenID Connect for Identity Assurance).
    pub purpose: Option<String>,
    /// What the client shows the user too, to be compared (CIBA Core 1.0, 7.1).
    pub binding_message: Option<String>,
    /// The scopes.
    pub scopes: Vec<PageScope>,
    /// The scopes that have a value, as the client wrote them.
    pub dynamic_scopes: Vec<String>,
    /// The claims, those for the ID token and those for the userinfo endpoint, each once.
    pub claims: Vec<PageClaim>,
    /// The authorization details, as the client wrote them (RFC 9396).
    pub authorization_details: Vec<Value>,
    /// Where the token can be used (RFC 8707).
    pub resources: Vec<String>,
    /// What becomes of a grant that the user gave before (Grant Management for OAuth 2.0).
    pub grant_action: Option<GrantManagementAction>,
}

/// The client that a page is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PageClient {
    /// Its numeric id.
    pub id: Option<i64>,
    /// Its name.
    pub name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// An image for the page.
    pub logo_uri: Option<String>,
    /// Its home page; it is known from [`ConsentPage::describe_client`] alone.
    pub client_uri: Option<String>,
    /// What it does with data.
    pub policy_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// The document that its metadata was read from, where its `client_id` is a URL (OAuth Client ID Metadata Document). Its
    /// host is what is known of such a client for certain.
    pub metadata_document: Option<String>,
}

/// A scope on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PageScope {
    /// Its name, as the client writes it.
    pub name: String,
    /// What it allows, in the user's language where there is a description in it.
    pub description: Option<String>,
}

impl PageScope {
    /// The description, or else the name.
    pub fn words(&self) -> &str {
        self.description.as_deref().unwrap_or(&self.name)
    }
}

/// A claim on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PageClaim {
    /// Its name, with a language tag where the client asks for a language.
    pub name: String,
    /// Whether it is wanted with proof of how it was verified (OpenID Connect for Identity Assurance).
    pub is_verified: bool,
    /// Whether the client says that it needs it (OpenID Connect Core 1.0, 5.5.1).
    pub is_essential: bool,
    /// What the client wants it for (OpenID Connect for Identity Assurance).
    pub purpose: Option<String>,
}

impl ConsentPage {
    /// Puts in what is registered of the client: its links, and names in more languages than responses to device and
    /// backchannel requests have.
    pub fn describe_client(&mut self, client: &OAuthClient) {
        let client_uri = link(client.client_uris.as_deref(), client.client_uri.as_deref(), &self.languages);
        self.client = PageClient { client_uri, ..client_of!(client, &self.languages) };
    }

    /// Puts in what the scopes of the service allow, where the response has their names alone.
    pub fn describe_scopes(&mut self, supported: &[Scope]) {
        for scope in self.scopes.iter_mut().filter(|scope| scope.description.is_none()) {
            let same = supported.iter().find(|supported| supported.name.as_ref() == Some(&scope.name));
            scope.description = same.and_then(|same| description(same, &self.languages));
        }
    }
}

/// Without what was asked for: authorization details and scopes with values may be personal.
impl fmt::Debug for ConsentPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentPage")
            .field("client", &self.client)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// A text in one of the languages, or else that in none.
fn text(tagged: Option<&[TaggedValue]>, default: Option<&str>, languages: &[String]) -> Option<String> {
    language::best(tagged.unwrap_or_default(), languages).or(default).map(str::to_owned)
}

fn link(tagged: Option<&[TaggedValue]>, default: Option<&str>, languages: &[String]) -> Option<String> {
    let is_of_the_web = |link: &String| {
        let scheme = link.split(':').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    };
    text(tagged, default, languages).filter(is_of_the_web)
}

fn description(scope: &Scope, languages: &[String]) -> Option<String> {
    text(scope.descriptions.as_deref(), scope.description.as_deref(), languages)
}

/// The claims that are named, with what the objects of the client's claims request say of them.
fn claims<'a>(names: impl Iterator<Item = &'a String>, requests: [Option<&JsonString>; 2]) -> Vec<PageClaim> {
    let requests: Vec<Map<String, Value>> =
        requests.into_iter().flatten().filter_map(|json| json.parse().ok()).collect();
    let mut claims: Vec<PageClaim> = Vec::new();
    let mut add = |name: &str, is_verified: bool, asked: &Value| {
        let known = claims.iter().position(|claim| claim.name == name && claim.is_verified == is_verified);
        let index = known.unwrap_or_else(|| {
            claims.push(PageClaim { name: name.to_owned(), is_verified, ..PageClaim::default() });
            claims.len() - 1
        });
        let claim = &mut claims[index];
        claim.is_essential |= asked["essential"] == true;
        claim.purpose = claim.purpose.take().or_else(|| asked["purpose"].as_str().map(str::to_owned));
    };
    for name in names {
        add(name, false, &Value::Null);
        for asked in requests.iter().filter_map(|request| request.get(name)) {
            add(name, false, asked);
        }
    }
    for verified in requests.iter().filter_map(|request| request.get("verified_claims")) {
        let entries = verified.as_array().map_or(std::slice::from_ref(verified), Vec::as_slice);
        for (name, asked) in entries.iter().filter_map(|entry| entry["claims"].as_object()).flatten() {
            add(name, true, asked);
        }
    }
    claims
}

/// What the responses of all flows say alike.
fn page(
    languages: Vec<String>,
    scopes: &[Scope],
    dynamic_scopes: &[DynamicScope],
    details: Option<&AuthorizationDetails>,
    resources: &[String],
    grant_action: Option<&GrantManagementAction>,
) -> ConsentPage {
    let scope =
        |scope: &Scope| Some(PageScope { name: scope.name.clone()?, description: description(scope, &languages) });
    let details = details.map(AuthorizationDetails::to_json);
    ConsentPage {
        scopes: scopes.iter().filter_map(scope).collect(),
        dynamic_scopes: dynamic_scopes.iter().filter_map(|scope| scope.value.clone()).collect(),
        authorization_details: details.and_then(|details| details.as_array().cloned()).unwrap_or_default(),
        resources: resources.to_vec(),
        grant_action: grant_action.cloned(),
        languages,
        ..ConsentPage::default()
    }
}

macro_rules! page {
    ($step:expr, $languages:expr) => {
        page(
            $languages,
            $step.scopes(),
            $step.dynamic_scopes(),
            $step.authorization_details(),
            $step.resources(),
            $step.gm_action(),
        )
    };
}

fn owned<L: AsRef<str>>(languages: &[L]) -> Vec<String> {
    languages.iter().map(|language| language.as_ref().to_owned()).collect()
}

impl AuthorizationInteraction {
    /// What the page shows on which the user decides. The languages are those that the browser prefers, the best first; those
    /// that the client names ([`ui_locales`](Self::ui_locales)) take precedence.
    pub fn consent_page<L: AsRef<str>>(&self, languages: &[L]) -> ConsentPage {
        let languages = [self.ui_locales().to_vec(), owned(languages)].concat();
        let names = self.claims().iter().chain(self.claims_at_user_info());
        let page = page!(self, languages);
        ConsentPage {
            service_name: self.service().and_then(|service| service.service_name.clone()),
            client: of_request(self.client(), &page.languages),
            purpose: self.purpose().map(str::to_owned),
            claims: claims(names, [self.id_token_claims(), self.user_info_claims()]),
            ..page
        }
    }
}

impl AuthorizationNoInteraction {
    /// What a page would show, in the same languages, to be compared with what the user agreed to before.
    pub fn consent_page<L: AsRef<str>>(&self, languages: &[L]) -> ConsentPage {
        let ui_locales = self.response.ui_locales.clone().unwrap_or_default();
        let names = self.claims().iter().chain(self.claims_at_user_info());
        let page = page!(self, [ui_locales, owned(languages)].concat());
        ConsentPage {
            client: of_request(self.client(), &page.languages),
            claims: claims(names, [self.id_token_claims(), self.user_info_claims()]),
            ..page
        }
    }
}

fn of_request(client: Option<&AuthorizationClient>, languages: &[String]) -> PageClient {
    client.map(|client| client_of!(client, languages)).unwrap_or_default()
}

macro_rules! without_browser {
    ($($step:ident: $binding_message:expr;)*) => {
        $(
            impl $step {
                /// What the page shows on which the user decides. The languages are those that the user prefers, the best first.
                /// The response has the client's name in no particular language, and no links:
                /// [`ConsentPage::describe_client`] puts them in.
                pub fn consent_page<L: AsRef<str>>(&self, languages: &[L]) -> ConsentPage {
                    let binding_message: fn(&Self) -> Option<&str> = $binding_message;
                    ConsentPage {
                        client: PageClient {
                            id: self.client_id(),
                            name: self.client_name().map(str::to_owned),
                            metadata_document: self.metadata_document_location().map(str::to_owned),
                            ..PageClient::default()
                        },
                        binding_message: binding_message(self).map(str::to_owned),
                        claims: claims(self.claim_names().iter(), [None, None]),
                        ..page!(self, owned(languages))
                    }
                }
            }
        )*
    };
}

without_browser! {
    DeviceVerificationValid: |_| None;
    BackchannelAuthenticationUserIdentification: |step| step.binding_message();
}
