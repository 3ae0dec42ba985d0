// @ts-check
// A native dialog, so that focus and Escape are the browser's work.

import { html, useEffect, useRef } from "../dom.js";
import { dialog } from "../state/session.js";

/** @param {{name: string, label: string, children?: any}} props */
export function Dialog({ name, label, children }) {
  const box = useRef(/** @type {HTMLDialogElement|null} */ (null));
  useEffect(() => {
    if (box.current && !box.current.open) box.current.showModal();
  }, []);
  const close = () => {
    if (dialog.peek() === name) dialog.value = null;
  };
  return html`<dialog ref=${box} aria-label=${label} onClose=${close} data-test=${`dialog-${name}`}
    onClick=${(/** @type {Event} */ event) => { if (event.target === box.current) close(); }}><div class="dialog">${children}</div></dialog>`;
}
