// @ts-check
// What somebody may do and whom they see, in sentences: the table of roles, queues, department and
// hidden fields put together for one user. Nobody works as somebody else.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { customLabel } from "../state/definitions.js";
import { me } from "../state/me.js";
import { complain } from "../state/items.js";
import { label } from "../text/words.js";
import { say, t } from "../text/say.js";
import { useItems } from "../work/list-page.js";
import { RIGHTS } from "./rights.js";

/** @typedef {import("../state/items.js").Item} Item */

/** Whose contacts they see, one sentence each. @param {Item} user @param {string[]} queues @param {string|undefined} department */
function sights(user, queues, department) {
  const isStrict = me.value?.preset === "s1-strict";
  if (user.role === "admin") return [t("All contacts of the organisation.")];
  const own = [
    t("Contacts that everybody sees."),
    queues.length ? t("Contacts of their queues: {0}.", queues.join(", ")) : t("Contacts of no queue, since they are in none."),
    t("Contacts that are their own."),
  ];
  if (user.role === "manager") {
    if (department) own.push(t("All contacts of the department {0}, whoever is meant to see them.", department));
    else own.push(isStrict ? t("All contacts that belong to no department.") : t("All contacts of the organisation, as a manager without a department."));
  }
  if (isStrict && department) own.push(t("Nothing of another department."));
  return own;
}

/** @param {{user: Item}} props */
export function SeesAs({ user }) {
  const { items: queues } = useItems("queues");
  const { items: departments } = useItems("departments");
  const [restricted, setRestricted] = useState(/** @type {Record<string, Record<string, string>>} */ ({}));
  useEffect(() => {
    request("GET", "/api/v1/settings").then(({ body }) => setRestricted(body.settings.field_visibility ?? {}), complain);
  }, []);
  const table = me.value?.table ?? {};
  const has = (/** @type {string} */ right) => user.role === "admin" || (table[right] ?? []).includes(user.role);
  const rights = Object.keys(RIGHTS).filter((right) => table[right]);
  const mine = (queues ?? []).filter((one) => one.members?.includes(user.id)).map((one) => one.name);
  const department = (departments ?? []).find((one) => one.id === user.department_id)?.name;
  const hidden = Object.entries(restricted).filter(([, roles]) => roles?.[user.role] && roles[user.role] !== "full");
  const fieldName = (/** @type {string} */ name) => (name.startsWith("cf.") ? customLabel(name.slice("cf.".length)) : label(name));
  return html`<section class="part" aria-label=${t("What they may do and see")} data-test="sees-as"><h3>${t("What they may do and see")}</h3>
    ${user.disabled ? html`<p class="bad">${t("Disabled: cannot sign in.")}</p>` : null}
    <h4>${t("Sees")}</h4><ul>${sights(user, mine, department).map((text) => html`<li key=${text}>${text}</li>`)}
      ${hidden.map(([name, roles]) => html`<li key=${name}>${roles[user.role] === "masked" ? say("{0}: only a part is shown.", fieldName(name)) : say("{0}: hidden.", fieldName(name))}</li>`)}</ul>
    <h4>${t("May")}</h4><ul>${rights.filter(has).map((right) => html`<li key=${right} data-right=${right}>${RIGHTS[right]}</li>`)}</ul>
    ${rights.every(has) ? null : html`<h4>${t("May not")}</h4><ul class="quiet-text">${rights.filter((right) => !has(right)).map((right) => html`<li key=${right} data-lacks=${right}>${RIGHTS[right]}</li>`)}</ul>`}
  </section>`;
}
