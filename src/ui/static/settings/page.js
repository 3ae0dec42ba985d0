// @ts-check
// Settings: the sections at the left, those that the person may see; one section beside them.

import { html, useEffect } from "../dom.js";
import { me } from "../state/me.js";
import { goPage, place } from "../state/url.js";
import { Audit } from "./audit.js";
import { DuplicateSettings, Imports, Organisation, Others, Privacy } from "./forms.js";
import { Fields } from "./fields.js";
import { Erasures } from "./erasures.js";
import { Health } from "./health.js";
import { Departments, Queues, Tokens, Users } from "./people.js";
import { Retention } from "./retention.js";
import { Roles } from "./roles.js";
import { Tags } from "./tags.js";
import { Telephones } from "./telephones.js";
import { Webhooks } from "./webhooks.js";

/** @type {[string, string, string, any][]} the address, the title, the right, the component */
const SECTIONS = [
  ["organisation", "Organisation", "manage_settings", Organisation],
  ["users", "Users", "manage_users", Users],
  ["roles", "Roles", "manage_settings", Roles],
  ["queues", "Queues", "manage_users", Queues],
  ["departments", "Departments", "manage_users", Departments],
  ["fields", "Custom fields", "manage_fields", Fields],
  ["tags", "Tags", "manage_tags", Tags],
  ["duplicates", "Duplicates", "manage_settings", DuplicateSettings],
  ["imports", "Imports", "manage_settings", Imports],
  ["tokens", "Tokens", "manage_users", Tokens],
  ["telephony", "Telephones", "manage_users", Telephones],
  ["webhooks", "Webhooks", "manage_settings", Webhooks],
  ["privacy", "Privacy", "manage_settings", Privacy],
  ["erasures", "Erasures", "erase", Erasures],
  ["retention", "Retention", "manage_settings", Retention],
  ["more", "More settings", "manage_settings", Others],
  ["audit", "Audit log", "read_audit", Audit],
  ["health", "Server", "manage_tags", Health],
];

/** Other names of sections. @type {Record<string, string>} */
const ALSO = { "lead-score": "more", organization: "organisation", telephones: "telephony", server: "health", backup: "health" };

export function Settings() {
  const { rest } = place.value;
  const offered = SECTIONS.filter(([, , right]) => me.value?.permissions[right]);
  const wanted = ALSO[rest] ?? rest;
  const now = offered.find(([name]) => name === wanted) ?? (rest ? undefined : offered[0]);
  const title = now?.[1] ?? "Settings";
  useEffect(() => {
    document.title = `${title} · Ringdex`;
    return () => {
      document.title = "Ringdex";
    };
  }, [title]);
  return html`<main class="page settings" data-test="settings">
    <nav class="sections" aria-label="Sections">${offered.map(([name, text]) => html`<a key=${name} href=${`/settings/${name}`} aria-current=${name === now?.[0] ? "page" : undefined}
      onClick=${(/** @type {MouseEvent} */ event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        goPage("settings", { rest: name });
      }}>${text}</a>`)}</nav>
    ${now ? html`<${now[3]} key=${now[0]} />` : html`<div class="empty"><h2>${rest ? "You may not see this, or there is no such section" : "…"}</h2></div>`}
  </main>`;
}
