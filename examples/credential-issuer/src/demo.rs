//! An emulated Authlete with a service that issues credentials, to try the issuer with. The settings are those that a real
//! service needs too.

use std::error::Error;

use authlete_api::types::{
    self, ClientAuthMethod, ClientType, CredentialIssuerMetadata, GrantType, OAuthClient, ResponseType, Scope,
};
use authorization_server::App;
use authorization_server::demo::{self, Options};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use serde_json::{Map, Value, json};

use crate::records::Credential;

/// What was set up.
pub struct Demo {
    /// The emulator, and clients that have nothing to do with credentials.
    pub authorization_server: demo::Demo,
    /// A public client, for wallets that are not registered.
    pub wallet: OAuthClient,
    /// The certificate with which verifiers begin, in PEM.
    pub root_certificate: String,
}

impl Demo {
    /// Starts an emulator, and makes a service in it for an issuer at the URL, and a client for wallets.
    ///
    /// # Errors
    /// When the emulator does not start, or refuses something.
    pub async fn set_up(url: &str) -> Result<Self, Box<dyn Error>> {
        let (key, root_certificate) = signing_key(url)?;
        let authorization_server = demo::Demo::set_up_with(url, settings(url, &key)?).await?;
        let wallet = OAuthClient::default()
            .client_name("A wallet")
            .client_type(ClientType::Public)
            .token_auth_method(ClientAuthMethod::None)
            .grant_types([GrantType::AuthorizationCode, GrantType::PreAuthorizedCode, GrantType::RefreshToken])
            .response_types([ResponseType::Code])
            .authorization_details_types(["openid_credential"])
            .redirect_uris([format!("{url}/client/callback")]);
        let wallet = authorization_server.service.clients().create(wallet).await?.into_inner();
        Ok(Self { authorization_server, wallet, root_certificate })
    }
}

/// What a service has to be set to: what the authorization server needs, and what is about credentials. The key signs the
/// credentials: a private JWK with `alg`, and with `x5c` for mdocs.
///
/// # Errors
/// When no key to encrypt to can be made.
pub fn settings(url: &str, key: &Value) -> Result<types::Service, Box<dyn Error>> {
    let at = |path: &str| format!("{url}{path}");
    let configurations: Map<_, _> =
        Credential::ALL.map(|one| (one.id().to_owned(), one.configuration())).into_iter().collect();
    let mut encryption = jwk(&EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?)?;
    extend(&mut encryption, json!({"kid": "request-encryption", "use": "enc", "alg": "ECDH-ES"}));
    let metadata = CredentialIssuerMetadata::default()
        .credential_issuer(url)
        .credential_endpoint(at("/credential"))
        .deferred_credential_endpoint(at("/deferred-credential"))
        .nonce_endpoint(at("/nonce"))
        .notification_endpoint(at("/notification"))
        .credentials_supported(Value::Object(configurations).into())
        .batch_size(10)
        .credential_request_encryption_jwks(json!({"keys": [encryption]}).to_string())
        .credential_request_encryption_enc_values_supported(["A128GCM", "A256GCM"])
        .credential_response_encryption_alg_values_supported(["ECDH-ES"])
        .credential_response_encryption_enc_values_supported(["A128GCM", "A256GCM"]);
    let mut service = demo::settings(url, &Options::default())
        .verifiable_credentials_enabled(true)
        // Without it, Authlete keeps to a draft of 2024.
        .oid4vci_version("1.0-Final")
        .credential_issuer_metadata(metadata)
        .credential_jwks(json!({"keys": [key]}).into())
        .credential_jwks_uri(at("/credential-keys"))
        // A wallet with a pre-authorized code need not be known.
        .pre_authorized_grant_anonymous_access_supported(true)
        .supported_authorization_details_types(["openid_credential"]);
    service.supported_grant_types.get_or_insert_default().push(GrantType::PreAuthorizedCode);
    service.supported_token_auth_methods.get_or_insert_default().push(ClientAuthMethod::AttestJwtClientAuth);
    let scope =
        |one: Credential| Scope::default().name(one.id()).description(format!("Get your credential: {}", one.name()));
    service.supported_scopes.get_or_insert_default().extend(Credential::ALL.map(scope));
    Ok(service)
}

/// A key that signs credentials, as a private JWK with its certificate; and the certificate of who certified it, in PEM.
fn signing_key(url: &str) -> Result<(Value, String), Box<dyn Error>> {
    let authority = CertifiedIssuer::self_signed(
        {
            let mut params = params("Example Root")?;
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            params
        },
        rcgen::KeyPair::generate()?,
    )?;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let mut params = params("Example Credential Issuer")?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // Wallets compare it with `iss` of the credentials (SD-JWT VC).
    params.subject_alt_names = vec![SanType::URI(url.try_into()?)];
    let certificate = params.signed_by(&rcgen::KeyPair::try_from(pair.to_pkcs8v1()?.as_ref())?, &authority)?;
    let mut key = jwk(&pair)?;
    extend(
        &mut key,
        json!({"kid": "credentials", "use": "sig", "alg": "ES256", "x5c": [STANDARD.encode(certificate.der())]}),
    );
    Ok((key, authority.pem()))
}

fn params(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "GB");
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2045, 1, 1);
    Ok(params)
}

/// The key with its private part (RFC 7518, 6.2).
fn jwk(pair: &EcdsaKeyPair) -> Result<Value, Box<dyn Error>> {
    let private: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes()?;
    // Uncompressed: a byte that says so, x, and y.
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let [x, y, d] = [x, y, private.as_ref()].map(|part| URL_SAFE_NO_PAD.encode(part));
    Ok(json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": d}))
}

fn extend(jwk: &mut Value, more: Value) {
    if let (Value::Object(members), Value::Object(more)) = (jwk, more) {
        members.extend(more);
    }
}

/// What programs are told when the server is ready, in one line: what the authorization server tells, and more.
pub fn ready_line(app: &App, demo: Option<&Demo>) -> Value {
    let mut line = demo::ready_line(app, demo.map(|demo| &demo.authorization_server));
    line["offer_page"] = json!(format!("{}/offer", app.url()));
    if let Some(demo) = demo {
        let uri = demo.wallet.redirect_uris.as_deref().and_then(|uris| uris.first());
        let id = demo.wallet.client_id.unwrap_or_default().to_string();
        line["clients"]["wallet"] = json!({"id": id, "redirect_uri": uri});
        line["root_certificate"] = json!(demo.root_certificate);
    }
    line
}
