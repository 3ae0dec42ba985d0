// @ts-check
// Records that are on the screen or were a moment ago, each with its version. Saving
// goes through here, because this is where a conflict with somebody else is noticed.

import { signal } from "../dom.js";
import { findContact, Problem, updateContact, whenMoved } from "../api.js";
import { replaceHit } from "./search.js";
import { toast } from "./session.js";
import { problemText } from "../text/words.js";
import { offerUndo } from "./undo.js";
import { go, place } from "./url.js";
import { t } from "../text/say.js";

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

/** Whether a record is on the screen or was a moment ago. @param {string} id */
export const isKnown = (id) => Boolean(entries.get(id)?.peek().contact);

/** A record is not there any more, as somebody else was told. @param {string} id */
export function lose(id) {
  record(id).value = { ...record(id).peek(), problem: new Problem(404, {}) };
}

/** @param {string} id */
export function forget(id) {
  entries.delete(id);
}

/** A contact that was merged is where it went to: whoever looks at it goes along. @param {string} id @param {string} into */
export function follow(id, into) {
  forget(id);
  if (place.peek().contact === id) go({ contact: into, pinned: place.peek().pinned }, { replace: true });
}
whenMoved(follow);

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
 * these fields, answers with their version and saves nothing. What is saved can be taken back.
 * @param {string} id
 * @param {Record<string, any>} patch
 * @param {string} what names the change: "Company"
 * @param {Contact|null} [seen] the record as the person sees it, if it is not the one that is known now
 * @returns {Promise<Outcome>}
 */
export async function save(id, patch, what, seen) {
  const { outcome, before } = await write(id, patch, seen);
  const after = record(id).peek().contact;
  if (outcome.state === "saved" && before && after && before.version !== after.version) {
    offerUndo(t("{0}: {1} saved.", after.display_name, what), () => takeBack(before, after, patch, what));
  }
  return outcome;
}

/** A patch that brings the values of a patch back to what they were. @param {Contact} before @param {Record<string, any>} patch */
function inverse(before, patch) {
  /** @type {Record<string, any>} */
  const back = {};
  for (const key of Object.keys(patch)) {
    if (key === "custom_fields") {
      back[key] = Object.fromEntries(Object.keys(patch[key]).map((name) => [name, before.custom_fields?.[name] ?? null]));
    } else if (["name", "first_name", "last_name"].includes(key)) {
      const { first_name = null, last_name = null, display_name } = before;
      Object.assign(back, { first_name, last_name, display_name });
    } else if (key === "status") {
      // The shown status may stand for several facts at once.
      Object.assign(back, { status: before.status, blocked: before.blocked, do_not_contact: before.do_not_contact });
    } else back[key] = before[key] ?? null;
  }
  return back;
}

/**
 * Takes a saved change back, unless somebody has changed the same fields since.
 * @param {Contact} before @param {Contact} after @param {Record<string, any>} patch @param {string} what
 */
async function takeBack(before, after, patch, what) {
  const back = inverse(before, patch);
  await load(after.id);
  const now = record(after.id).peek().contact;
  if (!now || differs(after, now, back)) {
    toast(t("{0}: {1} was changed again since, so it stays as it is.", after.display_name, what), { bad: true });
    return;
  }
  const { outcome } = await write(after.id, back);
  if (outcome.state === "saved") toast(t("{0}: {1} is as it was.", before.display_name, what));
  else toast(outcome.state === "problem" ? problemText(outcome.problem) : t("Somebody changed it at the same moment. Nothing was taken back."), { bad: true });
}

/** @param {string} id @param {Record<string, any>} patch @param {Contact|null} [saw] @returns {Promise<{outcome: Outcome, before: Contact|null}>} */
async function write(id, patch, saw) {
  const entry = record(id);
  const seen = saw ?? entry.peek().contact;
  if (!entry.peek().etag) await load(id);
  try {
    for (let attempt = 0; ; attempt += 1) {
      const { contact: base, etag, problem } = entry.peek();
      const before = base;
      if (!base || !etag) return { outcome: { state: "problem", problem: problem ?? new Problem(0, {}) }, before };
      if (seen && seen !== base && differs(seen, base, patch)) return { outcome: { state: "conflict", theirs: base }, before };
      try {
        keep(await updateContact(id, patch, etag));
        return { outcome: { state: "saved" }, before };
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 412 || attempt === 4) throw error;
        keep(await findContact(id));
      }
    }
  } catch (error) {
    if (error instanceof Problem) return { outcome: { state: "problem", problem: error }, before: null };
    throw error;
  }
}
