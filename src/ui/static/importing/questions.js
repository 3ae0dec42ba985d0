// @ts-check
// The rows that an import asks about: each beside the contacts that it may belong to, with what
// differs; decided one by one with a key, or all at once.

import { html, useEffect, useRef, useState } from "../dom.js";
import { findContact, Problem } from "../api.js";
import { Icon } from "../parts/icons.js";
import { complain, saidOf } from "../state/items.js";
import { letterKeys, toast } from "../state/session.js";
import { isCommand } from "../state/typing.js";
import { goPage, openContact } from "../state/url.js";
import { plural } from "../text/words.js";
import { answerQuestions, findImport, listQuestions } from "./api.js";
import { shortText } from "./diff.js";
import { say, t, told } from "../text/say.js";

/** @typedef {import("./api.js").Question} Question @typedef {import("./api.js").Answer} Answer @typedef {import("../api.js").Contact} Contact */

/** So long a `g` waits for the letter of a page, which is no answer. */
const GO_MS = 1500;
/** Questions that are on the screen, and answers of one request. */
const AT_ONCE = 20;
const MOST = 1000;
/** @type {[string, string, string, string][]} the action, its key, the button of a row, the button of all */
const ACTIONS = [["update", "u", t("Update"), t("Update all")], ["skip", "s", t("Leave as it is"), t("Leave all as they are")], ["create", "c", t("Make a contact"), t("Make contacts of all")]];

/** What a contact has where a column goes. @param {Contact} contact @param {string} target @returns {string} */
function valueAt(contact, target) {
  if (target.startsWith("cf.")) return shortText(contact.custom_fields?.[target.slice(3)]);
  if (target === "name") return contact.display_name;
  if (["phone", "mobile", "phones"].includes(target) || /phone|mobile|fax/.test(target)) return shortText(contact.phones);
  if (/^e?mails?/.test(target)) return shortText(contact.emails);
  if (["street", "city", "region", "postal_code", "country"].includes(target)) return shortText((contact.addresses ?? []).map((/** @type {any} */ one) => one[target]));
  return shortText(contact[target] ?? contact[target.split(".")[0]]);
}

/** What two writings of one thing have in common. @param {string} text */
function bare(text) {
  const digits = text.replace(/\D/g, "");
  return digits.length > 6 && !/[a-z]/i.test(text) ? digits.slice(-7) : text.normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "").toLowerCase();
}

/** Whether a contact says something else than the row. @param {string} row @param {string} known */
const isOther = (row, known) => !known.split(", ").concat(known).some((one) => bare(one) === bare(row));

