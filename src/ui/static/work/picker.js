// @ts-check
// Chooses a record by typing a part of its name: a contact, a company, a list.

import { html, useEffect, useState } from "../dom.js";
import { listContacts, Problem } from "../api.js";
import { Icon } from "../parts/icons.js";
import { mainPhone, phoneText } from "../text/phone.js";
import { findItem, listItems, saidOf } from "../state/items.js";
import { t } from "../text/say.js";

const MOST = 8;

/** @param {any} item */
export const nameOf = (item) => item.display_name ?? item.name ?? item.title ?? item.id;

/** @param {string} noun @param {string} q @param {AbortSignal} signal */
async function find(noun, q, signal) {
  if (noun === "contacts") return (await listContacts({ q, per_page: MOST }, signal)).contacts;
  return (await listItems(noun, { q, per_page: MOST }, signal)).items;
}

/** @param {any} item */
function about(item) {
  const phone = item.phones?.[0]?.number ? mainPhone(item) : null;
  return [item.company, phone && phoneText(phone), item.domain].filter(Boolean).join(" · ");
}

/**
 * @param {{id: string, noun: string, label?: string, value: string|null, onPick: (item: any) => void, describedBy?: string, bad?: boolean}} props
 *   `value` is the id of what is chosen
 */
export function ItemPicker({ id, noun, label, value, onPick, describedBy, bad }) {
  const [q, setQ] = useState("");
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  const [known, setKnown] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState("");
  const [at, setAt] = useState(0);
  useEffect(() => {
    if (!value || known?.id === value) return;
    findItem(noun, value).then(setKnown, () => setKnown({ id: value, name: t("somebody out of sight") }));
  }, [value]);
  useEffect(() => {
    const asking = new AbortController();
    if (!q.trim()) setFound([]);
    else {
      find(noun, q.trim(), asking.signal).then((items) => {
        if (asking.signal.aborted) return;
        setFound(items);
        setAt(0);
        setProblem(items.length ? "" : t("Nothing found."));
      }, (error) => !asking.signal.aborted && setProblem(error instanceof Problem ? saidOf(error) : String(error)));
    }
    return () => asking.abort();
  }, [q]);
  const pick = (/** @type {any} */ item) => {
    setKnown(item);
    setQ("");
    setProblem("");
    onPick(item);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && q.trim()) found[at] && pick(found[at]);
    else if (event.key === "Escape" && q) setQ("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (value) {
    return html`<span class="picked" data-test="chosen"><span>${known?.id === value ? nameOf(known) : "…"}</span>
      <button type="button" class="quiet" id=${id} aria-label=${t("Choose another {0}", label ?? noun)} onClick=${() => onPick(null)}><${Icon} name="close" /></button></span>`;
  }
  return html`<span class="item-picker"><input id=${id} class="editor" type="text" role="combobox" aria-autocomplete="list" aria-expanded=${String(found.length > 0)} aria-label=${label}
      aria-controls=${found.length ? `${id}-found` : undefined} aria-activedescendant=${found[at] ? `${id}-${at}` : undefined} aria-describedby=${describedBy} aria-invalid=${bad ? "true" : undefined}
      placeholder=${t("Type a part of the name")} autocomplete="off" spellcheck=${false} value=${q} onInput=${(/** @type {any} */ event) => setQ(event.target.value)} onKeyDown=${onKeyDown} />
    ${problem && q ? html`<span class="quiet-text" role="status">${problem}</span>` : null}
    ${found.length ? html`<ul id=${`${id}-found`} role="listbox" aria-label=${label ?? t("Found")} class="found">${found.map((item, index) => html`<li key=${item.id} id=${`${id}-${index}`} role="option"
      aria-selected=${String(index === at)} onClick=${() => pick(item)} data-test="found"><strong>${nameOf(item)}</strong> <span class="quiet-text">${about(item)}</span></li>`)}</ul>` : null}</span>`;

}
