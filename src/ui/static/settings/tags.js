// @ts-check
// Tags: how many contacts have each, other names and colours for them, several made one.

import { html, useState } from "../dom.js";
import { request } from "../api.js";
import { Icon } from "../parts/icons.js";
import { watch } from "../state/jobs.js";
import { toast } from "../state/session.js";
import { goMore, goPage, place } from "../state/url.js";
import { plural } from "../text/words.js";
import { complain, listItems } from "../state/items.js";
import { useItems } from "../work/list-page.js";
import { PER_PAGE, useRows } from "../work/rows.js";
import { Nothing, Sheet } from "../work/sheet.js";
import { Table } from "../work/table.js";
import { say, t } from "../text/say.js";
import { locale } from "../text/locale.js";

/** @typedef {import("../state/items.js").Item} Item */

const COLORS = ["", "#b3261e", "#b06000", "#1e7a34", "#0b57d0", "#7b1fa2", "#5f6368"];

/** @param {string} tag */
const pathOf = (tag) => `/api/v1/tags/${encodeURIComponent(tag)}`;

/** Waits for the job of a change, and says what came of it. @param {any} body @param {string} text */
async function finish(body, text) {
  const id = body?.job_id ?? body?.id;
  const job = id && body?.state ? await watch(id, text) : null;
  toast(`${text}${job ? t(": {0} changed", plural(job.changed ?? 0, "contact")) : ""}.`);
}

/** @param {{tag: Item, again: () => void}} props */
function TagSheet({ tag, again }) {
  const [name, setName] = useState(tag.tag);
  const [into, setInto] = useState("");
  const [asks, setAsks] = useState(false);
  const close = () => goMore({ open: "" });
  const run = async (/** @type {() => Promise<any>} */ ask, /** @type {string} */ text, /** @type {boolean} */ isGone) => {
    try {
      const { body } = await ask();
      if (isGone) close();
      await finish(body, text);
      again();
    } catch (error) {
      complain(error);
    }
  };
  const patch = (/** @type {any} */ body) => () => request("PATCH", pathOf(tag.tag), { body, type: "application/merge-patch+json" });
  const rename = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (name.trim() && name.trim() !== tag.tag) void run(patch({ tag: name.trim() }), t("“{0}” is “{1}” now", tag.tag, name.trim()), true);
  };
  const merge = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (into.trim()) void run(() => request("POST", "/api/v1/tags/merge", { body: { from: [tag.tag], into: into.trim() } }), t("“{0}” went into “{1}”", tag.tag, into.trim()), true);
  };
  return html`<${Sheet} title=${tag.tag} onClose=${close}>
    <p><button type="button" class="link" onClick=${() => goPage("contacts", { q: `tag:="${tag.tag.replaceAll('"', '""')}"` })}>${plural(tag.count, "contact")}</button>${tag.archived ? html`<span class="quiet-text"> ${say("and {0} archived", tag.archived)}</span>` : null}${tag.variants.length > 1 ? html`<br /><span class="quiet-text">${say("Written as {0}", tag.variants.join(", "))}</span>` : null}</p>
    <form class="part" onSubmit=${rename}><label for="tag-name">${t("Name")}</label><span class="bulk-line"><input id="tag-name" class="editor" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} /><button class="button main" data-test="rename-tag">${t("Rename")}</button></span></form>
    <fieldset class="part"><legend>${t("Colour")}</legend><span class="bulk-line">${COLORS.map((color) => html`<button type="button" key=${color} class="button" aria-pressed=${String((tag.color ?? "") === color)} aria-label=${color || t("No colour")} onClick=${() => run(patch({ color: color || null }), t("The colour is saved"), false)}>${color ? html`<span class="swatch" style=${{ background: color }}></span>` : t("None")}</button>`)}</span></fieldset>
    <form class="part" onSubmit=${merge}><label for="tag-into">${t("Make it one with")}</label><span class="bulk-line"><input id="tag-into" class="editor" placeholder=${t("Another tag")} value=${into} onInput=${(/** @type {any} */ event) => setInto(event.target.value)} /><button class="button" disabled=${!into.trim()}>${t("Merge")}</button></span></form>
    <p>${asks ? html`<button type="button" class="button danger" onClick=${() => run(() => request("DELETE", pathOf(tag.tag)), t("“{0}” is taken off", tag.tag), true)} data-test="really-delete">${say("Take it off {0}", plural(tag.count + (tag.archived ?? 0), "contact"))}</button>`
      : html`<button type="button" class="button danger" onClick=${() => setAsks(true)}><${Icon} name="trash" />${t("Delete…")}</button>`}</p>
  <//>`;
}

