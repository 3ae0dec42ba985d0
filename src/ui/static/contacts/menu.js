// @ts-check
// The menu of a row, at the place of a right click.

import { html, useEffect, useLayoutEffect, useRef } from "../dom.js";
import { copy } from "../state/card.js";
import { isMasked, may } from "../state/me.js";
import { go, openContact, place } from "../state/url.js";
import { mainPhone, phoneText, telHref } from "../text/phone.js";
import { mayCall } from "../text/words.js";
import { toggleValue } from "./query.js";
import { put, selected } from "./state.js";
import { t } from "../text/say.js";

/** @param {{row: any, x: number, y: number, edits?: string, onEdit: () => void, onClose: () => void, onKind: (kind: string) => void}} props */
export function RowMenu({ row, x, y, edits, onEdit, onClose, onKind }) {
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  useLayoutEffect(() => /** @type {HTMLElement|null} */ (box.current?.querySelector("button, a"))?.focus(), []);
  useEffect(() => {
    const away = (/** @type {Event} */ event) => !box.current?.contains(/** @type {Node} */ (event.target)) && onClose();
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, []);
  const phone = mainPhone(row);
  const mail = row.emails?.[0]?.address;
  const { q } = place.value;
  const alone = (/** @type {string} */ kind) => () => {
    if (!selected.peek().has(row.id)) {
      selected.value = new Map([[row.id, row]]);
    }
    onKind(kind);
  };
  const isShown = phone && !isMasked(phoneText(phone));
  /** @type {[string, (() => void)|string, boolean][]} */
  const entries = [
    [t("Open"), () => openContact(row.id), true],
    [t("Edit here: {0}", edits), onEdit, Boolean(edits)],
    [selected.value.has(row.id) ? t("Do not select") : t("Select"), () => put([row], !selected.peek().has(row.id)), true],
    [t("Call {0}", isShown ? phoneText(phone) : ""), isShown ? telHref(phone) : "", Boolean(isShown && mayCall(row).may)],
    [t("Copy the number"), () => void copy(phone?.number ?? phone?.raw ?? ""), Boolean(isShown)],
    [t("Write to {0}", mail), `mailto:${mail}`, Boolean(mail && !isMasked(mail))],
    [t("Copy the e-mail"), () => void copy(mail), Boolean(mail && !isMasked(mail))],
    [t("Only {0}", row.company), () => go({ q: toggleValue(q, "company", row.company) }), Boolean(row.company)],
    [t("Tag…"), alone("tag"), may("edit")],
    [t("Put on a list…"), alone("list"), may("edit")],
    [t("Archive…"), alone("archive"), may("edit") && row.status !== "archived"],
    [t("Delete…"), alone("delete"), may("delete")],
  ];
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const all = /** @type {HTMLElement[]} */ ([...(box.current?.querySelectorAll("button, a") ?? [])]);
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (event.key === "ArrowDown") all[Math.min(at + 1, all.length - 1)]?.focus();
    else if (event.key === "ArrowUp") all[Math.max(at - 1, 0)]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      onClose();
      document.getElementById("table")?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="menu pop-menu" role="menu" aria-label=${row.display_name} ref=${box} onKeyDown=${onKeyDown} data-test="row-menu"
    style=${{ left: `${Math.min(x, innerWidth - 260)}px`, top: `${Math.max(8, Math.min(y, innerHeight - 380))}px` }}>
    ${entries.filter(([, , isOffered]) => isOffered).map(([text, run]) => typeof run === "string"
      ? html`<a role="menuitem" key=${text} href=${run} onClick=${onClose}>${text}</a>`
      : html`<button type="button" role="menuitem" key=${text} onClick=${() => { onClose(); run(); }}>${text}</button>`)}
  </div>`;
}
