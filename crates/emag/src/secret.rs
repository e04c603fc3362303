//! Sealing of marketplace passwords under the installation's key (XChaCha20-Poly1305, a fresh nonce each time).
//!
//! Always holds: the plain text is never stored, logged or shown. A seal of another key or a touched one does not open.

use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::error::EmagError;

/// Bytes of the nonce in front of the sealed text.
const NONCE_BYTES: usize = 24;

/// A sealed password. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Sealed(Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

pub(crate) fn seal(key: &[u8; 32], plain: &str) -> Result<Sealed, EmagError> {
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&nonce, plain.as_bytes())
        .map_err(|_opaque| EmagError::Seal)?;
    let mut bytes = nonce.to_vec();
    bytes.extend(sealed);
    Ok(Sealed(bytes))
}

pub(crate) fn open(key: &[u8; 32], sealed: &Sealed) -> Result<String, EmagError> {
    let (nonce, text) = sealed
        .0
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(EmagError::Seal)?;
    let plain = XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), text)
        .map_err(|_opaque| EmagError::Seal)?;
    String::from_utf8(plain).map_err(|_not_text| EmagError::Seal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_password_opens_with_its_key_only() {
        let sealed = seal(&[7; 32], "parolă secretă").unwrap();
        assert_eq!(open(&[7; 32], &sealed).unwrap(), "parolă secretă");
        assert!(open(&[8; 32], &sealed).is_err());
        assert_ne!(
            seal(&[7; 32], "parolă secretă").unwrap(),
            sealed,
            "a fresh nonce each time"
        );
        assert_eq!(format!("{sealed:?}"), "[sealed]");
        assert!(open(&[7; 32], &Sealed(vec![1, 2, 3])).is_err());
    }
}
