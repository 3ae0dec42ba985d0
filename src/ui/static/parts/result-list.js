// @ts-check
// The hits of the running search. Only the rows in sight are in the document; every row
// has the same height, so a million hits scroll like ten.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../dom.js";
import { active, answered, hits, meant, problem, refresh, searchMore, total, warnings } from "../state/search.js";
import { go, goPage, openContact, place } from "../state/url.js";
import { problemText } from "../text/words.js";
import { HitRow } from "./hit-row.js";
import { may } from "../state/me.js";
import { dialog } from "../state/session.js";
import { Hint } from "./hint.js";
import { say, t } from "../text/say.js";

/** Must agree with --row in app.css. */
const ROW = 56;
const OVERSCAN = 6;
const AHEAD = 20;

/** What a query without letters but with digits is taken for. @param {string} q */
export const looksLikeNumber = (q) => /^[\d\s+().\-/]+$/.test(q) && q.replace(/\D/g, "").length >= 3;

function Empty() {
  const q = answered.value.trim();
  if (!q) {
    return html`<div class="empty" data-test="first-run">
      <h2>${t("No contacts yet")}</h2>
      ${may("import") ? html`<p>${t("Bring a list in: CSV, Excel, vCards, or a Google Sheet.")}</p>
      <button type="button" class="button main" onClick=${() => goPage("import")} data-test="first-import">${t("Import a list")}</button>` : null}
      ${may("create") ? html`<p>${may("import") ? t("Or begin with one by hand.") : t("Begin with one by hand.")}</p>
      <button type="button" class="button" onClick=${() => go({ create: true })}>${t("New contact")} <${Hint} keys="n" /></button>` : null}
    </div>`;
  }
  const number = looksLikeNumber(q);
  return html`<div class="empty" data-test="nobody">
    <h2>${number ? t("Nobody has this number yet") : t("Nobody found")}</h2>
    <p>${number ? t("Any part of a number finds it, with or without the country code.") : t("A part of the name is enough, in any order. A number, company, e-mail or tag works as well.")}</p>
    ${may("create") ? html`<button type="button" class="button" onClick=${() => go({ create: true })}>
      ${say("New contact with “{0}”", q)} <${Hint} keys="Enter" />
    </button>` : null}
  </div>`;
}

function Trouble() {
  if (!problem.value) return null;
  return html`<div class="trouble" role="alert">
    ${problemText(problem.value)} <button type="button" class="link" onClick=${() => refresh()}>${t("Try again")}</button>
  </div>`;
}

function headline() {
  if (warnings.value.length) return warnings.value.join(" · ");
  if (hits.value[0]?.match?.weak) return html`${t("Nobody found as typed. Perhaps one of these?")} <kbd>↓</kbd> ${t("chooses.")}`;
  return answered.value?.trim() ? t("Best match first") : t("Changed last first");
}

/** Where those are that the list leaves out. */
function Elsewhere() {
  if (answered.value?.trim()) return null;
  return html`<span class="elsewhere">
    <button type="button" class="link" onClick=${() => go({ q: "status:archived" })}>${t("Archived")}</button>
    ${may("delete") ? html`<button type="button" class="link" onClick=${() => (dialog.value = "trash")}>${t("Deleted")}</button>` : null}
  </span>`;
}

export function ResultList() {
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  const [view, setView] = useState({ top: 0, height: 800 });
  const rows = hits.value;

  const measure = () => {
    const box = list.current;
    if (box) setView({ top: box.scrollTop, height: box.clientHeight });
  };
  useLayoutEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    if (list.current) observer.observe(list.current);
    return () => observer.disconnect();
  }, [rows.length === 0]);
  useLayoutEffect(() => {
    if (list.current) list.current.scrollTop = 0;
  }, [answered.value]);
  useLayoutEffect(() => {
    const box = list.current;
    if (!box) return;
    const top = active.value * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
  }, [active.value]);

  const first = Math.max(0, Math.floor(view.top / ROW) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + OVERSCAN);
  // Whoever only types on looks at the first ones: the next are asked for by who goes on to them.
  const ahead = view.top > 0 ? AHEAD : 0;
  const seen = Math.ceil((view.top + view.height) / ROW);
  const wantsMore = seen + ahead >= rows.length && rows.length < total.value;
  useEffect(() => {
    if (wantsMore) void searchMore();
  }, [wantsMore, rows.length]);

  if (answered.value === null) return html`<${Trouble} />`;
  return html`<p class=${warnings.value.length ? "headline warn" : "headline"}>${headline()}${meant.value ? html`${say("{0}Did you mean", " · ")} <button type="button" class="link" data-test="meant" onClick=${() => go({ q: meant.value })}>${meant.value}</button>?` : null}<${Elsewhere} /></p>
    <${Trouble} />
    ${rows.length === 0
      ? html`<${Empty} />`
      : html`<ul class="rows" id="results" role="listbox" aria-label=${t("Contacts")} ref=${list} onScroll=${measure}
          data-test="results" data-answered=${answered.value}>
          <li role="presentation" class="extent" style=${{ height: `${rows.length * ROW}px` }}></li>
          ${rows.slice(first, last).map((hit, index) => html`<${HitRow} key=${hit.id} hit=${hit} index=${first + index}
            top=${(first + index) * ROW} count=${total.value} isActive=${first + index === active.value}
            isOpen=${hit.id === place.value.contact}
            onOpen=${() => { active.value = first + index; openContact(hit.id); }} />`)}
        </ul>`}`;
}
