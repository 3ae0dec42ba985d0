// @ts-check
// Records that are on the screen or were a moment ago, each with its version. Saving
// goes through here, because this is where a conflict with somebody else is noticed.

import { signal } from "../dom.js";
import { findContact, Problem, updateContact } from "../api.js";
import { replaceHit } from "./search.js";

/**
 * @typedef {import("../api.js").Contact} Contact
 * @typedef {{contact: Contact|null, etag: string|null, problem: Problem|null}} Entry
 * @typedef {{state: "saved"} | {state: "problem", problem: Problem}
 *   | {state: "conflict", theirs: Contact}} Outcome
 */

const KEEP = 200;
/** @type {Map<string, import("../vendor/signals.js").Signal<Entry>>} */
const entries = new Map();
/** @type {Map<string, Promise<void>>} */
const loading = new Map();

/** The live entry of a contact; empty until loaded or told. @param {string} id */
export function record(id) {
  let entry = entries.get(id);
  if (!entry) {
    if (entries.size >= KEEP) entries.delete(/** @type {string} */ (entries.keys().next().value));
    entry = signal(/** @type {Entry} */ ({ contact: null, etag: null, problem: null }));
    entries.set(id, entry);
  }
  return entry;
}

/** Tells what an answer already contained, so that a card opens at once. @param {Contact} contact */
export function remember(contact) {
  const entry = record(contact.id);
  const known = entry.peek().contact;
  if (!known || known.version < contact.version) {
    entry.value = { contact, etag: null, problem: null };
  }
}

/** Loads the record as the server has it now. @param {string} id @returns {Promise<void>} */
export function load(id) {
  const already = loading.get(id);
  if (already) return already;
  const entry = record(id);
  const run = findContact(id)
    .then((found) => keep(found))
    .catch((error) => {
      if (error instanceof Problem) entry.value = { ...entry.peek(), problem: error };
      else throw error;
    })
    .finally(() => loading.delete(id));
  loading.set(id, run);
  return run;
}

/** @param {import("../api.js").Versioned} found */
export function keep({ contact, etag }) {
  record(contact.id).value = { contact, etag, problem: null };
  replaceHit(contact);
}

/** @param {string} id */
export function forget(id) {
  entries.delete(id);
}

/** @param {unknown} a @param {unknown} b */
const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/**
 * The parts of two records that a patch touches and that differ between them.
 * @param {Contact} a @param {Contact} b @param {Record<string, any>} patch
 */
function differs(a, b, patch) {
  return Object.keys(patch).some((key) =>
    key === "custom_fields"
      ? Object.keys(patch[key]).some((name) => !same(a.custom_fields?.[name], b.custom_fields?.[name]))
      : !same(a[key], b[key]),
  );
}

/**
 * Saves a change on top of the version that the person saw. If somebody else changed
 * the record meanwhile but not these fields, saves on top of theirs; if they changed
 * these fields, answers with their version and saves nothing.
 * @param {string} id
 * @param {Record<string, any>} patch
 * @returns {Promise<Outcome>}
 */
export async function save(id, patch) {
  const entry = record(id);
  const seen = entry.peek().contact;
  if (!entry.peek().etag) await load(id);
  try {
    for (let attempt = 0; ; attempt += 1) {
      const { contact: base, etag, problem } = entry.peek();
      if (!base || !etag) return { state: "problem", problem: problem ?? new Problem(0, {}) };
      if (seen && seen !== base && differs(seen, base, patch)) return { state: "conflict", theirs: base };
      try {
        keep(await updateContact(id, patch, etag));
        return { state: "saved" };
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 412 || attempt === 4) throw error;
        keep(await findContact(id));
      }
    }
  } catch (error) {
    if (error instanceof Problem) return { state: "problem", problem: error };
    throw error;
  }
}
