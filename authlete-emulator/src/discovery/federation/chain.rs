//! Trust chains (OpenID Federation 1.0, sections 4 and 10): from an entity over its superiors to a trust anchor.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};
use url::{Host, Url};

use super::super::policy::{Policy, PolicyError};
use super::statement::Statement;
use crate::fetch::{Kind, Wanted};
use crate::jose::jwk::{self, Jwk};
use crate::state::Tenant;

/// The kind of metadata that clients have.
pub(crate) const RELYING_PARTY: &str = "openid_relying_party";

/// A chain has as many statements, and an entity as many superiors, as are looked at.
const LONGEST: usize = 10;
const MOST_HINTS: usize = 5;

/// A trust chain that holds, and what it says of its subject.
#[derive(Debug, Clone)]
pub(crate) struct TrustChain {
    /// The statements, that of the subject about itself first.
    pub(crate) statements: Vec<String>,
    pub(crate) subject: String,
    pub(crate) anchor: String,
    /// The entity that vouches for the subject itself.
    pub(crate) superior: String,
    /// When the first of its statements ends, in seconds since 1970.
    pub(crate) expires_at: u64,
    /// The metadata of the subject as a client, as its superiors want it.
    pub(crate) metadata: Map<String, Value>,
}

/// Why there is no trust chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChainError {
    #[error("the service has no trust anchors")]
    NoAnchors,
    #[error("the entity configuration of {url} was not fetched: {why}")]
    NotFetched { url: String, why: String },
    #[error("no chain leads to a trust anchor of the service's")]
    NoAnchor,
    #[error("{0}")]
    Invalid(String),
    #[error("the metadata is not what the chain allows: {0}")]
    Metadata(String),
}

impl ChainError {
    /// The error of the protocol (section 8.9).
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NoAnchors | Self::NoAnchor => "invalid_trust_anchor",
            Self::NotFetched { .. } | Self::Invalid(_) => "invalid_trust_chain",
            Self::Metadata(_) => "invalid_metadata",
        }
    }
}

fn invalid(message: impl Into<String>) -> ChainError {
    ChainError::Invalid(message.into())
}

/// Whether an identifier may be that of an entity: an https URL, or one of http on this machine, without query and
/// fragment (section 1.2).
pub(crate) fn is_entity_id(identifier: &str) -> bool {
    let Ok(url) = Url::parse(identifier) else { return false };
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    (url.scheme() == "https" || (url.scheme() == "http" && local))
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
}

/// The trust anchors of the service, with their keys.
fn anchors(tenant: &Tenant) -> Vec<(String, Vec<Jwk>)> {
    let anchors = tenant.settings.objects("trustAnchors").filter_map(|anchor| {
        let id = anchor.get("entityId")?.as_str()?;
        let keys = anchor.get("jwks").and_then(Value::as_str).map(jwk::set).unwrap_or_default();
        Some((id.to_owned(), keys))
    });
    anchors.collect()
}

/// What resolves chains: the documents that have been fetched, and the time.
struct Resolver<'a> {
    tenant: &'a Tenant,
    now: u64,
    skew: u64,
    anchors: Vec<(String, Vec<Jwk>)>,
}

/// The shortest chain of an entity, by fetching statements (section 10.1). `configuration` is what the entity says of
/// itself, where that is known already. The error is a document that has to be fetched first.
pub(crate) fn resolve(
    tenant: &Tenant,
    entity: &str,
    configuration: Option<&str>,
    now: u64,
) -> Result<Result<TrustChain, ChainError>, Wanted> {
    let resolver = Resolver::new(tenant, now);
    if resolver.anchors.is_empty() {
        return Ok(Err(ChainError::NoAnchors));
    }
    let first = match configuration {
        Some(text) => resolver.read(text),
        None => resolver.configuration(entity)?,
    };
    let first = match first {
        Ok(first) => first,
        Err(error) => return Ok(Err(error)),
    };
    resolver.search(first)
}

/// The chain that somebody presents (section 4).
pub(crate) fn validate(tenant: &Tenant, statements: &[String], now: u64) -> Result<TrustChain, ChainError> {
    let resolver = Resolver::new(tenant, now);
    if resolver.anchors.is_empty() {
        return Err(ChainError::NoAnchors);
    }
    if !(2..=LONGEST).contains(&statements.len()) {
        return Err(invalid("a trust chain has two statements at least, and not too many"));
    }
    let statements: Vec<Statement> = statements.iter().map(|text| resolver.read(text)).collect::<Result<_, _>>()?;
    resolver.check(&statements)
}

