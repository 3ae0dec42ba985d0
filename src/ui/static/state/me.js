// @ts-check
// Who works here and what that allows. The server decides; this only keeps from offering
// what it would refuse.

import { signal } from "../dom.js";
import { myPermissions, Problem } from "../api.js";
import { setLanguage } from "../text/locale.js";
import { place } from "./url.js";

/** @type {import("../vendor/signals.js").Signal<import("../api.js").Me|null>} */
export const me = signal(null);

/** Whether something may be done; yes until it is known, which takes a moment. @param {string} permission */
export const may = (permission) => me.value?.permissions[permission] ?? true;

/** Whether contacts may be merged; no until it is known, since few may. */
export const mayMerge = () => Boolean(me.value?.permissions.merge);

/** Whether numbers ("phones") or addresses ("emails") are shown in full. @param {string} field */
export const seesAll = (field) => !me.value?.fields[field];

/** Whether a number or address is shown in part only. @param {string|null|undefined} text */
export const isMasked = (text) => Boolean(text?.includes("•"));

/** Asks who works here; false if nobody is signed in. */
export async function loadMe() {
  const before = me.peek();
  try {
    const now = await myPermissions();
    if (before && before.user_id !== now.user_id) {
      // Somebody else sits here now: nothing of the one before may stay on the screen.
      location.reload();
      return false;
    }
    setLanguage(now.language);
    me.value = now;
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return false;
  }
}

if (!["setup", "sign-in"].includes(place.peek().view)) void loadMe();
