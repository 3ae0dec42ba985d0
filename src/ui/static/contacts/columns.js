// @ts-check
// What the table of contacts can show, what it shows, and the choice.

import { html, signal, useEffect, useRef, useState } from "../dom.js";
import { Icon } from "../parts/icons.js";
import { customLabel, definitionOf, definitions, shownCustom } from "../state/definitions.js";
import { personName, queueName } from "../state/people.js";
import { mainPhone, phoneText } from "../text/phone.js";
import { ago, dayText, inFull } from "../text/time.js";
import { countryName, label as labelOf, mayCall, statusName } from "../text/words.js";
import { t } from "../text/say.js";

/** @typedef {import("../work/table.js").Column} Column @typedef {import("../state/items.js").Item} Item */

const KEY = "ringdex.columns";
const FIRST = ["name", "phone", "email", "company", "status", "tags", "owner", "last_activity"];

/** @param {string|null|undefined} value */
const moment = (value) => (value ? html`<time datetime=${value} title=${inFull(value)}>${ago(value)}</time>` : "");

/** @param {Item} row */
export function Name({ row }) {
  const { may, facts } = mayCall(/** @type {any} */ (row));
  const isVip = (row.tags ?? []).some((/** @type {string} */ tag) => /^v\.?i\.?p\.?$/i.test(tag));
  return html`${isVip ? html`<span title=${t("VIP")}><${Icon} name="star" /><span class="vh">${t("VIP")} </span></span> ` : null}${row.display_name}${may ? null : html` <span class="bad" title=${facts[0].text}><${Icon} name=${facts[0].icon} /><span class="vh">${facts[0].text}</span></span>`}`;
}

/** The first tag, and how many more there are. @param {{tags: string[]}} props */
function Tags({ tags }) {
  const [first, ...more] = tags;
  if (first === undefined) return null;
  return html`<span class="tag-cell" title=${more.length > 0 ? tags.join(", ") : undefined}><span class="tag">${first}</span>${more.length > 0 ? html`<span class="more">+${more.length}</span>` : null}</span>`;
}

/** @type {Column[]} */
const ALL = [
  { key: "name", label: t("Name"), sort: "name", width: "minmax(160px, 1.5fr)", cell: (row) => html`<${Name} row=${row} />` },
  { key: "phone", label: t("Number"), width: "minmax(164px, 1fr)", cell: (row) => { const phone = mainPhone(/** @type {any} */ (row)); return phone ? html`<span class="num">${phoneText(phone)}</span>` : ""; } },
  { key: "email", label: t("E-mail"), width: "minmax(140px, 1.3fr)", cell: (row) => row.emails?.[0]?.address ?? "" },
  { key: "company", label: t("Company"), sort: "company", width: "minmax(110px, 1.2fr)", cell: (row) => row.company ?? "" },
  { key: "title", label: t("Title"), cell: (row) => row.title ?? "" },
  { key: "status", label: t("Status"), sort: "status", width: "minmax(96px, .6fr)", cell: (row) => statusName(row.status ?? "active") },
  { key: "tags", label: t("Tags"), cell: (row) => html`<${Tags} tags=${row.tags ?? []} />` },
  { key: "owner", label: t("Owner"), sort: "owner", width: "minmax(96px, .8fr)", cell: (row) => (row.assigned_to ? personName(row.assigned_to) : "") },
  { key: "queue", label: t("Queue"), sort: "queue", cell: (row) => (row.assigned_queue ? queueName(row.assigned_queue) : "") },
  { key: "source", label: t("Source"), sort: "source", cell: (row) => (row.source ? labelOf(row.source) : "") },
  { key: "country", label: t("Country"), sort: "country", cell: (row) => { const code = row.country ?? row.addresses?.[0]?.country; return code ? countryName(code) : ""; } },
  { key: "city", label: t("City"), sort: "city", cell: (row) => row.addresses?.[0]?.city ?? "" },
  { key: "department", label: t("Department"), cell: (row) => row.department ?? "" },
  { key: "lead_score", label: t("Score"), sort: "lead_score", width: "minmax(80px, .5fr)", num: true, cell: (row) => row.lead_score ?? "" },
  { key: "last_call", label: t("Last call"), sort: "last_called_at", cell: (row) => moment(row.last_call?.at ?? row.last_called_at) },
  { key: "outcome", label: t("Outcome"), cell: (row) => row.last_call?.outcome ?? row.last_call_outcome ?? "" },
  { key: "calls", label: t("Calls"), sort: "total_calls", width: "minmax(72px, .5fr)", num: true, cell: (row) => row.counts?.calls ?? row.total_calls ?? "" },
  { key: "deals", label: t("Open deals"), sort: "open_deals", width: "minmax(96px, .5fr)", num: true, cell: (row) => row.counts?.open_deals || "" },
  { key: "last_activity", label: t("Last activity"), width: "minmax(104px, .7fr)", sort: "last_interaction_at", cell: (row) => moment(row.last_activity_at ?? row.last_interaction_at) },
  { key: "birthday", label: t("Birthday"), sort: "birthday", cell: (row) => (row.birthday ? dayText(row.birthday) : "") },
  { key: "created", label: t("Created"), sort: "created_at", cell: (row) => moment(row.created_at) },
  { key: "updated", label: t("Changed"), sort: "updated_at", cell: (row) => moment(row.updated_at) },
];

