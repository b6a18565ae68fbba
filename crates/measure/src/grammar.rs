//! From the text of an expectation to what it means.
//!
//! ```text
//! expectation = number comparison limit
//! number      = "drop" [ "(" measure ")" ] [ period ]  |  measure [ "of" "new" "units" ] [ period ]
//! measure     = "events" | "ratio" | "orphans" | ( "share" | "outliers" ) threshold | NAME | "sum" "(" NAME ")"
//! threshold   = "(" ">" N [ period ] ")"
//! period      = "in" DURATION
//! comparison  = "<" | "<=" | "==" | ">=" | ">"
//! limit       = N [ "%" ]
//! ```

use crate::expectation::{Comparison, Expectation, Measure, Number, Threshold};
use crate::moment::Span;

/// Words that mean something here, and can name no query.
pub(crate) const WORDS: [&str; 11] =
    ["drop", "rows", "events", "ratio", "share", "outliers", "orphans", "sum", "of", "new", "in"];

/// Why a text is no expectation. The message fits after "failed to …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoExpectation {
    /// Something else stands there than could.
    #[error("read the expectation `{text}`: {wanted} has to stand {place}")]
    Unreadable {
        /// The expectation.
        text: String,
        /// What could stand there.
        wanted: &'static str,
        /// Where.
        place: String,
    },
    /// It can be read, but means nothing.
    #[error("make sense of the expectation `{text}`: {why}")]
    Senseless {
        /// The expectation.
        text: String,
        /// Why.
        why: String,
    },
}

/// Reads an expectation; `queries` are the names of the user's own measures.
pub(crate) fn read(text: &str, queries: &[&str]) -> Result<Expectation, NoExpectation> {
    let mut reader = Reader { text, at: 0, queries };
    let number = reader.number()?;
    let comparison = reader.comparison()?;
    let (limit, percent) = reader.limit()?;
    reader.end()?;
    let limit = if percent { limit / 100.0 } else { limit };
    let read = Expectation { text: text.trim().to_owned(), number, comparison, limit, percent };
    match senseless(&read) {
        Some(why) => Err(NoExpectation::Senseless { text: read.text, why: why.to_owned() }),
        None => Ok(read),
    }
}

