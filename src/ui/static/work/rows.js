// @ts-check
// Rows of a list of any length: only the pages in sight are asked for, and what is on the screen
// stays there until the next answer is complete.

import { useEffect, useRef, useState } from "../dom.js";
import { Problem } from "../api.js";

/**
 * @typedef {import("../state/items.js").Item} Item
 * @typedef {{total: number, total_exact: boolean, items: Item[], [member: string]: any}} Answer
 * @typedef {{key: string|null, total: number, exact: boolean, pages: Record<number, Item[]>, answer: Answer|null, problem: Problem|null}} Rows
 */

export const PER_PAGE = 100;
/** Longer lists are narrowed by a filter, not by scrolling: pages do not reach further. */
const MOST_ROWS = 10_000;

/**
 * @param {string} key names the query; another one begins anew
 * @param {(page: number, signal: AbortSignal) => Promise<Answer>} fetch
 * @param {number} [most] rows that pages reach
 */
export function useRows(key, fetch, most = MOST_ROWS) {
  const [rows, setRows] = useState(/** @type {Rows} */ ({ key: null, total: 0, exact: true, pages: {}, answer: null, problem: null }));
  const [attempt, setAttempt] = useState(0);
  const asked = useRef(new Set());
  const current = useRef({ key: "", asking: new AbortController() });
  current.current.key = key;

  /** @param {number} page @param {AbortController} mine */
  const ask = async (page, mine) => {
    if (asked.current.has(page)) return;
    asked.current.add(page);
    try {
      const answer = await fetch(page, mine.signal);
      if (mine.signal.aborted) return;
      setRows((now) => ({
        key,
        total: Math.min(answer.total, most),
        exact: answer.total_exact,
        pages: { ...(now.key === key && page > 1 ? now.pages : {}), [page]: answer.items },
        answer: page === 1 || !now.answer ? answer : now.answer,
        problem: null,
      }));
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      asked.current.delete(page);
      setRows((now) => ({ ...now, problem: /** @type {Problem} */ (error) }));
    }
  };
  useEffect(() => {
    const mine = new AbortController();
    asked.current = new Set();
    current.current.asking = mine;
    void ask(1, mine);
    return () => mine.abort();
  }, [key, attempt]);

  return {
    ...rows,
    /** Whether the answer is of the query as it is now. */
    isNow: rows.key === key,
    at: (/** @type {number} */ index) => rows.pages[Math.floor(index / PER_PAGE) + 1]?.[index % PER_PAGE],
    loaded: Object.values(rows.pages).flat(),
    /** Asks for what is missing between two rows. @param {number} first @param {number} last */
    need(first, last) {
      if (rows.key !== current.current.key) return;
      for (let page = Math.floor(first / PER_PAGE) + 1; page <= Math.floor(Math.max(first, last - 1) / PER_PAGE) + 1; page += 1) void ask(page, current.current.asking);
    },
    again: () => setAttempt((now) => now + 1),
    /** Shows a changed row without asking. @param {Item} item */
    put: (item) => setRows((now) => ({
      ...now,
      pages: Object.fromEntries(Object.entries(now.pages).map(([page, items]) => [page, items.map((one) => (one.id === item.id ? { ...one, ...item } : one))])),
    })),
  };
}
