// @ts-check
// A contact as it was on a day: what was changed since is taken back, newest first, from what the
// timeline tells. Nothing is written.

import { html, useEffect, useState } from "../dom.js";
import { Problem } from "../api.js";
import { customLabel } from "../state/definitions.js";
import { personName } from "../state/people.js";
import { inFull } from "../text/time.js";
import { label, problemText, valueText } from "../text/words.js";
import { say, t } from "../text/say.js";
import { readTimeline } from "./api.js";

/** @typedef {import("../api.js").Contact} Contact @typedef {{field: string, then: any, now: any}} Difference */

/** Pages of the timeline that are read at most. */
const MOST_PAGES = 100;

/** The end of a day where the reader is. @param {string} day */
const endOf = (day) => new Date(`${day}T23:59:59.999`).getTime();

/**
 * What was different at the end of a day.
 * @param {Contact} contact @param {string} day @param {AbortSignal} signal
 * @returns {Promise<{differences: Difference[], isBefore: boolean}>} `isBefore`: it was not there yet
 */
async function differencesOn(contact, day, signal) {
  const end = endOf(day);
  /** @type {Map<string, Difference>} */
  const found = new Map();
  let cursor;
  for (let page = 0; page < MOST_PAGES && !signal.aborted; page += 1) {
    const told = await readTimeline(contact.id, cursor);
    for (const event of told.events) {
      if (Date.parse(event.occurred_at) <= end) return { differences: [...found.values()], isBefore: false };
      for (const { field, before, after } of event.changes ?? []) {
        const known = found.get(field);
        if (known) known.then = before;
        else found.set(field, { field, then: before, now: after });
      }
    }
    if (!told.next_cursor) break;
    cursor = told.next_cursor;
  }
  return { differences: [...found.values()], isBefore: Date.parse(contact.created_at) > end };
}

/** @param {string} field @param {any} value */
function said(field, value) {
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length)) return t("nothing");
  if (field === "assigned_to" && typeof value === "string") return personName(value);
  if (Array.isArray(value)) return value.map((one) => (one && typeof one === "object" ? (one.number ?? one.address ?? one.identifier ?? valueText(one)) : valueText(one))).join(", ");
  return valueText(value);
}

/** @param {string} field */
const named = (field) => (field.startsWith("custom_fields/") ? customLabel(field.slice("custom_fields/".length)) : field.startsWith("cf.") ? customLabel(field.slice("cf.".length)) : label(field.split("/")[0]));

/** @param {{contact: Contact}} props */
export function AsItWas({ contact }) {
  const [day, setDay] = useState("");
  const [found, setFound] = useState(/** @type {{differences: Difference[], isBefore: boolean}|null} */ (null));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const asking = new AbortController();
    setFound(null);
    setProblem("");
    if (day && !Number.isNaN(endOf(day))) {
      differencesOn(contact, day, asking.signal).then((answer) => !asking.signal.aborted && setFound(answer),
        (error) => !asking.signal.aborted && setProblem(error instanceof Problem ? problemText(error) : String(error)));
    }
    return () => asking.abort();
  }, [day, contact.id, contact.version]);
  const changed = (found?.differences ?? []).filter(({ then, now }) => JSON.stringify(then) !== JSON.stringify(now));
  return html`<details class="as-it-was" data-test="as-it-was"><summary>${t("As it was on a day")}</summary>
    <p><label>${t("Day")} <input type="date" class="editor short" value=${day} max=${new Date().toISOString().slice(0, 10)} onInput=${(/** @type {any} */ event) => setDay(event.target.value)} /></label></p>
    ${problem ? html`<p class="bad" role="alert">${problem}</p>` : null}
    ${day && !found && !problem ? html`<p class="quiet-text" aria-busy="true">…</p>` : null}
    ${found?.isBefore ? html`<p role="status">${say("It was not there yet. It came {0}.", inFull(contact.created_at))}</p>`
      : found && !changed.length ? html`<p role="status">${t("It was as it is now.")}</p>`
      : found ? html`<table class="matrix"><thead><tr><th scope="col">${t("Field")}</th><th scope="col">${t("Then")}</th><th scope="col">${t("Now")}</th></tr></thead>
        <tbody>${changed.map(({ field, then, now }) => html`<tr key=${field}><th scope="row">${named(field)}</th><td>${said(field, then)}</td><td class="quiet-text">${said(field, now)}</td></tr>`)}</tbody></table>` : null}
  </details>`;
}
