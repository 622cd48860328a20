//! A service that issues credentials, and a wallet with keys.

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyUsagePurpose,
    date_time_ymd,
};
use serde_json::{Map, Value, json};

use crate::world::{World, content};

/// The identifier of the credential issuer.
pub(crate) const ISSUER: &str = "https://issuer.example.com";

/// The grant type of pre-authorized codes.
pub(crate) const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// An EC key on P-256, and what it signs.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    pub(crate) public: Value,
}

impl Key {
    pub(crate) fn new() -> Self {
        Self::of(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    fn of(pair: EcdsaKeyPair) -> Self {
        let point = pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        Self { public: json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}), pair }
    }

    /// The key with its private part, and with more members.
    pub(crate) fn private(&self, more: &Value) -> Value {
        let private: EcPrivateKeyBin<'_> = self.pair.private_key().as_be_bytes().expect("the private part");
        let mut jwk = self.public.clone();
        jwk["d"] = json!(URL_SAFE_NO_PAD.encode(private.as_ref()));
        jwk["alg"] = json!("ES256");
        extend(&mut jwk, more);
        jwk
    }

    /// The public key as an uncompressed point.
    pub(crate) fn point(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    /// A JWT with exactly this header and these claims.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A certificate for this key with this common name by an authority, in DER as base64.
    pub(crate) fn certified(&self, name: &str, authority: &Authority) -> String {
        let der = self.pair.to_pkcs8v1().expect("PKCS #8");
        let pair = rcgen::KeyPair::try_from(der.as_ref()).expect("a key");
        let mut params = params(name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        STANDARD.encode(params.signed_by(&pair, &authority.issuer).expect("a certificate").der())
    }
}

/// Who certifies keys.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, rcgen::KeyPair>,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "DE");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2060, 1, 1);
    params
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pair = rcgen::KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, pair).expect("a certificate") }
    }

    /// In DER as base64.
    pub(crate) fn der(&self) -> String {
        STANDARD.encode(self.issuer.der())
    }
}

pub(crate) fn extend(base: &mut Value, more: &Value) {
    let base = base.as_object_mut().expect("an object");
    for (name, value) in more.as_object().expect("an object") {
        if value.is_null() {
            base.remove(name);
        } else {
            base.insert(name.clone(), value.clone());
        }
    }
}

/// What the issuer's metadata says of its credentials.
pub(crate) fn configurations() -> Value {
    let proof_types = json!({"jwt": {"proof_signing_alg_values_supported": ["ES256"]}});
    json!({
        "person": {
            "format": "dc+sd-jwt",
            "vct": "https://issuer.example.com/person",
            "scope": "person",
            "cryptographic_binding_methods_supported": ["jwk"],
            "credential_signing_alg_values_supported": ["ES256"],
            "proof_types_supported": proof_types,
        },
        "membership": {
            "format": "dc+sd-jwt",
            "vct": "https://issuer.example.com/membership",
            "scope": "membership",
            "credential_signing_alg_values_supported": ["ES256"],
        },
        "license": {
            "format": "mso_mdoc",
            "doctype": "org.iso.18013.5.1.mDL",
            "scope": "license",
            "cryptographic_binding_methods_supported": ["cose_key"],
            "credential_signing_alg_values_supported": [-7],
            "proof_types_supported": proof_types,
        },
    })
}

/// A credential issuer.
pub(crate) struct Issuer {
    pub(crate) world: World,
    /// What signs the credentials.
    pub(crate) key: Key,
}

impl Issuer {
    pub(crate) async fn new() -> Self {
        Self::with(json!({}), json!({}), json!({})).await
    }

