//! The documents that an issuer publishes.

use serde_json::{Map, Value, json};

use super::{Issuer, Refusal, Version};
use crate::jose::jwk;
use crate::oauth::haip;
use crate::oauth::names::{JWE_ALGORITHMS, JWE_ENCODINGS};
use crate::reply::Code;
use crate::state::Settings;

const NOT_SET_UP: Code = "A900101";
const UNREADABLE: Code = "A900102";

/// The metadata of the issuer (OpenID4VCI 1.0, section 12.2.4).
pub(crate) fn metadata(service: &Settings) -> Result<Value, Refusal> {
    let issuer = Issuer::of(service);
    for name in ["credentialIssuer", "credentialEndpoint", "credentialsSupported"] {
        if issuer.get(name).is_none() {
            let message = format!("The service's credentialIssuerMetadata has no {name}.");
            return Err(Refusal::service(NOT_SET_UP, &message));
        }
    }
    if issuer.configurations.is_empty() {
        let message =
            "credentialsSupported of the service's credentialIssuerMetadata is not a JSON object with members.";
        return Err(Refusal::service(UNREADABLE, message));
    }
    if haip::is_set(service) {
        haip::check_issuer(&issuer).map_err(|message| Refusal::service(NOT_SET_UP, &message))?;
    }
    let complete = issuer.version == Version::Final;
    let mut document = Map::new();
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            document.insert(name.to_owned(), value);
        }
    };
    let member = |name: &str| issuer.get(name).cloned();
    add("credential_issuer", member("credentialIssuer"));
    add("authorization_servers", member("authorizationServers"));
    add("credential_endpoint", member("credentialEndpoint"));
    add("deferred_credential_endpoint", member("deferredCredentialEndpoint"));
    add("notification_endpoint", member("notificationEndpoint"));
    if complete {
        add("nonce_endpoint", member("nonceEndpoint"));
        add("credential_request_encryption", request_encryption(&issuer));
        add("batch_credential_issuance", (issuer.batch_size() > 1).then(|| json!({"batch_size": issuer.batch_size()})));
    } else {
        add("batch_credential_endpoint", member("batchCredentialEndpoint"));
    }
    add("credential_response_encryption", response_encryption(&issuer));
    add("display", display(&issuer)?);
    add("credential_configurations_supported", Some(json!(issuer.configurations)));
    Ok(Value::Object(document))
}

fn display(issuer: &Issuer<'_>) -> Result<Option<Value>, Refusal> {
    let Some(text) = issuer.string("display") else { return Ok(None) };
    let parsed = serde_json::from_str(text).ok().filter(Value::is_array);
    parsed.map(Some).ok_or_else(|| {
        Refusal::service(UNREADABLE, "display of the service's credentialIssuerMetadata is not a JSON array.")
    })
}

/// How requests may be encrypted, if there are keys for it.
fn request_encryption(issuer: &Issuer<'_>) -> Option<Value> {
    let keys: Vec<_> =
        jwk::set(issuer.string("credentialRequestEncryptionJwks")?).iter().filter_map(jwk::public).collect();
    let mut members = json!({
        "jwks": {"keys": keys},
        "enc_values_supported": issuer.algorithms("credentialRequestEncryptionEncValuesSupported", JWE_ENCODINGS),
        "encryption_required": issuer.flag("requireCredentialRequestEncryption"),
    });
    if let Some(zips) = issuer.get("credentialRequestEncryptionZipValuesSupported") {
        members["zip_values_supported"] = zips.clone();
    }
    Some(members)
}

/// How responses can be encrypted, if they can.
fn response_encryption(issuer: &Issuer<'_>) -> Option<Value> {
    let algs = issuer.algorithms("credentialResponseEncryptionAlgValuesSupported", JWE_ALGORITHMS);
    let encs = issuer.algorithms("credentialResponseEncryptionEncValuesSupported", JWE_ENCODINGS);
    if algs.is_empty() || encs.is_empty() {
        return None;
    }
    let mut members = json!({
        "alg_values_supported": algs,
        "enc_values_supported": encs,
        "encryption_required": issuer.flag("requireCredentialResponseEncryption"),
    });
    let zips = issuer.get("credentialResponseEncryptionZipValuesSupported");
    if let Some(zips) = zips.filter(|_| issuer.version == Version::Final) {
        members["zip_values_supported"] = zips.clone();
    }
    Some(members)
}

/// Where the keys of the issuer are (SD-JWT VC, section 5).
pub(crate) fn jwt_issuer(service: &Settings) -> Result<Value, Refusal> {
    let issuer = Issuer::of(service);
    let Some(identifier) = issuer.string("credentialIssuer") else {
        return Err(Refusal::service(NOT_SET_UP, "The service's credentialIssuerMetadata has no credentialIssuer."));
    };
    let Some(uri) = service.string("credentialJwksUri") else {
        return Err(Refusal::service(NOT_SET_UP, "The service has no credentialJwksUri."));
    };
    Ok(json!({"issuer": identifier, "jwks_uri": uri}))
}

/// The public parts of the keys that sign credentials.
pub(crate) fn jwks(service: &Settings) -> Result<Value, Refusal> {
    let Some(set) = service.string("credentialJwks") else {
        return Err(Refusal::service(NOT_SET_UP, "The service has no credentialJwks."));
    };
    let keys: Vec<_> = jwk::set(set).iter().filter_map(jwk::public).collect();
    Ok(json!({"keys": keys}))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::metadata;
    use crate::state::Settings;

    fn service(display: &str) -> Settings {
        let issuer = json!({
            "credentialIssuer": "https://issuer.example.com",
            "credentialEndpoint": "https://issuer.example.com/credential",
            "credentialsSupported": "{\"a\": {}}",
            "display": display,
        });
        let mut settings = Settings(serde_json::Map::new());
        settings.set("credentialIssuerMetadata", issuer);
        settings
    }

    #[test]
    fn display_is_a_list_in_a_string() {
        let document = metadata(&service("[{\"name\": \"Issuer\"}]")).expect("a document");
        assert_eq!(document["display"], json!([{"name": "Issuer"}]));
        assert_eq!(metadata(&service("")).expect("a document")["display"], Value::Null);
        assert!(metadata(&service("Issuer")).is_err());
    }
}