/** @param {{question: Question, contacts: Map<string, Contact>, targets: Map<string, string>, chosen: string|null, onChoose: (id: string) => void}} props */
function Compared({ question, contacts, targets, chosen, onChoose }) {
  const { candidates } = question;
  return html`<div class="sideways"><table class="mapping asked"><thead><tr><th scope="col">${t("Column")}</th><th scope="col">${say("Row {0}", question.row)}</th>
      ${candidates.map((one, at) => html`<th scope="col" key=${one.id}><label class="check"><input type="radio" name=${`row-${question.row}`} checked=${one.id === chosen} onChange=${() => onChoose(one.id)} />${one.display_name}${candidates.length > 1 ? html` <kbd>${at + 1}</kbd>` : null}</label>
        <span class="quiet-text">${one.probability === null ? t("named by the list") : t("{0} % alike", Math.round(one.probability * 100))} </span><button type="button" class="link" onClick=${() => openContact(one.id)} aria-label=${t("Open {0}", one.display_name)}>${t("Open")}</button></th>`)}</tr></thead>
    <tbody>${Object.entries(question.values).map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td>${value}</td>
      ${candidates.map((one) => {
        const contact = contacts.get(one.id);
        const target = targets.get(name);
        const known = contact && target ? valueAt(contact, target) : "";
        return html`<td key=${one.id} data-test="known">${known ? (isOther(value, known) ? html`<mark>${known}</mark>` : html`${known} <span class="quiet-text">${t("the same")}</span>`) : html`<span class="quiet-text">${contact ? (target ? t("has none") : "") : "…"}</span>`}</td>`;
      })}</tr>`)}</tbody></table></div>`;
}

/** Contacts that questions name, each read once. @param {Question[]} questions */
function useContacts(questions) {
  const [contacts, setContacts] = useState(/** @type {Map<string, Contact>} */ (new Map()));
  const ids = [...new Set(questions.flatMap((one) => one.candidates.map(({ id }) => id)))];
  useEffect(() => {
    let isLast = true;
    const missing = ids.filter((id) => !contacts.has(id));
    // One that cannot be read stays without its values.
    void Promise.all(missing.map((id) => findContact(id).then((found) => found.contact, () => null))).then((found) => {
      if (isLast && missing.length) setContacts((now) => new Map([...now, ...found.flatMap((one) => (one ? [/** @type {[string, Contact]} */ ([one.id, one])] : []))]));
    });
    return () => {
      isLast = false;
    };
  }, [ids.join()]);
  return contacts;
}

/** @param {{id: string}} props */
export function Questions({ id }) {
  const [job, setJob] = useState(/** @type {any} */ (null));
  const [found, setFound] = useState(/** @type {{total: number, items: Question[]}|null} */ (null));
  const [problem, setProblem] = useState("");
  const [chosen, setChosen] = useState(/** @type {Record<number, string>} */ ({}));
  const [asks, setAsks] = useState("");
  const [busy, setBusy] = useState(false);
  const wentAt = useRef(-Infinity);
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  const items = found?.items ?? [];
  const contacts = useContacts(items);
  const load = () => listQuestions(id, { per_page: AT_ONCE }).then(setFound, (error) => setProblem(saidOf(error)));
  useEffect(() => {
    void findImport(id).then(setJob, (error) => setProblem(saidOf(error)));
    void load();
    document.title = `${t("Rows to decide")} · Ringdex`;
    return () => {
      document.title = "Ringdex";
    };
  }, [id]);
  const row = items[0];
  useEffect(() => {
    // The keys are for the row on top; what is typed somewhere else keeps its focus.
    if (row && !document.activeElement?.matches("input:not([type=radio]), textarea, select")) list.current?.focus();
  }, [row?.row]);
  const of = (/** @type {Question} */ one) => chosen[one.row] ?? one.contact_id ?? one.candidates[0]?.id ?? null;
  /** @param {Question[]} questions @param {string} action @returns {Answer[]} */
  const answersFor = (questions, action) => questions.map((one) => ({ row: one.row, action, ...(action === "update" && of(one) ? { contact_id: of(one) } : {}) }));
  /** Says what could not be done. @param {Awaited<ReturnType<typeof answerQuestions>>} done */
  const tell = (done) => {
    const refused = done.answers.filter((one) => one.outcome === "refused");
    if (refused.length) toast(t("Row {0}: {1}", refused[0].row, told(refused[0].detail, refused[0].code)), { bad: true });
  };
  /** @param {Question} question @param {string} action */
  const decide = async (question, action) => {
    if (busy) return;
    setBusy(true);
    try {
      tell(await answerQuestions(id, answersFor([question], action)));
    } catch (error) {
      complain(error);
    }
    await load();
    setBusy(false);
  };
  /** @param {string} action */
  const decideAll = async (action) => {
    setAsks("");
    setBusy(true);
    let decided = 0;
    try {
      for (let open = Infinity; ; ) {
        const { items: more, total } = await listQuestions(id, { per_page: MOST });
        // What is refused stays open; it is not asked for ever.
        if (!more.length || total >= open) break;
        open = total;
        const done = await answerQuestions(id, answersFor(more, action));
        decided += total - done.open;
        tell(done);
      }
      toast(t("{0} decided.", plural(decided, "row")));
    } catch (error) {
      complain(error);
    }
    await load();
    setBusy(false);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "g") wentAt.current = event.timeStamp;
    if (!row || !letterKeys.value || event.timeStamp - wentAt.current < GO_MS || !isCommand(event) || (event.target instanceof HTMLElement && event.target.matches("textarea, select, input:not([type=radio])"))) return;
    const action = ACTIONS.find(([, key]) => key === event.key);
    const candidate = row.candidates[Number(event.key) - 1];
    if (action) void decide(row, action[0]);
    else if (candidate) setChosen({ ...chosen, [row.row]: candidate.id });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const targets = new Map(/** @type {[string, string][]} */ ((job?.columns ?? []).filter((/** @type {any} */ one) => one.target).map((/** @type {any} */ one) => [one.name, one.target])));
  const all = ACTIONS.find(([name]) => name === asks);
  return html`<main class="page" data-test="questions" data-busy=${busy ? "" : undefined}><section class="page-main" aria-label=${t("Rows to decide")}><div class="page-head"><h1>${t("Rows to decide")}</h1><span class="count" role="status" data-test="open-rows">${found ? plural(found.total, "row") : ""}</span>
      <span class="push"><button type="button" class="button" onClick=${() => goPage("jobs")}><${Icon} name="back" />${t("Jobs")}</button></span></div>
    <div class="scroll wide">${problem ? html`<p class="bad" role="alert">${problem}</p>` : null}
      ${found && !found.total && !problem ? html`<div class="empty" data-test="nothing"><h2>${t("Nothing is left to decide")}</h2><p>${t("Rows are asked about if an import is told to ask about known contacts.")}</p></div>` : null}
      ${found?.total ? html`<p class="quiet-text">${say("{0}These rows belong to somebody who is known. The keys decide the row on top.", job?.source ? `${job.source}. ` : "")}</p>
        <p class="bulk-line" role="group" aria-label=${t("All rows")}>${all ? html`<span>${all[3]}: ${plural(found.total, "row")}?</span><button type="button" class="button main" disabled=${busy} onClick=${() => decideAll(asks)} data-test="all-yes">${all[3]}</button><button type="button" class="button" onClick=${() => setAsks("")}>${t("No")}</button>`
          : ACTIONS.map(([name, , , text]) => html`<button type="button" key=${name} class="button" disabled=${busy} onClick=${() => setAsks(name)} data-test=${`all-${name}`}>${text}</button>`)}</p>` : null}
      ${items.map((one, at) => html`<section key=${one.row} class="part question" tabindex=${at ? undefined : "-1"} ref=${at ? undefined : list} onKeyDown=${at ? undefined : onKeyDown} aria-label=${t("Row {0}", one.row)} data-test="question" data-row=${one.row}>
        <${Compared} question=${one} contacts=${contacts} targets=${targets} chosen=${of(one)} onChoose=${(/** @type {string} */ contact) => setChosen({ ...chosen, [one.row]: contact })} />
        <p class="bulk-line">${ACTIONS.map(([name, key, text]) => html`<button type="button" key=${name} class=${name === "update" ? "button main" : "button"} disabled=${busy || (name === "update" && !one.candidates.length)} onClick=${() => decide(one, name)} data-test=${`decide-${name}`}>${text}${at ? null : html` <kbd>${key}</kbd>`}</button>`)}</p></section>`)}
    </div></section></main>`;
}
