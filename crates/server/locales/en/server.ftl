# The Today page
today-connect-title = Connect an eMAG account
today-connect-text = Catalogue, offers and orders come in by themselves. No stock or price is sent to eMAG until you switch sending on.
today-connect-action = Connect account
today-to-ship = To ship
today-to-ship-hint = { $count ->
    [0] none is late
    [one] one is late
   *[other] { $count } are late
 }
today-sales-7 = Sales, 7 days
today-orders-7 = { $count ->
    [one] one order
   *[other] { $count } orders
 }
today-low-stock = Low stock
today-out-of-stock = { $count ->
    [one] one is out of stock
   *[other] { $count } are out of stock
 }
today-sync = Last synchronisation
today-sync-never = never
today-sync-failed = { $count ->
    [0] no failures
    [one] one failure to solve
   *[other] { $count } failures to solve
 }
today-deadlines = Shipping deadlines
today-all = All
today-all-orders = All orders
today-ship-action = Orders to ship
today-low-stock-all = All low stock
today-order = Order
today-customer = Customer
today-ship-by = Deadline
today-short = short of stock
today-unresolved = unknown article
today-nothing-to-ship = No order to ship
today-nothing-to-ship-text = New orders appear here by themselves.
today-sales-chart = Sales by day
today-chart-x = day
today-chart-y = RON
today-attention = Needs attention
today-all-well = All is well
today-all-well-text = Failed synchronisations, unresolved lines and safety stops appear here.
today-attention-unresolved = { $count ->
    [one] One order line has no article
   *[other] { $count } order lines have no article
 }
today-attention-short = { $count ->
    [one] One order is short of stock
   *[other] { $count } orders are short of stock
 }
today-attention-failed = { $count ->
    [one] One synchronisation failure
   *[other] { $count } synchronisation failures
 }
today-attention-holds = { $count ->
    [one] One change held for checking
   *[other] { $count } changes held for checking
 }
today-accounts = eMAG accounts
today-accounts-all = All accounts
today-no-account = No account connected
today-account-fine = connected
today-account-running = synchronising
today-account-fault = fault
today-account-read-only = sending off
today-product = Product
today-available = Available
today-stock-fine = No product is low

# System
system-version = Version { $version }
system-healthy = healthy
system-degraded = degraded
system-unhealthy = unhealthy
system-jobs-waiting = Jobs waiting
system-jobs-running = Jobs running
system-jobs-failing = Jobs being retried
system-jobs-dead = Jobs given up
system-checks = Checks
system-check = Check
system-state = State
system-detail = Detail
system-duration = Duration
system-check-database = Database
system-check-redis = Redis
system-check-migrations = Schema
system-check-disk_space = Disk space
system-check-memory = Memory
system-check-jobs = Background jobs
system-check-emag = eMAG
system-api-docs = API documentation
system-metrics = Metrics for Prometheus

# API documentation
docs-title = API
docs-subtitle = The REST routes and their parameters
docs-openapi = Download OpenAPI
docs-method = Method
docs-path = Route
docs-what = What it does

# Search
search-title = Search
search-for = What matches “{ $text }”
search-all = All
search-none = Nothing matches
search-nothing-asked = What are you looking for?
search-help = Products by name, SKU, old SKU or EAN; orders by number or customer. Diacritics do not matter.
