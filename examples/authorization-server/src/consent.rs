//! What a user is asked to agree to, in words, and what was agreed to before.
//!
//! A [`Wish`] holds everything that is granted: scopes, claims, authorization details, resources; and who gets it. It is
//! what the page shows, what the decision is about, and what is remembered.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use authlete_api::Error;
use authlete_api::pages::{ConsentPage, PageClaim, PageClient};
use authlete_api::types::{ClientSource, ClientType, OAuthClient};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};

use crate::{App, users};

/// The languages of the pages, where the client names none.
pub(crate) const LANGUAGES: [&str; 1] = ["en"];

/// What a client wants of a user, for the user to decide on.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wish {
    /// Who decides.
    pub(crate) subject: String,
    pub(crate) client: Client,
    pub(crate) purpose: Option<String>,
    /// What the scopes let the client do.
    pub(crate) scopes: Vec<String>,
    /// Scopes that were made for this request, as they are.
    pub(crate) dynamic_scopes: Vec<String>,
    /// What it learns of the user besides.
    pub(crate) claims: BTreeSet<String>,
    /// Authorization details (RFC 9396).
    pub(crate) details: Vec<Detail>,
    /// Where it may use its token (RFC 8707).
    pub(crate) resources: BTreeSet<String>,
    pub(crate) changes_grant: bool,
    /// The names of the claims, for Authlete.
    pub(crate) claim_names: Vec<String>,
}

/// Who asks.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Client {
    id: i64,
    pub(crate) name: Option<String>,
    /// The host of its metadata document, which is all that is known of such a client for certain.
    pub(crate) host: Option<String>,
    /// Whether the name is the client's own word, which nobody checked.
    pub(crate) names_itself: bool,
    /// Where it says what it does with data.
    pub(crate) policy: Option<String>,
    /// Where its terms of service are.
    pub(crate) terms: Option<String>,
    redirect_uris: Vec<String>,
    /// Whether only this client can receive what is sent to its redirect URIs. Other programs of the same machine can
    /// pretend to be a public native client (RFC 8252 8.6).
    is_certain: bool,
}

impl Wish {
    /// What the request asks of the user, with what is registered of the client now.
    pub(crate) async fn new(app: &App, subject: &str, mut page: ConsentPage) -> Result<Self, Error> {
        let id = page.client.id.unwrap_or_default();
        let client = app.service.clients().get(id).await?.into_inner();
        page.describe_client(&client);
        // Some steps name scopes without their descriptions, which the service has.
        if page.scopes.iter().any(|scope| scope.description.is_none()) {
            page.describe_scopes(&app.service.get().await?.into_inner().supported_scopes.unwrap_or_default());
        }
        let of_scopes: Vec<_> = page.scopes.iter().map(|scope| scope.name.as_str()).collect();
        let comes_with = |claim: &PageClaim| !claim.is_verified && users::comes_with(&claim.name, &of_scopes);
        let claims = page.claims.iter().filter(|claim| !comes_with(claim)).map(in_words_of_claim).collect();
        let mut claim_names: Vec<_> = page.claims.iter().map(|claim| claim.name.clone()).collect();
        claim_names.sort();
        claim_names.dedup();
        Ok(Self {
            subject: subject.to_owned(),
            client: Client::new(id, &page.client, client),
            purpose: page.purpose.or(page.binding_message).map(|purpose| shortened(&purpose, 300)),
            scopes: page.scopes.iter().map(|scope| printable(scope.words())).collect(),
            dynamic_scopes: page.dynamic_scopes.iter().map(|scope| printable(scope)).collect(),
            claims,
            details: page.authorization_details.into_iter().map(Detail::from).collect(),
            resources: page.resources.iter().map(|resource| printable(resource)).collect(),
            changes_grant: page.grant_action.is_some(),
            claim_names,
        })
    }

    /// Whether an earlier consent can stand for another. What is made for one occasion, such as a payment, is agreed to
    /// each time, and so is what might go to a program that only pretends to be the client.
    fn can_be_remembered(&self) -> bool {
        self.client.is_certain && self.dynamic_scopes.is_empty() && self.details.is_empty() && !self.changes_grant
    }

    fn key(&self) -> Key {
        (self.subject.clone(), self.client.id, self.resources.clone())
    }

    /// What the user lets the client do and learn, in the words of the page.
    fn parts(&self) -> BTreeSet<String> {
        let scopes = self.scopes.iter().map(|words| format!("scope {words}"));
        scopes.chain(self.claims.iter().map(|words| format!("claim {words}"))).collect()
    }
}

/// What the client learns by a claim, and what it wants it for.
fn in_words_of_claim(claim: &PageClaim) -> String {
    let mut words = printable(&users::claim_in_words(&claim.name));
    if claim.is_verified {
        words.push_str(", with proof");
    }
    if let Some(purpose) = &claim.purpose {
        words = format!("{words}: {}", shortened(purpose, 300));
    }
    words
}

impl Client {
    fn new(id: i64, page: &PageClient, client: OAuthClient) -> Self {
        let redirect_uris = client.redirect_uris.unwrap_or_default();
        let is_public = client.client_type.is_none_or(|kind| kind == ClientType::Public);
        let is_known = matches!(client.client_source, None | Some(ClientSource::StaticRegistration))
            && client.dynamically_registered != Some(true);
        let document = page.metadata_document.as_deref().and_then(|location| Url::parse(location).ok());
        let name = page.name.as_deref().map(|name| shortened(name, 80)).filter(|name| !name.is_empty());
        Self {
            id,
            name: if is_known { name } else { name.map(|name| without_quotes(&name)) },
            host: document.and_then(|url| url.host_str().map(str::to_owned)),
            names_itself: !is_known,
            policy: page.policy_uri.clone(),
            terms: page.tos_uri.clone(),
            is_certain: !is_public || redirect_uris.iter().all(|uri| matches!(Place::of(uri), Place::Site(_))),
            redirect_uris,
        }
    }

