// @ts-check
// What each role may do, as one table; what differs from the preset is dotted.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { loadMe, me } from "../state/me.js";
import { label as labelOf } from "../text/words.js";
import { act, complain, findItem } from "../state/items.js";
import { lower, t } from "../text/say.js";
import { people } from "../state/people.js";
import { RIGHTS } from "./rights.js";
import { SeesAs } from "./sees.js";

const PRESETS = [["default", t("Usual")], ["s1-strict", t("Strict: agents only read")], ["s4-visibility", t("By visibility: agents merge, export and tag")]];
const ROLES = ["agent", "manager"];
/** @type {Record<string, string>} */
const NAMES = { agent: t("Agents"), manager: t("Managers"), admin: t("Admins") };

export function Roles() {
  const [now, setNow] = useState(/** @type {any} */ (null));
  useEffect(() => void request("GET", "/api/v1/settings").then(({ body }) => setNow(body.settings.permissions), complain), []);
  const [user, setUser] = useState(/** @type {any} */ (null));
  const see = (/** @type {string} */ id) => (id ? findItem("users", id).then(setUser, complain) : setUser(null));
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
    save({ ...now, [role]: { ...now[role], [right]: on } }, (on ? t("{0} may: {1}.", NAMES[role], lower(RIGHTS[right] ?? labelOf(right))) : t("{0} may not: {1}.", NAMES[role], lower(RIGHTS[right] ?? labelOf(right)))));
  return html`<section class="page-main" aria-label=${t("Roles")} data-test="roles"><div class="page-head"><h1>${t("Roles")}</h1></div><div class="scroll" role="region" tabindex="0" aria-label=${t("What roles may do")}>
    ${now ? html`<div class="part"><label for="preset">${t("Preset")}</label><select id="preset" class="editor" onChange=${(/** @type {any} */ event) => save({ preset: event.target.value }, t("The roles are as the preset says."))}>${PRESETS.map(([value, text]) => html`<option value=${value} selected=${value === now.preset}>${text}</option>`)}</select></div>
    <table class="matrix"><thead><tr><th scope="col">${t("Right")}</th>${[...ROLES, "admin"].map((role) => html`<th scope="col" key=${role}>${NAMES[role]}</th>`)}</tr></thead>
      <tbody>${Object.keys(RIGHTS).filter((right) => table[right]).map((right) => html`<tr key=${right}><th scope="row">${RIGHTS[right]}</th>
        ${ROLES.map((role) => html`<td key=${role}><input type="checkbox" aria-label=${`${NAMES[role]}: ${RIGHTS[right]}`} class=${now[role]?.[right] === undefined ? "" : "dotted"} title=${now[role]?.[right] === undefined ? t("as the preset says") : t("not as the preset says")}
          checked=${table[right].includes(role)} onChange=${(/** @type {any} */ event) => set(role, right, event.target.checked)} data-test=${`${role}-${right}`} /></td>`)}
        <td><input type="checkbox" checked disabled aria-label=${t("Admins: {0}", RIGHTS[right])} /></td></tr>`)}</tbody></table>
    <p class="note">${t("Dotted: not as the preset says. Admins may everything within the organisation.")}</p>
    ${people.value.size ? html`<div class="part"><label for="see-as">${t("See as")}</label><select id="see-as" class="editor" onChange=${(/** @type {any} */ event) => see(event.target.value)}>
      <option value="">–</option>${[...people.value].map(([id, name]) => html`<option key=${id} value=${id}>${name}</option>`)}</select></div>${user ? html`<${SeesAs} key=${user.id} user=${user} />` : null}` : null}` : null}
  </div></section>`;
}
