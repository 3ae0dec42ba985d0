// @ts-check
// What the values of a custom field are, in words.

import { t } from "../text/say.js";
import { label as labelOf } from "../text/words.js";

export const TYPES = [["short_text", t("A line of text")], ["long_text", t("Several lines")], ["integer", t("A whole number")], ["decimal", t("A number")], ["date", t("A date")], ["boolean", t("Yes or no")], ["dropdown", t("One of several options")], ["multi_select", t("Several options")]];

/** @param {string} type */
export const typeName = (type) => TYPES.find(([one]) => one === type)?.[1] ?? labelOf(type);