    /// An issuer with more settings of the service, of its issuer metadata, and of the client.
    pub(crate) async fn with(service: Value, metadata: Value, client: Value) -> Self {
        let authority = Authority::new("Test root");
        let key = Key::new();
        let chain = [key.certified("issuer.example.com", &authority)];
        let mut issuer = json!({
            "credentialIssuer": ISSUER,
            "credentialEndpoint": format!("{ISSUER}/credential"),
            "deferredCredentialEndpoint": format!("{ISSUER}/deferred"),
            "nonceEndpoint": format!("{ISSUER}/nonce"),
            "credentialsSupported": configurations().to_string(),
            "batchSize": 3,
        });
        extend(&mut issuer, &metadata);
        let mut settings = json!({
            "verifiableCredentialsEnabled": true,
            "oid4vciVersion": "1.0-Final",
            "preAuthorizedGrantAnonymousAccessSupported": true,
            "credentialIssuerMetadata": issuer,
            "credentialJwks": json!({"keys": [key.private(&json!({"x5c": chain}))]}).to_string(),
            "credentialJwksUri": format!("{ISSUER}/jwks"),
            "supportedGrantTypes": ["AUTHORIZATION_CODE", "PRE_AUTHORIZED_CODE", "REFRESH_TOKEN"],
            "supportedScopes": [{"name": "person"}, {"name": "membership"}, {"name": "license"}, {"name": "other"}],
            "supportedAuthorizationDetailsTypes": ["openid_credential"],
        });
        extend(&mut settings, &service);
        let mut members = json!({
            "grantTypes": ["AUTHORIZATION_CODE", "PRE_AUTHORIZED_CODE", "REFRESH_TOKEN"],
            "authorizationDetailsTypes": ["openid_credential"],
        });
        extend(&mut members, &client);
        Self { world: World::standing(settings, members).await, key }
    }

    /// What the response says of an offer with a pre-authorized code.
    pub(crate) async fn offer(&self, configurations: &[&str], more: &Value) -> Value {
        let mut body = json!({
            "credentialConfigurationIds": configurations,
            "subject": "john",
            "preAuthorizedCodeGrantIncluded": true,
        });
        extend(&mut body, more);
        let answer = self.world.act("/vci/offer/create", body).await;
        assert_eq!(answer["action"], "CREATED", "{answer}");
        answer["info"].clone()
    }

    /// A token request of an anonymous wallet.
    pub(crate) async fn redeem(&self, code: &Value, more: &str) -> Value {
        let code = code.as_str().expect("a code");
        let parameters = format!("grant_type={PRE_AUTHORIZED}&pre-authorized_code={code}{more}");
        self.world.act("/auth/token", json!({"parameters": parameters})).await
    }

    /// An access token for these credentials, from an offer.
    pub(crate) async fn token(&self, configurations: &[&str]) -> Value {
        let offer = self.offer(configurations, &json!({})).await;
        let answer = self.redeem(&offer["preAuthorizedCode"], "").await;
        assert_eq!(answer["action"], "OK", "{answer}");
        answer["accessToken"].clone()
    }

    pub(crate) async fn nonce(&self) -> Value {
        let answer = self.world.act("/vci/nonce", json!({})).await;
        assert_eq!(answer["action"], "OK", "{answer}");
        assert_eq!(content(&answer)["c_nonce"], answer["cnonce"], "{answer}");
        answer["cnonce"].clone()
    }

    /// A proof that the wallet holds the key, with other members of header and claims.
    pub(crate) async fn proof(&self, key: &Key, header: &Value, claims: &Value) -> String {
        let mut full_header = json!({"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": key.public});
        extend(&mut full_header, header);
        let mut full_claims = json!({"aud": ISSUER, "iat": self.world.now(), "nonce": self.nonce().await});
        extend(&mut full_claims, claims);
        key.sign(&full_header, &full_claims)
    }

    /// The members of a request for a credential that is bound to these keys.
    pub(crate) async fn request(&self, configuration: &str, keys: &[&Key]) -> Value {
        let mut proofs = Vec::new();
        for key in keys {
            proofs.push(self.proof(key, &json!({}), &json!({})).await);
        }
        let mut request = json!({"credential_configuration_id": configuration});
        if !proofs.is_empty() {
            request["proofs"] = json!({"jwt": proofs});
        }
        request
    }

