// @ts-check
// At the left: saved searches and views with their live counts, and every field to filter by with
// the counts of its values.

import { html, useEffect, useState } from "../dom.js";
import { listContacts } from "../api.js";
import { Icon } from "../parts/icons.js";
import { customLabel, definitions } from "../state/definitions.js";
import { may, me } from "../state/me.js";
import { personName, queueName } from "../state/people.js";
import { go, goPage, place } from "../state/url.js";
import { countryName, label as labelOf, statusName } from "../text/words.js";
import { act, complain, createItem, deleteItem, listItems, updateItem } from "../state/items.js";
import { chooseColumns, chosenColumns } from "./columns.js";
import { partOf, setPart, toggleValue, valuesOf } from "./query.js";
import { say, t } from "../text/say.js";
import { locale } from "../text/locale.js";

/** @typedef {import("../state/items.js").Item} Item */

const FACETS = ["status", "tag", "owner", "queue", "company", "country", "city", "source"];
/** A request counts no more. */
const MOST = 12;
const FEW = 6;
const MANY = 40;
const PRESENCE = [["phone", t("A number")], ["email", t("An e-mail")], ["owner", t("An owner")], ["deals", t("Deals")], ["activities", t("Activities")]];
const PERIODS = [["", t("any time")], ["today", t("today")], ["this_week", t("this week")], ["this_month", t("this month")], ["30d", t("the last 30 days")], ["this_year", t("this year")]];

/** @type {Record<string, (value: string) => string>} */
const SAID = { status: statusName, owner: personName, queue: queueName, country: countryName, source: labelOf };

/** A value of a field in words. @param {string} field @param {string} value */
export const saidValue = (field, value) => (SAID[field] ?? String)(value);

/** @param {string} field */
export const saidField = (field) => (field.startsWith("cf.") ? customLabel(field.slice(3).replaceAll('"', "")) : labelOf(field));

/** @param {{version: string}} props another version counts anew */
function Facets({ version }) {
  const { q } = place.value;
  const [facets, setFacets] = useState(/** @type {Record<string, {distinct: number, values: {value: string, count: number}[]}>} */ ({}));
  const [wide, setWide] = useState("");
  const own = definitions.value.filter((one) => ["dropdown", "multi_select", "boolean"].includes(one.type)).map((one) => `cf.${one.key}`);
  const fields = [...FACETS, ...own].slice(0, MOST);
  const names = fields.join(",");
  useEffect(() => {
    const asking = new AbortController();
    listContacts(/** @type {any} */ ({ q: q.trim(), per_page: 1, facets: names, facet_values: MANY }), asking.signal)
      .then((page) => !asking.signal.aborted && setFacets(/** @type {any} */ (page).facets ?? {}), (error) => !asking.signal.aborted && complain(error));
    return () => asking.abort();
  }, [q, names, version]);
  return fields.map((field) => {
    const on = valuesOf(q, field);
    const known = facets[field]?.values ?? [];
    const all = [...on.filter((value) => !known.some((one) => one.value.toLowerCase() === value.toLowerCase())).map((value) => ({ value, count: 0 })), ...known];
    const shown = wide === field ? all : all.slice(0, FEW);
    if (!all.length) return null;
    return html`<section key=${field} aria-label=${saidField(field)}><h2>${saidField(field)}</h2>
      ${shown.map(({ value, count }) => html`<label class="facet" key=${value}><input type="checkbox" checked=${on.some((one) => one.toLowerCase() === value.toLowerCase())}
        onChange=${() => go({ q: toggleValue(q, field, value) })} data-test=${`facet-${field}`} /><span>${saidValue(field, value)}</span><span class="num push">${count.toLocaleString(locale())}</span></label>`)}
      ${all.length > FEW ? html`<button type="button" class="link" onClick=${() => setWide(wide === field ? "" : field)}>${wide === field ? t("Fewer") : t("{0} more", all.length - FEW)}</button>` : null}
    </section>`;
  });
}

/** How many a query finds. @param {{params: Record<string, string>, version: string}} props */
function LiveCount({ params, version }) {
  const [total, setTotal] = useState(/** @type {number|null} */ (null));
  useEffect(() => {
    const asking = new AbortController();
    listContacts({ ...params, per_page: 1 }, asking.signal).then((page) => !asking.signal.aborted && setTotal(page.total), () => {});
    return () => asking.abort();
  }, [JSON.stringify(params), version]);
  return html`<span class="num">${total?.toLocaleString(locale()) ?? ""}</span>`;
}