/// What can be written down and yet not be meant.
fn senseless(expectation: &Expectation) -> Option<&'static str> {
    let Expectation { number, comparison, limit, percent, .. } = expectation;
    let share = number.drop || *percent || matches!(number.measure, Measure::Share(_));
    match &number.measure {
        Measure::Sum(_) if !number.drop => Some("a sum alone depends on how long it ran; write drop(sum(…))"),
        Measure::Outliers(_) if number.drop => {
            Some("outliers are already those that are new; compare the shares of units: drop(share(…))")
        }
        Measure::Outliers(Threshold { within: None, .. }) => {
            Some("the longer one waits the more rows there are; say within which time: outliers(> N in 24h)")
        }
        Measure::Outliers(_) if number.period.is_some() => Some(
            "outliers are looked for from the change to the end of the data; put the time into the brackets",
        ),
        Measure::Outliers(_) | Measure::Rows if number.of_new => {
            Some("it is not about units, or about new ones already")
        }
        Measure::Query(_) | Measure::Sum(_) if number.of_new || number.period.is_some() => {
            Some("what a query looks at stands in the query")
        }
        Measure::Events | Measure::Ratio | Measure::Query(_) if *percent && !number.drop => {
            Some("it is a number per unit, and no percentage")
        }
        _ if number.drop && number.of_new => {
            Some("before the change there were no units that are new since it")
        }
        _ if share && *limit > 1.0 => Some("it is a share, and never above 100 %; is there a % missing?"),
        _ if *limit < 0.0
            && !number.drop
            && *comparison != Comparison::AtLeast
            && *comparison != Comparison::Above =>
        {
            Some("nothing that is counted is below 0")
        }
        _ if *comparison == Comparison::Equal && !expectation.counts() => {
            Some("no number that is estimated is exactly so; write < or >")
        }
        _ if expectation.counts() && limit.fract() != 0.0 => {
            Some("only whole ones are counted; is there a % missing?")
        }
        _ => None,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    queries: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<Number, NoExpectation> {
        let start = self.at;
        let word = self.word();
        let drop = word == Some("drop");
        let measure = match drop {
            true if self.take("(") => self.closed(Self::measure)?,
            true => Measure::Rows,
            false => {
                self.at = start;
                self.measure()?
            }
        };
        let of_new = self.take_word("of");
        if of_new {
            self.wanted(self.text_ahead_is("new"), "`new units`")?;
            self.word();
            self.word();
        }
        Ok(Number { drop, measure, of_new, period: self.period()? })
    }

    fn measure(&mut self) -> Result<Measure, NoExpectation> {
        const WANTED: &str =
            "drop, events, ratio, share(> N), outliers(> N in 24h), orphans, or the name of a query,";
        let start = self.at;
        Ok(match self.word() {
            Some("events") => Measure::Events,
            Some("ratio") => Measure::Ratio,
            Some("orphans") => Measure::Orphans,
            Some("share") => Measure::Share(self.threshold()?),
            Some("outliers") => Measure::Outliers(self.threshold()?),
            Some("sum") => {
                self.wanted(self.ahead().starts_with('('), "the name of a query, in brackets,")?;
                self.take("(");
                Measure::Sum(self.closed(Self::query)?)
            }
            Some(name) if self.queries.contains(&name) => Measure::Query(name.to_owned()),
            _ => {
                self.at = start;
                return self.wanted(false, WANTED).map(|()| Measure::Rows);
            }
        })
    }

    fn query(&mut self) -> Result<String, NoExpectation> {
        let start = self.at;
        match self.word() {
            Some(name) if self.queries.contains(&name) => Ok(name.to_owned()),
            _ => {
                self.at = start;
                self.wanted(false, "the name of a query in the plan").map(|()| String::new())
            }
        }
    }

    fn threshold(&mut self) -> Result<Threshold, NoExpectation> {
        const WANTED: &str = "(> N), or (> N in 24h),";
        let opened = self.take("(") && self.take(">");
        self.wanted(opened, WANTED)?;
        self.closed(|reader| {
            let digits = reader.digits();
            let more_than = digits.parse().ok();
            reader.wanted(more_than.is_some(), "a whole number")?;
            Ok(Threshold { more_than: more_than.unwrap_or_default(), within: reader.period()? })
        })
    }

    /// What `inside` reads, and a bracket after it.
    fn closed<T>(&mut self, inside: fn(&mut Self) -> Result<T, NoExpectation>) -> Result<T, NoExpectation> {
        let read = inside(self)?;
        let closed = self.take(")");
        self.wanted(closed, "a closing bracket").map(|()| read)
    }

    fn period(&mut self) -> Result<Option<Span>, NoExpectation> {
        if !self.take_word("in") {
            return Ok(None);
        }
        let start = self.skip();
        let length = self.text[start..].find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        let end = length.map_or(self.text.len(), |length| start + length);
        let span = Span::parse(&self.text[start..end]);
        self.wanted(span.is_some(), "a duration such as 24h, 7d or 90min")?;
        self.at = end;
        Ok(span)
    }

    fn comparison(&mut self) -> Result<Comparison, NoExpectation> {
        let known = [
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("==", Comparison::Equal),
            ("<", Comparison::Below),
            (">", Comparison::Above),
            ("≤", Comparison::AtMost),
            ("≥", Comparison::AtLeast),
        ];
        let found = known.into_iter().find(|(sign, _)| self.take(sign));
        self.wanted(found.is_some(), "a comparison (<, <=, ==, >= or >)")?;
        Ok(found.expect("just seen").1)
    }

    fn limit(&mut self) -> Result<(f64, bool), NoExpectation> {
        let minus = self.take("-");
        let start = self.skip();
        let digits = self.digits();
        let limit = digits.parse::<f64>().ok().filter(|limit| limit.is_finite());
        if limit.is_none() {
            self.at = start;
        }
        self.wanted(limit.is_some(), "a number")?;
        let limit = limit.expect("just seen");
        Ok((if minus { -limit } else { limit }, self.take("%")))
    }

    fn end(&mut self) -> Result<(), NoExpectation> {
        self.skip();
        self.wanted(
            self.ahead().is_empty(),
            "nothing more, or `of new units`, or `in` and a duration before the comparison,",
        )
    }

    /// Past what is blank; where that ends.
    fn skip(&mut self) -> usize {
        self.at += self.ahead().len() - self.ahead().trim_start().len();
        self.at
    }

    fn ahead(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn text_ahead_is(&self, word: &str) -> bool {
        let mut words = self.ahead().split_whitespace();
        words.next() == Some(word) && words.next().is_some_and(|next| next.starts_with("units"))
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip();
        let there = self.ahead().starts_with(sign);
        if there {
            self.at += sign.len();
        }
        there
    }

    fn take_word(&mut self, word: &str) -> bool {
        let start = self.at;
        let there = self.word() == Some(word);
        if !there {
            self.at = start;
        }
        there
    }

    fn word(&mut self) -> Option<&'a str> {
        self.skip();
        let ahead = self.ahead();
        let end = ahead.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(ahead.len());
        self.at += end;
        (end > 0).then(|| &ahead[..end])
    }

    fn digits(&mut self) -> &'a str {
        self.skip();
        let ahead = self.ahead();
        let end = ahead.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(ahead.len());
        self.at += end;
        &ahead[..end]
    }

    fn wanted(&self, there: bool, wanted: &'static str) -> Result<(), NoExpectation> {
        if there {
            return Ok(());
        }
        let ahead = self.ahead().trim_start();
        let place = if ahead.is_empty() { "at its end".to_owned() } else { format!("where `{ahead}` does") };
        Err(NoExpectation::Unreadable { text: self.text.trim().to_owned(), wanted, place })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> String {
        read(text, &["paid"]).unwrap_or_else(|error| panic!("{error}")).number.to_string()
    }

    #[test]
    fn what_is_meant_has_one_spelling() {
        for (text, spelling) in [
            ("ratio < 2.0", "ratio"),
            ("ratio of new units < 2.0", "ratio of new units"),
            ("drop>=90%", "drop"),
            ("drop in 24h >= 90%", "drop in 24h"),
            ("drop( ratio ) in 1d >= 0.5", "drop(ratio) in 24h"),
            ("outliers(>10 in 24h) == 0", "outliers(> 10 in 24h)"),
            ("share(> 10) in 7d < 1 %", "share(> 10) in 7d"),
            ("events <= 3", "events"),
            ("orphans ≤ 5%", "orphans"),
            ("paid > 0.1", "paid"),
            ("drop(sum(paid)) >= 20%", "drop(sum(paid))"),
        ] {
            assert_eq!(number(text), spelling, "{text}");
        }
    }

    #[test]
    fn a_percentage_is_a_share() {
        let read = read("drop >= 90%", &[]).expect("an expectation");
        assert_eq!((read.limit, read.comparison, read.percent), (0.9, Comparison::AtLeast, true));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_could_stand_there() {
        for (text, told) in [
            (
                "",
                "drop, events, ratio, share(> N), outliers(> N in 24h), orphans, or the name of a query, has to stand at its end",
            ),
            ("rate < 2", "has to stand where `rate < 2` does"),
            ("ratio 2", "a comparison (<, <=, ==, >= or >) has to stand where `2` does"),
            ("ratio < two", "a number has to stand where `two` does"),
            ("ratio < 2 % or so", "where `or so` does"),
            ("outliers == 0", "(> N), or (> N in 24h), has to stand"),
            ("outliers(> ten) == 0", "a whole number has to stand"),
            ("outliers(> 10 in 24h == 0", "a closing bracket has to stand where `== 0` does"),
            (
                "drop in a day >= 1%",
                "a duration such as 24h, 7d or 90min has to stand where `a day >= 1%` does",
            ),
            ("ratio of units < 2", "`new units` has to stand where `units < 2` does"),
            (
                "drop(sum(nothing)) > 1%",
                "the name of a query in the plan has to stand where `nothing)) > 1%` does",
            ),
        ] {
            let error = read(text, &["paid"]).expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        for text in [
            "drop >= 90",
            "share(> 10) < 5",
            "ratio == 1",
            "outliers(> 10 in 24h) == 0.5",
            "outliers(> 10) == 0",
            "ratio < 200%",
            "drop of new units > 5%",
            "drop(outliers(> 10 in 24h)) > 5%",
            "outliers(> 10) in 24h == 0",
            "events < -1",
            "sum(paid) > 3",
            "paid in 24h > 3",
        ] {
            let error = read(text, &["paid"]).expect_err(text);
            assert!(matches!(error, NoExpectation::Senseless { .. }), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_refused(text in "\\PC{0,40}") {
            let _ = read(&text, &["paid"]);
        }

        #[test]
        fn no_mixture_of_its_own_words_is_too_strange(
            words in prop::collection::vec(prop::sample::select(
                vec!["drop", "ratio", "(", ")", ">", "<", "in", "of", "new", "units", "24h", "10", "%", "==", "share", "ä"]), 0..12),
        ) {
            let _ = read(&words.join(" "), &["paid"]);
        }
    }
}
