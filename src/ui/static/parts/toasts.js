// @ts-check
// Things said in passing, at the bottom of the page.

import { html } from "../dom.js";
import { dismiss, toasts } from "../state/session.js";
import { Icon } from "./icons.js";
import { t } from "../text/say.js";

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map((one) => html`<div class=${one.bad ? "toast bad" : "toast"} key=${one.id} data-test="toast">
      <span>${one.text}</span>
      ${one.action
        ? html`<button type="button" class="link" onClick=${() => { dismiss(one.id); one.action?.run(); }}>${one.action.label}</button>`
        : null}
      <button type="button" class="quiet" aria-label=${t("Close this message")} onClick=${() => dismiss(one.id)}><${Icon} name="close" /></button>
    </div>`)}
  </div>`;
}