/** Spellings that are probably one tag. @param {{version: number, again: () => void}} props */
function Proposals({ version, again }) {
  const { items } = useItems("tags/proposals", { per_page: 20, refresh: "wait" });
  if (!items?.length) return null;
  const merge = async (/** @type {Item} */ one) => {
    try {
      const { body } = await request("POST", "/api/v1/tags/merge", { body: { from: one.from, into: one.into } });
      await finish(body, t("“{0}” went into “{1}”", one.from.join("”, “"), one.into));
      again();
    } catch (error) {
      complain(error);
    }
  };
  return html`<div class="part scroll" key=${version} data-test="proposals"><h2>${t("Probably the same")}</h2><ul class="lines">${items.map((one) => html`<li key=${one.into}><span>${one.from.join(", ")} → <strong>${one.into}</strong> <span class="quiet-text">${plural(one.count, "contact")}</span></span><button type="button" class="button" onClick=${() => merge(one)}>${t("Make them one")}</button></li>`)}</ul></div>`;
}

export function Tags() {
  const { open, find = "", sort = "-count" } = place.value.more;
  const [version, setVersion] = useState(0);
  const rows = useRows(JSON.stringify([find, sort, version]), async (page, signal) => {
    const found = await listItems("tags", { q: find.trim(), sort, page, per_page: PER_PAGE, refresh: "wait" }, signal);
    return { ...found, items: found.items.map((one) => ({ ...one, id: one.tag })) };
  });
  const again = () => setVersion((now) => now + 1);
  const tag = rows.loaded.find((one) => one.tag === open);
  const columns = [
    { key: "tag", label: t("Tag"), sort: "tag", width: "minmax(160px, 1.5fr)", cell: (/** @type {Item} */ row) => html`${row.color ? html`<span class="swatch" style=${{ background: row.color }}></span>` : null}${row.tag}` },
    { key: "count", label: t("Contacts"), sort: "count", num: true, width: "minmax(80px, .5fr)", cell: (/** @type {Item} */ row) => row.count.toLocaleString(locale()) },
    { key: "archived", label: t("Archived"), num: true, width: "minmax(80px, .5fr)", cell: (/** @type {Item} */ row) => row.archived || "" },
    { key: "variants", label: t("Also written"), cell: (/** @type {Item} */ row) => row.variants.filter((/** @type {string} */ one) => one !== row.tag).join(", ") },
  ];
  return html`<section class="page-main" aria-label=${t("Tags")} data-test="tags"><div class="page-head"><h1>${t("Tags")}</h1><span class="count" role="status">${rows.key === null ? "" : plural(rows.total, "tag")}</span>
      <input type="search" class="editor" aria-label=${t("Find in tags")} placeholder=${t("Find")} value=${find} onInput=${(/** @type {any} */ event) => goMore({ find: event.target.value }, { replace: true })} />
      <span class="push"><button type="button" class="button" onClick=${() => request("POST", "/api/v1/tags/auto-country", { body: {} }).then(({ body }) => finish(body, t("Countries are tagged"))).then(again, complain)}>${t("Tag countries of numbers")}</button></span></div>
    <${Proposals} version=${version} again=${again} />
    ${rows.key !== null && rows.total === 0 ? html`<${Nothing} title=${find ? t("No such tag") : t("No tags yet")}><p>${t("A tag is made by putting it on a contact.")}</p><//>`
      : html`<${Table} label=${t("Tags")} columns=${columns} total=${rows.total} at=${rows.at} need=${rows.need} sort=${sort} onSort=${(/** @type {string} */ next) => goMore({ sort: next }, { replace: true })} onOpen=${(/** @type {Item} */ row) => goMore({ open: row.tag })} opened=${open} reset=${find} />`}
    </section>
    ${tag ? html`<${TagSheet} key=${tag.tag} tag=${tag} again=${again} />` : null}`;
}
