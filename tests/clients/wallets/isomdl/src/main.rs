//! Verifies an mdoc that comes on standard input, as JSON, with isomdl: as it was issued (`credential`), or as its holder
//! shows it (`presentation`, with the verifier's `nonce`).
//!
//! Writes what the mdoc says, or why it is refused, as JSON. The library compares no digests of elements.

use std::collections::BTreeMap;
use std::error::Error;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ciborium::Value;
use coset::Label;
use isomdl::cbor;
use isomdl::definitions::session::SessionTranscript;
use isomdl::definitions::x509::X5Chain;
use isomdl::definitions::x509::trust_anchor::{PemTrustAnchor, TrustAnchorRegistry, TrustPurpose};
use isomdl::definitions::x509::validation::ValidationRuleset;
use isomdl::definitions::x509::x5chain::X5CHAIN_COSE_HEADER_LABEL;
use isomdl::definitions::{DeviceResponse, IssuerSigned};
use isomdl::presentation::authentication::mdoc::{device_authentication, issuer_authentication};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize)]
struct Question {
    root: String,
    credential: Option<String>,
    presentation: Option<String>,
    nonce: Option<String>,
}

/// What holder and verifier agree on: here a nonce, as in the verifiers beside this one.
#[derive(Clone, Serialize, Deserialize)]
struct Transcript((), (), [String; 1]);

impl SessionTranscript for Transcript {}

/// What the rules for driving licences say of extensions begins so.
const EXTENSIONS: [&str; 6] = [
    "error: SubjectKeyIdentifier:",
    "error: ExtendedKeyUsage:",
    "error: CrlDistributionPoints:",
    "error: IssuerAlternativeName:",
    "error: KeyUsage:",
    "error: BasicConstraints:",
];

fn main() -> Result<(), Box<dyn Error>> {
    let question: Question = serde_json::from_reader(std::io::stdin())?;
    let answer = match verify(&question) {
        Ok(claims) => json!({"claims": claims}),
        Err(error) => json!({"refused": error.to_string()}),
    };
    println!("{answer}");
    Ok(())
}

fn verify(question: &Question) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    if let Some(presentation) = &question.presentation {
        let response: DeviceResponse = read(presentation)?;
        let document =
            response.documents.as_ref().and_then(|documents| documents.first()).ok_or("there is no document")?;
        let nonce = question.nonce.clone().ok_or("a presentation has to come with its nonce")?;
        device_authentication(document, Transcript((), (), [nonce]))?;
        return issued(question, &document.issuer_signed);
    }
    issued(question, &read(question.credential.as_ref().ok_or("there is nothing to verify")?)?)
}

fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, Box<dyn Error>> {
    Ok(cbor::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text)?)?)
}

/// The elements, if the issuer has signed and its certificate is the root's.
fn issued(question: &Question, issued: &IssuerSigned) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let label = Label::Int(X5CHAIN_COSE_HEADER_LABEL);
    let header = issued.issuer_auth.unprotected.rest.iter().find(|(name, _)| *name == label);
    let chain = X5Chain::from_cbor(header.ok_or("there is no certificate")?.1.clone())?;
    let root = PemTrustAnchor { certificate_pem: question.root.clone(), purpose: TrustPurpose::Iaca };
    let trusted = TrustAnchorRegistry::from_pem_certificates(vec![root])?;
    // The rules are those of driving licences, which ask for extensions; of other documents the rest is asked.
    let outcome = ValidationRuleset::Mdl.validate(&chain, &trusted);
    if let Some(error) = outcome.errors.iter().find(|error| !EXTENSIONS.iter().any(|name| error.contains(name))) {
        return Err(error.as_str().into());
    }
    issuer_authentication(chain, issued)?;
    let elements =
        issued.namespaces.iter().flat_map(|namespaces| namespaces.iter()).flat_map(|(_, items)| items.iter());
    Ok(elements.map(|item| (item.as_ref().element_identifier.clone(), shown(&item.as_ref().element_value))).collect())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Tag(_, inner) => shown(inner),
        other => format!("{other:?}"),
    }
}
