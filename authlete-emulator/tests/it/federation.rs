//! A federation of three levels on this machine: clients, an organization that vouches for them, and a trust anchor.

use serde_json::{Value, json};

use crate::documents::Documents;
use crate::jose::{Algorithm, Jwk, Jwt, PrivateKey, encode, jwk};
use crate::world::{World, content};

const TYPE: &str = "application/entity-statement+jwt";
const CALLBACK: &str = "https://rp.example.org/callback";
const ISSUER: &str = "https://as.example.com";

/// An entity with its key in the federation.
struct Entity {
    id: String,
    key: PrivateKey,
    public: Jwk,
}

impl Entity {
    fn new(id: String, kid: &str) -> Self {
        let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        let mut public = key.public(Algorithm::ES256).expect("a public key");
        public.insert("kid".to_owned(), json!(kid));
        Self { id, key, public }
    }

    fn keys(&self) -> Value {
        json!({"keys": [self.public]})
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        sign(&self.key, &json!({"alg": "ES256", "typ": typ, "kid": self.public["kid"]}), claims)
    }

    /// What the entity says of itself.
    fn configuration(&self, now: u64, more: &Value) -> String {
        let claims = json!({"iss": self.id, "sub": self.id, "iat": now, "exp": now + 3600, "jwks": self.keys()});
        self.sign("entity-statement+jwt", &merged(claims, more))
    }

    /// What the entity says of a subordinate.
    fn statement(&self, of: &Entity, now: u64, more: &Value) -> String {
        let claims = json!({"iss": self.id, "sub": of.id, "iat": now, "exp": now + 1800, "jwks": of.keys()});
        self.sign("entity-statement+jwt", &merged(claims, more))
    }

    fn well_known(&self) -> String {
        let path = url::Url::parse(&self.id).expect("a URL").path().to_owned();
        format!("{path}/.well-known/openid-federation")
    }

    fn fetch_path(&self, of: &Entity) -> String {
        let path = url::Url::parse(&self.id).expect("a URL").path().to_owned();
        let sub: String = form_urlencoded::byte_serialize(of.id.as_bytes()).collect();
        format!("{path}/fetch?sub={sub}")
    }

    fn authority(&self) -> Value {
        json!({"federation_entity": {"federation_fetch_endpoint": format!("{}/fetch", self.id)}})
    }
}

fn sign(key: &PrivateKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = key.sign(Algorithm::ES256, message.as_bytes()).expect("a signature");
    format!("{message}.{}", encode(signature))
}

fn merged(mut claims: Value, more: &Value) -> Value {
    claims.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    claims
}

struct Federation {
    world: World,
    documents: Documents,
    client: Entity,
    organization: Entity,
    anchor: Entity,
    /// The key by which the client signs as a client.
    protocol_key: PrivateKey,
    own_key: PrivateKey,
}

impl Federation {
    async fn new() -> Self {
        let documents = Documents::start().await;
        let [client, organization, anchor] =
            ["/rp", "/org", "/anchor"].map(|path| Entity::new(documents.url(path), &format!("key-of{path}")));
        let own_key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        let mut own = own_key.to_jwk(Algorithm::ES256).expect("a JWK");
        own.insert("kid".to_owned(), json!("federation-1"));
        let service = json!({
            "federationEnabled": true,
            "federationJwks": json!({"keys": [own]}).to_string(),
            "federationRegistrationEndpoint": "https://as.example.com/federation/register",
            "supportedClientRegistrationTypes": ["AUTOMATIC", "EXPLICIT"],
            "authorityHints": [anchor.id],
            "trustAnchors": [{"entityId": anchor.id, "jwks": anchor.keys().to_string()}],
            "supportedTokenAuthMethods": ["PRIVATE_KEY_JWT", "CLIENT_SECRET_BASIC"],
            "tokenEndpoint": "https://as.example.com/token",
        });
        let world = World::standing(service, json!({})).await;
        let protocol_key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        let federation = Self { world, documents, client, organization, anchor, protocol_key, own_key };
        federation.publish(&json!({}), &json!({}), &json!({}));
        federation
    }

    fn metadata(&self) -> Value {
        let mut key = self.protocol_key.public(Algorithm::ES256).expect("a public key");
        key.insert("kid".to_owned(), json!("rp-1"));
        json!({"openid_relying_party": {
            "client_name": "Member",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "private_key_jwt",
            "client_registration_types": ["automatic", "explicit"],
            "contacts": ["rp@example.org"],
            "jwks": {"keys": [key]},
        }})
    }

