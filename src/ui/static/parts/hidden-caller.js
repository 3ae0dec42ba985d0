// @ts-check
// A caller who withholds the number: there is nothing to look up and nothing to save but a note,
// which goes to whoever the caller turns out to be.

import { html, useState } from "../dom.js";
import { edit } from "../state/card.js";
import { dropDraft, keepDraft, useDraft } from "../state/drafts.js";
import { may } from "../state/me.js";
import { load, record } from "../state/records.js";
import { openContact } from "../state/url.js";
import { PersonPicker } from "./person-picker.js";
import { t } from "../text/say.js";

const KEY = "hidden-caller";
/** Some systems send zeros; a single one may be the extension of the switchboard. */
const ZEROS = /^\+?0{3,}$/;
/** The digits under which some networks spell "anonymous", "restricted" and "unavailable". */
const SPELLED = ["266696687", "7378742833", "86282452253"];

/** Whether a telephone system names no number: "anonymous", "Restricted", an empty one. @param {string} number */
export function isHidden(number) {
  // The user of an address as SIP has it: the host may have digits.
  const user = number.replace(/^.*</, "").replace(/^\s*(sips?|tel):/i, "").split(/[@;>]/)[0].trim();
  return !/\p{Nd}/u.test(user) || ZEROS.test(user) || SPELLED.includes(user.replace(/\D/g, ""));
}

export function HiddenCaller() {
  const [note, setNote] = useState("");
  useDraft(KEY, setNote);
  const type = (/** @type {string} */ text) => {
    setNote(text);
    if (text.trim()) keepDraft(KEY, { what: "note", whose: t("a hidden number"), values: text });
    else dropDraft(KEY);
  };
  /** The note goes to the card, where it is looked at and saved. @param {import("../api.js").Hit} hit */
  const pick = async (hit) => {
    openContact(hit.id);
    if (!note.trim() || !may("edit")) return;
    await load(hit.id);
    const before = (record(hit.id).peek().contact ?? hit).notes ?? "";
    keepDraft(`${hit.id}/notes`, { what: "note", whose: hit.display_name, id: hit.id, path: "notes",
      values: { notes: [before, note.trim()].filter(Boolean).join("\n") }, base: { notes: before } });
    dropDraft(KEY);
    setNote("");
    edit("notes", hit.id);
  };
  return html`<div class="caller" data-test="hidden-caller">
    <p class="quiet-text">${t("Call from")}</p>
    <h2>${t("Hidden number")}</h2>
    <p class="quiet-text">${t("The caller does not show a number, so nobody can be looked up by it.")}</p>
    <${PersonPicker} id="who" label=${t("Who is it?")} onPick=${pick} focus />
    <div class="picker"><label for="hidden-note">${t("Note")}</label>
      <textarea id="hidden-note" class="editor" rows="4" value=${note} aria-describedby="hidden-note-about" onInput=${(/** @type {any} */ event) => type(event.target.value)}></textarea>
      <p id="hidden-note-about" class="quiet-text">${t("It is kept in this browser. Choose who it is, and it goes to their notes.")}</p></div>
  </div>`;
}
