// @ts-check
// The connection by which the server tells what changes. A page in sight has one, read as it comes so
// that it ends at once when the page is hidden; several windows of one person share one, since
// browsers allow few connections to a server. Whoever comes back goes on from the last event.

import { effect } from "../dom.js";
import { request, token } from "../api.js";
import { loadMyCalls } from "./calls.js";
import { tellAll } from "./live.js";
import { loadMe, me } from "./me.js";
import { needsSignIn } from "./session.js";
import { hear, lookForJobs } from "./hear.js";

/** @typedef {import("./live.js").Told} Told */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** The place of the last event that was heard; empty before the first connection. */
let last = "";
/** Whose calls were asked for. Only once changes are heard: what happened in between would be neither
 * in the answer nor told. @type {string|undefined} */
let callsOf;
/** While the page follows. @type {AbortController|null} */
let following = null;
/** By which the windows of one person tell each other. @type {BroadcastChannel|null} */
let others = null;

/** @param {Told} told */
function heard(told) {
  if (told.id) last = told.id;
  hear(told);
  tellAll(told);
}

/** @param {AbortSignal} signal @param {number} ms */
const pause = (signal, ms) => signal.aborted ? null : new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => { clearTimeout(timer); resolve(null); }, { once: true });
});

function askForCalls() {
  if (callsOf !== me.peek()?.user_id) void loadMyCalls();
  callsOf = me.peek()?.user_id;
}

/** Everything may be different: whoever shows something asks again. */
function beginAnew() {
  last = "";
  heard({ id: "", event: "reset", kind: "", record_id: "", gone: false, data: null });
}

/** One event as it comes over the wire. @param {string} frame */
function take(frame) {
  /** @type {Record<string, string>} */
  const parts = {};
  for (const line of frame.split("\n")) {
    const [, name, value] = line.match(/^(\w+): (.*)$/) ?? [];
    if (name) parts[name] = value;
  }
  if (parts.event && parts.event !== "reset") {
    const told = JSON.parse(parts.data);
    heard(told);
    others?.postMessage(told);
  } else if (parts.id) last = parts.id;
}

/** Reads events until the server or the page ends it. @param {Response} response */
async function read(response) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  for (let text = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const frames = (text + decoder.decode(value, { stream: true })).split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) take(frame);
  }
}

/** Connects, again and again. @param {AbortSignal} signal */
async function stream(signal) {
  for (let wait = FIRST_WAIT_MS; !signal.aborted; ) {
    try {
      const bearer = token();
      const response = await fetch(`/api/v1/events${last ? `?since=${encodeURIComponent(last)}` : ""}`, {
        signal, cache: "no-store", headers: { Accept: "text/event-stream", ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) },
      });
      if (response.status === 401) {
        await loadMe();
        return;
      }
      if (response.status === 410) beginAnew();
      else if (response.ok) {
        wait = FIRST_WAIT_MS;
        askForCalls();
        await read(response);
      }
    } catch {
      // The network is away, or the page goes out of sight.
    }
    if (!signal.aborted) askForCalls();
    await pause(signal, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** What was missed while another window had the connection. @param {AbortSignal} signal */
async function catchUp(signal) {
  for (let more = Boolean(last); more && !signal.aborted; ) {
    try {
      const { body } = await request("GET", "/api/v1/changes", { params: { since: last }, signal });
      body.events.forEach(heard);
      last = body.next_since;
      more = body.has_more;
    } catch {
      if (!signal.aborted) beginAnew();
      return;
    }
  }
}

/** @param {AbortSignal} signal */
async function run(signal) {
  // Only pages on a safe address know of each other's locks; and a token is its tab's alone.
  if (!navigator.locks || token()) return stream(signal);
  const name = `ringdex.live.${me.peek()?.organization}.${me.peek()?.user_id}`;
  others = new BroadcastChannel(name);
  others.onmessage = ({ data }) => signal.aborted || heard(data);
  signal.addEventListener("abort", () => { others?.close(); others = null; }, { once: true });
  const isTaken = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await stream(signal);
    return !lock;
  });
  if (!isTaken || signal.aborted) return undefined;
  askForCalls();
  await catchUp(signal);
  return navigator.locks.request(name, { signal }, () => stream(signal));
}

/** Begins or ends, by whether somebody sees the page. */
function turn() {
  const isSeen = !document.hidden && !needsSignIn.peek() && Boolean(me.peek());
  if (isSeen && !following) {
    const mine = new AbortController();
    following = mine;
    if (me.peek()?.permissions.edit) void lookForJobs();
    run(mine.signal).catch(() => {}).finally(() => following === mine && (following = null));
  } else if (!isSeen) end();
}

function end() {
  following?.abort();
  following = null;
}

/** From now on the page hears what others change. */
export function follow() {
  document.addEventListener("visibilitychange", turn);
  addEventListener("pagehide", end);
  addEventListener("pageshow", turn);
  effect(() => {
    if (me.value && needsSignIn.value !== null) turn();
  });
}
