// @ts-check
// How a contact is deleted, and what goes with it.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { Dialog } from "../parts/dialog.js";
import { remove, shownContact } from "../state/card.js";
import { may } from "../state/me.js";
import { plural } from "../text/words.js";
import { say, t } from "../text/say.js";

/** @type {[string, string][]} */
const GOES = [["deals", "deal"], ["notes", "note"], ["tasks", "task"], ["conversations", "conversation"], ["messages", "message"], ["activities", "activity"]];

/** @param {Record<string, number>} impact */
function goes(impact) {
  return GOES.filter(([key]) => impact[key]).map(([key, one]) => plural(impact[key], one, one === "activity" ? "activities" : `${one}s`)).join(", ");
}

export function DeleteChoice() {
  const contact = shownContact();
  const [impact, setImpact] = useState(/** @type {Record<string, number>|null} */ (null));
  useEffect(() => {
    // Without an answer the dialog says less, and the server still refuses nothing by mistake.
    if (contact) void request("GET", `/api/v1/contacts/${contact.id}/delete-impact`).then(({ body }) => setImpact(body), () => setImpact({}));
  }, [contact?.id]);
  if (!contact) return null;
  const gone = impact ? goes(impact) : "";
  return html`<${Dialog} name="delete" label=${t("Delete {0}", contact.display_name)}>
    <h2>${say("Delete {0}?", contact.display_name)}</h2>
    <p>${t("A deleted contact is not found and not called any more, and can be restored. Deleting permanently cannot be undone.")}</p>
    ${gone || impact?.calls_kept ? html`<p data-test="impact">${gone ? html`${say("Goes with it for good: {0}.", gone)}` : null} ${impact?.calls_kept ? html`${say("Stays: {0}.", plural(impact.calls_kept, "call"))}` : null}</p>` : null}
    <div class="choose">
      ${may("delete") ? html`<button type="button" class="button main" onClick=${() => remove({ permanent: false })}>${t("Delete, can be restored")}</button>` : null}
      ${may("erase") ? html`<button type="button" class="button danger" onClick=${() => remove({ permanent: true })} data-test="delete-for-good">${t("Delete permanently")}</button>` : null}
      <form method="dialog"><button class="button">${t("Keep")}</button></form>
    </div>
  <//>`;
}
