// @ts-check
// Tells a letter that is a command from one that is part of typed text: somebody who types with
// the focus in the wrong place must not edit, call or merge.

/** A letter that comes so soon after another belongs to a word. */
const WORD_MS = 300;

let last = -Infinity;
let isInWord = false;
/** The command that waits for no other letter to follow. @type {ReturnType<typeof setTimeout>|undefined} */
let waiting;

/** @param {KeyboardEvent} event */
const isText = (event) => event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;

addEventListener(
  "keydown",
  (event) => {
    isInWord = event.timeStamp - last < WORD_MS;
    if (!isText(event)) return;
    last = event.timeStamp;
    // The letter before was the first one of a word.
    clearTimeout(waiting);
  },
  { capture: true },
);

/** Runs a command unless another letter follows at once: a word is typed then. @param {() => void} run */
export function whenAlone(run) {
  clearTimeout(waiting);
  waiting = setTimeout(run, WORD_MS);
}

/** Whether the key that is being handled is a letter that may act. @param {KeyboardEvent} event */
export const isCommand = (event) => isText(event) && !event.repeat && !isInWord;
