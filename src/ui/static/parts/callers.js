// @ts-check
// Everybody who has the number of a caller, the likeliest first. Arrows move, Enter opens, and
// typing narrows the list.

import { html, useEffect, useRef, useState } from "../dom.js";
import { listContacts, MOST_CALLERS, Problem } from "../api.js";
import { may } from "../state/me.js";
import { go, openContact, place } from "../state/url.js";
import { ago } from "../text/time.js";
import { duration, label, mayCall, problemText, whyText } from "../text/words.js";
import { Icon } from "./icons.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../api.js").Lookup} Lookup @typedef {import("../api.js").Caller} Caller */

/** So many people are worth a box to narrow them down. */
const MANY = 6;
const PAGE = 500;

/** @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Whether every word is the beginning of a word of somebody. @param {Caller} one @param {string} q */
function fits(one, q) {
  const words = plain([one.display_name, one.company, one.title, ...(one.tags ?? [])].filter(Boolean).join(" ")).split(/[^\p{L}\p{N}]+/u);
  return plain(q).split(/\s+/).filter(Boolean).every((wanted) => words.some((word) => word.startsWith(wanted)));
}

/** Those whom a lookup does not answer because there are too many. @param {Lookup} found @param {AbortSignal} signal */
async function others(found, signal) {
  const known = new Set(found.results.map((one) => one.id));
  /** @type {Caller[]} */
  const more = [];
  for (let cursor = /** @type {string|null|undefined} */ (null), first = true; first || cursor; first = false) {
    const page = await listContacts({ q: `phone:${found.query.e164 ?? found.query.raw}`, per_page: PAGE, cursor }, signal);
    more.push(...page.contacts.filter((one) => !known.has(one.id)).map((one) => ({ ...(/** @type {any} */ (one)), why: t("same number") })));
    cursor = page.next_cursor;
  }
  return more;
}

/** @param {{found: Lookup}} props */
export function Callers({ found }) {
  const [more, setMore] = useState(/** @type {Caller[]} */ ([]));
  const [problem, setProblem] = useState(/** @type {string|null} */ (null));
  const [q, setQ] = useState("");
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  const box = useRef(/** @type {HTMLInputElement|null} */ (null));
  const all = [...found.results, ...more];
  const shown = q.trim() ? all.filter((one) => fits(one, q)) : all;

  useEffect(() => {
    const asking = new AbortController();
    setMore([]);
    if (found.count > MOST_CALLERS) {
      others(found, asking.signal).then((rest) => !asking.signal.aborted && setMore(rest))
        .catch((error) => !asking.signal.aborted && setProblem(error instanceof Problem ? problemText(error) : String(error)));
    }
    if (found.count > 1 && !place.peek().contact) list.current?.querySelector("button")?.focus();
    return () => asking.abort();
  }, [found]);

  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = /** @type {HTMLElement[]} */ ([...(list.current?.querySelectorAll("button") ?? [])]);
    const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 });
    const inBox = event.target === box.current;
    if (event.key in steps) {
      const next = at + steps[event.key];
      if (next < 0 && box.current && event.key === "ArrowUp") box.current.focus();
      else rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
    } else if (inBox && event.key === "Enter") rows[0]?.click();
    else if (inBox && event.key === "Escape" && q) setQ("");
    // Letters narrow the list wherever the focus is in it; they are no commands here.
    else if (box.current && !inBox && event.key.length === 1 && event.key !== " ") {
      setQ(q + event.key);
      box.current.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="callers" data-test="candidates" data-count=${shown.length} onKeyDown=${onKeyDown}>
    <p class="headline" role="status">${found.count === 1 ? t("One person has this number") : t("{0} people have this number", found.count)}${q.trim() ? t(", {0} of them fit", shown.length) : found.took_us === undefined ? "" : ` · ${duration(found.took_us)}`}</p>
    ${problem ? html`<div class="trouble" role="alert">${say("Not all of them are listed. {0}", problem)}</div>` : null}
    ${found.count > MANY ? html`<div class="narrow"><input ref=${box} class="editor" type="text" aria-label=${t("Narrow them down")} placeholder=${t("Type a name or company")} autocomplete="off" spellcheck=${false}
      value=${q} onInput=${(/** @type {any} */ event) => setQ(event.target.value)} data-test="narrow" /></div>` : null}
    <ol class="candidates" aria-label=${t("Who it may be")} ref=${list}>${shown.map((one) => html`<${Candidate} key=${one.id} one=${one} />`)}</ol>
    ${may("create") ? html`<p class="headline"><button type="button" class="link" onClick=${() => go({ create: true, contact: null })}>${t("Somebody else: new contact with this number")}</button></p>` : null}
  </div>`;
}

/** @param {{one: Caller}} props */
function Candidate({ one }) {
  const { may: mayBeCalled, facts } = mayCall(one);
  const last = one.last_call?.at ?? one.last_call?.started_at;
  const isOpen = one.id === place.value.contact;
  return html`<li><button type="button" class=${isOpen ? "row open" : "row"} aria-current=${isOpen ? "true" : undefined} onClick=${() => openContact(one.id)}>
    <span class="row-line"><span class="name">${one.display_name}</span><span class="number">${one.phone_label ? label(one.phone_label) : ""}</span></span>
    <span class="row-line"><span class="second">${mayBeCalled ? null : html`<span class="bad"><${Icon} name=${facts[0].icon} />${facts[0].text}</span>`}
      ${one.company ? html`<span>${one.company}</span>` : null}${(one.tags ?? []).slice(0, 3).map((tag) => html`<span class="tag">${tag}</span>`)}
      ${last ? html`<span>${say("called {0}", ago(last))}</span>` : null}</span>
    <span class="why">${whyText(one.why)}</span></span>
  </button></li>`;
}
