// @ts-check
// The tab of a card that says who else may be this person, and which contacts went into it.

import { html, useEffect, useState } from "../dom.js";
import { Problem } from "../api.js";
import { Icon } from "../parts/icons.js";
import { Hint } from "../parts/hint.js";
import { review } from "../state/card.js";
import { load } from "../state/records.js";
import { toast } from "../state/session.js";
import { go, openContact } from "../state/url.js";
import { ago, inFull } from "../text/time.js";
import { plural, problemText } from "../text/words.js";
import { listDuplicates, listMerges, undoMerge } from "./api.js";
import { fieldName, textOf } from "./compare.js";
import { percent, Waterfall } from "./waterfall.js";
import { say, t } from "../text/say.js";

/** @typedef {import("./api.js").Merge} Merge */

/** @param {{pair: import("./api.js").Pair, id: string}} props */
function Likeness({ pair, id }) {
  const other = /** @type {import("../api.js").Contact} */ (pair.contacts?.find((one) => one.id !== id));
  return html`<li data-test="likeness">
    <p><span class="num">${percent(pair.probability)}</span><button type="button" class="link" onClick=${() => openContact(other.id)}>${other.display_name}</button>
      ${other.company ? html`<span>${other.company}</span>` : null}
      <button type="button" class="link" onClick=${() => go({ view: "duplicates", q: "", contact: id, by: "pairs", p: "", group: `${pair.id_a}_${pair.id_b}` })}>${t("Compare")}</button></p>
    <details><summary>${pair.summary}</summary><${Waterfall} pair=${pair} /></details>
  </li>`;
}

/** @param {{merge: Merge, name: string, onDone: () => void}} props */
function MergeLine({ merge, name, onDone }) {
  const [conflicts, setConflicts] = useState(/** @type {any[]} */ ([]));
  const [answers, setAnswers] = useState(/** @type {Record<string, string>} */ ({}));
  const undo = async () => {
    try {
      const { restored } = await undoMerge(merge.id, conflicts.length ? answers : undefined);
      toast(t(restored.length === 1 ? "{0} is back." : "{0} are back.", restored.map((one) => one.display_name).join(", ")));
      await load(merge.primary);
      onDone();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "undo_conflict") setConflicts(error.body.conflicts);
      else toast(problemText(error), { bad: true });
    }
  };
  const isOpen = conflicts.some((one) => !answers[one.field]);
  return html`<li data-test="merge"><p><span>${say("{0} went into this one", plural(merge.others.length, "contact"))} <time datetime=${merge.at} title=${inFull(merge.at)}>${ago(merge.at)}</time></span>
    ${merge.state === "done" ? html`<button type="button" class="link" disabled=${isOpen} onClick=${undo}>${conflicts.length ? t("Undo like this") : t("Undo")}</button>`
      : html`<span>${merge.state === "undone" ? "undone" : t("deleted for good since")}</span>`}</p>
    ${conflicts.length ? html`<div class="conflict" role="alert"><p>${t("These were changed since. Whose is the change?")}</p>
      ${conflicts.map((one) => html`<fieldset><legend>${fieldName(one.field)}: ${textOf(one.field, one.before) || t("nothing")} → ${textOf(one.field, one.now) || t("nothing")}</legend>
        ${one.choices.map((/** @type {string} */ choice, /** @type {number} */ index) => html`<label class="check"><input type="radio" name=${`${merge.id}${one.field}`} checked=${answers[one.field] === choice}
          onChange=${() => setAnswers({ ...answers, [one.field]: choice })} />${choice === "survivor" ? t("It stays with {0}", name) : t("It goes back{0}", one.choices.length > 2 ? t(" with contact {0}", index + 1) : t(" with the other"))}</label>`)}
      </fieldset>`)}</div>` : null}</li>`;
}

/** @param {{contact: import("../api.js").Contact}} props */
export function CardDuplicates({ contact }) {
  const { id, version } = contact;
  const [pairs, setPairs] = useState(/** @type {import("./api.js").Pair[]|null} */ (null));
  const [merges, setMerges] = useState(/** @type {Merge[]} */ ([]));
  const [problem, setProblem] = useState(/** @type {Problem|null} */ (null));
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isLast = true;
    Promise.all([listDuplicates({ contact: id, min_probability: 0.11, view: "pairs" }), listMerges(id)]).then(([found, made]) => {
      if (!isLast) return;
      setPairs(found.pairs ?? []);
      setMerges(made);
      setProblem(null);
    }).catch((error) => isLast && setProblem(error));
    return () => {
      isLast = false;
    };
  }, [id, version, attempt]);
  const again = () => setAttempt(attempt + 1);
  if (problem) return html`<section><p class="bad" role="alert"><${Icon} name="info" />${problemText(problem)} <button type="button" class="link" onClick=${again}>${t("Try again")}</button></p></section>`;
  if (!pairs) return html`<section aria-busy="true"></section>`;
  return html`<section aria-label=${t("Duplicates")} class="likenesses" data-test="card-duplicates">
    ${pairs.length ? html`<p><button type="button" class="button" onClick=${review}>${t("Compare and merge")}<${Hint} keys="m" /></button></p>
      <ul>${pairs.map((pair) => html`<${Likeness} key=${pair.id_a + pair.id_b} pair=${pair} id=${id} />`)}</ul>` : html`<p class="quiet-text">${t("Nobody else looks like this person.")}</p>`}
    ${merges.length ? html`<ul aria-label=${t("Merges")}>${merges.map((merge) => html`<${MergeLine} key=${merge.id} merge=${merge} name=${contact.display_name} onDone=${again} />`)}</ul>` : null}
  </section>`;
}
