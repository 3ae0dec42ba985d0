// @ts-check
// What can be taken back: every save offers it in a toast, and Ctrl+Z takes the last one back.

import { dismiss, toast } from "./session.js";
import { t } from "../text/say.js";

/** @typedef {{said: number, run: () => unknown}} Step */

const KEEP = 50;
/** @type {Step[]} */
let steps = [];
/** The toast of the last save: the next one takes its place. */
let lastSaid = 0;

/**
 * Says what was done and offers to take it back.
 * @param {string} text @param {() => unknown} run
 */
export function offerUndo(text, run) {
  dismiss(lastSaid);
  const step = { said: 0, run };
  step.said = toast(text, { action: { label: t("Undo"), run: () => take(step) } });
  lastSaid = step.said;
  steps = [...steps.slice(1 - KEEP), step];
  return step.said;
}

/** @param {Step} step */
function take(step) {
  if (!steps.includes(step)) return;
  steps = steps.filter((one) => one !== step);
  dismiss(step.said);
  void step.run();
}

/** Takes the last act back; false if there is none. */
export function undoLast() {
  const step = steps.at(-1);
  if (!step) return false;
  take(step);
  return true;
}
