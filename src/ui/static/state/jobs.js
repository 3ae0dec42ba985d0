// @ts-check
// Jobs that this page has started: they are asked about until they end, and then told.

import { signal } from "../dom.js";
import { Problem, request } from "../api.js";

/** @typedef {{id: string, state: string, total: number, changed: number, unchanged: number, refused: number, refusals: {id?: string, code?: string, detail?: string}[], error?: string|null, [member: string]: any}} Job */

const ASK_MS = 600;
const RETRY_MS = 5000;

/** What runs, by id. @type {import("../vendor/signals.js").Signal<Record<string, {text: string, done: number, total: number}>>} */
export const running = signal({});

/** @param {string} id @param {{text: string, done: number, total: number}|null} now */
function tell(id, now) {
  const { [id]: _, ...others } = running.value;
  running.value = now ? { ...others, [id]: now } : others;
}

/**
 * Asks about a job until it has ended.
 * @param {string} id @param {string} text what it does @param {string} [path] where it is found
 * @returns {Promise<Job>}
 */
export async function watch(id, text, path = "/api/v1/jobs") {
  tell(id, { text, done: 0, total: 0 });
  for (;;) {
    let wait = ASK_MS;
    try {
      const { body } = await request("GET", `${path}/${encodeURIComponent(id)}`);
      if (!["running", "queued"].includes(body.state)) {
        tell(id, null);
        return body;
      }
      const { done = (body.changed ?? 0) + (body.unchanged ?? 0) + (body.refused ?? 0), total = body.total ?? 0 } = body.progress ?? {};
      tell(id, { text, done, total });
    } catch (error) {
      if (!(error instanceof Problem) || ![0, 429, 503].includes(error.status)) {
        tell(id, null);
        throw error;
      }
      wait = RETRY_MS;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
