# Cuvintele comenzilor și ale clienților.

## Stări, canale, plată
orders-status-new = Nouă
orders-status-confirmed = Confirmată
orders-status-packed = Ambalată
orders-status-shipped = Expediată
orders-status-cancelled = Anulată
orders-status-returned = Returnată
orders-status-active = Activ
orders-channel-manual = Manuală
orders-channel-shop = Magazin propriu
orders-channel-emag = eMAG
orders-channel = Canal
orders-channel-any = Toate canalele
orders-payment = Plată
orders-payment-cash-on-delivery = Ramburs
orders-payment-bank-transfer = Transfer bancar
orders-payment-card = Card
orders-payment-other = Altfel
orders-paid = plătită
orders-unpaid = neplătită

## Lista
orders-views = Vederi
orders-view-all = Toate
orders-view-to-ship = De expediat
orders-view-attention = De rezolvat
orders-new = Comandă nouă
orders-search = Caută după număr sau client
orders-from = De la
orders-to = Până la
orders-filter = Filtrează
orders-chip-channel = Canal: { $value }
orders-chip-from = De la { $value }
orders-chip-to = Până la { $value }
orders-chip-text = Conține „{ $value }”
orders-column-number = Număr
orders-column-ship_by = Termen
orders-column-total = Total
orders-column-placed_at = Plasată
orders-status = Stare
orders-badge-short = fără stoc
orders-badge-unresolved = articol necunoscut
orders-marketplace-ships = expediază eMAG
orders-none-found = Nicio comandă nu se potrivește
orders-none-found-text = Filtrele sau căutarea ascund tot.
orders-empty = Nicio comandă încă
orders-empty-text = Comenzile eMAG apar singure la două minute după ce intră; cele primite la telefon se scriu aici.

## O comandă
orders-title = Comanda { $number }
orders-total = Total
orders-ship-by = De expediat
orders-placed-at = Plasată
orders-shipped-at = Expediată
orders-cancelled-by-emag = Anulată la eMAG (motivul { $code })
orders-cancelled-because = Motivul anulării
orders-marketplace-ships-text = eMAG expediază din stocul său. Stocul propriu nu este rezervat, iar starea o schimbă doar eMAG.
orders-unresolved-title = Articol necunoscut
orders-unresolved-text = { $count ->
    [one] Pentru o linie nu se știe ce produs este. Caută-l mai jos; apoi se rezervă stocul.
    [few] Pentru { $count } linii nu se știe ce produs sunt. Caută-le mai jos; apoi se rezervă stocul.
   *[other] Pentru { $count } de linii nu se știe ce produs sunt. Caută-le mai jos; apoi se rezervă stocul.
}
orders-short-title = Stoc insuficient
orders-short-text = { $count ->
    [one] Lipsește o bucată. Se rezervă singură când intră în stoc, comenzile mai vechi întâi.
    [few] Lipsesc { $count } bucăți. Se rezervă singure când intră în stoc, comenzile mai vechi întâi.
   *[other] Lipsesc { $count } de bucăți. Se rezervă singure când intră în stoc, comenzile mai vechi întâi.
}
orders-do-confirm = Confirmă
orders-do-pack = Ambalează
orders-do-ship = Expediază
orders-do-return = A venit înapoi
orders-do-cancel = Anulează comanda
orders-done-confirm = Comanda { $number } este confirmată.
orders-done-pack = Comanda { $number } este ambalată.
orders-done-ship = Comanda { $number } este expediată; marfa a ieșit din stoc.
orders-done-return = Comanda { $number } este returnată. Marfa bună de vânzare se adaugă în stoc după verificare.
orders-done-cancel = Comanda { $number } este anulată; stocul rezervat este liber.
orders-cancel-text = Stocul rezervat se eliberează. Anularea nu poate fi întoarsă.
orders-cancel-reason = Motiv
orders-lines = Produse
orders-line-product = Produs
orders-line-quantity = Cantitate
orders-line-stock = Stoc
orders-line-net = Preț net
orders-line-gross = Preț cu TVA
orders-line-discount = Reducere
orders-line-total = Total
orders-line-vat = TVA { $percent } %
orders-line-cancelled = anulat
orders-line-reserved = { $count ->
    [one] o bucată rezervată
    [few] { $count } bucăți rezervate
   *[other] { $count } de bucăți rezervate
}
orders-line-short = { $count ->
    [one] lipsește una
    [few] lipsesc { $count }
   *[other] lipsesc { $count }
}
orders-line-shipped = { $count ->
    [one] una expediată
    [few] { $count } expediate
   *[other] { $count } expediate
}
orders-line-find = Caută produsul
orders-line-nothing-found = Niciun produs găsit. Încearcă alt nume, SKU sau EAN.
orders-article-named = { $lines ->
    [one] Produsul a fost stabilit; rezervate: { $reserved }, lipsă: { $short }.
    [few] Produsul a fost stabilit pe { $lines } linii; rezervate: { $reserved }, lipsă: { $short }.
   *[other] Produsul a fost stabilit pe { $lines } de linii; rezervate: { $reserved }, lipsă: { $short }.
}
orders-queue = Articole necunoscute
orders-queue-text = Linii de comandă al căror produs nu se știe: îl alegi o dată și îl primesc toate liniile cu același articol, cu tot cu stoc
orders-queue-article = Articolul, cum îi spune canalul
orders-queue-order = Comandă
orders-queue-see = Toate articolele necunoscute
orders-queue-empty = Toate articolele sunt cunoscute
orders-queue-empty-text = Aici apar liniile de comandă al căror produs nu se știe.
orders-available = disponibil: { $count }
orders-sum-net = Total net
orders-sum-vat = TVA
orders-sum-shipping = Transport cu TVA
orders-ship-to = Adresa de livrare
orders-no-address = Fără adresă.
orders-billing = Adresa de facturare
orders-note = Notă

