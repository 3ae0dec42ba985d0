// @ts-check
// What can be done with the contact whose card is on the screen. Keys and buttons both
// end here, so they cannot differ.

import { signal } from "../dom.js";
import { createContact, deleteContact, Problem, restoreContact } from "../api.js";
import { mainPhone, phoneText, telHref } from "../text/phone.js";
import { mayCall, problemText } from "../text/words.js";
import { forget, keep, record } from "./records.js";
import { refresh } from "./search.js";
import { dialog, toast } from "./session.js";
import { isMasked } from "./me.js";
import { go, openContact, place } from "./url.js";

/** @typedef {import("../api.js").Contact} Contact */

/** Id of the contact on the screen. @type {any} */
export const shown = signal(null);
/** The field that should open for editing. @type {any} */
export const editRequest = signal(null);
/** The field being added: the record does not have it, so only this knows it. @type {any} */
export const freshField = signal(null);
/** Whether the choices of "Add a field" are out. */
export const adding = signal(false);
/** What a just created contact looks like. @type {any} */
export const lookalikes = signal(null);

/** @returns {Contact|null} */
export function shownContact() {
  return shown.peek() ? record(shown.peek()).peek().contact : null;
}

/** Opens a field of the card for editing. @param {string} path */
export function edit(path) {
  adding.value = false;
  freshField.value = path;
  editRequest.value = path;
}

/** Goes to who may be the same person as the one on the screen, side by side. */
export function review() {
  go({ view: "duplicates", q: "", contact: shown.peek(), by: "pairs", p: "", group: "" });
}

/** The id that was warned about; the second press within a moment calls. */
let warned = "";
const WARNING_MS = 4000;

/**
 * Calls the main number through the system's softphone. Somebody who must not be called
 * is called only when asked for twice.
 * @param {import("../api.js").Phone} [phone]
 */
export function call(phone) {
  const contact = shownContact();
  const to = phone ?? (contact ? mainPhone(contact) : undefined);
  if (!contact || !to) {
    if (contact) toast("There is no number to call.");
    return;
  }
  if (isMasked(phoneText(to))) {
    toast("You do not see the whole number, so it cannot be called from here.");
    return;
  }
  const { may, facts } = mayCall(contact);
  if (!may && warned !== contact.id) {
    warned = contact.id;
    setTimeout(() => (warned = ""), WARNING_MS);
    toast(`${facts[0].text}: ${contact.display_name}. Ask again to call anyway.`, { bad: true });
    return;
  }
  warned = "";
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
  toast(`Copied ${text}`);
}

export function copyNumber() {
  const contact = shownContact();
  const phone = contact ? mainPhone(contact) : undefined;
  if (phone && isMasked(phoneText(phone))) toast("You do not see the whole number.");
  else if (phone) void copy(phone.number ?? phone.raw ?? "");
  else if (contact) toast("There is no number to copy.");
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
  if (place.peek().contact === contact.id) go({ contact: null });
  const undo = {
    label: "Undo",
    run: async () => {
      try {
        await restoreContact(contact.id);
        openContact(contact.id);
        await refresh();
      } catch (error) {
        complain(error);
      }
    },
  };
  toast(permanent ? `${contact.display_name} is deleted for good.` : `${contact.display_name} is archived.`,
    permanent ? {} : { action: undo });
  document.getElementById("search")?.focus();
  await refresh();
}

/**
 * Creates a contact and opens its card.
 * @param {Record<string, unknown>} draft
 * @param {string} key makes a repeated attempt harmless
 */
export async function create(draft, key) {
  const made = await createContact(draft, key);
  keep(made);
  lookalikes.value = made.duplicates.length ? { id: made.contact.id, list: made.duplicates } : null;
  openContact(made.contact.id, { replace: true });
  toast(`${made.contact.display_name} is saved.`);
  await refresh();
}
