//! Texts that would not be read back as they are.

use std::fmt::{self, Write};

/// Writes the value of a label, without its quotes. Both formats escape the same three characters.
pub(crate) fn escape_label(out: &mut impl Write, value: &str) -> fmt::Result {
    let mut rest = value;
    while let Some(at) = rest.find(['\\', '"', '\n']) {
        let (plain, from) = rest.split_at(at);
        out.write_str(plain)?;
        let mut special = from.chars();
        out.write_str(match special.next() {
            Some('\\') => "\\\\",
            Some('"') => "\\\"",
            _ => "\\n",
        })?;
        rest = special.as_str();
    }
    out.write_str(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(value: &str) -> String {
        let mut out = String::new();
        escape_label(&mut out, value).unwrap();
        out
    }

    /// As Prometheus reads them.
    fn unescaped(text: &str) -> String {
        let mut chars = text.chars();
        let mut value = String::new();
        while let Some(char) = chars.next() {
            match char {
                '\\' => match chars.next() {
                    Some('n') => value.push('\n'),
                    Some(char @ ('\\' | '"')) => value.push(char),
                    other => panic!("\\{other:?} in {text:?}"),
                },
                '"' | '\n' => panic!("{char:?} in {text:?}"),
                other => value.push(other),
            }
        }
        value
    }

    #[test]
    fn what_ends_a_label_or_a_line_is_escaped() {
        assert_eq!(escaped("a\"b\n\\c\r\u{0}ü"), "a\\\"b\\n\\\\c\r\u{0}ü");
        assert_eq!(escaped(""), "");
    }

    proptest! {
        #[test]
        fn a_label_is_read_back_as_it_was(value in r#"([\\"\nna]|\PC|[\r\t\x00])*"#) {
            prop_assert_eq!(unescaped(&escaped(&value)), value);
        }
    }
}
