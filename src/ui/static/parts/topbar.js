// @ts-check
// The bar at the top: the one search box with its answer's size and time, and the few
// switches. The box is a combobox; the list below is its listbox.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../dom.js";
import { active, answered, hits, search, settled, slow, tookUs, total, totalExact } from "../state/search.js";
import { dialog, isLearned, narrow, switchTheme, theme, usedKey } from "../state/session.js";
import { may } from "../state/me.js";
import { go, goPage, openContact, place } from "../state/url.js";
import { duration, plural } from "../text/words.js";
import { Icon } from "./icons.js";
import { Hint } from "./hint.js";
import { JobChip } from "./job-chip.js";
import { UserMenu } from "./user-menu.js";
import { t } from "../text/say.js";

/** Puts the cursor into the box with its text selected. */
export function focusSearch() {
  const box = /** @type {HTMLInputElement|null} */ (document.getElementById("search"));
  box?.focus();
  box?.select();
}

function Count() {
  if (answered.value === null) return null;
  const count = `${totalExact.value ? "" : "about "}${plural(total.value, answered.value.trim() ? "match" : "contact", answered.value.trim() ? "matches" : "contacts")}`;
  return html`${count}${tookUs.value === null ? null : html`<span class="took"> · ${duration(tookUs.value)}</span>`}`;
}

/** Opens the highlighted hit; where nobody is found, offers a new contact. Guesses wait to be chosen. */
async function openActive() {
  await settled();
  const { view, q } = place.peek();
  // Only what the list on the screen shows for this query is opened.
  if (view !== "console" || answered.value !== q) return;
  const hit = hits.value[active.value];
  if (hit) {
    openContact(hit.id);
    usedKey("Enter");
  } else if (!hits.value.length && answered.value?.trim() && may("create")) go({ create: true });
}

/** Highlights another hit; its preview takes the place of a card that is open. @param {number} step */
function move(step) {
  active.value = Math.max(0, Math.min(hits.value.length - 1, active.value + step));
  const { view, contact, pinned } = place.peek();
  if (view === "console" && contact && !pinned && !narrow.peek()) go({ contact: null });
}

function SearchBox() {
  const { q, view, contact, create } = place.value;
  /** On the page of contacts the text is its filter, and the page asks. */
  const isFilter = view === "contacts";
  const box = useRef(/** @type {HTMLInputElement|null} */ (null));
  // The first letter after anything else makes an entry for Back, the next ones correct it.
  const typed = useRef(/** @type {unknown} */ (null));
  const [expanded, setExpanded] = useState(false);

  // Before the first paint, so that no letter is lost that somebody types at once.
  useLayoutEffect(() => {
    if (view === "console" && !place.peek().contact && !place.peek().create) box.current?.focus();
  }, []);
  useEffect(() => setExpanded(view === "console" && hits.value.length > 0), [view, hits.value]);

  const onInput = (/** @type {any} */ event) => {
    const next = event.target.value;
    const replace = typed.current === place.peek();
    // On a narrow screen the card would lie over the answers.
    const over = narrow.value ? { contact: null } : {};
    go({ q: next, create: false, ...over, ...(view === "pop" ? { view: "console", number: "" } : {}) }, { replace });
    typed.current = place.peek();
    // Asked here and not after the next paint: the answer should come with the keystroke.
    if (!isFilter) void search(next);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = 8;
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page });
    if (isFilter && ["ArrowDown", "Enter"].includes(event.key)) {
      document.getElementById("table")?.focus();
    } else if (event.key in steps) {
      move(steps[event.key]);
      usedKey("Arrow");
    } else if (event.key === "Enter") void openActive();
    else if (event.key === "Escape") {
      if (q) go({ q: "" });
      else if (contact || create || view === "pop") go({ view: "console", contact: null, create: false, number: "" });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const current = hits.value[active.value];
  return html`<div class="search" role="search">
    <${Icon} name="search" />
    <input id="search" ref=${box} type="text" role="combobox" aria-label=${t("Search contacts")} aria-autocomplete="list"
      aria-controls=${expanded ? "results" : undefined} aria-expanded=${String(expanded)}
      aria-activedescendant=${expanded && current ? `hit-${current.id}` : undefined}
      placeholder=${t("Search name, number, company, tag…")} autocomplete="off" autocapitalize="off" spellcheck=${false} enterkeyhint="search"
      value=${q} onInput=${onInput} onKeyDown=${onKeyDown} />
    ${q
      ? html`<button type="button" class="quiet" aria-label=${t("Clear the search")} title=${t("Clear (Esc)")}
          onClick=${() => { go({ q: "" }); box.current?.focus(); }}><${Icon} name="close" /></button>`
      : html`<${Hint} keys="/" />`}
    <span class="count" role="status" data-test="count">${view === "console" || view === "pop" ? html`<${Count} />` : null}</span>
    <span class=${slow.value ? "progress on" : "progress"} aria-hidden="true"></span>
  </div>`;
}

const THEMES = /** @type {Record<string, string>} */ ({ auto: t("as the system"), light: "light", dark: "dark" });

export function TopBar() {
  return html`<header class="bar">
    <a class="brand" href="/" onClick=${(/** @type {Event} */ event) => {
      event.preventDefault();
      goPage("console");
      focusSearch();
    }}>${t("Ringdex")}</a>
    <${SearchBox} />
    <nav class="tools" aria-label=${t("Tools")}>
      <${JobChip} />
      ${may("create") ? html`<button type="button" class="tool" onClick=${() => go({ create: true, contact: null })} title=${t("New contact (n)")}>
        <${Icon} name="plus" /><span class="wide">${t("New")}</span>${isLearned("n") ? null : html`<${Hint} keys="n" />`}
      </button>` : null}
      <button type="button" class="tool keys-help" aria-label=${t("Help and keys")} title=${t("Help and keys (?)")} onClick=${() => (dialog.value = "keys")}>
        <${Icon} name="keys" />
      </button>
      <button type="button" class="tool" aria-label=${t("Colours: {0}", THEMES[theme.value])} title=${t("Colours: {0}", THEMES[theme.value])}
        onClick=${switchTheme}><${Icon} name=${theme.value} /></button>
      <${UserMenu} />
    </nav>
  </header>`;
}