    fn configuration(&self, more: &Value) -> String {
        let claims = json!({"authority_hints": [self.organization.id], "metadata": self.metadata()});
        self.client.configuration(self.world.now(), &merged(claims, more))
    }

    /// Publishes all statements, with more in the client's own, and in those of the organization and the anchor.
    fn publish(&self, own: &Value, organization: &Value, anchor: &Value) {
        let now = self.world.now();
        let put = |path: &str, statement: String| self.documents.publish_for(path, TYPE, "no-store", statement);
        put(&self.client.well_known(), self.configuration(own));
        let hints = json!({"authority_hints": [self.anchor.id], "metadata": self.organization.authority()});
        put(&self.organization.well_known(), self.organization.configuration(now, &hints));
        put(&self.organization.fetch_path(&self.client), self.organization.statement(&self.client, now, organization));
        put(&self.anchor.well_known(), self.anchor.configuration(now, &json!({"metadata": self.anchor.authority()})));
        put(&self.anchor.fetch_path(&self.organization), self.anchor.statement(&self.organization, now, anchor));
    }

    fn object(&self, id: &str) -> Value {
        json!({
            "iss": self.client.id, "client_id": self.client.id, "aud": ISSUER, "jti": id,
            "exp": self.world.now() + 60, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid",
        })
    }

    fn request(&self, claims: &Value) -> String {
        sign(&self.protocol_key, &json!({"alg": "ES256", "typ": "oauth-authz-req+jwt", "kid": "rp-1"}), claims)
    }

    async fn open(&self, object: &str) -> Value {
        let id: String = form_urlencoded::byte_serialize(self.client.id.as_bytes()).collect();
        let parameters = format!("client_id={id}&request={object}");
        self.world.act("/auth/authorization", json!({"parameters": parameters})).await
    }

    async fn open_well(&self) -> Value {
        self.open(&self.request(&self.object("1"))).await
    }

    /// Asserts that the next request is refused for the chain, and with which error.
    async fn refused(&self, error: &str, why: &str) {
        let answer = self.open_well().await;
        assert_eq!(
            (&answer["action"], &content(&answer)["error"]),
            (&json!("BAD_REQUEST"), &json!(error)),
            "{why}: {answer}"
        );
        let message = answer["resultMessage"].as_str().expect("a message");
        assert!(message.starts_with("[A320301]") && message.contains(why), "{why}: {message}");
    }
}

#[tokio::test]
async fn a_client_that_asks_is_registered() {
    let federation = Federation::new().await;
    let opened = federation.open_well().await;
    assert_eq!((&opened["action"], &opened["clientEntityIdUsed"]), (&json!("INTERACTION"), &json!(true)), "{opened}");
    let client = &opened["client"];
    assert_eq!(
        (&client["entityId"], &client["clientSource"]),
        (&json!(federation.client.id), &json!("AUTOMATIC_REGISTRATION"))
    );
    assert_eq!((&client["clientName"], &client["automaticallyRegistered"]), (&json!("Member"), &json!(true)));
    let path = format!("/api/{}/client/get/{}", federation.world.service_id(), client["clientId"]);
    let (_, stored) = federation.world.call("GET", &path, None).await;
    assert_eq!(stored["trustAnchorId"], json!(federation.anchor.id));
    assert_eq!(stored["trustChain"].as_array().map(Vec::len), Some(4), "{stored}");
    // The least of all ends: those of the superiors' statements.
    assert_eq!(stored["trustChainExpiresAt"].as_u64().map(|end| end / 1000), Some(federation.world.now() + 1800));

    // A token that is made without a request says itself how the client was named.
    for used in [true, false] {
        let body = json!({
            "grantType": "AUTHORIZATION_CODE", "clientId": client["clientId"], "subject": "john",
            "clientEntityIdUsed": used,
        });
        let made = federation.world.act("/auth/token/create", body).await;
        let seen = federation.world.introspect(&made["accessToken"]).await;
        assert_eq!((&seen["clientEntityIdUsed"], &seen["clientEntityId"]), (&json!(used), &client["entityId"]));
    }

    let issued = json!({"ticket": opened["ticket"], "subject": "john"});
    let code = federation.world.act("/auth/authorization/issue", issued).await["authorizationCode"].clone();
    let assertion = sign(
        &federation.protocol_key,
        &json!({"alg": "ES256", "kid": "rp-1"}),
        &json!({
            "iss": federation.client.id, "sub": federation.client.id, "aud": ISSUER, "jti": "a", "exp": federation.world.now() + 60,
        }),
    );
    let parameters = format!(
        "grant_type=authorization_code&code={}&redirect_uri={CALLBACK}&client_assertion={assertion}\
         &client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        code.as_str().expect("a code")
    );
    let token = federation.world.act("/auth/token", json!({"parameters": parameters})).await;
    assert_eq!((&token["action"], &token["clientEntityId"]), (&json!("OK"), &json!(federation.client.id)), "{token}");
    let id_token = crate::keys::claims(token["idToken"].as_str().expect("an ID token"));
    assert_eq!(id_token["aud"], json!([federation.client.id]));
    assert_eq!(federation.world.introspect(&token["accessToken"]).await["clientEntityIdUsed"], true);
}

