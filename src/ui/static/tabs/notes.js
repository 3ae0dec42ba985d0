// @ts-check
// Notes of a contact: several lines each, with who wrote them and their earlier texts; pinned ones
// stay on top.

import { html, useEffect, useRef, useState } from "../dom.js";
import { Icon } from "../parts/icons.js";
import { may } from "../state/me.js";
import { actorName, personName } from "../state/people.js";
import { dropDraft, keepDraft, useDraft } from "../state/drafts.js";
import { ago, inFull } from "../text/time.js";
import { act, createItem, deleteItem, restoreItem, updateItem } from "../state/items.js";
import { useRecords } from "./records.js";
import { t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @param {{note: Item, again: () => void}} props */
function Note({ note, again }) {
  const [text, setText] = useState(/** @type {string|null} */ (null));
  const patch = (/** @type {any} */ body, /** @type {string} */ said) => {
    let saved = note;
    const before = Object.fromEntries(Object.keys(body).map((key) => [key, note[key]]));
    return act(async () => (saved = await updateItem("notes", note, body)), said, () => updateItem("notes", saved, before), again);
  };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (text?.trim() && (await patch({ text }, t("The note is saved.")))) setText(null);
  };
  return html`<li data-test="note">${text === null ? html`<p class="said">${note.text}</p>`
      : html`<form onSubmit=${save}><textarea class="editor" rows="4" aria-label=${t("The note")} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea><button class="button main">${t("Save")}</button><button type="button" class="button" onClick=${() => setText(null)}>${t("Cancel")}</button></form>`}
    <p class="quiet-text"><span>${note.pinned ? t("Pinned · ") : ""}${note.author ? personName(note.author) : actorName(note.created_by)} · <time datetime=${note.created_at} title=${inFull(note.created_at)}>${ago(note.created_at)}</time>${note.edited_at ? t(", changed {0}", ago(note.edited_at)) : ""}</span>
      ${may("edit") && text === null ? html`<button type="button" class="link" onClick=${() => setText(note.text)}>${t("Change")}</button><button type="button" class="link" onClick=${() => patch({ pinned: !note.pinned }, note.pinned ? t("Not pinned any more.") : t("Pinned."))}>${note.pinned ? t("Unpin") : t("Pin")}</button>
      <button type="button" class="link" onClick=${() => act(() => deleteItem("notes", note.id), t("The note is deleted."), () => restoreItem("notes", note.id), again)}>${t("Delete")}</button>` : null}</p>
    ${note.history?.length ? html`<details><summary>${t("Earlier")}</summary><ul>${note.history.map((/** @type {any} */ one) => html`<li class="said">${one.text}</li>`)}</ul></details>` : null}</li>`;
}

/** @param {{contact: import("../api.js").Contact}} props */
export function Notes({ contact }) {
  const { items, again } = useRecords("notes", contact, { sort: "-created_at" });
  const [text, setText] = useState("");
  const box = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  const key = `note/${contact.id}`;
  useDraft(key, (values) => setText(values?.text ?? ""));
  useEffect(() => box.current?.focus(), []);
  const type = (/** @type {string} */ next) => {
    setText(next);
    if (next.trim()) keepDraft(key, { what: "note", whose: contact.display_name, id: contact.id, path: "tab:notes", values: { text: next } });
    else dropDraft(key);
  };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!text.trim()) return;
    let made = /** @type {Item} */ ({ id: "" });
    const isDone = await act(async () => (made = await createItem("notes", { contact_id: contact.id, text: text.trim() })), t("The note is saved."), () => deleteItem("notes", made.id), again);
    if (isDone) type("");
  };
  const sorted = (items ?? []).slice().sort((a, b) => Number(b.pinned) - Number(a.pinned));
  return html`${may("edit") ? html`<form onSubmit=${save} onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save(event); }}>
      <textarea ref=${box} id="new-note" class="editor" rows="3" aria-label=${t("A note")} placeholder=${t("Write a note; Ctrl Enter saves it")} value=${text} onInput=${(/** @type {any} */ event) => type(event.target.value)}></textarea>
      <button class="button" disabled=${!text.trim()}><${Icon} name="plus" />${t("Add note")}</button></form>` : null}
    ${items && !items.length ? html`<p class="quiet-text">${t("No notes yet.")}</p>` : null}
    <ul>${sorted.map((note) => html`<${Note} key=${note.id} note=${note} again=${again} />`)}</ul>`;
}
