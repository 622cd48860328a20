//! Signed requests to resources, and signed responses (RFC 9421).

use serde_json::{Value, json};

use crate::jose::{Algorithm, Jwk, PrivateKey, decode, jwk, sha256, signature};
use crate::world::World;

const TARGET: &str = "https://rs.example.com/accounts?id=1";

/// A key of the client's, and its public half as the client registers it.
struct Signer {
    algorithm: Algorithm,
    private: PrivateKey,
    public: Jwk,
}

impl Signer {
    fn new(algorithm: Algorithm) -> Self {
        let private = PrivateKey::generate(algorithm).expect("a key");
        let mut public = private.public(algorithm).expect("a public key");
        public.insert("kid".to_owned(), json!("rs-1"));
        Self { algorithm, private, public }
    }

    fn client(&self) -> Value {
        json!({"rsRequestSigned": true, "rsSignedRequestKeyId": "rs-1", "jwks": json!({"keys": [self.public]}).to_string()})
    }

    /// The header fields of a request with these covered components and their values.
    fn headers(&self, covered: &[(&str, String)], created: u64, fields: &[(&str, String)]) -> Value {
        let names: Vec<String> = covered.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let parameters = format!("({});created={created};keyid=\"rs-1\";tag=\"fapi-2-request\"", names.join(" "));
        let mut lines: Vec<String> = covered.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        lines.push(format!("\"@signature-params\": {parameters}"));
        let signature = self.private.sign(self.algorithm, lines.join("\n").as_bytes()).expect("a signature");
        let mut headers: Vec<Value> = fields.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        headers.push(json!({"key": "Signature-Input", "value": format!("sig1={parameters}")}));
        headers.push(json!({"key": "Signature", "value": format!("sig1=:{}:", base64(&signature))}));
        json!(headers)
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

fn usual(token: &Value) -> Vec<(&'static str, String)> {
    let token = token.as_str().expect("a token");
    vec![
        ("@method", "GET".to_owned()),
        ("@target-uri", TARGET.to_owned()),
        ("authorization", format!("Bearer {token}")),
    ]
}

fn authorization(token: &Value) -> (&'static str, String) {
    ("Authorization", format!("Bearer {}", token.as_str().expect("a token")))
}

async fn token(world: &World) -> Value {
    let code = world.code("scope=openid").await;
    world.exchange(&code).await["accessToken"].clone()
}

#[tokio::test]
async fn a_signed_request_is_introspected() {
    for algorithm in [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA, Algorithm::ES512] {
        let signer = Signer::new(algorithm);
        let world = World::new(json!({"rsResponseSigned": true}), signer.client()).await;
        let token = token(&world).await;
        let headers = signer.headers(&usual(&token), world.now(), &[authorization(&token)]);
        let body = json!({"token": token, "htm": "GET", "targetUri": TARGET, "headers": headers});
        let answer = world.act("/auth/introspection", body).await;
        assert_eq!((&answer["action"], &answer["responseSigningRequired"]), (&json!("OK"), &json!(true)), "{answer}");
    }
}

#[tokio::test]
async fn requests_that_are_not_signed_as_they_have_to_be() {
    let signer = Signer::new(Algorithm::ES256);
    let world = World::new(json!({}), signer.client()).await;
    let token = token(&world).await;
    let refused = async |headers: Value, more: Value, why: &str| {
        let mut body = json!({"token": token, "htm": "GET", "targetUri": TARGET, "headers": headers});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let answer = world.act("/auth/introspection", body).await;
        assert_eq!(answer["action"], "BAD_REQUEST", "{why}: {answer}");
        assert!(
            answer["responseContent"].as_str().expect("a challenge").starts_with("Bearer error=\"invalid_request\"")
        );
        assert!(answer["resultMessage"].as_str().expect("a message").contains(why), "{why}: {answer}");
    };
    let (good, now, fields) = (usual(&token), world.now(), [authorization(&token)]);
    let sign = |covered: &[(&'static str, String)]| signer.headers(covered, now, &fields);
    refused(json!([]), json!({}), "no HTTP message signature").await;
    refused(sign(&good[..2]), json!({}), "does not cover authorization").await;
    refused(sign(&good[1..]), json!({}), "does not cover @method").await;
    refused(sign(&good), json!({"targetUri": "https://rs.example.com/accounts"}), "No key").await;
    refused(sign(&good), json!({"htm": "POST"}), "No key").await;
    refused(sign(&good), json!({"requiredComponents": ["@authority"]}), "does not cover @authority").await;
    refused(sign(&good), json!({"requestBodyContained": true}), "does not cover content-digest").await;
    refused(signer.headers(&good, now - 400, &fields), json!({}), "just now").await;
    refused(Signer::new(Algorithm::ES256).headers(&good, now, &fields), json!({}), "No key").await;
    refused(signer.headers(&good, now, &[]), json!({}), "\"authorization\", which is not known").await;
}

#[tokio::test]
async fn the_body_is_the_one_that_is_signed() {
    let signer = Signer::new(Algorithm::ES256);
    let world = World::new(json!({}), signer.client()).await;
    let token = token(&world).await;
    let digest = format!("sha-256=:{}:", base64(&decode(&sha256("{\"amount\":1}")).expect("a hash")));
    let mut covered = usual(&token);
    covered.push(("content-digest", digest.clone()));
    let headers = signer.headers(&covered, world.now(), &[authorization(&token), ("Content-Digest", digest)]);
    let ask = async |message: &str| {
        let body = json!({"token": token, "htm": "GET", "targetUri": TARGET, "headers": headers, "message": message});
        world.act("/auth/introspection", body).await
    };
    assert_eq!(ask("{\"amount\":1}").await["action"], "OK");
    let changed = ask("{\"amount\":2}").await;
    assert_eq!(changed["action"], "BAD_REQUEST");
    assert!(changed["resultMessage"].as_str().expect("a message").contains("Content-Digest"), "{changed}");
}

#[tokio::test]
async fn components_that_a_call_demands_of_any_client() {
    let signer = Signer::new(Algorithm::ES256);
    let mut client = signer.client();
    client["rsRequestSigned"] = json!(false);
    let world = World::new(json!({}), client).await;
    let token = token(&world).await;
    assert_eq!(world.introspect(&token).await["action"], "OK");
    let demanded = json!({"token": token, "requiredComponents": ["@method"]});
    assert_eq!(world.act("/auth/introspection", demanded).await["action"], "BAD_REQUEST");
    let headers = signer.headers(&[("@method", "GET".to_owned())], world.now(), &[]);
    let demanded = json!({"token": token, "requiredComponents": ["@method"], "htm": "GET", "headers": headers});
    assert_eq!(world.act("/auth/introspection", demanded).await["action"], "OK");
}

#[tokio::test]
async fn userinfo_asked_for_and_answered_with_signatures() {
    let signer = Signer::new(Algorithm::ES256);
    let userinfo = "https://as.example.com/userinfo";
    let service = json!({"rsResponseSigned": true, "userInfoEndpoint": userinfo});
    let world = World::new(service, signer.client()).await;
    let token = token(&world).await;
    let covered = [
        ("@method", "GET".to_owned()),
        ("@target-uri", userinfo.to_owned()),
        ("authorization", authorization(&token).1),
    ];
    let headers = signer.headers(&covered, world.now(), &[authorization(&token)]);
    let unsigned = world.act("/auth/userinfo", json!({"token": token, "htm": "GET"})).await;
    assert_eq!(unsigned["action"], "BAD_REQUEST");
    let body = json!({"token": token, "htm": "GET", "headers": headers});
    assert_eq!(world.act("/auth/userinfo", body).await["action"], "OK");

    let of_request = headers.as_array().and_then(|headers| headers.last()).expect("a field")["value"].clone();
    let body = json!({"token": token, "claims": "{\"name\":\"John\"}", "requestSignature": of_request});
    let answer = world.act("/auth/userinfo/issue", body).await;
    assert_eq!(answer["action"], "JSON", "{answer}");
    let content = answer["responseContent"].as_str().expect("a body");
    let digest = format!("sha-256=:{}:", base64(&decode(&sha256(content)).expect("a hash")));
    assert_eq!(answer["contentDigest"], json!(digest));
    let input = answer["signatureInput"].as_str().and_then(|input| input.strip_prefix("sig1=")).expect("an input");
    assert!(input.starts_with("(\"@status\" \"content-digest\" \"signature\";req);created="), "{input}");
    let base = format!(
        "\"@status\": 200\n\"content-digest\": {digest}\n\"signature\";req: {}\n\"@signature-params\": {input}",
        of_request.as_str().expect("a field")
    );
    let signed = answer["signature"].as_str().and_then(|text| text.strip_prefix("sig1=:")?.strip_suffix(':'));
    let bytes = {
        use base64::{Engine, engine::general_purpose::STANDARD};
        STANDARD.decode(signed.expect("a signature")).expect("base64")
    };
    let (_, keys) = world.call("GET", &format!("/api/{}/service/jwks/get", world.service_id()), None).await;
    let key_id = input.split("keyid=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key id");
    let key = jwk::elements(&keys).into_iter().find(|key| key["kid"] == key_id).expect("it is published");
    assert!(signature::verify(Algorithm::ES256, &key, base.as_bytes(), &bytes));
}

#[tokio::test]
async fn the_key_that_signs_responses_is_named() {
    let keys: Vec<Jwk> = [(Algorithm::ES256, "first"), (Algorithm::EdDSA, "resource")]
        .map(|(algorithm, kid)| {
            let mut key = PrivateKey::generate(algorithm).expect("a key").to_jwk(algorithm).expect("a JWK");
            key.insert("kid".to_owned(), json!(kid));
            key
        })
        .to_vec();
    let service = json!({
        "rsResponseSigned": true, "resourceSignatureKeyId": "resource", "jwks": json!({"keys": keys}).to_string(),
        "accessTokenSignatureKeyId": "first",
    });
    let world = World::new(service, json!({"idTokenSignAlg": "ES256"})).await;
    let token = token(&world).await;
    let answer = world.act("/auth/userinfo/issue", json!({"token": token})).await;
    let input = answer["signatureInput"].as_str().expect("an input");
    assert!(
        input.starts_with("sig1=(\"@status\" \"content-digest\");") && input.contains("keyid=\"resource\""),
        "{input}"
    );
}

#[tokio::test]
async fn the_address_of_a_request_may_be_said_in_three_ways() {
    let signer = Signer::new(Algorithm::ES256);
    let world = World::new(json!({"userInfoEndpoint": "https://as.example.com/userinfo"}), signer.client()).await;
    let token = token(&world).await;
    let headers = signer.headers(&usual(&token), world.now(), &[authorization(&token)]);
    for path in ["/auth/introspection", "/auth/userinfo"] {
        for member in ["targetUri", "uri", "htu"] {
            let mut body = json!({"token": token, "htm": "GET", "headers": headers});
            body[member] = json!(TARGET);
            let answer = world.act(path, body).await;
            assert_eq!(answer["action"], "OK", "{path} with {member}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_signature_over_the_body_of_a_userinfo_request() {
    let signer = Signer::new(Algorithm::ES256);
    let world = World::new(json!({}), signer.client()).await;
    let token = token(&world).await;
    let digest = format!("sha-256=:{}:", base64(&decode(&sha256("a=1")).expect("a hash")));
    let mut covered = usual(&token);
    let without = signer.headers(&covered, world.now(), &[authorization(&token)]);
    covered.push(("content-digest", digest.clone()));
    let headers = signer.headers(&covered, world.now(), &[authorization(&token), ("Content-Digest", digest)]);
    for (more, action) in [
        (json!({"headers": headers, "message": "a=1", "requestBodyContained": true}), "OK"),
        (json!({"headers": headers, "message": "a=2"}), "BAD_REQUEST"),
        (json!({"headers": without, "requestBodyContained": true}), "BAD_REQUEST"),
    ] {
        let mut body = json!({"token": token, "htm": "GET", "targetUri": TARGET});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        assert_eq!(world.act("/auth/userinfo", body).await["action"], action, "{more}");
    }
}

#[tokio::test]
async fn the_key_of_the_client_may_be_named() {
    let (signer, other) = (Signer::new(Algorithm::ES256), Signer::new(Algorithm::ES256));
    let mut second = other.public.clone();
    second.insert("kid".to_owned(), json!("rs-2"));
    let mut client = signer.client();
    client["jwks"] = json!(json!({"keys": [signer.public, second]}).to_string());
    client["rsSignedRequestKeyId"] = json!("rs-2");
    let world = World::new(json!({}), client).await;
    let token = token(&world).await;
    // The signature says that it is by the first key, and is.
    let headers = signer.headers(&usual(&token), world.now(), &[authorization(&token)]);
    let body = json!({"token": token, "htm": "GET", "targetUri": TARGET, "headers": headers});
    assert_eq!(world.act("/auth/introspection", body).await["action"], "BAD_REQUEST");
}
