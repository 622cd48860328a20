//! Answers that go to the client through the browser: by redirection or by a form that submits itself.

use form_urlencoded::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::{Host, Url};

use super::OAuthError;
use crate::reply::{self, Code, Reply};
use crate::state::Settings;

/// Where the response parameters travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl ResponseMode {
    /// The mode of a `response_mode` parameter.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }

    /// The name in a client's `responseModes`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Query => "QUERY",
            Self::Fragment => "FRAGMENT",
            Self::FormPost => "FORM_POST",
        }
    }
}

/// Where the answer to an authorization request goes, and what it always says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destination {
    pub(crate) redirect_uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
    /// The issuer (RFC 9207).
    pub(crate) iss: Option<String>,
}

impl Destination {
    /// The API's answer that carries these response parameters to the client.
    pub(crate) fn reply(&self, code: Code, message: &str, parameters: &[(&str, &str)]) -> Reply {
        self.reply_with(code, message, parameters, json!({}))
    }

    /// The same, with further members beside it.
    pub(crate) fn reply_with(
        &self,
        code: Code,
        message: &str,
        parameters: &[(&str, &str)],
        mut rest: serde_json::Value,
    ) -> Reply {
        let (action, content) = self.content(parameters);
        if let Some(members) = rest.as_object_mut() {
            members.insert("responseContent".to_owned(), json!(content));
        }
        reply::action(action, code, message, rest)
    }

    /// The API's answer that tells the client of an error.
    pub(crate) fn error(&self, service: &Settings, error: &OAuthError) -> Reply {
        let description = error.description(service);
        let mut parameters = vec![("error", error.error)];
        parameters.extend(description.as_deref().map(|text| ("error_description", text)));
        self.reply(error.code, &error.message, &parameters)
    }

    fn content(&self, parameters: &[(&str, &str)]) -> (&'static str, String) {
        let mut all = parameters.to_vec();
        all.extend(self.state.as_deref().map(|state| ("state", state)));
        all.extend(self.iss.as_deref().map(|iss| ("iss", iss)));
        let encoded = || Serializer::new(String::new()).extend_pairs(&all).finish();
        match self.mode {
            ResponseMode::Query => {
                let uri = &self.redirect_uri;
                let joint = match uri.split_once('?') {
                    None => "?",
                    Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
                    Some(_) => "&",
                };
                ("LOCATION", format!("{uri}{joint}{}", encoded()))
            }
            ResponseMode::Fragment => ("LOCATION", format!("{}#{}", self.redirect_uri, encoded())),
            ResponseMode::FormPost => ("FORM", form(&self.redirect_uri, &all)),
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
    use super::{Destination, ResponseMode, differ_in_loopback_port};

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

    fn content(uri: &str, mode: ResponseMode) -> (&'static str, String) {
        let destination =
            Destination { redirect_uri: uri.to_owned(), mode, state: Some("a b&c\"".to_owned()), iss: None };
        destination.content(&[("code", "1")])
    }

    #[test]
    fn a_query_joins_the_one_that_is_there() {
        let plain = content("https://c.example/cb", ResponseMode::Query).1;
        assert_eq!(plain, "https://c.example/cb?code=1&state=a+b%26c%22");
        let joined = content("https://c.example/cb?x=1", ResponseMode::Query).1;
        assert_eq!(joined, "https://c.example/cb?x=1&code=1&state=a+b%26c%22");
    }

    #[test]
    fn a_fragment() {
        let fragment = content("https://c.example/cb", ResponseMode::Fragment);
        assert_eq!(fragment, ("LOCATION", "https://c.example/cb#code=1&state=a+b%26c%22".to_owned()));
    }

    #[test]
    fn a_form_cannot_be_broken_out_of() {
        let (action, page) = content("https://c.example/cb?a=\"><script>", ResponseMode::FormPost);
        assert_eq!(action, "FORM");
        assert!(page.contains("action=\"https://c.example/cb?a=&quot;&gt;&lt;script&gt;\""), "{page}");
        assert!(page.contains("value=\"a b&amp;c&quot;\""), "{page}");
    }
}
