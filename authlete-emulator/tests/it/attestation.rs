//! Clients that authenticate by an attestation of another's.

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::{Value, json};

use crate::jose::{Algorithm, Jwk, PrivateKey, encode};
use crate::world::{World, assert_error, content};

/// Who vouches for clients: a root that the service trusts, and a certificate below it.
struct Attester {
    root: String,
    certificate: String,
    key: PrivateKey,
}

impl Attester {
    fn new() -> Self {
        let mut root = CertificateParams::new(Vec::new()).expect("parameters");
        root.distinguished_name.push(DnType::CommonName, "Root of attesters");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root_key = KeyPair::generate().expect("a key");
        let root_pem = root.self_signed(&root_key).expect("a certificate").pem();
        let issuer = Issuer::new(root, root_key);
        let key = KeyPair::generate().expect("a key");
        let mut leaf = CertificateParams::new(vec!["attester.example".to_owned()]).expect("parameters");
        leaf.distinguished_name.push(DnType::CommonName, "Attester");
        let certificate = leaf.signed_by(&key, &issuer).expect("a certificate");
        let key = PrivateKey::from_pkcs8(Algorithm::ES256, &key.serialize_der()).expect("the same key");
        Self { root: root_pem, certificate: STANDARD.encode(certificate.der()), key }
    }

    fn attest(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "oauth-client-attestation+jwt", "x5c": [self.certificate]});
        sign(&self.key, &header, claims)
    }
}

fn sign(key: &PrivateKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = key.sign(Algorithm::ES256, message.as_bytes()).expect("a signature");
    format!("{message}.{}", encode(signature))
}

/// An instance of the client.
struct Instance {
    key: PrivateKey,
    public: Jwk,
}

impl Instance {
    fn new() -> Self {
        let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        let public = key.public(Algorithm::ES256).expect("a public key");
        Self { key, public }
    }

    fn prove(&self, claims: &Value) -> String {
        sign(&self.key, &json!({"alg": "ES256", "typ": "oauth-client-attestation-pop+jwt"}), claims)
    }
}

struct Scene {
    world: World,
    attester: Attester,
    instance: Instance,
}

impl Scene {
    async fn new(service: Value) -> Self {
        let attester = Attester::new();
        let mut settings = json!({
            "supportedTokenAuthMethods": ["ATTEST_JWT_CLIENT_AUTH"],
            "clientAttesterRootsEnabled": true,
            "clientAttesterRoots": [attester.root],
        });
        settings.as_object_mut().expect("an object").extend(service.as_object().expect("an object").clone());
        let world = World::new(settings, json!({"tokenAuthMethod": "ATTEST_JWT_CLIENT_AUTH"})).await;
        Self { world, attester, instance: Instance::new() }
    }

    fn attestation(&self) -> Value {
        json!({
            "sub": self.world.client_id(), "exp": self.world.now() + 3600, "iat": self.world.now(),
            "cnf": {"jwk": self.instance.public},
        })
    }

    fn proof(&self, id: &str) -> Value {
        json!({"aud": "https://as.example.com", "jti": id, "iat": self.world.now()})
    }

    async fn present(&self, attestation: &str, proof: &str) -> Value {
        let body = json!({
            "parameters": "grant_type=client_credentials",
            "oauthClientAttestation": attestation, "oauthClientAttestationPop": proof,
        });
        self.world.act("/auth/token", body).await
    }
}

#[tokio::test]
async fn an_attested_client_gets_a_token() {
    let scene = Scene::new(json!({})).await;
    let attestation = scene.attester.attest(&scene.attestation());
    let proof = scene.instance.prove(&scene.proof("1"));
    let answer = scene.present(&attestation, &proof).await;
    assert_eq!(
        (&answer["action"], &answer["clientAuthMethod"]),
        (&json!("OK"), &json!("ATTEST_JWT_CLIENT_AUTH")),
        "{answer}"
    );
    assert!(answer["attestationChallenge"].is_null(), "the service has no endpoint for challenges");
    // Each proof works once, an attestation as long as it is fresh.
    assert_error(&scene.present(&attestation, &proof).await, "INVALID_CLIENT", "invalid_client_attestation");
    let again = scene.instance.prove(&scene.proof("2"));
    assert_eq!(scene.present(&attestation, &again).await["action"], "OK");
    scene.world.advance(3601);
    let late = scene.instance.prove(&scene.proof("3"));
    assert_error(&scene.present(&attestation, &late).await, "INVALID_CLIENT", "use_fresh_attestation");
}