impl<'a> Resolver<'a> {
    fn new(tenant: &'a Tenant, now: u64) -> Self {
        Self { tenant, now: now / 1000, skew: tenant.settings.number("allowableClockSkew"), anchors: anchors(tenant) }
    }

    fn read(&self, text: &str) -> Result<Statement, ChainError> {
        Statement::read(text, self.now, self.skew).map_err(ChainError::Invalid)
    }

    /// A document that has been fetched.
    fn document(&self, url: &str) -> Result<Result<Statement, ChainError>, Wanted> {
        let fetched = self.tenant.documents.get(Wanted::new(Kind::EntityStatement, url))?;
        Ok(match fetched {
            Ok(document) => self.read(document.text().unwrap_or_default()),
            Err(error) => Err(ChainError::NotFetched { url: url.to_owned(), why: error.to_string() }),
        })
    }

    /// What an entity says of itself (section 9).
    fn configuration(&self, entity: &str) -> Result<Result<Statement, ChainError>, Wanted> {
        let found = self.document(&format!("{}/.well-known/openid-federation", entity.trim_end_matches('/')))?;
        Ok(found.and_then(|statement| match statement.string("iss") == entity && statement.string("sub") == entity {
            true => Ok(statement),
            false => Err(invalid(format!("the entity configuration of {entity} is another's"))),
        }))
    }

    /// What a superior says of a subordinate (section 8.1).
    fn subordinate(&self, superior: &Statement, subject: &str) -> Result<Result<Statement, ChainError>, Wanted> {
        let endpoint = superior.of_type("metadata", "federation_entity");
        let endpoint = endpoint.and_then(|metadata| metadata.get("federation_fetch_endpoint")?.as_str());
        let url = endpoint.and_then(|endpoint| Url::parse(endpoint).ok());
        let Some(mut url) = url else {
            return Ok(Err(invalid(format!("{} has no federation_fetch_endpoint", superior.string("iss")))));
        };
        url.query_pairs_mut().append_pair("sub", subject);
        self.document(url.as_str())
    }

    /// Goes up, level by level, until a trust anchor is met.
    fn search(&self, first: Statement) -> Result<Result<TrustChain, ChainError>, Wanted> {
        let mut error = None;
        let mut seen = vec![first.string("iss").to_owned()];
        // What is known so far, and the configuration of the entity at its upper end.
        let mut partial = VecDeque::from([(vec![first.clone()], first)]);
        while let Some((statements, top)) = partial.pop_front() {
            for hint in top.strings("authority_hints").into_iter().take(MOST_HINTS) {
                let is_anchor = self.anchors.iter().any(|(id, _)| *id == hint);
                if !is_entity_id(&hint) || (!is_anchor && seen.contains(&hint)) {
                    continue;
                }
                let superior = match self.configuration(&hint)? {
                    Ok(superior) => superior,
                    Err(failed) => {
                        error = Some(failed);
                        continue;
                    }
                };
                let statement = match self.subordinate(&superior, top.string("iss"))? {
                    Ok(statement) => statement,
                    Err(failed) => {
                        error = Some(failed);
                        continue;
                    }
                };
                let mut longer = statements.clone();
                longer.push(statement);
                if is_anchor {
                    longer.push(superior);
                    match self.check(&longer) {
                        Ok(chain) => return Ok(Ok(chain)),
                        Err(failed) => error = Some(failed),
                    }
                } else if longer.len() < LONGEST {
                    seen.push(hint);
                    partial.push_back((longer, superior));
                }
            }
        }
        Ok(Err(error.unwrap_or(ChainError::NoAnchor)))
    }

