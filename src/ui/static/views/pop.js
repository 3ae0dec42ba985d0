// @ts-check
// Who is calling: opened by the telephone system with the caller's number. One match is
// its card; several are a ranked list; none is what the number tells and a form.

import { html, useEffect, useState } from "../dom.js";
import { lookupNumber, Problem } from "../api.js";
import { Card } from "../parts/card.js";
import { ContactForm } from "../parts/contact-form.js";
import { Icon } from "../parts/icons.js";
import { may } from "../state/me.js";
import { go, openContact, place } from "../state/url.js";
import { showPhone } from "../text/phone.js";
import { ago, timeInCountry } from "../text/time.js";
import { countryName, duration, label, mayCall, problemText, whyText } from "../text/words.js";

/** @typedef {import("../api.js").Lookup} Lookup */

/** @type {Record<string, string>} */
const MATCHED = {
  exact: "the whole number",
  national: "the number without its country code",
  suffix: "the last digits",
  extension: "an internal extension",
};

/** @param {{found: Lookup}} props */
function CallerNumber({ found }) {
  const { e164, raw, country, line_type: line } = found.query;
  const time = timeInCountry(country);
  const facts = [
    country ? countryName(country) : null,
    line ? label(line) : null,
    time ? html`<span class="clock"><${Icon} name="clock" />${time}</span>` : null,
  ].filter(Boolean);
  return html`<div class="caller" data-test="caller">
    <p class="quiet-text">Call from</p>
    <h2 class="num">${e164 ? showPhone(e164) : raw || "a hidden number"}</h2>
    ${facts.length ? html`<div class="line">${facts.map((fact) => html`<span>${fact}</span>`)}</div>` : null}
    ${found.count > 0 && found.match !== "exact"
      ? html`<p class="headline warn">Matched by ${MATCHED[found.match] ?? found.match}, not the exact number.</p>`
      : null}
  </div>`;
}

/** @param {{found: Lookup}} props */
function Candidates({ found }) {
  return html`<p class="headline">${found.count === 1 ? "One person has this number" : `${found.count} people have this number`}${found.took_us === undefined ? "" : ` · ${duration(found.took_us)}`}</p>
  <ol class="candidates" aria-label="Who it may be" data-test="candidates">
    ${found.results.map((one) => {
      const { may, facts } = mayCall(one);
      const last = one.last_call?.at ?? one.last_call?.started_at;
      return html`<li key=${one.id}><button type="button" class=${one.id === place.value.contact ? "row open" : "row"}
          aria-current=${one.id === place.value.contact ? "true" : undefined} onClick=${() => openContact(one.id)}>
        <span class="row-line"><span class="name">${one.display_name}</span>
        <span class="number">${one.phone_label ?? ""}</span></span>
        <span class="row-line"><span class="second">${may ? null : html`<span class="bad"><${Icon} name=${facts[0].icon} />${facts[0].text}</span>`}
          ${one.company ? html`<span>${one.company}</span>` : null}${(one.tags ?? []).slice(0, 3).map((tag) => html`<span class="tag">${tag}</span>`)}
          ${last ? html`<span>called ${ago(last)}</span>` : null}</span>
        <span class="why">${whyText(one.why)}</span></span>
      </button></li>`;
    })}
  </ol>
  ${may("create") ? html`<p class="headline"><button type="button" class="link" onClick=${() => go({ create: true, contact: null })}>Somebody else: new contact with this number</button></p>` : null}`;
}

export function Pop() {
  const { number, country, contact, create } = place.value;
  const [found, setFound] = useState(/** @type {Lookup|null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem|null} */ (null));
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let current = true;
    setProblem(null);
    lookupNumber(number, country)
      .then((answer) => {
        if (!current) return;
        setFound(answer);
        // The address names the person, so that reload and Back show the same card.
        if (answer.results.length === 1 && !place.peek().contact) openContact(answer.results[0].id, { replace: true });
      })
      .catch((error) => {
        if (current && error instanceof Problem) setProblem(error);
      });
    return () => {
      current = false;
    };
  }, [number, country, attempt]);
  useEffect(() => {
    if (found && found.count > 1 && !contact) /** @type {HTMLElement|null} */ (document.querySelector(".candidates button"))?.focus();
  }, [found]);

  if (problem) {
    return html`<main class="panes"><section class="list-pane"><div class="trouble" role="alert">${problemText(problem)}
      <button type="button" class="link" onClick=${() => setAttempt(attempt + 1)}>Try again</button></div></section></main>`;
  }
  if (!found) return html`<main class="panes" aria-busy="true"><section class="list-pane"></section><section class="card-pane"></section></main>`;
  const start = found.query.e164 ?? found.query.raw;
  let side;
  if (contact) side = html`<${Card} key="card" id=${contact} />`;
  else if (found.count === 0 && !may("create")) side = html`<div class="start"><p>Nobody has this number yet.</p></div>`;
  else if ((create && may("create")) || found.count === 0) {
    side = html`<${ContactForm} key=${start} start=${start} closable=${found.count > 0}
      title=${found.count ? "New contact" : "Nobody has this number yet"} />`;
  }
  else side = html`<div class="start"><p>Choose who is calling, or <button type="button" class="link" onClick=${() => go({ view: "console", q: found.query.raw, number: "" })}>search</button>.</p></div>`;
  const over = (contact || create) && found.count > 1;
  return html`<main class=${`panes pop${over ? " card-over" : ""}${found.count > 1 ? "" : " alone"}`}>
    <section class="list-pane" aria-label="Caller">
      <${CallerNumber} found=${found} />
      ${found.count > 0 ? html`<${Candidates} found=${found} />` : null}
    </section>
    <section class="card-pane" aria-label="Contact">${side}</section>
  </main>`;
}
