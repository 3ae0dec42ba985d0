// @ts-check
// Deals and tasks of a contact.

import { html, useState } from "../dom.js";
import { Icon } from "../parts/icons.js";
import { may, me } from "../state/me.js";
import { personName } from "../state/people.js";
import { goPage } from "../state/url.js";
import { ago, dayText, inFull } from "../text/time.js";
import { label as labelOf } from "../text/words.js";
import { act, createItem, deleteItem, updateItem } from "../state/items.js";
import { RecordForm } from "../work/form.js";
import { money } from "../work/money.js";
import { loadStages, stages } from "../work/stages.js";
import { useRecords } from "./records.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../api.js").Contact} Contact @typedef {import("../state/items.js").Item} Item */

/** The way to a new record, and its form. @param {{noun: string, one: string, contact: Contact, fields: import("../work/form.js").FormField[], again: () => void}} props */
function Fresh({ noun, one, contact, fields, again }) {
  const [open, setOpen] = useState(false);
  if (!may("edit")) return null;
  if (!open) return html`<p><button type="button" class="button" onClick=${() => setOpen(true)} data-test=${`add-${one}`}><${Icon} name="plus" />${t(`New ${one}`)}</button></p>`;
  const save = async (/** @type {any} */ body) => {
    const made = await createItem(noun, { contact_id: contact.id, ...(noun === "deals" && contact.company_id ? { company_id: contact.company_id } : {}), ...body });
    setOpen(false);
    await act(async () => {}, t("{0} is there.", made.title), () => deleteItem(noun, made.id), again);
  };
  return html`<${RecordForm} name=${t(`New ${one}`)} fields=${fields} save=${t(`Make the ${one}`)} onSave=${save} onClose=${() => setOpen(false)} />`;
}

/** @param {{contact: Contact}} props */
export function Deals({ contact }) {
  const { items, again } = useRecords("deals", contact, { sort: "-created_at" });
  void loadStages();
  const set = (/** @type {Item} */ deal, /** @type {string} */ status) => {
    let saved = deal;
    void act(async () => (saved = await updateItem("deals", deal, { status })), `${deal.title}: ${status}.`, () => updateItem("deals", saved, { status: deal.status }), again);
  };
  return html`<${Fresh} noun="deals" one="deal" contact=${contact} again=${again} fields=${[
      { key: "title", label: t("Title"), required: true }, { key: "amount", label: t("Amount"), type: "number" }, { key: "currency", label: t("Currency"), list: ["EUR", "USD", "GBP", "CHF"] },
      { key: "stage", label: t("Stage"), list: stages.value }, { key: "expected_close", label: t("Expected"), type: "date" }, { key: "owner", label: t("Owner"), type: "user", start: me.peek()?.user_id ?? "" }]} />
    ${items && !items.length ? html`<p class="quiet-text">${t("No deals yet.")}</p>` : null}
    <ul>${(items ?? []).map((deal) => html`<li key=${deal.id} data-test="deal-line"><p><button type="button" class="link" onClick=${() => goPage("deals", { more: { open: deal.id } })}>${deal.title}</button>
      <strong class="num">${money(deal.amount, deal.currency)}</strong><span>${deal.status === "open" ? labelOf(deal.stage ?? "open") : labelOf(deal.status)}</span><span class="quiet-text">${deal.expected_close ? dayText(deal.expected_close) : ""}${deal.owner ? ` · ${personName(deal.owner)}` : ""}</span>
      ${may("edit") && deal.status === "open" ? html`<button type="button" class="link" onClick=${() => set(deal, "won")}>${t("Won")}</button><button type="button" class="link" onClick=${() => set(deal, "lost")}>${t("Lost")}</button>` : null}</p></li>`)}</ul>`;
}

/** @param {{contact: Contact}} props */
export function Tasks({ contact }) {
  const { items, again } = useRecords("tasks", contact, { sort: "due_at" });
  const sorted = (items ?? []).slice().sort((a, b) => (a.status === b.status ? 0 : a.status === "open" ? -1 : 1));
  const toggle = (/** @type {Item} */ task) => {
    const status = task.status === "open" ? "done" : "open";
    let saved = task;
    void act(async () => (saved = await updateItem("tasks", task, { status })), `${task.title}: ${status}.`, () => updateItem("tasks", saved, { status: task.status }), again);
  };
  return html`<${Fresh} noun="tasks" one="task" contact=${contact} again=${again} fields=${[
      { key: "title", label: t("What"), required: true }, { key: "due_at", label: t("Until"), type: "time" }, { key: "assigned_to", label: t("Who"), type: "user", start: me.peek()?.user_id ?? "" }, { key: "notes", label: t("Notes"), type: "textarea" }]} />
    ${items && !items.length ? html`<p class="quiet-text">${t("Nothing is to be done.")}</p>` : null}
    <ul>${sorted.map((task) => html`<li key=${task.id} data-test="task-line"><label class="check"><input type="checkbox" checked=${task.status === "done"} disabled=${!may("edit")} onChange=${() => toggle(task)} />
      <span>${task.status === "done" ? html`<s>${task.title}</s>` : task.title} ${task.due_at ? html`<time datetime=${task.due_at} title=${inFull(task.due_at)} class=${task.status === "open" && Date.parse(task.due_at) < Date.now() ? "bad" : "quiet-text"}>${ago(task.due_at)}</time>` : null}
      <span class="quiet-text">${task.assigned_to ? ` · ${personName(task.assigned_to)}` : ""}</span></span></label>${task.notes ? html`<p class="said quiet-text">${task.notes}</p>` : null}</li>`)}</ul>`;
}
