emag-subtitle = Seller accounts and how they stand
emag-offers = Offers
emag-offers-text = What eMAG holds now and what it should hold
emag-holds = Held changes
emag-holds-text = Changes that look like an accident: you decide
emag-holds-see = See
emag-connect = Connect account
emag-connect-text = The account only reads until you switch sending on.
emag-open = Open
emag-connected-badge = connected
emag-inactive = inactive
emag-push-on = sending
emag-read-only = read only
emag-runs = Synchronisations
emag-run = What
emag-state = State
emag-read = Read
emag-created = New
emag-changed = Changed
emag-unchanged = Unchanged
emag-refused = Refused
emag-when = When
emag-kind-offers = Offers
emag-kind-orders = Orders
emag-state-queued = queued
emag-state-running = running
emag-state-done = done
emag-state-partial = partial
emag-state-failed = failed
emag-no-accounts = No account connected
emag-no-accounts-text = Connect the seller account to bring in catalogue and orders.
emag-name = Name
emag-platform = Platform
emag-account-kind = Kind
emag-main = MAIN: own stock
emag-fbe = FBE: stock at eMAG
emag-username = API user
emag-password = API password
emag-password-keep = Empty: the old one stays
emag-base-url = API address
emag-base-url-hint = Empty for the platform's usual address
emag-account = Account
emag-sync-offers = Read offers
emag-sync-orders = Read orders
emag-test = Test
emag-sending = Sending to eMAG
emag-push-on-text = Stock and prices changed here arrive at eMAG.
emag-push-not-read = Sending can be switched on after the first complete reading of the offers.
emag-push-switch-on = Switch sending on
emag-push-switch-off = Switch sending off
emag-push-on-done = Sending is on.
emag-push-off-done = Sending is off.
emag-preview = Would be sent
emag-offer = Offer
emag-what = What
emag-old = Now
emag-new = New
emag-push-stock = stock
emag-push-price = net price
emag-no-runs = No synchronisation yet
emag-settings = Account settings
emag-buffer = Safety buffer
emag-buffer-hint = Units not offered on eMAG
emag-push-prices = Send prices too
emag-is-active = Account is active
emag-facts = Facts
emag-orders-until = Orders read until
emag-account-saved = The account was saved.
emag-connected = The account is connected; offers and orders are being read.
emag-connected-with-fault = The account was saved, but eMAG answers: { $what }
emag-test-fine = eMAG answers; the account is fine.
emag-test-fault = eMAG answers: { $what }
emag-failures = What could not be taken
emag-subject = What
emag-reason = Reason
emag-resolved = resolved
emag-subject-page = page
emag-subject-offer = offer
emag-subject-order = order
emag-subject-acknowledge = acknowledgement of order
emag-all = All
emag-differing = Differing
emag-search = Search name, SKU, PNK
emag-pnk = PNK
emag-remote-price = Net price
emag-remote-stock = Stock at eMAG
emag-active = active
emag-missing = missing at eMAG
emag-refused-badge = refused
emag-none-found = Nothing matches
emag-no-offers = No offers yet
emag-no-offers-text = Offers come with the first synchronisation.
emag-hold-many-zeros = Too many offers go to zero
emag-hold-price-jump = The price moves by more than 20 %
emag-approve = Send
emag-reject = Do not send
emag-no-holds = Nothing is held
emag-no-holds-text = Changes that look like an accident appear here.
emag-hold-approved = The change goes to eMAG.
emag-hold-rejected = The change is not sent.
emag-code-bad-credentials = wrong user or password
emag-code-foreign-ip = the IP address is not allowed
emag-code-no-credentials = credentials are missing
emag-code-unreachable = eMAG does not answer
emag-code-account-fault = the account is refused
emag-code-throttled = too many requests
emag-code-busy = busy
emag-code-refused = refused by eMAG
emag-code-locked = locked at eMAG for now
emag-code-transient = eMAG has trouble
emag-code-not-understood = answer not understood
emag-code-circuit-open = pause after repeated failures
emag-code-filter-ignored = eMAG ignored the filter
emag-code-too-many-pages = too many pages
emag-code-invalid = invalid data
emag-help-bad-credentials = Check the API user and password in the seller account and enter them here again.
emag-help-foreign-ip = Add this server's IP address to the list of allowed addresses in the seller account.
emag-help-no-credentials = Enter the API user and password.
emag-help-unreachable = It is tried again by itself; the data here stay untouched.
emag-refused-buffer = The buffer is a whole number, at least zero.
emag-refused-empty = The field is empty.
emag-refused-hold-decided = It is decided already.
emag-refused-inactive = The account is inactive.
emag-refused-login-twice = This user is connected on this platform already.
emag-refused-long = The text is too long.
emag-refused-not-read = Read all offers first.
emag-refused-platform = There is no such platform.
emag-refused-running = A synchronisation of this kind is running already.
emag-refused-url = The address begins with https:// or http://.
emag-refused-warehouse = The warehouse does not fit the kind of account.
emag-holds-waiting = { $count ->
    [one] One change waits for your decision.
   *[other] { $count } changes wait for your decision.
 }
emag-push-would = Would send { $stock ->
    [one] one stock change
   *[other] { $stock } stock changes
 } and { $price ->
    [one] one price change
   *[other] { $price } price changes
 }.
emag-progress = { $rows ->
    [one] one row read
   *[other] { $rows } rows read
 }

## Platforms
emag-platform-emag-ro = eMAG România
emag-platform-emag-bg = eMAG България
emag-platform-emag-hu = eMAG Magyarország
emag-platform-fd-ro = Fashion Days România
emag-platform-fd-bg = Fashion Days България

## Why an offer was not sent
emag-offer-error-price-above-max = the price is above the maximum set at eMAG
emag-offer-error-price-below-min = the price is below the minimum set at eMAG
emag-offer-error-price-not-positive = the price must be above zero
