//! Claims that a server collects: by language, and verified ones, to the token that has them.

use std::time::{Duration, SystemTime};

use authlete_api::actions::{AuthorizationInteraction, AuthorizationNext, IntoAction, UserInfoOk};
use authlete_api::claims::{self, VerifiedClaims};
use authlete_api::types::{self, GrantType, OAuthClient, ResponseType, Service};
use authlete_api::{Authlete, AuthleteService, JsonString};
use authlete_emulator::Emulator;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// The names that the closure was asked for, with what was collected.
fn asked(names: &[&str], locales: &[&str], known: &[(&str, Option<&str>)]) -> (Vec<String>, Value) {
    let mut asked = Vec::new();
    let locales: Vec<_> = locales.iter().map(|locale| (*locale).to_owned()).collect();
    let claims = claims::collect(names, &locales, |name, language| {
        let words = language.map_or(name.to_owned(), |language| format!("{name} in {language}"));
        asked.push(words.clone());
        known.contains(&(name, language)).then(|| words.into())
    });
    (asked, Value::Object(claims))
}

// OpenID Connect Core 1.0, 5.2.
#[test]
fn a_claim_is_asked_for_in_the_preferred_languages_and_then_without() {
    let (order, claims) = asked(&["name"], &["ja-JP", "en"], &[]);
    assert_eq!(order, ["name in ja-JP", "name in ja", "name in en", "name"]);
    assert_eq!(claims, json!({}));
    let (order, claims) = asked(&["name"], &["ja-JP", "en"], &[("name", Some("ja")), ("name", Some("en"))]);
    assert_eq!(order, ["name in ja-JP", "name in ja"]);
    assert_eq!(claims, json!({"name": "name in ja"}), "the value in the best language, without a tag");
    assert_eq!(asked(&["name"], &[], &[("name", None)]), (vec!["name".to_owned()], json!({"name": "name"})));
    assert_eq!(asked(&["name"], &["ja"], &[("name", None)]).1, json!({"name": "name"}));
}

#[test]
fn a_claim_with_a_tag_is_asked_for_in_that_language_alone() {
    let (order, claims) = asked(&["name#ja-Kana-JP"], &["en"], &[("name", Some("en")), ("name", None)]);
    assert_eq!((order, claims), (vec!["name in ja-Kana-JP".to_owned()], json!({})));
    let known = [("name", Some("ja-Kana-JP")), ("name", None)];
    assert_eq!(
        asked(&["name#ja-Kana-JP", "name", "mail#"], &[], &known).1,
        json!({"name#ja-Kana-JP": "name in ja-Kana-JP", "name": "name"})
    );
}

// OpenID Connect Core 1.0, 5.3.2: what has no value is left out.
#[test]
fn no_claim_is_empty() {
    let value = |name: &str, language: Option<&str>| match (name, language) {
        ("name", Some(_)) => Some(json!("")),
        ("name", None) => Some(json!("Ada")),
        ("email", _) => Some(Value::Null),
        ("email_verified", _) => Some(json!(false)),
        _ => None,
    };
    let collected = claims::collect(["name", "email", "email_verified"], &["ja".to_owned()], value);
    assert_eq!(Value::Object(collected), json!({"name": "Ada", "email_verified": false}));
}

fn now() -> SystemTime {
    // 2026-04-01T00:00:00Z
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_775_001_600)
}

fn known() -> Vec<Value> {
    vec![
        json!({
            "verification": {"trust_framework": "eidas", "time": "2026-03-01T10:00Z", "evidence": [
                {"type": "document", "document_details": {"type": "idcard", "number": "53554554"},
                    "digest": {"alg": "sha-256", "value": "n4bQgYhMfWWaL"}},
                {"type": "electronic_record", "record": {"type": "birth_certificate"}},
            ]},
            "claims": {"given_name": "Ada", "birthdate": "1990-12-10", "address": {"country": "UK", "locality": "London"}},
        }),
        json!({
            "verification": {"trust_framework": "de_aml", "time": "2025-01-01"},
            "claims": {"given_name": "A.", "nationalities": ["GB"]},
        }),
    ]
}

fn select(request: &Value, for_tx: &[Vec<String>]) -> VerifiedClaims {
    let request = JsonString::of(&json!({"verified_claims": request})).unwrap();
    VerifiedClaims::select(&request, for_tx, &known(), now())
}

/// The claims and the verification of what is selected for an entry.
fn entry(verification: &Value, claims: &Value) -> Option<(Value, Value)> {
    let value = select(&json!({"verification": verification, "claims": claims}), &[]).value?;
    Some((value["verification"].clone(), value["claims"].clone()))
}

