mod ledger;
mod rules;
