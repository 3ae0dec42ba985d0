// @ts-check
// All contacts as a table or as cards: filtered by the query text, selected, changed many at once.

import { html, useEffect, useRef, useState } from "../dom.js";
import { listContacts } from "../api.js";
import { Card } from "../parts/card.js";
import { ContactForm } from "../parts/contact-form.js";
import { Icon } from "../parts/icons.js";
import { may } from "../state/me.js";
import { useLive } from "../state/live.js";
import { record } from "../state/records.js";
import { narrow } from "../state/session.js";
import { go, goMore, openContact, place } from "../state/url.js";
import { mainPhone, phoneText } from "../text/phone.js";
import { duration, numeral, plural } from "../text/words.js";
import { saidOf } from "../state/items.js";
import { LIST_MS } from "../work/list-page.js";
import { PER_PAGE, useRows } from "../work/rows.js";
import { Nothing } from "../work/sheet.js";
import { Table } from "../work/table.js";
import { Bulk } from "./bulk.js";
import { CellEditor, cellOf } from "./cell.js";
import { ColumnChoice, columns, Name } from "./columns.js";
import { Filters, saidField, saidValue } from "./filters.js";
import { RowMenu } from "./menu.js";
import { partsOf, readPart, withoutPart } from "./query.js";
import { clear, isWhole, put, selected } from "./state.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
/** Pages of contacts reach so far. */
const MOST = 1_000_000;
/** From this width on there is room for the filters beside the table. */
const WIDE = 1100;

/** The parts of the query, each to be taken away. */
function Chips() {
  const { q, more } = place.value;
  const parts = partsOf(q);
  if (!parts.length && !more.start) return null;
  return html`<div class="chips" role="group" aria-label=${t("The filter")} data-test="chips">${parts.map((text, index) => {
    const { field, values, isNot } = readPart(text);
    const said = field ? `${isNot ? "not " : ""}${saidField(field)}: ${values.map((value) => saidValue(field, value)).join(" or ")}` : text;
    return html`<span class="chip" key=${`${index}${text}`}>${said}<button type="button" class="quiet" aria-label=${t("Without {0}", said)} onClick=${() => go({ q: withoutPart(q, index) })}><${Icon} name="close" /></button></span>`;
  })}${more.start ? html`<span class="chip">${say("From {0} on", more.start)}<button type="button" class="quiet" aria-label=${t("From the beginning")} onClick=${() => goMore({ start: "" })}><${Icon} name="close" /></button></span>` : null}</div>`;
}

/** @param {{sort: string}} props */
function Letters({ sort }) {
  const { more } = place.value;
  if (!["name", "last_name", "first_name", "company"].includes(sort)) return null;
  return html`<div class="letters" role="group" aria-label=${t("Begin at a letter")} data-test="letters">${LETTERS.map((letter) => html`<button type="button" key=${letter} aria-pressed=${String(more.start === letter)}
    onClick=${() => goMore({ start: more.start === letter ? "" : letter })}>${letter}</button>`)}</div>`;
}

/** @param {Item} row */
function card(row) {
  const phone = mainPhone(/** @type {any} */ (row));
  return html`<p><${Name} row=${row} /></p><p class="num">${phone ? phoneText(phone) : (row.emails?.[0]?.address ?? "")}</p><p class="quiet-text">${[row.company, row.title].filter(Boolean).join(" · ")}</p>
    <p>${(row.tags ?? []).slice(0, 3).map((/** @type {string} */ tag) => html`<span class="tag">${tag}</span>`)}</p>`;
}

/** Where the table is, and steps of a screen. @param {{first: number, last: number, total: number, exact: boolean, took: number|undefined}} props */
function Pager({ first, last, total, exact, took }) {
  const step = (/** @type {number} */ by) => () => {
    const table = document.getElementById("table");
    table?.scrollBy({ top: by * (table.clientHeight - 76) });
  };
  return html`<div class="pager"><span role="status" data-test="pager">${total ? t("{0}–{1} of ", numeral(first + 1), numeral(Math.min(last, total))) : ""}${exact ? "" : t("about ")}${plural(total, "contact")}</span>
    ${took === undefined ? null : html`<span class="took"> · ${duration(took)}</span>`}
    <button type="button" class="quiet" aria-label=${t("A screen back")} disabled=${first <= 0} onClick=${step(-1)}><${Icon} name="up" /></button>
    <button type="button" class="quiet" aria-label=${t("A screen on")} disabled=${last >= total} onClick=${step(1)}><${Icon} name="down" /></button></div>`;
}

