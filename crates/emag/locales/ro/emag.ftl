emag-subtitle = Conturile de vânzător și starea lor
emag-offers = Oferte
emag-offers-text = Ce ține eMAG acum și ce ar trebui să țină
emag-holds = Modificări oprite
emag-holds-text = Modificări care arată ca o greșeală: decizi tu
emag-holds-see = Vezi
emag-connect = Conectează cont
emag-connect-text = Stocul și prețurile nu se trimit până nu pornești trimiterea.
emag-open = Deschide
emag-connected-badge = conectat
emag-inactive = inactiv
emag-push-on = trimite
emag-read-only = trimitere oprită
emag-runs = Sincronizări
emag-run = Ce
emag-state = Stare
emag-read = Citite
emag-created = Noi
emag-changed = Modificate
emag-unchanged = Neschimbate
emag-refused = Refuzate
emag-when = Când
emag-kind-offers = Oferte
emag-kind-orders = Comenzi
emag-state-queued = în așteptare
emag-state-running = în lucru
emag-state-done = terminată
emag-state-partial = parțială
emag-state-failed = nereușită
emag-no-accounts = Niciun cont conectat
emag-no-accounts-text = Conectează contul de vânzător ca să vină catalogul și comenzile.
emag-name = Denumire
emag-platform = Platformă
emag-account-kind = Tip
emag-main = MAIN: stoc propriu
emag-fbe = FBE: stoc la eMAG
emag-username = Utilizator API
emag-password = Parolă API
emag-password-keep = Goală: rămâne cea veche
emag-base-url = Adresa API
emag-base-url-hint = Goală pentru adresa obișnuită a platformei
emag-account = Cont
emag-sync-offers = Citește ofertele
emag-sync-orders = Citește comenzile
emag-test = Testează
emag-sending = Trimitere la eMAG
emag-push-on-text = Stocul și prețurile modificate aici ajung la eMAG.
emag-push-not-read = Trimiterea se poate porni după prima citire completă a ofertelor.
emag-push-switch-on = Pornește trimiterea
emag-push-switch-off = Oprește trimiterea
emag-push-on-done = Trimiterea a fost pornită.
emag-push-off-done = Trimiterea a fost oprită.
emag-preview = S-ar trimite
emag-offer = Ofertă
emag-what = Ce
emag-old = Acum
emag-new = Nou
emag-push-stock = stoc
emag-push-price = preț net
emag-no-runs = Nicio sincronizare încă
emag-settings = Setările contului
emag-buffer = Rezervă de siguranță
emag-buffer-hint = Bucăți care nu se oferă pe eMAG
emag-push-prices = Trimite și prețurile
emag-acknowledge-orders = Confirmă comenzile noi la eMAG
emag-acknowledge-orders-hint = Lasă nebifat cât timp alt program așteaptă comenzile noi ale acestui magazin. Aici sunt citite și rezervate oricum.
emag-is-active = Cont activ
emag-facts = Date
emag-orders-until = Comenzi citite până la
emag-account-saved = Contul a fost salvat.
emag-connected = Contul e conectat; se citesc ofertele și comenzile.
emag-connected-with-fault = Contul a fost salvat, dar eMAG răspunde: { $what }
emag-test-fine = eMAG răspunde; contul e în regulă.
emag-test-fault = eMAG răspunde: { $what }
emag-failures = Ce nu s-a putut lua
emag-subject = Ce
emag-reason = Motiv
emag-resolved = rezolvată
emag-subject-page = pagina
emag-subject-offer = oferta
emag-subject-order = comanda
emag-subject-acknowledge = confirmarea comenzii
emag-all = Toate
emag-differing = Cu diferențe
emag-search = Caută nume, SKU, PNK
emag-pnk = PNK
emag-remote-price = Preț net
emag-remote-stock = Stoc la eMAG
emag-active = activă
emag-missing = lipsește la eMAG
emag-refused-badge = refuzată
emag-none-found = Nimic nu se potrivește
emag-no-offers = Nicio ofertă încă
emag-no-offers-text = Ofertele vin la prima sincronizare.
emag-hold-many-zeros = Prea multe oferte ajung la zero
emag-hold-price-jump = Prețul se schimbă cu peste 20 %
emag-approve = Trimite
emag-reject = Nu trimite
emag-no-holds = Nimic oprit
emag-no-holds-text = Modificările care arată ca o greșeală apar aici.
emag-hold-approved = Modificarea pleacă la eMAG.
emag-hold-rejected = Modificarea nu se trimite.
emag-code-bad-credentials = utilizator sau parolă greșite
emag-code-foreign-ip = adresa IP nu e permisă
emag-code-no-credentials = lipsesc datele de acces
emag-code-unreachable = eMAG nu răspunde
emag-code-account-fault = contul e refuzat
emag-code-throttled = prea multe cereri
emag-code-busy = ocupat
emag-code-refused = refuzat de eMAG
emag-code-locked = blocat temporar la eMAG
emag-code-transient = eMAG are probleme
emag-code-not-understood = răspuns neînțeles
emag-code-circuit-open = pauză după erori repetate
emag-code-filter-ignored = eMAG a ignorat filtrul
emag-code-too-many-pages = prea multe pagini
emag-code-invalid = date nevalide
emag-code-inactive = contul e inactiv
emag-code-retrying = se încearcă din nou
emag-code-row-refused = nu poate fi păstrat așa cum e
emag-code-part-number-twice = codul e deja pe altă ofertă a contului
emag-code-id-too-large = numărul e prea mare
emag-code-price-missing = lipsește prețul
emag-code-price-out-of-range = prețul e în afara limitelor
emag-code-amount-invalid = o sumă nu se înțelege
emag-code-currency-unknown = moneda nu e cunoscută
emag-code-vat-invalid = cota de TVA nu se înțelege
emag-code-quantity-invalid = cantitatea nu se înțelege
emag-code-status-unknown = starea nu e cunoscută
emag-code-type-unknown = felul comenzii nu e cunoscut
emag-retry = Încearcă din nou
emag-retry-run = Reia sincronizarea
emag-retry-queued = Se încearcă din nou.
emag-refused-resolved = E deja rezolvat.
emag-refused-nameless = eMAG nu a dat un număr acestui rând; reia toată sincronizarea.
emag-refused-seal = Parola salvată nu se deschide cu cheia acestei instalări. Introdu-o din nou.
emag-refused-marketplace = eMAG nu a răspuns cum trebuie: { $reason }
emag-code-page-missing = o pagină dinaintea ei a venit incompletă; ofertele ei nu s-au văzut
emag-code-fault = o defecțiune a MagFlow; jurnalul spune mai mult
emag-help-bad-credentials = Verifică utilizatorul și parola API în contul de vânzător și introdu-le din nou aici.
emag-help-foreign-ip = Adaugă adresa IP a acestui server în lista de adrese permise din contul de vânzător.
emag-help-no-credentials = Introdu utilizatorul și parola API.
emag-help-unreachable = Se încearcă din nou singur; datele de aici rămân neatinse.
emag-refused-buffer = Rezerva e un număr întreg, cel puțin zero.
emag-refused-empty = Câmpul e gol.
emag-refused-hold-decided = S-a decis deja.
emag-refused-inactive = Contul e inactiv.
emag-refused-login-twice = Utilizatorul e conectat deja pe această platformă.
emag-refused-long = Textul e prea lung.
emag-refused-not-read = Citește mai întâi toate ofertele.
emag-refused-platform = Platforma nu există.
emag-refused-running = O sincronizare de acest fel e deja în lucru.
emag-refused-url = Adresa începe cu https:// sau http://.
emag-refused-warehouse = Depozitul nu se potrivește cu tipul contului.
emag-holds-waiting = { $count ->
    [one] O modificare așteaptă decizia ta.
    [few] { $count } modificări așteaptă decizia ta.
   *[other] { $count } de modificări așteaptă decizia ta.
 }
emag-push-would = S-ar trimite { $stock ->
    [one] o modificare de stoc
    [few] { $stock } modificări de stoc
   *[other] { $stock } de modificări de stoc
 } și { $price ->
    [one] una de preț
    [few] { $price } de preț
   *[other] { $price } de preț
 }.
emag-progress = { $rows ->
    [one] un rând citit
    [few] { $rows } rânduri citite
   *[other] { $rows } de rânduri citite
 }

## Platforme
emag-platform-emag-ro = eMAG România
emag-platform-emag-bg = eMAG България
emag-platform-emag-hu = eMAG Magyarország
emag-platform-fd-ro = Fashion Days România
emag-platform-fd-bg = Fashion Days България

## De ce nu s-a trimis o ofertă
emag-offer-error-price-above-max = prețul depășește maximul stabilit la eMAG
emag-offer-error-price-below-min = prețul e sub minimul stabilit la eMAG
emag-offer-error-price-not-positive = prețul trebuie să fie peste zero
