//! Leaves out of scripts and styles what only their authors read: comments, types, indentation,
//! and spaces and semicolons that mean nothing. Names stay, and so do lines, so that an error
//! still names the right one.
//!
//! Made for the files of this folder, not for any script: their tests hold what is relied upon.

use std::iter::Peekable;
use std::str::Chars;

/// A module or script, shortened.
pub(super) fn script(text: &str) -> String {
    without_code_spaces(&without_comments(text))
}

/// A style sheet, shortened.
pub(super) fn style(text: &str) -> String {
    without_spaces(&without_comments(text))
}

/// Empties the lines that are only comment, takes indentation away, and the types that stand
/// inside of lines.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        let starts = line.starts_with("/*");
        if !(in_comment || starts || line.starts_with("//")) {
            push_without_types(&mut out, line);
        }
        if in_comment || starts {
            // Only a comment that ends with its line is taken for one by itself.
            in_comment = !line.ends_with("*/");
        }
        out.push('\n');
    }
    out
}

/// Leaves out every `/** @… */` of a line of code.
fn push_without_types(out: &mut String, line: &str) {
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("/** @") {
        let Some((_, after)) = behind.split_once("*/") else { break };
        out.push_str(before);
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    out.push_str(rest);
}

/// Takes the spaces of a style sheet away that stand behind its punctuation; no text in it has
/// such.
fn without_spaces(style: &str) -> String {
    [(": ", ":"), ("; ", ";"), (", ", ","), (" {", "{"), ("{ ", "{"), (";}", "}")]
        .iter()
        .fold(style.to_owned(), |text, (long, short)| text.replace(long, short))
}

/// Takes the spaces of a script away that separate no words, semicolons at the ends of lines where
/// the next line begins with a word, and what stands behind `//`. Texts, templates and regular
/// expressions stay as they are.
fn without_code_spaces(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut chars = code.chars().peekable();
    // The braces that are open in each `${` of a template.
    let mut templates: Vec<usize> = Vec::new();
    while let Some(letter) = chars.next() {
        match letter {
            '"' | '\'' => copy_text(&mut chars, &mut out, letter),
            '`' => copy_template(&mut chars, &mut out, letter, &mut templates),
            '}' if templates.last() == Some(&0) => {
                templates.pop();
                copy_template(&mut chars, &mut out, letter, &mut templates);
            }
            '/' if chars.peek() == Some(&'/') => {
                while chars.next_if(|next| *next != '\n').is_some() {}
            }
            '/' if begins_expression(&out) => copy_pattern(&mut chars, &mut out),
            ' ' if !separates(out.chars().next_back(), chars.peek()) => {}
            '\n' => {
                let from = chars.clone().find(|next| !next.is_whitespace());
                if out.ends_with(';') && from.is_none_or(|next| next == '}' || is_word(next)) {
                    out.pop();
                }
                out.push('\n');
            }
            _ => {
                if let Some(open) = templates.last_mut() {
                    match letter {
                        '{' => *open += 1,
                        '}' => *open -= 1,
                        _ => {}
                    }
                }
                out.push(letter);
            }
        }
    }
    out
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

/// Whether the space between two letters has a meaning.
fn separates(before: Option<char>, after: Option<&char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let is_sign = |letter| matches!(letter, '+' | '-' | '/');
    (is_word(before) && is_word(*after)) || (is_sign(before) && is_sign(*after))
}

/// Whether a slash here begins a regular expression instead of dividing.
fn begins_expression(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with("return") || before.ends_with(|letter| "(,=:[!&|?{};+-*%<>~^".contains(letter))
}

fn copy_text(chars: &mut Peekable<Chars<'_>>, out: &mut String, end: char) {
    out.push(end);
    while let Some(letter) = chars.next() {
        out.push(letter);
        if letter == '\\' {
            out.extend(chars.next());
        } else if letter == end {
            break;
        }
    }
}

/// Up to the end of the template or to the next code in it.
fn copy_template(
    chars: &mut Peekable<Chars<'_>>,
    out: &mut String,
    first: char,
    templates: &mut Vec<usize>,
) {
    out.push(first);
    while let Some(letter) = chars.next() {
        out.push(letter);
        match letter {
            '\\' => out.extend(chars.next()),
            '`' => break,
            '$' if chars.peek() == Some(&'{') => {
                out.extend(chars.next());
                templates.push(0);
                break;
            }
            _ => {}
        }
    }
}

fn copy_pattern(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('/');
    let mut in_class = false;
    while let Some(letter) = chars.next() {
        out.push(letter);
        match letter {
            '\\' => out.extend(chars.next()),
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => break,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stay_at_home_and_lines_keep_their_numbers() {
        let check = |input: &str, expect: &str| assert_eq!(without_comments(input), expect);
        check("// a\nlet b = 1; // c\n", "\nlet b = 1; // c\n");
        check("/** a */\n  let b;\n", "\nlet b;\n");
        check("/**\n * a\n */\nlet b;\n", "\n\n\nlet b;\n");
        check("/* a\n   b */\n.c { d: e; }\n", "\n\n.c { d: e; }\n");
        check("const a = /** @type {any} */ (b);\n", "const a = (b);\n");
        check("(/** @type {A} */ a, /** @type {B} */ b) => a\n", "(a, b) => a\n");
        check("a = \"/** @ is a sign\";\n", "a = \"/** @ is a sign\";\n");
    }

    #[test]
    fn scripts_lose_only_what_means_nothing() {
        let check = |input: &str, expect: &str| assert_eq!(script(input), expect);
        check("const a = b + c; // why\nlet d;\n", "const a=b+c\nlet d\n");
        check("f();\n(a, b) => a;\n[c].d;\n`e`;\n", "f();\n(a,b)=>a;\n[c].d;\n`e`\n");
        check("a = b - -c + +d + e;\n", "a=b- -c+ +d+e\n");
        check("a = \"b  // c ; \" + ' \\' d ';\n", "a=\"b  // c ; \"+' \\' d '\n");
        check(
            "a = `b  ${ c ? `d  ${ { e: 1 } }  f` : g }  h // i`;\n",
            "a=`b  ${c?`d  ${{e:1}}  f`:g}  h // i`\n",
        );
        check("a.replace(/ [/\" ] /g, b) / c / d;\n", "a.replace(/ [/\" ] /g,b)/c/d\n");
        check("if (a) {\n  return / b /;\n}\nelse c;\n", "if(a){\nreturn/ b /\n}\nelse c\n");
        check("for (;;) a in b;\n", "for(;;)a in b\n");
    }

    #[test]
    fn styles_lose_only_what_means_nothing() {
        assert_eq!(style(".a .b, c { d: e f; g: h; }\n"), ".a .b,c{d:e f;g:h}\n");
    }
}
