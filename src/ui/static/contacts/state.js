// @ts-check
// What is selected on the page of contacts, and how a selection is told to the server.

import { signal } from "../dom.js";

/** @typedef {import("../state/items.js").Item} Item */

/** Rows by id. @type {import("../vendor/signals.js").Signal<Map<string, Item>>} */
export const selected = signal(new Map());
/** Whether the whole query is meant, not only the rows. */
export const isWhole = signal(false);

/** @param {Item[]} rows @param {boolean} on */
export function put(rows, on) {
  const next = new Map(selected.value);
  for (const row of rows) {
    if (on) next.set(row.id, row);
    else next.delete(row.id);
  }
  selected.value = next;
  isWhole.value = false;
}

export function clear() {
  selected.value = new Map();
  isWhole.value = false;
}

/** @typedef {{q: string, total: number}} Asked what the page asks for, and how many these are */

/** How many are selected. @param {Asked} asked */
export const count = (asked) => (isWhole.value ? asked.total : selected.value.size);

/** The selection as requests have it. @param {Asked} asked */
export function selection({ q }) {
  if (!isWhole.value) return { ids: [...selected.value.keys()] };
  return q.trim() ? { q: q.trim() } : { all: true };
}
