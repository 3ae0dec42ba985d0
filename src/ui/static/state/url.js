// @ts-check
// What the address says: view, query, opened contact. Everything on the screen that
// should survive a reload or come back with Back is here and nowhere else.

import { signal } from "../dom.js";

/**
 * @typedef {{view: "console"|"pop"|"duplicates"|"sign-in"|"setup", q: string, contact: string|null, number: string,
 *   country: string, create: boolean, pinned: boolean, tab: string, by: string, p: string, group: string}} Place
 * `pinned` keeps the card while somebody else is searched for; `tab` is of a card; `by` (groups or pairs), `p` (least probability) and `group` are of duplicates
 */

/** @type {Record<string, "pop"|"duplicates"|"sign-in"|"setup">} */
const VIEWS = { "/pop": "pop", "/duplicates": "duplicates", "/sign-in": "sign-in", "/setup": "setup" };

/** @returns {Place} */
function read() {
  const url = new URL(location.href);
  const inPath = url.pathname.match(/^\/contacts\/([^/]+)\/?$/);
  const get = (/** @type {string} */ name) => url.searchParams.get(name) ?? "";
  return {
    view: VIEWS[url.pathname] ?? "console",
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
  const text = params.toString();
  return (["pop", "duplicates"].includes(place.view) ? `/${place.view}` : "/") + (text ? `?${text}` : "");
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
  if (next.view === "duplicates" && (changes.q || changes.create)) next.view = "console";
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

/** Opens a contact in the view that is on the screen. @param {string} id @param {{replace?: boolean}} [how] */
export function openContact(id, how) {
  go({ contact: id, create: false, view: place.value.view === "pop" ? "pop" : "console" }, how);
}
