//! Clients that authenticate by a certificate (RFC 8705).

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};

use crate::world::{REDIRECT_URI, World, assert_error};

/// A certificate with this common name, which is a host name too: in PEM, and its DER in base64.
pub(crate) fn certificate(name: &str) -> (String, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "DE");
    params.distinguished_name.push(DnType::OrganizationName, "Shop, Inc.");
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate");
    let der = certificate.der().to_vec();
    let text = STANDARD.encode(&der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    (format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")), text)
}

async fn world(method: &str, client: Value) -> World {
    let mut members = json!({"tokenAuthMethod": method});
    members.as_object_mut().expect("an object").extend(client.as_object().expect("an object").clone());
    World::new(json!({"supportedTokenAuthMethods": [method]}), members).await
}

async fn present(world: &World, pem: Option<&str>) -> Value {
    let parameters = format!("grant_type=client_credentials&client_id={}", world.client_id());
    world.act("/auth/token", json!({"parameters": parameters, "clientCertificate": pem})).await
}

#[tokio::test]
async fn a_certificate_by_its_subject() {
    let (pem, _) = certificate("shop.example.org");
    for (client, right) in [
        (json!({"tlsClientAuthSubjectDn": r"CN=shop.example.org, O=Shop\, Inc., C=DE"}), true),
        (json!({"tlsClientAuthSanDns": "shop.example.org"}), true),
        (json!({"tlsClientAuthSubjectDn": r"CN=evil.example.org, O=Shop\, Inc., C=DE"}), false),
        (json!({"tlsClientAuthSubjectDn": "CN=shop.example.org"}), false),
        (json!({"tlsClientAuthSanDns": "evil.example.org"}), false),
        (json!({}), false),
    ] {
        let world = world("TLS_CLIENT_AUTH", client.clone()).await;
        let answer = present(&world, Some(&pem)).await;
        if right {
            assert_eq!(answer["clientAuthMethod"], "TLS_CLIENT_AUTH", "{client} {answer}");
        } else {
            assert_error(&answer, "INVALID_CLIENT", "invalid_client");
        }
        assert_error(&present(&world, None).await, "INVALID_CLIENT", "invalid_client");
    }
}

#[tokio::test]
async fn names_in_a_certificate() {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.subject_alt_names = vec![
        rcgen::SanType::IpAddress(std::net::IpAddr::from([192, 0, 2, 1])),
        rcgen::SanType::Rfc822Name("shop@example.org".try_into().expect("ASCII")),
        rcgen::SanType::URI("https://shop.example.org/id".try_into().expect("ASCII")),
    ];
    let certificate = params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate");
    let text = STANDARD.encode(certificate.der());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    for (member, right, wrong) in [
        ("tlsClientAuthSanIp", "192.0.2.1", "192.0.2.2"),
        ("tlsClientAuthSanEmail", "shop@example.org", "evil@example.org"),
        ("tlsClientAuthSanUri", "https://shop.example.org/id", "https://shop.example.org/other"),
    ] {
        let good = world("TLS_CLIENT_AUTH", json!({member: right})).await;
        assert_eq!(present(&good, Some(&pem)).await["clientAuthMethod"], "TLS_CLIENT_AUTH", "{member}");
        let bad = world("TLS_CLIENT_AUTH", json!({member: wrong})).await;
        assert_error(&present(&bad, Some(&pem)).await, "INVALID_CLIENT", "invalid_client");
    }
}

#[tokio::test]
async fn a_certificate_of_ones_own() {
    let (pem, der) = certificate("shop.example.org");
    let jwks = json!({"keys": [{"kty": "EC", "kid": "k1", "x5c": [der]}]}).to_string();
    let client = json!({"jwks": jwks, "selfSignedCertificateKeyId": "k1"});
    let world = world("SELF_SIGNED_TLS_CLIENT_AUTH", client).await;
    assert_eq!(present(&world, Some(&pem)).await["clientAuthMethod"], "SELF_SIGNED_TLS_CLIENT_AUTH");
    // The name is the same, the key is not.
    let (other, _) = certificate("shop.example.org");
    assert_error(&present(&world, Some(&other)).await, "INVALID_CLIENT", "invalid_client");
}

#[tokio::test]
async fn what_is_no_certificate_is_the_servers_mistake() {
    let world = world("TLS_CLIENT_AUTH", json!({"tlsClientAuthSanDns": "shop.example.org"})).await;
    assert_error(&present(&world, Some("nonsense")).await, "INTERNAL_SERVER_ERROR", "server_error");
}

/// A root, an authority below it, and a client's certificate below that. All are in PEM.
struct Chain {
    root: String,
    authority: String,
    client: String,
}

/// A chain whose client certificate may be used for this.
fn chain(usage: ExtendedKeyUsagePurpose) -> Chain {
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        (params, KeyPair::generate().expect("a key"))
    };
    let (root, root_key) = authority("Root");
    let root_pem = root.self_signed(&root_key).expect("a certificate").pem();
    let root = Issuer::new(root, root_key);
    let (middle, middle_key) = authority("Authority");
    let middle_pem = middle.signed_by(&middle_key, &root).expect("a certificate").pem();
    let middle = Issuer::new(middle, middle_key);
    let mut params = CertificateParams::new(vec!["shop.example.org".to_owned()]).expect("a name");
    params.extended_key_usages = vec![usage];
    let client = params.signed_by(&KeyPair::generate().expect("a key"), &middle).expect("a certificate").pem();
    Chain { root: root_pem, authority: middle_pem, client }
}

