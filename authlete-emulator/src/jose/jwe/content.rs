//! Encrypting content (RFC 7518, section 5).

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    self, AES_128, AES_192, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::{aead, constant_time, hmac};

use super::random;

/// The value of `enc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    A128CbcHs256,
    A192CbcHs384,
    A256CbcHs512,
    A128Gcm,
    A192Gcm,
    A256Gcm,
}

/// What encryption gives.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

impl Encoding {
    pub(crate) const ALL: [Self; 6] =
        [Self::A128CbcHs256, Self::A192CbcHs384, Self::A256CbcHs512, Self::A128Gcm, Self::A192Gcm, Self::A256Gcm];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A192CbcHs384 => "A192CBC-HS384",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A192Gcm => "A192GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// How long its keys are, in bytes.
    pub(crate) const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A192Gcm => 24,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A192CbcHs384 => 48,
            Self::A256CbcHs512 => 64,
        }
    }

    pub(super) fn encrypt(self, cek: &[u8], aad: &[u8], content: &[u8]) -> Option<Sealed> {
        match self.composite() {
            None => {
                let iv = random(12).ok()?;
                gcm_seal(cek, iv, aad, content)
            }
            Some((block, hash)) => {
                let iv = random(16).ok()?;
                let (mac_key, key) = halves(self, cek)?;
                let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(block, key).ok()?).ok()?;
                let mut ciphertext = content.to_vec();
                let context = EncryptionContext::Iv128(iv.as_slice().try_into().ok()?);
                key.less_safe_encrypt(&mut ciphertext, context).ok()?;
                let tag = authenticate(hash, mac_key, aad, &iv, &ciphertext)?;
                Some(Sealed { iv, ciphertext, tag })
            }
        }
    }

    pub(super) fn decrypt(self, cek: &[u8], iv: &[u8], aad: &[u8], ciphertext: &[u8], tag: &[u8]) -> Option<Vec<u8>> {
        let Some((block, hash)) = self.composite() else { return gcm_open(cek, iv, aad, ciphertext, tag) };
        let (mac_key, key) = halves(self, cek)?;
        // The tag comes first: nobody learns from us whether the padding was right.
        let expected = authenticate(hash, mac_key, aad, iv, ciphertext)?;
        constant_time::verify_slices_are_equal(&expected, tag).ok()?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(block, key).ok()?).ok()?;
        let mut content = ciphertext.to_vec();
        let context = DecryptionContext::Iv128(iv.try_into().ok()?);
        let length = key.decrypt(&mut content, context).ok()?.len();
        content.truncate(length);
        Some(content)
    }

    /// The cipher and the hash of AES_CBC_HMAC_SHA2; none for AES-GCM.
    fn composite(self) -> Option<(&'static cipher::Algorithm, hmac::Algorithm)> {
        match self {
            Self::A128CbcHs256 => Some((&AES_128, hmac::HMAC_SHA256)),
            Self::A192CbcHs384 => Some((&AES_192, hmac::HMAC_SHA384)),
            Self::A256CbcHs512 => Some((&AES_256, hmac::HMAC_SHA512)),
            _ => None,
        }
    }
}

/// The key for the hash, and the key for the cipher (section 5.2.2.1).
fn halves(encoding: Encoding, cek: &[u8]) -> Option<(&[u8], &[u8])> {
    (cek.len() == encoding.key_length()).then(|| cek.split_at(cek.len() / 2))
}

/// The authentication tag (section 5.2.2.1): half of the hash.
fn authenticate(hash: hmac::Algorithm, key: &[u8], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let bits = u64::try_from(aad.len()).ok()?.checked_mul(8)?;
    let mut context = hmac::Context::with_key(&hmac::Key::new(hash, key));
    for part in [aad, iv, ciphertext, &bits.to_be_bytes()] {
        context.update(part);
    }
    Some(context.sign().as_ref().get(..key.len())?.to_vec())
}

fn gcm_key(key: &[u8]) -> Option<LessSafeKey> {
    let algorithm: &'static aead::Algorithm = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        32 => &AES_256_GCM,
        _ => return None,
    };
    Some(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?))
}

pub(super) fn gcm_seal(key: &[u8], iv: Vec<u8>, aad: &[u8], content: &[u8]) -> Option<Sealed> {
    let nonce = Nonce::try_assume_unique_for_key(&iv).ok()?;
    let mut ciphertext = content.to_vec();
    let tag = gcm_key(key)?.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut ciphertext).ok()?;
    Some(Sealed { iv, ciphertext, tag: tag.as_ref().to_vec() })
}

pub(super) fn gcm_open(key: &[u8], iv: &[u8], aad: &[u8], ciphertext: &[u8], tag: &[u8]) -> Option<Vec<u8>> {
    if tag.len() != 16 {
        return None;
    }
    let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
    let mut content = [ciphertext, tag].concat();
    let length = gcm_key(key)?.open_in_place(nonce, Aad::from(aad), &mut content).ok()?.len();
    content.truncate(length);
    Some(content)
}