/** @param {{version: string}} props */
function Saved({ version }) {
  const { q, more } = place.value;
  const [all, setAll] = useState(/** @type {Item[]} */ ([]));
  const [name, setName] = useState(/** @type {string|null} */ (null));
  const [shared, setShared] = useState(false);
  const load = () => listItems("saved-searches").then((found) => setAll(found.items), complain);
  useEffect(() => void load(), []);
  const open = (/** @type {Item} */ one) => {
    if (one.columns?.length) chooseColumns(one.columns);
    goPage("contacts", { q: one.q ?? "", more: { ...(one.sort ? { sort: one.sort } : {}), saved: one.id } });
  };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { name: name?.trim(), q: q.trim(), sort: more.sort || null, columns: chosenColumns.value, shared };
    if (await act(() => createItem("saved-searches", body), t("The search “{0}” is saved.", body.name), null, load)) setName(null);
  };
  const now = all.find((one) => one.id === more.saved);
  const isChanged = now?.editable && ((now.q ?? "") !== q || (now.sort ?? "") !== (more.sort ?? ""));
  return html`<section aria-label=${t("Saved searches")}><h2>${t("Saved searches")}</h2>
    <ul>${all.map((one) => html`<li key=${one.id}><button type="button" aria-current=${more.saved === one.id ? "true" : undefined} onClick=${() => open(one)} title=${one.q ?? ""} data-test="saved"><span>${one.name}${one.shared ? t(" · shared") : ""}</span><${LiveCount} params=${{ saved_search: one.id }} version=${version} /></button>
      ${one.editable ? html`<button type="button" class="quiet" aria-label=${t("Delete the search {0}", one.name)} onClick=${() => act(() => deleteItem("saved-searches", one.id), t("The search “{0}” is deleted.", one.name),
        () => createItem("saved-searches", { name: one.name, q: one.q, sort: one.sort, columns: one.columns, shared: one.shared }), load)}><${Icon} name="close" /></button>` : null}</li>`)}</ul>
    ${isChanged && now ? html`<button type="button" class="link" onClick=${() => act(() => updateItem("saved-searches", now, { q: q.trim(), sort: more.sort || null, columns: chosenColumns.value }), t("The search “{0}” is as on the screen.", now.name), null, load)}>${say("Keep “{0}” like this", now.name)}</button>` : null}
    ${name === null ? (q.trim() ? html`<button type="button" class="link" onClick=${() => setName("")} data-test="save-search">${t("Save this search")}</button>` : null)
      : html`<form class="sheet-part" onSubmit=${save}><input class="editor" aria-label=${t("Name of the search")} placeholder=${t("Name")} value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} ref=${(/** @type {any} */ box) => box && !box.value && box.focus()} />
        <label class="facet"><input type="checkbox" checked=${shared} onChange=${(/** @type {any} */ event) => setShared(event.target.checked)} /><span>${t("for everybody")}</span></label>
        <span class="bulk-line"><button class="button main" disabled=${!name.trim()}>${t("Save")}</button><button type="button" class="button" onClick=${() => setName(null)}>${t("Cancel")}</button></span></form>`}
  </section>`;
}

/** @param {{version: string, onClose: () => void}} props */
export function Filters({ version, onClose }) {
  const { q, more } = place.value;
  const views = [
    [t("All contacts"), "", {}],
    ...(me.value?.user_id ? [[t("Mine"), "owner:me", {}]] : []),
    [t("Without an owner"), "-has:owner", {}],
    [t("Archived"), "status:archived", {}],
    ...(may("delete") ? [[t("Deleted"), "", { deleted: "1" }]] : []),
  ];
  const created = partOf(q, "created").slice("created:".length);
  return html`<aside class="filters" aria-label=${t("Filters")} data-test="filters">
    <section aria-label=${t("Views")}><h2>${t("Views")}</h2><ul>${views.map(([name, text, params]) => html`<li key=${name}><button type="button"
      aria-current=${q === text && (more.deleted ?? "") === (/** @type {any} */ (params).deleted ?? "") && !more.saved ? "true" : undefined} onClick=${() => { goPage("contacts", { q: /** @type {string} */ (text), more: /** @type {any} */ (params) }); onClose(); }}><span>${name}</span>
      <${LiveCount} params=${{ q: text, ...(/** @type {any} */ (params).deleted ? { deleted: "true" } : {}) }} version=${version} /></button></li>`)}</ul></section>
    <${Saved} version=${version} />
    ${more.deleted ? null : html`<${Facets} version=${version} />
    <section aria-label=${t("Has")}><h2>${t("Has")}</h2>${PRESENCE.map(([field, text]) => html`<label class="facet" key=${field}><input type="checkbox" checked=${q.includes(`has:${field}`)}
      onChange=${(/** @type {any} */ event) => go({ q: event.target.checked ? `${q} has:${field}`.trim() : q.replace(`-has:${field}`, "").replace(`has:${field}`, "").replace(/\s+/g, " ").trim() })} /><span>${text}</span></label>`)}</section>
    <section aria-label=${t("Created")}><h2><label for="created">${t("Created")}</label></h2><select id="created" class="editor" value=${created} onChange=${(/** @type {any} */ event) => go({ q: setPart(q, "created", event.target.value && `created:${event.target.value}`) })}>
      ${[...PERIODS, ...(created && !PERIODS.some(([value]) => value === created) ? [[created, created]] : [])].map(([value, text]) => html`<option value=${value} selected=${value === created}>${text}</option>`)}</select></section>`}
  </aside>`;
}
