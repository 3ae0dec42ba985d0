// @ts-check
// Who is calling: opened by the telephone system with the caller's number. One match is
// its card; several are a ranked list; none is what the number tells and a form.

import { html, useEffect, useState } from "../dom.js";
import { lookupNumber, Problem } from "../api.js";
import { Callers } from "../parts/callers.js";
import { Card } from "../parts/card.js";
import { ContactForm } from "../parts/contact-form.js";
import { HiddenCaller, isHidden } from "../parts/hidden-caller.js";
import { Icon } from "../parts/icons.js";
import { PersonPicker } from "../parts/person-picker.js";
import { may, seesAll } from "../state/me.js";
import { load, record, remember, save } from "../state/records.js";
import { toast } from "../state/session.js";
import { go, openContact, place } from "../state/url.js";
import { showPhone } from "../text/phone.js";
import { timeIn, timeInCountry } from "../text/time.js";
import { countryName, label, problemText } from "../text/words.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../api.js").Lookup} Lookup */

/** @type {Record<string, string>} */
const MATCHED = {
  exact: t("the whole number"),
  national: t("the number without its country code"),
  suffix: t("the last digits"),
  extension: t("an internal extension"),
};

/** @param {{found: Lookup}} props */
function CallerNumber({ found }) {
  const { e164, raw, country, line_type: line } = found.query;
  // One time where the beginning of the number tells it, else those of the country.
  const time = timeIn(found.timezone) ?? timeInCountry(country);
  const facts = [
    found.place ? html`<span title=${t("where the line was given out")}>${found.place}</span>` : null,
    country ? countryName(country) : null,
    line ? label(line) : null,
    time ? html`<span class="clock"><${Icon} name="clock" />${time}</span>` : null,
  ].filter(Boolean);
  return html`<div class="caller" data-test="caller">
    <p class="quiet-text">${t("Call from")}</p>
    <h2 class="num">${e164 ? showPhone(e164) : raw || t("a hidden number")}</h2>
    ${facts.length ? html`<div class="line">${facts.map((fact) => html`<span>${fact}</span>`)}</div>` : null}
    ${found.count > 0 && found.match !== "exact"
      ? html`<p class="headline warn">${say("Matched by {0}, not the exact number.", MATCHED[found.match] ?? found.match)}</p>`
      : null}
  </div>`;
}

/** Adds the number of an unknown caller to somebody who is known already. @param {{number: string, onAdded: () => void}} props */
function AddToSomebody({ number, onAdded }) {
  if (!may("edit") || !seesAll("phones")) return null;
  /** @param {import("../api.js").Hit} hit */
  const add = async (hit) => {
    remember(hit);
    openContact(hit.id);
    await load(hit.id);
    const phones = record(hit.id).peek().contact?.phones ?? hit.phones;
    const outcome = await save(hit.id, { phones: [...phones, { number, label: "mobile", primary: phones.length === 0 }] }, t("Number"));
    if (outcome.state === "saved") onAdded();
    if (outcome.state === "problem") toast(problemText(outcome.problem), { bad: true });
    if (outcome.state === "conflict") toast(t("Somebody is changing this contact. Try again."), { bad: true });
  };
  return html`<div class="caller"><${PersonPicker} id="add-to" label=${t("Or add this number to somebody you have")} onPick=${add} /></div>`;
}

export function Pop() {
  const { number, contact } = place.value;
  if (!isHidden(number)) return html`<${Caller} key=${number} />`;
  return html`<main class=${contact ? "panes pop card-over" : "panes pop"}>
    <section class="list-pane" aria-label=${t("Caller")}><${HiddenCaller} /></section>
    <section class="card-pane" aria-label=${t("Contact")}>${contact ? html`<${Card} key="card" id=${contact} />` : null}</section>
  </main>`;
}

function Caller() {
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

  if (problem) {
    return html`<main class="panes"><section class="list-pane"><div class="trouble" role="alert">${problemText(problem)}
      <button type="button" class="link" onClick=${() => setAttempt(attempt + 1)}>${t("Try again")}</button></div></section></main>`;
  }
  if (!found) return html`<main class="panes" aria-busy="true"><section class="list-pane"></section><section class="card-pane"></section></main>`;
  const start = found.query.e164 ?? found.query.raw;
  let side;
  if (contact) side = html`<${Card} key="card" id=${contact} />`;
  else if (found.count === 0 && !may("create")) side = html`<div class="start"><p>${t("Nobody has this number yet.")}</p></div>`;
  else if ((create && may("create")) || found.count === 0) {
    side = html`<${ContactForm} key=${start} start=${start} closable=${found.count > 0}
      title=${found.count ? t("New contact") : t("Nobody has this number yet")} />`;
  }
  else side = html`<div class="start"><p>${t("Choose who is calling, or")} <button type="button" class="link" onClick=${() => go({ view: "console", q: found.query.raw, number: "" })}>${t("search")}</button>.</p></div>`;
  const over = (contact || create) && found.count > 1;
  return html`<main class=${`panes pop${over ? " card-over" : ""}${found.count > 1 ? "" : " alone"}`}>
    <section class="list-pane" aria-label=${t("Caller")}>
      <${CallerNumber} found=${found} />
      ${found.count > 0 ? html`<${Callers} found=${found} />` : html`<${AddToSomebody} number=${start} onAdded=${() => setAttempt(attempt + 1)} />`}
    </section>
    <section class="card-pane" aria-label=${t("Contact")}>${side}</section>
  </main>`;
}
