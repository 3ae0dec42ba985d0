// @ts-check
// The audit log in sentences: who did what to whom, with what was before and after.

import { html, useEffect, useState } from "../dom.js";
import { request, token } from "../api.js";
import { actorName, people } from "../state/people.js";
import { goMore, openContact, place } from "../state/url.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf, valueText } from "../text/words.js";
import { complain } from "../state/items.js";
import { ItemPicker } from "../work/picker.js";
import { lower, t } from "../text/say.js";

/** @typedef {{number: number, at: string, actor: string, actor_name: string|null, action: string, record: string, address: string|null, changes: {field: string, before: any, after: any}[], erased: boolean}} Line */

const PER_PAGE = 50;

/** @param {any} value */
const said = (value) => (value === null || value === undefined || value === "" ? t("nothing") : valueText(value).slice(0, 300));

/** @param {{line: Line}} props */
function One({ line }) {
  const isContact = /^(contact|consent)\b/.test(line.action) && /^[0-9a-f]{8}-/.test(line.record);
  return html`<li data-test="audit-line"><span><strong>${line.actor_name || actorName(line.actor) || line.actor}</strong>: ${lower(labelOf(line.action.replaceAll(".", " ")))}
      ${isContact ? html` <button type="button" class="link" onClick=${() => openContact(line.record)}>${t("open")}</button>` : null}
      ${line.erased ? html` <span class="quiet-text">${t("values erased")}</span>` : null}
      ${line.changes.length ? html`<details><summary>${line.changes.map((one) => labelOf(one.field)).slice(0, 6).join(", ")}</summary><ul>${line.changes.map((one) => html`<li key=${one.field}><span>${labelOf(one.field)}: ${said(one.before)} → ${said(one.after)}</span></li>`)}</ul></details>` : null}</span>
    <span class="quiet-text"><time datetime=${line.at} title=${inFull(line.at)}>${ago(line.at)}</time>${line.address ? ` · ${line.address}` : ""}</span></li>`;
}

export function Audit() {
  const { actor = "", record = "", action = "", since = "", until = "" } = place.value.more;
  const [lines, setLines] = useState(/** @type {Line[]|null} */ (null));
  const [cursor, setCursor] = useState(/** @type {string|null} */ (null));
  const params = { actor, record, action, since, until, per_page: PER_PAGE };
  const key = JSON.stringify(params);
  useEffect(() => {
    const asking = new AbortController();
    request("GET", "/api/v1/audit", { params, signal: asking.signal }).then(({ body }) => {
      if (asking.signal.aborted) return;
      setLines(body.lines);
      setCursor(body.next_cursor);
    }, (error) => !asking.signal.aborted && complain(error));
    return () => asking.abort();
  }, [key]);
  const earlier = () => request("GET", "/api/v1/audit", { params: { ...params, cursor } }).then(({ body }) => {
    setLines((now) => [...(now ?? []), ...body.lines]);
    setCursor(body.next_cursor);
  }, complain);
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) => goMore({ [name]: event.target.value });
  return html`<section class="page-main" aria-label=${t("Audit log")} data-test="audit"><div class="page-head"><h1>${t("Audit log")}</h1>
      <select class="editor" aria-label=${t("Who")} onChange=${set("actor")}><option value="" selected=${!actor}>${t("Everybody")}</option>${[...people.value].map(([id, name]) => html`<option key=${id} value=${`user:${id}`} selected=${actor === `user:${id}`}>${name}</option>`)}</select>
      <select class="editor" aria-label=${t("What")} onChange=${set("action")}>${["", "contact.created", "contact.updated", "contact.deleted", "contact.restored", "contact.merged", "settings.updated", "user.created", "user.updated", "token.created"].map((one) => html`<option key=${one} value=${one} selected=${one === action}>${one ? labelOf(one.replace(".", " ")) : t("Everything")}</option>`)}</select>
      <${ItemPicker} id="audit-contact" noun="contacts" label=${t("Of a contact")} value=${record || null} onPick=${(/** @type {any} */ one) => goMore({ record: one?.id ?? "" })} />
      <label>${t("from")} <input type="date" class="editor short" value=${since} onChange=${set("since")} /></label><label>${t("to")} <input type="date" class="editor short" value=${until} onChange=${set("until")} /></label>
      <span class="push">${token() ? null : html`<a class="link" href="/api/v1/audit/export?format=csv" download>${t("Export")}</a>`}</span></div>
    <div class="scroll" role="region" tabindex="0" aria-label=${t("What was done")}>${lines && !lines.length ? html`<p class="quiet-text">${t("Nothing was done that fits.")}</p>` : null}<ul class="lines">${(lines ?? []).map((line, at) => html`<${One} key=${`${line.number}-${at}`} line=${line} />`)}</ul>
      ${cursor ? html`<p><button type="button" class="button" onClick=${earlier}>${t("Earlier")}</button></p>` : null}</div></section>`;
}
