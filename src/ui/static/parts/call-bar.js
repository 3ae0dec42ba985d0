// @ts-check
// The calls of the person here, below the search box: with whom, for how long, and once it is over a
// note and how it ended.

import { html, useEffect, useState } from "../dom.js";
import { isOn, myCalls, OUTCOMES, putAway, takeCall } from "../state/calls.js";
import { act, updateItem } from "../state/items.js";
import { may } from "../state/me.js";
import { go, goPage, openContact } from "../state/url.js";
import { showPhone } from "../text/phone.js";
import { t } from "../text/say.js";
import { Hint } from "./hint.js";
import { Icon } from "./icons.js";
import { NameOf } from "./name-of.js";

/** @typedef {import("../state/items.js").Item} Item */

/** "00:42" @param {number} seconds */
const clock = (seconds) => `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(Math.floor(seconds) % 60).padStart(2, "0")}`;

/** @param {Item} call @param {number} now */
function length(call, now) {
  const from = Date.parse(call.answered_at ?? call.started_at);
  return isOn(call) ? Math.max(0, (now - from) / 1000) : (call.duration_s ?? 0);
}

/** @param {{call: Item, isFirst: boolean, now: number}} props */
function Line({ call, isFirst, now }) {
  const number = call.e164 ?? call.number ?? call.internal_number ?? "";
  const state = call.status === "INITIATED" ? t("rings") : call.status === "CONNECTED" ? t("on the line") : call.status === "MISSED" ? t("missed") : t("over");
  const known = call.outcome && !OUTCOMES.includes(call.outcome) ? [call.outcome, ...OUTCOMES] : OUTCOMES;
  const setOutcome = (/** @type {any} */ event) => {
    const before = call.outcome ?? null;
    let saved = call;
    const set = async (/** @type {string|null} */ outcome) => takeCall((saved = await updateItem("calls", saved, { outcome })));
    void act(() => set(event.target.value || null), t("The outcome is saved."), () => set(before));
  };
  const note = () => {
    if (!call.contact_id) return goPage("pop", { number });
    openContact(call.contact_id);
    go({ tab: "notes", contact: call.contact_id });
  };
  return html`<li data-test="my-call" data-status=${call.status}><${Icon} name="call" /><strong class="num">${number ? showPhone(number) : t("A hidden number")}</strong>
    ${call.contact_id ? html`<${NameOf} noun="contacts" id=${call.contact_id} />` : html`<button type="button" class="link" onClick=${() => goPage("pop", { number })}>${t("Who is it?")}</button>`}
    <span class="quiet-text">${state} <span class="num" role="timer">${clock(length(call, now))}</span></span>
    <span class="push">${may("edit") ? html`<button type="button" class="button" onClick=${note}>${t("Note")}${isFirst ? html`<${Hint} keys="o" />` : null}</button>
      <select id=${isFirst ? "call-outcome" : undefined} class="editor short" aria-label=${t("Outcome")} title=${t("Outcome (w)")} onChange=${setOutcome}><option value="">${t("outcome…")}</option>${known.map((one) => html`<option key=${one} value=${one} selected=${one === call.outcome}>${one}</option>`)}</select>` : null}
      ${isOn(call) ? null : html`<button type="button" class="quiet" aria-label=${t("Put this call away")} title=${t("Put this call away")} onClick=${() => putAway(call)}><${Icon} name="close" /></button>`}</span></li>`;
}

export function CallBar() {
  const [now, setNow] = useState(Date.now);
  const isTalking = myCalls.value.some(isOn);
  useEffect(() => {
    if (!isTalking) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isTalking]);
  if (!myCalls.value.length) return null;
  return html`<aside class="call-bar" aria-label=${t("Your calls")}><ul>${myCalls.value.map((call, at) => html`<${Line} key=${call.id} call=${call} isFirst=${at === 0} now=${now} />`)}</ul></aside>`;
}
