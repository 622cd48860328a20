//! How the key that encrypts the content gets to the recipient (RFC 7518, section 4).

use std::num::NonZeroU32;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::pbkdf2;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey, PublicKeyComponents,
};
use serde_json::{Map, Value, json};

use super::{Encoding, Error, agreement, content, random, wrap};
use crate::jose::jwk::{self, Jwk};
use crate::jose::private_key::rsa_pair;
use crate::jose::{decode, encode};

/// How often passwords are hashed when we encrypt, and the bounds of what we decrypt (RFC 7518, section 4.8.1.2; a
/// sender could keep us busy for hours otherwise).
const ITERATIONS: u32 = 10_000;
const FEWEST_ITERATIONS: u64 = 1_000;
const MOST_ITERATIONS: u64 = 100_000;
const SALT_LENGTH: usize = 16;
const LONGEST_SALT: usize = 1024;

/// RSA keys have at least this many bytes (RFC 7518, section 4.3).
const SHORTEST_MODULUS: usize = 256;

/// The size of an AES key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Bits128,
    Bits192,
    Bits256,
}

impl Size {
    const fn bytes(self) -> usize {
        match self {
            Self::Bits128 => 16,
            Self::Bits192 => 24,
            Self::Bits256 => 32,
        }
    }

    const fn kw(self) -> &'static str {
        match self {
            Self::Bits128 => "A128KW",
            Self::Bits192 => "A192KW",
            Self::Bits256 => "A256KW",
        }
    }
}

/// The value of `alg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Management {
    RsaOaep,
    RsaOaep256,
    Kw(Size),
    Direct,
    /// The agreed key encrypts the content, or wraps the key that does.
    EcdhEs(Option<Size>),
    GcmKw(Size),
    Pbes2(Size),
}

