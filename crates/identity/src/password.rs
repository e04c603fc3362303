//! Password hashes: argon2id with the parameters OWASP recommends, off the async threads, two at a time.
//!
//! Always holds: at most two hashes are being reckoned in a process, and their memory is given back to the system
//! when they are done. An unknown user costs the same time as a known one.

use std::time::Duration;

use argon2::password_hash::{Output, ParamsString, PasswordHash, Salt, SaltString};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use rand::RngCore as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::{NewPassword, PASSWORD_CHARS_MAX};

/// OWASP Password Storage Cheat Sheet, argon2id: m = 19 MiB, t = 2, p = 1.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// A hash from elsewhere may ask for more memory, but not for any amount.
const MEMORY_KIB_MAX: u32 = 65_536;
/// Each needs a core and 19 MiB.
const AT_ONCE: usize = 2;
/// Somebody who would wait longer is better told to come back.
const QUEUE_MAX: Duration = Duration::from_secs(8);
/// The system allocator serves requests above 32 MiB with pages of their own, which go back to the system when
/// freed; smaller ones it may keep for ever. Pages that are never touched cost nothing.
const OWN_PAGES_BLOCKS: usize = 33 * 1024;

/// What an unknown user's password is compared with. Nobody knows a password that fits.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGF0IGFsbC4u$Nm9kTHhFZ1FvVnJ3bVpQeUt0VXVCYUhzSmNEaUZlR2w";

/// Why a hash could not be made or compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many log-ins at once.
    #[error("too many passwords are being checked")]
    Busy,
    #[error("argon2: {0}")]
    Fault(String),
}

/// A finished hash in PHC form; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct HashedPassword(String);

impl HashedPassword {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashedPassword(…)")
    }
}

/// The two places of this process.
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// One of the two places; dropped when the work is done.
pub(crate) struct Place(#[allow(dead_code, reason = "held, never read")] SemaphorePermit<'static>);

/// Waits for a place.
pub(crate) async fn place() -> Result<Place, HashError> {
    match tokio::time::timeout(QUEUE_MAX, PLACES.acquire()).await {
        Ok(Ok(permit)) => Ok(Place(permit)),
        Ok(Err(_closed)) => Err(HashError::Fault("the places are closed".to_owned())),
        Err(_elapsed) => Err(HashError::Busy),
    }
}

/// Hashes a password that obeys the rules.
pub(crate) async fn hash(password: &NewPassword) -> Result<HashedPassword, HashError> {
    let place = place().await?;
    let password = password.expose().to_owned();
    run(place, move || hash_now(password.as_bytes())).await.1
}

/// Compares, and gives the place back so that the caller can write the outcome down before it is free. Without a
/// hash (no such user) the same work is done for nothing.
pub(crate) async fn verify(
    place: Place,
    password: &str,
    hash: Option<String>,
) -> (Option<Place>, Result<bool, HashError>) {
    // Nobody has such a password; reckoning on megabytes of text would serve an attacker.
    let too_long = password.len() > PASSWORD_CHARS_MAX * 4;
    let password = if too_long {
        String::new()
    } else {
        password.to_owned()
    };
    let known = hash.is_some() && !too_long;
    let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
    let (place, fits) = run(place, move || verify_now(password.as_bytes(), &hash)).await;
    (place, fits.map(|fits| fits && known))
}

async fn run<T: Send + 'static>(
    place: Place,
    work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
) -> (Option<Place>, Result<T, HashError>) {
    let joined = tokio::task::spawn_blocking(move || {
        let outcome = work();
        (place, outcome)
    })
    .await;
    match joined {
        Ok((place, outcome)) => (Some(place), outcome),
        Err(error) => (None, Err(HashError::Fault(error.to_string()))),
    }
}

fn fault(error: impl std::fmt::Display) -> HashError {
    HashError::Fault(error.to_string())
}

/// How many hashes this process has reckoned, so that tests can see that the same work was done.
#[cfg(test)]
pub(crate) static RECKONED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

