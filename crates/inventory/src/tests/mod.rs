mod ledger;
mod rim;
mod rules;
mod speed;
mod sums;
