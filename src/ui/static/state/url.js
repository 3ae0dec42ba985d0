// @ts-check
// What the address says: view, query, opened contact. Everything on the screen that
// should survive a reload or come back with Back is here and nowhere else.

import { signal } from "../dom.js";

/**
 * @typedef {{view: string, q: string, contact: string|null, number: string,
 *   country: string, create: boolean, pinned: boolean, tab: string, by: string, p: string, group: string,
 *   rest: string, more: Record<string, string>}} Place
 * `view` is "console", or the first part of the address; `pinned` keeps the card while somebody else is searched for;
 * `tab` is of a card; `by` (groups or pairs), `p` (least probability) and `group` are of duplicates; `rest` (the second
 * part of the address) and `more` are of the other pages
 */

/** Pages whose addresses have members of their own; `more` is empty there. */
const NAMED = ["console", "pop", "duplicates", "sign-in", "setup"];
/** Members of every address. */
const COMMON = ["q", "c", "new", "tab", "pinned"];

/** @param {URL} url */
function viewOf(url) {
  const [, first, second] = url.pathname.split("/");
  return !first || (first === "contacts" && second) ? "console" : first;
}

/** @param {URL} url */
function moreOf(url) {
  if (NAMED.includes(viewOf(url))) return {};
  return Object.fromEntries([...url.searchParams].filter(([name]) => !COMMON.includes(name)));
}

/** @returns {Place} */
function read() {
  const url = new URL(location.href);
  const inPath = url.pathname.match(/^\/contacts\/([^/]+)\/?$/);
  const get = (/** @type {string} */ name) => url.searchParams.get(name) ?? "";
  return {
    view: viewOf(url),
    q: get("q"),
    contact: inPath ? decodeURIComponent(inPath[1]) : get("c") || null,
    number: get("number"),
    country: get("country"),
    create: url.searchParams.has("new"),
    pinned: url.searchParams.has("pinned"),
    tab: get("tab"),
    by: get("by"),
    p: get("p"),
    group: get("group"),
    rest: inPath ? "" : decodeURIComponent(url.pathname.split("/")[2] ?? ""),
    more: moreOf(url),
  };
}

/** @param {Place} place */
function address(place) {
  const params = new URLSearchParams();
  if (place.view === "pop") params.set("number", place.number);
  if (place.view === "pop" && place.country) params.set("country", place.country);
  if (place.q) params.set("q", place.q);
  if (place.contact) params.set("c", place.contact);
  if (place.contact && place.pinned) params.set("pinned", "1");
  if (place.create) params.set("new", "1");
  for (const key of /** @type {("tab"|"by"|"p"|"group")[]} */ (place.view === "duplicates" ? ["by", "p", "group"] : ["tab"])) {
    if (place[key]) params.set(key, place[key]);
  }
  for (const [name, value] of Object.entries(place.more)) if (value) params.set(name, value);
  const text = params.toString();
  const path = place.view === "console" ? "/" : `/${place.view}${place.rest ? `/${encodeURIComponent(place.rest)}` : ""}`;
  return path + (text ? `?${text}` : "");
}

export const place = signal(read());

addEventListener("popstate", () => {
  place.value = read();
});

/**
 * Goes somewhere: a new entry for Back, or with `replace` a correction of this one.
 * @param {Partial<Place>} changes
 * @param {{replace?: boolean}} [how]
 */
export function go(changes, { replace = false } = {}) {
  const next = { ...place.value, ...changes };
  // A card belongs to the query it was opened from: another query closes it unless it is pinned.
  if (changes.contact === undefined && next.q !== place.value.q && !next.pinned) next.contact = null;
  if (next.contact !== place.value.contact && changes.pinned === undefined) next.pinned = false;
  // What is searched for or new is shown in the console.
  if (!WITH_CONTACTS.includes(next.view) && (changes.q || changes.create)) next.view = "console";
  if (next.view !== place.value.view) Object.assign(next, { rest: changes.rest ?? "", more: changes.more ?? {} });
  if (next.contact !== place.value.contact && !changes.tab) next.tab = "";
  const to = address(next);
  try {
    if (replace) history.replaceState(null, "", to);
    else if (to !== location.pathname + location.search) history.pushState(null, "", to);
  } catch {
    // Browsers limit how often the address may change; the next change catches up.
  }
  place.value = next;
}

/** Views that show the card of a contact. */
const WITH_CONTACTS = ["console", "pop", "contacts"];

/** Opens a contact in the view that is on the screen. @param {string} id @param {{replace?: boolean}} [how] */
export function openContact(id, how) {
  go({ contact: id, create: false, view: WITH_CONTACTS.includes(place.value.view) ? place.value.view : "console" }, how);
}

/** What a page shows when it is gone to anew. */
const ANEW = { q: "", contact: null, create: false, number: "", tab: "", group: "", by: "", p: "" };

/** Goes to a page as it is at first. @param {string} view @param {Partial<Place>} [changes] */
export const goPage = (view, changes) => go({ ...ANEW, rest: "", more: {}, view, ...changes });

/** Corrects members of the address that are the page's own; an empty one goes. @param {Record<string, string>} changes @param {{replace?: boolean}} [how] */
export function goMore(changes, how) {
  const more = Object.fromEntries(Object.entries({ ...place.value.more, ...changes }).filter(([, value]) => value));
  go({ more }, how);
}
