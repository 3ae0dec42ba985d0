//! Query text to a tree. Never fails: what cannot be understood is repaired, searched as words or
//! left out, with a warning.
//!
//! `OR` and `|` bind less than `AND`, which may be left out; `NOT` and `-` bind most.

use super::date::Op;
use super::expr::{Condition, Expr, Shape};
use super::field::{Field, Kind};
use super::language::{Language, MOST_LEVELS, MOST_PARENTHESES, MOST_VALUE_CHARS};
use super::lex::{self, Mark, Piece};
use super::names::{self, Named, Target};
use super::number;
use super::tree::Load;
use super::value::{self, Ask};
use super::warning::Warning;
use super::words;

/// A query as it was understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// What is searched for, in the plain form.
    pub expr: Expr,
    /// What was not understood as it may have been meant, in reading order.
    pub warnings: Vec<Warning>,
}

/// Letters from which on a name that is near to that of a field was meant for it.
const SURE_LETTERS: usize = 5;

/// Most warnings of one query; more help nobody.
const MOST_WARNINGS: usize = 20;

/// Reads a query.
///
/// The last word also finds words that begin so, unless something follows it. At most
/// `language.most_words` words and so many times more values are made. Cost: linear in the text, whatever it holds.
pub fn parse(text: &str, language: &Language<'_>) -> Parsed {
    let most = language.most_bytes();
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut parser = Parser {
        text: &text[..end],
        at: 0,
        open: 0,
        closes: Vec::new(),
        load: Load::default(),
        language,
        warnings: Vec::new(),
    };
    if end < text.len() {
        parser.warn(format!("only the first {end} bytes were looked at"), None, end, text.len());
    }
    let expr = parser.top();
    let mut expr = expr.unwrap_or_default();
    if expr.levels() > MOST_LEVELS {
        let message = "parentheses stand too deep in each other; the innermost were left out";
        parser.warn(message.to_owned(), None, 0, end);
        expr = expr.cut(MOST_LEVELS).unwrap_or_default();
    }
    if expr.is_everything() && parser.warnings.is_empty() && text.contains(|c| !lex::is_space(c)) {
        parser.warn("there is nothing to search for in it".to_owned(), None, 0, end);
    }
    Parsed { expr, warnings: parser.warnings }
}

