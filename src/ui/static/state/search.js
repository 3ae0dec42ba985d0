// @ts-check
// The running search: the newest query wins, older answers are dropped, and what is on
// the screen stays there until the next answer is complete.

import { batch, signal } from "../dom.js";
import { listContacts, Problem } from "../api.js";

/** @typedef {import("../api.js").Hit} Hit */

/** So many hits are asked for at first: a screen of them. */
export const PAGE = 18;
/** And so many when somebody goes on. */
const MORE = 100;
const SLOW_MS = 150;
/** While the server does not answer, it is asked again so often. */
const RETRY_MS = 3000;
const STALE_MS = 500;

/** @type {import("../vendor/signals.js").Signal<Hit[]>} */
export const hits = signal([]);
/** The query that `hits` answers; null before the first answer. @type {any} */
export const answered = signal(null);
export const total = signal(0);
export const totalExact = signal(true);
/** @type {any} */
export const tookUs = signal(null);
/** @type {import("../vendor/signals.js").Signal<string[]>} */
export const warnings = signal([]);
/** The query that was probably meant. @type {any} */
export const meant = signal(null);
/** True when an answer has been awaited for long enough to say so. */
export const slow = signal(false);
/** @type {import("../vendor/signals.js").Signal<Problem|null>} */
export const problem = signal(null);
/** Index of the highlighted hit; -1 while nobody is, since a guess is highlighted by a person only. */
export const active = signal(0);

/** @type {string|null} */
let cursor = null;
/** @type {string|null} */
let asked = null;
/** @type {AbortController|null} */
let running = null;
let loadingMore = false;
/** @type {Promise<void>} */
let answer = Promise.resolve();

/** Resolves when the newest query has its answer. */
export const settled = () => answer;

/** Without words: everybody, last changed first. @param {string} q */
const sortFor = (q) => (q.trim() ? undefined : "-updated_at");

/**
 * Asks for the first page. The same query again does nothing unless `again` is set.
 * @param {string} q
 * @param {{again?: boolean}} [how]
 */
export function search(q, { again = false } = {}) {
  if (q !== asked || again || problem.peek()) answer = ask(q, again);
  return answer;
}

/** @param {string} q @param {boolean} again */
async function ask(q, again) {
  asked = q;
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const timer = setTimeout(() => (slow.value = true), SLOW_MS);
  try {
    const page = await listContacts({ q: q.trim(), sort: sortFor(q), per_page: PAGE }, mine.signal);
    if (running !== mine) return;
    batch(() => {
      const keep = again ? hits.value[active.value]?.id : null;
      hits.value = page.contacts;
      const isGuess = page.contacts[0]?.match?.weak === true;
      const kept = keep ? page.contacts.findIndex((hit) => hit.id === keep) : -1;
      active.value = kept >= 0 ? kept : isGuess ? -1 : 0;
      total.value = page.total;
      totalExact.value = page.total_exact !== false;
      tookUs.value = page.took_us ?? null;
      warnings.value = page.warnings ?? [];
      meant.value = page.did_you_mean ?? null;
      answered.value = q;
      problem.value = null;
    });
    cursor = page.next_cursor ?? null;
    // What this person saved is not in the answer yet; it will be in a moment.
    if (page.stale) setTimeout(() => asked === q && refresh(), STALE_MS);
  } catch (error) {
    if (running !== mine) return;
    problem.value = error instanceof Problem ? error : new Problem(0, { detail: String(error) });
    if (problem.value.status === 0) setTimeout(() => problem.value && asked === q && refresh(), RETRY_MS);
  } finally {
    clearTimeout(timer);
    if (running === mine) {
      slow.value = false;
      running = null;
    }
  }
}

/** Asks for the next page of what is shown, if there is one. */
export async function searchMore() {
  if (loadingMore || running || !cursor || asked === null) return;
  const q = asked;
  loadingMore = true;
  try {
    const page = await listContacts({ q: q.trim(), sort: sortFor(q), per_page: MORE, cursor });
    if (asked !== q || answered.value !== q) return;
    const known = new Set(hits.value.map((hit) => hit.id));
    hits.value = hits.value.concat(page.contacts.filter((hit) => !known.has(hit.id)));
    cursor = page.next_cursor ?? null;
  } catch (error) {
    if (error instanceof Problem) problem.value = error;
  } finally {
    loadingMore = false;
  }
}

/** Shows a saved record in the list without asking for the list again. @param {import("../api.js").Contact} contact */
export function replaceHit(contact) {
  const at = hits.value.findIndex((hit) => hit.id === contact.id);
  if (at < 0 || hits.value[at].version === contact.version) return;
  const next = hits.value.slice();
  // Old marks could stand on the wrong letters of the new text.
  next[at] = { ...contact, match: { ...next[at].match, highlights: {} } };
  hits.value = next;
}

/** Asks again, for instance after a create or a delete. */
export function refresh() {
  return search(asked ?? answered.value ?? "", { again: true });
}
