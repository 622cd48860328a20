//! AES Key Wrap (RFC 3394). The library has it for keys of 128 and 256 bits; for 192 bits it is made of the block cipher.

use aws_lc_rs::cipher::{
    AES_192, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::constant_time;
use aws_lc_rs::key_wrap::{AES_128, AES_256, AesBlockCipher, AesKek, KeyWrap};

/// The initial value (RFC 3394, section 2.2.3.1).
const INITIAL: [u8; 8] = [0xA6; 8];

/// How many bytes wrapping adds.
const OVERHEAD: usize = 8;

fn library(key: &[u8]) -> Option<&'static AesBlockCipher> {
    match key.len() {
        16 => Some(&AES_128),
        32 => Some(&AES_256),
        _ => None,
    }
}

pub(super) fn wrap(key: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let Some(cipher) = library(key) else { return wrap_192(key, secret) };
    let mut wrapped = vec![0; secret.len() + OVERHEAD];
    let length = AesKek::new(cipher, key).ok()?.wrap(secret, &mut wrapped).ok()?.len();
    wrapped.truncate(length);
    Some(wrapped)
}

pub(super) fn unwrap(key: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    let Some(cipher) = library(key) else { return unwrap_192(key, wrapped) };
    let mut secret = vec![0; wrapped.len()];
    let length = AesKek::new(cipher, key).ok()?.unwrap(wrapped, &mut secret).ok()?.len();
    secret.truncate(length);
    Some(secret)
}

/// The secret in blocks of 64 bits, of which there are at least two.
fn blocks(bytes: &[u8]) -> Option<Vec<[u8; 8]>> {
    let blocks: Vec<[u8; 8]> = bytes.chunks(8).map(|chunk| chunk.try_into().ok()).collect::<Option<_>>()?;
    (blocks.len() >= 2).then_some(blocks)
}

/// RFC 3394, section 2.2.1.
fn wrap_192(key: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let key = EncryptingKey::ecb(UnboundCipherKey::new(&AES_192, key).ok()?).ok()?;
    let mut registers = blocks(secret)?;
    let mut integrity = INITIAL;
    let mut step = 0_u64;
    for _ in 0..6 {
        for register in &mut registers {
            step += 1;
            let mut block = [integrity, *register].concat();
            key.less_safe_encrypt(&mut block, EncryptionContext::None).ok()?;
            let (left, right) = block.split_at_checked(8)?;
            integrity = (u64::from_be_bytes(left.try_into().ok()?) ^ step).to_be_bytes();
            *register = right.try_into().ok()?;
        }
    }
    Some([vec![integrity], registers].concat().concat())
}

/// RFC 3394, section 2.2.2.
fn unwrap_192(key: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    let key = DecryptingKey::ecb(UnboundCipherKey::new(&AES_192, key).ok()?).ok()?;
    let (first, rest) = wrapped.split_at_checked(8)?;
    let mut integrity: [u8; 8] = first.try_into().ok()?;
    let mut registers = blocks(rest)?;
    let mut step = 6 * u64::try_from(registers.len()).ok()?;
    for _ in 0..6 {
        for register in registers.iter_mut().rev() {
            let mixed = (u64::from_be_bytes(integrity) ^ step).to_be_bytes();
            let mut block = [mixed, *register].concat();
            key.decrypt(&mut block, DecryptionContext::None).ok()?;
            let (left, right) = block.split_at_checked(8)?;
            integrity = left.try_into().ok()?;
            *register = right.try_into().ok()?;
            step -= 1;
        }
    }
    constant_time::verify_slices_are_equal(&integrity, &INITIAL).ok()?;
    Some(registers.concat())
}

#[cfg(test)]
mod tests {
    use super::{unwrap, wrap};

    fn hex(text: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
        (0..text.len()).step_by(2).map(digit).collect()
    }

    /// RFC 3394, sections 4.1 to 4.6.
    #[test]
    fn the_vectors_of_rfc_3394() {
        let keys = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
        let data = "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F";
        for (key, length, expected) in [
            (16, 16, "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"),
            (24, 16, "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D"),
            (32, 16, "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7"),
            (24, 24, "031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2"),
            (32, 24, "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1"),
            (32, 32, "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"),
        ] {
            let (key, secret) = (hex(&keys[..key * 2]), hex(&data[..length * 2]));
            assert_eq!(wrap(&key, &secret), Some(hex(expected)));
            assert_eq!(unwrap(&key, &hex(expected)), Some(secret));
        }
    }

    #[test]
    fn what_was_changed_is_not_unwrapped() {
        for length in [16, 24, 32] {
            let key = vec![7; length];
            let mut wrapped = wrap(&key, &[1; 32]).expect("wrapped");
            wrapped[20] ^= 1;
            assert_eq!(unwrap(&key, &wrapped), None);
            assert_eq!(unwrap(&key, &wrapped[..7]), None);
        }
        assert_eq!(wrap(&[0; 20], &[0; 16]), None);
    }
}
