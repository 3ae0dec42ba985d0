// @ts-check
// German. Only its readers load it.

import { part1 } from "./german-1.js";
import { part2 } from "./german-2.js";
import { part3 } from "./german-3.js";
import { part4 } from "./german-4.js";
import { part5 } from "./german-5.js";
import { part6 } from "./german-6.js";

/** @type {Record<string, string>} */
export const german = { ...part1, ...part2, ...part3, ...part4, ...part5, ...part6 };
