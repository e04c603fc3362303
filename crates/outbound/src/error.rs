//! Why there is no answer, split by what the caller may conclude.

use std::error::Error;

/// A call without a usable answer. Texts never hold the address, since its query may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The time was over. The other side may have done what was asked.
    #[error("no answer in time")]
    Timeout,
    /// No connection (name, network, handshake or certificate): nothing was sent.
    #[error("no connection")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    /// The connection broke, or what came was no HTTP. The other side may have done what was asked.
    #[error("the connection broke before the answer was whole")]
    Dropped(#[source] Box<dyn Error + Send + Sync>),
    /// The answer was larger than allowed; the rest was not read.
    #[error("the answer is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
    /// The request itself cannot be sent: a bad address, header or option.
    #[error("the request is not valid")]
    Invalid(#[source] Box<dyn Error + Send + Sync>),
}

impl From<reqwest::Error> for OutboundError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        // A time-out while connecting counts as "no connection": the caller may be sure that nothing arrived.
        if error.is_connect() {
            Self::Connect(Box::new(error))
        } else if error.is_timeout() {
            Self::Timeout
        } else if error.is_builder() {
            Self::Invalid(Box::new(error))
        } else {
            Self::Dropped(Box::new(error))
        }
    }
}
