// @ts-check
// Links a new contact to a company that there is a record of: those with such a name, or of the domain
// of the e-mail address, are offered below the field.

import { html, useEffect, useState } from "../dom.js";
import { listItems } from "../state/items.js";
import { t } from "../text/say.js";
import { Icon } from "./icons.js";

const MOST = 4;

/**
 * @param {{name: string, email: string, linked: string, onLink: (company: {id: string, name: string}|null) => void}} props
 *   `linked` is the id of the company that was chosen
 */
export function CompanyLink({ name, email, linked, onLink }) {
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  const q = name.trim();
  const address = !q && /@.+\../.test(email) ? email.trim() : "";
  useEffect(() => {
    const asking = new AbortController();
    if (linked || (q.length < 2 && !address)) {
      setFound([]);
      return undefined;
    }
    const asked = address ? listItems("companies/suggest", { email: address }, asking.signal) : listItems("companies", { q, per_page: MOST }, asking.signal);
    // Without the companies the name is text, as before.
    asked.then(({ items }) => !asking.signal.aborted && setFound(items.slice(0, MOST)), () => {});
    return () => asking.abort();
  }, [q, address, linked]);
  if (linked) {
    return html`<span class="company-link" data-test="company-linked"><${Icon} name="company" />${t("Belongs to the company {0}", name)}
      <button type="button" class="quiet" aria-label=${t("Do not link it")} title=${t("Do not link it")} onClick=${() => onLink(null)}><${Icon} name="close" /></button></span>`;
  }
  if (!found.length) return null;
  return html`<span class="company-link" role="group" aria-label=${t("Companies that there are")}>${found.map((one) => html`<button type="button" class="tag add" key=${one.id} onClick=${() => onLink(one)} data-test="company-offer">
    <${Icon} name="company" />${one.name}${one.domain ? ` · ${one.domain}` : ""}</button>`)}</span>`;
}