/** The card or form beside the table. @param {{rows: any, onMade: () => void}} props */
function Side({ rows, onMade }) {
  const { contact, create, q } = place.value;
  const saved = contact ? record(contact).value.contact : null;
  useEffect(() => {
    if (saved) rows.put(saved);
  }, [saved?.version]);
  const was = useRef(create);
  useEffect(() => {
    if (was.current && !create && contact) onMade();
    was.current = create;
  }, [create, contact]);
  if (create && may("create")) return html`<section class="card-side" aria-label=${t("Contact")}><${ContactForm} start=${partsOf(q).length ? "" : q.trim()} /></section>`;
  if (!contact) return null;
  return html`<section class="card-side card-over" aria-label=${t("Contact")}><${Card} key="card" id=${contact} /></section>`;
}

export function Contacts() {
  const { q, more, contact, create } = place.value;
  const isTrash = more.deleted === "1";
  const hasWords = partsOf(q).some((text) => !readPart(text).field && !/^[-(]|:/.test(text));
  const sort = more.sort ?? (hasWords ? "" : "name");
  const look = narrow.value ? "cards" : (more.look ?? "table");
  const params = { q: q.trim(), sort: sort || undefined, start: sort.startsWith("-") ? undefined : more.start, deleted: isTrash ? "true" : undefined };
  const key = JSON.stringify(params);
  const fresh = useRef(false);
  const rows = useRows(key, async (page, signal) => {
    const found = await listContacts(/** @type {any} */ ({ ...params, page, per_page: 100, refresh: fresh.current ? "wait" : undefined }), signal);
    return { ...found, items: found.contacts, total_exact: found.total_exact !== false };
  }, MOST);
  const [open, setOpen] = useState(innerWidth >= WIDE);
  const [kind, setKind] = useState(/** @type {string|null} */ (null));
  const [menu, setMenu] = useState(/** @type {{row: Item, x: number, y: number, column?: string}|null} */ (null));
  const [editing, setEditing] = useState(/** @type {{id: string, column: string}|null} */ (null));
  const lastEdited = useRef("");
  const [sight, setSight] = useState({ first: 0, last: 0 });
  const [version, setVersion] = useState(0);
  useEffect(() => {
    clear();
    setKind(null);
  }, [key]);
  useEffect(() => {
    document.title = `${t("Contacts")} · Ringdex`;
    return () => {
      document.title = "Ringdex";
    };
  }, []);
  const again = () => {
    fresh.current = true;
    setVersion((now) => now + 1);
    rows.again();
  };
  useLive(({ kind, record_id: id, gone, data }) => {
    if (kind !== "contact") return false;
    if (!gone) rows.put(data);
    // What somebody has selected or scrolled to does not move.
    return rows.loaded.length <= PER_PAGE && !selected.peek().size && !isWhole.peek() && (gone || !rows.loaded.some((one) => one.id === id));
  }, rows.again, LIST_MS);
  const asked = { q, total: rows.total };
  const shown = columns();
  const selecting = {
    has: (/** @type {string} */ id) => isWhole.value || selected.value.has(id),
    put,
    isAll: isWhole.value || (rows.loaded.length > 0 && rows.loaded.every((one) => selected.value.has(one.id))),
    all: (/** @type {boolean} */ on) => (on ? put(rows.loaded, true) : clear()),
  };
  const onKey = (/** @type {string} */ pressed, /** @type {Item|undefined} */ row) => {
    if (pressed === "Escape") {
      if (contact || create) go({ contact: null, create: false });
      else clear();
      return true;
    }
    if (pressed === "ContextMenu" && row) {
      const at = document.getElementById(`row-${row.id}`)?.getBoundingClientRect();
      setMenu({ row, x: (at?.left ?? 0) + 40, y: at?.bottom ?? 0 });
      return true;
    }
    const first = shown.find((one) => cellOf(one.key))?.key;
    if (["F2", "e"].includes(pressed) && row && first && mayCells) {
      setEditing({ id: row.id, column: first });
      return true;
    }
    return false;
  };
  const mayCells = may("edit") && !isTrash && look === "table";
  /** The cell that is edited. @param {Item} row @param {import("../work/table.js").Column} column */
  const editor = (row, column) => {
    const cell = editing?.id === row.id && editing.column === column.key ? cellOf(column.key) : undefined;
    if (!cell) return undefined;
    const end = (/** @type {number} */ step) => {
      const all = shown.filter((one) => cellOf(one.key));
      const next = step ? all[all.indexOf(column) + step] : undefined;
      setEditing(next ? { id: row.id, column: next.key } : null);
      if (!next) document.getElementById("table")?.focus();
    };
    return html`<${CellEditor} key=${`${row.id}${column.key}`} row=${row} column=${column} cell=${cell} onEnd=${end} />`;
  };
  useEffect(() => {
    // What is saved in a cell is in its row at once.
    const saved = editing ? null : lastEdited.current && record(lastEdited.current).peek().contact;
    if (saved) rows.put(saved);
    lastEdited.current = editing?.id ?? "";
  }, [editing]);
  const toggleRow = (/** @type {Item} */ row) => put([row], !selected.peek().has(row.id));
  return html`<main class=${contact || create ? "page with-card" : "page"} data-test="contacts" data-answered=${rows.isNow ? q : undefined}>
    ${open ? html`<${Filters} version=${String(version)} onClose=${() => narrow.value && setOpen(false)} />` : null}
    <section class="page-main" aria-label=${t("Contacts")}>
      <div class="page-head">
        <button type="button" class="button" aria-pressed=${String(open)} onClick=${() => setOpen(!open)} data-test="toggle-filters"><${Icon} name="filter" />${t("Filters")}</button>
        <h1>${isTrash ? t("Deleted contacts") : t("Contacts")}</h1><${Chips} />
        <span class="push">
          ${narrow.value ? null : html`<span class="switch" role="group" aria-label=${t("Look")}><button type="button" aria-pressed=${String(look === "table")} aria-label=${t("Table")} title=${t("Table")} onClick=${() => goMore({ look: "" })}><${Icon} name="table" /></button>
            <button type="button" aria-pressed=${String(look === "cards")} aria-label=${t("Cards")} title=${t("Cards")} onClick=${() => goMore({ look: "cards" })} data-test="look-cards"><${Icon} name="grid" /></button></span>
          ${look === "table" ? html`<${ColumnChoice} />` : null}`}
          ${may("export") && !isTrash ? html`<button type="button" class="button" aria-pressed=${String(kind === "export")} data-test="open-export" onClick=${() => setKind(kind === "export" ? null : "export")}><${Icon} name="export" />${t("Export")}</button>` : null}
        </span>
      </div>
      ${isTrash ? null : html`<${Letters} sort=${sort} />`}
      ${rows.problem ? html`<div class="trouble" role="alert">${saidOf(rows.problem)} <button type="button" class="link" onClick=${again}>${t("Try again")}</button></div>` : null}
      ${rows.answer?.warnings?.length ? html`<p class="headline warn">${rows.answer.warnings.join(" · ")}</p>` : null}
      ${rows.key !== null && rows.total === 0 ? html`<${Nothing} title=${isTrash ? t("Nobody is deleted") : t("Nobody found")}>${q.trim() && !isTrash ? html`<p>${t("Take a part of the filter away, or")} <button type="button" class="link" onClick=${() => go({ q: "" })}>${t("show all contacts")}</button>.</p>` : null}<//>`
        : html`<${Table} label=${t("Contacts")} columns=${shown} total=${rows.total} at=${rows.at} need=${(/** @type {number} */ first, /** @type {number} */ last) => rows.need(first, last)}
          sort=${sort} onSort=${(/** @type {string} */ next) => goMore({ sort: next, start: "" }, { replace: true })} onOpen=${(/** @type {Item} */ row) => (isTrash ? toggleRow(row) : openContact(row.id))}
          selection=${selecting} onMenu=${isTrash ? undefined : (/** @type {Item} */ row, /** @type {number} */ x, /** @type {number} */ y, /** @type {string|undefined} */ column) => setMenu({ row, x, y, column })} editor=${editor}
          onKey=${onKey} card=${look === "cards" ? card : undefined} opened=${contact} reset=${key} onSight=${(/** @type {number} */ first, /** @type {number} */ last) => setSight({ first, last })} />`}
      <${Bulk} asked=${asked} kind=${kind} setKind=${setKind} isTrash=${isTrash} onDone=${again} />
      <${Pager} ...${sight} total=${rows.total} exact=${rows.exact} took=${rows.answer?.took_us} />
    </section>
    <${Side} rows=${rows} onMade=${again} />
    ${menu ? html`<${RowMenu} ...${menu} edits=${mayCells && menu.column && cellOf(menu.column) ? shown.find((one) => one.key === menu.column)?.label : undefined} onEdit=${() => setEditing({ id: menu.row.id, column: menu.column ?? "" })} onClose=${() => setMenu(null)} onKind=${setKind} />` : null}
  </main>`;
}
