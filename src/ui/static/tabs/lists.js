// @ts-check
// The lists that a contact is on.

import { html, useState } from "../dom.js";
import { request } from "../api.js";
import { may } from "../state/me.js";
import { load } from "../state/records.js";
import { goPage } from "../state/url.js";
import { act } from "../state/items.js";
import { useItems } from "../work/list-page.js";
import { t } from "../text/say.js";

/** @typedef {{id: string, name: string}} List */

/** @param {{contact: import("../api.js").Contact}} props */
export function Lists({ contact }) {
  const { items } = useItems("lists", { kind: "static", per_page: 200, sort: "name" });
  const [chosen, setChosen] = useState("");
  const now = /** @type {List[]} */ (contact.lists ?? []);
  const change = (/** @type {"PUT"|"DELETE"} */ method, /** @type {List} */ list) => {
    const ask = (/** @type {string} */ how) => request(how, `/api/v1/lists/${list.id}/members`, { body: { ids: [contact.id] } });
    void act(() => ask(method), method === "PUT" ? t("{0} is on the list {1}.", contact.display_name, list.name) : t("{0} is off the list {1}.", contact.display_name, list.name), () => ask(method === "PUT" ? "DELETE" : "PUT"), () => void load(contact.id));
  };
  const others = (items ?? []).filter((one) => !now.some((list) => list.id === one.id));
  const put = (/** @type {string} */ id) => {
    const list = others.find((one) => one.id === id);
    setChosen("");
    if (list) change("PUT", /** @type {any} */ (list));
  };
  return html`${now.length ? html`<ul>${now.map((list) => html`<li key=${list.id} data-test="list-line"><p><button type="button" class="link" onClick=${() => goPage("lists", { more: { open: list.id } })}>${list.name}</button>
      ${may("edit") ? html`<button type="button" class="link" onClick=${() => change("DELETE", list)}>${t("Take off")}</button>` : null}</p></li>`)}</ul>` : html`<p class="quiet-text">${t("On no list.")}</p>`}
    ${may("edit") && others.length ? html`<select class="editor" aria-label=${t("Put on a list")} value=${chosen} onChange=${(/** @type {any} */ event) => put(event.target.value)} data-test="put-on-list"><option value="">${t("Put on a list…")}</option>${others.map((one) => html`<option value=${one.id}>${one.name}</option>`)}</select>`
      : items && !items.length ? html`<p><button type="button" class="link" onClick=${() => goPage("lists", { more: { open: "new" } })}>${t("Make a list")}</button></p>` : null}`;
}
