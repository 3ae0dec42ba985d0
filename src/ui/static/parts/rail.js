// @ts-check
// The pages, at the left; at the bottom of a narrow screen the first of them, and the palette for
// the others.

import { html } from "../dom.js";
import { isHere, offered } from "../pages.js";
import { dialog, narrow } from "../state/session.js";
import { goPage } from "../state/url.js";
import { Icon } from "./icons.js";
import { t } from "../text/say.js";

/** So many fit beside one another at the bottom of a telephone. */
const NARROW = 4;

/** @param {{page: import("../pages.js").PageEntry}} props */
function Entry({ page }) {
  return html`<li><a href=${page.path} aria-current=${isHere(page) ? "page" : undefined} title=${`${page.title} (g ${page.keys})`}
    onClick=${(/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      goPage(page.name);
    }}><${Icon} name=${page.icon} /><span>${page.title}</span></a></li>`;
}

export function Rail() {
  const pages = offered();
  const shown = narrow.value ? pages.slice(0, NARROW) : pages;
  return html`<nav class="rail" aria-label=${t("Pages")}><ul>
    ${shown.map((page) => html`<${Entry} key=${page.name} page=${page} />`)}
    ${shown.length < pages.length ? html`<li><button type="button" onClick=${() => (dialog.value = "palette")} data-test="more-pages"><${Icon} name="more" /><span>${t("More")}</span></button></li>` : null}
  </ul></nav>`;
}
