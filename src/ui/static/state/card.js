// @ts-check
// What can be done with the contact whose card is on the screen. Keys and buttons both
// end here, so they cannot differ.

import { signal } from "../dom.js";
import { createContact, deleteContact, Problem, restoreContact } from "../api.js";
import { mainPhone, phoneText, telHref } from "../text/phone.js";
import { mayCall, problemText } from "../text/words.js";
import { dropDraftsOf } from "./drafts.js";
import { forget, keep, record } from "./records.js";
import { refresh } from "./search.js";
import { dialog, toast } from "./session.js";
import { offerUndo } from "./undo.js";
import { isMasked } from "./me.js";
import { go, openContact, place } from "./url.js";
import { t } from "../text/say.js";

/** @typedef {import("../api.js").Contact} Contact */

/** Id of the contact on the screen. @type {any} */
export const shown = signal(null);
/**
 * The field that should open for editing.
 * @type {import("../vendor/signals.js").Signal<{id: string, path: string}|null>}
 */
export const editRequest = signal(null);
/**
 * The field being added: the record does not have it, so only this knows it.
 * @type {import("../vendor/signals.js").Signal<{id: string, path: string}|null>}
 */
export const freshField = signal(null);
/** Whether the choices of "Add a field" are out. */
export const adding = signal(false);
/** What a just created contact looks like. @type {any} */
export const lookalikes = signal(null);

/** @returns {Contact|null} */
export function shownContact() {
  return shown.peek() ? record(shown.peek()).peek().contact : null;
}

/** Opens a field of a card for editing. @param {string} path @param {string} [id] of the contact, if not the one on the screen */
export function edit(path, id = shown.peek()) {
  adding.value = false;
  freshField.value = { id, path };
  editRequest.value = { id, path };
}

/** Whether a field is asked to open now; says so once. @param {string} id @param {string} path */
export function takesEdit(id, path) {
  const wanted = editRequest.value;
  if (wanted?.path !== path || wanted.id !== id) return false;
  editRequest.value = null;
  return true;
}

/** Keeps the card on the screen while somebody else is searched for, or not any more. */
export function pin() {
  go({ contact: shown.peek(), pinned: !place.peek().pinned }, { replace: place.peek().contact === shown.peek() });
}

/** Goes to who may be the same person as the one on the screen, side by side. */
export function review() {
  go({ view: "duplicates", q: "", contact: shown.peek(), by: "pairs", p: "", group: "" });
}

/** The number that waits for an answer whether to call somebody who must not be called. @type {any} */
export const asksToCall = signal(null);

/**
 * Calls a number, the main one if none is given, through the system's softphone. For somebody who
 * must not be called it asks first.
 * @param {import("../api.js").Phone} [phone] @param {{asked?: boolean}} [how]
 */
export function call(phone, { asked = false } = {}) {
  const contact = shownContact();
  const to = phone ?? (contact ? mainPhone(contact) : undefined);
  if (!contact || !to) {
    if (contact) toast(t("There is no number to call."));
    return;
  }
  if (isMasked(phoneText(to))) {
    toast(t("You do not see the whole number, so it cannot be called from here."));
    return;
  }
  if (!mayCall(contact).may && !asked) {
    asksToCall.value = to;
    dialog.value = "call";
    return;
  }
  const link = document.createElement("a");
  link.href = telHref(to);
  link.click();
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure context there is only the old way.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "vh";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(t("Copied {0}", text));
}

export function copyNumber() {
  const contact = shownContact();
  const phone = contact ? mainPhone(contact) : undefined;
  if (phone && isMasked(phoneText(phone))) toast(t("You do not see the whole number."));
  else if (phone) void copy(phone.number ?? phone.raw ?? "");
  else if (contact) toast(t("There is no number to copy."));
}

/** @param {unknown} error */
function complain(error) {
  if (!(error instanceof Problem)) throw error;
  toast(problemText(error), { bad: true });
}

/** Takes the contact away, for good or so that it can come back. @param {{permanent: boolean}} how */
export async function remove({ permanent }) {
  const contact = shownContact();
  if (!contact) return;
  dialog.value = null;
  try {
    await deleteContact(contact.id, { permanent });
  } catch (error) {
    complain(error);
    return;
  }
  forget(contact.id);
  if (permanent) dropDraftsOf(contact.id);
  if (place.peek().contact === contact.id) go({ contact: null });
  if (permanent) toast(t("{0} is deleted for good.", contact.display_name));
  else {
    offerUndo(t("{0} is deleted.", contact.display_name), async () => {
      try {
        await restoreContact(contact.id);
        openContact(contact.id);
        await refresh();
      } catch (error) {
        complain(error);
      }
    });
  }
  document.getElementById("search")?.focus();
  await refresh();
}

/**
 * Creates a contact and opens its card.
 * @param {Record<string, unknown>} draft
 * @param {string} key makes a repeated attempt harmless
 * @param {() => void} onMade
 */
export async function create(draft, key, onMade) {
  const made = await createContact(draft, key);
  onMade();
  keep(made);
  lookalikes.value = made.duplicates.length ? { id: made.contact.id, list: made.duplicates } : null;
  openContact(made.contact.id, { replace: true });
  offerUndo(t("{0} is saved.", made.contact.display_name), async () => {
    try {
      await deleteContact(made.contact.id, { permanent: false });
    } catch (error) {
      complain(error);
      return;
    }
    forget(made.contact.id);
    if (place.peek().contact === made.contact.id) go({ contact: null });
    toast(t("{0} is not kept.", made.contact.display_name));
    await refresh();
  });
  await refresh();
}
