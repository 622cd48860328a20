//! Answers that go to the client through the browser: by redirection or by a form that submits itself.

use form_urlencoded::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::{Host, Url};

use super::response_type::ResponseType;
use super::{OAuthError, Stop};
use crate::error::ApiError;
use crate::reply::{self, Code, Reply};
use crate::state::Tenant;
use crate::state::names::{self, Name};

/// How long a response that is a JWT is good for, in seconds, unless the service says otherwise.
const RESPONSE_SECONDS: u64 = 600;

/// What carries the response parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Carrier {
    Query,
    Fragment,
    FormPost,
}

/// Where the response parameters travel, and whether inside a JWT (JARM).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResponseMode {
    pub(crate) carrier: Carrier,
    pub(crate) jwt: bool,
    /// The name in a client's `responseModes`.
    #[serde(deserialize_with = "names::response_mode")]
    pub(crate) name: Name,
}

impl ResponseMode {
    /// The mode of a `response_mode` parameter.
    pub(crate) fn parse(text: &str, response_type: ResponseType) -> Option<Self> {
        let (carrier, jwt, name) = match text {
            "query" => (Carrier::Query, false, "QUERY"),
            "fragment" => (Carrier::Fragment, false, "FRAGMENT"),
            "form_post" => (Carrier::FormPost, false, "FORM_POST"),
            "query.jwt" => (Carrier::Query, true, "QUERY_JWT"),
            "fragment.jwt" => (Carrier::Fragment, true, "FRAGMENT_JWT"),
            "form_post.jwt" => (Carrier::FormPost, true, "FORM_POST_JWT"),
            "jwt" => (response_type.carrier(), true, "JWT"),
            _ => return None,
        };
        Some(Self { carrier, jwt, name })
    }

    /// The mode where the request names none.
    pub(crate) fn default_of(response_type: ResponseType) -> Self {
        let carrier = response_type.carrier();
        Self { carrier, jwt: false, name: if carrier == Carrier::Query { "QUERY" } else { "FRAGMENT" } }
    }
}

/// Where the answer to an authorization request goes, and what it always says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destination {
    pub(crate) client_id: u64,
    pub(crate) redirect_uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
    /// The issuer (RFC 9207).
    pub(crate) iss: Option<String>,
}

impl Destination {
    /// The API's answer that carries these response parameters to the client, with further members beside it.
    pub(crate) fn reply(
        &self,
        tenant: &mut Tenant,
        now: u64,
        (code, message): (Code, &str),
        parameters: &[(&str, &str)],
        mut rest: Value,
    ) -> Result<Reply, Stop> {
        let mut all = parameters.to_vec();
        all.extend(self.state.as_deref().map(|state| ("state", state)));
        let packed;
        if self.mode.jwt {
            packed = self.pack(tenant, now, &all)?;
            all = vec![("response", &packed)];
        } else {
            all.extend(self.iss.as_deref().map(|iss| ("iss", iss)));
        }
        let (action, content) = self.content(&all);
        if let Some(members) = rest.as_object_mut() {
            members.insert("responseContent".to_owned(), json!(content));
        }
        Ok(reply::action(action, code, message, rest))
    }

    /// The API's answer that tells the client of an error.
    pub(crate) fn error(&self, tenant: &mut Tenant, now: u64, error: &OAuthError) -> Result<Reply, Stop> {
        let description = error.description(&tenant.settings);
        let mut parameters = vec![("error", error.error)];
        parameters.extend(description.as_deref().map(|text| ("error_description", text)));
        self.reply(tenant, now, (error.code, &error.message), &parameters, json!({}))
    }

