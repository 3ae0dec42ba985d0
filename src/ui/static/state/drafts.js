// @ts-check
// What somebody has typed and not saved. It is kept in this browser as it is typed, so that it
// outlives a closed page and the next caller; only the person who typed it sees it, and it goes
// when it is saved or discarded.

import { computed, effect, signal, useEffect } from "../dom.js";
import { token } from "../api.js";
import { me } from "./me.js";

/**
 * @typedef {{what: string, whose: string, id?: string, path?: string, start?: string, values: any, base?: any,
 *   at: number}} Draft `what` and `whose` are for people ("note", "John Doe"); `id` and `path` lead to
 *   the field, `start` to the form; `base` is what the field said when the typing began
 */

const KEEP_MS = 14 * 86_400_000;

/** @type {import("../vendor/signals.js").Signal<Map<string, Draft>>} */
const drafts = signal(new Map());
/** Keys of the drafts whose editors are on the screen. @type {import("../vendor/signals.js").Signal<Set<string>>} */
const onScreen = signal(new Set());

/** Those that are nowhere on the screen, by key. */
export const unsaved = computed(() => [...drafts.value].filter(([key]) => !onScreen.value.has(key)));

/** Where the drafts of this person are; null until it is known who works here. */
function home() {
  const now = me.peek();
  if (!now) return null;
  // A token is kept for its tab only, and so is what is typed with it.
  const byToken = Boolean(token());
  const person = now.user_id ?? (byToken ? "token" : "demo");
  return { storage: byToken ? sessionStorage : localStorage, prefix: `ringdex.draft.${now.organization}.${person}.` };
}

/** @param {(storage: Storage, prefix: string) => void} work */
function inStorage(work) {
  try {
    const where = home();
    if (where) work(where.storage, where.prefix);
  } catch {
    // Forbidden or full storage: the draft lasts as long as this page.
  }
}

/** Reads what other pages of this person have kept. */
function readAll() {
  inStorage((storage, prefix) => {
    const found = /** @type {[string, Draft][]} */ ([]);
    for (const key of Object.keys(storage).filter((one) => one.startsWith(prefix))) {
      const draft = JSON.parse(storage.getItem(key) ?? "null");
      if (draft && Date.now() - draft.at < KEEP_MS) found.push([key.slice(prefix.length), draft]);
      else storage.removeItem(key);
    }
    // What is being typed here is newer than what was kept.
    const here = [...drafts.peek()].filter(([key]) => onScreen.peek().has(key));
    drafts.value = new Map([...found, ...here]);
  });
}

effect(() => {
  if (me.value) {
    for (const [key, draft] of drafts.peek()) inStorage((storage, prefix) => storage.setItem(prefix + key, JSON.stringify(draft)));
    readAll();
  }
});
addEventListener("storage", readAll);
// A page that comes back from the browser's cache of pages has missed what others did.
addEventListener("pageshow", (event) => event.persisted && readAll());
addEventListener("pagehide", () => {
  inStorage((storage, prefix) => {
    for (const [key, draft] of drafts.peek()) if (onScreen.peek().has(key)) storage.setItem(prefix + key, JSON.stringify(draft));
  });
});

/** @param {string} key @returns {Draft|undefined} */
export const findDraft = (key) => drafts.peek().get(key);

/** @param {string} key @param {Omit<Draft, "at">} draft */
export function keepDraft(key, draft) {
  const kept = { ...draft, at: Date.now() };
  drafts.value = new Map(drafts.peek()).set(key, kept);
  inStorage((storage, prefix) => storage.setItem(prefix + key, JSON.stringify(kept)));
}

/** @param {string} key */
export function dropDraft(key) {
  if (drafts.peek().has(key)) drafts.value = new Map([...drafts.peek()].filter(([one]) => one !== key));
  inStorage((storage, prefix) => storage.removeItem(prefix + key));
}

/** Whether something is typed on the screen that is not saved. */
export const isTypingDraft = () => [...onScreen.peek()].some((key) => drafts.peek().has(key));

/** Forgets what was typed about a contact that is gone for good. @param {string} id */
export function dropDraftsOf(id) {
  for (const [key, draft] of drafts.peek()) if (draft.id === id) dropDraft(key);
}

/** Says whether the editor of a draft is on the screen. @param {string} key @param {boolean} is */
export function showsDraft(key, is) {
  if (onScreen.peek().has(key) === is) return;
  const next = new Set(onScreen.peek());
  if (is) next.add(key);
  else next.delete(key);
  onScreen.value = next;
}

/**
 * For a form that is a draft as a whole: takes over what was kept as soon as it is known who works
 * here, and says that it is on the screen.
 * @param {string} key @param {(values: any) => void} adopt
 */
export function useDraft(key, adopt) {
  useEffect(() => {
    showsDraft(key, true);
    return () => showsDraft(key, false);
  }, [key]);
  useEffect(() => {
    const kept = findDraft(key);
    if (kept) adopt(kept.values);
  }, [key, Boolean(me.value)]);
}

/** Forgets what was typed with a token that is forgotten. */
export function dropTokenDrafts() {
  if (token()) for (const key of [...drafts.peek().keys()]) dropDraft(key);
}
