# Cuvintele cadrului: meniu, butoane, stări, mesaje generale.

## Meniu
nav-today = Azi
nav-orders = Comenzi
nav-products = Produse
nav-stock = Stoc
nav-customers = Clienți
nav-purchasing = Achiziții
nav-suppliers = Furnizori
nav-matching = Potriviri
nav-emag = eMAG
nav-reports = Rapoarte
nav-audit = Jurnal
nav-users = Utilizatori
nav-roles = Roluri
nav-settings = Setări
nav-system = Sistem

## Cadru
ui-product-name = MagFlow
ui-skip-to-content = Sari la conținut
ui-main-menu = Meniul principal
ui-quick-menu = Meniu rapid
ui-menu = Meniu
ui-menu-close = Închide meniul
ui-rail-toggle = Restrânge sau extinde meniul
ui-search = Caută
ui-search-all = Caută produse și comenzi
ui-sync-state = Starea sincronizării
ui-account-menu = Contul meu
ui-language = Limba
ui-language-ro = Română
ui-language-en = English
ui-theme = Aspect
ui-theme-system = Ca sistemul
ui-theme-light = Luminos
ui-theme-dark = Întunecat
ui-sign-out = Ieși din cont
ui-messages = Mesaje
ui-connection-lost = Conexiune întreruptă. Se reîncearcă…
ui-connection-back = Conexiunea a revenit.
ui-new-version = MagFlow a fost actualizat. Reîncarcă pagina.
ui-save-failed = Nu s-a putut salva. Verifică conexiunea și încearcă din nou.
ui-auth-tagline = Comenzi, stoc și eMAG, într-un singur loc.

## Taste
ui-keys-title = Taste rapide
ui-keys-help = Arată tastele rapide
ui-keys-search = Caută
ui-keys-palette = Mergi oriunde
ui-keys-go-today = Mergi la Azi
ui-keys-go-orders = Mergi la comenzi
ui-keys-go-products = Mergi la produse
ui-keys-go-stock = Mergi la stoc
ui-keys-go-emag = Mergi la eMAG
ui-keys-go-customers = Mergi la clienți
ui-keys-move = Rândul următor, rândul anterior
ui-keys-open = Deschide rândul
ui-keys-edit = Editează rândul
ui-keys-close = Închide sau renunță
ui-keys-then = apoi
ui-palette-title = Mergi la
ui-palette-hint = O pagină, un produs sau o comandă
ui-palette-none = Nimic găsit

## Butoane și acțiuni
ui-save = Salvează
ui-cancel = Renunță
ui-close = Închide
ui-remove-filter = Elimină filtrul: { $filter }
ui-back = Înapoi
ui-clear-filters = Șterge filtrele

## Liste
ui-next-page = Pagina următoare
ui-previous-page = Pagina anterioară
ui-pages = Pagini
ui-filters = Filtre active
ui-sort-ascending = sortat crescător
ui-sort-descending = sortat descrescător
ui-shown-of-total = { $total ->
    [one] Un rezultat
    [few] { $shown } din { $total } rezultate
   *[other] { $shown } din { $total } de rezultate
}
ui-hidden-by-filter = { $count ->
    [one] Unul ascuns de filtru
    [few] { $count } ascunse de filtru
   *[other] { $count } de rezultate ascunse de filtru
}
ui-required = obligatoriu
ui-saved = Salvat
ui-loading = Se încarcă…
ui-changed-from-to = din { $old } în { $new }
ui-progress = { $value } din { $max }
ui-understood = Înțeles: { $text }

## Stări
ui-state-good = în regulă
ui-state-warn = atenție
ui-state-bad = problemă

## Timp
ui-just-now = chiar acum
ui-ago-minutes = { $count ->
    [one] acum un minut
    [few] acum { $count } minute
   *[other] acum { $count } de minute
}
ui-ago-hours = { $count ->
    [one] acum o oră
    [few] acum { $count } ore
   *[other] acum { $count } de ore
}
ui-ago-days = { $count ->
    [one] acum o zi
    [few] acum { $count } zile
   *[other] acum { $count } de zile
}
ui-in-minutes = { $count ->
    [one] peste un minut
    [few] peste { $count } minute
   *[other] peste { $count } de minute
}
ui-in-hours = { $count ->
    [one] peste o oră
    [few] peste { $count } ore
   *[other] peste { $count } de ore
}
ui-in-days = { $count ->
    [one] peste o zi
    [few] peste { $count } zile
   *[other] peste { $count } de zile
}