#[tokio::test]
async fn a_registered_client_is_not_sought_as_a_document() {
    let federation = Federation::new().await;
    let path = |what: &str| format!("/api/{}/service/{what}", federation.world.service_id());
    let (_, mut service) = federation.world.call("GET", &path("get"), None).await;
    service["clientIdMetadataDocumentSupported"] = json!(true);
    service["cimdHttpPermitted"] = json!(true);
    assert_eq!(federation.world.call("POST", &path("update"), Some(&service)).await.0, 200);
    for id in ["1", "2"] {
        let opened = federation.open(&federation.request(&federation.object(id))).await;
        assert_eq!(opened["action"], "INTERACTION", "{opened}");
    }
}

#[tokio::test]
async fn a_chain_that_has_ended_is_resolved_again() {
    let federation = Federation::new().await;
    let first = federation.open_well().await;
    let renamed = json!({"metadata": {"openid_relying_party": {"client_name": "Renamed"}}});
    federation.publish(&json!({}), &renamed, &json!({}));
    assert_eq!(federation.open_well().await["client"]["clientName"], "Member");
    federation.world.advance(1801);
    federation.publish(&json!({}), &renamed, &json!({}));
    let again = federation.open_well().await;
    assert_eq!(
        (&again["client"]["clientName"], &again["client"]["clientId"]),
        (&json!("Renamed"), &first["client"]["clientId"]),
        "{again}"
    );
    federation.world.advance(1801);
    federation.refused("invalid_trust_chain", "expired").await;
}

#[tokio::test]
async fn policies_of_all_superiors_apply() {
    let federation = Federation::new().await;
    let policy = |operators: Value| json!({"metadata_policy": {"openid_relying_party": operators}});
    let anchor = policy(json!({"contacts": {"add": ["ops@example.org"]}, "scope": {"default": "openid"}}));
    let organization =
        policy(json!({"contacts": {"add": ["help@example.org"]}, "client_name": {"value": "Named by us"}}));
    federation.publish(&json!({}), &organization, &anchor);
    let opened = federation.open_well().await;
    assert_eq!(opened["client"]["clientName"], "Named by us", "{opened}");
    let path = format!("/api/{}/client/get/{}", federation.world.service_id(), opened["client"]["clientId"]);
    let (_, stored) = federation.world.call("GET", &path, None).await;
    assert_eq!(stored["contacts"], json!(["rp@example.org", "ops@example.org", "help@example.org"]));
}

#[tokio::test]
async fn policies_that_are_not_met() {
    let policy = |operators: Value| json!({"metadata_policy": {"openid_relying_party": operators}});
    for (organization, anchor, why) in [
        (
            json!({}),
            policy(json!({"token_endpoint_auth_method": {"one_of": ["tls_client_auth"]}})),
            "token_endpoint_auth_method",
        ),
        (policy(json!({"logo_uri": {"essential": true}})), json!({}), "logo_uri"),
        (policy(json!({"client_name": {"value": "a"}})), policy(json!({"client_name": {"value": "b"}})), "contradict"),
        (
            policy(json!({"client_name": {"regexp": "a"}})),
            json!({"metadata_policy_crit": ["regexp"]}),
            "operator that is not known",
        ),
        (
            json!({"metadata": {"openid_relying_party": {"client_registration_types": ["explicit"]}}}),
            json!({}),
            "automatic",
        ),
        (json!({"metadata": {"openid_relying_party": {"grant_types": ["password"]}}}), json!({}), "grant_types"),
    ] {
        let federation = Federation::new().await;
        federation.publish(&json!({}), &organization, &anchor);
        federation.refused("invalid_metadata", why).await;
    }
}

