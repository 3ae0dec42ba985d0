// @ts-check
// Lists: whoever was put on one, or whoever meets a query.

import { html, useState } from "../dom.js";
import { request } from "../api.js";
import { may } from "../state/me.js";
import { goPage, openContact } from "../state/url.js";
import { plural } from "../text/words.js";
import { act } from "../state/items.js";
import { useItems } from "../work/list-page.js";
import { ItemPicker } from "../work/picker.js";
import { t } from "../text/say.js";
import { locale } from "../text/locale.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @param {{item: Item, again: () => void}} props */
function Members({ item, again }) {
  const { items, again: anew } = useItems("contacts", { list: item.id, per_page: 50, sort: "name", refresh: "wait" });
  const [picking, setPicking] = useState(0);
  const isStatic = item.kind === "static";
  const change = (/** @type {"PUT"|"DELETE"} */ method, /** @type {Item} */ contact) => {
    const ask = (/** @type {string} */ how) => request(how, `/api/v1/lists/${item.id}/members`, { body: { ids: [contact.id] } });
    const both = () => { anew(); again(); };
    void act(() => ask(method), method === "PUT" ? t("{0} is on the list.", contact.display_name) : t("{0} is off the list.", contact.display_name), () => ask(method === "PUT" ? "DELETE" : "PUT"), both);
  };
  return html`<section class="part" aria-label=${t("Members")} data-test="members"><h3>${plural(item.count ?? 0, "contact")}</h3>
    <p><button type="button" class="button" onClick=${() => goPage("contacts", { q: `list:"${item.name.replaceAll('"', '""')}"` })} data-test="show-members">${t("Show them on the page of contacts")}</button></p>
    ${isStatic && may("edit") ? html`<div><label for="add-member" class="quiet-text">${t("Put somebody on the list")}</label><${ItemPicker} key=${picking} id="add-member" noun="contacts" value=${null} onPick=${(/** @type {Item|null} */ one) => { if (one) change("PUT", one); setPicking(picking + 1); }} /></div>` : null}
    <ul class="lines">${(items ?? []).map((one) => html`<li key=${one.id} data-test="member"><span><button type="button" class="link" onClick=${() => openContact(one.id)}>${one.display_name}</button></span>
      ${isStatic && may("edit") ? html`<button type="button" class="link" onClick=${() => change("DELETE", one)}>${t("Take off")}</button>` : null}</li>`)}</ul>
    ${(item.count ?? 0) > 50 ? html`<p class="quiet-text">${t("The first 50 are shown.")}</p>` : null}</section>`;
}

/** @type {import("../work/list-page.js").Spec} */
export const lists = {
  noun: "lists",
  title: t("Lists"),
  one: "list",
  sort: "name",
  empty: t("A static list has whom somebody puts on it; a dynamic one whoever meets its query, now and later."),
  filters: [{ key: "kind", label: t("Kind"), options: () => [["", t("Static and dynamic")], ["static", t("Static")], ["dynamic", t("Dynamic")]] }],
  columns: [
    { key: "name", label: t("Name"), sort: "name", width: "minmax(180px, 1.4fr)", cell: (row) => row.name },
    { key: "kind", label: t("Kind"), sort: "kind", width: "minmax(90px, .5fr)", cell: (row) => (row.kind === "dynamic" ? t("Dynamic") : t("Static")) },
    { key: "q", label: t("Query"), width: "minmax(160px, 1.4fr)", cell: (row) => row.q ?? "" },
    { key: "description", label: t("What for"), cell: (row) => row.description ?? "" },
    { key: "count", label: t("Contacts"), width: "minmax(90px, .5fr)", num: true, cell: (row) => row.count?.toLocaleString(locale()) ?? "" },
  ],
  card: (row) => html`<p>${row.name}</p><p class="quiet-text">${row.kind === "dynamic" ? row.q : t("Static")}</p><p class="quiet-text">${plural(row.count ?? 0, "contact")}</p>`,
  fields: () => [
    { key: "name", label: t("Name"), required: true },
    { key: "kind", label: t("Kind"), type: "select", start: "static", options: [{ value: "static", text: t("Static: who is put on it") }, { value: "dynamic", text: t("Dynamic: who meets the query") }], hint: t("Stays as it is once the list is made.") },
    { key: "q", label: t("Query"), hint: t("Of a dynamic list, as in the search box: tag:vip city:berlin") },
    { key: "description", label: t("What for"), type: "textarea" },
  ],
  detail: ({ item, again }) => html`<${Members} key=${item.id} item=${item} again=${again} />`,
};
