# Words of orders and customers.

## States, channels, payment
orders-status-new = New
orders-status-confirmed = Confirmed
orders-status-packed = Packed
orders-status-shipped = Shipped
orders-status-cancelled = Cancelled
orders-status-returned = Returned
orders-status-active = Active
orders-channel-manual = Manual
orders-channel-shop = Own shop
orders-channel-emag = eMAG
orders-channel = Channel
orders-channel-any = All channels
orders-payment = Payment
orders-payment-cash-on-delivery = Cash on delivery
orders-payment-bank-transfer = Bank transfer
orders-payment-card = Card
orders-payment-other = Other
orders-paid = paid
orders-unpaid = not paid

## List
orders-views = Views
orders-view-all = All
orders-view-to-ship = To ship
orders-view-attention = To solve
orders-new = New order
orders-search = Search by number or customer
orders-from = From
orders-to = To
orders-filter = Filter
orders-chip-channel = Channel: { $value }
orders-chip-from = From { $value }
orders-chip-to = To { $value }
orders-chip-text = Contains “{ $value }”
orders-column-number = Number
orders-column-ship_by = Deadline
orders-column-total = Total
orders-column-placed_at = Placed
orders-status = State
orders-badge-short = out of stock
orders-badge-unresolved = unknown article
orders-marketplace-ships = eMAG ships
orders-none-found = No order fits
orders-none-found-text = The filters or the search hide everything.
orders-empty = No orders yet
orders-empty-text = eMAG orders appear by themselves two minutes after they come in; those taken by phone are typed here.

## One order
orders-title = Order { $number }
orders-total = Total
orders-ship-by = Ship by
orders-placed-at = Placed
orders-shipped-at = Shipped
orders-cancelled-by-emag = Cancelled at eMAG (reason { $code })
orders-cancelled-because = Why it was cancelled
orders-marketplace-ships-text = eMAG ships from its own stock. No stock of ours is reserved, and only eMAG changes the state.
orders-unresolved-title = Unknown article
orders-unresolved-text = { $count ->
    [one] Nobody knows which product one line is. Search for it below; then stock is reserved.
   *[other] Nobody knows which products { $count } lines are. Search for them below; then stock is reserved.
}
orders-short-title = Not enough stock
orders-short-text = { $count ->
    [one] One unit is missing. It is reserved by itself when it comes in, older orders first.
   *[other] { $count } units are missing. They are reserved by themselves when they come in, older orders first.
}
orders-do-confirm = Confirm
orders-do-pack = Pack
orders-do-ship = Ship
orders-do-return = Came back
orders-do-cancel = Cancel the order
orders-done-confirm = Order { $number } is confirmed.
orders-done-pack = Order { $number } is packed.
orders-done-ship = Order { $number } is shipped; the goods left the stock.
orders-done-return = Order { $number } is returned. What can be sold again is added to stock after somebody looked at it.
orders-done-cancel = Order { $number } is cancelled; the reserved stock is free.
orders-cancel-text = The reserved stock becomes free. A cancellation cannot be undone.
orders-cancel-reason = Reason
orders-lines = Products
orders-line-product = Product
orders-line-quantity = Quantity
orders-line-stock = Stock
orders-line-net = Net price
orders-line-gross = Price with VAT
orders-line-discount = Discount
orders-line-total = Total
orders-line-vat = VAT { $percent } %
orders-line-cancelled = cancelled
orders-line-reserved = { $count ->
    [one] one unit reserved
   *[other] { $count } units reserved
}
orders-line-short = { $count ->
    [one] one missing
   *[other] { $count } missing
}
orders-line-shipped = { $count ->
    [one] one shipped
   *[other] { $count } shipped
}
orders-line-find = Search the product
orders-line-nothing-found = No product found. Try another name, SKU or EAN.
orders-article-named = { $lines ->
    [one] The product is known now; reserved: { $reserved }, missing: { $short }.
   *[other] The product is known now on { $lines } lines; reserved: { $reserved }, missing: { $short }.
}
orders-queue = Unknown articles
orders-queue-text = Order lines whose product nobody knows yet: name it once and every line of the same article gets it, with its stock
orders-queue-article = Article as the channel calls it
orders-queue-order = Order
orders-queue-see = All unknown articles
orders-queue-empty = Every article is known
orders-queue-empty-text = Order lines whose product is not known appear here.
orders-available = available: { $count }
orders-sum-net = Net total
orders-sum-vat = VAT
orders-sum-shipping = Shipping with VAT
orders-ship-to = Delivery address
orders-no-address = No address.
orders-billing = Billing address
orders-note = Note