    /// The parameters as the claims of a JWT (JARM, section 2.1).
    fn pack(&self, tenant: &mut Tenant, now: u64, parameters: &[(&str, &str)]) -> Result<String, Stop> {
        let Some(client) = tenant.clients.get(&self.client_id) else {
            return Err(ApiError::not_found("The request's client no longer exists.").into());
        };
        if client.settings.text("authorizationEncryptionAlg").is_some() {
            return Err(ApiError::not_implemented("encrypted authorization responses").into());
        }
        let Some(issuer) = tenant.settings.text("issuer") else {
            return Err(Stop::server("A000202", "The service has no issuer, which a response in a JWT must name."));
        };
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), json!(issuer));
        claims.insert("aud".to_owned(), json!(self.client_id.to_string()));
        let seconds = tenant.duration("authorizationResponseDuration", RESPONSE_SECONDS);
        claims.insert("exp".to_owned(), json!(now / 1000 + seconds));
        claims.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        let algorithm = client.settings.text("authorizationSignAlg").unwrap_or("RS256");
        let key = tenant.keys.signer(&tenant.settings, client, algorithm, "authorizationSignatureKeyId")?;
        Ok(key.sign("JWT", &Value::Object(claims))?)
    }

    fn content(&self, all: &[(&str, &str)]) -> (&'static str, String) {
        let encoded = || Serializer::new(String::new()).extend_pairs(all).finish();
        match self.mode.carrier {
            Carrier::Query => {
                let uri = &self.redirect_uri;
                let joint = match uri.split_once('?') {
                    None => "?",
                    Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
                    Some(_) => "&",
                };
                ("LOCATION", format!("{uri}{joint}{}", encoded()))
            }
            Carrier::Fragment => ("LOCATION", format!("{}#{}", self.redirect_uri, encoded())),
            Carrier::FormPost => ("FORM", form(&self.redirect_uri, all)),
        }
    }
}

/// A page with a form that posts the parameters at once, or at a click where scripts are off.
fn form(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut inputs = String::new();
    for (name, value) in parameters {
        inputs.push_str(&format!("<input type=\"hidden\" name=\"{}\" value=\"{}\"/>\n", escape(name), escape(value)));
    }
    format!(
        "<!DOCTYPE html>\n<html>\n<head><meta charset=\"UTF-8\"/><title>Continue</title></head>\n\
         <body onload=\"document.forms[0].submit()\">\n<form method=\"post\" action=\"{}\">\n{inputs}\
         <noscript><button type=\"submit\">Continue</button></noscript>\n</form>\n</body>\n</html>\n",
        escape(uri)
    )
}

/// Text as it stands inside an attribute of HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Whether two URIs are on the loopback interface and the same but for the port (RFC 8252, section 7.3).
pub(crate) fn differ_in_loopback_port(registered: &str, given: &str) -> bool {
    let without_port = |text| {
        let mut uri = Url::parse(text).ok()?;
        let is_loopback = match uri.host()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        uri.set_port(None).ok()?;
        (is_loopback && uri.scheme() == "http" && uri.fragment().is_none()).then_some(uri)
    };
    without_port(registered).is_some_and(|uri| without_port(given) == Some(uri))
}

#[cfg(test)]
mod tests {
    use super::{Carrier, Destination, ResponseMode, differ_in_loopback_port};

    #[test]
    fn the_port_of_a_loopback_uri() {
        assert!(differ_in_loopback_port("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb"));
        assert!(differ_in_loopback_port("http://[::1]:1/cb", "http://[::1]:5000/cb"));
        for other in [
            "http://127.0.0.1:5000/other",
            "http://127.0.0.1.example/cb",
            "https://127.0.0.1:5000/cb",
            "http://user@127.0.0.1:5000/cb",
            "http://127.0.0.1:5000/cb#f",
        ] {
            assert!(!differ_in_loopback_port("http://127.0.0.1/cb", other), "{other}");
        }
        assert!(!differ_in_loopback_port("https://c.example/cb", "https://c.example:5000/cb"));
    }

    fn content(uri: &str, carrier: Carrier) -> (&'static str, String) {
        let mode = ResponseMode { carrier, jwt: false, name: "" };
        let destination = Destination { client_id: 1, redirect_uri: uri.to_owned(), mode, state: None, iss: None };
        destination.content(&[("code", "1"), ("state", "a b&c\"")])
    }

    #[test]
    fn a_query_joins_the_one_that_is_there() {
        let plain = content("https://c.example/cb", Carrier::Query).1;
        assert_eq!(plain, "https://c.example/cb?code=1&state=a+b%26c%22");
        let joined = content("https://c.example/cb?x=1", Carrier::Query).1;
        assert_eq!(joined, "https://c.example/cb?x=1&code=1&state=a+b%26c%22");
    }

    #[test]
    fn a_fragment() {
        let fragment = content("https://c.example/cb", Carrier::Fragment);
        assert_eq!(fragment, ("LOCATION", "https://c.example/cb#code=1&state=a+b%26c%22".to_owned()));
    }

    #[test]
    fn a_form_cannot_be_broken_out_of() {
        let (action, page) = content("https://c.example/cb?a=\"><script>", Carrier::FormPost);
        assert_eq!(action, "FORM");
        assert!(page.contains("action=\"https://c.example/cb?a=&quot;&gt;&lt;script&gt;\""), "{page}");
        assert!(page.contains("value=\"a b&amp;c&quot;\""), "{page}");
    }
}