## Istoric
orders-story = Istoric
orders-story-placed = a plasat comanda
orders-story-status = a schimbat starea
orders-story-total-gross = a schimbat totalul
orders-story-is-paid = a schimbat plata
orders-story-cancel-reason = a scris motivul anulării
orders-story-ship-by = a schimbat termenul
orders-story-line-added = a adăugat { $line }
orders-story-line-product-id = a stabilit produsul pentru { $line }
orders-story-line-quantity = a schimbat cantitatea pentru { $line }
orders-story-line-status = a schimbat linia { $line }
orders-story-line-reserved = a schimbat rezervarea pentru { $line }
orders-story-line-short = a schimbat lipsa pentru { $line }

## Comandă nouă
orders-place = Plasează comanda
orders-placed = { $short ->
    [0] Comanda este plasată și stocul rezervat.
    [one] Comanda este plasată; lipsește o bucată.
    [few] Comanda este plasată; lipsesc { $short } bucăți.
   *[other] Comanda este plasată; lipsesc { $short } de bucăți.
}
orders-more-rows = Mai multe rânduri
orders-find-product = Caută un produs de adăugat
orders-line-price-hint = Gol: prețul produsului

## Clienți
orders-customer = Client
orders-customer-name = Nume
orders-customer-kind = Tip
orders-customer-kind-person = Persoană
orders-customer-kind-company = Firmă
orders-customers-person = Persoane
orders-customers-company = Firme
orders-customer-tax-id = CUI
orders-customer-tax-id-suspect = CUI greșit?
orders-customer-tax-id-suspect-text = CUI-ul a venit așa de la canal, dar cifra de control nu se potrivește. Verifică înainte de facturare.
orders-customer-registration = Nr. Registrul Comerțului
orders-customer-phone = Telefon
orders-customer-email = E-mail
orders-customer-data = Date
orders-customer-since = Client din
orders-customer-no-orders = Nicio comandă.
orders-customer-saved = „{ $name }” a fost salvat.
orders-customers-search = Caută nume, telefon, e-mail, CUI
orders-customers-none-found = Niciun client nu se potrivește
orders-customers-empty = Niciun client încă
orders-customers-empty-text = Clienții apar odată cu prima lor comandă.
orders-last-order = Ultima comandă
orders-address-street = Stradă și număr
orders-address-city = Localitate
orders-address-county = Județ
orders-address-postal-code = Cod poștal

## Ce nu se poate
orders-refused-already-shipped = Comanda a fost deja expediată.
orders-refused-cancelled = Comanda este anulată.
orders-refused-returned = Comanda este returnată.
orders-refused-not-confirmed = Comanda trebuie confirmată întâi.
orders-refused-not-shipped = Comanda nu a fost expediată.
orders-refused-marketplace-ships = eMAG expediază această comandă; starea o schimbă doar eMAG.
orders-refused-unresolved = Un articol al comenzii nu este cunoscut încă.
orders-refused-short = { $units ->
    [one] Lipsește o bucată din stoc.
    [few] Lipsesc { $units } bucăți din stoc.
   *[other] Lipsesc { $units } de bucăți din stoc.
}
orders-refused-line-cancelled = Linia este anulată.
orders-refused-line-resolved = Linia are deja un produs.
orders-refused-amount = O sumă a comenzii este prea mare.
orders-no-lines = Comanda are nevoie de cel puțin un produs.
orders-too-many-lines = O comandă are cel mult { $max } linii.
orders-line-unknown-sku = Niciun produs nu are codul „{ $sku }”.
orders-line-unknown-product = Produsul { $product } nu există.
orders-line-no-article = Scrie un SKU.
orders-line-price-missing = Prețul lipsește, iar produsul nu este cunoscut.
orders-line-price-negative = Prețul nu poate fi negativ.
orders-line-currency = Prețul este în { $line }, comanda în { $order }.
orders-line-vat-missing = Cota de TVA lipsește, iar produsul nu este cunoscut.
orders-line-quantity-not-positive = Cantitatea este cel puțin 1.
orders-line-quantity-too-large = Cantitatea este prea mare.
orders-line-quantity-whole = Cantitatea este un număr întreg.
orders-line-discount-wrong = Reducerea este zero sau negativă, în moneda comenzii.
orders-shipping-amount = Transportul este zero sau mai mult, în moneda comenzii.
orders-external-id-missing = Comanda unui canal are nevoie de numărul ei din canal.
orders-cancel-reason-missing = Scrie motivul anulării.
orders-customer-name-empty = Scrie numele clientului.
orders-customer-name-too-long = Numele are cel mult { $max } de caractere.
orders-customer-tax-id-shape = Un CUI are între 2 și 10 cifre.
orders-customer-tax-id-check-digit = Cifra de control a CUI-ului nu se potrivește.
orders-sort-unknown = Nu se poate sorta după „{ $sort }”.