/// What values without a field of their own are for: the field in front of a parenthesis.
type Context<'c> = Option<&'c Target>;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// How many parentheses are open.
    open: usize,
    /// Where they were opened.
    closes: Vec<usize>,
    load: Load,
    language: &'a Language<'a>,
    warnings: Vec<Warning>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn warn(&mut self, message: String, suggestion: Option<String>, start: usize, end: usize) {
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push(Warning { message, suggestion, start, end });
        }
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().find(|c| !lex::is_space(c)).unwrap_or(self.rest().len());
    }

    /// Whether nothing that can be searched for follows: then the last word is still being typed.
    fn is_last(&self) -> bool {
        self.language.completes_last
            && !self.rest().chars().any(|c| c.is_alphanumeric() || c == ')')
    }

    fn top(&mut self) -> Option<Expr> {
        let mut parts = Vec::new();
        loop {
            parts.extend(self.alternatives(None));
            self.skip_spaces();
            if self.rest().is_empty() {
                break;
            }
            // Only a parenthesis that nothing has opened ends it early.
            self.warn("a parenthesis closes nothing".to_owned(), None, self.at, self.at + 1);
            self.at += 1;
        }
        while let Some(at) = self.closes.pop() {
            self.warn("a parenthesis is not closed".to_owned(), None, at, at + 1);
        }
        (!parts.is_empty()).then(|| Expr::all(parts))
    }

    /// Parts between `OR`, until a parenthesis closes.
    fn alternatives(&mut self, context: Context<'_>) -> Option<Expr> {
        let mut parts: Vec<Expr> = Vec::new();
        let mut dangling = None;
        let mut has_begun = false;
        loop {
            let found = self.parse_and(context);
            let is_part = found.seen;
            parts.extend(found.expr);
            if let Some((start, end)) = dangling.take()
                && (!is_part || !has_begun)
            {
                let message = "OR has nothing on one side and was left out".to_owned();
                self.warn(message, None, start, end);
            }
            has_begun |= is_part;
            let start = self.at;
            if self.operator("OR") || self.sign('|') || context.is_some() && self.sign(',') {
                dangling = Some((start, self.at));
            } else {
                break;
            }
        }
        (!parts.is_empty()).then(|| Expr::any(parts))
    }

    /// Parts that all must match, until `OR` or a parenthesis that closes.
    fn parse_and(&mut self, context: Context<'_>) -> Together {
        let mut parts = Vec::new();
        let mut seen = false;
        loop {
            self.skip_spaces();
            let start = self.at;
            if self.rest().is_empty()
                || self.rest().starts_with([')', '|'])
                || self.is_operator("OR")
                || context.is_some() && self.rest().starts_with(',')
            {
                break;
            }
            if self.operator("AND") {
                self.skip_spaces();
                let is_dangling = !seen
                    || self.rest().is_empty()
                    || self.rest().starts_with([')', '|'])
                    || self.is_operator("OR");
                if is_dangling {
                    let message = "AND has nothing on one side and was left out".to_owned();
                    self.warn(message, None, start, start + 3);
                }
                continue;
            }
            seen = true;
            parts.extend(self.parse_unary(context));
            if self.at == start {
                // Nothing reads it, which does not happen; never stand still.
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
        Together { expr: (!parts.is_empty()).then(|| Expr::all(parts)), seen }
    }

    fn is_operator(&self, word: &str) -> bool {
        self.rest().strip_prefix(word).is_some_and(|behind| {
            behind.chars().next().is_none_or(|c| lex::is_space(c) || matches!(c, '(' | ')' | '|'))
        })
    }

    fn operator(&mut self, word: &str) -> bool {
        let is_here = self.is_operator(word);
        if is_here {
            self.at += word.len();
        }
        is_here
    }

    fn sign(&mut self, sign: char) -> bool {
        let count = self.rest().chars().take_while(|c| *c == sign).count();
        self.at += count;
        count > 0
    }

    /// One part with all its negations.
    fn parse_unary(&mut self, context: Context<'_>) -> Option<Expr> {
        let mut is_negative = false;
        loop {
            let start = self.at;
            if self.operator("NOT") {
                self.skip_spaces();
                if self.rest().is_empty() || self.rest().starts_with([')', '|']) {
                    let message = "NOT has nothing behind it and was left out".to_owned();
                    self.warn(message, None, start, start + 3);
                    return None;
                }
                is_negative = !is_negative;
            } else if self.is_minus() {
                self.at += 1;
                is_negative = !is_negative;
            } else {
                break;
            }
        }
        // "NOT OR x": what follows is no part.
        if self.is_operator("OR") || self.is_operator("AND") {
            return None;
        }
        let before = self.load;
        let found = self.parse_primary(context)?;
        let load = found.load();
        let room = self.language.room();
        let mut left = room.minus(before);
        let found = if load.fits_in(left) {
            self.load = before.plus(load);
            found
        } else {
            let most = if load.words > left.words {
                format!("{} words", room.words)
            } else {
                format!("{} values", room.values)
            };
            let message = format!("only the first {most} were looked at");
            if !self.warnings.iter().any(|warning| warning.message == message) {
                self.warn(message, None, self.at, self.text.len());
            }
            let found = found.first(&mut left);
            self.load = room.minus(left);
            found?
        };
        Some(if is_negative { found.negate() } else { found })
    }

    /// A minus negates in front of a word, a part of one, a quote or a parenthesis, not in front of
    /// digits or alone.
    fn is_minus(&self) -> bool {
        let Some(behind) = self.rest().strip_prefix('-') else { return false };
        let part = behind.trim_start_matches(['*', '%']);
        behind.starts_with('"')
            || part.starts_with(char::is_alphabetic)
            || behind.starts_with('(') && number::run(self.rest()) == 0
    }

    fn parse_primary(&mut self, context: Context<'_>) -> Option<Expr> {
        let rest = self.rest();
        let takes_numbers = matches!(context, None | Some(Target::Field(Field::Phone)));
        let run = if takes_numbers { number::run(rest) } else { 0 };
        if run > 0 {
            self.at += run;
            let mut extension = None;
            if number::may_have_extension(&rest[..run])
                && let Some((digits, read)) = number::extension(&rest[run..])
            {
                self.at += read;
                extension = Some(digits);
            }
            let numbers = number::with_extension(&rest[..run], extension);
            return Some(match context {
                Some(_) => number::of_phones(numbers),
                None => Expr::any(numbers.into_iter().map(Expr::Is).collect()),
            });
        }
        if rest.starts_with('(') {
            return self.group(context);
        }
        if let Some((name, read)) = lex::field_prefix(rest) {
            return self.field(&name, read);
        }
        let start = self.at;
        let piece = self.piece(context)?;
        match context {
            Some(target) => self.ask(target, piece, start),
            None => self.bare(&piece),
        }
    }

    fn group(&mut self, context: Context<'_>) -> Option<Expr> {
        let start = self.at;
        self.at += 1;
        if self.open >= MOST_PARENTHESES {
            let message = "parentheses stand too deep in each other".to_owned();
            self.warn(message, None, start, self.at);
            return None;
        }
        self.open += 1;
        let before = self.load;
        let found = self.alternatives(context);
        // Counted where it was made; the caller counts it as a whole again.
        self.load = before;
        self.open -= 1;
        if self.rest().starts_with(')') {
            self.at += 1;
        } else {
            self.closes.push(start);
        }
        found
    }

    /// A word or a quote; `None` where a quote is not closed, which is left out.
    fn piece(&mut self, context: Context<'_>) -> Option<Piece> {
        let start = self.at;
        let piece = self.next_piece(context)?;
        if piece.text.chars().nth(MOST_VALUE_CHARS).is_some() {
            let message = format!("only the first {MOST_VALUE_CHARS} characters were looked at");
            self.warn(message, None, start, self.at);
        }
        Some(piece)
    }

    fn next_piece(&mut self, context: Context<'_>) -> Option<Piece> {
        let rest = self.rest();
        if let Some((piece, read)) = lex::quoted_piece(rest) {
            self.at += read;
            return Some(piece);
        }
        // `has:cf."a b"`
        if matches!(context, Some(Target::Has | Target::Without))
            && let Some(key) = rest.strip_prefix(names::CUSTOM_DOT)
            && let Some((mut piece, read)) = lex::quoted_piece(key)
        {
            self.at += names::CUSTOM_DOT.len() + read;
            piece.text.insert_str(0, names::CUSTOM_DOT);
            return Some(piece);
        }
        let start = self.at;
        let quote = rest.strip_prefix(['*', '%']).unwrap_or(rest);
        if quote.starts_with('"') {
            let message = "a quote is not closed; it was taken as a word".to_owned();
            self.warn(message, None, start, start + 1);
            self.at += rest.len() - quote.len() + 1;
            self.skip_spaces();
            return None;
        }
        let others: &[char] = if is_list(context) { &[','] } else { &[] };
        let end = lex::word_end(rest, others);
        self.at += end;
        Some(lex::bare_piece(&rest[..end]))
    }

    fn bare(&mut self, piece: &Piece) -> Option<Expr> {
        let typed = if self.is_last() { Shape::Prefix } else { Shape::Word };
        let text = value::clean(&piece.text);
        let found = match (piece.mark, piece.is_quoted) {
            (Mark::Contains, _) => {
                let found = words::stable_words(&text);
                if found.is_empty() {
                    return None;
                }
                let anywhere = |field| Expr::Is(Condition::Contains { field, text: text.clone() });
                return Some(Expr::any(
                    [Field::Name, Field::Company, Field::Email].map(anywhere).into(),
                ));
            }
            (Mark::Begins, true) => words::words(None, &text, Shape::Exact, Shape::Prefix),
            (_, true) => words::words(None, &text, Shape::Exact, Shape::Exact),
            (Mark::Begins, false) => words::bare(&text, Shape::Prefix),
            (Mark::Whole, false) => words::bare(&text, Shape::Word),
            (Mark::Plain | Mark::Anything, false) => match number::keys_or_words(&text, typed) {
                Some(found) => vec![found],
                None => words::bare(&text, typed),
            },
        };
        (!found.is_empty()).then(|| Expr::all(found))
    }

    /// A name with a colon, and what stands behind it.
    fn field(&mut self, name: &str, read: usize) -> Option<Expr> {
        let start = self.at;
        let colon = start + read;
        let (named, undeclared) = names::find(name, self.language);
        if let Some(near) = undeclared {
            let suggestion = (!near.is_empty()).then_some(near);
            let hint = did_you_mean(suggestion.as_deref());
            let message = format!("there is no custom field {name}{hint}");
            self.warn(message, suggestion, start, colon - 1);
        }
        let target = match named {
            Named::Known(target) => target,
            Named::NotYet => {
                self.at = colon;
                self.skip_value();
                // Searched as words it would find nothing, which nobody meant.
                let message = format!("{name}: is not available yet and was left out");
                self.warn(message, None, start, self.at);
                return None;
            }
            Named::Unknown(near) => return self.unknown_field(name, near, colon),
        };
        self.at = colon;
        self.values(&target, name, start)
    }

    /// A name with a colon that is not a field. The value is read as if it stood alone; where no field
    /// was meant, hits that have the name as well come first.
    fn unknown_field(&mut self, name: &str, near: Option<String>, colon: usize) -> Option<Expr> {
        let start = self.at;
        let is_mistyped = near.is_some() && name.chars().count() >= SURE_LETTERS;
        let hint = did_you_mean(near.as_deref());
        let message = format!("there is no field {name}; it was searched as words{hint}");
        self.warn(message, near, start, colon - 1);
        self.at = colon;
        let is_followed = self.rest().starts_with(|c: char| !lex::is_space(c));
        let last = if !is_followed && self.is_last() { Shape::Prefix } else { Shape::Word };
        let found = words::words(None, name, Shape::Word, last);
        let behind = if is_followed { self.parse_unary_inside() } else { None };
        match behind {
            None => (!found.is_empty()).then(|| Expr::all(found)),
            Some(behind) if is_mistyped || found.is_empty() => Some(behind),
            Some(behind) => {
                let both = found.into_iter().chain([behind.clone()]).collect();
                Some(Expr::any(vec![Expr::all(both), behind]))
            }
        }
    }

    /// What stands behind the colon of an unknown field.
    fn parse_unary_inside(&mut self) -> Option<Expr> {
        let is_end = self.rest().starts_with([')', '|']);
        if is_end || lex::field_prefix(self.rest()).is_some() {
            return None;
        }
        self.parse_primary(None)
    }

    fn skip_value(&mut self) {
        let rest = self.rest();
        if rest.starts_with('(') {
            let warnings = self.warnings.len();
            self.group(None);
            self.warnings.truncate(warnings);
        } else if let Some((_, read)) = lex::quoted_piece(rest) {
            self.at += read;
        } else {
            self.at += lex::word_end(rest, &[]);
        }
    }

    /// The values behind a colon: one, several with commas, or a parenthesis.
    fn values(&mut self, target: &Target, name: &str, start: usize) -> Option<Expr> {
        if self.rest().starts_with(|c: char| lex::is_space(c) || c == ')') || self.rest().is_empty()
        {
            return self.value_behind_space(target, name, start);
        }
        let is_negated = self.rest().starts_with("!=");
        if is_negated {
            self.at += 2;
        }
        let mut found = Vec::new();
        loop {
            let run = match target {
                Target::Field(Field::Phone) => number::run(self.rest()),
                Target::Field(_)
                | Target::Has
                | Target::Without
                | Target::Keypad
                | Target::TagPart => 0,
            };
            if run > 0 || self.rest().starts_with('(') {
                found.extend(self.parse_primary(Some(target)));
            } else {
                let at = self.at;
                // A quote that is not closed is left out, what follows it is the value.
                let piece = self.piece(Some(target)).or_else(|| self.piece(Some(target)));
                if let Some(piece) = piece {
                    found.extend(self.ask(target, piece, at));
                }
            }
            let is_more = self.rest().starts_with('|') && !self.rest().starts_with("||")
                || is_list(Some(target)) && self.rest().starts_with(',');
            let follows = self
                .rest()
                .chars()
                .nth(1)
                .is_some_and(|c| !lex::is_space(c) && !matches!(c, ')' | '|' | ','));
            if !is_more || !follows {
                break;
            }
            self.at += 1;
        }
        if is_list(Some(target)) {
            self.sign(',');
        }
        let found = (!found.is_empty()).then(|| Expr::any(found))?;
        Some(if is_negated { found.negate() } else { found })
    }

    /// `tag: vip` is meant as `tag:vip`.
    fn value_behind_space(&mut self, target: &Target, name: &str, start: usize) -> Option<Expr> {
        let colon = self.at;
        self.skip_spaces();
        let rest = self.rest();
        let is_value = rest
            .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '<' | '>' | '+'))
            && lex::field_prefix(rest).is_none()
            && !["OR", "AND", "NOT"].into_iter().any(|word| self.is_operator(word));
        if !is_value {
            self.warn(format!("{name}: has no value"), None, start, colon);
            return None;
        }
        let found = self.values(target, name, start);
        let typed = self.text[colon..self.at].trim();
        let typed = crate::domain::issue::shorten(typed);
        let suggestion = format!("{name}:{typed}");
        let message = format!("{name}: {typed} was read as {suggestion}");
        self.warn(message, Some(suggestion), start, self.at);
        found
    }

    /// Asks one value of a field, or of what else stands before a colon.
    fn ask(&mut self, target: &Target, piece: Piece, start: usize) -> Option<Expr> {
        let answer = match target {
            Target::Field(field) => self.ask_field(field, piece),
            Target::Has => self.presence(&piece.text, start),
            Target::Without => self.presence(&piece.text, start).map(Expr::negate),
            Target::Keypad => keypad(&piece.text),
            Target::TagPart => self.ask_field(&Field::Tag, Piece { mark: Mark::Contains, ..piece }),
        };
        match answer {
            Ok(expr) => Some(expr),
            Err(message) if message.is_empty() => None,
            Err(message) => {
                self.warn(format!("{message}; it was left out"), None, start, self.at);
                None
            }
        }
    }

    fn ask_field(&mut self, field: &Field, piece: Piece) -> value::Answer {
        let last = if self.is_last() { Shape::Prefix } else { Shape::Word };
        let plain = |piece: Piece| Ask::Plain {
            text: piece.text,
            is_quoted: piece.is_quoted,
            mark: piece.mark,
            last,
        };
        if piece.is_quoted || piece.mark == Mark::Anything {
            return value::ask(field, plain(piece), self.language);
        }
        let splits = value::compares(field);
        if splits && let Some((from, to)) = piece.text.split_once("..") {
            if from.trim().is_empty() && to.trim().is_empty() {
                return Ok(value::has(field));
            }
            let (from, to) = (end(from, '>'), end(to, '<'));
            let ask = Ask::Between(from.clone(), to.clone());
            let answer = value::ask(field, ask, self.language);
            // "7d..30d" and "10..5" are meant the other way round.
            let swapped = || value::ask(field, Ask::Between(to, from), self.language);
            return answer.or_else(|message| swapped().map_err(|_again| message));
        }
        let (op, behind) = sign_of(&piece.text);
        let compares = splits || field.kind() == Kind::Value || op == Some(Op::Equal);
        let Some(op) = op.filter(|_| compares) else {
            return value::ask(field, plain(piece), self.language);
        };
        let mut behind = behind.trim();
        // `:>="2025-01-01 10:00"`: the quotes follow the sign.
        let quoted;
        if behind.starts_with('"') {
            self.at -= behind.len();
            if let Some((piece, read)) = lex::quoted_piece(self.rest()) {
                self.at += read;
                quoted = piece.text;
                behind = &quoted;
            } else {
                self.at += behind.len();
            }
        }
        if behind.is_empty() {
            return Err(format!("{}: has no value", names::name_of(field)));
        }
        value::ask(field, Ask::Compare(op, behind.to_owned()), self.language)
    }

    fn presence(&mut self, name: &str, start: usize) -> value::Answer {
        let (named, undeclared) = names::find(name.trim(), self.language);
        if let Some(near) = undeclared {
            let suggestion = (!near.is_empty()).then(|| format!("has:{near}"));
            let hint = did_you_mean(suggestion.as_deref());
            let message = format!("there is no custom field {name}{hint}");
            self.warn(message, suggestion, start, self.at);
        }
        match named {
            Named::Known(Target::Field(field)) => Ok(value::has(&field)),
            Named::NotYet => Err(format!("has:{name} is not available yet")),
            Named::Known(Target::Has | Target::Without | Target::Keypad | Target::TagPart)
            | Named::Unknown(None) => Err(format!("there is no field {name}")),
            Named::Unknown(Some(near)) => {
                let hint = did_you_mean(Some(&near));
                let message = format!("there is no field {name}; has:{name} was left out{hint}");
                self.warn(message, Some(near), start, self.at);
                Err(String::new())
            }
        }
    }
}