#[tokio::test]
async fn a_chain_leads_to_a_root_of_the_services() {
    let chain_of = |usage| chain(usage);
    let chain = chain_of(ExtendedKeyUsagePurpose::ClientAuth);
    let stranger = chain_of(ExtendedKeyUsagePurpose::ClientAuth);
    let of_a_server = chain_of(ExtendedKeyUsagePurpose::ServerAuth);
    let service = json!({
        "supportedTokenAuthMethods": ["TLS_CLIENT_AUTH"],
        "mutualTlsValidatePkiCertChain": true,
        "trustedRootCertificates": [chain.root, of_a_server.root],
    });
    let client = json!({"tokenAuthMethod": "TLS_CLIENT_AUTH", "tlsClientAuthSanDns": "shop.example.org"});
    let world = World::new(service, client).await;
    let parameters = format!("grant_type=client_credentials&client_id={}", world.client_id());
    let present = async |certificate: &str, path: &[&str]| {
        let body = json!({"parameters": parameters, "clientCertificate": certificate, "clientCertificatePath": path});
        world.act("/auth/token", body).await
    };
    assert_eq!(present(&chain.client, &[&chain.authority]).await["action"], "OK");
    assert_eq!(present(&chain.client, &[&chain.authority, &chain.root]).await["action"], "OK");
    for (certificate, path) in [
        (&chain.client, vec![]),
        (&chain.client, vec![stranger.authority.as_str()]),
        (&chain.client, vec!["no certificate"]),
        (&stranger.client, vec![&stranger.authority, &stranger.root]),
        (&of_a_server.client, vec![&of_a_server.authority]),
        (&certificate("shop.example.org").0, vec![]),
    ] {
        assert_error(&present(certificate, &path).await, "INVALID_CLIENT", "invalid_client");
    }
    world.advance(100 * 366 * 24 * 3600 * 30);
    assert_error(&present(&chain.client, &[&chain.authority]).await, "INVALID_CLIENT", "invalid_client");
}

#[tokio::test]
async fn other_endpoints_take_certificates_too() {
    let chain = chain(ExtendedKeyUsagePurpose::ClientAuth);
    let grants = json!(["AUTHORIZATION_CODE", "DEVICE_CODE", "CIBA"]);
    let service = json!({
        "supportedTokenAuthMethods": ["TLS_CLIENT_AUTH"], "mutualTlsValidatePkiCertChain": true,
        "trustedRootCertificates": [chain.root], "supportedGrantTypes": grants,
        "supportedBackchannelTokenDeliveryModes": ["POLL"], "deviceVerificationUri": "https://as.example.com/device",
    });
    let client = json!({
        "tokenAuthMethod": "TLS_CLIENT_AUTH", "tlsClientAuthSanDns": "shop.example.org", "grantTypes": grants,
        "bcDeliveryMode": "POLL",
    });
    let world = World::new(service, client).await;
    let id = world.client_id();
    for (path, parameters, action) in [
        ("/pushed_auth_req", format!("response_type=code&redirect_uri={REDIRECT_URI}&scope=read"), "CREATED"),
        ("/auth/revocation", "token=x".to_owned(), "OK"),
        ("/device/authorization", "scope=read".to_owned(), "OK"),
        ("/backchannel/authentication", "scope=openid&login_hint=john".to_owned(), "USER_IDENTIFICATION"),
    ] {
        let body = json!({
            "parameters": format!("{parameters}&client_id={id}"), "clientCertificate": chain.client,
            "clientCertificatePath": [chain.authority],
        });
        let answer = world.act(path, body).await;
        assert_eq!(answer["action"], action, "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_key_with_the_certificate_may_be_named() {
    let ((pem, der), (other, other_der)) = (certificate("shop.example.org"), certificate("shop.example.org"));
    let key = |kid: &str, der: &str| json!({"kty": "EC", "kid": kid, "x5c": [der]});
    let jwks = json!({"keys": [key("k1", &der), key("k2", &other_der)]}).to_string();
    let client = json!({"jwks": jwks, "selfSignedCertificateKeyId": "k1"});
    let world = world("SELF_SIGNED_TLS_CLIENT_AUTH", client).await;
    assert_eq!(present(&world, Some(&pem)).await["action"], "OK");
    assert_error(&present(&world, Some(&other)).await, "INVALID_CLIENT", "invalid_client");
}
