# Conturi, roluri, sesiuni, jurnalul modificărilor.

## log-in
identity-login-title = Intră în cont
identity-login-action = Intră
identity-email = E-mail
identity-name = Nume
identity-password = Parolă
identity-password-hint = Cel puțin 10 caractere; o propoziție scurtă e cea mai bună.
auth-wrong-credentials = E-mailul sau parola nu se potrivesc.
auth-account-disabled = Contul este dezactivat. Vorbește cu un administrator al firmei.
auth-refresh-token = Tokenul de reînnoire nu mai este valabil. Autentifică-te din nou.
auth-totp-not-enabled = Codurile temporare nu sunt activate; trimite cererea fără „totp”.
auth-token-has-no-session = Un token API nu are sesiune; revocă-l dacă nu mai e nevoie de el.

## set-up
identity-setup-title = Bine ai venit în MagFlow
identity-setup-text = Un singur pas: proprietarul, firma și, dacă vrei, contul eMAG.
identity-setup-owner = Proprietar
identity-setup-company = Firma
identity-setup-company-name = Denumirea firmei
identity-setup-tax-id = CUI (opțional)
identity-setup-account = Cont eMAG (opțional)
identity-setup-account-text = Stocul și prețurile nu pleacă spre eMAG până nu pornești tu trimiterea. Comenzile noi sunt confirmate.
identity-setup-platform = Platformă
identity-setup-kind = Tipul contului
identity-setup-kind-main = MAIN: stoc propriu
identity-setup-kind-fbe = FBE: stoc la eMAG
identity-setup-username = Utilizator API
identity-setup-password = Parolă API
identity-setup-account-name = Numele contului
identity-setup-acknowledges = Confirmă comenzile noi la marketplace
identity-setup-acknowledges-hint = Lasă nebifat cât timp alt program așteaptă comenzile noi ale acestui magazin.
identity-setup-account-name-hint = Cum îl numești tu; gol înseamnă utilizatorul API.
identity-setup-account-username = Scrie și utilizatorul API.
identity-setup-account-password = Scrie și parola API.
identity-setup-action = Începe
identity-setup-code-text = Configurarea se face de pe serverul însuși sau cu codul pe care MagFlow l-a afișat la pornire.
identity-setup-code-label = Codul de configurare
identity-setup-code-action = Continuă
identity-setup-code-wrong = Codul de configurare nu se potrivește.
identity-setup-done = Configurarea a fost făcută deja. Intră în cont.

## own settings
identity-profile = Profil
identity-password-change = Schimbă parola
identity-password-current = Parola actuală
identity-password-new = Parola nouă
identity-password-set = Setează parola
identity-password-own = Parola ta se schimbă în
identity-password-reset-hint = Toate sesiunile acestui utilizator se încheie.
identity-sessions = Sesiuni
identity-sessions-end-others = Încheie toate celelalte sesiuni
identity-session-device = Dispozitiv
identity-session-address = Adresă IP
identity-session-since = Din
identity-session-seen = Ultima activitate
identity-session-end = Încheie
identity-session-current = aceasta
identity-session-program = program
identity-agent-unknown = Dispozitiv necunoscut
identity-tokens = Tokenuri API
identity-tokens-text = Pentru programe care lucrează în numele tău. Un token se arată o singură dată și poate tot ce poți tu.
identity-token-label = Nume
identity-token-until = Valabil până la
identity-token-days = { $count ->
    [one] Încă o zi
    [few] Încă { $count } zile
   *[other] Încă { $count } de zile
}
identity-token-forever = Fără termen
identity-token-make = Creează token
identity-token-made-title = Tokenul nou
identity-token-made-text = Copiază-l acum: nu va mai fi arătat.
identity-token-used = Folosit
identity-token-never = niciodată
identity-token-revoke = Revocă
identity-token-revoked = revocat
identity-token-over = expirat
identity-token-expiry-past = Termenul trebuie să fie în viitor.
identity-token-makes-no-tokens = Un token nu poate crea alte tokenuri; autentifică-te cu parola.

## users
identity-user-new = Utilizator nou
identity-user-state = Stare
identity-user-active = activ
identity-user-disabled = dezactivat
identity-user-last-login = Ultima autentificare
identity-user-history = Istoric
identity-user-facts = Date
identity-user-may-sign-in = Poate intra în cont
identity-user-may-sign-in-hint = Fără bifă, este scos imediat peste tot.
identity-users-all = Toți
identity-users-active = Activi
identity-users-disabled = Dezactivați
identity-users-search = Caută după nume sau e-mail
identity-users-none = Niciun utilizator găsit
identity-users-none-text = Șterge filtrele sau caută altceva.
identity-email-invalid = Aceasta nu este o adresă de e-mail.
identity-email-taken = Există deja un utilizator cu acest e-mail.
identity-name-empty = Scrie un nume.
identity-name-too-long = Numele are cel mult { $max } de caractere.
identity-password-short = Parola are cel puțin { $min } caractere.
identity-password-long = Parola are cel mult { $max } de caractere.
identity-password-is-email = Parola nu poate fi adresa de e-mail.
identity-password-common = Parola aceasta este printre primele pe care le-ar încerca oricine.
identity-current-password-wrong = Parola actuală nu se potrivește.
identity-theme-unknown = Aspectul este „system”, „light” sau „dark”.
identity-tax-id-invalid = Codul fiscal are cel mult 20 de litere și cifre.
identity-last-owner = Trebuie să rămână cel puțin un proprietar activ.
identity-own-account = Nu te poți dezactiva singur.
identity-own-owner-role = Nu îți poți lua singur rolul de proprietar.
identity-beyond-own-rights = Nu poți da sau schimba drepturi pe care nu le ai tu.

