// @ts-check
// Deals: a list, and a board with a column for each stage.

import { html, useState } from "../dom.js";
import { personName } from "../state/people.js";

import { dayText } from "../text/time.js";
import { label as labelOf } from "../text/words.js";
import { act, updateItem } from "../state/items.js";
import { money } from "../work/money.js";
import { NameOf } from "../parts/name-of.js";
import { may } from "../state/me.js";
import { loadStages, stages } from "../work/stages.js";
import { t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @param {Item[]} deals */
function sums(deals) {
  /** @type {Map<string, number>} */
  const by = new Map();
  for (const one of deals) if (one.amount) by.set(one.currency ?? "", (by.get(one.currency ?? "") ?? 0) + one.amount);
  return [...by].map(([currency, amount]) => money(amount, currency || null)).join(" + ");
}

/** A stage and what else is known of a deal: its columns are stages, won and lost. @param {Item} deal */
const columnOf = (deal) => (deal.status === "open" ? (deal.stage ?? "") : deal.status);

/** @param {{rows: any, onOpen: (row: Item) => void}} props */
function Board({ rows, onOpen }) {
  const [over, setOver] = useState("");
  const all = /** @type {Item[]} */ (rows.loaded);
  const known = stages.value;
  const used = [...new Set(all.filter((one) => one.status === "open").map((one) => one.stage ?? ""))];
  const columns = [...known, ...used.filter((one) => one && !known.includes(one)), ...(used.includes("") ? [""] : []), "won", "lost"];
  const move = (/** @type {Item} */ deal, /** @type {string} */ to) => {
    if (columnOf(deal) === to) return;
    const change = to === "won" || to === "lost" ? { status: to } : { status: "open", stage: to || null };
    const before = { status: deal.status, stage: deal.stage };
    let saved = deal;
    void act(async () => rows.put((saved = await updateItem("deals", deal, change))), `${deal.title}: ${labelOf(to || t("no stage"))}.`,
      async () => rows.put(await updateItem("deals", saved, before)));
  };
  return html`<div class="board" data-test="board">${columns.map((stage) => {
    const deals = all.filter((one) => columnOf(one) === stage);
    return html`<section key=${stage} class=${over === stage ? "column over" : "column"} aria-label=${labelOf(stage || t("no stage"))} data-stage=${stage}
      onDragOver=${(/** @type {Event} */ event) => { event.preventDefault(); setOver(stage); }} onDragLeave=${() => setOver("")}
      onDrop=${(/** @type {DragEvent} */ event) => {
        event.preventDefault();
        setOver("");
        const deal = all.find((one) => one.id === event.dataTransfer?.getData("text/plain"));
        if (deal) move(deal, stage);
      }}><h2><span>${labelOf(stage || t("no stage"))} <span class="quiet-text num">${deals.length}</span></span><span class="num quiet-text">${sums(deals)}</span></h2>
      <ul>${deals.map((deal) => html`<li key=${deal.id}><div class="deal" draggable=${may("edit")} onDragStart=${(/** @type {DragEvent} */ event) => event.dataTransfer?.setData("text/plain", deal.id)} onClick=${() => onOpen(deal)} data-test="deal">
        <p><button type="button" class="link" onClick=${(/** @type {Event} */ event) => { event.stopPropagation(); onOpen(deal); }}>${deal.title}</button></p>
        <p class="num">${money(deal.amount, deal.currency)}</p><p class="quiet-text"><${NameOf} noun="contacts" id=${deal.contact_id} plain />${deal.expected_close ? `${deal.contact_id ? " · " : ""}${dayText(deal.expected_close)}` : ""}</p>
        ${may("edit") ? html`<select class="editor" aria-label=${t("Stage of {0}", deal.title)} onClick=${(/** @type {Event} */ event) => event.stopPropagation()} onChange=${(/** @type {any} */ event) => move(deal, event.target.value)}>
          ${columns.map((one) => html`<option value=${one} selected=${one === stage}>${labelOf(one || t("no stage"))}</option>`)}</select>` : null}</div></li>`)}</ul></section>`;
  })}</div>`;
}

/** @type {import("../work/list-page.js").Spec} */
export const deals = {
  noun: "deals",
  title: t("Deals"),
  one: "deal",
  sort: "expected_close",
  empty: t("A deal is what somebody may buy: make one here or on the card of a contact."),
  filters: [
    { key: "status", label: t("Status"), options: () => [["", t("Open, won and lost")], ["open", t("Open")], ["won", t("Won")], ["lost", t("Lost")]] },
    { key: "owner", label: t("Owner"), options: () => [["", t("Everybody's")], ["me", t("Mine")], ["none", t("Nobody's")]] },
  ],
  columns: [
    { key: "title", label: t("Title"), sort: "title", width: "minmax(180px, 1.6fr)", cell: (row) => row.title },
    { key: "contact", label: t("Contact"), cell: (row) => html`<${NameOf} noun="contacts" id=${row.contact_id} />` },
    { key: "company", label: t("Company"), cell: (row) => html`<${NameOf} noun="companies" id=${row.company_id} />` },
    { key: "stage", label: t("Stage"), sort: "stage", cell: (row) => (row.status === "open" ? labelOf(row.stage ?? "") : labelOf(row.status)) },
    { key: "amount", label: t("Amount"), sort: "amount", num: true, cell: (row) => money(row.amount, row.currency) },
    { key: "expected_close", label: t("Expected"), sort: "expected_close", cell: (row) => (row.expected_close ? dayText(row.expected_close) : "") },
    { key: "owner", label: t("Owner"), sort: "owner", cell: (row) => (row.owner ? personName(row.owner) : "") },
  ],
  card: (row) => html`<p>${row.title}</p><p class="num">${money(row.amount, row.currency)}</p><p class="quiet-text">${row.status === "open" ? labelOf(row.stage ?? "") : labelOf(row.status)}</p>`,
  fields: () => {
    void loadStages();
    return [
      { key: "title", label: t("Title"), required: true },
      { key: "contact_id", label: t("Contact"), type: "contacts" },
      { key: "company_id", label: t("Company"), type: "companies" },
      { key: "stage", label: t("Stage"), list: stages.value },
      { key: "status", label: t("Status"), type: "select", start: "open", options: [{ value: "open", text: t("Open") }, { value: "won", text: t("Won") }, { value: "lost", text: t("Lost") }] },
      { key: "amount", label: t("Amount"), type: "number" },
      { key: "currency", label: t("Currency"), list: ["EUR", "USD", "GBP", "CHF"], hint: t("Three letters: EUR") },
      { key: "expected_close", label: t("Expected"), type: "date" },
      { key: "owner", label: t("Owner"), type: "user" },
    ];
  },
  Board: (/** @type {any} */ props) => {
    void loadStages();
    return html`<${Board} ...${props} />`;
  },
};
