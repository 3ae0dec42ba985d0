// @ts-check
// What lies over the page: all keys, the choice how to delete, the own password.

import { html, onDemand } from "../dom.js";
import { asksToCall, call, shownContact } from "../state/card.js";
import { mayMerge } from "../state/me.js";
import { dialog, letterKeys, setLetterKeys } from "../state/session.js";
import { phoneText } from "../text/phone.js";
import { mayCall } from "../text/words.js";
import { Dialog } from "./dialog.js";

const PasswordDialog = onDemand(() => import("../account/password-dialog.js").then((file) => file.PasswordDialog));
const Palette = onDemand(() => import("../palette/dialog.js").then((file) => file.Palette));
const DeleteChoice = onDemand(() => import("../trash/delete-choice.js").then((file) => file.DeleteChoice));
const TrashDialog = onDemand(() => import("../trash/dialog.js").then((file) => file.TrashDialog));

const KEYS = [
  ["Find", [["/", "To the search box, from anywhere"], ["↑ ↓", "Move in the list"], ["Enter", "Open the contact"], ["Esc", "Clear, then go back"]]],
  ["On a card", [["c", "Call"], ["y", "Copy the number"], ["e", "Edit, then Tab from field to field"], ["o", "Write a note"], ["t", "Add a tag"], ["a", "Add a field"], ["p", "Pin the card: it stays while you search"]]],
  ["Duplicates", [["m", "Compare and merge, from a card"], ["j k", "Go on, go back"], ["1 2", "Say whose value stays"], ["p", "Say who stays"], ["Enter", "Merge"], ["x", "Not the same person"], ["l", "Later"], ["u", "Undo"]]],
  ["Everywhere", [["n", "New contact"], ["Ctrl K", "Every page and command"], ["g c", "Contacts; g and another letter goes to another page"], ["Ctrl Z", "Undo the last change"], ["?", "This list"]]],
];

function KeysHelp() {
  const groups = KEYS.filter(([title]) => title !== "Duplicates" || mayMerge());
  return html`<${Dialog} name="keys" label="All keys">
    <h2>Keys</h2>
    <div class="key-groups">
      ${groups.map(([title, keys]) => html`<section><h3>${title}</h3><dl class="keys">
        ${/** @type {string[][]} */ (keys).map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}
      </dl></section>`)}
    </div>
    <label class="check"><input type="checkbox" checked=${letterKeys.value}
      onChange=${(/** @type {any} */ event) => setLetterKeys(event.target.checked)} />Single letters act outside of text fields</label>
    <form method="dialog"><button class="button">Close</button></form>
  <//>`;
}

function CallChoice() {
  const contact = shownContact();
  if (!contact) return null;
  const reasons = mayCall(contact).facts.filter((one) => one.tone === "bad").map((one) => one.text.toLowerCase());
  const callAnyway = () => {
    dialog.value = null;
    call(asksToCall.peek(), { asked: true });
  };
  return html`<${Dialog} name="call" label=${`Call ${contact.display_name}?`}>
    <h2>${contact.display_name}: ${reasons.join(", ")}</h2>
    <p>Call ${phoneText(asksToCall.value)} all the same?</p>
    <div class="choose">
      <form method="dialog"><button class="button main">Do not call</button></form>
      <button type="button" class="button danger" onClick=${callAnyway}>Call anyway</button>
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
