// @ts-check
// The console: the list of hits and beside it the card. On a narrow screen the card
// slides over the list.

import { html, useEffect } from "../dom.js";
import { Card } from "../parts/card.js";
import { ContactForm } from "../parts/contact-form.js";
import { Home } from "../parts/home.js";
import { ResultList } from "../parts/result-list.js";
import { active, answered, hits, problem, search, slow } from "../state/search.js";
import { may } from "../state/me.js";
import { narrow } from "../state/session.js";
import { place } from "../state/url.js";
import { t } from "../text/say.js";

/** What is beside the list when nothing is chosen. */
function Start() {
  return html`<div class="start">
    <dl class="keys">
      <div><dt><kbd>/</kbd></dt><dd>${t("search by name, number, company, tag")}</dd></div>
      <div><dt><kbd>↑</kbd> <kbd>↓</kbd> <kbd>${t("Enter")}</kbd></dt><dd>${t("choose and open")}</dd></div>
      ${may("create") ? html`<div><dt><kbd>n</kbd></dt><dd>${t("new contact")}</dd></div>` : null}
      <div><dt><kbd>?</kbd></dt><dd>${t("help, and all keys")}</dd></div>
    </dl>
    <${Home} />
  </div>`;
}

export function Console() {
  const { q, contact, create } = place.value;
  useEffect(() => {
    void search(q);
  }, [q]);
  // While an answer is late, the list is of another query: nobody of it is shown as if found.
  const isOfQuery = answered.value === q || (!slow.value && !problem.value);
  const hit = !narrow.value && isOfQuery && answered.value?.trim() ? hits.value[active.value] : undefined;
  let side;
  if (create && may("create")) side = html`<${ContactForm} key=${q} start=${q.trim()} />`;
  else if (contact) side = html`<${Card} key="card" id=${contact} known=${hits.value.find((one) => one.id === contact)} />`;
  else if (hit) side = html`<${Card} key="card" id=${hit.id} known=${hit} preview />`;
  else side = html`<${Start} />`;
  return html`<main class=${contact || create ? "panes card-over" : "panes"}>
    <section class="list-pane" aria-label=${t("Results")}><${ResultList} /></section>
    <section class="card-pane" aria-label=${t("Contact")}>${side}</section>
  </main>`;
}
