//! SD-JWT VC: a JWT whose claims can be disclosed one by one (RFC 9901; SD-JWT-based Verifiable Credentials).

use serde_json::{Map, Value, json};

use super::{Credential, FormatError, payload};
use crate::jose::sha256;
use crate::jose::{encode, jwk};
use crate::random;

/// Claims that are always disclosed (SD-JWT VC, section 3.2.2.2; `type` is what Authlete adds to them).
const DISCLOSED: &[&str] = &["iss", "iat", "nbf", "exp", "cnf", "type", "status", "vct", "vct#integrity"];

/// Names that RFC 9901, section 4.1, keeps for itself.
const RESERVED: &[&str] = &["_sd", "_sd_alg", "..."];

/// The credential, without a JWT that proves the holder's key.
pub(super) fn make(typ: &str, credential: &Credential<'_>) -> Result<String, FormatError> {
    if credential.payload.get("vct").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(payload("The credentialPayload of an SD-JWT VC has to have a string vct."));
    }
    let mut disclosures = Vec::new();
    let mut claims = hidden(credential.payload, true, &mut disclosures)?;
    claims.insert("iss".to_owned(), json!(credential.issuer));
    claims.entry("iat").or_insert(json!(credential.now));
    if let Some(duration) = credential.duration {
        claims.entry("exp").or_insert(json!(credential.now + duration));
    }
    claims.remove("cnf");
    if let Some(key) = credential.key {
        let mut key = key.clone();
        if !key.contains_key("kid")
            && let Some(thumbprint) = jwk::thumbprint(&key)
        {
            key.insert("kid".to_owned(), json!(thumbprint));
        }
        claims.insert("cnf".to_owned(), json!({"jwk": key}));
    }
    if !disclosures.is_empty() {
        claims.insert("_sd_alg".to_owned(), json!("sha-256"));
    }
    let mut text = sign(typ, credential, &claims)?;
    for disclosure in disclosures {
        text.push('~');
        text += &disclosure;
    }
    text.push('~');
    Ok(text)
}

/// The members with each leaf in a disclosure of its own. An object keeps its name, and hides what is in it; a list is
/// hidden as a whole.
fn hidden(
    members: &Map<String, Value>,
    outermost: bool,
    disclosures: &mut Vec<String>,
) -> Result<Map<String, Value>, FormatError> {
    let mut visible = Map::new();
    let mut digests = Vec::new();
    for (name, value) in members {
        if RESERVED.contains(&name.as_str()) {
            return Err(payload(format!("The credentialPayload has a member {name}, which SD-JWT keeps for itself.")));
        }
        match value {
            value if outermost && DISCLOSED.contains(&name.as_str()) => {
                visible.insert(name.clone(), value.clone());
            }
            Value::Object(inner) if !inner.is_empty() => {
                visible.insert(name.clone(), Value::Object(hidden(inner, false, disclosures)?));
            }
            value => {
                let disclosure = encode(json!([random::token::<16>()?, name, value]).to_string());
                digests.push(sha256(&disclosure));
                disclosures.push(disclosure);
            }
        }
    }
    if !digests.is_empty() {
        // In an order that says nothing of the claims.
        digests.sort_unstable();
        visible.insert("_sd".to_owned(), json!(digests));
    }
    Ok(visible)
}

fn sign(typ: &str, credential: &Credential<'_>, claims: &Map<String, Value>) -> Result<String, FormatError> {
    let signer = credential.signer;
    let mut header = json!({"alg": signer.algorithm.name(), "typ": typ});
    for name in ["kid", "x5c"] {
        if let Some(value) = signer.jwk.get(name) {
            header[name] = value.clone();
        }
    }
    let message = format!("{}.{}", encode(header.to_string()), encode(json!(claims).to_string()));
    let signature = signer.private.sign(signer.algorithm, message.as_bytes());
    let signature = signature.ok_or(FormatError::Key("The key of the issuer cannot sign the credential."))?;
    Ok(format!("{message}.{}", encode(signature)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::hidden;
    use crate::jose::decode;
    use crate::jose::sha256;

    #[test]
    fn leaves_are_hidden_and_objects_keep_their_names() {
        let payload = json!({
            "vct": "https://example.org/person", "given_name": "Ada", "nationalities": ["DE", "FR"],
            "address": {"country": "DE", "type": "home"}, "status": {"status_list": {"idx": 1, "uri": "u"}},
        });
        let mut disclosures = Vec::new();
        let visible = hidden(payload.as_object().expect("an object"), true, &mut disclosures).expect("it is made");
        let names: Vec<&String> = visible.keys().collect();
        assert_eq!(names, ["_sd", "address", "status", "vct"]);
        let texts = |digests: &Value| digests.as_array().expect("digests").len();
        assert_eq!((texts(&visible["_sd"]), texts(&visible["address"]["_sd"])), (2, 2));
        let shown: Vec<Value> = disclosures
            .iter()
            .map(|disclosure| serde_json::from_slice(&decode(disclosure).expect("base64url")).expect("JSON"))
            .collect();
        assert!(shown.iter().any(|one| one[1] == "nationalities" && one[2] == json!(["DE", "FR"])), "{shown:?}");
        assert!(shown.iter().all(|one| one[0].as_str().is_some_and(|salt| salt.len() == 22)));
        let all = json!(visible).to_string();
        assert!(disclosures.iter().all(|disclosure| all.contains(&sha256(disclosure))));
        assert!(!all.contains("Ada"));
    }

    #[test]
    fn names_of_the_format_are_refused() {
        let payload = json!({"vct": "a", "address": {"_sd": []}});
        assert!(hidden(payload.as_object().expect("an object"), true, &mut Vec::new()).is_err());
    }
}
