// @ts-check
// One value of a row, edited where it stands in the table: Enter saves, Tab saves and goes to the
// next, Escape leaves it as it is.

import { html, useLayoutEffect, useRef, useState } from "../dom.js";
import { Editor } from "../parts/editor.js";
import { CHOICES, loadChoices, sources } from "../state/choices.js";
import { customInput, customLabel, customText, customValue, definitionOf } from "../state/definitions.js";
import { unlessPageLeaves } from "../state/leaving.js";
import { people } from "../state/people.js";
import { load, remember, save } from "../state/records.js";
import { toast } from "../state/session.js";
import { problemText, STATUSES, statusName } from "../text/words.js";
import { t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item @typedef {import("../parts/editor.js").Input} Input */
/** @typedef {{path: string, input: (row: Item) => Partial<Input>, text: (row: Item) => string, patch: (text: string, row: Item) => Record<string, any>}} Cell */

/** @param {string} path @param {Partial<Input>} [input] @returns {Cell} */
const plain = (path, input = {}) => ({ path, input: () => input, text: (row) => row[path] ?? "", patch: (text) => ({ [path]: text.trim() || null }) });

/** @param {[string, string][]} list */
const options = (list) => list.map(([value, text]) => ({ value, text }));

/** What can be edited in the table, by the keys of columns. @type {Record<string, Cell>} */
const CELLS = {
  company: plain("company"),
  title: plain("title"),
  department: plain("department"),
  source: { ...plain("source"), input: () => ({ list: sources.value }) },
  birthday: plain("birthday", { type: "date" }),
  country: { ...plain("country"), input: () => ({ type: "select", options: [{ value: "", text: "–" }, ...options(CHOICES.country())] }) },
  status: { path: "status", text: (row) => row.status ?? "active", patch: (text) => ({ status: text }),
    input: (row) => ({ type: "select", options: [...new Set([...STATUSES, row.status ?? "active"])].map((value) => ({ value, text: statusName(value) })) }) },
  owner: { path: "assigned_to", text: (row) => row.assigned_to ?? "", patch: (text) => ({ assigned_to: text || null }),
    input: () => ({ type: people.value.size ? "select" : "text", options: [{ value: "", text: t("Nobody") }, ...options([...people.value])] }) },
  tags: { path: "tags", text: (row) => (row.tags ?? []).join(", "), input: () => ({}),
    patch: (text) => ({ tags: text.split(",").map((one) => one.trim()).filter(Boolean) }) },
};

/** How a column is edited; nothing for one that is not. @param {string} column @returns {Cell|undefined} */
export function cellOf(column) {
  if (!column.startsWith("cf.")) return CELLS[column];
  const key = column.slice("cf.".length);
  const definition = definitionOf(key);
  // Several choices need more room than a cell has.
  if (definition?.type === "multi_select") return undefined;
  return { path: `custom_fields/${key}`, text: (row) => customText(definition, row.custom_fields?.[key]),
    input: (row) => customInput(definition, customLabel(key), row.custom_fields?.[key]),
    patch: (text, row) => ({ custom_fields: { [key]: customValue(definition, text, row.custom_fields?.[key]) } }) };
}

/**
 * @param {{row: Item, column: import("../work/table.js").Column, cell: Cell, onEnd: (step: number) => void}} props
 *   `onEnd` is told how many columns further it goes on
 */
export function CellEditor({ row, column, cell, onEnd }) {
  const [text, setText] = useState(() => cell.text(row));
  const [bad, setBad] = useState(false);
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  const busy = useRef(false);
  const seen = useRef(row);
  // The last blur may come while the editor is being taken away; it must not save again.
  const hasEnded = useRef(false);
  const end = (/** @type {number} */ step) => {
    hasEnded.current = true;
    onEnd(step);
  };
  useLayoutEffect(() => {
    loadChoices();
    const input = /** @type {HTMLInputElement|null} */ (box.current?.querySelector(".editor"));
    input?.focus();
    if (input && input.tagName === "INPUT") input.select();
  }, []);
  const commit = async (/** @type {number} */ step) => {
    if (busy.current) return;
    if (text === cell.text(seen.current)) return end(step);
    busy.current = true;
    remember(/** @type {any} */ (row));
    const outcome = await save(row.id, cell.patch(text, row), column.label, /** @type {any} */ (seen.current));
    busy.current = false;
    if (outcome.state === "saved") return end(step);
    setBad(true);
    if (outcome.state === "problem") toast(outcome.problem.errors[0]?.detail ?? problemText(outcome.problem), { bad: true });
    else {
      // What they see from now on is what the other one saved.
      seen.current = outcome.theirs;
      void load(row.id);
      toast(t("Somebody saved “{0}” here meanwhile. Enter keeps yours, Esc keeps theirs.", cell.text(outcome.theirs)), { bad: true });
    }
    box.current?.querySelector("input")?.focus();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") end(0);
    else if (event.key === "Enter") void commit(0);
    else if (event.key === "Tab") void commit(event.shiftKey ? -1 : 1);
    else {
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const onFocusOut = (/** @type {FocusEvent} */ event) => {
    if (bad || busy.current || box.current?.contains(/** @type {Node|null} */ (event.relatedTarget)) || box.current?.contains(document.activeElement)) return;
    unlessPageLeaves(() => {
      if (!hasEnded.current && !busy.current && !box.current?.contains(document.activeElement)) void commit(0);
    });
  };
  const stop = (/** @type {Event} */ event) => event.stopPropagation();
  return html`<span class="cell-editor" ref=${box} onKeyDown=${onKeyDown} onFocusOut=${onFocusOut} onClick=${stop} onContextMenu=${stop} data-test="cell-editor">
    <${Editor} input=${{ ...cell.input(row), key: `cell-${column.key}`, label: column.label }} value=${text} bad=${bad} onInput=${setText} /></span>`;
}
