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
import { t } from "../text/say.js";

/** @type {[string, string, string, any][]} the address, the title, the right, the component */
const SECTIONS = [
  ["organisation", t("Organisation"), "manage_settings", Organisation],
  ["users", t("Users"), "manage_users", Users],
  ["roles", t("Roles"), "manage_settings", Roles],
  ["queues", t("Queues"), "manage_users", Queues],
  ["departments", t("Departments"), "manage_users", Departments],
  ["fields", t("Custom fields"), "manage_fields", Fields],
  ["tags", t("Tags"), "manage_tags", Tags],
  ["duplicates", t("Duplicates"), "manage_settings", DuplicateSettings],
  ["imports", t("Imports"), "manage_settings", Imports],
  ["tokens", t("Tokens"), "manage_users", Tokens],
  ["telephony", t("Telephones"), "manage_users", Telephones],
  ["webhooks", t("Webhooks"), "manage_settings", Webhooks],
  ["privacy", t("Privacy"), "manage_settings", Privacy],
  ["erasures", t("Erasures"), "erase", Erasures],
  ["retention", t("Retention"), "manage_settings", Retention],
  ["more", t("More settings"), "manage_settings", Others],
  ["audit", t("Audit log"), "read_audit", Audit],
  ["health", t("Server"), "manage_tags", Health],
];

/** Other names of sections. @type {Record<string, string>} */
const ALSO = { "lead-score": "more", organization: "organisation", telephones: "telephony", server: "health", backup: "health" };

export function Settings() {
  const { rest } = place.value;
  const offered = SECTIONS.filter(([, , right]) => me.value?.permissions[right]);
  const wanted = ALSO[rest] ?? rest;
  const now = offered.find(([name]) => name === wanted) ?? (rest ? undefined : offered[0]);
  const title = now?.[1] ?? t("Settings");
  useEffect(() => {
    document.title = `${title} · Ringdex`;
    return () => {
      document.title = "Ringdex";
    };
  }, [title]);
  return html`<main class="page settings" data-test="settings">
    <nav class="sections" aria-label=${t("Sections")}>${offered.map(([name, text]) => html`<a key=${name} href=${`/settings/${name}`} aria-current=${name === now?.[0] ? "page" : undefined}
      onClick=${(/** @type {MouseEvent} */ event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        goPage("settings", { rest: name });
      }}>${text}</a>`)}</nav>
    ${now ? html`<${now[3]} key=${now[0]} />` : html`<div class="empty"><h2>${rest ? t("You may not see this, or there is no such section") : "…"}</h2></div>`}
  </main>`;
}