fn reckon(password: &[u8], salt: &[u8], version: Version, params: Params) -> Result<Output, HashError> {
    #[cfg(test)]
    RECKONED.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let blocks = params.block_count();
    let mut memory: Vec<Block> = Vec::with_capacity(blocks.max(OWN_PAGES_BLOCKS));
    memory.resize(blocks, Block::new());
    let mut out = [0_u8; Params::DEFAULT_OUTPUT_LEN];
    Argon2::new(Algorithm::Argon2id, version, params)
        .hash_password_into_with_memory(password, salt, &mut out, &mut memory)
        .map_err(fault)?;
    Output::new(&out).map_err(fault)
}

fn hash_now(password: &[u8]) -> Result<HashedPassword, HashError> {
    let mut salt = [0_u8; 16];
    rand::rng().fill_bytes(&mut salt);
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(fault)?;
    let written = ParamsString::try_from(&params).map_err(fault)?;
    let output = reckon(password, &salt, Version::V0x13, params)?;
    let salt = SaltString::encode_b64(&salt).map_err(fault)?;
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: written,
        salt: Some(salt.as_salt()),
        hash: Some(output),
    };
    Ok(HashedPassword(hash.to_string()))
}

fn verify_now(password: &[u8], hash: &str) -> Result<bool, HashError> {
    // What is no hash fits no password: users made by tests or by hand.
    let Ok(hash) = PasswordHash::new(hash) else {
        return Ok(false);
    };
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
        return Ok(false);
    };
    let params = Params::try_from(&hash).map_err(fault)?;
    if hash.algorithm != ARGON2ID_IDENT
        || params.m_cost() > MEMORY_KIB_MAX
        || expected.len() != Params::DEFAULT_OUTPUT_LEN
    {
        return Ok(false);
    }
    let version = hash
        .version
        .map_or(Ok(Version::V0x13), Version::try_from)
        .map_err(fault)?;
    let mut buffer = [0_u8; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut buffer).map_err(fault)?;
    // `Output` compares in constant time.
    Ok(reckon(password, salt, version, params)? == expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Email;

    async fn fits(password: &str, hash: Option<&str>) -> bool {
        let place = place().await.unwrap();
        verify(place, password, hash.map(str::to_owned)).await.1.unwrap()
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let email = Email::parse("a@b.ro").unwrap();
        let password = NewPassword::parse("corect cal baterie", &email).unwrap();
        let hash = super::hash(&password).await.unwrap();
        assert!(
            hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.as_str()
        );
        assert_ne!(hash, super::hash(&password).await.unwrap(), "the salt differs");
        assert!(fits("corect cal baterie", Some(hash.as_str())).await);
        for (password, hash) in [
            ("corect cal bateriE", Some(hash.as_str())),
            ("", Some(hash.as_str())),
            ("corect cal baterie", None),
            ("corect cal baterie", Some("not a hash")),
            (&"x".repeat(1_000_000), Some(hash.as_str())),
        ] {
            assert!(!fits(password, hash).await);
        }
    }

    #[test]
    fn an_unknown_user_costs_the_same_work() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&nobody).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
        assert_eq!(nobody.hash.unwrap().len(), Params::DEFAULT_OUTPUT_LEN);
        assert_eq!(verify_now(b"", NOBODY), Ok(false));
    }

    #[test]
    fn a_hash_that_asks_for_too_much_memory_is_not_reckoned() {
        let greedy = NOBODY.replace("m=19456", "m=4000000");
        assert_eq!(verify_now(b"x", &greedy), Ok(false));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_memory_of_log_ins_is_given_back() {
        fn resident_mib() -> usize {
            let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
            statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096 / (1 << 20)
        }
        let before = resident_mib();
        for _ in 0..6 {
            assert!(!fits("some password", None).await);
        }
        let after = resident_mib();
        assert!(
            after < before + 10,
            "resident memory grew from {before} to {after} MiB"
        );
    }
}
