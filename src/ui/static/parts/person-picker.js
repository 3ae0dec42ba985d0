// @ts-check
// Finds somebody in place, without leaving what is on the screen: type, arrows, Enter.

import { html, useEffect, useRef, useState } from "../dom.js";
import { listContacts, Problem } from "../api.js";
import { mainPhone, phoneText } from "../text/phone.js";
import { problemText } from "../text/words.js";
import { Icon } from "./icons.js";
import { t } from "../text/say.js";

/** @typedef {import("../api.js").Hit} Hit */

const MOST = 8;

/** @param {{id: string, label: string, onPick: (hit: Hit) => void, focus?: boolean}} props */
export function PersonPicker({ id, label, onPick, focus = false }) {
  const [q, setQ] = useState("");
  const [found, setFound] = useState(/** @type {{q: string, hits: Hit[]}|null} */ (null));
  const [problem, setProblem] = useState(/** @type {string|null} */ (null));
  const [at, setAt] = useState(0);
  const box = useRef(/** @type {HTMLInputElement|null} */ (null));

  useEffect(() => {
    if (focus) box.current?.focus();
  }, []);
  useEffect(() => {
    const asking = new AbortController();
    setProblem(null);
    if (!q.trim()) setFound(null);
    else {
      listContacts({ q: q.trim(), per_page: MOST }, asking.signal).then((page) => {
        if (asking.signal.aborted) return;
        setFound({ q, hits: page.contacts });
        // A guess is taken only by who goes to it.
        setAt(page.contacts[0]?.match?.weak ? -1 : 0);
      }).catch((error) => !asking.signal.aborted && setProblem(error instanceof Problem ? problemText(error) : String(error)));
    }
    return () => asking.abort();
  }, [q]);

  const hits = found?.hits ?? [];
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, hits.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    // Only somebody found for what stands in the box is taken.
    else if (event.key === "Enter") found?.q === q && hits[at] && onPick(hits[at]);
    else if (event.key === "Escape" && q) setQ("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="picker" data-test="picker" data-answered=${found?.q}>
    <label for=${id}>${label}</label>
    <input id=${id} ref=${box} class="editor" type="text" role="combobox" aria-autocomplete="list" aria-expanded=${String(hits.length > 0)}
      aria-controls=${hits.length ? `${id}-list` : undefined} aria-activedescendant=${hits[at] ? `${id}-${hits[at].id}` : undefined}
      placeholder=${t("Name, company, number…")} autocomplete="off" spellcheck=${false} value=${q}
      onInput=${(/** @type {any} */ event) => setQ(event.target.value)} onKeyDown=${onKeyDown} />
    ${problem ? html`<p class="complaint" role="alert"><${Icon} name="info" />${problem}</p>` : null}
    ${hits.length ? html`<ul id=${`${id}-list`} role="listbox" aria-label=${label}>
      ${hits.map((hit, index) => {
        const phone = mainPhone(hit);
        return html`<li key=${hit.id} id=${`${id}-${hit.id}`} role="option" aria-selected=${String(index === at)} class=${index === at ? "row active" : "row"}
          onClick=${() => onPick(hit)} data-test="picked"><span class="row-line"><span class="name">${hit.display_name}</span><span class="number">${phone ? phoneText(phone) : ""}</span></span>
          <span class="row-line"><span class="second">${[hit.company, hit.title].filter(Boolean).map((text) => html`<span>${text}</span>`)}</span></span></li>`;
      })}</ul>` : found ? html`<p class="quiet-text" role="status">${t("Nobody found.")}</p>` : null}
  </div>`;
}