#[tokio::test]
async fn whatever_is_wrong_is_refused() {
    let scene = Scene::new(json!({})).await;
    let other = scene.world.add_client(json!({"tokenAuthMethod": "ATTEST_JWT_CLIENT_AUTH"})).await;
    let change = |mut claims: Value, name: &str, value: Value| {
        claims[name] = value;
        claims
    };
    let now = scene.world.now();
    let good = scene.attester.attest(&scene.attestation());
    let proof = scene.instance.prove(&scene.proof("0"));
    let mut private = scene.instance.public.clone();
    private.insert("d".to_owned(), json!("AA"));
    for (attestation, error) in [
        (Attester::new().attest(&scene.attestation()), "invalid_client_attestation"),
        (scene.attester.attest(&change(scene.attestation(), "cnf", Value::Null)), "invalid_client_attestation"),
        (
            scene.attester.attest(&change(scene.attestation(), "cnf", json!({"jwk": private}))),
            "invalid_client_attestation",
        ),
        (scene.attester.attest(&change(scene.attestation(), "exp", Value::Null)), "use_fresh_attestation"),
        (scene.attester.attest(&change(scene.attestation(), "nbf", json!(now + 100))), "use_fresh_attestation"),
        (
            sign(
                &scene.attester.key,
                &json!({"alg": "ES256", "typ": "oauth-client-attestation+jwt"}),
                &scene.attestation(),
            ),
            "invalid_client_attestation",
        ),
        (
            sign(
                &scene.attester.key,
                &json!({"alg": "ES256", "typ": "JWT", "x5c": [scene.attester.certificate]}),
                &scene.attestation(),
            ),
            "invalid_client_attestation",
        ),
    ] {
        assert_error(&scene.present(&attestation, &proof).await, "INVALID_CLIENT", error);
    }
    let stranger = scene.attester.attest(&change(scene.attestation(), "sub", json!("1")));
    assert_error(&scene.present(&stranger, &proof).await, "INVALID_CLIENT", "invalid_client");
    for (at, proof) in [
        Instance::new().prove(&scene.proof("1")),
        scene.instance.prove(&change(scene.proof("2"), "aud", json!("https://other.example.com"))),
        scene.instance.prove(&change(scene.proof("3"), "iat", json!(now - 400))),
        scene.instance.prove(&change(scene.proof("4"), "iat", json!(now + 400))),
        scene.instance.prove(&change(scene.proof("5"), "jti", Value::Null)),
        scene.instance.prove(&change(scene.proof("6"), "exp", json!(now - 400))),
        sign(&scene.instance.key, &json!({"alg": "ES256", "typ": "JWT"}), &scene.proof("7")),
        "no.jwt".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = scene.present(&good, &proof).await;
        assert_eq!(content(&answer)["error"], "invalid_client_attestation", "{at}: {answer}");
    }
    // One without the other, and an attestation of another client than the one that the request names.
    let alone = json!({"parameters": "grant_type=client_credentials", "oauthClientAttestation": good});
    assert_error(&scene.world.act("/auth/token", alone).await, "INVALID_CLIENT", "invalid_client_attestation");
    let named = json!({
        "parameters": format!("grant_type=client_credentials&client_id={}", other["clientId"]),
        "oauthClientAttestation": good, "oauthClientAttestationPop": proof,
    });
    assert_error(&scene.world.act("/auth/token", named).await, "BAD_REQUEST", "invalid_request");
    assert_eq!(scene.present(&good, &proof).await["action"], "OK", "the proof has not been used up on the way");
}

#[tokio::test]
async fn a_service_that_trusts_no_attester() {
    let scene = Scene::new(json!({"clientAttesterRootsEnabled": false})).await;
    let attestation = scene.attester.attest(&scene.attestation());
    let answer = scene.present(&attestation, &scene.instance.prove(&scene.proof("1"))).await;
    assert_error(&answer, "INVALID_CLIENT", "invalid_client_attestation");
    assert!(answer["resultMessage"].as_str().expect("a message").contains("clientAttesterRootsEnabled"), "{answer}");
}

