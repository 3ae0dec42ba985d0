// @ts-check
// What lies over the page: all keys, the choice how to delete, the own password.

import { html, onDemand } from "../dom.js";
import { asksToCall, call, shownContact } from "../state/card.js";
import { mayMerge } from "../state/me.js";
import { dialog, letterKeys, setLetterKeys } from "../state/session.js";
import { phoneText } from "../text/phone.js";
import { mayCall } from "../text/words.js";
import { Dialog } from "./dialog.js";
import { lower, say, t } from "../text/say.js";

const PasswordDialog = onDemand(() => import("../account/password-dialog.js").then((file) => file.PasswordDialog));
const Palette = onDemand(() => import("../palette/dialog.js").then((file) => file.Palette));
const DeleteChoice = onDemand(() => import("../trash/delete-choice.js").then((file) => file.DeleteChoice));
const TrashDialog = onDemand(() => import("../trash/dialog.js").then((file) => file.TrashDialog));

const KEYS = [
  [t("Find"), [["/", t("To the search box, from anywhere")], ["↑ ↓", t("Move in the list")], ["Enter", t("Open the contact")], [t("Esc"), t("Clear, then go back")]]],
  [t("On a card"), [["c", t("Call")], ["y", t("Copy the number")], ["e", t("Edit, then Tab from field to field")], ["o", t("Write a note")], ["t", t("Add a tag")], ["a", t("Add a field")], ["p", t("Pin the card: it stays while you search")]]],
  [t("Duplicates"), [["m", t("Compare and merge, from a card")], ["j k", t("Go on, go back")], ["1 2", t("Say whose value stays")], ["p", t("Say who stays")], ["Enter", t("Merge")], ["x", t("Not the same person")], ["l", t("Later")], ["u", t("Undo")]]],
  [t("Everywhere"), [["n", t("New contact")], [t("Ctrl K"), t("Every page and command")], ["g c", t("Contacts; g and another letter goes to another page")], [t("Ctrl Z"), t("Undo the last change")], ["?", t("This list")]]],
];

function KeysHelp() {
  const groups = KEYS.filter(([title]) => title !== t("Duplicates") || mayMerge());
  return html`<${Dialog} name="keys" label=${t("All keys")}>
    <h2>${t("Keys")}</h2>
    <div class="key-groups">
      ${groups.map(([title, keys]) => html`<section><h3>${title}</h3><dl class="keys">
        ${/** @type {string[][]} */ (keys).map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}
      </dl></section>`)}
    </div>
    <label class="check"><input type="checkbox" checked=${letterKeys.value}
      onChange=${(/** @type {any} */ event) => setLetterKeys(event.target.checked)} />${t("Single letters act outside of text fields")}</label>
    <form method="dialog"><button class="button">${t("Close")}</button></form>
  <//>`;
}

function CallChoice() {
  const contact = shownContact();
  if (!contact) return null;
  const reasons = mayCall(contact).facts.filter((one) => one.tone === "bad").map((one) => lower(one.text));
  const callAnyway = () => {
    dialog.value = null;
    call(asksToCall.peek(), { asked: true });
  };
  return html`<${Dialog} name="call" label=${t("Call {0}?", contact.display_name)}>
    <h2>${contact.display_name}: ${reasons.join(", ")}</h2>
    <p>${say("Call {0} all the same?", phoneText(asksToCall.value))}</p>
    <div class="choose">
      <form method="dialog"><button class="button main">${t("Do not call")}</button></form>
      <button type="button" class="button danger" onClick=${callAnyway}>${t("Call anyway")}</button>
    </div>
  <//>`;
}

export function Dialogs() {
  if (dialog.value === "call") return html`<${CallChoice} />`;
  if (dialog.value === "palette") return html`<${Palette} />`;
  if (dialog.value === "keys") return html`<${KeysHelp} />`;
  if (dialog.value === "password") return html`<${PasswordDialog} />`;
  if (dialog.value === "trash") return html`<${TrashDialog} />`;
  if (dialog.value === "delete") return html`<${DeleteChoice} />`;
  return null;
}
