//! Who buys: a person or a company, with typed addresses.

use kernel::{CustomerId, Refusal, Timestamp, normalise_text};
use serde::{Deserialize, Serialize};

use super::{Channel, TaxIdError, check_romanian_tax_id, text_enum};

/// The name column's bound, and more than any other text of a customer needs. What a channel sends beyond it is cut,
/// a name that a person types beyond it is refused.
const CHARS_MAX: usize = 300;
/// What stands for a customer whose name the channel hides.
const NAMELESS: &str = "–";

text_enum! {
    /// Whether an invoice goes to a person or a company.
    CustomerKind {
        Person => "person",
        Company => "company",
    }
}

/// A postal address. Everything may be absent: channels hide parts of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub county: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166 code, `RO`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Who receives, when it is not the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// A locker or pick-up point, as the channel names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locker: Option<String>,
}

impl Address {
    fn cleaned(self) -> Self {
        Self {
            street: clean(self.street),
            city: clean(self.city),
            county: clean(self.county),
            postal_code: clean(self.postal_code),
            country: clean(self.country).map(|code| code.to_uppercase()),
            contact: clean(self.contact),
            phone: clean(self.phone),
            locker: clean(self.locker),
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A customer as an order or a form brings them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomer {
    pub kind: CustomerKind,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// CUI of a Romanian company, VAT number of a foreign one.
    pub tax_id: Option<String>,
    pub registration_number: Option<String>,
    pub billing: Address,
    pub shipping: Address,
    /// The channel's own key of the customer; the same key again is the same customer.
    pub external_id: Option<String>,
}

impl NewCustomer {
    /// A person of whom only the name is known.
    pub fn person(name: impl Into<String>) -> Self {
        Self {
            kind: CustomerKind::Person,
            name: name.into(),
            email: None,
            phone: None,
            tax_id: None,
            registration_number: None,
            billing: Address::default(),
            shipping: Address::default(),
            external_id: None,
        }
    }

    /// A Romanian company whose tax code cannot be right.
    pub(crate) fn has_suspect_tax_id(&self) -> bool {
        tax_id_error(self).is_some()
    }
}

/// What a person changes of a customer; `None` leaves as it is, an empty text clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerPatch {
    pub kind: Option<CustomerKind>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub tax_id: Option<String>,
    pub registration_number: Option<String>,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
}

impl CustomerPatch {
    pub(crate) fn over(self, old: &Customer) -> NewCustomer {
        let text = |new: Option<String>, old: &Option<String>| new.or_else(|| old.clone());
        NewCustomer {
            kind: self.kind.unwrap_or(old.kind),
            name: self.name.unwrap_or_else(|| old.name.clone()),
            email: text(self.email, &old.email),
            phone: text(self.phone, &old.phone),
            tax_id: text(self.tax_id, &old.tax_id),
            registration_number: text(self.registration_number, &old.registration_number),
            billing: self.billing.unwrap_or_else(|| old.billing.clone()),
            shipping: self.shipping.unwrap_or_else(|| old.shipping.clone()),
            external_id: old.external_id.clone(),
        }
    }
}

/// A customer on record.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    pub id: CustomerId,
    pub kind: CustomerKind,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub tax_id: Option<String>,
    /// The tax code came from a channel and its check digit does not fit: ask before invoicing.
    pub tax_id_suspect: bool,
    pub registration_number: Option<String>,
    pub billing: Address,
    pub shipping: Address,
    pub channel: Channel,
    pub external_id: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A field of a customer that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CustomerProblem {
    pub(crate) field: &'static str,
    pub(crate) refusal: Refusal,
}

/// What a channel sent, made storable: hostile characters out, over-long texts cut, nothing refused.
pub(crate) fn cleaned(customer: NewCustomer) -> NewCustomer {
    NewCustomer {
        kind: customer.kind,
        name: clean(Some(customer.name)).unwrap_or_else(|| NAMELESS.to_owned()),
        email: clean(customer.email),
        phone: clean(customer.phone),
        tax_id: clean(customer.tax_id),
        registration_number: clean(customer.registration_number),
        billing: customer.billing.cleaned(),
        shipping: customer.shipping.cleaned(),
        external_id: clean(customer.external_id),
    }
}

/// What a person typed: cleaned the same way, but what cannot be right is told.
pub(crate) fn checked_by_a_person(customer: NewCustomer) -> Result<NewCustomer, Vec<CustomerProblem>> {
    let name = normalise_text(&customer.name);
    let mut problems = Vec::new();
    if name.is_empty() {
        problems.push(CustomerProblem {
            field: "name",
            refusal: Refusal::new("orders-customer-name-empty").on("name"),
        });
    } else if name.chars().count() > CHARS_MAX {
        problems.push(CustomerProblem {
            field: "name",
            refusal: Refusal::new("orders-customer-name-too-long")
                .with("max", i64::try_from(CHARS_MAX).unwrap_or(i64::MAX))
                .on("name"),
        });
    }
    let customer = cleaned(customer);
    if let Some(error) = tax_id_error(&customer) {
        let code = match error {
            TaxIdError::Shape => "orders-customer-tax-id-shape",
            TaxIdError::CheckDigit => "orders-customer-tax-id-check-digit",
        };
        problems.push(CustomerProblem {
            field: "tax_id",
            refusal: Refusal::new(code).on("tax_id"),
        });
    }
    if problems.is_empty() {
        Ok(customer)
    } else {
        Err(problems)
    }
}

/// Only Romanian companies are checked: persons may give a personal code, and other countries have their own rules.
fn tax_id_error(customer: &NewCustomer) -> Option<TaxIdError> {
    let tax_id = customer.tax_id.as_deref()?;
    let country = customer
        .billing
        .country
        .as_deref()
        .or(customer.shipping.country.as_deref());
    match customer.kind {
        CustomerKind::Person => None,
        CustomerKind::Company if country.is_some_and(|code| !code.eq_ignore_ascii_case("RO")) => None,
        CustomerKind::Company => check_romanian_tax_id(tax_id).err(),
    }
}

/// Without control characters, not longer than the columns take, and absent when nothing is left.
fn clean(text: Option<String>) -> Option<String> {
    let cut: String = normalise_text(&text?).chars().take(CHARS_MAX).collect();
    Some(cut.trim_end().to_owned()).filter(|text| !text.is_empty())
}
