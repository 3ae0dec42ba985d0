// @ts-check
// Companies: what they are called, how to reach them, who belongs to them, their deals.

import { html, useState } from "../dom.js";
import { request } from "../api.js";
import { may, mayMerge } from "../state/me.js";
import { personName } from "../state/people.js";
import { goPage, openContact } from "../state/url.js";
import { money } from "../work/money.js";
import { plural } from "../text/words.js";
import { act, complain } from "../state/items.js";
import { ItemPicker } from "../work/picker.js";
import { useItems } from "../work/list-page.js";
import { say, t } from "../text/say.js";
import { locale } from "../text/locale.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @param {{item: Item}} props */
function People({ item }) {
  const { items, again } = useItems("contacts", { company_id: item.id, per_page: 20, sort: "name", refresh: "wait" });
  const [picking, setPicking] = useState(0);
  const patch = (/** @type {Item} */ contact, /** @type {any} */ body) => request("PATCH", `/api/v1/contacts/${contact.id}`, { body, type: "application/merge-patch+json" });
  const link = (/** @type {Item|null} */ one) => {
    setPicking(picking + 1);
    if (one) void act(() => patch(one, { company_id: item.id }), t("{0} belongs to {1}.", one.display_name, item.name), () => patch(one, { company_id: one.company_id ?? null, company: one.company ?? null }), again);
  };
  const { items: deals } = useItems("deals", { company_id: item.id, status: "open", per_page: 20 });
  return html`<section class="part" aria-label=${t("Contacts")} data-test="company-contacts"><h3>${t("Contacts")}</h3>
    ${may("edit") ? html`<div><label for="link-contact" class="quiet-text">${t("Somebody who belongs to it")}</label><${ItemPicker} key=${picking} id="link-contact" noun="contacts" value=${null} onPick=${link} /></div>` : null}
    ${items?.length ? html`<ul class="lines">${items.map((one) => html`<li key=${one.id}><span><button type="button" class="link" onClick=${() => openContact(one.id)}>${one.display_name}</button></span><span class="quiet-text">${one.title ?? ""}</span></li>`)}</ul>`
      : html`<p class="quiet-text">${t("Nobody is linked yet.")}</p>`}</section>
    ${deals?.length ? html`<section class="part" aria-label=${t("Open deals")}><h3>${t("Open deals")}</h3><ul class="lines">${deals.map((one) => html`<li key=${one.id}><span><button type="button" class="link" onClick=${() => goPage("deals", { more: { open: one.id } })}>${one.title}</button></span><span class="num">${money(one.amount, one.currency)}</span></li>`)}</ul></section>` : null}`;
}

/** How much follows, by its noun. @param {Record<string, number>} moved */
const followed = (moved) => Object.entries(moved).map(([noun, count]) => `${count.toLocaleString(locale())} ${t(noun)}`).join(", ") || t("nothing");

/** Another company that is the same one goes into this one. @param {{item: Item, again: () => void}} props */
function MergeInto({ item, again }) {
  const [other, setOther] = useState(/** @type {Item|null} */ (null));
  const [trial, setTrial] = useState(/** @type {any} */ (null));
  const path = `/api/v1/companies/${item.id}/merge`;
  const choose = (/** @type {Item|null} */ one) => {
    setOther(one);
    setTrial(null);
    if (one) request("POST", path, { body: { others: [one.id], dry_run: true } }).then(({ body }) => setTrial(body), (error) => { setOther(null); complain(error); });
  };
  const merge = () => {
    const name = other?.name;
    void act(() => request("POST", path, { body: { others: [other?.id] } }), t("{0} went into {1}.", name, item.name),
      () => request("POST", `${path}/undo`, { body: {} }), () => { choose(null); again(); });
  };
  return html`<section class="part" aria-label=${t("The same company")} data-test="merge-company"><h3>${t("The same company")}</h3>
    <div><label for="merge-company" class="quiet-text">${t("Another company that goes into this one")}</label><${ItemPicker} id="merge-company" noun="companies" value=${other?.id ?? null} onPick=${choose} /></div>
    ${trial ? html`<p role="status">${say("Follows: {0}. What this one lacks is taken over; {1} is deleted and leads here.", followed(trial.moved), other?.name)}</p>
      <p class="bulk-line"><button type="button" class="button main" onClick=${merge} data-test="merge-company-now">${t("Make them one")}</button><button type="button" class="button" onClick=${() => choose(null)}>${t("Cancel")}</button></p>` : null}
  </section>`;
}

/** @type {import("../work/list-page.js").Spec} */
export const companies = {
  noun: "companies",
  title: t("Companies"),
  one: "company",
  many: "companies",
  sort: "name",
  empty: t("A company gathers its contacts and deals. Make one here and link its people."),
  columns: [
    { key: "name", label: t("Name"), sort: "name", width: "minmax(180px, 1.6fr)", cell: (row) => row.name },
    { key: "domain", label: t("Domain"), sort: "domain", cell: (row) => row.domain ?? "" },
    { key: "industry", label: t("Industry"), sort: "industry", cell: (row) => row.industry ?? "" },
    { key: "owner", label: t("Owner"), cell: (row) => (row.owner ? personName(row.owner) : "") },
    { key: "contacts_count", label: t("Contacts"), width: "minmax(90px, .5fr)", num: true, cell: (row) => row.contacts_count?.toLocaleString(locale()) ?? "" },
    { key: "open_deals", label: t("Open deals"), width: "minmax(140px, .8fr)", num: true, cell: (row) => (row.open_deals ? `${row.open_deals} · ${money(row.open_deals_value)}` : "") },
  ],
  card: (row) => html`<p>${row.name}</p><p class="quiet-text">${[row.domain, row.industry].filter(Boolean).join(" · ")}</p><p class="quiet-text">${plural(row.contacts_count ?? 0, "contact")}${row.open_deals ? `, ${plural(row.open_deals, "open deal")}` : ""}</p>`,
  fields: () => [
    { key: "name", label: t("Name"), required: true },
    { key: "domain", label: t("Domain"), hint: t("Of its e-mail addresses: example.com") },
    { key: "website", label: t("Website") },
    { key: "phones", label: t("Phones"), type: "words" },
    { key: "emails", label: t("E-mails"), type: "words" },
    { key: "industry", label: t("Industry") },
    { key: "owner", label: t("Owner"), type: "user" },
    { key: "tags", label: t("Tags"), type: "words" },
    { key: "notes", label: t("Notes"), type: "textarea" },
  ],
  detail: ({ item, again }) => html`<${People} key=${item.id} item=${item} />${mayMerge() ? html`<${MergeInto} key=${`merge-${item.id}`} item=${item} again=${again} />` : null}`,
};
