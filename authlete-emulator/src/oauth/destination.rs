//! Where the response to an authorization request goes, and the form that it has there.

use form_urlencoded::Serializer;
use serde::{Deserialize, Serialize};

use super::response_mode::{Carrier, ResponseMode};
use crate::html::escape;

/// Where the response to an authorization request goes, and what it always says.
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
    /// The action and the content that carry these parameters.
    pub(crate) fn content(&self, all: &[(&str, &str)]) -> (&'static str, String) {
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

#[cfg(test)]
mod tests {
    use super::{Carrier, Destination, ResponseMode};

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
