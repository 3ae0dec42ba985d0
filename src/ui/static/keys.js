// @ts-check
// The keys that work wherever the focus is. What a text field or a dialog does with a key
// comes first; nothing here acts while somebody types.

import { adding, call, copyNumber, edit, pin, review, shown } from "./state/card.js";
import { dialog, letterKeys, narrow, needsSignIn, usedKey } from "./state/session.js";
import { may, mayMerge } from "./state/me.js";
import { isCommand, whenAlone } from "./state/typing.js";
import { undoLast } from "./state/undo.js";
import { go, goPage, openContact, place } from "./state/url.js";
import { offered } from "./pages.js";
import { focusSearch } from "./parts/topbar.js";

/** @param {EventTarget|null} target */
const isTyping = (target) => target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

/** Back one step: form, card, caller, then the box. */
function escape() {
  const { create, contact, view } = place.value;
  if (view === "duplicates") {
    if (narrow.value) go({ group: "" });
    else focusSearch();
    return;
  }
  if (!["console", "pop", "contacts"].includes(view)) return;
  if (adding.value) {
    adding.value = false;
    document.getElementById("card-name")?.focus();
    return;
  }
  if (create) go({ create: false });
  else if (contact && (narrow.value || view === "contacts")) go({ contact: null });
  if (view === "contacts") {
    document.getElementById("table")?.focus();
    return;
  }
  focusSearch();
  if (!create && !contact && view === "pop") go({ view: "console", number: "" });
}

/** A previewed card becomes the open one before something is changed on it. @param {() => void} then */
function onCard(then) {
  if (!shown.peek()) return false;
  if (!place.value.contact && place.value.view === "console") openContact(shown.peek());
  then();
  return true;
}

/** How long a `g` waits for the letter of a page. */
const GO_MS = 1500;
let wentAt = -Infinity;

/** Goes to a page by its letter, behind a `g`. @param {KeyboardEvent} event */
function goByLetter(event) {
  const isSecond = event.timeStamp - wentAt < GO_MS;
  wentAt = event.key === "g" && !isSecond && isCommand(event) ? event.timeStamp : -Infinity;
  const page = isSecond && offered().find((one) => one.keys === event.key);
  if (page) goPage(page.name);
  return Boolean(page) || wentAt > 0;
}

/** Views whose letters are their own, but for making somebody new. */
const OWN_LETTERS = ["duplicates", "companies", "deals", "tasks", "lists", "import", "jobs", "settings", "profile"];

/** @type {Record<string, () => boolean|void>} */
const LETTERS = {
  o: () => may("edit") && onCard(() => go({ contact: shown.peek(), tab: "notes" })),
  n: () => (may("create") ? go({ create: true, contact: null }) : false),
  c: () => onCard(() => call()),
  y: () => onCard(copyNumber),
  e: () => may("edit") && onCard(() => edit("name")),
  m: () => mayMerge() && onCard(review),
  t: () => may("edit") && onCard(() => edit("tags")),
  a: () => may("edit") && onCard(() => (adding.value = true)),
  w: () => {
    const outcome = document.getElementById("call-outcome");
    outcome?.focus();
    return Boolean(outcome);
  },
  p: () => place.peek().view === "console" && Boolean(shown.peek()) && pin(),
};

/** @param {KeyboardEvent} event */
function onKeyDown(event) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  if (dialog.value || needsSignIn.value || ["setup", "sign-in"].includes(place.value.view)) return;
  if (event.ctrlKey || event.metaKey) {
    // In a text field the browser undoes what was typed.
    if (event.key.toLowerCase() === "k" && !event.shiftKey) {
      dialog.value = "palette";
      event.preventDefault();
    } else if (event.key.toLowerCase() === "z" && !event.shiftKey && !isTyping(event.target) && undoLast()) event.preventDefault();
    return;
  }
  if (event.key === "Escape") escape();
  else if (isTyping(event.target)) return;
  else if (event.key === "/") {
    focusSearch();
    usedKey("/");
  } else if (event.key === "?") dialog.value = "keys";
  else if (letterKeys.value && event.key.length === 1 && goByLetter(event)) usedKey("g");
  else if (letterKeys.value && event.key in LETTERS && isCommand(event) && (!OWN_LETTERS.includes(place.value.view) || event.key === "n")) {
    const { key } = event;
    whenAlone(() => {
      if (!dialog.value && !isTyping(document.activeElement) && LETTERS[key]() !== false) usedKey(key);
    });
  } else return;
  event.preventDefault();
}

export function listenToKeys() {
  addEventListener("keydown", onKeyDown);
}
