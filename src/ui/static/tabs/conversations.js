// @ts-check
// Conversations of a contact with their messages.

import { html, useState } from "../dom.js";
import { may } from "../state/me.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf } from "../text/words.js";
import { act, createItem, updateItem } from "../state/items.js";
import { useItems } from "../work/list-page.js";
import { useRecords } from "./records.js";
import { t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

const STATES = ["open", "pending", "snoozed", "resolved"];

/** @param {{one: Item}} props */
function Messages({ one }) {
  const { items, again } = useItems("messages", { conversation_id: one.id, per_page: 100, sort: "sent_at" });
  const [text, setText] = useState("");
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (text.trim() && (await act(() => createItem("messages", { conversation_id: one.id, direction: "out", text: text.trim() }), t("The message is written down."), null, again))) setText("");
  };
  return html`<ul>${(items ?? []).map((message) => html`<li key=${message.id} data-test="message"><p class="said"><strong>${message.direction === "in" ? t("They") : t("We")}:</strong> ${message.text}</p><p class="quiet-text"><time datetime=${message.sent_at} title=${inFull(message.sent_at)}>${ago(message.sent_at)}</time></p></li>`)}</ul>
    ${may("edit") ? html`<form onSubmit=${send}><textarea class="editor" rows="2" aria-label=${t("What we wrote")} placeholder=${t("What we wrote")} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea><button class="button" disabled=${!text.trim()}>${t("Write down")}</button></form>` : null}`;
}

/** @param {{contact: import("../api.js").Contact}} props */
export function Conversations({ contact }) {
  const { items, again } = useRecords("conversations", contact, { sort: "-last_message_at" });
  const [open, setOpen] = useState("");
  const set = (/** @type {Item} */ one, /** @type {string} */ status) => {
    let saved = one;
    void act(async () => (saved = await updateItem("conversations", one, { status })), t("The conversation is {0}.", status), () => updateItem("conversations", saved, { status: one.status }), again);
  };
  if (items && !items.length) return html`<p class="quiet-text">${t("No conversations yet.")}</p>`;
  return html`<ul>${(items ?? []).map((one) => html`<li key=${one.id} data-test="conversation"><p><button type="button" class="link" aria-expanded=${String(open === one.id)} onClick=${() => setOpen(open === one.id ? "" : one.id)}>${one.subject ?? labelOf(one.channel ?? "conversation")}</button>
      <span>${one.channel ? labelOf(one.channel) : ""}</span><span class="quiet-text">${one.last_message_at ? ago(one.last_message_at) : ""}</span>
      ${may("edit") ? html`<select class="editor short" aria-label=${t("Status")} onChange=${(/** @type {any} */ event) => set(one, event.target.value)}>${STATES.map((state) => html`<option value=${state} selected=${state === one.status}>${labelOf(state)}</option>`)}</select>` : html`<span>${labelOf(one.status)}</span>`}</p>
    ${open === one.id ? html`<${Messages} one=${one} />` : null}</li>`)}</ul>`;
}
