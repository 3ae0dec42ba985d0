// @ts-check
// What a contact has agreed to, in sentences with what proves it; and saying what is new.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { may } from "../state/me.js";
import { actorName } from "../state/people.js";
import { load } from "../state/records.js";
import { toast } from "../state/session.js";
import { dayText, inFull } from "../text/time.js";
import { label as labelOf, valueText } from "../text/words.js";
import { complain } from "../state/items.js";
import { RecordForm } from "../work/form.js";
import { lower, say, t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @type {Record<string, string>} */
const SAID = { opted_in: "agrees", opted_out: t("does not agree"), pending: t("has been asked, and has not answered,"), unknown: t("has not said whether they agree") };
/** @type {Record<string, string>} */
const BY = { all: t("on every channel"), phone: t("by phone"), email: t("by e-mail"), sms: t("by SMS"), whatsapp: t("on WhatsApp"), post: t("by post") };
/** @type {Record<string, string>} */
const FOR = { marketing: t("to marketing"), service: t("to messages about the service"), profiling: t("to profiling"), recording: t("to the recording of calls") };

/** @param {string[]} values @param {(value: string) => string} [said] */
const options = (values, said = labelOf) => values.map((value) => ({ value, text: said(value) }));

/** @param {{one: Item, name: string, isNow: boolean}} props */
function Sentence({ one, name, isNow }) {
  const why = [one.type && `${lower(labelOf(one.type))}`, one.basis && t("on the ground of {0}", lower(labelOf(one.basis))), one.source && t("source: {0}", one.source)].filter(Boolean).join(", ");
  return html`<li data-test="consent"><p>${isNow ? html`<strong>${name} ${SAID[one.status] ?? one.status} ${FOR[one.purpose] ?? one.purpose} ${BY[one.channel] ?? one.channel}</strong>` : html`<span>${name} ${SAID[one.status] ?? one.status} ${FOR[one.purpose] ?? one.purpose} ${BY[one.channel] ?? one.channel}</span>`}
      <span>${t("since")} <time datetime=${one.date} title=${inFull(one.date)}>${dayText(one.date)}</time>${why ? ` (${why})` : ""}</span></p>
    <p class="quiet-text"><span>${one.evidence ? t("Proof: {0}.", valueText(one.evidence)) : one.status === "opted_in" ? t("Nothing proves it.") : ""} ${actorName(one.recorded_by) ? t(" Recorded by {0}.", actorName(one.recorded_by)) : ""}</span></p></li>`;
}

/** What a person may ask for: their data, and to be forgotten. @param {{contact: import("../api.js").Contact}} props */
function Rights({ contact }) {
  const [reason, setReason] = useState(/** @type {string|null} */ (null));
  const data = async () => {
    try {
      const { body } = await request("GET", `/api/v1/contacts/${contact.id}/gdpr-export`);
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([JSON.stringify(body, null, 2)], { type: "application/json" })), download: `${contact.display_name}.json` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) {
      complain(error);
    }
  };
  const ask = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await request("POST", `/api/v1/contacts/${contact.id}/erasure`, { body: { reason: reason?.trim() || null } });
      toast(t("It is asked for; an admin decides under Settings, Erasures."));
      setReason(null);
    } catch (error) {
      complain(error);
    }
  };
  return html`<div class="part"><p class="bulk-line">${may("export") ? html`<button type="button" class="button" onClick=${data}>${t("All data about them, as a file")}</button>` : null}
      ${may("edit") && reason === null ? html`<button type="button" class="button" onClick=${() => setReason("")} data-test="ask-erasure">${t("Ask for their erasure…")}</button>` : null}</p>
    ${reason === null ? null : html`<form onSubmit=${ask}><input class="editor" aria-label=${t("Why")} placeholder=${t("Why: asked by letter")} value=${reason} onInput=${(/** @type {any} */ event) => setReason(event.target.value)} /><button class="button danger" data-test="send-erasure">${t("Ask for it")}</button><button type="button" class="button" onClick=${() => setReason(null)}>${t("Cancel")}</button></form>`}</div>`;
}

/** @param {{contact: import("../api.js").Contact}} props */
export function Consent({ contact }) {
  const [items, setItems] = useState(/** @type {Item[]|null} */ (null));
  const [attempt, setAttempt] = useState(0);
  const [open, setOpen] = useState(false);
  useEffect(() => void request("GET", `/api/v1/contacts/${contact.id}/consents`).then(({ body }) => setItems(body.items), complain), [contact.id, attempt]);
  const save = async (/** @type {any} */ body) => {
    await request("POST", `/api/v1/contacts/${contact.id}/consents`, { body });
    toast(t("It is recorded."));
    setOpen(false);
    setAttempt(attempt + 1);
    void load(contact.id);
  };
  const sorted = (items ?? []).slice().sort((a, b) => b.seq - a.seq);
  const seen = new Set();
  return html`${may("edit") && !open ? html`<p><button type="button" class="button" onClick=${() => setOpen(true)} data-test="add-consent">${t("Record what was said")}</button></p>` : null}
    ${open ? html`<${RecordForm} name=${t("Consent")} save=${t("Record it")} onSave=${save} onClose=${() => setOpen(false)} fields=${[
      { key: "status", label: contact.display_name, type: "select", start: "opted_in", options: options(["opted_in", "opted_out", "pending", "unknown"], (one) => SAID[one].replace(/,$/, "")) },
      { key: "purpose", label: t("To"), type: "select", start: "marketing", options: options(Object.keys(FOR), (one) => FOR[one].replace(/^to /, "")) },
      { key: "channel", label: t("How"), type: "select", start: "all", options: options(Object.keys(BY), (one) => BY[one]) },
      { key: "type", label: t("Said"), type: "select", options: [{ value: "", text: "–" }, ...options(["explicit", "implied", "imported"])] },
      { key: "basis", label: t("Ground"), type: "select", options: [{ value: "", text: "–" }, ...options(["consent", "legitimate_interest", "contract"])] },
      { key: "date", label: t("When"), type: "date" },
      { key: "source", label: t("Source"), list: ["phone call", "web form", "e-mail", "contract"] },
      { key: "evidence", label: t("Proof"), type: "textarea", hint: t("What proves it: the sentence said, the form, the recording") }]} />` : null}
    ${items && !items.length ? html`<p class="quiet-text">${say("Nothing is known of what {0} agrees to.", contact.display_name)}</p>` : null}
    <ul>${sorted.map((one) => {
      const about = `${one.purpose} ${one.channel}`;
      const isNow = !seen.has(about);
      seen.add(about);
      return html`<${Sentence} key=${one.id} one=${one} name=${contact.display_name} isNow=${isNow} />`;
    })}</ul><${Rights} contact=${contact} />`;
}
