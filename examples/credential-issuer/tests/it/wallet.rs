//! As much of a wallet as the tests need. Wallets that others wrote are in `tests/clients/wallets`.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value as Cbor;
use http::HeaderMap;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// A wallet with a key.
pub(crate) struct Wallet {
    issuer: String,
    http: reqwest::Client,
    key: EcdsaKeyPair,
    token: Option<String>,
}

/// What the issuer responds.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Response {
    async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }
}

impl Wallet {
    pub(crate) fn new(issuer: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { issuer: issuer.to_owned(), http: reqwest::Client::new(), key, token: None }
    }

    pub(crate) async fn get(&self, url: &str) -> Response {
        Response::read(self.http.get(url).send().await.unwrap()).await
    }

    /// The offer that a link leads to.
    pub(crate) async fn open(&self, link: &str) -> Value {
        let query = link.strip_prefix("openid-credential-offer://?").unwrap_or_else(|| panic!("{link}"));
        let (name, value) = form_urlencoded::parse(query.as_bytes()).next().unwrap();
        match &*name {
            "credential_offer" => serde_json::from_str(&value).unwrap(),
            "credential_offer_uri" => self.get(&value).await.body,
            other => panic!("{other}"),
        }
    }

    /// Gets an access token for the pre-authorized code of an offer.
    pub(crate) async fn redeem(&mut self, offer: &Value, transaction_code: Option<&str>) {
        let code = offer["grants"][PRE_AUTHORIZED]["pre-authorized_code"].as_str().unwrap();
        let mut form = vec![("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code)];
        form.extend(transaction_code.map(|code| ("tx_code", code)));
        let response = self.http.post(format!("{}/token", self.issuer)).form(&form).send().await.unwrap();
        let response = Response::read(response).await;
        self.token = response.body["access_token"].as_str().map(str::to_owned);
        assert!(self.token.is_some(), "{response:?}");
    }

    pub(crate) fn public_key(&self) -> Value {
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
    }

    /// A request for a credential, with a proof for the wallet's key.
    pub(crate) async fn asking_for(&self, configuration: &str) -> Value {
        let nonce = Response::read(self.http.post(format!("{}/nonce", self.issuer)).send().await.unwrap()).await;
        let header = json!({"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": self.public_key()});
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({"aud": self.issuer, "iat": now, "nonce": nonce.body["c_nonce"]});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        let proof = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        json!({"credential_configuration_id": configuration, "proofs": {"jwt": [proof]}})
    }

    /// Sends a request with the access token, if there is one.
    pub(crate) async fn request(&self, path: &str, body: &Value) -> Response {
        let mut request = self.http.post(format!("{}{path}", self.issuer)).json(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Response::read(request.send().await.unwrap()).await
    }
}

/// The claims of an SD-JWT with all that is disclosed, and those that stand in the open.
pub(crate) fn disclosed(credential: &str) -> (Value, Value) {
    let decode = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let mut parts = credential.split('~');
    let in_the_open = decode(parts.next().unwrap().split('.').nth(1).unwrap());
    let disclosures = parts.filter(|part| !part.is_empty());
    let by_digest: Map<_, _> =
        disclosures.map(|part| (URL_SAFE_NO_PAD.encode(Sha256::digest(part)), decode(part))).collect();
    let mut claims = in_the_open.clone();
    put_back(&mut claims, &by_digest);
    (claims, in_the_open)
}

fn put_back(value: &mut Value, by_digest: &Map<String, Value>) {
    let Value::Object(members) = value else { return };
    let digests = members.remove("_sd").and_then(|all| all.as_array().cloned()).unwrap_or_default();
    for disclosure in digests.iter().filter_map(|digest| by_digest.get(digest.as_str()?)) {
        members.insert(disclosure[1].as_str().unwrap().to_owned(), disclosure[2].clone());
    }
    members.values_mut().for_each(|member| put_back(member, by_digest));
}

/// The data elements of an mdoc.
pub(crate) fn elements(credential: &str) -> BTreeMap<String, Cbor> {
    let parse = |bytes: &[u8]| -> Cbor { ciborium::from_reader(bytes).unwrap() };
    let member = |map: &Cbor, name: &str| {
        map.as_map().unwrap().iter().find(|(key, _)| key.as_text() == Some(name)).unwrap().1.clone()
    };
    let issued = parse(&URL_SAFE_NO_PAD.decode(credential).unwrap());
    let name_spaces = member(&issued, "nameSpaces").into_map().unwrap();
    let items = name_spaces.into_iter().flat_map(|(_, items)| items.into_array().unwrap());
    items
        .map(|item| {
            let (_, bytes) = item.into_tag().unwrap();
            let item = parse(bytes.as_bytes().unwrap());
            (member(&item, "elementIdentifier").into_text().unwrap(), member(&item, "elementValue"))
        })
        .collect()
}
