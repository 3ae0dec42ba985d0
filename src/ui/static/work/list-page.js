// @ts-check
// A page with the records of a kind: find, filter and sort them; the one that is chosen opens in a
// sheet beside the table, where it is changed, deleted and brought back.

import { html, useEffect, useRef, useState } from "../dom.js";
import { Icon } from "../parts/icons.js";
import { may } from "../state/me.js";
import { nounOf, useLive } from "../state/live.js";
import { narrow } from "../state/session.js";
import { goMore, place } from "../state/url.js";
import { plural } from "../text/words.js";
import { act, complain, createItem, deleteItem, findItem, listItems, restoreItem, saidOf, updateItem } from "../state/items.js";
import { RecordForm } from "./form.js";
import { PER_PAGE, useRows } from "./rows.js";
import { Nothing, Sheet } from "./sheet.js";
import { Table } from "./table.js";
import { lower, say, t } from "../text/say.js";

/**
 * @typedef {import("../state/items.js").Item} Item
 * @typedef {{noun: string, title: string, one: string, many?: string, sort: string, columns: import("./table.js").Column[], fields: () => import("./form.js").FormField[],
 *   filters?: {key: string, label: string, options: () => [string, string][], start?: string}[], empty: any, card?: (row: Item) => any, mayEdit?: () => boolean,
 *   detail?: (props: {item: Item, again: () => void}) => any, params?: Record<string, string>, prepare?: (body: Record<string, any>) => Record<string, any>,
 *   Board?: any, hasTrash?: boolean, onMade?: (made: Item) => void, hasFind?: boolean, onKey?: (key: string, row: Item|undefined, again: () => void) => boolean|void}} Spec
 */

/** A list that others change follows so often. */
export const LIST_MS = 1500;

/** The sheet of one record, or of a new one. @param {{spec: Spec, id: string, onSaved: (item: Item) => void, again: () => void, start?: Record<string, any>}} props */
export function ItemSheet({ spec, id, onSaved, again, start = {} }) {
  const isNew = id === "new";
  const [item, setItem] = useState(/** @type {Item|null} */ (null));
  const [problem, setProblem] = useState("");
  const mayEdit = spec.mayEdit ? spec.mayEdit() : may("edit");
  const close = () => goMore({ open: "" });
  const load = () => findItem(spec.noun, id).then((found) => { setItem(found); setProblem(""); }, (error) => setProblem(saidOf(error)));
  useEffect(() => {
    setItem(null);
    setProblem("");
    if (!isNew) void load();
  }, [id]);
  useLive((told) => told.record_id === id && nounOf(told.kind) === spec.noun, () => isNew || void load());
  const name = item ? (item.name ?? item.title ?? item.label ?? t(spec.one)) : "";
  const remove = () => act(() => deleteItem(spec.noun, id), t("{0} is deleted.", name), spec.hasTrash === false ? null : () => restoreItem(spec.noun, id), () => { close(); again(); });
  const save = async (/** @type {Record<string, any>} */ body) => {
    const wanted = spec.prepare ? spec.prepare(body) : body;
    if (isNew) {
      const made = await createItem(spec.noun, { ...start, ...wanted });
      spec.onMade?.(made);
      onSaved(made);
      goMore({ open: made.id ?? "" }, { replace: true });
      return true;
    }
    if (!item || !Object.keys(wanted).length) return close();
    const before = Object.fromEntries(Object.keys(wanted).map((key) => [key, item[key] ?? null]));
    return act(async () => {
      const saved = await updateItem(spec.noun, item, wanted);
      setItem(saved);
      onSaved(saved);
    }, t("{0} is saved.", name), async () => {
      const now = await findItem(spec.noun, id);
      const back = await updateItem(spec.noun, now, before);
      setItem(back);
      onSaved(back);
    });
  };
  if (problem) return html`<${Sheet} title=${t(spec.one)} onClose=${close}><p class="bad" role="alert">${problem}</p><//>`;
  if (!isNew && !item) return html`<${Sheet} title=${t(spec.one)} onClose=${close}><p aria-busy="true">…</p><//>`;
  if (!mayEdit) {
    return html`<${Sheet} title=${name} onClose=${close}><dl class="facts">${spec.fields().map(({ key, label }) => item?.[key] ? html`<div class="field fixed"><dt>${label}</dt><dd><span class="value">${String(item[key])}</span></dd></div>` : null)}</dl>
      ${spec.detail && item ? spec.detail({ item, again }) : null}<//>`;
  }
  return html`<${Sheet} title=${isNew ? t(`New ${spec.one}`) : name} onClose=${close}>
    <${RecordForm} key=${id} name=${isNew ? t(`New ${spec.one}`) : name} fields=${spec.fields()} item=${item ?? undefined} save=${isNew ? t(`Make the ${spec.one}`) : t("Save")} onSave=${save} onClose=${close} />
    ${item && spec.detail ? spec.detail({ item, again: () => { void load(); again(); } }) : null}
    ${item ? html`<p><button type="button" class="button danger" onClick=${remove} data-test="delete-item"><${Icon} name="trash" />${t("Delete")}</button></p>` : null}
  <//>`;
}

