// @ts-check
// Help, on every page: what this page is for and its keys, what may be typed where something is
// typed, and the keys that work everywhere.

import { html } from "../dom.js";
import { pageOf } from "../pages.js";
import { Dialog } from "../parts/dialog.js";
import { mayMerge } from "../state/me.js";
import { letterKeys, setLetterKeys } from "../state/session.js";
import { place } from "../state/url.js";
import { t } from "../text/say.js";

/** @typedef {[string, string][]} Keys @typedef {{text: string[], keys?: Keys, typed?: boolean}} Page */

const ROWS = /** @type {Keys} */ ([["↑ ↓", t("Move in the table")], ["Enter", t("Open the row")], ["f", t("Find in this list")], [t("Esc"), t("Close what is open")]]);
const CARD = /** @type {Keys} */ ([["c", t("Call")], ["y", t("Copy the number")], ["e", t("Edit, then Tab from field to field")], ["o", t("Write a note")], ["t", t("Add a tag")], ["a", t("Add a field")], ["w", t("How your call ended")], ["p", t("Pin the card: it stays while you search")]]);

/** What each page is for, by its name. @type {Record<string, Page>} */
const PAGES = {
  console: { typed: true, keys: [["/", t("To the search box, from anywhere")], ["↑ ↓", t("Move in the list")], ["Enter", t("Open the contact")], [t("Esc"), t("Clear, then go back")]],
    text: [t("Type a part of a name, number, company or tag: the list follows each letter, and the card beside it shows who is highlighted."), t("While nothing is typed, callers whom nobody knows, calls to return and your tasks stand here.")] },
  pop: { keys: [["↑ ↓", t("Choose among several people")], ["Enter", t("Open the contact, or save the new one")]],
    text: [t("The telephone system opens this page with the number of a caller. One person opens at once, several are listed, the likeliest first."), t("For a number that nobody has, fill in the form, or add the number to somebody you have.")] },
  contacts: { typed: true, keys: [["Space", t("Select the row")], ["Shift ↑ ↓", t("Select more rows")], ["e", t("Edit the row where it stands")], ["Enter", t("Open the contact")], [t("Esc"), t("Close the card, then select nobody")]],
    text: [t("The text in the search box is the filter; a click on a value at the left adds it. Headers sort, letters jump, the wheel chooses columns."), t("Select rows, or all of the filter, to change them at once: it says first what would change, and most can be taken back.")] },
  companies: { keys: ROWS, text: [t("Companies with their contacts and deals. Open one to link people, or to make one of two that are the same.")] },
  deals: { keys: ROWS, text: [t("What somebody may buy, as a list, or as a board by stage: drag a deal, or choose its stage.")] },
  tasks: { keys: [...ROWS, ["d", t("The task is done")]], text: [t("What is to be done, yours, the team's, or what is done already.")] },
  lists: { keys: ROWS, text: [t("A static list has whom somebody puts on it; a dynamic one whoever meets its query, now and later.")] },
  duplicates: { keys: [["j k", t("Go on, go back")], ["1 2", t("Say whose value stays")], ["p", t("Say who stays")], ["Enter", t("Merge")], ["x", t("Not the same person")], ["l", t("Later")], ["u", t("Undo")]],
    text: [t("Contacts that may be the same person, side by side, the surest first. Merging loses nothing and can be undone at any time.")] },
  import: { text: [t("Three steps: the file or pasted rows; what each column is, red until it is decided; what would change, before anything is written."), t("Rows that do not fit come back as a file with the reasons, and a whole import can be taken back.")] },
  jobs: { text: [t("What runs and has run in the background. Here it is stopped and taken back, and the files of exports wait.")] },
  settings: { text: [t("How the organisation works: people and what they may do, fields, tags, telephones, privacy. Each change goes into the audit log.")] },
  profile: { text: [t("Who you are here, what you may do, and how this browser looks and speaks.")] },
};

const EVERYWHERE = /** @type {Keys} */ ([["n", t("New contact")], [t("Ctrl K"), t("Every page and command")], ["g c", t("Contacts; g and another letter goes to another page")], [t("Ctrl Z"), t("Undo the last change")], ["?", t("This help")]]);

/** What may be typed into the search box. @type {Keys} */
const TYPED = [
  ["doe jo", t("words in any order, the last one unfinished")],
  ["4567", t("any part of a number")],
  ["tag:vip city:berlin", t("a value in a field; both")],
  ["-has:owner", t("without something")],
  ["acme OR initech", t("one of them")],
  ["created:2025-01..", t("from a date on")],
  ["cf.value:>=50000", t("a field of your own, by its size")],
];

/** @param {{title: string, keys: Keys}} props */
const Group = ({ title, keys }) => html`<section><h3>${title}</h3><dl class="keys">
  ${keys.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl></section>`;

export function Help() {
  const { view, contact } = place.value;
  const page = PAGES[view];
  const title = view === "pop" ? t("Caller") : (pageOf(view)?.title ?? t("Keys"));
  const hasCard = ["console", "pop", "contacts"].includes(view);
  return html`<${Dialog} name="keys" label=${t("Help: {0}", title)}>
    <h2>${title}</h2>
    ${(page?.text ?? []).map((text) => html`<p>${text}</p>`)}
    <div class="key-groups">
      ${page?.keys ? html`<${Group} title=${t("On this page")} keys=${page.keys} />` : null}
      ${page?.typed ? html`<${Group} title=${t("What may be typed")} keys=${TYPED} />` : null}
      ${hasCard || contact ? html`<${Group} title=${t("On a card")} keys=${mayMerge() ? [...CARD, ["m", t("Compare and merge, from a card")]] : CARD} />` : null}
      <${Group} title=${t("Everywhere")} keys=${EVERYWHERE} />
    </div>
    <label class="check"><input type="checkbox" checked=${letterKeys.value}
      onChange=${(/** @type {any} */ event) => setLetterKeys(event.target.checked)} />${t("Single letters act outside of text fields")}</label>
    <form method="dialog"><button class="button">${t("Close")}</button></form>
  <//>`;
}
