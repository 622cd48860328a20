//! JSON Web Encryption (RFC 7516) in the compact form, with the algorithms of RFC 7518 that Authlete defines.
//! `RSA1_5` is not among them: RFC 8725, section 3.2, advises against it.

mod agreement;
mod content;
mod management;
mod wrap;

use std::io::Read;

use aws_lc_rs::rand;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use serde_json::{Map, Value, json};

pub(crate) use content::Encoding;
pub(crate) use management::Management;

use super::jwk::{self, Jwk};
use super::{decode, encode};

/// Compressed content may grow to this many bytes, no further (RFC 8725, section 3.6).
const LONGEST_INFLATED: u64 = 1 << 20;

/// Why something is not encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("it is not a JWE in the compact form")]
    Malformed,
    #[error("the alg of the JWE is not supported")]
    Algorithm,
    #[error("the enc of the JWE is not supported")]
    Encoding,
    #[error("the zip of the JWE is not supported")]
    Compression,
    #[error("the JWE has critical extensions")]
    Critical,
    #[error("no key fits the JWE")]
    NoKey,
    #[error("the key cannot be used for the alg of the JWE")]
    Key,
    #[error("the parameters of the JWE's password-based encryption are out of bounds")]
    Bounds,
    #[error("the JWE cannot be decrypted")]
    Decryption,
    #[error("the JWE cannot be made")]
    Encryption,
}

/// A JWE whose content nobody has seen yet.
#[derive(Debug, Clone)]
pub(crate) struct Jwe {
    pub(crate) header: Map<String, Value>,
    pub(crate) management: Management,
    pub(crate) encoding: Encoding,
    protected: String,
    encrypted_key: Vec<u8>,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

impl Jwe {
    /// Takes a JWE apart (RFC 7516, section 5.2, steps 1 to 5).
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let parts: Vec<&str> = text.split('.').collect();
        let [protected, encrypted_key, iv, ciphertext, tag] = parts.as_slice() else { return Err(Error::Malformed) };
        let bytes = |part: &str| decode(part).ok_or(Error::Malformed);
        let header: Map<String, Value> = serde_json::from_slice(&bytes(protected)?).map_err(|_| Error::Malformed)?;
        if header.contains_key("crit") {
            return Err(Error::Critical);
        }
        let name = |member: &str| header.get(member).and_then(Value::as_str).unwrap_or_default();
        let management = Management::parse(name("alg")).ok_or(Error::Algorithm)?;
        let encoding = Encoding::parse(name("enc")).ok_or(Error::Encoding)?;
        Ok(Self {
            management,
            encoding,
            protected: (*protected).to_owned(),
            encrypted_key: bytes(encrypted_key)?,
            iv: bytes(iv)?,
            ciphertext: bytes(ciphertext)?,
            tag: bytes(tag)?,
            header,
        })
    }

    /// A string member of the header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// The content, if one of the keys decrypts it: the one that `kid` names, or any that fits.
    pub(crate) fn decrypt(&self, keys: &[Jwk]) -> Result<Vec<u8>, Error> {
        let kid = self.header("kid");
        let candidates = keys.iter().filter(|key| {
            (kid.is_none() || jwk::string(key, "kid").is_none_or(|one| Some(one) == kid))
                && self.management.fits(key, self.encoding)
        });
        let mut result = Err(Error::NoKey);
        for key in candidates {
            match self.decrypt_with(key) {
                Ok(content) => return Ok(content),
                Err(error) => result = Err(error),
            }
        }
        result
    }

    fn decrypt_with(&self, key: &Jwk) -> Result<Vec<u8>, Error> {
        let cek = self.management.recover(self.encoding, key, &self.header, &self.encrypted_key)?;
        let aad = self.protected.as_bytes();
        let content = self.encoding.decrypt(&cek, &self.iv, aad, &self.ciphertext, &self.tag);
        let content = content.ok_or(Error::Decryption)?;
        match self.header.get("zip") {
            None => Ok(content),
            Some(zip) if zip == "DEF" => inflate(&content),
            Some(_) => Err(Error::Compression),
        }
    }
}

/// Encrypts content to a key. `header` has further members for the header, such as `cty`; `alg`, `enc`, `kid` and what
/// the algorithm needs are added. With `"zip": "DEF"` among them the content is compressed.
pub(crate) fn encrypt(
    content: &[u8],
    management: Management,
    encoding: Encoding,
    key: &Jwk,
    header: Map<String, Value>,
) -> Result<String, Error> {
    let mut header = header;
    header.insert("alg".to_owned(), json!(management.name()));
    header.insert("enc".to_owned(), json!(encoding.name()));
    if let Some(kid) = key.get("kid") {
        header.insert("kid".to_owned(), kid.clone());
    }
    let compressed;
    let content = match header.get("zip") {
        None => content,
        Some(zip) if zip == "DEF" => {
            compressed = deflate(content)?;
            &compressed
        }
        Some(_) => return Err(Error::Compression),
    };
    let (cek, encrypted_key) = management.produce(encoding, key, &mut header)?;
    let protected = encode(Value::Object(header).to_string());
    let sealed = encoding.encrypt(&cek, protected.as_bytes(), content).ok_or(Error::Encryption)?;
    let parts = [encode(encrypted_key), encode(sealed.iv), encode(sealed.ciphertext), encode(sealed.tag)];
    Ok(format!("{protected}.{}", parts.join(".")))
}

/// The key of a set that something is encrypted to by this algorithm: the first that fits.
pub(crate) fn recipient(keys: &[Jwk], management: Management, encoding: Encoding) -> Option<&Jwk> {
    keys.iter().find(|key| management.fits(key, encoding))
}

fn deflate(content: &[u8]) -> Result<Vec<u8>, Error> {
    let mut compressed = Vec::new();
    let mut encoder = DeflateEncoder::new(content, flate2::Compression::default());
    encoder.read_to_end(&mut compressed).map_err(|_| Error::Encryption)?;
    Ok(compressed)
}

fn inflate(content: &[u8]) -> Result<Vec<u8>, Error> {
    let mut inflated = Vec::new();
    let mut decoder = DeflateDecoder::new(content).take(LONGEST_INFLATED + 1);
    let length = decoder.read_to_end(&mut inflated).map_err(|_| Error::Decryption)?;
    if length as u64 > LONGEST_INFLATED { Err(Error::Decryption) } else { Ok(inflated) }
}

/// Random bytes.
fn random(length: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).map_err(|_| Error::Encryption)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