#[tokio::test]
async fn constraints_of_superiors() {
    for (anchor, allowed) in [
        (json!({"max_path_length": 1}), true),
        (json!({"max_path_length": 0}), false),
        (json!({"naming_constraints": {"permitted": ["127.0.0.1"]}}), true),
        (json!({"naming_constraints": {"permitted": [".example.org"]}}), false),
        (json!({"naming_constraints": {"excluded": ["127.0.0.1"]}}), false),
        (json!({"allowed_entity_types": ["openid_relying_party"]}), true),
        (json!({"allowed_entity_types": ["openid_provider"]}), false),
        (json!({"an_invention": true}), true),
    ] {
        let federation = Federation::new().await;
        federation.publish(&json!({}), &json!({}), &json!({"constraints": anchor}));
        let opened = federation.open_well().await;
        let expected = if allowed { "INTERACTION" } else { "BAD_REQUEST" };
        assert_eq!(opened["action"], expected, "{anchor} {opened}");
    }
}

#[tokio::test]
async fn statements_that_are_not_what_they_seem() {
    let federation = Federation::new().await;
    let (now, stranger) = (federation.world.now(), Entity::new(federation.client.id.clone(), "key-of/rp"));
    let put = |path: &str, statement: String| federation.documents.publish_for(path, TYPE, "no-store", statement);
    let restore = || federation.publish(&json!({}), &json!({}), &json!({}));
    let hints = json!({"authority_hints": [federation.organization.id], "metadata": federation.metadata()});

    // Somebody else's key under the client's name: the organization does not vouch for it.
    put(&federation.client.well_known(), stranger.configuration(now, &hints));
    federation.refused("invalid_trust_chain", "does not vouch for the keys").await;
    restore();
    // The organization vouches for another key than the client has.
    put(
        &federation.organization.fetch_path(&federation.client),
        federation.organization.statement(&stranger, now, &json!({})),
    );
    federation.refused("invalid_trust_chain", "does not vouch for the keys").await;
    restore();
    // The anchor has another key than the service knows.
    let impostor = Entity::new(federation.anchor.id.clone(), "key-of/anchor");
    put(
        &federation.anchor.fetch_path(&federation.organization),
        impostor.statement(&federation.organization, now, &json!({})),
    );
    federation.refused("invalid_trust_chain", "the service knows").await;
    restore();
    // A statement about another, one that has ended, one of another type, and none at all.
    put(
        &federation.organization.fetch_path(&federation.client),
        federation.organization.statement(&federation.anchor, now, &json!({})),
    );
    federation.refused("invalid_trust_chain", "does not vouch").await;
    restore();
    federation.publish(&json!({"exp": now - 1}), &json!({}), &json!({}));
    federation.refused("invalid_trust_chain", "expired").await;
    federation.publish(&json!({"crit": ["x"]}), &json!({}), &json!({}));
    federation.refused("invalid_trust_chain", "critical").await;
    let typed = federation.client.sign("JWT", &json!({"iss": federation.client.id, "sub": federation.client.id}));
    put(&federation.client.well_known(), typed);
    federation.refused("invalid_trust_chain", "typ").await;
    federation.documents.publish(&federation.client.well_known(), "application/json", "{}");
    federation.refused("invalid_trust_chain", "media type").await;
    restore();
    // Hints that go round in a circle lead nowhere.
    let circle = json!({"authority_hints": [federation.client.id, federation.organization.id], "metadata": federation.organization.authority()});
    put(&federation.organization.well_known(), federation.organization.configuration(now, &circle));
    federation.refused("invalid_trust_anchor", "no chain leads").await;
    restore();
    assert_eq!(federation.open_well().await["action"], "INTERACTION");
}

