//! A document from an http(s) URL: the only place in the project's tools that touches the network.

use std::time::Duration;

/// The longest that a fetch may take, redirects included.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The largest answer that is read. Upstream's documents are about 1 MB.
const LIMIT: u64 = 32 * 1024 * 1024;

/// The body of a successful answer.
pub(crate) fn fetch(url: &str) -> Result<Vec<u8>, String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .user_agent("authlete-rs xtask")
        .build()
        .into();
    let shown = without_credentials(url);
    let mut response = agent.get(url).call().map_err(|error| format!("cannot fetch {shown}: {error}"))?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!("cannot fetch {shown}: the server answered {status}"));
    }
    response.body_mut().with_config().limit(LIMIT).read_to_vec().map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(_) => format!("cannot fetch {shown}: the answer is larger than {LIMIT} bytes"),
        error => format!("cannot fetch {shown}: {error}"),
    })
}

/// The URL as it may be shown and recorded: no user name, no password.
pub(crate) fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}