// OpenID Connect for Identity Assurance: what is not asked for stays with the server.
#[test]
fn no_more_is_told_than_was_asked_for() {
    let (verification, claims) = entry(&json!({"trust_framework": null}), &json!({"given_name": null})).unwrap();
    assert_eq!((verification, claims), (json!({"trust_framework": "eidas"}), json!({"given_name": "Ada"})));
    let evidence = json!({"evidence": [{"type": {"value": "document"}, "document_details": {"type": null}, "digest": {"value": null}}]});
    let (verification, claims) = entry(&evidence, &json!({"address": {"country": null}, "phone": null})).unwrap();
    let told = json!({"trust_framework": "eidas", "evidence": [
        {"type": "document", "document_details": {"type": "idcard"}, "digest": {"value": "n4bQgYhMfWWaL"}},
    ]});
    assert_eq!((verification, claims), (told, json!({"address": {"country": "UK"}})));
    let (_, claims) = entry(&json!({}), &json!({"address": {"essential": true, "purpose": "delivery"}})).unwrap();
    assert_eq!(claims["address"], known()[0]["claims"]["address"]);
}

#[test]
fn constraints_choose_what_is_told() {
    let given = |verification: Value| {
        entry(&verification, &json!({"given_name": null})).map(|(_, claims)| claims["given_name"].clone())
    };
    assert_eq!(given(json!({"trust_framework": {"value": "de_aml"}})), Some(json!("A.")));
    assert_eq!(given(json!({"trust_framework": {"values": ["nist", "de_aml"]}})), Some(json!("A.")));
    assert_eq!(given(json!({"trust_framework": {"value": "nist"}})), None);
    // The first was verified 30 days and 14 hours ago, the second more than a year.
    assert_eq!(given(json!({"time": {"max_age": 31 * 86_400}})), Some(json!("Ada")));
    assert_eq!(given(json!({"time": {"max_age": 30 * 86_400}})), None);
    assert_eq!(
        given(json!({"trust_framework": {"value": "de_aml"}, "time": {"max_age": 456 * 86_400}})),
        Some(json!("A."))
    );
    assert_eq!(given(json!({"trust_framework": {"value": "de_aml"}, "time": {"max_age": 454 * 86_400}})), None);
    assert_eq!(given(json!({"trust_framework": {"max_age": 1}})), None, "it is no time");
    assert_eq!(given(json!({"assurance_level": {"value": "high"}})), None, "it is not known");
    assert_eq!(given(json!({"assurance_level": null})), Some(json!("Ada")));
    assert_eq!(given(json!({"evidence": [{"type": {"value": "vouch"}}]})), None);
    // Of a claim: the others are told.
    let of_claim = |asked: Value| entry(&json!({}), &json!({"birthdate": null, "given_name": asked})).unwrap().1;
    assert_eq!(of_claim(json!({"value": "Ada"})), json!({"birthdate": "1990-12-10", "given_name": "Ada"}));
    assert_eq!(of_claim(json!({"value": "Eve"})), json!({"birthdate": "1990-12-10"}));
    assert_eq!(entry(&json!({}), &json!({"phone": null})), None, "there is no entry without claims");
}

#[test]
fn entries_and_their_transformed_claims_keep_together() {
    let asked = |framework: &str, claim: &str| json!({"verification": {"trust_framework": {"value": framework}}, "claims": {claim: null}});
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let request = json!([
        asked("de_aml", ":gb"),
        asked("nist", ":gb"),
        asked("eidas", "given_name"),
        asked("eidas", "::18_or_over")
    ]);
    let for_tx = [names(&["nationalities"]), names(&["nationalities"]), names(&[]), names(&["birthdate"])];
    let verified = select(&request, &for_tx);
    let entries = verified.value.as_ref().unwrap().as_array().unwrap();
    let frameworks: Vec<_> = entries.iter().map(|entry| &entry["verification"]["trust_framework"]).collect();
    assert_eq!(frameworks, ["de_aml", "eidas", "eidas"], "the second cannot be met");
    assert_eq!(verified.for_tx, [json!({"nationalities": ["GB"]}), json!({}), json!({"birthdate": "1990-12-10"})]);
    assert_eq!(format!("{verified:?}"), "VerifiedClaims { entries: 3, for_tx: 3 }");
    // Names that belong to no entry are for nothing.
    assert_eq!(select(&request, &for_tx[..2]).for_tx, Vec::<Value>::new());
    assert_eq!(select(&json!(null), &for_tx), VerifiedClaims::default());
}

struct Fixture {
    service: AuthleteService,
    client: OAuthClient,
    _emulator: Emulator,
}

impl Fixture {
    async fn new() -> Self {
        let emulator = Emulator::start().await.unwrap();
        let token = emulator.organization_token();
        let authlete = Authlete::builder().base_url(emulator.base_url()).organization_token(token).build().unwrap();
        let settings = Service::default()
            .issuer("https://as.example.com")
            .supported_scopes(["openid", "email"].map(|name| types::Scope::default().name(name)))
            .supported_claims(["name", "email", "given_name", "birthdate"])
            .supported_claim_locales(["ja", "en"])
            .predefined_transformed_claims(
                json!({"18_or_over": {"claim": "birthdate", "fn": ["years_ago", ["gte", 18]]}}).to_string().into(),
            );
        let id = authlete.services().create(settings).await.unwrap().api_key.unwrap();
        let service = authlete.service(id);
        let client = OAuthClient::default()
            .grant_types([GrantType::AuthorizationCode])
            .response_types([ResponseType::Code])
            .redirect_uris(["https://client.example.org/cb"]);
        let client = service.clients().create(client).await.unwrap().into_inner();
        Self { service, client, _emulator: emulator }
    }

