# Words of the frame: menu, buttons, states, general messages.

## Menu
nav-today = Today
nav-orders = Orders
nav-products = Products
nav-stock = Stock
nav-customers = Customers
nav-purchasing = Purchasing
nav-suppliers = Suppliers
nav-matching = Matching
nav-emag = eMAG
nav-reports = Reports
nav-audit = Audit
nav-users = Users
nav-roles = Roles
nav-settings = Settings
nav-system = System

## Frame
ui-product-name = MagFlow
ui-skip-to-content = Skip to content
ui-main-menu = Main menu
ui-quick-menu = Quick menu
ui-menu = Menu
ui-menu-close = Close menu
ui-rail-toggle = Collapse or expand the menu
ui-search = Search
ui-search-all = Search products and orders
ui-sync-state = Synchronisation state
ui-account-menu = My account
ui-language = Language
ui-language-ro = Română
ui-language-en = English
ui-theme = Appearance
ui-theme-system = As the system
ui-theme-light = Light
ui-theme-dark = Dark
ui-sign-out = Sign out
ui-messages = Messages
ui-connection-lost = Connection lost. Trying again…
ui-connection-back = The connection is back.
ui-new-version = MagFlow was updated. Reload the page.
ui-save-failed = It could not be saved. Check the connection and try again.
ui-auth-tagline = Orders, stock and eMAG in one place.

## Keys
ui-keys-title = Keyboard shortcuts
ui-keys-help = Show keyboard shortcuts
ui-keys-search = Search
ui-keys-palette = Go anywhere
ui-keys-go-today = Go to Today
ui-keys-go-orders = Go to orders
ui-keys-go-products = Go to products
ui-keys-go-stock = Go to stock
ui-keys-go-emag = Go to eMAG
ui-keys-go-customers = Go to customers
ui-keys-move = Next row, previous row
ui-keys-open = Open the row
ui-keys-edit = Edit the row
ui-keys-close = Close or give up
ui-keys-then = then
ui-palette-title = Go to
ui-palette-hint = A page, a product or an order
ui-palette-none = Nothing found

## Buttons and actions
ui-save = Save
ui-cancel = Cancel
ui-close = Close
ui-remove-filter = Remove the filter: { $filter }
ui-back = Back
ui-clear-filters = Clear filters

## Lists
ui-next-page = Next page
ui-previous-page = Previous page
ui-pages = Pages
ui-filters = Active filters
ui-sort-ascending = sorted ascending
ui-sort-descending = sorted descending
ui-shown-of-total = { $total ->
    [one] One result
   *[other] { $shown } of { $total } results
}
ui-hidden-by-filter = { $count ->
    [one] One hidden by filter
   *[other] { $count } hidden by filter
}
ui-required = required
ui-saved = Saved
ui-loading = Loading…
ui-changed-from-to = from { $old } to { $new }
ui-progress = { $value } of { $max }
ui-understood = Understood: { $text }

## States
ui-state-good = fine
ui-state-warn = attention
ui-state-bad = problem

## Time
ui-just-now = just now
ui-ago-minutes = { $count ->
    [one] a minute ago
   *[other] { $count } minutes ago
}
ui-ago-hours = { $count ->
    [one] an hour ago
   *[other] { $count } hours ago
}
ui-ago-days = { $count ->
    [one] a day ago
   *[other] { $count } days ago
}
ui-in-minutes = { $count ->
    [one] in a minute
   *[other] in { $count } minutes
}
ui-in-hours = { $count ->
    [one] in an hour
   *[other] in { $count } hours
}
ui-in-days = { $count ->
    [one] in a day
   *[other] in { $count } days
}

ui-time-left = { $span } left
ui-time-over = { $span } late

## Typed numbers
ui-input-empty = Type a number.
ui-input-not-a-number = This is not a number. Example: 1,234.56
ui-input-too-long = The number is too long.
ui-input-ambiguous = It could mean { $grouped } or { $decimal }. Type it in one of these forms.

## Charts
ui-chart-as-table = Show the figures as a table
ui-chart-empty = There is no data for the chart yet.

## Errors
ui-refused-unknown = This is not possible now (code: { $code }).
ui-error-reference = Reference for support
ui-error-home = Go to Today
ui-error-not-found-title = This page does not exist
ui-error-not-found-text = The address is wrong or the record was deleted.
ui-error-not-found-help = Search by name or SKU, or start from Today.
ui-error-forbidden-title = You have no access here
ui-error-forbidden-text = Your role does not include this page or action.
ui-error-forbidden-help = Ask an administrator of your company for access.
ui-error-refused-title = The action was refused
ui-error-refused-text = The data sent cannot be accepted like this.
ui-error-refused-help = Go back, correct it and send it again.
ui-error-busy-title = Too many requests
ui-error-busy-text = The server is busy right now.
ui-error-busy-help = Wait a few seconds and reload the page.
ui-error-internal-title = Something went wrong on our side
ui-error-internal-text = Nothing was saved by half. The error was recorded.
ui-error-internal-help = Try again; if it happens again, send the reference below.

# Problems that the web layer tells
ui-error-unauthenticated = Sign in first.
ui-error-forbidden-permission = This needs the permission “{ $permission }”.
ui-error-csrf = The page was open for too long. Reload it and try again.
ui-error-invalid = Some fields were not understood.
ui-error-malformed = The request could not be read: { $detail }
ui-error-method = This address does not understand that kind of request.
ui-error-media-type = The request must be sent as { $expected }.
ui-error-stale = Somebody changed this meanwhile (version { $version } now). Reload to see the change, then edit again.
ui-error-too-large = What was sent is too large.
ui-error-too-many = Too many requests. Try again in { $seconds } { $seconds ->
    [one] second
   *[other] seconds
 }.
ui-error-busy = Busy right now. Try again in { $seconds } { $seconds ->
    [one] second
   *[other] seconds
 }.
ui-input-unknown-field = There is no field “{ $field }” here.
ui-input-missing = The field “{ $field }” is missing.
ui-input-not-understood = “{ $field }” was not understood: { $detail }
ui-input-limit = At most { $max } rows at once.
ui-input-cursor = The cursor does not belong to this list.
ui-input-idempotency-key = An idempotency key has 1 to 255 characters.
ui-idempotency-other-body = This idempotency key was used for another request.
ui-idempotency-shown-once = The first request with this idempotency key succeeded, and its answer held a secret that is shown once and not kept. Use a new key.

## Who, when it is no person
ui-actor-emag-sync = eMAG synchronisation
ui-actor-emag-push = Sending to eMAG
ui-actor-orders-allocate-short = Stock allocation
ui-actor-orders-reservations-lost = Reservation check
ui-actor-demo = Demo company
ui-actor-start = Start-up
ui-actor-setup = Set-up
ui-actor-set-up = Set-up
ui-actor-shell = Command line
ui-actor-command-line = Command line
ui-actor-sign-in = Sign-in
