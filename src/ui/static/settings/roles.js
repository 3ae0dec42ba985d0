// @ts-check
// What each role may do, as one table; what differs from the preset is dotted.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { loadMe, me } from "../state/me.js";
import { label as labelOf } from "../text/words.js";
import { act, complain } from "../state/items.js";

/** @type {Record<string, string>} */
const RIGHTS = {
  lookup: "Look a number up", phonebook: "Read phone books", search: "Search and list contacts", view: "Read whole contacts", create: "Create contacts", edit: "Change contacts",
  delete: "Delete contacts so that they can be restored", erase: "Delete contacts for good", export: "Export contacts", import: "Import lists", merge: "Merge duplicates",
  manage_tags: "Make, rename and remove tags", manage_fields: "Define custom fields", manage_users: "Manage users, queues, departments and tokens", manage_settings: "Change settings and roles", read_audit: "Read the audit log",
};
const PRESETS = [["default", "Usual"], ["s1-strict", "Strict: agents only read"], ["s4-visibility", "By visibility: agents merge, export and tag"]];
const ROLES = ["agent", "manager"];

export function Roles() {
  const [now, setNow] = useState(/** @type {any} */ (null));
  useEffect(() => void request("GET", "/api/v1/settings").then(({ body }) => setNow(body.settings.permissions), complain), []);
  const table = me.value?.table ?? {};
  const save = (/** @type {any} */ permissions, /** @type {string} */ text) => {
    const before = now;
    const put = async (/** @type {any} */ wanted) => {
      const { body } = await request("PATCH", "/api/v1/settings", { body: { permissions: wanted }, type: "application/merge-patch+json" });
      setNow(body.settings.permissions);
      await loadMe();
    };
    void act(() => put(permissions), text, () => put(before));
  };
  const set = (/** @type {string} */ role, /** @type {string} */ right, /** @type {boolean} */ on) =>
    save({ ...now, [role]: { ...now[role], [right]: on } }, `${labelOf(role)}s ${on ? "may" : "may not"}: ${(RIGHTS[right] ?? labelOf(right)).toLowerCase()}.`);
  return html`<section class="page-main" aria-label="Roles" data-test="roles"><div class="page-head"><h1>Roles</h1></div><div class="scroll" role="region" tabindex="0" aria-label="What roles may do">
    ${now ? html`<div class="part"><label for="preset">Preset</label><select id="preset" class="editor" onChange=${(/** @type {any} */ event) => save({ preset: event.target.value }, "The roles are as the preset says.")}>${PRESETS.map(([value, text]) => html`<option value=${value} selected=${value === now.preset}>${text}</option>`)}</select></div>
    <table class="matrix"><thead><tr><th scope="col">Right</th>${[...ROLES, "admin"].map((role) => html`<th scope="col" key=${role}>${labelOf(role)}s</th>`)}</tr></thead>
      <tbody>${Object.keys(RIGHTS).filter((right) => table[right]).map((right) => html`<tr key=${right}><th scope="row">${RIGHTS[right]}</th>
        ${ROLES.map((role) => html`<td key=${role}><input type="checkbox" aria-label=${`${labelOf(role)}s: ${RIGHTS[right]}`} class=${now[role]?.[right] === undefined ? "" : "dotted"} title=${now[role]?.[right] === undefined ? "as the preset says" : "not as the preset says"}
          checked=${table[right].includes(role)} onChange=${(/** @type {any} */ event) => set(role, right, event.target.checked)} data-test=${`${role}-${right}`} /></td>`)}
        <td><input type="checkbox" checked disabled aria-label=${`Admins: ${RIGHTS[right]}`} /></td></tr>`)}</tbody></table>
    <p class="note">Dotted: not as the preset says. Admins may everything within the organisation.</p>` : null}
  </div></section>`;
}
