// @ts-check
// The operations about duplicates and merges; the rest is in `../api.js`.

import { request } from "../api.js";

/**
 * @typedef {import("../api.js").Contact} Contact
 * @typedef {{field: string, level: string, weight: number, words: string}} Reason
 * @typedef {{id_a: string, id_b: string, probability: number, match_weight: number, prior: number,
 *   why: Reason[], summary: string, contacts?: Contact[]}} Pair
 * @typedef {{id: string, probability: number, members: {id: string, selected?: boolean, contact: Contact}[], pairs: Pair[]}} Group
 * @typedef {{total: number, total_exact: boolean, state: string, next_cursor: string|null,
 *   contacts_read?: number, groups?: Group[], pairs?: Pair[]}} Duplicates
 * @typedef {{merge_id: string|null, contact: Contact, versions: Record<string, number>,
 *   taken: {field: string, id: string}[], lost: {field: string, id: string, value: any}[]}} Merged
 * @typedef {{id: string, primary: string, others: string[], at: string, actor: string, state: string,
 *   undone_at: string|null}} Merge
 */

/** `list_duplicates` @param {Record<string, unknown>} params @param {AbortSignal} [signal] @returns {Promise<Duplicates>} */
export async function listDuplicates(params, signal) {
  return (await request("GET", "/api/v1/duplicates", { params, signal })).body;
}

/**
 * `check_duplicates`: who a draft may be, the likeliest first.
 * @param {Record<string, unknown>} draft @param {AbortSignal} signal
 * @returns {Promise<{matches: (Pair & {id: string, display_name: string})[]}>}
 */
export async function checkDuplicates(draft, signal) {
  return (await request("POST", "/api/v1/duplicates/check", { params: { limit: 3 }, body: draft, signal })).body;
}

/** `dismiss_duplicates` @param {{ids: string[], verdict: string, until?: string}} body */
export async function dismissDuplicates(body) {
  await request("POST", "/api/v1/duplicates/dismissals", { body });
}

/** `withdraw_dismissal` @param {string[]} ids of two contacts */
export async function withdrawDismissal(ids) {
  await request("DELETE", "/api/v1/duplicates/dismissals", { params: { ids } });
}

/** The preview on its way: a merge waits for it, or it would ask about contacts that are gone. */
let previewing = /** @type {Promise<unknown>} */ (Promise.resolve());

/** `merge_contacts` as a trial @param {Record<string, unknown>} body @returns {Promise<Merged>} */
export function previewMerge(body) {
  const asked = request("POST", "/api/v1/contacts/merge", { body: { ...body, dry_run: true } }).then((answer) => answer.body);
  previewing = asked.catch(() => {});
  return asked;
}

/** `merge_contacts` @param {Record<string, unknown>} body @returns {Promise<Merged>} */
export async function mergeContacts(body) {
  await previewing;
  return (await request("POST", "/api/v1/contacts/merge", { body })).body;
}

/**
 * `undo_merge` @param {string} id @param {Record<string, string>} [resolve] whose a change is, by field
 * @returns {Promise<{contact: Contact, restored: Contact[]}>}
 */
export async function undoMerge(id, resolve) {
  return (await request("POST", `/api/v1/merges/${id}/undo`, { body: { resolve } })).body;
}

/** `list_merges` @param {string} contact @returns {Promise<Merge[]>} */
export async function listMerges(contact) {
  return (await request("GET", "/api/v1/merges", { params: { contact } })).body.merges;
}
