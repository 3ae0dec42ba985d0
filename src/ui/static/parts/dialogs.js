// @ts-check
// What lies over the page: help, the choice how to delete, the own password.

import { html, onDemand } from "../dom.js";
import { asksToCall, call, shownContact } from "../state/card.js";
import { dialog } from "../state/session.js";
import { phoneText } from "../text/phone.js";
import { mayCall } from "../text/words.js";
import { Dialog } from "./dialog.js";
import { lower, say, t } from "../text/say.js";

const Help = onDemand(() => import("../help/dialog.js").then((file) => file.Help));
const PasswordDialog = onDemand(() => import("../account/password-dialog.js").then((file) => file.PasswordDialog));
const Palette = onDemand(() => import("../palette/dialog.js").then((file) => file.Palette));
const DeleteChoice = onDemand(() => import("../trash/delete-choice.js").then((file) => file.DeleteChoice));
const TrashDialog = onDemand(() => import("../trash/dialog.js").then((file) => file.TrashDialog));

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
  if (dialog.value === "keys") return html`<${Help} />`;
  if (dialog.value === "password") return html`<${PasswordDialog} />`;
  if (dialog.value === "trash") return html`<${TrashDialog} />`;
  if (dialog.value === "delete") return html`<${DeleteChoice} />`;
  return null;
}
