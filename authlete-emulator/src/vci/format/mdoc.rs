//! Mobile documents (ISO/IEC 18013-5, section 9.1.2): data elements, and a signature over their digests.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use ciborium::Value as Cbor;
use coset::iana::{self, EnumI64};
use coset::{CborSerializable, CoseKeyBuilder, CoseSign1Builder, HeaderBuilder};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Credential, FormatError, diagnostic, payload};
use crate::error::ApiError;
use crate::jose::{Algorithm, Jwk, encode, jwk};
use crate::vci::choices;

/// Bytes that are CBOR themselves, and a date and time (RFC 8949, section 3.4).
const ENCODED_CBOR: u64 = 24;
const DATE_TIME: u64 = 0;

/// The header parameter `x5chain` (RFC 9360).
const X5CHAIN: i64 = 33;

/// The credential: `IssuerSigned` in base64url (OpenID4VCI 1.0, appendix A.2.4).
pub(super) fn make(credential: &Credential<'_>) -> Result<String, FormatError> {
    let Some(doctype) = credential.payload.get("doctype").and_then(Value::as_str).filter(|text| !text.is_empty())
    else {
        return Err(payload("The credentialPayload of an mdoc has to have a string doctype."));
    };
    let Some(claims) = credential.payload.get("claims").and_then(Value::as_object) else {
        return Err(payload("The credentialPayload of an mdoc has to have an object claims."));
    };
    let mut namespaces = Vec::new();
    let mut digests = Vec::new();
    for (namespace, elements) in claims {
        let Some(elements) = elements.as_object() else {
            return Err(payload("A member of claims, which is a namespace of an mdoc, is not an object."));
        };
        let (items, hashes) = items(elements)?;
        namespaces.push((Cbor::from(namespace.as_str()), Cbor::Array(items)));
        digests.push((Cbor::from(namespace.as_str()), Cbor::Map(hashes)));
    }
    let security = security_object(credential, doctype, digests)?;
    let issued = Cbor::Map(vec![
        (Cbor::from("nameSpaces"), Cbor::Map(namespaces)),
        (Cbor::from("issuerAuth"), sign(credential, &security)?),
    ]);
    Ok(encode(bytes(&issued)?))
}

/// Digests of elements, by their numbers.
type Digests = Vec<(Cbor, Cbor)>;

/// The elements of a namespace with random bytes, and their digests by their numbers.
fn items(elements: &Map<String, Value>) -> Result<(Vec<Cbor>, Digests), FormatError> {
    let mut items = Vec::new();
    let mut digests = Vec::new();
    for (id, (name, value)) in (1_u64..).zip(elements) {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| ApiError::internal(format!("no randomness: {error}")))?;
        let item = wrapped(&Cbor::Map(vec![
            (Cbor::from("digestID"), Cbor::from(id)),
            (Cbor::from("random"), Cbor::Bytes(random.to_vec())),
            (Cbor::from("elementIdentifier"), Cbor::from(name.as_str())),
            (Cbor::from("elementValue"), diagnostic::value(value).map_err(payload)?),
        ]))?;
        let hash = digest::digest(&digest::SHA256, &bytes(&item)?);
        digests.push((Cbor::from(id), Cbor::Bytes(hash.as_ref().to_vec())));
        items.push(item);
    }
    Ok((items, digests))
}

/// The mobile security object.
fn security_object(
    credential: &Credential<'_>,
    doctype: &str,
    digests: Vec<(Cbor, Cbor)>,
) -> Result<Cbor, FormatError> {
    let mut members = vec![
        (Cbor::from("version"), Cbor::from("1.0")),
        (Cbor::from("digestAlgorithm"), Cbor::from("SHA-256")),
        (Cbor::from("valueDigests"), Cbor::Map(digests)),
    ];
    if let Some(key) = credential.key {
        let key =
            device_key(key).ok_or(FormatError::Key("The key that the mdoc is to be bound to has no form in COSE."))?;
        members.push((Cbor::from("deviceKeyInfo"), Cbor::Map(vec![(Cbor::from("deviceKey"), key)])));
    }
    let until = credential.now + credential.duration.unwrap_or(choices::MDOC_SECONDS);
    let signed = date(credential.now)?;
    members.push((Cbor::from("docType"), Cbor::from(doctype)));
    members.push((
        Cbor::from("validityInfo"),
        Cbor::Map(vec![
            (Cbor::from("signed"), signed.clone()),
            (Cbor::from("validFrom"), signed),
            (Cbor::from("validUntil"), date(until)?),
        ]),
    ));
    Ok(Cbor::Map(members))
}

