// @ts-check
// Makes a contact one with any other that somebody chooses.

import { html, useState } from "../dom.js";
import { load } from "../state/records.js";
import { openContact } from "../state/url.js";
import { MergeChosen } from "../work/merge.js";
import { ItemPicker } from "../work/picker.js";
import { t } from "../text/say.js";

/** @param {{contact: import("../api.js").Contact}} props */
export function Merge({ contact }) {
  const [other, setOther] = useState(/** @type {any} */ (null));
  const done = (/** @type {string} */ survivor) => {
    setOther(null);
    openContact(survivor, { replace: true });
    void load(survivor);
  };
  return html`<label for="merge-with">${t("The same person as")}</label><${ItemPicker} id="merge-with" noun="contacts" value=${other?.id ?? null} onPick=${(/** @type {any} */ one) => setOther(one?.id === contact.id ? null : one)} />
    ${other ? html`<${MergeChosen} key=${other.id} members=${[contact, other]} onDone=${done} onClose=${() => setOther(null)} />` : null}`;
}
