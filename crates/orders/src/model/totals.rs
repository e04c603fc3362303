//! Totals. A line's gross is rounded half up to whole bani, once; everything else is a sum of exact values, so the
//! parts always add up to the whole.

use kernel::{Currency, Money, MoneyError, Rounding, VatRate};
use rust_decimal::Decimal;

/// The sums of one line. `gross = net + vat`, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTotals {
    /// Price times quantity, less the discount; exact, up to four decimals.
    pub net: Money,
    pub vat: Money,
    /// Rounded half up to two decimals, as fiscal amounts are.
    pub gross: Money,
}

/// The sums of an order. `gross = net + vat + shipping`, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderTotals {
    pub net: Money,
    pub vat: Money,
    pub shipping: Money,
    pub gross: Money,
}

/// What a line costs. Discounts are zero or below; their VAT comes separately, since a voucher may carry another rate
/// than the line.
pub fn line_totals(
    price_net: Money,
    quantity: i64,
    vat: VatRate,
    discount_net: Money,
    discount_vat: Money,
) -> Result<LineTotals, MoneyError> {
    let goods = price_net
        .times(Decimal::from(quantity))?
        .rounded(Rounding::HalfUp, Money::MAX_DECIMALS)?;
    let net = goods.plus(discount_net)?;
    let goods_vat = goods.amount() * vat.percent() / Decimal::ONE_HUNDRED;
    let exact = net.amount() + goods_vat + discount_vat.amount();
    let gross = Money::rounded_from(exact, net.currency(), Rounding::HalfUp, Money::CASH_DECIMALS)?;
    let vat = Money::new(gross.amount() - net.amount(), net.currency())?;
    Ok(LineTotals { net, vat, gross })
}

/// What an order costs: the lines that count, and shipping.
pub fn order_totals(
    lines: impl IntoIterator<Item = LineTotals>,
    shipping_gross: Money,
    currency: Currency,
) -> Result<OrderTotals, MoneyError> {
    let zero = Money::zero(currency);
    let mut totals = OrderTotals {
        net: zero,
        vat: zero,
        shipping: shipping_gross,
        gross: zero.plus(shipping_gross)?,
    };
    for line in lines {
        totals.net = totals.net.plus(line.net)?;
        totals.vat = totals.vat.plus(line.vat)?;
        totals.gross = totals.gross.plus(line.gross)?;
    }
    Ok(totals)
}
