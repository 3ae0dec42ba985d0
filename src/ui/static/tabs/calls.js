// @ts-check
// The calls of a contact: who called, how it ended, what was said. One that no telephone system
// has told of is written down by hand.

import { html, useState } from "../dom.js";
import { Icon } from "../parts/icons.js";
import { OUTCOMES } from "../state/calls.js";
import { call } from "../state/card.js";
import { may } from "../state/me.js";
import { personName } from "../state/people.js";
import { mainPhone } from "../text/phone.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf } from "../text/words.js";
import { act, createItem, deleteItem, updateItem } from "../state/items.js";
import { RecordForm } from "../work/form.js";
import { useRecords } from "./records.js";
import { t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @param {number} seconds */
const length = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;

/** @param {{one: Item, again: () => void}} props */
function Call({ one, again }) {
  const [notes, setNotes] = useState(/** @type {string|null} */ (null));
  const save = (/** @type {Record<string, any>} */ patch, /** @type {string} */ text) => {
    let saved = one;
    const before = Object.fromEntries(Object.keys(patch).map((key) => [key, one[key] ?? null]));
    return act(async () => (saved = await updateItem("calls", one, patch)), text, () => updateItem("calls", saved, before), again);
  };
  const known = one.outcome && !OUTCOMES.includes(one.outcome) ? [one.outcome, ...OUTCOMES] : OUTCOMES;
  return html`<li data-test="call-line"><p><strong>${one.direction === "in" ? t("Called us") : t("We called")}</strong><span>${one.status === "COMPLETED" ? "" : labelOf(one.status.toLowerCase())}</span>
      <span class="quiet-text"><time datetime=${one.started_at} title=${inFull(one.started_at)}>${ago(one.started_at)}</time>${one.duration_s ? ` · ${length(one.duration_s)}` : ""}${one.agent ? ` · ${personName(one.agent)}` : ""}${one.queue ? ` · ${one.queue}` : ""}${one.campaign ? ` · ${one.campaign}` : ""}</span>
      ${one.recording_url && /^https?:/.test(one.recording_url) ? html`<a href=${one.recording_url} rel="noreferrer">${t("Recording")}</a>` : null}
      ${may("edit") ? html`<select class="editor short" aria-label=${t("Outcome")} onChange=${(/** @type {any} */ event) => save({ outcome: event.target.value || null }, t("The outcome is saved."))}><option value="">${t("outcome…")}</option>${known.map((text) => html`<option value=${text} selected=${text === one.outcome}>${text}</option>`)}</select>` : html`<span>${one.outcome ?? ""}</span>`}</p>
    ${notes === null ? html`<p>${one.notes ? html`<span class="said">${one.notes}</span>` : null}${may("edit") ? html`<button type="button" class="link" onClick=${() => setNotes(one.notes ?? "")}>${one.notes ? t("Change") : t("Note")}</button>` : null}</p>`
      : html`<form onSubmit=${async (/** @type {Event} */ event) => { event.preventDefault(); if (await save({ notes: notes.trim() || null }, t("The note is saved."))) setNotes(null); }}><textarea class="editor" rows="2" aria-label=${t("What was said")} value=${notes} onInput=${(/** @type {any} */ event) => setNotes(event.target.value)}></textarea><button class="button">${t("Save")}</button><button type="button" class="button" onClick=${() => setNotes(null)}>${t("Cancel")}</button></form>`}
  </li>`;
}

/** @param {{contact: import("../api.js").Contact}} props */
export function Calls({ contact }) {
  const { items, again } = useRecords("calls", contact, { sort: "-started_at" });
  const [adding, setAdding] = useState(false);
  const phone = mainPhone(contact);
  const save = async (/** @type {any} */ body) => {
    const made = await createItem("calls", { contact_id: contact.id, number: phone?.number ?? undefined, status: "COMPLETED", ...body });
    setAdding(false);
    await act(async () => {}, t("The call is written down."), () => deleteItem("calls", made.id), again);
    again();
  };
  return html`<p class="bulk-line">${phone ? html`<button type="button" class="button" onClick=${() => call()}><${Icon} name="call" />${t("Call again")}</button>` : null}
      ${may("edit") && !adding ? html`<button type="button" class="button" onClick=${() => setAdding(true)} data-test="add-call"><${Icon} name="plus" />${t("Write a call down")}</button>` : null}</p>
    ${adding ? html`<${RecordForm} name=${t("A call")} save=${t("Write it down")} onSave=${save} onClose=${() => setAdding(false)} fields=${[
      { key: "direction", label: t("Who called"), type: "select", start: "out", options: [{ value: "out", text: t("We did") }, { value: "in", text: t("They did") }] },
      { key: "outcome", label: t("Outcome"), list: OUTCOMES },
      { key: "started_at", label: t("When"), type: "time", start: new Date().toISOString() },
      { key: "notes", label: t("What was said"), type: "textarea" }]} />` : null}
    ${items && !items.length && !adding ? html`<p class="quiet-text">${t("No calls yet.")}</p>` : null}
    <ul>${(items ?? []).map((one) => html`<${Call} key=${one.id} one=${one} again=${again} />`)}</ul>`;
}
