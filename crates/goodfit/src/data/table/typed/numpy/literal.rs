//! Literals of Python: as much of them as the header of an array has.

/// A literal of Python.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(u64),
    Truth(bool),
    /// A list or a tuple.
    List(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

/// Literals stand within each other no deeper than this.
const DEEPEST: usize = 8;

impl Literal {
    /// The literal that a text is, if it is one and nothing else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser { rest: text };
        let literal = parser.literal(DEEPEST)?;
        parser.blanks();
        parser.rest.is_empty().then_some(literal)
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dict(items) = self else { return None };
        items.iter().find(|(known, _)| known.text() == Some(key)).map(|(_, value)| value)
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Whether this comes next, which is taken then.
    fn takes(&mut self, what: &str) -> bool {
        self.blanks();
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn literal(&mut self, deepest: usize) -> Option<Literal> {
        let deepest = deepest.checked_sub(1)?;
        self.blanks();
        match self.rest.chars().next()? {
            '{' => {
                let item = |parser: &mut Self| {
                    let key = parser.literal(deepest)?;
                    let value = if parser.takes(":") { parser.literal(deepest)? } else { return None };
                    Some((key, value))
                };
                self.items("{", "}", item).map(Literal::Dict)
            }
            '(' => {
                // Parentheses around one literal without a comma are no tuple.
                let before = self.rest;
                let items = self.items("(", ")", |parser| parser.literal(deepest))?;
                let taken = &before[..before.len() - self.rest.len()];
                let has_comma = taken[..taken.len() - 1].trim_end().ends_with(',');
                if items.len() == 1 && !has_comma { items.into_iter().next() } else { Some(Literal::List(items)) }
            }
            '[' => self.items("[", "]", |parser| parser.literal(deepest)).map(Literal::List),
            quote @ ('\'' | '"') => self.string(quote).map(Literal::Text),
            '0'..='9' => self.number().map(Literal::Number),
            _ if self.takes("True") => Some(Literal::Truth(true)),
            _ if self.takes("False") => Some(Literal::Truth(false)),
            _ => None,
        }
    }

    fn items<T>(&mut self, open: &str, close: &str, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        if !self.takes(open) {
            return None;
        }
        let mut items = Vec::new();
        while !self.takes(close) {
            items.push(item(self)?);
            if !self.takes(",") {
                return self.takes(close).then_some(items);
            }
        }
        Some(items)
    }

    /// A text in quotes; of what a backslash begins, only quotes and the backslash itself.
    fn string(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut characters = self.rest[1..].char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => match characters.next()?.1 {
                    escaped @ ('\'' | '"' | '\\') => text.push(escaped),
                    _ => return None,
                },
                end if end == quote => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Some(text);
                }
                other => text.push(other),
            }
        }
        None
    }

    /// A whole number; Python 2 wrote an L behind some.
    fn number(&mut self) -> Option<u64> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numpy_writes() {
        let header = Literal::parse("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2L), }   \n").unwrap();
        assert_eq!(header.get("descr").unwrap().text(), Some("<f8"));
        assert_eq!(header.get("fortran_order"), Some(&Literal::Truth(false)));
        assert_eq!(header.get("shape"), Some(&Literal::List(vec![Literal::Number(3), Literal::Number(2)])));
        let fields = Literal::parse(r#"[('a', '<i4'), (('title', "it's \'b\'"), '<f8', (2,))]"#).unwrap();
        assert_eq!(fields.list().unwrap()[1].list().unwrap()[0].list().unwrap()[1].text(), Some("it's 'b'"));
        assert_eq!(Literal::parse("(7)"), Some(Literal::Number(7)));
        assert_eq!(Literal::parse("(7, )"), Some(Literal::List(vec![Literal::Number(7)])));
        assert_eq!(Literal::parse("()"), Some(Literal::List(Vec::new())));
    }

    #[test]
    fn what_is_none() {
        let deep = "[".repeat(100_000);
        let long = "9".repeat(30);
        for text in ["", "{", "{'a'}", "{'a': }", "(1 2)", "'a", "True False", "[1", "-1", "'\\x'", "né", &deep, &long]
        {
            assert_eq!(Literal::parse(text), None, "{}", &text[..text.len().min(20)]);
        }
    }
}
