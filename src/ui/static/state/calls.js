// @ts-check
// The calls of the person here, from ringing until they are wrapped up, as the telephone system tells
// of them.

import { signal } from "../dom.js";
import { listItems } from "./items.js";
import { me } from "./me.js";

/** @typedef {import("./items.js").Item} Item */

/** How a call may have ended, as it is kept. */
export const OUTCOMES = ["completed", "no-answer", "voicemail", "busy", "callback", "wrong number"];

/** One on the line, one that waits, one that is wrapped up. */
const MOST = 3;
/** What began longer ago is not heard of any more. */
const LASTS_MS = 4 * 3_600_000;

/** The newest first. @type {import("../vendor/signals.js").Signal<Item[]>} */
export const myCalls = signal([]);
/** Calls that the person has put away. */
const away = new Set();

/** @param {Item} call */
export const isOn = (call) => ["INITIATED", "CONNECTED"].includes(call.status);

/** @param {Item} call */
const isMine = (call) => Boolean(me.peek()?.user_id) && call.agent === me.peek()?.user_id;

/** Takes news of a call. @param {Item} call */
export function takeCall(call) {
  const isKnown = myCalls.peek().some((one) => one.id === call.id);
  if (!isMine(call) || away.has(call.id)) return;
  if (isKnown) myCalls.value = myCalls.peek().map((one) => (one.id === call.id ? call : one));
  // What is over already when it is first heard of was never here.
  else if (isOn(call) && Date.now() - Date.parse(call.started_at) < LASTS_MS) myCalls.value = [call, ...myCalls.peek()].slice(0, MOST);
}

/** @param {Item} call */
export function putAway(call) {
  away.add(call.id);
  myCalls.value = myCalls.peek().filter((one) => one.id !== call.id);
}

/** Calls that are on when the page is opened. */
export async function loadMyCalls() {
  if (!me.peek()?.user_id) return;
  const { items } = await listItems("calls", { agent: me.peek()?.user_id, sort: "-started_at", per_page: MOST }).catch(() => ({ items: [] }));
  items.reverse().forEach(takeCall);
}
