// @ts-check
// A table of any length, or the same rows as cards: only what is in sight is in the document.
// Arrows move, Enter opens, Space selects, Shift selects what lies between, a header sorts.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../dom.js";
import { Icon } from "../parts/icons.js";
import { t } from "../text/say.js";

/**
 * @typedef {import("../state/items.js").Item} Item
 * @typedef {{key: string, label: string, sort?: string, width?: string, num?: boolean, cell: (row: Item) => any}} Column
 * @typedef {{has: (id: string) => boolean, put: (rows: Item[], on: boolean) => void, isAll: boolean, all: (on: boolean) => void}} Selection
 */

const ROW = 40;
const CARD = 116;
const CARD_WIDTH = 280;
const HEAD = 36;
const OVERSCAN = 8;

/**
 * @param {{label: string, columns: Column[], total: number, at: (index: number) => Item|undefined, need: (first: number, last: number) => void,
 *   sort?: string, onSort?: (sort: string) => void, onOpen: (row: Item) => void, selection?: Selection, onMenu?: (row: Item, x: number, y: number, column?: string) => void,
 *   onKey?: (key: string, row: Item|undefined) => boolean|void, card?: (row: Item) => any, opened?: string|null, reset?: string,
 *   onSight?: (first: number, last: number) => void, editor?: (row: Item, column: Column) => any}} props
 *   `card` draws rows as cards; another `reset` goes to the top
 */