## roles
identity-roles-subtitle = Ce poate face fiecare rol
identity-role-new = Rol nou
identity-role-permission = Permisiune
identity-role-users = { $count ->
    [one] Un utilizator
    [few] { $count } utilizatori
   *[other] { $count } de utilizatori
}
identity-role-yes = da
identity-role-no = nu
identity-role-remove = Șterge rolul
identity-role-unknown = Nu există rolul „{ $code }”.
identity-role-code-invalid = Codul unui rol are litere mici, cifre și „_” și începe cu o literă.
identity-role-code-taken = Există deja un rol cu acest nume.
identity-role-in-use = { $users ->
    [one] Un utilizator are acest rol; dă-i altul mai întâi.
    [few] { $users } utilizatori au acest rol; dă-le altul mai întâi.
   *[other] { $users } de utilizatori au acest rol; dă-le altul mai întâi.
}
identity-permission-unknown = Nu există permisiunea „{ $code }”.
identity-owner-role-fixed = Proprietarul poate face orice, întotdeauna.
identity-builtin-role = Un rol al programului nu poate fi șters.
identity-role-name-owner = Proprietar
identity-role-name-buyer = Achiziții
identity-role-name-warehouse = Depozit
identity-role-name-support = Suport clienți
identity-role-name-accountant = Contabil
identity-role-name-integrator = Integrator
identity-role-hint-owner = Totul, inclusiv utilizatori și roluri
identity-role-hint-buyer = Articole, furnizori, achiziții
identity-role-hint-warehouse = Stoc și expediere
identity-role-hint-support = Comenzi și clienți
identity-role-hint-accountant = Citește și exportă
identity-role-hint-integrator = Programe legate prin API

## permissions in words
identity-slice-catalog = Articole
identity-slice-inventory = Stoc
identity-slice-orders = Comenzi
identity-slice-customers = Clienți
identity-slice-emag = eMAG
identity-slice-identity = Utilizatori și siguranță
identity-slice-system = Sistem
identity-perm-catalog-view = Vede articolele
identity-perm-catalog-edit = Creează și modifică articole
identity-perm-catalog-price = Schimbă prețuri
identity-perm-inventory-view = Vede stocul
identity-perm-inventory-adjust = Corectează stocul
identity-perm-orders-view = Vede comenzile
identity-perm-orders-edit = Creează și modifică comenzi
identity-perm-orders-ship = Expediază comenzi
identity-perm-orders-cancel = Anulează comenzi
identity-perm-customers-view = Vede clienții
identity-perm-customers-edit = Modifică datele clienților
identity-perm-emag-view = Vede conturile și ofertele eMAG
identity-perm-emag-sync = Pornește sincronizări
identity-perm-emag-accounts = Leagă și modifică conturi eMAG
identity-perm-emag-push = Trimite stoc și prețuri la eMAG
identity-perm-identity-users = Administrează utilizatori
identity-perm-identity-roles = Schimbă ce pot face rolurile
identity-perm-identity-audit = Citește jurnalul modificărilor
identity-perm-identity-tokens = Vede și revocă tokenurile tuturor
identity-perm-system-view = Vede starea sistemului

## messages after saving
identity-done-profile = Profilul a fost salvat.
identity-done-password-changed = Parola a fost schimbată; celelalte sesiuni s-au încheiat.
identity-done-session-ended = Sesiunea s-a încheiat.
identity-done-sessions-ended = Celelalte sesiuni s-au încheiat.
identity-done-token-revoked = Tokenul nu mai este valabil.
identity-done-user-made = { $name } a fost adăugat.
identity-done-user-saved = Datele lui { $name } au fost salvate.
identity-done-user-password = { $name } are o parolă nouă.
identity-done-role-made = Rolul „{ $name }” a fost creat.
identity-done-role-saved = Rolul „{ $name }” a fost salvat.
identity-done-role-removed = Rolul „{ $name }” a fost șters.

