//! The report as a page: complete in itself, without scripts, to be read, kept and printed.
//!
//! Every value goes through [`Escaped`]. Nothing in it depends on when it is written.

use std::fmt;
use std::io::{self, Write};

use super::group::Group;
use super::report::{DuplicateReport, Explainer, likelihood};
use crate::dedupe::{Explanation, Rival, ScoredPair};

/// Groups that a page shows; more would not be read.
const MOST_GROUPS: usize = 300;
/// Members and pairs of one group that it shows.
const MOST_MEMBERS: usize = 50;
/// Weights below, in bits, are not worth a line.
const LEAST_SHOWN: f64 = 0.05;
/// Weight in bits whose bar is as long as there is room.
const LONGEST_BAR: f64 = 20.0;
/// Lower ends of the ranges in which probabilities are counted, and how they are said.
const RANGES: [(f64, &str); 9] = [
    (0.999, "99.9 % and more"),
    (0.99, "99 to 99.9 %"),
    (0.95, "95 to 99 %"),
    (0.9, "90 to 95 %"),
    (0.8, "80 to 90 %"),
    (0.65, "65 to 80 %"),
    (0.5, "50 to 65 %"),
    (0.25, "25 to 50 %"),
    (0.0, "less than 25 %"),
];

const STYLE: &str = include_str!("report.css");

/// A text that means nothing in HTML.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Characters that turn the direction of what follows could hide what a value is.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_str("\u{fffd}")?,
                c if c.is_control() => f.write_str(" ")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// A probability in words; nothing is certain, so neither 0 nor 100 is said.
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        if percent >= 99.0 {
            // Rounded down.
            write!(f, "{:.1} %", ((percent * 10.0).floor() / 10.0).min(99.9))
        } else {
            write!(f, "{:.0} %", percent.max(1.0))
        }
    }
}

pub(super) fn page(report: &DuplicateReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Duplicate contacts</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>"
    )?;
    figures(report, out)?;
    histogram(report, out)?;
    report.explained(|explainer| {
        writeln!(out, "<h2>Groups</h2>")?;
        let hidden = report.groups.len().saturating_sub(MOST_GROUPS);
        if report.groups.is_empty() {
            writeln!(out, "<p>No two records are likely enough to be the same person.</p>")?;
        } else if hidden > 0 {
            writeln!(
                out,
                "<p>The {MOST_GROUPS} surest groups; {hidden} more are in the same report as CSV or JSON Lines.</p>"
            )?;
        }
        for (number, shown) in (1..).zip(report.groups.iter().take(MOST_GROUPS)) {
            group(report, explainer, number, shown, out)?;
        }
        writeln!(out, "</main>\n</body>\n</html>")
    })
}

fn figures(report: &DuplicateReport, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary();
    writeln!(
        out,
        "<h1>Duplicate contacts</h1>\n<p class=\"quiet\">Groups of records that are the same person, each with a pair that is so with a probability of at least {}. Nothing was changed.</p>\n<dl>",
        Percent(summary.min_probability)
    )?;
    let left_out = usize::try_from(summary.rows_left_out).unwrap_or(usize::MAX);
    let all = [
        ("records", summary.contacts),
        ("groups of one person", summary.groups),
        ("records in groups", summary.in_groups),
        ("records fewer after merging", summary.surplus),
        ("pairs", summary.pairs),
        ("rows that cannot be read", left_out),
    ];
    for (name, figure) in all {
        if figure > 0 || name != "rows that cannot be read" {
            writeln!(out, "<div><dt>{name}</dt><dd>{figure}</dd></div>")?;
        }
    }
    writeln!(out, "</dl>")
}