export function Table({ label, columns, total, at, need, sort, onSort, onOpen, selection, onMenu, onKey, card, opened, reset, onSight, editor }) {
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  const [view, setView] = useState({ top: 0, height: 600, width: 800 });
  const [active, setActive] = useState(0);
  const anchor = useRef(0);
  const perLine = card ? Math.max(1, Math.floor(view.width / CARD_WIDTH)) : 1;
  const line = card ? CARD : ROW;
  const head = card ? 0 : HEAD;
  const lines = Math.ceil(total / perLine);
  const first = Math.max(0, Math.floor(view.top / line) - OVERSCAN) * perLine;
  const last = Math.min(total, (Math.ceil((view.top + view.height) / line) + OVERSCAN) * perLine);

  const measure = () => {
    const now = box.current;
    if (now) setView({ top: now.scrollTop, height: now.clientHeight, width: now.clientWidth });
  };
  useLayoutEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = 0;
    setActive(0);
  }, [reset, sort]);
  useEffect(() => need(first, last), [first, last, total]);
  const seen = [Math.floor(view.top / line) * perLine, Math.floor((view.top + view.height - head) / line) * perLine];
  useEffect(() => onSight?.(seen[0], seen[1]), [...seen, total]);

  /** @param {number} next */
  const show = (next) => {
    setActive(next);
    const now = box.current;
    if (!now) return;
    const top = Math.floor(next / perLine) * line;
    if (top < now.scrollTop) now.scrollTop = top;
    else if (top + line + head > now.scrollTop + now.clientHeight) now.scrollTop = top + line + head - now.clientHeight;
  };
  /** Selects a row, or with Shift all from the last one on. @param {number} index @param {boolean} isRange */
  const select = (index, isRange) => {
    const row = at(index);
    if (!selection || !row) return;
    if (!isRange) {
      selection.put([row], !selection.has(row.id));
      anchor.current = index;
      return;
    }
    const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
    selection.put(Array.from({ length: to - from + 1 }, (_, step) => at(from + step)).filter((one) => one !== undefined), true);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.target !== box.current) return;
    const pageful = Math.max(1, Math.floor(view.height / line) - 1) * perLine;
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: perLine, ArrowUp: -perLine, PageDown: pageful, PageUp: -pageful, Home: -total, End: total, ...(card ? { ArrowRight: 1, ArrowLeft: -1 } : {}) });
    const row = at(active);
    if (event.key === "a" && (event.ctrlKey || event.metaKey) && selection) selection.all(true);
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key in steps) {
      const next = Math.max(0, Math.min(total - 1, active + steps[event.key]));
      show(next);
      if (event.shiftKey) select(next, true);
    } else if (event.key === " ") select(active, event.shiftKey);
    else if (event.key === "Enter" && row) onOpen(row);
    else if (!onKey?.(event.key, row)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const menu = (/** @type {MouseEvent} */ event, /** @type {Item} */ row, /** @type {number} */ index) => {
    if (!onMenu) return;
    event.preventDefault();
    setActive(index);
    const cell = /** @type {HTMLElement} */ (event.target).closest?.("[data-column]");
    onMenu(row, event.clientX, event.clientY, /** @type {HTMLElement|null} */ (cell)?.dataset.column);
  };
  const template = `${selection ? "36px " : ""}${columns.map((one) => one.width ?? "minmax(120px, 1fr)").join(" ")}`;
  const draw = (/** @type {number} */ index) => {
    const row = at(index);
    const isSelected = Boolean(row && selection?.has(row.id));
    const names = [card ? "card-row" : "table-row", index === active ? "active" : "", isSelected ? "selected" : "", row && row.id === opened ? "open" : ""].join(" ");
    const place = card
      ? { transform: `translate(${(index % perLine) * 100}%, ${Math.floor(index / perLine) * line}px)`, width: `${100 / perLine}%` }
      : { transform: `translateY(${index * line}px)`, gridTemplateColumns: template };
    if (!row) return html`<div key=${`at-${index}`} role="row" class=${`${names} waits`} style=${place}><span role="gridcell">…</span></div>`;
    const box = selection ? html`<input type="checkbox" tabindex="-1" checked=${isSelected} aria-label=${t("Select this row")}
      onClick=${(/** @type {MouseEvent} */ event) => { event.stopPropagation(); select(index, event.shiftKey); }} />` : null;
    return html`<div key=${row.id} id=${`row-${row.id}`} role="row" aria-rowindex=${index + 2} aria-selected=${selection ? String(isSelected) : undefined} class=${names} style=${place}
      onClick=${(/** @type {MouseEvent} */ event) => {
        setActive(index);
        if (event.shiftKey || event.ctrlKey || event.metaKey) select(index, event.shiftKey);
        else onOpen(row);
      }} onContextMenu=${(/** @type {MouseEvent} */ event) => menu(event, row, index)} data-test="row">
      ${card ? html`<div role="gridcell" class="card-cell">${box}${card(row)}</div>`
        : html`${box ? html`<span role="gridcell" class="check-cell">${box}</span>` : null}${columns.map((one) => html`<span role="gridcell" key=${one.key} class=${one.num ? "num end" : ""} data-column=${one.key}>${editor?.(row, one) ?? one.cell(row)}</span>`)}`}
    </div>`;
  };
  const isDown = sort?.startsWith("-");
  const sorted = sort?.replace("-", "");
  return html`<div id="table" ref=${box} class=${card ? "table cards" : "table"} role="grid" aria-label=${label} aria-rowcount=${total + 1} aria-multiselectable=${selection ? "true" : undefined}
    tabindex="0" aria-activedescendant=${at(active) ? `row-${at(active)?.id}` : undefined} onScroll=${measure} onKeyDown=${onKeyDown} data-test="table" data-total=${total}>
    ${card ? null : html`<div role="row" class="table-head" aria-rowindex="1" style=${{ gridTemplateColumns: template }}>
      ${selection ? html`<span role="columnheader" class="check-cell"><input type="checkbox" tabindex="-1" checked=${selection.isAll} aria-label=${t("Select all")} onChange=${(/** @type {any} */ event) => selection.all(event.target.checked)} data-test="select-all" /></span>` : null}
      ${columns.map((one) => html`<span key=${one.key} role="columnheader" class=${one.num ? "end" : ""} aria-sort=${one.sort && one.sort === sorted ? (isDown ? "descending" : "ascending") : undefined}>
        ${one.sort && onSort ? html`<button type="button" onClick=${() => onSort(one.sort === sorted && !isDown ? `-${one.sort}` : /** @type {string} */ (one.sort))}>${one.label}${one.sort === sorted ? html`<${Icon} name=${isDown ? "down" : "up"} />` : null}</button>` : one.label}</span>`)}
    </div>`}
    <div class="table-body" role="rowgroup" style=${{ height: `${lines * line}px` }}>${Array.from({ length: Math.max(0, last - first) }, (_, step) => draw(first + step))}</div>
  </div>`;
}
