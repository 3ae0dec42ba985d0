// @ts-check
// What belongs to this browser rather than to the data: signed in or not, colours,
// toasts, which keys the person already knows.

import { signal } from "../dom.js";
import { whenUnauthorized } from "../api.js";

/** True while nobody is signed in. What is on the screen stays below the page for signing in. */
export const needsSignIn = signal(false);
whenUnauthorized(() => (needsSignIn.value = true));

/** @param {string} key */
function stored(key) {
  try {
    return localStorage.getItem(`ringdex.${key}`);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string|null} value */
function store(key, value) {
  try {
    if (value === null) localStorage.removeItem(`ringdex.${key}`);
    else localStorage.setItem(`ringdex.${key}`, value);
  } catch {
    // Forbidden storage only means that the choice lasts until the page is closed.
  }
}

const narrowScreen = matchMedia("(max-width: 759px)");
/** Whether the card lies over the list; the same width as in app.css. */
export const narrow = signal(narrowScreen.matches);
narrowScreen.addEventListener("change", () => (narrow.value = narrowScreen.matches));

/** "light", "dark" or "auto". */
export const theme = signal(document.documentElement.dataset.theme ?? "auto");

/** Next of: as the system, light, dark. */
export function switchTheme() {
  const next = { auto: "light", light: "dark", dark: "auto" }[theme.value] ?? "auto";
  theme.value = next;
  store("theme", next === "auto" ? null : next);
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}

/** Whether single letters act; some ways of typing need them off. */
export const letterKeys = signal(stored("letter-keys") !== "off");

/** @param {boolean} on */
export function setLetterKeys(on) {
  letterKeys.value = on;
  store("letter-keys", on ? null : "off");
}

const LEARNED_AFTER = 3;
/** How often each key was used. @type {import("../vendor/signals.js").Signal<Record<string, number>>} */
export const keyUses = signal(readUses());

function readUses() {
  try {
    return JSON.parse(stored("key-uses") ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/** Counts a use of a key; its hint goes once it is known. @param {string} key */
export function usedKey(key) {
  const uses = (keyUses.value[key] ?? 0) + 1;
  if (uses > LEARNED_AFTER) return;
  keyUses.value = { ...keyUses.value, [key]: uses };
  store("key-uses", JSON.stringify(keyUses.value));
}

/** @param {string} key */
export const isLearned = (key) => (keyUses.value[key] ?? 0) >= LEARNED_AFTER;

/** @typedef {{id: number, text: string, bad?: boolean, action?: {label: string, run: () => void}}} Toast */
/** @type {import("../vendor/signals.js").Signal<Toast[]>} */
export const toasts = signal([]);
let nextToast = 1;
const TOAST_MS = 5000;
const TOAST_WITH_ACTION_MS = 12000;

/**
 * Says something in passing; with an action (undo) it stays longer.
 * @param {string} text
 * @param {{bad?: boolean, action?: Toast["action"]}} [more]
 */
export function toast(text, more = {}) {
  const id = nextToast++;
  toasts.value = [...toasts.value.slice(-2), { id, text, ...more }];
  setTimeout(() => dismiss(id), more.action ? TOAST_WITH_ACTION_MS : TOAST_MS);
  return id;
}

/** @param {number} id */
export function dismiss(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** Name of the dialog that is open: "keys", "delete", "trash" or "password". @type {any} */
export const dialog = signal(null);