    pub(crate) async fn parse(&self, token: &Value, request: &Value) -> Value {
        let body = json!({"accessToken": token, "requestContent": request.to_string()});
        self.world.act("/vci/single/parse", body).await
    }

    /// The identifier of a request that is right.
    pub(crate) async fn parsed(&self, token: &Value, request: &Value) -> Value {
        let answer = self.parse(token, request).await;
        assert_eq!(answer["action"], "OK", "{answer}");
        answer["info"]["identifier"].clone()
    }

    /// The response to an order with this payload.
    pub(crate) async fn issue(&self, token: &Value, identifier: &Value, order: &Value) -> Value {
        let mut full = json!({"requestIdentifier": identifier, "credentialPayload": person().to_string()});
        extend(&mut full, order);
        self.world.act("/vci/single/issue", json!({"accessToken": token, "order": full})).await
    }

    /// The credentials that a wallet with these keys gets for an order.
    pub(crate) async fn credentials(&self, configuration: &str, keys: &[&Key], order: &Value) -> Vec<String> {
        let token = self.token(&[configuration]).await;
        let request = self.request(configuration, keys).await;
        let identifier = self.parsed(&token, &request).await;
        let answer = self.issue(&token, &identifier, order).await;
        assert_eq!(answer["action"], "OK", "{answer}");
        credentials(&content(&answer))
    }
}

/// The credentials of a credential response.
pub(crate) fn credentials(response: &Value) -> Vec<String> {
    let all = response["credentials"].as_array().unwrap_or_else(|| panic!("no credentials: {response}"));
    all.iter().map(|one| one["credential"].as_str().expect("a credential").to_owned()).collect()
}

/// A payload for an SD-JWT VC of a person.
pub(crate) fn person() -> Value {
    json!({
        "vct": "https://issuer.example.com/person",
        "sub": "john",
        "given_name": "John",
        "address": {"locality": "Berlin", "country": "DE"},
        "nationalities": ["DE", "FR"],
    })
}

/// A payload for an mdoc.
pub(crate) fn license() -> Value {
    json!({
        "doctype": "org.iso.18013.5.1.mDL",
        "claims": {"org.iso.18013.5.1": {
            "family_name": "Doe",
            "birth_date": "cbor:1004(\"1990-01-01\")",
            "portrait": "cbor:h'ffd8'",
            "age_over_18": true,
            "driving_privileges": [{"vehicle_category_code": "B"}],
        }},
    })
}

/// The claims of an SD-JWT, with all that it hides put back, and what stood in the JWT itself.
pub(crate) fn disclosed(credential: &str) -> (Value, Value) {
    use sha2::{Digest, Sha256};
    let mut parts = credential.split('~');
    let jwt = parts.next().expect("a JWT");
    let claims = crate::keys::claims(jwt);
    let mut by_digest = Map::new();
    for disclosure in parts.filter(|part| !part.is_empty()) {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(disclosure));
        let bytes = URL_SAFE_NO_PAD.decode(disclosure).expect("base64url");
        by_digest.insert(digest, serde_json::from_slice(&bytes).expect("a disclosure"));
    }
    let mut all = claims.clone();
    put_back(&mut all, &by_digest);
    (all, claims)
}

fn put_back(value: &mut Value, by_digest: &Map<String, Value>) {
    let Value::Object(members) = value else { return };
    members.remove("_sd_alg");
    for digest in members.remove("_sd").and_then(|all| all.as_array().cloned()).unwrap_or_default() {
        let disclosure = &by_digest[digest.as_str().expect("a digest")];
        members.insert(disclosure[1].as_str().expect("a name").to_owned(), disclosure[2].clone());
    }
    for member in members.values_mut() {
        put_back(member, by_digest);
    }
}
