// @ts-check
// The operations of an import; the rest is in `../api.js`.

import { request } from "../api.js";

/**
 * @typedef {{index: number, name: string, samples: string[], target: string|null, why: string, not_imported: boolean, suggested_type?: string}} Column
 * @typedef {{row: number, column?: string|null, value: string, code: string, detail: string, repair: string}} Trouble
 * @typedef {{upload_id: string, file: {format: string, encoding?: string|null, delimiter?: string|null, layout?: string|null, rows: number}, columns: Column[],
 *   counts: Record<string, number>, updates_by_field: Record<string, number>, problems: Trouble[], problems_total: number, warnings: any[], warnings_total: number, templates?: {id: string, name: string}[]}} Preview
 * @typedef {{row: number, group: string, id?: string|null, display_name?: string|null, before: Record<string, any>, after: Record<string, any>, problems: Trouble[]}} PreviewRow
 * @typedef {{row: number, values: Record<string, string>, contact_id: string|null, candidates: {id: string, display_name: string, probability: number|null, why: any[]}[]}} Question
 * @typedef {{row: number, action: string, contact_id?: string|null}} Answer
 * @typedef {{file?: File, csv?: string, sheet_url?: string, upload_id?: string}} Source
 */

/** @param {Source} source @param {Record<string, unknown>} options */
function bodyOf(source, options) {
  if (!source.file) return { ...source, options };
  const form = new FormData();
  form.append("options", JSON.stringify(options));
  form.append("file", source.file, source.file.name);
  return form;
}

/** `preview_import` @param {Source} source @param {Record<string, unknown>} options @returns {Promise<Preview>} */
export const previewImport = async (source, options) => (await request("POST", "/api/v1/imports/preview", { body: bodyOf(source, options) })).body;

/** `list_preview_rows` @param {string} upload @param {{group: string, page: number, per_page: number}} params @param {AbortSignal} signal @returns {Promise<{total: number, items: PreviewRow[]}>} */
export const previewRows = async (upload, params, signal) => (await request("GET", `/api/v1/imports/preview/${encodeURIComponent(upload)}/rows`, { params, signal })).body;

/** `find_import` @param {string} id @returns {Promise<any>} */
export const findImport = async (id) => (await request("GET", `/api/v1/imports/${encodeURIComponent(id)}`)).body;

/** `list_import_questions` @param {string} id @param {{page?: number, per_page: number}} params @returns {Promise<{total: number, items: Question[]}>} */
export const listQuestions = async (id, params) => (await request("GET", `/api/v1/imports/${encodeURIComponent(id)}/questions`, { params })).body;

/** `answer_import_questions` @param {string} id @param {Answer[]} answers @returns {Promise<{open: number, counts: Record<string, number>, answers: {row: number, outcome: string, detail?: string|null}[]}>} */
export const answerQuestions = async (id, answers) => (await request("POST", `/api/v1/imports/${encodeURIComponent(id)}/questions`, { body: { answers } })).body;

/** `create_import` @param {Source} source @param {Record<string, unknown>} options @param {string} key @returns {Promise<{id: string}>} */
export const createImport = async (source, options, key) => (await request("POST", "/api/v1/imports", { body: bodyOf(source, options), headers: { "Idempotency-Key": key } })).body;
