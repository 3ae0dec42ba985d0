// @ts-check
// What others change, as the server tells of it: whoever shows something listens here. The connection
// itself is in `follow.js`.

import { useEffect, useRef } from "../dom.js";

/**
 * @typedef {{id: string, event: string, kind: string, record_id: string, gone: boolean, merged_into?: string, by?: string, data: any}} Told
 *   the event "reset" has no more: anything may have changed
 */

/** @type {Set<(told: Told) => void>} */
const listeners = new Set();

/** @param {(told: Told) => void} heard @returns {() => void} ends it */
export function listen(heard) {
  listeners.add(heard);
  return () => void listeners.delete(heard);
}

/** Tells everybody who listens. @param {Told} told */
export function tellAll(told) {
  for (const heard of [...listeners]) heard(told);
}

/**
 * Runs something when it is asked to, but once for all that ask within a while.
 * @param {() => void} run @param {number} ms
 */
export function soon(run, ms) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      run();
    }, ms);
  };
}

/** Several changes at once are asked about once. */
const PAUSE_MS = 400;

/** The records of an event as paths name them. @param {string} kind */
export const nounOf = (kind) => (kind.endsWith("y") ? `${kind.slice(0, -1)}ies` : `${kind}s`);

/**
 * While a part is on the screen: asks again when what it shows may have changed.
 * @param {(told: Told) => boolean} concerns @param {() => void} again @param {number} [pause]
 */
export function useLive(concerns, again, pause = PAUSE_MS) {
  const now = useRef({ concerns, again });
  now.current = { concerns, again };
  useEffect(() => {
    let isShown = true;
    const ask = soon(() => isShown && now.current.again(), pause);
    const end = listen((told) => {
      if (told.event === "reset" || now.current.concerns(told)) ask();
    });
    return () => {
      isShown = false;
      end();
    };
  }, []);
}