#[tokio::test]
async fn a_request_has_to_prove_a_key_of_the_client() {
    let federation = Federation::new().await;
    let id: String = form_urlencoded::byte_serialize(federation.client.id.as_bytes()).collect();
    let plain = format!("client_id={id}&response_type=code&redirect_uri={CALLBACK}&scope=openid");
    let answer = federation.world.act("/auth/authorization", json!({"parameters": plain})).await;
    assert_eq!(crate::world::parameter(&answer, "error").as_deref(), Some("invalid_request"), "{answer}");
    let by_federation_key = federation.client.sign("oauth-authz-req+jwt", &federation.object("1"));
    assert_eq!(federation.open(&by_federation_key).await["action"], "BAD_REQUEST", "a federation key is no client key");
    for (claim, value) in [
        ("jti", Value::Null),
        ("exp", Value::Null),
        ("sub", json!(federation.client.id)),
        ("aud", json!([ISSUER, "https://other.example.com"])),
        ("iss", Value::Null),
    ] {
        let mut object = federation.object("2");
        match value {
            Value::Null => {
                object.as_object_mut().expect("an object").remove(claim);
            }
            value => object[claim] = value,
        }
        let answer = federation.open(&federation.request(&object)).await;
        assert_ne!(answer["action"], "INTERACTION", "{claim} {answer}");
    }
    // A client that pushes its request may authenticate instead.
    let assertion = sign(
        &federation.protocol_key,
        &json!({"alg": "ES256", "kid": "rp-1"}),
        &json!({
            "iss": federation.client.id, "sub": federation.client.id, "aud": ISSUER, "jti": "p", "exp": federation.world.now() + 60,
        }),
    );
    let pushed = format!(
        "{plain}&client_assertion={assertion}&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let answer = federation.world.act("/pushed_auth_req", json!({"parameters": pushed})).await;
    assert_eq!(answer["action"], "CREATED", "{answer}");
}

#[tokio::test]
async fn a_chain_in_the_request_needs_no_fetching() {
    let federation = Federation::new().await;
    let now = federation.world.now();
    let chain = [
        federation.configuration(&json!({})),
        federation.organization.statement(&federation.client, now, &json!({})),
        federation.anchor.statement(&federation.organization, now, &json!({})),
    ];
    let header = json!({"alg": "ES256", "typ": "oauth-authz-req+jwt", "kid": "rp-1", "trust_chain": chain});
    let object = sign(&federation.protocol_key, &header, &federation.object("1"));
    let opened = federation.open(&object).await;
    assert_eq!(opened["action"], "INTERACTION", "{opened}");
    assert_eq!(federation.documents.count(&federation.client.well_known()), 0);
}

#[tokio::test]
async fn explicit_registration() {
    let federation = Federation::new().await;
    let configuration = federation.configuration(&json!({"aud": ISSUER}));
    let body = json!({"entityConfiguration": configuration});
    let answer = federation.world.act("/federation/registration", body.clone()).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    assert_eq!(
        (&answer["client"]["clientSource"], &answer["client"]["explicitlyRegistered"]),
        (&json!("EXPLICIT_REGISTRATION"), &json!(true))
    );
    let jwt = Jwt::read(answer["responseContent"].as_str().expect("a JWT")).expect("a JWT");
    assert_eq!(jwt.header["typ"], "explicit-registration-response+jwt");
    assert!(jwt.is_signed_by(Algorithm::ES256, &federation.own_key.public(Algorithm::ES256).expect("a public key")));
    let claims = Value::Object(jwt.claims.clone());
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&json!(ISSUER), &json!(federation.client.id), &json!(federation.client.id))
    );
    assert_eq!(
        (&claims["trust_anchor"], &claims["authority_hints"]),
        (&json!(federation.anchor.id), &json!([federation.organization.id]))
    );
    assert_eq!(claims["metadata"]["openid_relying_party"]["client_id"], json!(federation.client.id));
    assert_eq!(claims["exp"].as_u64(), Some(federation.world.now() + 1800));
    assert!(claims["metadata"]["openid_relying_party"].get("client_secret").is_none());

    let again = federation.world.act("/federation/registration", body).await;
    assert_eq!((&again["action"], &again["resultCode"]), (&json!("BAD_REQUEST"), &json!("A327605")), "{again}");
    // The client is one like any other now, and may send what it likes.
    let id: String = form_urlencoded::byte_serialize(federation.client.id.as_bytes()).collect();
    let plain = format!("client_id={id}&response_type=code&redirect_uri={CALLBACK}&scope=openid");
    let opened = federation.world.act("/auth/authorization", json!({"parameters": plain})).await;
    assert_eq!(opened["action"], "INTERACTION", "{opened}");
}

