// @ts-check
// Makes one contact of several that somebody has chosen: who stays, what would be lost, and a way
// back.

import { html, useEffect, useState } from "../dom.js";
import { Problem, request } from "../api.js";
import { forget } from "../state/records.js";
import { mainPhone, phoneText } from "../text/phone.js";
import { label as labelOf, plural, valueText } from "../text/words.js";
import { act, saidOf } from "../state/items.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @param {{field: string, value: any}} lost */
function lostText({ field, value }) {
  const text = value && typeof value === "object" ? (value.number ?? value.address ?? JSON.stringify(value)) : valueText(value);
  return `${labelOf(field.split("/")[0])}: ${text}`;
}

/** @param {{members: Item[], onDone: (survivor: string) => void, onClose?: () => void}} props */
export function MergeChosen({ members, onDone, onClose }) {
  const [primary, setPrimary] = useState(members[0].id);
  const [trial, setTrial] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState("");
  const others = members.filter((one) => one.id !== primary).map((one) => one.id);
  const body = { primary, others };
  useEffect(() => {
    let isLast = true;
    setTrial(null);
    setProblem("");
    request("POST", "/api/v1/contacts/merge", { body: { ...body, dry_run: true } }).then(
      (answer) => isLast && setTrial(answer.body),
      (error) => isLast && setProblem(error instanceof Problem ? saidOf(error) : String(error)),
    );
    return () => {
      isLast = false;
    };
  }, [primary, others.join()]);
  const merge = async () => {
    let id = "";
    const stays = members.find((one) => one.id === primary)?.display_name;
    const isDone = await act(async () => {
      id = (await request("POST", "/api/v1/contacts/merge", { body })).body.merge_id;
      members.forEach((one) => forget(one.id));
    }, t("{0} contacts are one now: {1}.", members.length, stays), async () => {
      await request("POST", `/api/v1/merges/${id}/undo`, { body: {} });
      members.forEach((one) => forget(one.id));
    }, () => onDone(primary));
    return isDone;
  };
  const lost = trial?.lost ?? [];
  return html`<div class="part" data-test="merge-chosen">
    <fieldset class="lines"><legend>${t("Who stays?")}</legend>${members.map((one) => {
      const phone = mainPhone(/** @type {any} */ (one));
      return html`<label class="check" key=${one.id}><input type="radio" name="stays" checked=${one.id === primary} onChange=${() => setPrimary(one.id)} />
        <span><strong>${one.display_name}</strong> <span class="quiet-text">${[one.company, phone && phoneText(phone)].filter(Boolean).join(" · ")}</span></span></label>`;
    })}</fieldset>
    ${problem ? html`<p class="bad" role="alert">${problem}</p>` : null}
    ${trial ? html`<p role="status">${say("{0} Numbers, addresses, tags, notes and everything that has happened go to who stays.", lost.length ? t("Not kept: {0}{1}.", lost.slice(0, 6).map(lostText).join("; "), lost.length > 6 ? t(" and {0} more", lost.length - 6) : "") : t("Nothing gets lost."))}</p>` : null}
    <div class="bulk-line"><button type="button" class="button main" disabled=${!trial} onClick=${merge} data-test="merge-now">${say("Make one of {0}", plural(members.length, "contact"))}</button>
      ${onClose ? html`<button type="button" class="button" onClick=${onClose}>${t("Cancel")}</button>` : null}</div>
  </div>`;
}
