// @ts-check
// Records of every kind through the JSON API: all of them are listed, made, changed, deleted and
// restored in the same way.

import { Problem, request } from "../api.js";
import { toast } from "./session.js";
import { offerUndo } from "./undo.js";
import { problemText } from "../text/words.js";
import { t } from "../text/say.js";

/** @typedef {{id: string, version?: number, [member: string]: any}} Item */

/** @param {string} noun @param {string} [id] */
const pathOf = (noun, id) => `/api/v1/${noun}${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;

/**
 * One page of a list; settings' lists come whole, under their own name.
 * @param {string} noun @param {Record<string, unknown>} [params] @param {AbortSignal} [signal]
 * @returns {Promise<{total: number, total_exact: boolean, items: Item[], [member: string]: any}>}
 */
export async function listItems(noun, params, signal) {
  const { body } = await request("GET", pathOf(noun), { params, signal });
  const items = body.items ?? body[noun.replaceAll("-", "_")] ?? [];
  return { ...body, items, total: body.total ?? items.length, total_exact: body.total_exact !== false };
}

/** @param {string} noun @param {string} id @returns {Promise<Item>} */
export const findItem = async (noun, id) => (await request("GET", pathOf(noun, id))).body;

/** @param {string} noun @param {Record<string, unknown>} body @returns {Promise<Item>} */
export const createItem = async (noun, body) => (await request("POST", pathOf(noun), { body })).body;

/** Changes members of a record as it was seen. @param {string} noun @param {Item} item @param {Record<string, unknown>} patch @returns {Promise<Item>} */
export async function updateItem(noun, item, patch) {
  /** @type {Record<string, string>} */
  const headers = item.version === undefined ? {} : { "If-Match": `"${item.version}"` };
  return (await request("PATCH", pathOf(noun, item.id), { body: patch, type: "application/merge-patch+json", headers })).body;
}

/** @param {string} noun @param {string} id @param {Record<string, unknown>} [params] */
export const deleteItem = (noun, id, params) => request("DELETE", pathOf(noun, id), { params });

/** @param {string} noun @param {string} id */
export const restoreItem = (noun, id) => request("POST", `${pathOf(noun, id)}/restore`);

/** Says what did not work, in passing. @param {unknown} error */
export function complain(error) {
  if (!(error instanceof Problem)) throw error;
  toast(saidOf(error), { bad: true });
}

/** A problem with where it is. @param {Problem} error */
export function saidOf(error) {
  if (error.status === 412) return t("Somebody changed it meanwhile. Look at what is new and try again.");
  if (error.status === 404) return t("It is not there any more. Somebody may have deleted it.");
  return problemText(error);
}

/**
 * Does something and says so, with a way back if there is one.
 * @param {() => Promise<unknown>} run @param {string} text @param {(() => Promise<unknown>)|null} [back] @param {() => void} [then]
 */
export async function act(run, text, back, then) {
  try {
    await run();
  } catch (error) {
    complain(error);
    return false;
  }
  if (back) {
    offerUndo(text, async () => {
      try {
        await back();
        toast(t("Taken back."));
        then?.();
      } catch (error) {
        complain(error);
      }
    });
  } else toast(text);
  then?.();
  return true;
}
