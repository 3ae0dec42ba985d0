// @ts-check
// What was typed and not saved, each as a way back to it.

import { html } from "../dom.js";
import { edit } from "../state/card.js";
import { dropDraft, keepDraft, unsaved } from "../state/drafts.js";
import { load } from "../state/records.js";
import { toast } from "../state/session.js";
import { go } from "../state/url.js";
import { Icon } from "./icons.js";
import { t } from "../text/say.js";

/** @typedef {import("../state/drafts.js").Draft} Draft */

/** @param {Draft} draft */
function open({ id, path, start }) {
  if (id && path?.startsWith("tab:")) go({ view: "console", number: "", create: false, contact: id, tab: path.slice("tab:".length) });
  else if (id && path) {
    go({ view: "console", number: "", create: false, contact: id });
    // What is on the screen may be older than what the draft must be compared with.
    void load(id).then(() => edit(path, id));
  } else if (start !== undefined) go({ view: "console", number: "", q: start, contact: null, create: true });
  else go({ view: "pop", number: "", q: "", contact: null, create: false });
}

/** @param {string} key @param {Draft} draft */
function discard(key, draft) {
  dropDraft(key);
  toast(t("Discarded: {0} {1}", draft.what, draft.whose), { action: { label: t("Undo"), run: () => keepDraft(key, draft) } });
}

export function Drafts() {
  const list = unsaved.value;
  if (!list.length) return null;
  return html`<aside class="drafts" aria-label=${t("Not saved yet")}><ul>
    ${list.map(([key, draft]) => {
      const text = draft.start === undefined ? t("Unsaved {0} for {1}", draft.what, draft.whose) : t("Unsaved {0}: {1}", draft.what, draft.whose);
      return html`<li key=${key} class="tag" data-test="draft"><button type="button" class="link" onClick=${() => open(draft)}>${text}</button>
        <button type="button" aria-label=${t("Discard: {0}", text)} title=${t("Discard")} onClick=${() => discard(key, draft)}><${Icon} name="close" /></button></li>`;
    })}
  </ul></aside>`;
}