ui-time-left = mai sunt { $span }
ui-time-over = depășit cu { $span }

## Numere introduse
ui-input-empty = Scrie un număr.
ui-input-not-a-number = Nu este un număr. Exemplu: 1.234,56
ui-input-too-long = Numărul este prea lung.
ui-input-ambiguous = Poate însemna { $grouped } sau { $decimal }. Scrie-l în una dintre aceste forme.

## Grafice
ui-chart-as-table = Arată cifrele ca tabel
ui-chart-empty = Încă nu sunt date pentru grafic.

## Erori
ui-refused-unknown = Acțiunea nu este posibilă acum (cod: { $code }).
ui-error-reference = Referință pentru asistență
ui-error-home = Mergi la Azi
ui-error-not-found-title = Pagina nu există
ui-error-not-found-text = Adresa este greșită sau înregistrarea a fost ștearsă.
ui-error-not-found-help = Caută după nume sau SKU, ori pornește de la Azi.
ui-error-forbidden-title = Nu ai acces aici
ui-error-forbidden-text = Rolul tău nu include această pagină sau acțiune.
ui-error-forbidden-help = Cere acces unui administrator al firmei.
ui-error-refused-title = Acțiunea a fost refuzată
ui-error-refused-text = Datele trimise nu pot fi acceptate așa.
ui-error-refused-help = Întoarce-te, corectează și trimite din nou.
ui-error-busy-title = Prea multe cereri
ui-error-busy-text = Serverul este ocupat chiar acum.
ui-error-busy-help = Așteaptă câteva secunde și reîncarcă pagina.
ui-error-internal-title = Ceva nu a mers la noi
ui-error-internal-text = Nu s-a salvat nimic pe jumătate. Eroarea a fost înregistrată.
ui-error-internal-help = Încearcă din nou; dacă se repetă, trimite referința de mai jos.

# Problems that the web layer tells
ui-error-unauthenticated = Intră mai întâi în cont.
ui-error-forbidden-permission = E nevoie de permisiunea „{ $permission }”.
ui-error-csrf = Pagina a stat deschisă prea mult. Reîncarc-o și încearcă din nou.
ui-error-invalid = Unele câmpuri nu au fost înțelese.
ui-error-malformed = Cererea nu a putut fi citită: { $detail }
ui-error-method = Adresa aceasta nu înțelege acest fel de cerere.
ui-error-media-type = Cererea trebuie trimisă ca { $expected }.
ui-error-stale = Altcineva a modificat între timp (acum e versiunea { $version }). Reîncarcă, apoi modifică din nou.
ui-error-too-large = Ce s-a trimis e prea mare.
ui-error-too-many = Prea multe cereri. Încearcă din nou peste { $seconds } { $seconds ->
    [one] secundă
    [few] secunde
   *[other] de secunde
 }.
ui-error-busy = Sistemul e ocupat. Încearcă din nou peste { $seconds } { $seconds ->
    [one] secundă
    [few] secunde
   *[other] de secunde
 }.
ui-input-unknown-field = Nu există câmpul „{ $field }” aici.
ui-input-missing = Lipsește câmpul „{ $field }”.
ui-input-not-understood = „{ $field }” nu a fost înțeles: { $detail }
ui-input-limit = Cel mult { $max } rânduri o dată.
ui-input-cursor = Cursorul nu aparține acestei liste.
ui-input-idempotency-key = O cheie de idempotență are între 1 și 255 de caractere.
ui-idempotency-other-body = Cheia de idempotență a fost folosită pentru altă cerere.
ui-idempotency-shown-once = Prima cerere cu această cheie de idempotență a reușit, iar răspunsul conținea un secret care se arată o singură dată și nu se păstrează. Folosește o cheie nouă.

## Cine, când nu e o persoană
ui-actor-emag-sync = Sincronizare eMAG
ui-actor-emag-push = Trimitere la eMAG
ui-actor-orders-allocate-short = Alocarea stocului
ui-actor-orders-reservations-lost = Verificarea rezervărilor
ui-actor-demo = Firma demonstrativă
ui-actor-start = Pornire
ui-actor-setup = Configurare inițială
ui-actor-set-up = Configurare inițială
ui-actor-shell = Linia de comandă
ui-actor-command-line = Linia de comandă
ui-actor-sign-in = Autentificare
