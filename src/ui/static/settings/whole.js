// @ts-check
// A section with a list that comes whole: a table, and a sheet for the one that is chosen.

import { html } from "../dom.js";
import { Icon } from "../parts/icons.js";
import { goMore, place } from "../state/url.js";
import { plural } from "../text/words.js";
import { ItemSheet, useItems } from "../work/list-page.js";
import { Nothing } from "../work/sheet.js";
import { Table } from "../work/table.js";
import { lower, say, t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item @typedef {import("../work/list-page.js").Spec} Spec */

/** @param {{spec: Spec, params?: Record<string, unknown>, children?: any, onChanged?: () => void}} props */
export function WholeList({ spec, params, children, onChanged }) {
  const { items, again } = useItems(spec.noun, params);
  const { open, find = "", sort = spec.sort } = place.value.more;
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (/** @type {Item} */ one) => JSON.stringify(Object.values(one)).toLowerCase();
  const by = sort.replace("-", "");
  const shown = (items ?? []).filter((one) => words.every((word) => text(one).includes(word)))
    .sort((a, b) => (sort.startsWith("-") ? -1 : 1) * (typeof a[by] === "number" ? a[by] - b[by] : String(a[by] ?? "").localeCompare(String(b[by] ?? ""))));
  const anew = () => {
    again();
    onChanged?.();
  };
  return html`<section class="page-main" aria-label=${spec.title} data-test=${spec.noun}>
      <div class="page-head"><h1>${spec.title}</h1><span class="count" role="status">${items ? plural(shown.length, spec.one, spec.many) : ""}</span>
        <input type="search" class="editor" aria-label=${t("Find in {0}", lower(spec.title))} placeholder=${t("Find")} value=${find} onInput=${(/** @type {any} */ event) => goMore({ find: event.target.value }, { replace: true })} />
        <span class="push">${children}<button type="button" class="button main" onClick=${() => goMore({ open: "new" })} data-test="new-item"><${Icon} name="plus" />${t(`New ${spec.one}`)}</button></span></div>
      ${items && !shown.length ? html`<${Nothing} title=${find ? t("Nothing found") : t(`No ${spec.many ?? `${spec.one}s`} yet`)}><p>${spec.empty}</p><//>`
        : html`<${Table} label=${spec.title} columns=${spec.columns} total=${shown.length} at=${(/** @type {number} */ index) => shown[index]} need=${() => {}} sort=${sort}
          onSort=${(/** @type {string} */ next) => goMore({ sort: next }, { replace: true })} onOpen=${(/** @type {Item} */ row) => goMore({ open: row.id })} opened=${open} card=${undefined} reset=${find} />`}
    </section>
    ${open ? html`<${ItemSheet} spec=${spec} id=${open} again=${anew} onSaved=${anew} />` : null}`;
}