## History
orders-story = History
orders-story-placed = placed the order
orders-story-status = changed the state
orders-story-total-gross = changed the total
orders-story-is-paid = changed the payment
orders-story-cancel-reason = wrote why it was cancelled
orders-story-ship-by = changed the deadline
orders-story-line-added = added { $line }
orders-story-line-product-id = said which product { $line } is
orders-story-line-quantity = changed the quantity of { $line }
orders-story-line-status = changed the line { $line }
orders-story-line-reserved = changed the reservation of { $line }
orders-story-line-short = changed what is missing of { $line }

## New order
orders-place = Place the order
orders-placed = { $short ->
    [0] The order is placed and the stock reserved.
    [one] The order is placed; one unit is missing.
   *[other] The order is placed; { $short } units are missing.
}
orders-more-rows = More rows
orders-find-product = Search a product to add
orders-line-price-hint = Empty: the product's price

## Customers
orders-customer = Customer
orders-customer-name = Name
orders-customer-kind = Kind
orders-customer-kind-person = Person
orders-customer-kind-company = Company
orders-customers-person = Persons
orders-customers-company = Companies
orders-customer-tax-id = Tax code
orders-customer-tax-id-suspect = wrong tax code?
orders-customer-tax-id-suspect-text = The tax code came like this from the channel, but its check digit does not fit. Check before invoicing.
orders-customer-registration = Trade register no.
orders-customer-phone = Phone
orders-customer-email = E-mail
orders-customer-data = Data
orders-customer-since = Customer since
orders-customer-no-orders = No orders.
orders-customer-saved = “{ $name }” was saved.
orders-customers-search = Search name, phone, e-mail, tax code
orders-customers-none-found = No customer fits
orders-customers-empty = No customers yet
orders-customers-empty-text = Customers appear with their first order.
orders-last-order = Last order
orders-address-street = Street and number
orders-address-city = City
orders-address-county = County
orders-address-postal-code = Postal code

## What cannot be done
orders-refused-already-shipped = The order was shipped already.
orders-refused-cancelled = The order is cancelled.
orders-refused-returned = The order is returned.
orders-refused-not-confirmed = The order must be confirmed first.
orders-refused-not-shipped = The order was not shipped.
orders-refused-marketplace-ships = eMAG ships this order; only eMAG changes its state.
orders-refused-unresolved = An article of the order is not known yet.
orders-refused-short = { $units ->
    [one] One unit is missing from the stock.
   *[other] { $units } units are missing from the stock.
}
orders-refused-line-cancelled = The line is cancelled.
orders-refused-line-resolved = The line has a product already.
orders-refused-amount = An amount of the order is too large.
orders-no-lines = An order needs at least one product.
orders-too-many-lines = An order has at most { $max } lines.
orders-line-unknown-sku = No product has the code “{ $sku }”.
orders-line-unknown-product = Product { $product } does not exist.
orders-line-no-article = Type a SKU.
orders-line-price-missing = The price is missing and the product is not known.
orders-line-price-negative = The price cannot be negative.
orders-line-currency = The price is in { $line }, the order in { $order }.
orders-line-vat-missing = The VAT rate is missing and the product is not known.
orders-line-quantity-not-positive = The quantity is at least 1.
orders-line-quantity-too-large = The quantity is too large.
orders-line-quantity-whole = The quantity is a whole number.
orders-line-discount-wrong = The discount is zero or negative, in the order's currency.
orders-shipping-amount = Shipping is zero or more, in the order's currency.
orders-external-id-missing = An order of a channel needs its number there.
orders-cancel-reason-missing = Type why it is cancelled.
orders-customer-name-empty = Type the customer's name.
orders-customer-name-too-long = The name has at most { $max } characters.
orders-customer-tax-id-shape = A tax code has 2 to 10 digits.
orders-customer-tax-id-check-digit = The check digit of the tax code does not fit.
orders-sort-unknown = There is no sorting by “{ $sort }”.
