// @ts-check
// Names of contacts and companies that records mention by their ids; asked for once.

import { html, useEffect, useState } from "../dom.js";
import { goPage, openContact } from "../state/url.js";
import { findItem } from "../state/items.js";
import { t } from "../text/say.js";

const MOST = 500;
/** @type {Map<string, Promise<any>>} */
const known = new Map();

/** @param {string} noun @param {string} id */
function ask(noun, id) {
  const key = `${noun}/${id}`;
  if (!known.has(key)) {
    if (known.size >= MOST) known.clear();
    known.set(key, findItem(noun, id).then((item) => item.display_name ?? item.name ?? item.title, () => t("out of sight")));
  }
  return /** @type {Promise<any>} */ (known.get(key));
}

/** The name of a record as a way to it. @param {{noun: "contacts"|"companies", id: string|null|undefined, plain?: boolean}} props */
export function NameOf({ noun, id, plain }) {
  const [name, setName] = useState("");
  useEffect(() => {
    let isLast = true;
    if (id) ask(noun, id).then((found) => isLast && setName(found));
    return () => {
      isLast = false;
    };
  }, [noun, id]);
  if (!id) return null;
  if (plain) return name || "…";
  return html`<button type="button" class="link" onClick=${(/** @type {Event} */ event) => {
    event.stopPropagation();
    if (noun === "contacts") openContact(id);
    else goPage("companies", { more: { open: id } });
  }}>${name || "…"}</button>`;
}