    /// Whether the chain holds (section 10.2), and what it says.
    fn check(&self, statements: &[Statement]) -> Result<TrustChain, ChainError> {
        // A chain may end with what the anchor says of itself.
        let (about, last) = match statements {
            [about @ .., last] if last.string("iss") == last.string("sub") => (about, Some(last)),
            all => (all, None),
        };
        let [configuration, superiors @ ..] = about else { return Err(invalid("the trust chain is empty")) };
        let subject = configuration.string("sub").to_owned();
        if configuration.string("iss") != subject || !configuration.is_signed_by(&configuration.keys()) {
            return Err(invalid(format!("the entity configuration of {subject} is not signed by itself")));
        }
        let Some(top) = superiors.last() else { return Err(invalid("nobody vouches for the entity")) };
        let anchor = top.string("iss").to_owned();
        let Some((_, anchor_keys)) = self.anchors.iter().find(|(id, _)| *id == anchor) else {
            return Err(ChainError::NoAnchor);
        };
        if last.is_some_and(|last| last.string("iss") != anchor || !last.is_signed_by(anchor_keys)) {
            return Err(invalid("the entity configuration of the trust anchor is not the anchor's"));
        }
        for (below, above) in about.iter().zip(superiors) {
            let (below_id, above_sub) = (below.string("iss"), above.string("sub"));
            if below_id != above_sub || !below.is_signed_by(&above.keys()) {
                let message = format!("{} does not vouch for the keys of {below_id}", above.string("iss"));
                return Err(invalid(message));
            }
        }
        if !top.is_signed_by(anchor_keys) {
            return Err(invalid("the statement of the trust anchor is not signed by the key that the service knows"));
        }
        if let Some(statement) = superiors.iter().find(|one| one.string("iss") == one.string("sub")) {
            return Err(invalid(format!("{} vouches for itself", statement.string("iss"))));
        }
        check_constraints(&subject, superiors)?;
        let metadata = metadata(configuration, superiors)?;
        let all = about.iter().chain(last);
        Ok(TrustChain {
            statements: all.clone().map(|statement| statement.text().to_owned()).collect(),
            superior: superiors.first().map(|one| one.string("iss").to_owned()).unwrap_or_default(),
            expires_at: all.map(Statement::expires_at).min().unwrap_or_default(),
            subject,
            anchor,
            metadata,
        })
    }
}

/// The constraints of each superior on those below it (section 6.2).
fn check_constraints(subject: &str, superiors: &[Statement]) -> Result<(), ChainError> {
    for (between, statement) in superiors.iter().enumerate() {
        let Some(constraints) = statement.claims.get("constraints") else { continue };
        let issuer = statement.string("iss");
        if constraints.get("max_path_length").is_some_and(|most| most.as_u64().is_none_or(|most| between as u64 > most))
        {
            return Err(invalid(format!("the trust chain is longer than {issuer} allows")));
        }
        let below = superiors.iter().take(between + 1).map(|one| one.string("sub")).chain([subject]);
        let names = |list: &str| {
            let names = constraints.get("naming_constraints").and_then(|names| names.get(list)?.as_array());
            names.map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>())
        };
        let (permitted, excluded) = (names("permitted"), names("excluded").unwrap_or_default());
        for entity in below {
            let host = Url::parse(entity).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
            let is_under = |name: &String| match name.strip_prefix('.') {
                Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
                None => host == *name,
            };
            if permitted.as_ref().is_some_and(|names| !names.iter().any(is_under)) || excluded.iter().any(is_under) {
                return Err(invalid(format!("{issuer} does not allow the name of {entity}")));
            }
        }
        let types = constraints.get("allowed_entity_types").and_then(Value::as_array);
        if types.is_some_and(|types| !types.contains(&json!(RELYING_PARTY))) {
            return Err(invalid(format!("{issuer} does not allow clients below it")));
        }
    }
    Ok(())
}

/// The metadata of the subject: its own, with what its superior sets, under the policies of all (section 6.1.4).
fn metadata(configuration: &Statement, superiors: &[Statement]) -> Result<Map<String, Value>, ChainError> {
    let own = configuration.of_type("metadata", RELYING_PARTY).and_then(Value::as_object);
    let mut metadata = own.cloned().ok_or_else(|| ChainError::Metadata("the entity is not a client".to_owned()))?;
    let set = superiors.first().and_then(|superior| superior.of_type("metadata", RELYING_PARTY)?.as_object());
    metadata.extend(set.cloned().unwrap_or_default());
    let critical: Vec<String> = superiors.iter().flat_map(|one| one.strings("metadata_policy_crit")).collect();
    let mut merged: Option<Policy> = None;
    let failed = |error: PolicyError| ChainError::Metadata(error.to_string());
    for statement in superiors.iter().rev() {
        let Some(policy) = statement.of_type("metadata_policy", RELYING_PARTY) else { continue };
        let policy = Policy::parse(policy, &critical).map_err(failed)?;
        match &mut merged {
            Some(merged) => merged.merge(policy).map_err(failed)?,
            None => merged = Some(policy),
        }
    }
    if let Some(policy) = merged {
        policy.apply(&mut metadata).map_err(failed)?;
    }
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use super::is_entity_id;

    #[test]
    fn which_urls_are_entity_ids() {
        for (identifier, expected) in [
            ("https://rp.example", true),
            ("https://rp.example/path", true),
            ("http://127.0.0.1:4000/rp", true),
            ("http://localhost", true),
            ("http://rp.example", false),
            ("https://rp.example?a=b", false),
            ("https://rp.example#a", false),
            ("https://user@rp.example", false),
            ("1234", false),
        ] {
            assert_eq!(is_entity_id(identifier), expected, "{identifier}");
        }
    }
}