    async fn interaction(&self, claims: &Value) -> AuthorizationInteraction {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.client_id.unwrap().to_string())
            .append_pair("redirect_uri", "https://client.example.org/cb")
            .append_pair("scope", "openid email")
            .append_pair("nonce", "n")
            .append_pair("claims_locales", "ja fr en")
            .append_pair("claims", &claims.to_string())
            .finish();
        match self.service.authorization().process(query).await.unwrap().proceed().unwrap() {
            AuthorizationNext::Interaction(step) => step,
            AuthorizationNext::NoInteraction(_) => panic!("there is no prompt=none"),
        }
    }

    /// The claims of the ID token, and the access token, for a code.
    async fn tokens(&self, redirect: &str) -> (Value, String) {
        let (_, query) = redirect.split_once('?').unwrap();
        let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code").unwrap().1;
        let form = format!("grant_type=authorization_code&code={code}&redirect_uri=https://client.example.org/cb");
        let mut request = types::TokenRequest::new(form).client_id(self.client.client_id.unwrap().to_string());
        request.client_secret = self.client.client_secret.clone();
        let response = self.service.token().process(request).raw().await.unwrap();
        assert_eq!(response.action, Some(types::TokenResponseAction::Ok), "{:?}", response.result_message);
        let payload = response.id_token.as_deref().unwrap().split('.').nth(1).unwrap();
        let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        (claims, response.access_token.clone().unwrap())
    }
}

fn value(name: &str, language: Option<&str>) -> Option<Value> {
    match (name, language) {
        ("name", Some("ja")) => Some(json!("エイダ")),
        ("name", None | Some("en")) => Some(json!("Ada")),
        ("birthdate", None) => Some(json!("1990-12-10")),
        ("email", None) => Some(json!("ada@example.com")),
        _ => None,
    }
}

#[tokio::test]
async fn what_is_collected_reaches_the_client() {
    let fixture = Fixture::new().await;
    let verified = json!({
        "verification": {"trust_framework": {"value": "eidas"}}, "claims": {"given_name": null, "::18_or_over": null},
    });
    let step = fixture
        .interaction(&json!({
            "id_token": {"name": null, "name#en": null, "::18_or_over": null, "verified_claims": verified},
            "userinfo": {"email": null, "verified_claims": [verified]},
        }))
        .await;
    let mut claims = step.collect_claims(value);
    let selected = step.select_verified_claims(&known(), now());
    selected.add_to(&mut claims);
    let for_tx = step.collect_claims_for_tx(value);
    assert_eq!(Value::Object(for_tx.clone()), json!({"birthdate": "1990-12-10"}));
    let pending = step.issue("ada").claims(&claims).unwrap().claims_for_tx(&for_tx).unwrap();
    let issued = pending.verified_claims_for_tx(&selected.for_tx).unwrap().consented_claims(["email"]);
    let reply = issued.send(&fixture.service).await.unwrap().into_reply();
    let (id_token, access_token) = fixture.tokens(reply.headers()["location"].to_str().unwrap()).await;
    assert_eq!((&id_token["name"], &id_token["name#en"]), (&json!("エイダ"), &json!("Ada")), "{id_token}");
    assert_eq!(id_token["::18_or_over"], true, "{id_token}");
    let told =
        json!({"verification": {"trust_framework": "eidas"}, "claims": {"given_name": "Ada", "::18_or_over": true}});
    assert_eq!(id_token["verified_claims"], told, "{id_token}");

    let request = types::UserInfoRequest::new(access_token);
    let step = fixture.service.userinfo().process(request).await.unwrap().proceed().unwrap();
    let mut claims = step.collect_claims(value);
    assert_eq!(Value::Object(claims.clone()), json!({"email": "ada@example.com"}));
    let selected = step.select_verified_claims(&known(), now());
    selected.add_to(&mut claims);
    let pending = step.issue().claims(&claims).unwrap().verified_claims_for_tx(&selected.for_tx).unwrap();
    let reply = pending.send(&fixture.service).await.unwrap().into_reply();
    let body: Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(body["verified_claims"], json!([told]), "{body}");
}

#[test]
fn userinfo_has_what_the_user_consented_to() {
    let step = |consented: Value| -> UserInfoOk {
        let response: types::UserInfoResponse = serde_json::from_value(json!({
            "action": "OK", "token": "t", "subject": "ada", "claims": ["name", "email"], "consentedClaims": consented,
        }))
        .unwrap();
        response.into_action().proceed().expect("the token is good")
    };
    let collected =
        |consented: Value| step(consented).collect_claims(value).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(collected(json!(["email"])), ["email"]);
    assert_eq!(collected(json!(null)), ["email", "name"]);
    assert_eq!(step(json!([])).select_verified_claims(&known(), now()), VerifiedClaims::default());
    assert_eq!(step(json!([])).collect_claims_for_tx(value), Map::new());
}
