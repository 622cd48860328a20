//! Where tokens may be used (RFC 8707): the resources that the operator names, each by one identifier.

use http::StatusCode;
use url::Url;

/// The resources that tokens may be for. Where none is named, any will do.
#[derive(Debug, Clone, Default)]
pub struct Resources(Vec<String>);

impl Resources {
    /// Resources by their identifiers: what tokens have as their audience, and what the resource servers compare with.
    pub fn new(identifiers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(identifiers.into_iter().map(Into::into).collect())
    }

    /// A form or query in which every resource that we know has its identifier. Clients write it in other ways: with a
    /// slash at its end, with capitals in the host, with the port that is the scheme's anyway.
    pub(crate) fn with_identifiers(&self, parameters: String) -> String {
        if self.0.is_empty() || !pairs(&parameters).any(|(name, _)| name == "resource") {
            return parameters;
        }
        let written = |pair: &str| match pairs(pair).next() {
            Some((name, value)) if name == "resource" => {
                let known = self.identifier(&value).unwrap_or(&value).to_owned();
                form_urlencoded::Serializer::new(String::new()).append_pair("resource", &known).finish()
            }
            _ => pair.to_owned(),
        };
        parameters.split('&').map(written).collect::<Vec<_>>().join("&")
    }

    /// The same, for endpoints that refuse the others at once (RFC 8707 2.2).
    pub(crate) fn known(&self, parameters: String) -> Result<String, crate::Stop> {
        let parameters = self.with_identifiers(parameters);
        let asked: Vec<_> = pairs(&parameters).filter(|(name, _)| name == "resource").map(|(_, value)| value).collect();
        match self.have(&asked) {
            true => Ok(parameters),
            false => Err(crate::Stop::with(crate::inputs::refused(StatusCode::BAD_REQUEST, "invalid_target"))),
        }
    }

    /// Whether we know all of them, by their identifiers.
    pub(crate) fn have(&self, resources: &[impl AsRef<str>]) -> bool {
        self.0.is_empty() || resources.iter().all(|asked| self.0.iter().any(|known| known == asked.as_ref()))
    }

    fn identifier(&self, resource: &str) -> Option<&str> {
        let asked = canonical(resource)?;
        self.0.iter().map(String::as_str).find(|known| canonical(known).is_some_and(|known| known == asked))
    }
}

fn pairs(parameters: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(parameters.as_bytes())
}

/// A resource without what says nothing. A fragment is not allowed (RFC 8707 2).
fn canonical(resource: &str) -> Option<String> {
    let url = Url::parse(resource).ok().filter(|url| url.fragment().is_none())?;
    let text = url.to_string();
    Some(if url.query().is_none() { text.trim_end_matches('/').to_owned() } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_has_one_identifier() {
        let resources = Resources::new(["https://mcp.example/mcp", "https://api.example"]);
        let form = "a=%2F&resource=https%3A%2F%2FMCP.example%3A443%2Fmcp%2F&resource=https%3A%2F%2Fapi.example%2F&b";
        assert_eq!(
            resources.with_identifiers(form.to_owned()),
            "a=%2F&resource=https%3A%2F%2Fmcp.example%2Fmcp&resource=https%3A%2F%2Fapi.example&b"
        );
        assert!(resources.have(&["https://mcp.example/mcp", "https://api.example"]));
        for other in [
            "https://mcp.example/mcp/",
            "https://mcp.example/other",
            "https://mcp.example/mcp#x",
            "http://mcp.example/mcp",
            "mcp",
        ] {
            assert!(!resources.have(&[other]), "{other}");
        }
        assert_eq!(resources.identifier("https://mcp.example/mcp#x"), None);
        let any = Resources::default();
        assert!(any.have(&["x"]) && any.with_identifiers(form.to_owned()) == form);
    }
}
