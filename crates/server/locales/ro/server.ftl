# Pagina Azi
today-connect-title = Conectează un cont eMAG
today-connect-text = Catalogul, ofertele și comenzile vin singure. Stocul și prețurile nu se trimit la eMAG până nu pornești tu trimiterea.
today-connect-action = Conectează contul
today-to-ship = De expediat
today-to-ship-hint = { $count ->
    [0] niciuna întârziată
    [one] una întârziată
    [few] { $count } întârziate
   *[other] { $count } de întârziate
 }
today-sales-7 = Vânzări, 7 zile
today-orders-7 = { $count ->
    [one] o comandă
    [few] { $count } comenzi
   *[other] { $count } de comenzi
 }
today-low-stock = Stoc sub prag
today-out-of-stock = { $count ->
    [one] unul epuizat
    [few] { $count } epuizate
   *[other] { $count } de epuizate
 }
today-sync = Ultima sincronizare
today-sync-never = niciodată
today-sync-failed = { $count ->
    [0] fără erori
    [one] o eroare de rezolvat
    [few] { $count } erori de rezolvat
   *[other] { $count } de erori de rezolvat
 }
today-deadlines = Termene de expediere
today-all = Toate
today-all-orders = Toate comenzile
today-ship-action = Comenzi de expediat
today-low-stock-all = Tot stocul mic
today-order = Comandă
today-customer = Client
today-ship-by = Termen
today-short = stoc lipsă
today-unresolved = articol necunoscut
today-nothing-to-ship = Nicio comandă de expediat
today-nothing-to-ship-text = Comenzile noi apar aici singure.
today-sales-chart = Vânzări pe zile
today-chart-x = ziua
today-chart-y = lei
today-attention = De rezolvat
today-all-well = Totul e în regulă
today-all-well-text = Sincronizările nereușite, liniile nerezolvate și opririle de siguranță apar aici.
today-attention-unresolved = { $count ->
    [one] O linie de comandă nu are articol
    [few] { $count } linii de comandă nu au articol
   *[other] { $count } de linii de comandă nu au articol
 }
today-attention-short = { $count ->
    [one] O comandă nu are stoc destul
    [few] { $count } comenzi nu au stoc destul
   *[other] { $count } de comenzi nu au stoc destul
 }
today-attention-failed = { $count ->
    [one] O eroare de sincronizare
    [few] { $count } erori de sincronizare
   *[other] { $count } de erori de sincronizare
 }
today-attention-holds = { $count ->
    [one] O modificare oprită pentru verificare
    [few] { $count } modificări oprite pentru verificare
   *[other] { $count } de modificări oprite pentru verificare
 }
today-accounts = Conturi eMAG
today-accounts-all = Toate conturile
today-no-account = Niciun cont conectat
today-account-fine = conectat
today-account-running = se sincronizează
today-account-fault = eroare
today-account-read-only = trimitere oprită
today-product = Produs
today-available = Disponibil
today-stock-fine = Niciun produs sub prag

# Sistem
system-version = Versiunea { $version }
system-healthy = sănătos
system-degraded = cu probleme
system-unhealthy = nefuncțional
system-jobs-waiting = Sarcini în așteptare
system-jobs-running = Sarcini în lucru
system-jobs-failing = Sarcini care se reiau
system-jobs-dead = Sarcini abandonate
system-checks = Verificări
system-check = Verificare
system-state = Stare
system-detail = Detalii
system-duration = Durată
system-check-database = Baza de date
system-check-redis = Redis
system-check-migrations = Schema
system-check-disk_space = Spațiu pe disc
system-check-memory = Memorie
system-check-jobs = Sarcini de fundal
system-check-emag = eMAG
system-api-docs = Documentația API
system-metrics = Indicatori pentru Prometheus

# Documentația API
docs-title = API
docs-subtitle = Rutele REST, cu parametrii lor
docs-openapi = Descarcă OpenAPI
docs-method = Metodă
docs-path = Rută
docs-what = Ce face

# Căutarea
search-title = Căutare
search-for = Ce se potrivește cu „{ $text }”
search-all = Toate
search-none = Nimic nu se potrivește
search-nothing-asked = Ce cauți?
search-help = Produse după nume, SKU, SKU vechi sau EAN; comenzi după număr sau client. Diacriticele nu contează.
