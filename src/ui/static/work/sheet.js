// @ts-check
// A sheet at the side: the detail of what is chosen in the list beside it. Escape closes it.

import { html, useEffect, useRef } from "../dom.js";
import { Icon } from "../parts/icons.js";
import { t } from "../text/say.js";

/** @param {{title: string, onClose: () => void, children?: any, wide?: boolean}} props */
export function Sheet({ title, onClose, children, wide }) {
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    const within = (/** @type {string} */ selector) => /** @type {HTMLElement|null} */ (box.current?.querySelector(selector));
    (within("form input, form select, form textarea") ?? within("h2"))?.focus();
  }, [title]);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    onClose();
    document.getElementById("table")?.focus();
  };
  return html`<aside class=${wide ? "side-sheet wide" : "side-sheet"} aria-label=${title} ref=${box} onKeyDown=${onKeyDown} data-test="sheet">
    <header><h2 tabindex="-1">${title}</h2><button type="button" class="quiet" aria-label=${t("Close")} title=${t("Close (Esc)")} onClick=${onClose}><${Icon} name="close" /></button></header>
    <div class="sheet-body">${children}</div>
  </aside>`;
}

/** What is said where there is nothing. @param {{title: string, children?: any}} props */
export const Nothing = ({ title, children }) => html`<div class="empty" data-test="nothing"><h2>${title}</h2>${children}</div>`;
