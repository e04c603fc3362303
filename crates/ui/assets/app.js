// What the pages do beyond plain links and forms. Everything works without it for reading and saving.
(function () {
  "use strict";
  const doc = document, root = doc.documentElement, body = doc.body;
  const $ = (selector, from) => (from || doc).querySelector(selector);
  const all = (selector, from) => Array.from((from || doc).querySelectorAll(selector));
  const meta = (name) => { const tag = $(`meta[name="${name}"]`); return tag ? tag.content : ""; };
  const typing = (el) => !!el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName)) && !/^(checkbox|radio|button|submit)$/.test(el.type || "");
  const flashes = $("#flashes");

  // Messages. The server sends one with the header HX-Trigger: {"toast":{"kind":"success","text":"…"}}
  const SIGNS = { success: "check-circle", info: "info", warning: "alert-triangle", error: "alert-triangle" };
  const sprite = (() => { const use = $("svg.icon use"); return use ? use.getAttribute("href").split("#")[0] : ""; })();
  function sign(name) {
    const svg = doc.createElementNS("http://www.w3.org/2000/svg", "svg"), use = doc.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon"); svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${sprite}#${name}`); svg.append(use);
    return svg;
  }
  let toasts;
  function toast(kind, text) {
    if (!text) return;
    if (!toasts) { toasts = doc.createElement("div"); toasts.className = "toasts"; toasts.setAttribute("aria-live", "polite"); body.append(toasts); }
    const box = doc.createElement("div"), words = doc.createElement("p"), close = doc.createElement("button");
    box.className = `flash is-${SIGNS[kind] ? kind : "info"}`;
    if (kind === "error") box.setAttribute("role", "alert");
    words.textContent = text;
    close.type = "button"; close.className = "flash-close"; close.dataset.flashClose = "";
    close.setAttribute("aria-label", flashes ? flashes.dataset.close : "×"); close.append(sign("x"));
    box.append(sign(SIGNS[kind] || "info"), words, close);
    toasts.append(box);
    while (toasts.children.length > 4) toasts.firstChild.remove();
    // A failure stays until it was read.
    if (kind !== "error") setTimeout(() => box.remove(), 6000);
  }
  body.addEventListener("toast", (event) => toast(event.detail.kind, event.detail.text));

  // Forms: the token on every call, a second press is harmless, Esc undoes a cell.
  body.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRF-Token"] = meta("csrf"); });
  const failed = () => toast("error", flashes && flashes.dataset.failed);
  body.addEventListener("htmx:sendError", failed);
  body.addEventListener("htmx:timeout", failed);
  body.addEventListener("htmx:responseError", failed);
  // A refusal comes as one plain sentence: it is shown, and what stands on the page stays.
  body.addEventListener("htmx:beforeSwap", (event) => {
    const answer = event.detail.xhr;
    if (answer.status < 400 || !/^text\/plain/.test(answer.getResponseHeader("content-type") || "")) return;
    event.detail.shouldSwap = event.detail.isError = false;
    toast("error", answer.responseText);
  });
  doc.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.hasAttribute("data-edit") || form.hasAttribute("hx-post") || event.defaultPrevented) return;
    if (form.classList.contains("is-busy")) { event.preventDefault(); return; }
    form.classList.add("is-busy");
    form.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => all("form.is-busy").forEach((form) => { form.classList.remove("is-busy"); form.removeAttribute("aria-busy"); }));
  // A cell saves itself when it is left; Enter sends it too, and the second of the two calls is dropped (hx-sync).
  doc.addEventListener("change", (event) => { if (event.target.matches("[data-auto-submit], .edit-box input")) event.target.form.requestSubmit(); });
  doc.addEventListener("focusin", (event) => {
    const input = event.target;
    if (input.matches(".edit-box input")) { if (input.dataset.before === undefined) input.dataset.before = input.value; input.select(); }
  });

  // Dialogs, menus, drawer, rail.
  const open = (id) => { const box = doc.getElementById(id); if (box && box.showModal && !box.open) box.showModal(); };
  const drawer = (on) => {
    root.classList.toggle("drawer-open", on);
    const rail = $("#rail"), opener = $("[data-drawer-open]");
    if (opener) opener.setAttribute("aria-expanded", String(on));
    if (on && rail) { const first = $(".rail-close", rail); if (first) first.focus(); }
    else if (opener && opener.offsetParent) opener.focus();
  };
  const store = { get: (key) => { try { return localStorage.getItem(key); } catch { return null; } }, set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window: forgotten on leaving */ } } };
  if (store.get("rail") === "narrow") body.classList.add("rail-narrow");
  doc.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest && event.target.closest(selector);
    let el;
    if ((el = hit("[data-opens]"))) open(el.dataset.opens);
    else if ((el = hit("[data-closes]"))) { const box = el.closest("dialog"); if (box) box.close(); }
    else if ((el = hit("[data-flash-close]"))) el.closest(".flash").remove();
    else if (hit("[data-drawer-open]")) { event.preventDefault(); drawer(true); }
    else if (hit("[data-drawer-close]")) { event.preventDefault(); drawer(false); }
    else if (hit("[data-rail-toggle]")) store.set("rail", body.classList.toggle("rail-narrow") ? "narrow" : "wide");
    else if (event.target.matches && event.target.matches("dialog.dialog")) event.target.close();
    all("details[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  // The theme answers at once; the form behind it keeps it on the server.
  doc.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && button.name === "theme") { if (button.value === "system") delete root.dataset.theme; else root.dataset.theme = button.value; }
  });

  // Lists: j/k move, Enter opens, e edits.
  let current = null;
  const rows = () => all("[data-rows] tbody tr").filter((row) => row.offsetParent);
  function move(step) {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(current);
    const next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + step))];
    if (current) current.classList.remove("is-current");
    current = next;
    current.classList.add("is-current");
    current.scrollIntoView({ block: "nearest" });
    const link = $("a[href]", current);
    if (link) link.focus({ preventScroll: true });
  }
  // A list that was fetched anew keeps the row one stood on.
  body.addEventListener("htmx:afterSettle", () => {
    if (!current || current.isConnected) return;
    const link = $("a[href]", current), same = link && rows().find((row) => { const one = $("a[href]", row); return one && one.getAttribute("href") === link.getAttribute("href"); });
    current = same || null;
    if (current) current.classList.add("is-current");
  });
  function inRow(selector, act) { if (current && current.isConnected) { const el = $(selector, current); if (el) { act(el); return true; } } return false; }

  // The palette goes to any page of the menu, any product, any order.
  const palette = $("#palette");
  function paletteItems(query) {
    const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
    const seen = new Set();
    return all(".rail-link").map((link) => ({ text: $("span", link).textContent.trim(), href: link.getAttribute("href"), icon: $("use", link).getAttribute("href").split("#")[1] }))
      .filter((item) => plain(item.text).includes(plain(query)) && !seen.has(item.href) && seen.add(item.href));
  }
  if (palette) {
    const input = $("input", palette), list = $("ul", palette), none = $("p", palette);
    let picked = 0, found = [], asked = 0;
    // Products and orders come from the search page, a moment after the last key.
    const search = () => {
      const query = input.value.trim(), turn = ++asked;
      if (query.length < 2) { found = []; return; }
      setTimeout(() => {
        if (turn !== asked) return;
        fetch(`${list.dataset.search}?q=${encodeURIComponent(query)}`, { headers: { "HX-Request": "true" } })
          .then((answer) => (answer.ok ? answer.text() : ""))
          .then((html) => {
            if (turn !== asked) return;
            const part = new DOMParser().parseFromString(html, "text/html");
            found = all("a[data-hit]", part).map((link) => ({ text: link.textContent.trim(), hint: link.dataset.hint, href: link.getAttribute("href"), icon: link.dataset.hit }));
            draw();
          })
          .catch(() => { found = []; });
      }, 150);
    };
    const draw = () => {
      const items = paletteItems(input.value).concat(found);
      picked = Math.max(0, Math.min(picked, items.length - 1));
      list.replaceChildren(...items.map((item, index) => {
        const li = doc.createElement("li"), words = doc.createElement("span");
        li.id = `palette-${index}`; li.setAttribute("role", "option"); li.setAttribute("aria-selected", String(index === picked));
        li.dataset.href = item.href; words.textContent = item.text; li.append(sign(item.icon), words);
        if (item.hint) { const hint = doc.createElement("small"); hint.textContent = item.hint; li.append(hint); }
        return li;
      }));
      none.hidden = items.length > 0;
      const chosen = list.children[picked];
      if (chosen) chosen.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", items.length ? `palette-${picked}` : "");
    };
    input.addEventListener("input", () => { picked = 0; draw(); search(); });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); picked += event.key === "ArrowDown" ? 1 : -1; draw(); }
      else if (event.key === "Enter") { event.preventDefault(); const li = list.children[picked]; if (li) location.href = li.dataset.href; }
    });
    list.addEventListener("click", (event) => { const li = event.target.closest("li"); if (li) location.href = li.dataset.href; });
    palette.showPalette = () => { input.value = ""; picked = 0; found = []; draw(); open("palette"); input.focus(); };
  }

  // Keys.
  const GO = { t: "nav-today", o: "nav-orders", p: "nav-products", s: "nav-stock", e: "nav-emag", c: "nav-customers" };
  let waitingForPlace = 0;
  doc.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { if (palette) { event.preventDefault(); palette.showPalette(); } return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const el = event.target;
    if (event.key === "Escape") {
      if (el.matches(".edit-box input")) { if (el.dataset.before !== undefined) el.value = el.dataset.before; el.blur(); }
      else if (root.classList.contains("drawer-open")) drawer(false);
      else if (typing(el)) el.blur();
      all("details[data-menu][open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
      return;
    }
    if (typing(el) || $("dialog[open]")) return;
    if (waitingForPlace && Date.now() < waitingForPlace && GO[event.key]) {
      waitingForPlace = 0;
      const link = $(`.rail-link[data-nav="${GO[event.key]}"]`);
      if (link) { event.preventDefault(); location.href = link.href; }
      return;
    }
    waitingForPlace = 0;
    switch (event.key) {
      case "g": waitingForPlace = Date.now() + 1500; break;
      case "?": event.preventDefault(); open("keys"); break;
      case "/": { const box = $("[data-search-global]") || $("[data-search]"); if (box) { event.preventDefault(); box.focus(); box.select(); } break; }
      case "j": move(1); break;
      case "k": move(-1); break;
      case "e": if (inRow(".edit-box input", (input) => input.focus())) event.preventDefault(); break;
      case "Enter": if (!/^(A|BUTTON|SUMMARY)$/.test(el.tagName)) inRow("a[href]", (link) => link.click()); break;
    }
  });

  // After a refused form the first wrong field is where one goes on.
  const wrong = $("main [aria-invalid='true']");
  if (wrong) wrong.focus();

  // A picture that cannot be fetched leaves its place to the sign behind it.
  doc.addEventListener("error", (event) => { if (event.target.matches && event.target.matches("img[data-picture]")) event.target.remove(); }, true);
  all("img[data-picture]").forEach((img) => { if (img.complete && img.naturalWidth === 0 && img.loading !== "lazy") img.remove(); });

  // Deadlines count on, in the form the server writes them.
  const span = (minutes) => {
    const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60) % 24;
    if (days > 0) return `${days} ${root.lang === "ro" ? "z" : "d"} ${hours} h`;
    return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  };
  setInterval(() => all("time[data-deadline]").forEach((el) => {
    const gap = Date.parse(el.dateTime) - Date.now(), over = gap < 0;
    const text = body.dataset[over ? "timeOver" : "timeLeft"].replace("#", span(Math.floor(Math.abs(gap) / 60000)));
    if (el.textContent === text) return;
    const crossed = over && el.dataset.over === undefined && !el.closest(".is-bad");
    el.textContent = text;
    if (crossed) { el.dataset.over = ""; doc.dispatchEvent(new Event("deadline")); }
  }), 20000);

  // Live: <body data-events="/address">. An event names a topic; elements with data-live="topic" fetch
  // themselves anew (hx-get, hx-trigger="live"), unless somebody is typing in them.
  const live = $("#live-state");
  if (body.dataset.events && window.EventSource) {
    let lost = false;
    const source = new EventSource(body.dataset.events);
    // Where somebody types, or just saved, the news waits until they are done.
    const busy = (el) => (el.contains(doc.activeElement) && typing(doc.activeElement)) || $(".edit.is-saved, .htmx-request, dialog[open]", el);
    const waiting = new Set();
    const bring = (el) => {
      if (!el.isConnected || waiting.has(el)) return;
      if (!busy(el)) { if (window.htmx) window.htmx.trigger(el, "live"); return; }
      waiting.add(el);
      setTimeout(() => { waiting.delete(el); all(".edit.is-saved", el).forEach((cell) => cell.classList.remove("is-saved")); bring(el); }, 3000);
    };
    const refresh = (topic) => all("[data-live]").forEach((el) => { if (topic === null || el.dataset.live.split(" ").includes(topic)) bring(el); });
    doc.addEventListener("deadline", () => refresh(null));
    source.addEventListener("open", () => {
      if (live) live.hidden = true;
      // What was missed meanwhile is fetched once.
      if (lost) { toast("success", live && live.dataset.back); refresh(null); }
      lost = false;
    });
    source.addEventListener("error", () => {
      lost = true;
      if (live) { live.hidden = false; $("span", live).textContent = live.dataset.lost; live.title = live.dataset.lost; }
    });
    source.addEventListener("changed", (event) => { try { refresh(JSON.parse(event.data).topic); } catch { /* a malformed event changes nothing on the page */ } });
    source.addEventListener("toast", (event) => { try { const message = JSON.parse(event.data); toast(message.kind, message.text); } catch { /* as above */ } });
    source.addEventListener("version", (event) => { const version = meta("asset-version"); if (version && event.data !== version) toast("info", flashes && flashes.dataset.newVersion); });
    window.addEventListener("pagehide", () => source.close());
  }
})();
