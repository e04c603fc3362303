-- lineage: 1
-- id: ad28b44f3eb8
-- parent: 153b2a38cb4a
-- title: Invoice numbers

-- >> up
CREATE SEQUENCE IF NOT EXISTS shop.invoice_numbers;

\quit
-- >> down
DROP SEQUENCE IF EXISTS shop.invoice_numbers;