/** The columns of an export that show what these do. @type {Record<string, string[]>} */
const EXPORTED = {
  phone: ["phones"], email: ["emails"], owner: ["assigned_to"], queue: ["assigned_queue"], last_call: ["last_called_at"],
  outcome: ["last_call_outcome"], created: ["created_at"], updated: ["updated_at"], calls: [], deals: [], lead_score: [], last_activity: [],
};

function stored() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return Array.isArray(kept) && kept.length ? kept : FIRST;
  } catch {
    return FIRST;
  }
}

/** Keys of what is shown, in order. @type {import("../vendor/signals.js").Signal<string[]>} */
export const chosenColumns = signal(stored());

/** @param {string[]} keys */
export function chooseColumns(keys) {
  chosenColumns.value = keys;
  try {
    localStorage.setItem(KEY, JSON.stringify(keys));
  } catch {
    // It lasts until the page is closed.
  }
}

/** Everything that can be shown. @returns {Column[]} */
function every() {
  const own = definitions.value.map(({ key }) => ({ key: `cf.${key}`, label: customLabel(key), sort: `cf.${key}`,
    cell: (/** @type {Item} */ row) => shownCustom(definitionOf(key), row.custom_fields?.[key]) }));
  return [...ALL, ...own];
}

/** What is shown. @returns {Column[]} */
export function columns() {
  const all = every();
  const found = chosenColumns.value.map((key) => all.find((one) => one.key === key)).filter((one) => one !== undefined);
  return found.length ? found : ALL.slice(0, 4);
}

/** The names of an export's columns for what is shown. */
export const exportColumns = () => columns().flatMap(({ key }) => EXPORTED[key] ?? [key]);

/** The choice of columns and their order. */
export function ColumnChoice() {
  const [open, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    if (!open) return undefined;
    const away = (/** @type {Event} */ event) => !box.current?.contains(/** @type {Node} */ (event.target)) && setOpen(false);
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, [open]);
  const keys = chosenColumns.value;
  const all = every();
  const sorted = [...keys.map((key) => all.find((one) => one.key === key)).filter((one) => one !== undefined), ...all.filter((one) => !keys.includes(one.key))];
  const move = (/** @type {string} */ key, /** @type {number} */ to) => {
    const next = keys.filter((one) => one !== key);
    next.splice(to, 0, key);
    chooseColumns(next);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !open) return;
    event.preventDefault();
    event.stopPropagation();
    setOpen(false);
  };
  return html`<span class="anchor" ref=${box} onKeyDown=${onKeyDown}>
    <button type="button" class="button" aria-expanded=${String(open)} aria-label=${t("Columns")} title=${t("Columns")} onClick=${() => setOpen(!open)} data-test="columns"><${Icon} name="gear" /></button>
    ${open ? html`<div class="menu below" role="group" aria-label=${t("Columns")}>${sorted.map(({ key, label }) => {
      const at = keys.indexOf(key);
      return html`<span key=${key} class="check" draggable=${at >= 0} onDragStart=${(/** @type {DragEvent} */ event) => event.dataTransfer?.setData("text/plain", key)}
        onDragOver=${(/** @type {Event} */ event) => event.preventDefault()} onDrop=${(/** @type {DragEvent} */ event) => { event.preventDefault(); if (at >= 0) move(event.dataTransfer?.getData("text/plain") ?? "", at); }}>
        <label class="check"><input type="checkbox" checked=${at >= 0} disabled=${key === "name"} onChange=${() => chooseColumns(at >= 0 ? keys.filter((one) => one !== key) : [...keys, key])} />${label}</label>
        ${at > 0 ? html`<button type="button" class="quiet" aria-label=${t("{0}: one to the left", label)} onClick=${() => move(key, at - 1)}><${Icon} name="up" /></button>` : null}</span>`;
    })}<button type="button" onClick=${() => chooseColumns(FIRST)}>${t("As at first")}</button></div>` : null}
  </span>`;
}