/** @param {{spec: Spec}} props */
export function ListPage({ spec }) {
  const { more } = place.value;
  const isTrash = more.deleted === "1";
  const sort = more.sort ?? spec.sort;
  const filters = Object.fromEntries((spec.filters ?? []).map(({ key, start }) => [key, more[key] === "any" ? "" : (more[key] ?? start ?? "")]));
  const params = { ...spec.params, ...filters, q: (more.find ?? "").trim(), sort, deleted: isTrash ? "true" : undefined };
  const key = JSON.stringify(params);
  const rows = useRows(key, (page, signal) => listItems(spec.noun, { ...params, page, per_page: PER_PAGE }, signal));
  useLive((told) => {
    if (nounOf(told.kind) !== spec.noun) return false;
    const isThere = rows.loaded.some((one) => one.id === told.record_id);
    if (isThere && !told.gone) rows.put(told.data);
    // Further down the rows that are in sight stay.
    return rows.loaded.length <= PER_PAGE && (told.gone || !isThere);
  }, rows.again, LIST_MS);
  const mayEdit = spec.mayEdit ? spec.mayEdit() : may("edit");
  const isBoard = Boolean(spec.Board) && more.look === "board";
  const find = useRef(/** @type {HTMLInputElement|null} */ (null));
  useEffect(() => {
    document.title = `${spec.title} · Ringdex`;
    return () => {
      document.title = "Ringdex";
    };
  }, []);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
    if (event.key === "Escape" && !event.defaultPrevented && more.open) {
      event.preventDefault();
      goMore({ open: "" });
    } else if (!isTyping && event.key === "f" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      find.current?.focus();
    }
  };
  const open = (/** @type {Item} */ row) => goMore({ open: row.id });
  const restore = (/** @type {Item} */ row) => act(() => restoreItem(spec.noun, row.id), t("{0} is back.", row.name ?? row.title ?? t(spec.one)), null, rows.again);
  const found = (spec.card && narrow.value) ? spec.card : undefined;
  return html`<main class="page" onKeyDown=${onKeyDown} data-test=${spec.noun} data-answered=${rows.isNow ? key : undefined}>
    <section class="page-main" aria-label=${spec.title}>
      <div class="page-head"><h1>${isTrash ? t("Deleted: {0}", lower(spec.title)) : spec.title}</h1>
        <span class="count" role="status">${rows.key === null ? "" : `${rows.exact ? "" : t("about ")}${plural(rows.total, spec.one, spec.many)}`}</span>
        ${spec.hasFind === false ? null : html`<input type="search" class="editor" ref=${find} aria-label=${t("Find in {0}", lower(spec.title))} placeholder=${t("Find (f)")} value=${more.find ?? ""} onInput=${(/** @type {any} */ event) => goMore({ find: event.target.value }, { replace: Boolean(more.find) })} data-test="find" />`}
        ${(spec.filters ?? []).map(({ key: name, label, options }) => html`<select class="editor" key=${name} aria-label=${label} onChange=${(/** @type {any} */ event) => goMore({ [name]: event.target.value || "any" })} data-test=${`filter-${name}`}>
          ${options().map(([value, text]) => html`<option value=${value} selected=${value === filters[name]}>${text}</option>`)}</select>`)}
        <span class="push">
          ${spec.Board ? html`<span class="switch" role="group" aria-label=${t("Look")}><button type="button" aria-pressed=${String(!isBoard)} onClick=${() => goMore({ look: "" })}>${t("List")}</button><button type="button" aria-pressed=${String(isBoard)} onClick=${() => goMore({ look: "board" })} data-test="look-board">${t("Board")}</button></span>` : null}
          ${spec.hasTrash === false ? null : html`<button type="button" class="link" onClick=${() => goMore({ deleted: isTrash ? "" : "1", open: "" })}>${isTrash ? t("Those that are there") : t("Deleted")}</button>`}
          ${mayEdit && !isTrash ? html`<button type="button" class="button main" onClick=${() => goMore({ open: "new" })} data-test="new-item"><${Icon} name="plus" />${t(`New ${spec.one}`)}</button>` : null}
        </span></div>
      ${rows.problem ? html`<div class="trouble" role="alert">${saidOf(rows.problem)} <button type="button" class="link" onClick=${rows.again}>${t("Try again")}</button></div>` : null}
      ${isBoard ? html`<${spec.Board} rows=${rows} onOpen=${open} />`
        : rows.key !== null && rows.total === 0 ? html`<${Nothing} title=${isTrash ? t("Nothing is deleted") : more.find || Object.keys(filters).some((name) => more[name]) ? t("Nothing found") : t(`No ${spec.many ?? `${spec.one}s`} yet`)}>${isTrash ? null : html`<p>${spec.empty}</p>`}<//>`
        : html`<${Table} label=${spec.title} columns=${isTrash ? [...spec.columns.slice(0, 3), { key: "restore", label: "", cell: (/** @type {Item} */ row) => html`<button type="button" class="link" onClick=${(/** @type {Event} */ event) => { event.stopPropagation(); void restore(row); }}>${t("Restore")}</button>` }] : spec.columns} total=${rows.total} at=${rows.at} need=${(/** @type {number} */ first, /** @type {number} */ last) => rows.need(first, last)}
          sort=${sort} onSort=${(/** @type {string} */ next) => goMore({ sort: next }, { replace: true })} onOpen=${isTrash ? restore : open} card=${found} opened=${more.open} reset=${key}
          onKey=${(/** @type {string} */ pressed, /** @type {Item|undefined} */ row) => spec.onKey?.(pressed, row, rows.again)} />`}
    </section>
    ${more.open && !isTrash ? html`<${ItemSheet} spec=${spec} id=${more.open} again=${rows.again} onSaved=${(/** @type {Item} */ item) => (rows.loaded.some((one) => one.id === item.id) ? rows.put(item) : rows.again())} />` : null}
  </main>`;
}

/** Rows of something that is small enough to come whole. @param {string} noun @param {Record<string, unknown>} [params] */
export function useItems(noun, params) {
  const [items, setItems] = useState(/** @type {Item[]|null} */ (null));
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const asking = new AbortController();
    listItems(noun, params, asking.signal).then((found) => !asking.signal.aborted && setItems(found.items), (error) => !asking.signal.aborted && complain(error));
    return () => asking.abort();
  }, [noun, JSON.stringify(params), attempt]);
  const again = () => setAttempt((now) => now + 1);
  useLive((told) => nounOf(told.kind) === noun && (told.gone || !params?.contact_id || told.data?.contact_id === params.contact_id), again);
  return { items, again };
}
