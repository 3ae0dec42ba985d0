// @ts-check
// Amounts as the reader writes them.

import { locale } from "../text/locale.js";

/** @param {number|null|undefined} amount @param {string|null} [currency] */
export function money(amount, currency) {
  if (amount === null || amount === undefined) return "";
  try {
    return currency ? amount.toLocaleString(locale(), { style: "currency", currency, maximumFractionDigits: 2, minimumFractionDigits: Number.isInteger(amount) ? 0 : 2 }) : amount.toLocaleString(locale());
  } catch {
    return `${amount} ${currency}`;
  }
}
