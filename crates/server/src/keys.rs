//! The installation's secret and the keys drawn from it.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use hmac::{Hmac, Mac as _};
use rand::RngCore as _;
use sha2::Sha256;

/// The root secret; every purpose gets a key of its own, so that one that leaks opens nothing else.
#[derive(Clone)]
pub struct Keys {
    root: Vec<u8>,
}

impl Keys {
    pub fn from_secret(secret: &str) -> Self {
        Self {
            root: secret.as_bytes().to_vec(),
        }
    }

    /// Reads `secret.key` in the data directory, or makes it once, readable by its owner alone.
    pub fn from_data_dir(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join("secret.key");
        if !path.exists() {
            let mut secret = [0_u8; 32];
            rand::rng().fill_bytes(&mut secret);
            let hex: String = secret
                .iter()
                .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            let fresh = data_dir.join(format!("secret.key.{}", std::process::id()));
            let mut options = std::fs::OpenOptions::new();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&fresh)?;
            file.write_all(hex.as_bytes())?;
            file.sync_all()?;
            // A hard link fails when another process was faster; then its key counts.
            if let Err(error) = std::fs::hard_link(&fresh, &path)
                && error.kind() != std::io::ErrorKind::AlreadyExists
            {
                return Err(error).context("the secret key could not be written");
            }
            std::fs::remove_file(&fresh)?;
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        anyhow::ensure!(
            text.trim().len() >= 32,
            "{} is damaged; restore it from a backup",
            path.display()
        );
        Ok(Self::from_secret(text.trim()))
    }

    /// The key for one purpose.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        // HMAC takes keys of any length, so this cannot fail; an empty key would be a bug caught by the tests.
        let mut mac = match Hmac::<Sha256>::new_from_slice(&self.root) {
            Ok(mac) => mac,
            Err(_any_length_is_accepted) => return [0; 32],
        };
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_differs_by_purpose() {
        let dir = std::env::temp_dir().join(format!("magflow-keys-{}", rand::random::<u64>()));
        std::fs::create_dir_all(&dir).unwrap();
        let first = Keys::from_data_dir(&dir).unwrap();
        let again = Keys::from_data_dir(&dir).unwrap();
        assert_eq!(first.derive("tokens"), again.derive("tokens"));
        assert_ne!(first.derive("tokens"), first.derive("credentials"));
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(dir.join("secret.key")).unwrap());
        assert_eq!(mode & 0o777, 0o600);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