/// What is asked of a field by a text that stands alone, as behind its colon.
pub(super) fn value_of(
    field: &Field,
    text: &str,
    mark: Mark,
    language: &Language<'_>,
) -> value::Answer {
    let text = text.trim();
    let piece = match lex::quoted_piece(text) {
        Some((piece, read)) if read == text.len() => piece,
        _ => lex::bare_piece(text),
    };
    let mark = if piece.mark == Mark::Plain { mark } else { piece.mark };
    let mut parser = Parser {
        text,
        at: text.len(),
        open: 0,
        closes: Vec::new(),
        load: Load::default(),
        language,
        warnings: Vec::new(),
    };
    parser.ask_field(field, Piece { mark, ..piece })
}

struct Together {
    expr: Option<Expr>,
    /// Whether anything stood there, even if nothing came of it.
    seen: bool,
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!(" (did you mean {name}?)"))
}

/// Whether commas stand between values of a field; words have them as anything else.
fn is_list(context: Context<'_>) -> bool {
    match context {
        Some(Target::Field(field)) => field.kind() != Kind::Words,
        Some(Target::Has | Target::Without | Target::Keypad | Target::TagPart) => true,
        None => false,
    }
}

/// A sign in front of a value, and the rest.
fn sign_of(text: &str) -> (Option<Op>, &str) {
    let signs = [
        (">=", Op::AtLeast),
        ("=>", Op::AtLeast),
        ("\u{2265}", Op::AtLeast),
        ("<=", Op::AtMost),
        ("=<", Op::AtMost),
        ("\u{2264}", Op::AtMost),
        (">", Op::Above),
        ("<", Op::Below),
        ("=", Op::Equal),
    ];
    signs
        .into_iter()
        .find_map(|(sign, op)| Some((Some(op), text.strip_prefix(sign)?)))
        .unwrap_or((None, text))
}

/// An end of a range, and whether it is left out itself.
fn end(text: &str, sign: char) -> Option<(String, bool)> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let behind = text.strip_prefix(sign);
    let is_open = behind.is_some_and(|behind| !behind.starts_with('='));
    let value = behind.unwrap_or(text).trim_start_matches('=');
    Some((value.to_owned(), is_open))
}

/// Digits of keys, or the letters on them; zero and one stand for spaces.
pub(super) fn keypad(text: &str) -> value::Answer {
    let digits = number::digits_of(&number::keys(&value::clean(text)));
    let parts: Vec<Expr> = digits
        .split(['0', '1'])
        .filter(|part| !part.is_empty())
        .map(|part| Expr::Is(Condition::Keypad { digits: part.to_owned() }))
        .collect();
    if parts.is_empty() {
        return Err(format!("t9:{text} has no digits from 2 to 9"));
    }
    Ok(Expr::all(parts))
}