    /// Where the browser can be sent with the answer.
    pub(crate) fn places(&self) -> BTreeSet<Place> {
        self.redirect_uris.iter().map(|uri| Place::of(uri)).collect()
    }
}

/// Where a redirect URI leads to.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A web site.
    Site(String),
    /// A program that listens on a port of the user's machine.
    Loopback,
    /// An app that is registered for a scheme.
    App(String),
}

impl Place {
    fn of(redirect_uri: &str) -> Self {
        let Ok(url) = Url::parse(redirect_uri) else { return Self::App(shortened(redirect_uri, 80)) };
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match (url.scheme(), url.host_str()) {
            ("http" | "https", Some(_)) if is_loopback => Self::Loopback,
            ("https", Some(host)) => Self::Site(host.to_owned()),
            // Anybody on the way can read what goes there.
            ("http", Some(host)) => Self::App(format!("http://{host}")),
            (scheme, _) => Self::App(format!("{scheme}:")),
        }
    }
}

/// An element of the authorization details: what it is, and its members.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Detail {
    pub(crate) kind: String,
    pub(crate) members: Value,
}

impl From<Value> for Detail {
    fn from(mut element: Value) -> Self {
        let kind = element.as_object_mut().and_then(|members| members.remove("type"));
        Self { kind: kind.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(), members: element }
    }
}

/// The name of a member or claim as words: `creditorName` and `creditor_name` are "Creditor name".
pub(crate) fn in_words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        match character {
            '_' | '-' | ' ' => words.push(' '),
            _ if words.is_empty() => words.extend(character.to_uppercase()),
            _ if character.is_uppercase() && words.ends_with(char::is_lowercase) => {
                words.push(' ');
                words.extend(character.to_lowercase());
            }
            _ => words.push(character),
        }
    }
    words
}

/// Text that others chose, without what would change the order or the look of the text around it.
pub(crate) fn printable(text: &str) -> String {
    let harmful = |character: char| {
        matches!(character,
            // Controls of direction, and characters that are not seen.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}')
    };
    let blank = |character: char| character.is_whitespace() || character.is_control();
    let kept = text.chars().filter(|character| !harmful(*character)).map(|c| if blank(c) { ' ' } else { c });
    kept.collect::<String>().trim().to_owned()
}

/// The same, of a text that has to be short.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let text = printable(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A name without the quotation marks that the page puts around it: what follows them would look like the page's own
/// words.
fn without_quotes(name: &str) -> String {
    const QUOTES: [char; 11] = ['"', '“', '”', '„', '‟', '«', '»', '＂', '〝', '〞', '″'];
    name.replace(QUOTES, "'")
}

/// What users agreed to before. A product keeps it with its users.
#[derive(Default)]
pub(crate) struct Consents(Mutex<HashMap<Key, Consent>>);

/// The user, the client's id, and where the token may be used: what is agreed to for one place is not for another.
type Key = (String, i64, BTreeSet<String>);

struct Consent {
    client: Client,
    parts: BTreeSet<String>,
}

impl Consents {
    /// Whether the user agreed to all of it before, for the client as it is now.
    pub(crate) fn cover(&self, wish: &Wish) -> bool {
        let consents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = consents.get(&wish.key()).filter(|consent| consent.client == wish.client);
        wish.can_be_remembered() && before.is_some_and(|consent| consent.parts.is_superset(&wish.parts()))
    }

    /// Remembers that the user agreed to what was shown.
    pub(crate) fn remember(&self, wish: &Wish) {
        if !wish.can_be_remembered() {
            return;
        }
        let mut consents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Consent { client: wish.client.clone(), parts: BTreeSet::new() };
        let consent = consents.entry(wish.key()).or_insert_with(new);
        if consent.client != wish.client {
            *consent = new();
        }
        consent.parts.extend(wish.parts());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        for (name, words) in [
            ("creditorName", "Creditor name"),
            ("creditor_name", "Creditor name"),
            ("phone_number", "Phone number"),
            ("type", "Type"),
            ("IBAN", "IBAN"),
            ("", ""),
        ] {
            assert_eq!(in_words(name), words);
        }
    }

    #[test]
    fn texts_of_others_change_nothing_around_them() {
        assert_eq!(printable("\u{202e}knaB\u{2069} \u{200b}x\u{e0041}"), "knaB x");
        assert_eq!(printable("a\nb\u{2028}c\0"), "a b c");
        assert_eq!(printable("שלום, می‌خواهم"), "שלום, می‌خواهم");
        assert_eq!(shortened(&"W".repeat(100_000), 80), format!("{}…", "W".repeat(80)));
        assert_eq!(shortened("short", 80), "short");
        assert_eq!(without_quotes("a”, “b\" «c»"), "a', 'b' 'c'");
    }

    #[test]
    fn places_are_told_by_the_redirect_uri() {
        let site = |host: &str| Place::Site(host.to_owned());
        for (uri, place) in [
            ("https://shop.example/cb", site("shop.example")),
            ("https://shop.example:8443/cb", site("shop.example")),
            ("http://127.0.0.1/cb", Place::Loopback),
            ("http://127.9.9.9:1/cb", Place::Loopback),
            ("http://[::1]:5000/cb", Place::Loopback),
            ("https://localhost/cb", Place::Loopback),
            ("com.example.app:/cb", Place::App("com.example.app:".to_owned())),
            ("http://shop.example/cb", Place::App("http://shop.example".to_owned())),
        ] {
            assert!(Place::of(uri) == place, "{uri}");
        }
    }
}