#[tokio::test]
async fn explicit_registration_by_a_chain_and_what_is_refused() {
    let federation = Federation::new().await;
    let now = federation.world.now();
    let register = async |body: Value| federation.world.act("/federation/registration", body).await;
    let refused = async |body: Value, error: &str| {
        let answer = register(body).await;
        assert_eq!((&answer["action"], &content(&answer)["error"]), (&json!("BAD_REQUEST"), &json!(error)), "{answer}");
    };
    let configuration = |more: Value| federation.configuration(&more);
    refused(json!({}), "invalid_request").await;
    refused(json!({"entityConfiguration": configuration(json!({})), "trustChain": "[]"}), "invalid_request").await;
    refused(json!({"trustChain": "{}"}), "invalid_request").await;
    refused(json!({"entityConfiguration": "no.jwt"}), "invalid_trust_chain").await;
    refused(
        json!({"entityConfiguration": configuration(json!({"aud": "https://other.example.com"}))}),
        "invalid_trust_chain",
    )
    .await;
    refused(
        json!({"entityConfiguration": configuration(json!({"authority_hints": ["http://127.0.0.1:1/"]}))}),
        "invalid_trust_chain",
    )
    .await;
    let short =
        json!([configuration(json!({})), federation.organization.statement(&federation.client, now, &json!({}))]);
    refused(json!({"trustChain": short.to_string()}), "invalid_trust_anchor").await;
    let automatic = json!({"metadata": {"openid_relying_party": {"client_registration_types": ["automatic"]}}});
    let chain = |more: &Value| {
        json!([
            configuration(json!({})),
            federation.organization.statement(&federation.client, now, more),
            federation.anchor.statement(&federation.organization, now, &json!({})),
        ])
        .to_string()
    };
    refused(json!({"trustChain": chain(&automatic)}), "invalid_metadata").await;
    assert_eq!(register(json!({"trustChain": chain(&json!({}))})).await["action"], "OK");
}

#[tokio::test]
async fn the_service_as_an_entity() {
    let federation = Federation::new().await;
    let answer = federation.world.act("/federation/configuration", json!({})).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    let jwt = Jwt::read(answer["responseContent"].as_str().expect("a JWT")).expect("a JWT");
    assert_eq!((&jwt.header["typ"], &jwt.header["kid"]), (&json!("entity-statement+jwt"), &json!("federation-1")));
    let keys = jwk::elements(&jwt.claims["jwks"]);
    assert!(jwt.is_signed_by_one_of(Algorithm::ES256, &keys) && keys.iter().all(|key| !jwk::is_private(key)));
    assert_eq!((jwt.string("iss"), jwt.string("sub")), (Some(ISSUER), Some(ISSUER)));
    assert_eq!(jwt.claims["authority_hints"], json!([federation.anchor.id]));
    assert_eq!(jwt.claims["exp"].as_u64(), Some(federation.world.now() + 86_400));
    let provider = &jwt.claims["metadata"]["openid_provider"];
    assert_eq!(provider["client_registration_types_supported"], json!(["automatic", "explicit"]));
    assert_eq!(provider["federation_registration_endpoint"], "https://as.example.com/federation/register");
    assert_eq!(provider["token_endpoint"], "https://as.example.com/token");
}

#[tokio::test]
async fn how_long_the_service_s_statement_lasts_and_which_key_signs_it() {
    let keys: Vec<Value> = ["first", "second"]
        .into_iter()
        .map(|kid| {
            let key = PrivateKey::generate(Algorithm::ES256).expect("a key").to_jwk(Algorithm::ES256).expect("a JWK");
            let mut key = json!(key);
            key["kid"] = json!(kid);
            key
        })
        .collect();
    for kid in ["first", "second"] {
        let service = json!({
            "federationEnabled": true, "authorityHints": ["https://anchor.example.org"],
            "federationJwks": json!({"keys": keys}).to_string(), "federationSignatureKeyId": kid,
            "federationConfigurationDuration": 77,
        });
        let world = World::standing(service, json!({})).await;
        let answer = world.act("/federation/configuration", json!({})).await;
        let jwt = Jwt::read(answer["responseContent"].as_str().expect("a JWT")).expect("a JWT");
        assert_eq!(jwt.header["kid"], kid);
        assert_eq!(jwt.claims["exp"].as_u64(), jwt.claims["iat"].as_u64().map(|iat| iat + 77));
    }
}

#[tokio::test]
async fn services_that_are_not_set_up() {
    let world = World::plain().await;
    for path in ["/federation/configuration", "/federation/registration"] {
        assert_eq!(world.act(path, json!({})).await["action"], "NOT_FOUND", "{path}");
    }
    let world =
        World::new(json!({"federationEnabled": true, "supportedClientRegistrationTypes": ["EXPLICIT"]}), json!({}))
            .await;
    assert_eq!(world.act("/federation/configuration", json!({})).await["action"], "INTERNAL_SERVER_ERROR");
    let answer = world.act("/federation/registration", json!({"entityConfiguration": "a.b.c"})).await;
    assert_eq!(answer["action"], "INTERNAL_SERVER_ERROR", "{answer}");
}