impl Management {
    pub(crate) const ALL: [Self; 16] = [
        Self::RsaOaep,
        Self::RsaOaep256,
        Self::Kw(Size::Bits128),
        Self::Kw(Size::Bits192),
        Self::Kw(Size::Bits256),
        Self::Direct,
        Self::EcdhEs(None),
        Self::EcdhEs(Some(Size::Bits128)),
        Self::EcdhEs(Some(Size::Bits192)),
        Self::EcdhEs(Some(Size::Bits256)),
        Self::GcmKw(Size::Bits128),
        Self::GcmKw(Size::Bits192),
        Self::GcmKw(Size::Bits256),
        Self::Pbes2(Size::Bits128),
        Self::Pbes2(Size::Bits192),
        Self::Pbes2(Size::Bits256),
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::Kw(size) => size.kw(),
            Self::Direct => "dir",
            Self::EcdhEs(None) => "ECDH-ES",
            Self::EcdhEs(Some(Size::Bits128)) => "ECDH-ES+A128KW",
            Self::EcdhEs(Some(Size::Bits192)) => "ECDH-ES+A192KW",
            Self::EcdhEs(Some(Size::Bits256)) => "ECDH-ES+A256KW",
            Self::GcmKw(Size::Bits128) => "A128GCMKW",
            Self::GcmKw(Size::Bits192) => "A192GCMKW",
            Self::GcmKw(Size::Bits256) => "A256GCMKW",
            Self::Pbes2(Size::Bits128) => "PBES2-HS256+A128KW",
            Self::Pbes2(Size::Bits192) => "PBES2-HS384+A192KW",
            Self::Pbes2(Size::Bits256) => "PBES2-HS512+A256KW",
        }
    }

    /// Whether both sides have the same key.
    pub(crate) const fn is_symmetric(self) -> bool {
        !matches!(self, Self::RsaOaep | Self::RsaOaep256 | Self::EcdhEs(_))
    }

    /// How long the shared key has to be, in bytes; none where there is no such key, or it is a password.
    pub(crate) const fn shared_length(self, encoding: Encoding) -> Option<usize> {
        match self {
            Self::Kw(size) | Self::GcmKw(size) => Some(size.bytes()),
            Self::Direct => Some(encoding.key_length()),
            Self::RsaOaep | Self::RsaOaep256 | Self::EcdhEs(_) | Self::Pbes2(_) => None,
        }
    }

    /// Whether a key has the form that the algorithm's keys have, and says nothing that forbids to use it so.
    pub(super) fn fits(self, key: &Jwk, encoding: Encoding) -> bool {
        let kind = jwk::string(key, "kty").unwrap_or_default();
        let form = match self {
            Self::RsaOaep | Self::RsaOaep256 => kind == "RSA",
            Self::EcdhEs(_) => {
                matches!(kind, "EC" | "OKP") && jwk::string(key, "crv").is_some_and(agreement::is_supported)
            }
            _ => kind == "oct",
        };
        let alg = jwk::string(key, "alg");
        let named = alg.is_none_or(|alg| alg == self.name() || (self == Self::Direct && alg == encoding.name()));
        form && named && jwk::string(key, "use").is_none_or(|one| one == "enc")
    }

    /// A key for the content, and that key encrypted. What the recipient needs to know goes into the header.
    pub(super) fn produce(
        self,
        encoding: Encoding,
        key: &Jwk,
        header: &mut Map<String, Value>,
    ) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let length = encoding.key_length();
        match self {
            Self::Direct => Ok((shared(key, length)?, Vec::new())),
            Self::EcdhEs(None) => Ok((agreement::to_recipient(encoding.name(), length, key, header)?, Vec::new())),
            _ => {
                let cek = random(length)?;
                let encrypted = self.encrypt_key(&cek, key, header)?;
                Ok((cek, encrypted))
            }
        }
    }

    fn encrypt_key(self, cek: &[u8], key: &Jwk, header: &mut Map<String, Value>) -> Result<Vec<u8>, Error> {
        match self {
            Self::RsaOaep | Self::RsaOaep256 => {
                let key = rsa_public(key).ok_or(Error::Key)?;
                let mut encrypted = vec![0; key.ciphertext_size()];
                let length = key.encrypt(self.oaep(), cek, &mut encrypted, None).map_err(|_| Error::Encryption)?.len();
                encrypted.truncate(length);
                Ok(encrypted)
            }
            Self::Kw(size) => wrap::wrap(&shared(key, size.bytes())?, cek).ok_or(Error::Encryption),
            Self::GcmKw(size) => {
                let sealed = content::gcm_seal(&shared(key, size.bytes())?, random(12)?, &[], cek);
                let sealed = sealed.ok_or(Error::Encryption)?;
                header.insert("iv".to_owned(), json!(encode(sealed.iv)));
                header.insert("tag".to_owned(), json!(encode(sealed.tag)));
                Ok(sealed.ciphertext)
            }
            Self::EcdhEs(size) => {
                let length = size.map_or(0, Size::bytes);
                let agreed = agreement::to_recipient(self.name(), length, key, header)?;
                wrap::wrap(&agreed, cek).ok_or(Error::Encryption)
            }
            Self::Pbes2(size) => {
                let salt = random(SALT_LENGTH)?;
                header.insert("p2s".to_owned(), json!(encode(&salt)));
                header.insert("p2c".to_owned(), json!(ITERATIONS));
                let password = jwk::bytes(key, "k").ok_or(Error::Key)?;
                let derived = self.derive_key(size, &password, &salt, ITERATIONS).ok_or(Error::Encryption)?;
                wrap::wrap(&derived, cek).ok_or(Error::Encryption)
            }
            Self::Direct => Err(Error::Encryption),
        }
    }

    /// The key for the content.
    pub(super) fn recover(
        self,
        encoding: Encoding,
        key: &Jwk,
        header: &Map<String, Value>,
        encrypted: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let member = |name: &str| header.get(name).and_then(Value::as_str).and_then(decode).ok_or(Error::Malformed);
        let unwrap = |key: &[u8]| wrap::unwrap(key, encrypted).ok_or(Error::Decryption);
        let cek = match self {
            // RFC 7516, section 5.2, step 10.
            Self::Direct | Self::EcdhEs(None) if !encrypted.is_empty() => return Err(Error::Malformed),
            Self::Direct => shared(key, encoding.key_length())?,
            Self::EcdhEs(None) => agreement::from_sender(encoding.name(), encoding.key_length(), key, header)?,
            Self::EcdhEs(Some(size)) => unwrap(&agreement::from_sender(self.name(), size.bytes(), key, header)?)?,
            Self::RsaOaep | Self::RsaOaep256 => self.decrypt_rsa(key, encrypted)?,
            Self::Kw(size) => unwrap(&shared(key, size.bytes())?)?,
            Self::GcmKw(size) => {
                let (iv, tag) = (member("iv")?, member("tag")?);
                let opened = content::gcm_open(&shared(key, size.bytes())?, &iv, &[], encrypted, &tag);
                opened.ok_or(Error::Decryption)?
            }
            Self::Pbes2(size) => {
                let salt = member("p2s")?;
                let count = header.get("p2c").and_then(Value::as_u64).ok_or(Error::Malformed)?;
                let in_bounds = (FEWEST_ITERATIONS..=MOST_ITERATIONS).contains(&count);
                if !in_bounds || !(8..=LONGEST_SALT).contains(&salt.len()) {
                    return Err(Error::Bounds);
                }
                let password = jwk::bytes(key, "k").ok_or(Error::Key)?;
                let count = u32::try_from(count).map_err(|_| Error::Bounds)?;
                unwrap(&self.derive_key(size, &password, &salt, count).ok_or(Error::Decryption)?)?
            }
        };
        if cek.len() == encoding.key_length() { Ok(cek) } else { Err(Error::Decryption) }
    }

    fn decrypt_rsa(self, key: &Jwk, encrypted: &[u8]) -> Result<Vec<u8>, Error> {
        let key = rsa_private(key).ok_or(Error::Key)?;
        let mut decrypted = vec![0; key.min_output_size()];
        let length = key.decrypt(self.oaep(), encrypted, &mut decrypted, None).map_err(|_| Error::Decryption)?.len();
        decrypted.truncate(length);
        Ok(decrypted)
    }

    fn oaep(self) -> &'static OaepAlgorithm {
        if self == Self::RsaOaep256 { &OAEP_SHA256_MGF1SHA256 } else { &OAEP_SHA1_MGF1SHA1 }
    }

    /// RFC 7518, section 4.8: the salt begins with the name of the algorithm and a zero.
    fn derive_key(self, size: Size, password: &[u8], salt: &[u8], count: u32) -> Option<Vec<u8>> {
        let algorithm = match size {
            Size::Bits128 => pbkdf2::PBKDF2_HMAC_SHA256,
            Size::Bits192 => pbkdf2::PBKDF2_HMAC_SHA384,
            Size::Bits256 => pbkdf2::PBKDF2_HMAC_SHA512,
        };
        let salt = [self.name().as_bytes(), &[0], salt].concat();
        let mut key = vec![0; size.bytes()];
        pbkdf2::derive(algorithm, NonZeroU32::new(count)?, &salt, password, &mut key);
        Some(key)
    }
}

/// A shared key of this length.
fn shared(key: &Jwk, length: usize) -> Result<Vec<u8>, Error> {
    jwk::bytes(key, "k").filter(|bytes| bytes.len() == length).ok_or(Error::Key)
}

fn rsa_public(key: &Jwk) -> Option<OaepPublicEncryptingKey> {
    let (n, e) = (jwk::number(key, "n")?, jwk::number(key, "e")?);
    let public: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into().ok()?;
    (public.key_size_bytes() >= SHORTEST_MODULUS).then_some(())?;
    OaepPublicEncryptingKey::new(public).ok()
}

fn rsa_private(key: &Jwk) -> Option<OaepPrivateDecryptingKey> {
    let document: Pkcs8V1Der<'static> = rsa_pair(key)?.as_der().ok()?;
    OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(document.as_ref()).ok()?).ok()
}
