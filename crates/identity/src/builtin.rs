//! The roles every installation starts with: which permissions each one gets.
//!
//! A word ending in a dot stands for all permissions of that slice; a whole word for one. Words that no slice
//! declares are ignored, so that a role may name what a later slice brings.

/// The role that may do everything, always.
pub const OWNER: &str = "owner";

/// A role of the program.
pub(crate) struct Builtin {
    pub(crate) code: &'static str,
    /// Kept in the table; screens show the translated word.
    pub(crate) name: &'static str,
    grants: &'static [&'static str],
}

pub(crate) const BUILTIN: &[Builtin] = &[
    Builtin {
        code: OWNER,
        name: "Owner",
        grants: &[""],
    },
    Builtin {
        code: "buyer",
        name: "Buyer",
        grants: &[
            "catalog.",
            "suppliers.",
            "purchasing.",
            "restock.",
            "pairing.",
            "matching.",
            "inventory.view",
            "orders.view",
            "emag.view",
            "reports.view",
        ],
    },
    Builtin {
        code: "warehouse",
        name: "Warehouse",
        grants: &[
            "inventory.",
            "catalog.view",
            "orders.view",
            "orders.ship",
            "customers.view",
            "purchasing.view",
            "purchasing.receive",
        ],
    },
    Builtin {
        code: "support",
        name: "Support",
        grants: &[
            "orders.",
            "customers.",
            "catalog.view",
            "inventory.view",
            "emag.view",
            "emag.sync",
        ],
    },
    Builtin {
        code: "accountant",
        name: "Accountant",
        grants: &[
            "reports.",
            "documents.",
            "catalog.view",
            "inventory.view",
            "orders.view",
            "customers.view",
            "suppliers.view",
            "purchasing.view",
            "identity.audit",
        ],
    },
    Builtin {
        code: "integrator",
        name: "Integrator",
        grants: &[
            "catalog.",
            "inventory.",
            "orders.",
            "customers.",
            "suppliers.",
            "purchasing.",
            "emag.view",
            "emag.sync",
        ],
    },
];

impl Builtin {
    pub(crate) fn grants(&self, code: &str) -> bool {
        self.grants.iter().any(|grant| {
            if grant.is_empty() || grant.ends_with('.') {
                code.starts_with(grant)
            } else {
                code == *grant
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(role: &str, expected: &str) {
        let words = [
            "catalog.view",
            "catalog.price",
            "inventory.view",
            "inventory.adjust",
            "orders.view",
            "orders.edit",
            "orders.ship",
            "orders.cancel",
            "customers.edit",
            "emag.push",
            "emag.sync",
            "identity.users",
        ];
        let role = BUILTIN.iter().find(|builtin| builtin.code == role).unwrap();
        let granted: Vec<_> = words.into_iter().filter(|word| role.grants(word)).collect();
        assert_eq!(granted.join(" "), expected);
    }

    #[test]
    fn each_role_gets_what_its_people_do() {
        check(
            "owner",
            "catalog.view catalog.price inventory.view inventory.adjust orders.view orders.edit orders.ship \
             orders.cancel customers.edit emag.push emag.sync identity.users",
        );
        check("buyer", "catalog.view catalog.price inventory.view orders.view");
        check(
            "warehouse",
            "catalog.view inventory.view inventory.adjust orders.view orders.ship",
        );
        check(
            "support",
            "catalog.view inventory.view orders.view orders.edit orders.ship orders.cancel customers.edit emag.sync",
        );
        check("accountant", "catalog.view inventory.view orders.view");
        check(
            "integrator",
            "catalog.view catalog.price inventory.view inventory.adjust orders.view orders.edit orders.ship \
             orders.cancel customers.edit emag.sync",
        );
    }

    #[test]
    fn a_beginning_of_a_word_is_no_slice() {
        let support = BUILTIN.iter().find(|builtin| builtin.code == "support").unwrap();
        assert!(!support.grants("orders_archive.view"));
    }
}