#[tokio::test]
async fn a_challenge_is_good_for_its_window_and_the_next() {
    let service =
        json!({"challengeEndpoint": "https://as.example.com/challenge", "attestationChallengeTimeWindow": 60});
    let scene = Scene::new(service).await;
    let challenge = async || scene.world.act("/attestation/challenge", json!({})).await;
    let answer = challenge().await;
    assert_eq!(answer["action"], "OK");
    assert_eq!(content(&answer)["attestation_challenge"], answer["attestationChallenge"]);
    assert_eq!(challenge().await["attestationChallenge"], answer["attestationChallenge"], "everybody gets the same");
    let attestation = scene.attester.attest(&scene.attestation());
    let with = |id: &str, name: &str, challenge: &Value| {
        let mut proof = scene.proof(id);
        proof[name] = challenge.clone();
        scene.instance.prove(&proof)
    };
    let missing = scene.present(&attestation, &scene.instance.prove(&scene.proof("1"))).await;
    assert_error(&missing, "INVALID_CLIENT", "use_attestation_challenge");
    assert_eq!(missing["attestationChallenge"], answer["attestationChallenge"]);
    let first = &answer["attestationChallenge"];
    assert_eq!(scene.present(&attestation, &with("2", "challenge", first)).await["action"], "OK");
    assert_eq!(
        scene.present(&attestation, &with("3", "nonce", first)).await["action"],
        "OK",
        "as older drafts have it"
    );
    scene.world.advance(60);
    assert_eq!(scene.present(&attestation, &with("4", "challenge", first)).await["action"], "OK");
    scene.world.advance(60);
    let old = scene.present(&attestation, &with("5", "challenge", first)).await;
    assert_error(&old, "INVALID_CLIENT", "use_attestation_challenge");
    assert_ne!(old["attestationChallenge"], *first);
}

#[tokio::test]
async fn other_endpoints_take_attestations_too() {
    let scene = Scene::new(json!({"challengeEndpoint": "https://as.example.com/challenge"})).await;
    let challenge =
        scene.world.act("/attestation/challenge", json!({"pretty": true})).await["attestationChallenge"].clone();
    let attestation = scene.attester.attest(&scene.attestation());
    let proof = |id: &str| {
        let mut proof = scene.proof(id);
        proof["challenge"] = challenge.clone();
        scene.instance.prove(&proof)
    };
    let pushed = json!({
        "parameters": format!("response_type=code&redirect_uri={}", crate::world::REDIRECT_URI),
        "oauthClientAttestation": attestation, "oauthClientAttestationPop": proof("1"),
    });
    let answer = scene.world.act("/pushed_auth_req", pushed).await;
    assert_eq!((&answer["action"], &answer["attestationChallenge"]), (&json!("CREATED"), &challenge), "{answer}");
    let revoked = json!({
        "parameters": "token=x", "oauthClientAttestation": attestation, "oauthClientAttestationPop": proof("2"),
    });
    let answer = scene.world.act("/auth/revocation", revoked).await;
    assert_eq!((&answer["action"], &answer["attestationChallenge"]), (&json!("OK"), &challenge), "{answer}");
    let grants = json!(["AUTHORIZATION_CODE", "DEVICE_CODE", "CIBA"]);
    for (kind, mut settings) in [("service", scene.world.service.clone()), ("client", scene.world.client.clone())] {
        for (member, value) in [
            ("supportedGrantTypes", grants.clone()),
            ("grantTypes", grants.clone()),
            ("supportedBackchannelTokenDeliveryModes", json!(["POLL"])),
            ("bcDeliveryMode", json!("POLL")),
            ("deviceVerificationUri", json!("https://as.example.com/device")),
        ] {
            settings[member] = value;
        }
        let id = if kind == "client" { format!("/{}", scene.world.client_id()) } else { String::new() };
        let path = format!("/api/{}/{kind}/update{id}", scene.world.service_id());
        assert_eq!(scene.world.call("POST", &path, Some(&settings)).await.0, 200, "{kind}");
    }
    for (path, parameters, id, action) in [
        ("/device/authorization", "scope=read", "3", "OK"),
        ("/backchannel/authentication", "scope=openid&login_hint=john", "4", "USER_IDENTIFICATION"),
    ] {
        let body = json!({
            "parameters": parameters, "oauthClientAttestation": attestation, "oauthClientAttestationPop": proof(id),
        });
        let answer = scene.world.act(path, body).await;
        assert_eq!(answer["action"], action, "{path}: {answer}");
    }
    let (_, document) =
        scene.world.call("GET", &format!("/api/{}/service/configuration", scene.world.service_id()), None).await;
    assert_eq!(document["challenge_endpoint"], "https://as.example.com/challenge");
    assert!(
        document["client_attestation_pop_signing_alg_values_supported"]
            .as_array()
            .expect("a list")
            .contains(&json!("ES256"))
    );
}