fn histogram(report: &DuplicateReport, out: &mut dyn Write) -> io::Result<()> {
    let mut counts = [0_u32; RANGES.len()];
    for probability in report.probabilities() {
        let at = RANGES.iter().position(|(least, _)| probability >= *least);
        if let Some(count) = at.and_then(|at| counts.get_mut(at)) {
            *count = count.saturating_add(1);
        }
    }
    let most = f64::from(counts.iter().copied().max().unwrap_or(0).max(1));
    writeln!(
        out,
        "<h2>How likely the pairs are</h2>\n<table>\n<thead><tr><th>probability</th><th class=\"number\">pairs</th><th></th></tr></thead>\n<tbody>"
    )?;
    for ((_, words), count) in RANGES.iter().zip(counts) {
        writeln!(
            out,
            "<tr><td>{words}</td><td class=\"number\">{count}</td><td class=\"bar\"><span style=\"width:{:.1}%\"></span></td></tr>",
            f64::from(count) / most * 100.0
        )?;
    }
    writeln!(
        out,
        "</tbody>\n</table>\n<p class=\"quiet\">Pairs that are likely not the same person were looked at and are mostly not kept, so the last line is not all of them.</p>"
    )
}

fn group(
    report: &DuplicateReport,
    explainer: &Explainer<'_>,
    number: usize,
    group: &Group,
    out: &mut dyn Write,
) -> io::Result<()> {
    let subjects = &report.subjects;
    writeln!(
        out,
        "<section>\n<h3>Group {number}: {} records, {}</h3>\n<table>\n<thead><tr><th>id</th><th>name</th><th>values</th><th class=\"number\">probability</th></tr></thead>\n<tbody>",
        group.members.len(),
        Percent(likelihood(group.weakest))
    )?;
    for member in group.members.iter().take(MOST_MEMBERS) {
        let card = subjects.card(member.place);
        let (name, details) = card.map_or(("", ""), |card| (&card.name, &card.details));
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td></tr>",
            Escaped(&subjects.ids.text(member.place)),
            Escaped(name),
            Escaped(details),
            Percent(likelihood(member.weight))
        )?;
    }
    writeln!(out, "</tbody>\n</table>")?;
    let hidden = group.members.len().saturating_sub(MOST_MEMBERS);
    if hidden > 0 {
        writeln!(out, "<p class=\"quiet\">and {hidden} more records</p>")?;
    }
    for pair in group.ties.iter().take(MOST_MEMBERS) {
        tie(report, &explainer.explain(pair), pair, out)?;
    }
    writeln!(out, "</section>")
}

/// One pair with what makes its weight, from the prior to the sum.
fn tie(
    report: &DuplicateReport,
    explanation: &Explanation,
    pair: &ScoredPair,
    out: &mut dyn Write,
) -> io::Result<()> {
    let ids = &report.subjects.ids;
    writeln!(
        out,
        "<div class=\"tie\">\n<p>{} and {}: {}</p>\n<table>\n<tbody>",
        Escaped(&ids.text(pair.a)),
        Escaped(&ids.text(pair.b)),
        Percent(pair.probability())
    )?;
    let prior = match explanation.rival {
        Rival::Stranger => "before anything is compared: two records at random",
        Rival::Household => "before anything is compared: two people of one household or firm",
    };
    row(prior, explanation.prior, out)?;
    for reason in explanation.reasons.iter().filter(|reason| reason.bits.abs() >= LEAST_SHOWN) {
        row(&reason.words, reason.bits, out)?;
    }
    writeln!(
        out,
        "<tr class=\"sum\"><td>match weight</td><td class=\"number\">{:+.1}</td><td class=\"bar\"></td></tr>\n</tbody>\n</table>\n</div>",
        pair.weight + 0.0
    )
}

fn row(words: &str, bits: f64, out: &mut dyn Write) -> io::Result<()> {
    let class = if bits < 0.0 { "against" } else { "for" };
    writeln!(
        out,
        "<tr><td>{}</td><td class=\"number\">{:+.1}</td><td class=\"bar {class}\"><span style=\"width:{:.1}%\"></span></td></tr>",
        Escaped(words),
        bits + 0.0,
        (bits.abs() / LONGEST_BAR * 100.0).min(100.0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_mean_nothing_in_html() {
        let text = Escaped("<b a=\"1\" c='2'>&\u{202e}\u{7}</b>").to_string();
        assert_eq!(text, "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;\u{fffd} &lt;/b&gt;");
    }

    #[test]
    fn nothing_is_certain() {
        let said = |p| Percent(p).to_string();
        assert_eq!(
            [said(1.0), said(0.9949), said(0.9), said(0.0)],
            ["99.9 %", "99.4 %", "90 %", "1 %"]
        );
    }
}