/// A public key in COSE (RFC 9053, section 7.1).
fn device_key(key: &Jwk) -> Option<Cbor> {
    let curve = |name: &str| match name {
        "P-256" => Some(iana::EllipticCurve::P_256),
        "P-384" => Some(iana::EllipticCurve::P_384),
        "P-521" => Some(iana::EllipticCurve::P_521),
        "Ed25519" => Some(iana::EllipticCurve::Ed25519),
        _ => None,
    };
    let name = jwk::string(key, "crv")?;
    let key = match jwk::coordinate_length(name) {
        Some(length) => {
            let (x, y) = (jwk::coordinate(key, "x", length)?, jwk::coordinate(key, "y", length)?);
            CoseKeyBuilder::new_ec2_pub_key(curve(name)?, x, y).build()
        }
        None => CoseKeyBuilder::new_okp_key()
            .param(iana::OkpKeyParameter::Crv.to_i64(), Cbor::from(curve(name)?.to_i64()))
            .param(iana::OkpKeyParameter::X.to_i64(), Cbor::Bytes(jwk::bytes(key, "x")?))
            .build(),
    };
    coset::AsCborValue::to_cbor_value(key).ok()
}

/// `COSE_Sign1` without a tag over the security object. The certificates stand where nothing is signed, as ISO has it.
fn sign(credential: &Credential<'_>, security: &Cbor) -> Result<Cbor, FormatError> {
    let signer = credential.signer;
    let algorithm = match signer.algorithm {
        Algorithm::ES256 => iana::Algorithm::ES256,
        Algorithm::ES384 => iana::Algorithm::ES384,
        Algorithm::ES512 => iana::Algorithm::ES512,
        Algorithm::EdDSA => iana::Algorithm::EdDSA,
        _ => {
            return Err(FormatError::Key(
                "The key that is to sign the mdoc is for an algorithm that mdocs do not have.",
            ));
        }
    };
    let certificates = signer.jwk.get("x5c").and_then(Value::as_array).into_iter().flatten();
    let certificates: Option<Vec<Cbor>> =
        certificates.map(|text| Some(Cbor::Bytes(STANDARD.decode(text.as_str()?).ok()?))).collect();
    let chain = match certificates {
        Some(mut one) if one.len() == 1 => one.remove(0),
        Some(several) if !several.is_empty() => Cbor::Array(several),
        _ => return Err(FormatError::Key("The key that is to sign the mdoc has no certificates in x5c.")),
    };
    let signed = CoseSign1Builder::new()
        .protected(HeaderBuilder::new().algorithm(algorithm).build())
        .unprotected(HeaderBuilder::new().value(X5CHAIN, chain).build())
        .payload(bytes(&wrapped(security)?)?)
        .try_create_signature(&[], |message| signer.private.sign(signer.algorithm, message).ok_or(()))
        .map_err(|()| FormatError::Key("The key of the issuer cannot sign the credential."))?
        .build();
    let encoded = signed.to_vec().map_err(failed)?;
    ciborium::from_reader(encoded.as_slice()).map_err(failed)
}

/// A date and time in UTC without fractions, as ISO/IEC 18013-5, section 9.1.2.4, has them.
fn date(seconds: u64) -> Result<Cbor, FormatError> {
    let time = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let text = time.and_then(|time| time.format(&Rfc3339).ok());
    let text = text.ok_or_else(|| payload("The duration of the credential is too long."))?;
    Ok(Cbor::Tag(DATE_TIME, Box::new(Cbor::from(text))))
}

fn wrapped(value: &Cbor) -> Result<Cbor, FormatError> {
    Ok(Cbor::Tag(ENCODED_CBOR, Box::new(Cbor::Bytes(bytes(value)?))))
}

fn bytes(value: &Cbor) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn failed(error: impl std::fmt::Display) -> FormatError {
    FormatError::Failed(ApiError::internal(format!("cannot make CBOR: {error}")))
}
