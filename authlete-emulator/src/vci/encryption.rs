//! Encrypted requests and responses (OpenID4VCI 1.0, section 10).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Issuer, Refusal, Version};
use crate::error::ApiError;
use crate::jose::jwe::{self, Encoding, Jwe, Management};
use crate::jose::jwk::{self, Jwk};
use crate::oauth::OAuthError;
use crate::oauth::names::{JWE_ALGORITHMS, JWE_ENCODINGS};
use crate::reply::Code;
use crate::state::Settings;

const PARAMETERS: Code = "A900301";
const NOT_DECRYPTED: Code = "A900302";
const NOT_ENCRYPTED: Code = "A900303";
const MALFORMED: Code = "A900304";

/// What a wallet sent.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) members: Map<String, Value>,
    pub(crate) encrypted: bool,
}

/// How a wallet wants the response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parameters {
    jwk: Jwk,
    alg: String,
    enc: String,
    compressed: bool,
}

fn wrong(message: &str) -> OAuthError {
    OAuthError::new("invalid_encryption_parameters", PARAMETERS, message)
}

/// Reads the body of a request: a JSON object, or one that is encrypted to a key of the issuer.
pub(crate) fn read(service: &Settings, content: &str) -> Result<Message, Refusal> {
    let issuer = Issuer::of(service);
    let content = content.trim();
    let encrypted = issuer.version == Version::Final && !content.starts_with('{') && content.split('.').count() == 5;
    let text;
    let content = if encrypted {
        text = decrypt(&issuer, content)?;
        &text
    } else {
        content
    };
    if !encrypted && issuer.version == Version::Final && issuer.flag("requireCredentialRequestEncryption") {
        let message = "The issuer wants requests to be encrypted.";
        return Err(OAuthError::new("invalid_credential_request", NOT_ENCRYPTED, message).into());
    }
    match serde_json::from_str(content) {
        Ok(members) => Ok(Message { members, encrypted }),
        Err(_) => Err(Refusal::wallet("invalid_credential_request", MALFORMED, "The request is not a JSON object.")),
    }
}

fn decrypt(issuer: &Issuer<'_>, content: &str) -> Result<String, OAuthError> {
    let failed = |message: &str| OAuthError::new("invalid_encryption_parameters", NOT_DECRYPTED, message);
    let Some(set) = issuer.string("credentialRequestEncryptionJwks") else {
        return Err(failed("The issuer has no key that requests are encrypted to."));
    };
    let jwe = Jwe::read(content).map_err(|error| failed(&format!("The request cannot be decrypted: {error}.")))?;
    if !issuer.algorithms("credentialRequestEncryptionEncValuesSupported", JWE_ENCODINGS).contains(&jwe.encoding.name())
    {
        return Err(failed("The enc of the request is not one that the issuer lists."));
    }
    let zips = issuer.strings("credentialRequestEncryptionZipValuesSupported");
    if jwe.header.contains_key("zip") && !jwe.header("zip").is_some_and(|zip| zips.contains(&zip)) {
        return Err(failed("The zip of the request is not one that the issuer lists."));
    }
    // The alg of a request is that of the key (section 10).
    let alg = jwe.management.name();
    let keys: Vec<Jwk> = jwk::set(set).into_iter().filter(|key| jwk::string(key, "alg") == Some(alg)).collect();
    let bytes = jwe.decrypt(&keys).map_err(|error| failed(&format!("The request cannot be decrypted: {error}.")))?;
    String::from_utf8(bytes).map_err(|_| failed("The request, decrypted, is not UTF-8."))
}

/// How the response to this message is to be encrypted, if it is to be.
pub(crate) fn parameters(
    service: &Settings,
    message: &Message,
    required_by_client: bool,
) -> Result<Option<Parameters>, OAuthError> {
    let issuer = Issuer::of(service);
    let required = required_by_client || issuer.flag("requireCredentialResponseEncryption");
    let given = match message.members.get("credential_response_encryption") {
        None | Some(Value::Null) if required => return Err(wrong("The response has to be encrypted.")),
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(given)) => given,
        Some(_) => return Err(wrong("credential_response_encryption is not an object.")),
    };
    if issuer.version == Version::Final && !message.encrypted {
        // Section 8.2: somebody on the way could put in another key.
        return Err(wrong("A request for an encrypted response has to be encrypted itself."));
    }
    let Some(jwk) = given.get("jwk").and_then(Value::as_object).filter(|jwk| !jwk::is_private(jwk)) else {
        return Err(wrong("credential_response_encryption has no public key in jwk."));
    };
    let alg = match issuer.version {
        Version::Final => jwk::string(jwk, "alg"),
        Version::Draft => given.get("alg").and_then(Value::as_str),
    };
    let Some(alg) = listed(&issuer.algorithms("credentialResponseEncryptionAlgValuesSupported", JWE_ALGORITHMS), alg)
    else {
        return Err(wrong("The alg of credential_response_encryption is not one that the issuer lists."));
    };
    let enc = given.get("enc").and_then(Value::as_str);
    let Some(enc) = listed(&issuer.algorithms("credentialResponseEncryptionEncValuesSupported", JWE_ENCODINGS), enc)
    else {
        return Err(wrong("The enc of credential_response_encryption is not one that the issuer lists."));
    };
    let zip = given.get("zip").filter(|zip| !zip.is_null() && issuer.version == Version::Final);
    if zip.is_some_and(|zip| {
        listed(&issuer.strings("credentialResponseEncryptionZipValuesSupported"), zip.as_str()).is_none()
    }) {
        return Err(wrong("The zip of credential_response_encryption is not one that the issuer lists."));
    }
    let parameters =
        Parameters { jwk: jwk.clone(), alg: alg.to_owned(), enc: enc.to_owned(), compressed: zip.is_some() };
    // A key that does not fit would show when it is too late.
    match parameters.encrypt("{}") {
        Ok(Ok(_)) => Ok(Some(parameters)),
        Ok(Err(message)) => Err(wrong(&message)),
        Err(error) => Err(wrong(&error.message)),
    }
}

/// The value, if it is one of the list.
fn listed<'a>(list: &[&str], value: Option<&'a str>) -> Option<&'a str> {
    value.filter(|value| list.contains(value))
}

impl Parameters {
    /// The content in a JWE, or what is wrong with the parameters.
    pub(crate) fn encrypt(&self, content: &str) -> Result<Result<String, String>, ApiError> {
        let Some(management) = Management::parse(&self.alg).filter(|management| !management.is_symmetric()) else {
            return Err(ApiError::not_implemented(format!("credential responses encrypted with {}", self.alg)));
        };
        let Some(encoding) = Encoding::parse(&self.enc) else {
            return Err(ApiError::not_implemented(format!("credential responses encrypted with {}", self.enc)));
        };
        let mut header = Map::new();
        if self.compressed {
            header.insert("zip".to_owned(), json!("DEF"));
        }
        let encrypted = jwe::encrypt(content.as_bytes(), management, encoding, &self.jwk, header);
        Ok(encrypted.map_err(|error| format!("The key of credential_response_encryption does not do: {error}.")))
    }
}
