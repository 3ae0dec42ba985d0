// @ts-check
// Requests to forget a person: an admin decides, and what was done is certified.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { NameOf } from "../parts/name-of.js";
import { act, complain, listItems } from "../state/items.js";
import { actorName } from "../state/people.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf, plural } from "../text/words.js";
import { Nothing } from "../work/sheet.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @param {{one: Item, again: () => void}} props */
function Line({ one, again }) {
  const [asks, setAsks] = useState(false);
  const isOpen = one.state === "requested" || one.state === "open" || one.state === "pending";
  const decide = (/** @type {string} */ how, /** @type {string} */ said) => act(() => request("POST", `/api/v1/erasures/${one.id}/${how}`, how === "refuse" ? { body: {} } : {}), said, null, again);
  return html`<li data-test="erasure"><span>${isOpen ? html`<${NameOf} noun="contacts" id=${one.contact_id} />` : html`<strong>${labelOf(one.state)}</strong>`} <span class="quiet-text">${one.reason ?? ""}${one.refusal ? t(" · refused: {0}", one.refusal) : ""}<br />
      ${say("asked for by {0},", actorName(one.requested_by) || one.requested_by)} <time datetime=${one.requested_at} title=${inFull(one.requested_at)}>${ago(one.requested_at)}</time>${one.decided_by ? t(" · decided by {0}", actorName(one.decided_by) || one.decided_by) : ""}</span>
      ${one.certificate ? html`<details><summary>${t("Certificate")}</summary><pre>${JSON.stringify(one.certificate, null, 2)}</pre></details>` : null}</span>
    ${isOpen ? (asks ? html`<button type="button" class="button danger" onClick=${() => decide("approve", t("The person is erased."))} data-test="erase-now">${t("Erase for good")}</button><button type="button" class="button" onClick=${() => setAsks(false)}>${t("Not now")}</button>`
      : html`<button type="button" class="button danger" onClick=${() => setAsks(true)} data-test="approve">${t("Approve…")}</button><button type="button" class="button" onClick=${() => decide("refuse", t("The request is refused."))}>${t("Refuse")}</button>`) : null}</li>`;
}

export function Erasures() {
  const [items, setItems] = useState(/** @type {Item[]|null} */ (null));
  const [attempt, setAttempt] = useState(0);
  useEffect(() => void listItems("erasures", { per_page: 100 }).then((found) => setItems(found.items), complain), [attempt]);
  return html`<section class="page-main" aria-label=${t("Erasures")} data-test="erasures"><div class="page-head"><h1>${t("Erasures")}</h1><span class="count" role="status">${items ? plural(items.length, "request") : ""}</span></div>
    ${items && !items.length ? html`<${Nothing} title=${t("Nobody has asked to be forgotten")}><p>${t("It is asked for on a card, under Consent.")}</p><//>`
      : html`<div class="scroll" role="region" tabindex="0" aria-label=${t("Requests")}><ul class="lines">${(items ?? []).map((one) => html`<${Line} key=${one.id} one=${one} again=${() => setAttempt(attempt + 1)} />`)}</ul></div>`}</section>`;
}