## audit trail
identity-audit-subtitle = Cine ce a schimbat, când și de unde
identity-audit-what = Ce
identity-audit-action = Acțiune
identity-audit-who = Cine
identity-audit-record = Numărul înregistrării
identity-audit-since = De la data
identity-audit-any-table = Orice
identity-audit-any-action = Orice acțiune
identity-audit-anybody = Oricine
identity-audit-filter = Filtrează
identity-audit-details = { $count ->
    [one] Detalii: un câmp
    [few] Detalii: { $count } câmpuri
   *[other] Detalii: { $count } de câmpuri
}
identity-audit-when = Când
identity-audit-address = Adresă IP
identity-audit-agent = Program
identity-audit-request = Cerere
identity-audit-none-found = Nicio modificare găsită
identity-audit-none-found-text = Șterge filtrele sau alege alte criterii.
identity-audit-empty = Jurnalul este gol
identity-audit-empty-text = Orice modificare apare aici cu autorul ei.
identity-audit-actor-system = MagFlow · { $name }
identity-audit-actor-token = { $name } (prin API)
identity-audit-value-create = a creat
identity-audit-value-update = a modificat
identity-audit-value-delete = a șters
identity-audit-value-yes = da
identity-audit-value-no = nu
identity-audit-value-day = Data nu a fost înțeleasă.
identity-audit-table-api_tokens = Token API
identity-audit-table-categories = Categorie
identity-audit-table-company = Firma
identity-audit-table-customers = Client
identity-audit-table-emag_accounts = Cont eMAG
identity-audit-table-emag_push_holds = Trimitere oprită
identity-audit-table-product_eans = EAN
identity-audit-table-product_sku_history = SKU vechi
identity-audit-table-products = Articol
identity-audit-table-role_permissions = Permisiunea unui rol
identity-audit-table-roles = Rol
identity-audit-table-sales_order_lines = Linie de comandă
identity-audit-table-sales_orders = Comandă
identity-audit-table-user_roles = Rolul unui utilizator
identity-audit-table-users = Utilizator
identity-audit-table-vat_rates = Cotă TVA
identity-audit-table-warehouses = Depozit
identity-audit-field-name = nume
identity-audit-field-email = e-mail
identity-audit-field-phone = telefon
identity-audit-field-locale = limbă
identity-audit-field-theme = aspect
identity-audit-field-is_active = activ
identity-audit-field-password_changed_at = parolă schimbată
identity-audit-field-user_id = utilizator
identity-audit-field-role_id = rol
identity-audit-field-permission = permisiune
identity-audit-field-expires_at = expiră
identity-audit-field-revoked_at = revocat
identity-audit-field-prefix = început
identity-audit-field-sku = SKU
identity-audit-field-brand = marcă
identity-audit-field-description = descriere
identity-audit-field-price_net = preț net
identity-audit-field-vat_percent = TVA, %
identity-audit-field-percent = procent
identity-audit-field-status = stare
identity-audit-field-state = stare
identity-audit-field-quantity = cantitate
identity-audit-field-reserved = rezervat
identity-audit-field-shipped = expediat
identity-audit-field-short = lipsă
identity-audit-field-product_id = articol
identity-audit-field-order_id = comandă
identity-audit-field-customer_id = client
identity-audit-field-warehouse_id = depozit
identity-audit-field-account_id = cont
identity-audit-field-listing_id = ofertă
identity-audit-field-number = număr
identity-audit-field-external_id = număr extern
identity-audit-field-channel = canal
identity-audit-field-total_net = total net
identity-audit-field-total_gross = total cu TVA
identity-audit-field-shipping_gross = transport
identity-audit-field-ship_by = de expediat până la
identity-audit-field-shipped_at = expediat la
identity-audit-field-placed_at = plasată la
identity-audit-field-cancel_reason = motivul anulării
identity-audit-field-is_paid = plătită
identity-audit-field-payment_method = plată
identity-audit-field-tax_id = CUI
identity-audit-field-country = țară
identity-audit-field-currency = monedă
identity-audit-field-billing = adresa de facturare
identity-audit-field-shipping = adresa de livrare
identity-audit-field-ship_to = livrare
identity-audit-field-note = notă
identity-audit-field-reason = motiv
identity-audit-field-ean = EAN
identity-audit-field-code = cod
identity-audit-field-kind = tip
identity-audit-field-platform = platformă
identity-audit-field-username = utilizator API
identity-audit-field-push_enabled = trimitere pornită
identity-audit-field-acknowledge_orders = confirmă comenzile
identity-audit-field-push_prices = trimite prețuri
identity-audit-field-safety_buffer = rezervă de siguranță
identity-audit-field-fault = problemă
identity-audit-field-opened_at = prima citire terminată
identity-audit-field-stock_min = stoc minim
identity-audit-field-stock_target = stoc dorit
identity-audit-field-reorder_point = prag de comandă
identity-audit-field-old_value = valoare veche
identity-audit-field-new_value = valoare nouă
identity-audit-field-weight_g = greutate, g
identity-audit-field-category_id = categorie
identity-audit-field-parent_id = părinte
