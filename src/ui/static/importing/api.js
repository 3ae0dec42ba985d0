// @ts-check
// The operations of an import; the rest is in `../api.js`.

import { request } from "../api.js";

/**
 * @typedef {{index: number, name: string, samples: string[], target: string|null, why: string, not_imported: boolean}} Column
 * @typedef {{row: number, column?: string|null, value: string, code: string, detail: string, repair: string}} Trouble
 * @typedef {{upload_id: string, file: {format: string, encoding?: string|null, delimiter?: string|null, layout?: string|null, rows: number}, columns: Column[],
 *   counts: Record<string, number>, updates_by_field: Record<string, number>, problems: Trouble[], problems_total: number, warnings: any[], warnings_total: number}} Preview
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

/** `create_import` @param {Source} source @param {Record<string, unknown>} options @param {string} key @returns {Promise<{id: string}>} */
export const createImport = async (source, options, key) => (await request("POST", "/api/v1/imports", { body: bodyOf(source, options), headers: { "Idempotency-Key": key } })).body;
