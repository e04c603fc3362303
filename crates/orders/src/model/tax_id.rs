//! The tax code of Romanian companies (CUI/CIF): 2 to 10 digits, the last of which checks the others.

/// Why a tax code is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxIdError {
    #[error("a Romanian tax code has 2 to 10 digits")]
    Shape,
    #[error("the check digit does not fit")]
    CheckDigit,
}

/// Weights of the digits before the check digit, aligned to the right (Order of the Ministry of Finance on the CUI).
const WEIGHTS: [u32; 9] = [7, 5, 3, 2, 1, 7, 5, 3, 2];

/// Checks a code written as people write it: `RO14399840`, `RO 14399840`, `14399840`.
pub fn check_romanian_tax_id(text: &str) -> Result<(), TaxIdError> {
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.')).collect();
    let upper = bare.to_ascii_uppercase();
    let digits: Vec<u32> = upper
        .strip_prefix("RO")
        .unwrap_or(&upper)
        .chars()
        .map(|c| c.to_digit(10).ok_or(TaxIdError::Shape))
        .collect::<Result<_, _>>()?;
    let Some((check, body)) = digits.split_last() else {
        return Err(TaxIdError::Shape);
    };
    if body.is_empty() || body.len() > WEIGHTS.len() || body.first() == Some(&0) {
        return Err(TaxIdError::Shape);
    }
    let sum: u32 = body
        .iter()
        .rev()
        .zip(WEIGHTS.iter().rev())
        .map(|(d, w)| d * w)
        .sum();
    // A remainder of ten is written as zero.
    if sum * 10 % 11 % 10 == *check {
        Ok(())
    } else {
        Err(TaxIdError::CheckDigit)
    }
}
